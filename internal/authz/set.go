package authz

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Set is a set of permissions. The zero Set is empty; Sets compare with ==.
//
// The built-in permissions are bits. The operator's own are not known to the program: they are kept by name, and a role
// may hold all of them, those to come included.
type Set struct {
	bits [2]uint64
	own  string // sorted names that wild does not reach, each followed by a comma
	wild reach
}

// reach says which of the operator's permissions are held without being named.
type reach uint8

const (
	none    reach = iota
	reading       // those that only look
	all
)

func (r reach) has(p Perm) bool { return r == all || r == reading && p.reads() }

var bitOf, permOf = index()

func index() (map[Perm]int, []Perm) {
	of, list := map[Perm]int{}, []Perm{}
	for _, m := range catalogue {
		for _, a := range m.Actions {
			p := Perm(m.Key + "." + a)
			of[p] = len(list)
			list = append(list, p)
		}
	}
	return of, list
}

// Known reports whether p is in the built-in catalogue.
func Known(p Perm) bool { _, ok := bitOf[p]; return ok }

// Perms returns every built-in permission, in the order of the grid.
func Perms() []Perm { return slices.Clone(permOf) }

// BuiltInModule reports whether the catalogue has a module of that key.
func BuiltInModule(key string) bool {
	return slices.ContainsFunc(catalogue, func(m Module) bool { return m.Key == key })
}

// The longest key of an operator's module and of its actions, in bytes.
const wordMax = 32

// Word reports whether s can be the key of an operator's module or action: a letter, then letters, digits and
// underscores, all small.
func Word(s string) bool {
	if len(s) < 2 || len(s) > wordMax || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// Own reports whether p can be a permission of an operator's module.
func (p Perm) Own() bool {
	m, a, dotted := strings.Cut(string(p), ".")
	return dotted && Word(m) && Word(a) && !BuiltInModule(m)
}

// Module returns the part before the dot.
func (p Perm) Module() string { m, _, _ := strings.Cut(string(p), "."); return m }

// Action returns the part after the dot.
func (p Perm) Action() string { _, a, _ := strings.Cut(string(p), "."); return a }

// reads reports whether p only looks.
func (p Perm) reads() bool {
	a := p.Action()
	return a == "view" || a == "export" || strings.HasPrefix(a, "view_")
}

// SetOf makes a set. A name that is neither in the catalogue nor can be an operator's grants nothing.
func SetOf(ps ...Perm) Set {
	var s Set
	var own []string
	for _, p := range ps {
		if i, ok := bitOf[p]; ok {
			s.bits[i>>6] |= 1 << (i & 63)
		} else if p.Own() {
			own = append(own, string(p))
		}
	}
	s.own = join(own)
	return s
}

// Everything holds every permission, those of the operator's modules to come included.
func Everything() Set {
	s := SetOf(permOf...)
	s.wild = all
	return s
}

func join(names []string) string {
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ",") + ","
}

// owned yields the operator's permissions that are held by name.
func (s Set) owned(yield func(Perm) bool) {
	for rest := s.own; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, ",")
		if !yield(Perm(name)) {
			return
		}
	}
}

// Has reports whether p is in s.
func (s Set) Has(p Perm) bool {
	if i, ok := bitOf[p]; ok {
		return s.bits[i>>6]&(1<<(i&63)) != 0
	}
	if s.wild != none && s.wild.has(p) {
		return p.Own()
	}
	for name := range s.owned {
		if name == p {
			return true
		}
	}
	return false
}

// Union returns what is in s or t.
func (s Set) Union(t Set) Set {
	for i := range s.bits {
		s.bits[i] |= t.bits[i]
	}
	wild := max(s.wild, t.wild)
	s.own = named(s, t, func(p Perm) bool { return !wild.has(p) })
	s.wild = wild
	return s
}

// Intersect returns what is in s and t.
func (s Set) Intersect(t Set) Set {
	wild := min(s.wild, t.wild)
	own := named(s, t, func(p Perm) bool { return !wild.has(p) && s.Has(p) && t.Has(p) })
	for i := range s.bits {
		s.bits[i] &= t.bits[i]
	}
	s.own, s.wild = own, wild
	return s
}

// Without returns what is in s and not in t. Of all the operator's permissions single ones cannot be left out: what
// stays is then too much rather than too little, so that Covers never says yes wrongly.
func (s Set) Without(t Set) Set {
	own := named(s, Set{}, func(p Perm) bool { return !t.Has(p) })
	for i := range s.bits {
		s.bits[i] &^= t.bits[i]
	}
	if s.wild <= t.wild {
		s.wild = none
	}
	s.own = own
	return s
}

// named lists the names in s or t for which keep holds, as own is written.
func named(s, t Set, keep func(Perm) bool) string {
	if s.own == "" && t.own == "" {
		return ""
	}
	var out []string
	for _, from := range []Set{s, t} {
		for p := range from.owned {
			if keep(p) {
				out = append(out, string(p))
			}
		}
	}
	return join(out)
}

// Covers reports whether everything in t is in s.
func (s Set) Covers(t Set) bool { return t.Without(s) == Set{} }

// Empty reports whether nothing is in s.
func (s Set) Empty() bool { return s == Set{} }

// List returns the permissions in s, in the order of the grid, then the operator's by name. All of the operator's at
// once have no names to list.
func (s Set) List() []Perm {
	var out []Perm
	for _, p := range permOf {
		if s.Has(p) {
			out = append(out, p)
		}
	}
	for p := range s.owned {
		out = append(out, p)
	}
	return out
}

// First is a permission in s for a message that names one: "*" stands for all of the operator's.
func (s Set) First() Perm {
	if l := s.List(); len(l) > 0 {
		return l[0]
	}
	return "*"
}

// Names returns the permissions in s as text, as they are stored.
func (s Set) Names() []string {
	out := []string{}
	for _, p := range s.List() {
		out = append(out, string(p))
	}
	return out
}

// Owned returns the operator's permissions that s holds by name.
func (s Set) Owned() []Perm { return slices.Collect(s.owned) }

// DecodeSet reads a set as it is stored, a JSON array of names. Names that have left the catalogue grant nothing.
func DecodeSet(stored string) (Set, error) {
	var names []Perm
	if err := json.Unmarshal([]byte(stored), &names); err != nil {
		return Set{}, fmt.Errorf("read permissions: %w", err)
	}
	return SetOf(names...), nil
}

// Encode returns the set as it is stored.
func (s Set) Encode() string {
	b, _ := json.Marshal(s.Names()) //nolint:errcheck // strings always encode
	return string(b)
}

// ModuleSet returns all actions of the built-in modules named.
func ModuleSet(keys ...string) Set {
	var s Set
	for _, m := range catalogue {
		if slices.Contains(keys, m.Key) {
			for _, a := range m.Actions {
				s = s.Union(SetOf(Perm(m.Key + "." + a)))
			}
		}
	}
	return s
}

func upTo(c ...Ceiling) Set {
	var s Set
	for _, m := range catalogue {
		if slices.Contains(c, m.Ceiling) {
			s = s.Union(ModuleSet(m.Key))
		}
	}
	return s
}
