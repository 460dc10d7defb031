package api

import (
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/clock"
)

var update = flag.Bool("update", false, "write the golden file")

const golden = "testdata/openapi.yaml"

// TestTheContractStands fails when the description changed, and refuses to accept a change that would break a client
// unless the version moved.
func TestTheContractStands(t *testing.T) {
	a, err := New(Deps{Log: slog.New(slog.DiscardHandler), Clock: clock.System})
	if err != nil {
		t.Fatal(err)
	}
	text, err := a.Document()
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(golden)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if len(before) > 0 {
		old, now := readContract(t, before), readContract(t, text)
		remarks := narrowed(old, now)
		if len(remarks) > 0 && old.Info.Version == now.Info.Version {
			t.Fatalf("this would break clients; move the version if it must be:\n%s", strings.Join(remarks, "\n"))
		}
	}
	if *update {
		if err := os.WriteFile(golden, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(string(before), "\n"), strings.Split(string(text), "\n")); diff != "" {
		t.Errorf("the description changed; accept it with -update:\n%s", diff)
	}
}

func readContract(t *testing.T, text []byte) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// narrowed lists what a client of the old contract could rely on and no longer can.
func narrowed(old, now *openapi3.T) []string {
	n := &narrowing{seen: map[string]bool{}}
	for _, path := range slices.Sorted(maps.Keys(old.Paths.Map())) {
		there := now.Paths.Value(path)
		for method, o := range old.Paths.Value(path).Operations() {
			at := method + " " + path
			if there == nil || there.GetOperation(method) == nil {
				n.say(at, "is gone")
				continue
			}
			n.operation(at, o, there.GetOperation(method))
		}
	}
	slices.Sort(n.remarks)
	return n.remarks
}

type narrowing struct {
	remarks []string
	seen    map[string]bool
}

func (n *narrowing) say(at, what string) { n.remarks = append(n.remarks, at+" "+what) }

func (n *narrowing) operation(at string, old, now *openapi3.Operation) {
	if old.OperationID != now.OperationID {
		n.say(at, "is called "+now.OperationID+" now")
	}
	for _, p := range old.Parameters {
		q := now.Parameters.GetByInAndName(p.Value.In, p.Value.Name)
		if q == nil {
			n.say(at+"?"+p.Value.Name, "is gone")
			continue
		}
		n.takes(at+"?"+p.Value.Name, p.Value.Schema, q.Schema)
	}
	for _, q := range now.Parameters {
		if p := old.Parameters.GetByInAndName(q.Value.In, q.Value.Name); q.Value.Required && (p == nil || !p.Required) {
			n.say(at+"?"+q.Value.Name, "is required now")
		}
	}
	switch {
	case old.RequestBody == nil && now.RequestBody != nil && now.RequestBody.Value.Required:
		n.say(at, "requires a body now")
	case old.RequestBody != nil && now.RequestBody == nil:
		n.say(at, "takes no body any more")
	case old.RequestBody != nil:
		for kind, body := range old.RequestBody.Value.Content {
			if now.RequestBody.Value.Content[kind] == nil {
				n.say(at, "takes no "+kind+" any more")
				continue
			}
			n.takes(at+" body", body.Schema, now.RequestBody.Value.Content[kind].Schema)
		}
	}
	for status, r := range old.Responses.Map() {
		s := now.Responses.Value(status)
		if s == nil {
			n.say(at, "answers no "+status+" any more")
			continue
		}
		for kind, body := range r.Value.Content {
			if s.Value.Content[kind] == nil {
				n.say(at+" "+status, "has no body any more")
				continue
			}
			n.gives(at+" "+status, body.Schema, s.Value.Content[kind].Schema)
		}
		for name := range r.Value.Headers {
			if s.Value.Headers[name] == nil {
				n.say(at+" "+status, "has no "+name+" any more")
			}
		}
	}
}

// again reports whether a named schema was compared in this direction already.
func (n *narrowing) again(direction string, s *openapi3.SchemaRef) bool {
	if s.Ref == "" {
		return false
	}
	key := direction + s.Ref
	was := n.seen[key]
	n.seen[key] = true
	return was
}

// takes compares what a client sends: everything that was accepted must be accepted still.
func (n *narrowing) takes(at string, old, now *openapi3.SchemaRef) {
	if n.again("in", old) {
		return
	}
	o, s := old.Value, now.Value
	if fmt.Sprint(o.Type.Slice()) != fmt.Sprint(s.Type.Slice()) {
		n.say(at, "is another type")
	}
	for _, v := range o.Enum {
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			n.say(at, fmt.Sprintf("does not take %v any more", v))
		}
	}
	if len(o.Enum) == 0 && len(s.Enum) > 0 {
		n.say(at, "takes certain values only")
	}
	if o.Pattern != s.Pattern && s.Pattern != "" {
		n.say(at, "has another pattern")
	}
	if lower(s.MaxLength, o.MaxLength) || lower(s.MaxItems, o.MaxItems) || s.MinLength > o.MinLength || s.MinItems > o.MinItems {
		n.say(at, "takes less")
	}
	for _, f := range s.Required {
		if !slices.Contains(o.Required, f) {
			n.say(at+"."+f, "is required now")
		}
	}
	n.properties(at, o, s, n.takes)
}

// gives compares what a client gets: everything that was there must be there still.
func (n *narrowing) gives(at string, old, now *openapi3.SchemaRef) {
	if n.again("out", old) {
		return
	}
	o, s := old.Value, now.Value
	if fmt.Sprint(o.Type.Slice()) != fmt.Sprint(s.Type.Slice()) {
		n.say(at, "is another type")
	}
	for _, f := range o.Required {
		if !slices.Contains(s.Required, f) && s.Properties[f] != nil {
			n.say(at+"."+f, "is not always there any more")
		}
	}
	n.properties(at, o, s, n.gives)
}

func (n *narrowing) properties(at string, o, s *openapi3.Schema, compare func(string, *openapi3.SchemaRef, *openapi3.SchemaRef)) {
	for f, p := range o.Properties {
		if s.Properties[f] == nil {
			n.say(at+"."+f, "is gone")
			continue
		}
		compare(at+"."+f, p, s.Properties[f])
	}
	if o.Items != nil && s.Items != nil {
		compare(at+"[]", o.Items, s.Items)
	}
}

func lower(now, old *uint64) bool { return now != nil && (old == nil || *now < *old) }

// TestTheContractCannotBeNarrowed narrows the contract in every way and expects to hear of it.
func TestTheContractCannotBeNarrowed(t *testing.T) {
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	post := func(d *openapi3.T) *openapi3.Operation { return d.Paths.Value("/accounts/{account}/clients").Post }
	list := func(d *openapi3.T) *openapi3.Operation { return d.Paths.Value("/accounts/{account}/clients").Get }
	client := func(d *openapi3.T) *openapi3.Schema { return d.Components.Schemas["Client"].Value }
	for name, c := range map[string]struct {
		change func(*openapi3.T)
		says   string
	}{
		"a path goes":             {func(d *openapi3.T) { d.Paths.Delete("/permissions") }, "GET /permissions is gone"},
		"a method goes":           {func(d *openapi3.T) { d.Paths.Value("/accounts/{account}/clients").Post = nil }, "is gone"},
		"a parameter goes":        {func(d *openapi3.T) { list(d).Parameters = list(d).Parameters[:2] }, "is gone"},
		"a parameter is required": {func(d *openapi3.T) { list(d).Parameters.GetByInAndName("query", "q").Required = true }, "?q is required now"},
		"an enum value goes": {func(d *openapi3.T) {
			s := list(d).Parameters.GetByInAndName("query", "sort").Schema.Value
			s.Enum = s.Enum[1:]
		}, "any more"},
		"a field of an answer goes": {func(d *openapi3.T) { delete(client(d).Properties, "email") }, ".email is gone"},
		"a field is not certain":    {func(d *openapi3.T) { client(d).Required = nil }, "not always there"},
		"a field changes its type":  {func(d *openapi3.T) { client(d).Properties["users"].Value.Type = &openapi3.Types{"string"} }, "another type"},
		"an input is required": {func(d *openapi3.T) {
			s := d.Components.Schemas["NewClient"].Value
			s.Required = append(s.Required, "email")
		}, ".email is required now"},
		"an input goes":  {func(d *openapi3.T) { delete(d.Components.Schemas["NewClient"].Value.Properties, "no_end") }, ".no_end is gone"},
		"an answer goes": {func(d *openapi3.T) { post(d).Responses.Delete("201") }, "answers no 201"},
		"a kind of file goes": {func(d *openapi3.T) {
			delete(d.Paths.Value("/accounts/{account}/clients/import").Post.RequestBody.Value.Content, "text/csv")
		}, "takes no text/csv"},
		"a header goes": {func(d *openapi3.T) { delete(post(d).Responses.Value("201").Value.Headers, "Location") }, "no Location"},
	} {
		t.Run(name, func(t *testing.T) {
			now := readContract(t, text)
			c.change(now)
			if got := strings.Join(narrowed(readContract(t, text), now), "\n"); !strings.Contains(got, c.says) {
				t.Errorf("reported %q", got)
			}
		})
	}
	wider := readContract(t, text)
	client(wider).Properties["fax"] = openapi3.NewStringSchema().NewRef()
	wider.Components.Schemas["NewClient"].Value.Properties["fax"] = openapi3.NewStringSchema().NewRef()
	if got := narrowed(readContract(t, text), wider); len(got) > 0 {
		t.Errorf("an optional field more: %q", got)
	}
}
