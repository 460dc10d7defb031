package api

import (
	"reflect"
	"strings"
)

// fieldPlaces says where the fields of a request are, by the names that services give them.
type fieldPlaces map[string]string

// called are the fields that services name otherwise than the contract does.
var called = map[string]string{"refs": "references", "perms": "permissions", "modules": "permissions", "typed": "name", "key": "module"}

// placesIn finds the fields of an operation's input: its parameters, and the properties of its body with those of the
// objects in it.
func placesIn(input reflect.Type) fieldPlaces {
	at := fieldPlaces{}
	at.parameters(input)
	if body, ok := input.FieldByName("Body"); ok {
		at.properties("body.", body.Type)
	}
	for field, name := range called {
		if where, ok := at[name]; ok {
			at.add(field, where)
		}
	}
	return at
}

func (at fieldPlaces) add(name, where string) {
	if _, taken := at[name]; !taken {
		at[name] = where
	}
}

func (at fieldPlaces) parameters(t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			at.parameters(f.Type)
		}
		for _, in := range []string{"path", "query"} {
			if name, ok := f.Tag.Lookup(in); ok {
				at.add(strings.Split(name, ",")[0], in+"."+strings.Split(name, ",")[0])
			}
		}
	}
}

// properties goes into objects after what stands beside them, which wins where names are the same.
func (at fieldPlaces) properties(under string, t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	var inner []func()
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			at.properties(under, f.Type)
		case name != "" && name != "-":
			at.add(name, under+name)
			inner = append(inner, func() { at.properties(under+name+".", f.Type) })
		}
	}
	for _, into := range inner {
		into()
	}
}

// located says of each error where the field is that it is about.
func (p *Problem) located(at fieldPlaces) *Problem {
	for i, e := range p.Errors {
		name := strings.TrimPrefix(e.Location, "body.")
		if name == "" || strings.Contains(name, ".") {
			name = "setting" // they have dots, and go by their own names where several are sent
		}
		if where, ok := at[name]; ok {
			p.Errors[i].Location = where
		}
	}
	return p
}
