package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/web/ui/apidocs"
)

// contract is what the reference needs of a description in OpenAPI 3.1.
type contract struct {
	Servers    []struct{ URL string }
	Paths      map[string]map[string]contractOperation
	Components struct {
		Schemas   map[string]*contractSchema
		Responses map[string]contractResponse
	}
}

type contractOperation struct {
	OperationID, Summary, Description string
	Tags                              []string
	Permission                        string `json:"x-permission"`
	Parameters                        []struct {
		Name, In, Description string
		Required              bool
		Schema                *contractSchema
		Example               any
	}
	RequestBody struct{ Content map[string]contractMedia }
	Responses   map[string]contractResponse
}

type contractMedia struct{ Schema *contractSchema }

type contractResponse struct {
	Ref         string `json:"$ref"`
	Description string
	Headers     map[string]struct{ Description string }
	Content     map[string]contractMedia
}

type contractSchema struct {
	Ref                                      string `json:"$ref"`
	Type, Format, Description, Pattern       string
	Enum, Examples                           []any
	Default                                  any
	MinLength, MaxLength, MinItems, MaxItems *int
	Minimum, Maximum                         *float64
	Items                                    *contractSchema
	Properties                               map[string]*contractSchema
	Required                                 []string
	AdditionalProperties                     json.RawMessage // false, or the schema of each value
}

// methods in the order in which the operations of one path are shown.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// readContract turns a description of the API into the groups of its reference.
func readContract(text []byte, base *url.URL) ([]apidocs.Group, error) {
	var c contract
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("read the description of the API: %w", err)
	}
	prefix := ""
	if len(c.Servers) > 0 {
		prefix = c.Servers[0].URL
	}
	groups := map[string]*apidocs.Group{}
	for _, path := range slices.Sorted(maps.Keys(c.Paths)) {
		for _, method := range methods {
			o, ok := c.Paths[path][strings.ToLower(method)]
			if !ok || len(o.Tags) == 0 {
				continue
			}
			name := o.Tags[0]
			if groups[name] == nil {
				slug := strings.ReplaceAll(strings.ToLower(name), " ", "-")
				groups[name] = &apidocs.Group{Name: name, Slug: slug, Href: docsPath + "?group=" + slug}
			}
			op, err := c.operation(method, prefix+path, o, base)
			if err != nil {
				return nil, err
			}
			groups[name].Operations = append(groups[name].Operations, op)
		}
	}
	out := []apidocs.Group{}
	for _, name := range slices.SortedFunc(maps.Keys(groups), func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) }) {
		out = append(out, *groups[name])
	}
	return out, nil
}

func (c contract) operation(method, path string, o contractOperation, base *url.URL) (apidocs.Operation, error) {
	out := apidocs.Operation{ID: o.OperationID, Method: method, Path: path, About: o.Summary, More: o.Description, Permission: o.Permission}
	for _, p := range o.Parameters {
		s := c.resolve(p.Schema)
		if p.Description == "" {
			p.Description = s.Description
		}
		row := c.row(p.Name, s, p.Required)
		row.Doc = p.Description
		if p.Example == nil && len(s.Examples) > 0 {
			p.Example = s.Examples[0]
		}
		if p.Example != nil {
			row.Example = fmt.Sprint(p.Example)
		}
		out.Params = append(out.Params, apidocs.Param{In: p.In, Value: row})
	}
	if m, ok := o.RequestBody.Content["application/json"]; ok {
		out.Body = c.rows("", m.Schema, nil)
		example, err := inJSON(c.example(m.Schema, nil))
		if err != nil {
			return out, fmt.Errorf("example of %s: %w", o.OperationID, err)
		}
		out.Example = example
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		code, err := strconv.Atoi(status)
		if err != nil {
			continue // a default answer says nothing of its own
		}
		if r := o.Responses[status]; code < http.StatusBadRequest {
			out.Answers = append(out.Answers, c.answer(code, r))
		} else {
			out.Problems = append(out.Problems, code)
		}
	}
	out.Curl = curl(out, base)
	return out, nil
}

func (c contract) answer(status int, r contractResponse) apidocs.Answer {
	out := apidocs.Answer{Status: status, Text: http.StatusText(status)}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		out.Headers = append(out.Headers, apidocs.Value{Name: name, Type: "string", Doc: r.Headers[name].Description})
	}
	if m, ok := r.Content["application/json"]; ok {
		out.Body = c.rows("", m.Schema, nil)
	}
	return out
}

// resolve follows a reference to a schema of the components.
func (c contract) resolve(s *contractSchema) *contractSchema {
	if s == nil {
		return &contractSchema{}
	}
	if s.Ref == "" {
		return s
	}
	to, ok := c.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	if !ok {
		return &contractSchema{}
	}
	if s.Description != "" {
		own := *to
		own.Description = s.Description
		return &own
	}
	return to
}

// values is the schema of the values of an object with names of the client's own; nil when the names are fixed.
func (s *contractSchema) values() *contractSchema {
	if !bytes.HasPrefix(s.AdditionalProperties, []byte("{")) {
		return nil
	}
	var of contractSchema
	if json.Unmarshal(s.AdditionalProperties, &of) != nil {
		return nil
	}
	return &of
}

// rows lists the fields of an object, those of its parts included: "checks[].account".
func (c contract) rows(prefix string, s *contractSchema, within []*contractSchema) (out []apidocs.Value) {
	s = c.resolve(s)
	if slices.Contains(within, s) {
		return nil
	}
	within = append(within[:len(within):len(within)], s)
	switch {
	case s.Items != nil:
		return c.rows(strings.TrimSuffix(prefix, ".")+"[].", s.Items, within)
	case s.values() != nil:
		return c.rows(prefix+"*.", s.values(), within)
	}
	for _, name := range s.names() {
		part := c.resolve(s.Properties[name])
		out = append(out, c.row(prefix+name, part, slices.Contains(s.Required, name)))
		out = append(out, c.rows(prefix+name+".", part, within)...)
	}
	return out
}

// names lists the fields of an object, the required ones first.
func (s *contractSchema) names() []string {
	return slices.SortedFunc(maps.Keys(s.Properties), func(a, b string) int {
		if x, y := slices.Contains(s.Required, a), slices.Contains(s.Required, b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Compare(a, b)
	})
}

func (c contract) row(name string, s *contractSchema, required bool) apidocs.Value {
	v := apidocs.Value{Name: name, Type: c.typeOf(s), Required: required, Doc: s.Description, Pattern: s.Pattern}
	limits := s
	if s.Items != nil {
		limits = c.resolve(s.Items)
	}
	for _, e := range limits.Enum {
		v.OneOf = append(v.OneOf, fmt.Sprint(e))
	}
	v.MinLength, v.MaxLength, v.MinItems, v.MaxItems = limits.MinLength, limits.MaxLength, s.MinItems, s.MaxItems
	v.Least, v.Most = number(limits.Minimum), number(limits.Maximum)
	if s.Default != nil {
		v.Default = fmt.Sprint(s.Default)
	}
	return v
}

func number(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

// typeOf names a type as JSON does: "string", "object[]", "string (date-time)".
func (c contract) typeOf(s *contractSchema) string {
	switch {
	case s.Items != nil:
		return c.typeOf(c.resolve(s.Items)) + "[]"
	case s.Format != "" && s.Type == "string":
		return s.Type + " (" + s.Format + ")"
	}
	return s.Type
}

// example makes a value that a schema allows: what must be there, and what has an example of its own.
func (c contract) example(s *contractSchema, within []*contractSchema) any {
	s = c.resolve(s)
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	case slices.Contains(within, s):
		return nil
	}
	within = append(within[:len(within):len(within)], s)
	switch s.Type {
	case "array":
		return []any{c.example(s.Items, within)}
	case "object":
		return c.exampleObject(s, within)
	case "boolean":
		return true
	case "integer", "number":
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 1
	}
	if text, ok := map[string]string{"date-time": "2027-01-31T12:00:00Z", "date": "2027-01-31", "email": "ada@example.com"}[s.Format]; ok {
		return text
	}
	return "…"
}

func (c contract) exampleObject(s *contractSchema, within []*contractSchema) map[string]any {
	out := map[string]any{}
	for _, name := range s.names() {
		if part := c.resolve(s.Properties[name]); slices.Contains(s.Required, name) || len(part.Examples) > 0 {
			out[name] = c.example(part, within)
		}
	}
	if len(out) == 0 && len(s.Properties) > 0 {
		name := s.names()[0]
		out[name] = c.example(s.Properties[name], within)
	}
	return out
}

func inJSON(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return strings.TrimSpace(b.String()), err
}

// curl writes the operation as a command for a shell, with variables where the reader's own values belong.
func curl(o apidocs.Operation, base *url.URL) string {
	path, query := o.Path, ""
	lines := []string{`-H "Authorization: Bearer $KEY"`}
	for _, p := range o.Params {
		variable := "$" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(p.Value.Name))
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", variable)
		case p.In == "query" && p.Value.Required:
			query += "&" + p.Value.Name + "=" + variable
		case p.Value.Name == "Idempotency-Key":
			lines = append(lines, `-H "Idempotency-Key: $(uuidgen)"`)
		case p.Value.Name == "If-Match":
			lines = append(lines, `-H 'If-Match: "3"'`)
		}
	}
	if query != "" {
		path += "?" + query[1:]
	}
	if o.Example != "" {
		lines = append(lines, `-H "Content-Type: application/json"`, "-d '"+strings.ReplaceAll(o.Example, "'", `'\''`)+"'")
	}
	first := "curl"
	if o.Method != http.MethodGet {
		first += " -X " + o.Method
	}
	return first + ` "` + base.Scheme + "://" + base.Host + path + `"` + " \\\n  " + strings.Join(lines, " \\\n  ")
}
