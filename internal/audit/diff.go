package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Change is one field that differs. A hidden field says only that it changed.
type Change struct {
	Field  string `json:"field"` // "membership_end"; "address.city" inside a struct
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	Hidden bool   `json:"hidden,omitempty"`
}

var errDiffer = errors.New("before and after are of different types")

// Diff lists the fields that differ between two structs of one type, or those that are set when one of them is nil.
// The tag of a field says what the log may know: audit:"show" its values, audit:"hash" a fingerprint, audit:"-" nothing
// at all (versions, timestamps). Without a tag it is hidden; a struct without a tag is looked into.
func Diff(before, after any) ([]Change, error) {
	b, a := open(before), open(after)
	switch {
	case !b.IsValid() && !a.IsValid():
		return []Change{}, nil
	case !b.IsValid():
		b = reflect.Zero(a.Type())
	case !a.IsValid():
		a = reflect.Zero(b.Type())
	}
	if a.Type() != b.Type() {
		return nil, fmt.Errorf("%w: %s and %s", errDiffer, b.Type(), a.Type())
	}
	if a.Kind() != reflect.Struct {
		return nil, fmt.Errorf("an event shows structs, not a %s", a.Type())
	}
	return appendFields([]Change{}, "", b, a), nil
}

// open follows pointers; nil gives the zero Value.
func open(v any) reflect.Value {
	r := reflect.ValueOf(v)
	for r.IsValid() && r.Kind() == reflect.Pointer {
		r = r.Elem()
	}
	return r
}

func appendFields(out []Change, prefix string, before, after reflect.Value) []Change {
	for i := range before.NumField() {
		f := before.Type().Field(i)
		tag := f.Tag.Get("audit")
		if !f.IsExported() || tag == "-" {
			continue
		}
		b, a := before.Field(i), after.Field(i)
		name := prefix + FieldName(f.Name)
		switch {
		case tag == "" && f.Anonymous && looksInside(f.Type):
			out = appendFields(out, prefix, b, a)
		case tag == "" && looksInside(f.Type):
			out = appendFields(out, name+".", b, a)
		case !reflect.DeepEqual(b.Interface(), a.Interface()):
			out = append(out, change(name, tag, b, a))
		}
	}
	return out
}

// named is a set that lists its members, like authz.Set.
type named interface{ Names() []string }

// looksInside reports whether t is a struct with fields of its own to show, and not a value such as a time.
func looksInside(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t.Implements(reflect.TypeFor[named]()) || t.Implements(reflect.TypeFor[fmt.Stringer]()) {
		return false
	}
	for i := range t.NumField() {
		if t.Field(i).IsExported() {
			return true
		}
	}
	return false
}

func change(name, tag string, before, after reflect.Value) Change {
	b, shownBefore := text(before)
	a, shownAfter := text(after)
	switch {
	case tag == "show" && shownBefore && shownAfter:
		return Change{Field: name, Before: b, After: a}
	case tag == "hash" && shownBefore && shownAfter:
		return Change{Field: name, Before: fingerprint(b), After: fingerprint(a)}
	}
	return Change{Field: name, Hidden: true}
}

const fingerprintLen = 16

func fingerprint(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:fingerprintLen]
}

// text renders a value for the log; false means that it is of a type the log does not show.
func text(v reflect.Value) (string, bool) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "", true
		}
		return text(v.Elem())
	}
	switch x := v.Interface().(type) {
	case time.Time:
		if x.IsZero() {
			return "", true
		}
		return x.UTC().Format(time.RFC3339), true
	case named:
		return strings.Join(x.Names(), ", "), true
	case fmt.Stringer:
		return x.String(), true
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), true
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), true
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64), true
	case reflect.Slice, reflect.Array:
		return joined(v)
	default:
		return "", false
	}
}

func joined(v reflect.Value) (string, bool) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return "", false // bytes are keys and hashes
	}
	parts := make([]string, v.Len())
	for i := range parts {
		part, ok := text(v.Index(i))
		if !ok {
			return "", false
		}
		parts[i] = part
	}
	return strings.Join(parts, ", "), true
}

// FieldName is the name of a struct field in changes: membership_end for MembershipEnd, time_zone_id for TimeZoneID.
func FieldName(s string) string {
	var b strings.Builder
	rs := []rune(s)
	for i, r := range rs {
		starts := i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(rs[i-1]) || i+1 < len(rs) && unicode.IsLower(rs[i+1]))
		if starts {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
