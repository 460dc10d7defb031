package apptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"bailiwick/internal/apikey"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// Program is a client of the API. Every answer it gets is held against the description of the API, and so is every
// request that succeeds.
type Program struct {
	w   *World
	Key secret.String
	ID  ids.Key

	host string // the name it asks for, "" for the portal's own
}

// At is the program where it asks for another host.
func (p *Program) At(host string) *Program {
	other := *p
	other.host = host
	return &other
}

// Program makes a key for somebody in an account and returns a client that presents it.
func (w *World) Program(by authz.Actor, at ids.Account, scopes ...authz.Perm) *Program {
	w.t.Helper()
	made, err := w.Keys.Create(w.t.Context(), by, at, apikey.Input{Name: "a program", Scopes: authz.SetOf(scopes...)})
	w.ok(err, "make a key")
	return &Program{w: w, Key: made.Secret, ID: made.ID}
}

// Everything makes a key that holds all that somebody can put into one.
func (w *World) Everything(by authz.Actor, at ids.Account) *Program {
	w.t.Helper()
	offer, err := w.Keys.Offer(w.t.Context(), by, at)
	w.ok(err, "look up what a key can hold")
	return w.Program(by, at, offer.Scopes.List()...)
}

// NoKey is a client that presents another key, or none.
func (w *World) NoKey(key string) *Program { return &Program{w: w, Key: secret.Wrap(key)} }

// Reply is what the API said.
type Reply struct {
	Status int
	Header http.Header
	Body   string
	t      testing.TB
}

// Into reads the body.
func (r Reply) Into(to any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.Body), to); err != nil {
		r.t.Fatalf("%v in %s", err, r.Body)
	}
}

// Code is the code of a problem.
func (r Reply) Code() string {
	r.t.Helper()
	var p struct{ Code string }
	r.Into(&p)
	return p.Code
}

// ID is the id of what was made.
func (r Reply) ID() string {
	r.t.Helper()
	var made struct{ ID string }
	r.Into(&made)
	return made.ID
}

// Want fails the test unless the status is the one named.
func (r Reply) Want(status int) Reply {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("answered %d, not %d: %s", r.Status, status, r.Body)
	}
	return r
}

// Get asks for something below /api/v1.
func (p *Program) Get(path string, headers ...string) Reply {
	p.w.t.Helper()
	return p.Do(http.MethodGet, path, "", headers...)
}

// Post sends a JSON text below /api/v1; headers are names and values in turn.
func (p *Program) Post(path, body string, headers ...string) Reply {
	p.w.t.Helper()
	return p.Do(http.MethodPost, path, body, headers...)
}

// Patch sends an edit of the version that an ETag names.
func (p *Program) Patch(path, etag, body string) Reply {
	p.w.t.Helper()
	return p.Do(http.MethodPatch, path, body, "If-Match", etag)
}

// Delete removes something.
func (p *Program) Delete(path string) Reply { p.w.t.Helper(); return p.Do(http.MethodDelete, path, "") }

// Do sends a request and holds what comes back against the description.
func (p *Program) Do(method, path, body string, headers ...string) Reply {
	t := p.w.t
	t.Helper()
	ask := func() *http.Request {
		req, err := http.NewRequestWithContext(t.Context(), method, p.w.Server.URL+"/api/v1"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		if !p.Key.Empty() {
			req.Header.Set("Authorization", "Bearer "+p.Key.Reveal())
		}
		req.Host = p.host
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		return req
	}
	res, err := p.w.Server.Client().Do(ask())
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	if res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %s: the answer may be stored", method, path)
	}
	p.w.keepsContract(ask(), res, text)
	return Reply{res.StatusCode, res.Header, string(text), t}
}

// contract is the description of the API, read once for all tests.
type contract struct {
	once   sync.Once
	router routers.Router
	err    error
}

var theContract contract

func (c *contract) read(text []byte) (routers.Router, error) {
	c.once.Do(func() {
		for _, kind := range []string{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text/csv"} { // are what they are
			openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
		}
		var doc *openapi3.T
		if doc, c.err = openapi3.NewLoader().LoadFromData(text); c.err == nil {
			c.router, c.err = legacy.NewRouter(doc)
		}
	})
	return c.router, c.err
}

func (w *World) keepsContract(req *http.Request, res *http.Response, body []byte) {
	t := w.t
	t.Helper()
	text, err := w.API.Document()
	if err != nil {
		t.Fatal(err)
	}
	router, err := theContract.read(text)
	if err != nil {
		t.Fatalf("the description of the API: %v", err)
	}
	req.URL.Scheme, req.URL.Host = "", ""
	route, params, err := router.FindRoute(req)
	if err != nil {
		if res.StatusCode < http.StatusBadRequest {
			t.Errorf("%s %s: done, and not described", req.Method, req.URL.Path)
		}
		return
	}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true,
	}}
	if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil && res.StatusCode < http.StatusBadRequest {
		t.Errorf("%s %s: done, against the description: %v", req.Method, req.URL.Path, err)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: res.StatusCode, Header: res.Header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: in.Options}
	if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
		t.Errorf("%s %s answers %d against the description: %v\n%s", req.Method, req.URL.Path, res.StatusCode, err, body)
	}
	for _, at := range unknownPlaces(route.Operation, res, body) {
		t.Errorf("%s %s: %s is no field of the request\n%s", req.Method, req.URL.Path, at, body)
	}
}

// unknownPlaces are the locations in a problem's errors that the operation does not describe. What the request had
// beyond the description is named as it was sent.
func unknownPlaces(o *openapi3.Operation, res *http.Response, body []byte) []string {
	var p struct {
		Errors []struct{ Location, Code string }
	}
	if res.StatusCode != http.StatusUnprocessableEntity || json.Unmarshal(body, &p) != nil {
		return nil
	}
	var out []string
	for _, e := range p.Errors {
		in, rest, _ := strings.Cut(e.Location, ".")
		if e.Code != "request.field" && !describes(o, in, rest) {
			out = append(out, e.Location)
		}
	}
	return out
}

// describes reports whether the operation has a parameter, or a property of its body, at that path.
func describes(o *openapi3.Operation, in, path string) bool {
	if in != "body" {
		return o.Parameters.GetByInAndName(in, path) != nil
	}
	if o.RequestBody == nil {
		return false
	}
	kind := o.RequestBody.Value.Content.Get("application/json")
	if kind == nil {
		return path == ""
	}
	at := kind.Schema.Value
	for name := range strings.SplitSeq(path, ".") {
		name, _, _ = strings.Cut(name, "[")
		next := at.Properties[name]
		if next == nil {
			return path == "" || at.AdditionalProperties.Schema != nil || at.Properties["settings"] != nil // by their own names
		}
		if at = next.Value; at.Items != nil {
			at = at.Items.Value
		}
	}
	return true
}
