// Package apidocs is the reference of the API. What the contract itself says is English in every language.
package apidocs

import (
	"context"
	"io"
	"strings"

	"bailiwick/internal/i18n"
	"bailiwick/internal/web/ui/shell"
)

// Group is operations that belong together.
type Group struct {
	Name       string
	Slug       string // names it in addresses
	Href       string
	Operations []Operation
}

// Operation is one thing that a program can ask for.
type Operation struct {
	ID         string
	Method     string
	Path       string // from the root, with {parameters}
	About      string
	More       string // with code between backquotes
	Permission string // "" when a key alone is enough
	Params     []Param
	Body       []Value
	Example    string // a body, in JSON; "" when the operation takes none
	Curl       string
	Answers    []Answer
	Problems   []int // the statuses it may refuse with
}

// Param is a part of a request besides its body.
type Param struct {
	In    string // path, query or header
	Value Value
}

// Value is a parameter or a field: what may be in it. Limits that do not apply are nil or "".
type Value struct {
	Name, Type, Doc                          string
	Required                                 bool
	OneOf                                    []string
	MinLength, MaxLength, MinItems, MaxItems *int
	Least, Most, Pattern, Default, Example   string
}

// Answer is an answer to a request that went well.
type Answer struct {
	Status  int
	Text    string
	Headers []Value
	Body    []Value
}

// Index lists all operations.
type Index struct {
	shell.Page
	Groups  []Group
	BaseURL string // of the operations
}

// Render writes the page.
func (v Index) Render(ctx context.Context, w io.Writer) error { return index(v).Render(ctx, w) }

// Operations tells everything about one group.
type Operations struct {
	shell.Page
	Groups  []Group
	Current Group
}

// Render writes the page.
func (v Operations) Render(ctx context.Context, w io.Writer) error {
	return operations(v).Render(ctx, w)
}

// problems are the statuses that operations of the group refuse with, and what each means.
func (v Operations) problems() (out []int) {
	for _, status := range []int{400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 500, 503} {
		for _, o := range v.Current.Operations {
			if o.refuses(status) {
				out = append(out, status)
				break
			}
		}
	}
	return out
}

func (o Operation) refuses(status int) bool {
	for _, s := range o.Problems {
		if s == status {
			return true
		}
	}
	return false
}

// changes reports whether trying the operation changes what is stored.
func (o Operation) changes() bool {
	return o.Method != "GET" && !strings.HasPrefix(o.Path, "/api/v1/access/")
}

// limits says in words what a value must keep to.
func (v Value) limits(p i18n.Printer) (out []string) {
	span := func(key string, least, most *int) {
		switch {
		case least != nil && most != nil && *least > 0:
			out = append(out, p.T("apidocs."+key+"_between", "least", p.Number(int64(*least)), "most", p.Number(int64(*most))))
		case most != nil:
			out = append(out, p.T("apidocs."+key+"_most", "most", p.Number(int64(*most))))
		case least != nil && *least > 0:
			out = append(out, p.T("apidocs."+key+"_least", "least", p.Number(int64(*least))))
		}
	}
	span("characters", v.MinLength, v.MaxLength)
	span("items", v.MinItems, v.MaxItems)
	for _, l := range []struct{ key, text string }{{"least", v.Least}, {"most", v.Most}, {"default", v.Default}} {
		if l.text != "" {
			out = append(out, p.T("apidocs."+l.key, "value", l.text))
		}
	}
	return out
}

// in lists the parameters of one place.
func (o Operation) in(place string) (out []Value) {
	for _, p := range o.Params {
		if p.In == place {
			out = append(out, p.Value)
		}
	}
	return out
}

// spans cuts a text at its backquotes: every second piece is code.
func spans(text string) []string { return strings.Split(text, "`") }

// longest is the number of characters that a form takes; 0 when the contract sets none.
func (v Value) longest() int {
	if v.MaxLength == nil {
		return 0
	}
	return *v.MaxLength
}
