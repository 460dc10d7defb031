// Package errs is the error vocabulary that crosses package borders.
package errs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kind says what a caller can do about an error; each edge maps it to its own protocol.
type Kind uint8

// The kinds. The zero value is Internal: shown as "internal error", logged in full.
const (
	Internal Kind = iota
	Invalid
	Unauthenticated
	Denied
	NotFound
	Conflict
	OverQuota
	Unavailable
)

var kindNames = [...]string{"internal", "invalid", "unauthenticated", "denied", "not found", "conflict", "over quota", "unavailable"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Kinds lists every kind, for tests that must cover them all.
func Kinds() []Kind {
	out := make([]Kind, len(kindNames))
	for i := range out {
		out[i] = Kind(i)
	}
	return out
}

// Problem is one remark a person can act on. Msg is the English text: what to do, then why; {name} stands
// for an argument. Code is stable and machine-readable ("account.name_taken") and finds the translation.
type Problem struct {
	Code string
	Msg  string
	Args []any // names and values in turn
}

// Text is the English text with its arguments filled in.
func (p Problem) Text() string {
	if len(p.Args) == 0 {
		return p.Msg
	}
	pairs := make([]string, 0, len(p.Args))
	for i, a := range p.Args {
		if i%2 == 0 {
			pairs = append(pairs, fmt.Sprintf("{%v}", a))
			continue
		}
		pairs = append(pairs, fmt.Sprint(a))
	}
	if len(pairs)%2 == 1 {
		pairs = pairs[:len(pairs)-1]
	}
	return strings.NewReplacer(pairs...).Replace(p.Msg)
}

// Error is safe to show: the problems reach the client, Err never does.
type Error struct {
	Problem
	Kind   Kind
	Fields map[string]Problem // input field -> what to do about it
	Err    error              // the cause, for the log
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	if e.Msg != "" {
		b.WriteString(": " + e.Text())
	}
	for _, f := range slices.Sorted(maps.Keys(e.Fields)) {
		fmt.Fprintf(&b, " [%s: %s]", f, e.Fields[f].Text())
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain, or Internal.
func KindOf(err error) Kind {
	if err == nil {
		return Internal
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// CodeOf returns the code of the first Error in err's chain, or "".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// New makes an error of kind k; args are the names and values of the placeholders in msg.
func New(k Kind, code, msg string, args ...any) *Error {
	return &Error{Kind: k, Problem: Problem{code, msg, args}}
}

// Field makes an Invalid error about one input field.
func Field(field, code, msg string, args ...any) *Error {
	p := Problem{code, msg, args}
	return &Error{Kind: Invalid, Problem: p, Fields: map[string]Problem{field: p}}
}

// Under puts the remarks of err under the field that was typed into. An error without fields stays as it is.
func Under(field string, err error) error {
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	return &Error{Kind: e.Kind, Problem: e.Problem, Fields: map[string]Problem{field: e.Problem}, Err: e.Err}
}

// Inside says of err's remarks on fields that they are about those of one of many: "checks[3]". An error without fields stays as it is.
func Inside(one string, err error) error {
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	out := *e
	out.Fields = make(map[string]Problem, len(e.Fields))
	for field, p := range e.Fields {
		out.Fields[one+"."+field] = p
	}
	return &out
}

// NoSuch is the answer for whatever does not exist or is out of sight; the two must not differ.
func NoSuch(what string) *Error {
	return New(NotFound, what+".not_found", "There is nothing here. It may have been removed, or the link is incomplete.")
}

// Collector gathers field errors, so that a form hears of all of them at once.
type Collector struct{ fields map[string]Problem }

// Add notes that field needs attention; the first remark on a field stays.
func (c *Collector) Add(field, code, msg string, args ...any) {
	c.add(field, Problem{code, msg, args})
}

func (c *Collector) add(field string, p Problem) {
	if c.fields == nil {
		c.fields = map[string]Problem{}
	}
	if _, seen := c.fields[field]; !seen {
		c.fields[field] = p
	}
}

// Merge notes the fields of err and returns nil, or returns err when it is not about fields.
func (c *Collector) Merge(err error) error {
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	for f, p := range e.Fields {
		c.add(f, p)
	}
	return nil
}

// Err returns nil when nothing was added.
func (c *Collector) Err() error {
	switch len(c.fields) {
	case 0:
		return nil
	case 1:
		for _, p := range c.fields {
			return &Error{Kind: Invalid, Problem: p, Fields: c.fields}
		}
	}
	return &Error{Kind: Invalid, Problem: Problem{Code: "input.fields", Msg: "Some fields need attention."}, Fields: c.fields}
}
