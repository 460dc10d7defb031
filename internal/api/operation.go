package api

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/op"
)

// operation describes one operation.
type operation struct {
	id      string // "listClients": the name of the method in generated clients
	route   string // "GET /accounts/{account}/clients"
	about   string // one line
	more    string // what else a client should know, Markdown
	perm    authz.Perm
	tag     string
	status  int
	optMark bool     // a POST that changes nothing needs no Idempotency-Key
	clashes bool     // answers 409 although it takes no Idempotency-Key
	takes   []string // media types of the file that is the body
	answers []string // media types of the file that is the answer
}

// neverAgain takes the deadline for reading from a connection whose request was read whole, see gate. One that stayed would pass
// while the operation works, and net/http would take that for a client that has gone.
const neverAgain = -1

// permKey is where the description of an operation names its permission.
const permKey = "x-permission"

func (o operation) huma() huma.Operation {
	method, path, _ := strings.Cut(o.route, " ")
	out := huma.Operation{
		OperationID: o.id, Method: method, Path: path, Summary: o.about, Description: o.more, Tags: []string{o.tag}, DefaultStatus: o.status,
		Security: []map[string][]string{{"key": {}}}, Responses: map[string]*huma.Response{},
		BodyReadTimeout: neverAgain,
	}
	if o.perm != "" {
		out.Extensions = map[string]any{permKey: string(o.perm)}
	}
	if o.marked(method) {
		out.Parameters = append(out.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: "string"},
			Description: "A key of your own for this request. Sent again with it within 24 hours, the request is done once."})
	}
	if o.takes != nil {
		out.RequestBody = &huma.RequestBody{Required: true, Content: files(o.takes)}
	}
	if o.answers != nil {
		out.Responses["200"] = &huma.Response{Description: "The file.", Content: files(o.answers)}
	}
	for _, status := range o.problems(method) {
		out.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + problemName(status)}
	}
	return out
}

// files describes bodies that are files.
func files(types []string) map[string]*huma.MediaType {
	out := map[string]*huma.MediaType{}
	for _, t := range types {
		out[t] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	}
	return out
}

// marked reports whether the operation takes an Idempotency-Key.
func (o operation) marked(method string) bool { return method == http.MethodPost && !o.optMark }

// problems are the statuses of the problems that an operation can answer with.
func (o operation) problems(method string) []int {
	out := []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}
	if o.marked(method) || o.clashes || method == http.MethodPatch || method == http.MethodPut || method == http.MethodDelete {
		out = append(out, http.StatusConflict)
	}
	if method == http.MethodPatch || method == http.MethodPut {
		out = append(out, http.StatusPreconditionFailed, http.StatusPreconditionRequired)
	}
	if method != http.MethodGet && method != http.MethodDelete {
		out = append(out, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	return out
}

func problemName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }

// problemResponses are what the answers of all operations refer to.
func problemResponses(r huma.Registry) map[string]*huma.Response {
	out := map[string]*huma.Response{}
	body := map[string]*huma.MediaType{problemType: {Schema: r.Schema(reflect.TypeFor[Problem](), true, "")}}
	for _, status := range append(operation{}.problems(http.MethodPatch), http.StatusMethodNotAllowed) {
		out[problemName(status)] = &huma.Response{Description: http.StatusText(status), Content: body}
	}
	for name, about := range map[string]string{"Unauthorized": "WWW-Authenticate", "TooManyRequests": "Retry-After", "ServiceUnavailable": "Retry-After"} {
		out[name].Headers = map[string]*huma.Header{about: {Schema: &huma.Schema{Type: "string"}}}
	}
	return out
}

// neverNull makes lists what they are: there, if empty.
func neverNull(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == "array" {
		s.Nullable = false
	}
	neverNull(s.Items)
	for _, p := range s.Properties {
		neverNull(p)
	}
}

func (a *API) config() huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[huma.ErrorModel](), reflect.TypeFor[Problem]())
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Bailiwick", Version: version, Description: "Accounts, people and rights of an email and SMS sending platform."},
			Components: &huma.Components{
				Schemas:         registry,
				Responses:       problemResponses(registry),
				SecuritySchemes: map[string]*huma.SecurityScheme{"key": {Type: "http", Scheme: "bearer", BearerFormat: "bwk_…", Description: "An API key."}},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{ownProblems},
	}
}

// Item is the answer with one thing that can be edited.
type Item[B any] struct {
	ETag string `header:"ETag" doc:"The version of what can be edited, for If-Match."`
	Body B
}

// Answer is an answer with nothing but a body.
type Answer[B any] struct{ Body B }

// Created is the answer to a request that made something.
type Created struct {
	Location string `header:"Location" doc:"Where it is."`
	Replayed string `header:"Idempotency-Replayed" doc:"true when an earlier request with the same Idempotency-Key made it."`
	Body     CreatedBody
}

// CreatedBody names what was made.
type CreatedBody struct {
	ID string `json:"id" doc:"The id of what was made."`
}

// Done is the answer to a request that was done and has nothing to tell.
type Done struct {
	Replayed string `header:"Idempotency-Replayed" doc:"true when an earlier request with the same Idempotency-Key did it."`
}

// List is a page of a list.
type List[T any] struct {
	Items    []T    `json:"items"`
	Next     string `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
	Previous string `json:"previous,omitempty" doc:"The cursor of the page before; absent on the first."`
}

// made answers that something was made, now or by the same request before.
func made[ID ~string](at string, id ID, err error) (*Created, error) {
	out := &Created{}
	if r := op.Replayed(err); r != nil {
		id, err, out.Replayed = ID(r.ID()), nil, "true"
	}
	if err != nil {
		return nil, err
	}
	out.Location, out.Body.ID = Prefix+at+string(id), string(id)
	return out, nil
}

// done answers that something was done, now or by the same request before.
func done(err error) (*Done, error) {
	if op.Replayed(err) != nil {
		return &Done{Replayed: "true"}, nil
	}
	if err != nil {
		return nil, err
	}
	return &Done{}, nil
}

// Edits is the version that an edit was made from.
type Edits struct {
	IfMatch string `header:"If-Match" doc:"The ETag of the version that you edit. It must be sent." example:"\"3\""`
}

// version reads If-Match: one strong ETag of ours.
func (e Edits) version() (int64, error) {
	if e.IfMatch == "" {
		return 0, refusal(http.StatusPreconditionRequired, "request.if_match", "Send If-Match with the ETag that you got. Without it you could undo what somebody else has changed.")
	}
	text, ok := strings.CutPrefix(e.IfMatch, `"`)
	text, ok2 := strings.CutSuffix(text, `"`)
	n, err := strconv.ParseInt(text, 10, 64)
	if !ok || !ok2 || err != nil || n < 1 {
		return 0, refusal(http.StatusPreconditionFailed, "request.if_match_other", "Get it again and send its ETag. If-Match names no version of it.")
	}
	return n, nil
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// can lists what of some modules the actor holds, for an item.
func can(held authz.Set, modules ...string) []string {
	out := []string{}
	for _, p := range held.List() {
		if slices.Contains(modules, p.Module()) {
			out = append(out, string(p))
		}
	}
	return out
}

// Turn are the parameters of every list that has pages.
type Turn struct {
	Cursor string `query:"cursor" maxLength:"4096" doc:"Where the page begins: next or previous of another page of the same list."`
}

// permsOf reads names of permissions from a field.
func permsOf(field string, names []string) (authz.Set, error) {
	perms := make([]authz.Perm, len(names))
	for i, n := range names {
		perms[i] = authz.Perm(n)
		if !authz.Known(perms[i]) && !perms[i].Own() {
			return authz.Set{}, errs.Field(field, "permission.unknown", "Name permissions of the catalogue only. There is none called {perm}.", "perm", n)
		}
	}
	return authz.SetOf(perms...), nil
}
