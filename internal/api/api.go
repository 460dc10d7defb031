// Package api is the JSON API. It translates HTTP to the methods of services and back, like the portal does; it holds
// no rules and no SQL.
//
// Every operation is one line of a list (operations) and a function that takes an actor. The bodies are structs of
// their own, so that the contract stays when a column is renamed; the contract itself is testdata/openapi.yaml.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"bailiwick/internal/access"
	"bailiwick/internal/account"
	"bailiwick/internal/apikey"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/clock"
	"bailiwick/internal/contact"
	"bailiwick/internal/errs"
	"bailiwick/internal/exchange"
	"bailiwick/internal/invite"
	"bailiwick/internal/module"
	"bailiwick/internal/notice"
	"bailiwick/internal/op"
	"bailiwick/internal/outline"
	"bailiwick/internal/page"
	"bailiwick/internal/plan"
	"bailiwick/internal/policy"
	"bailiwick/internal/provision"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/submit"
	"bailiwick/internal/task"
	"bailiwick/internal/throttle"
	"bailiwick/internal/trail"
	"bailiwick/internal/tuning"
	"bailiwick/internal/usage"
	"bailiwick/internal/user"
	"bailiwick/internal/view"
)

// Prefix is where the operations of this version begin.
const Prefix = "/api/v1"

// version of the contract. What would break a client needs a new one.
const version = "1.0.0"

// Deps is what the API stands on.
type Deps struct {
	Log       *slog.Logger
	Clock     clock.Clock
	PerMinute int // requests of one key; 0: no limit
	Ops       *op.Runner
	Cursors   *page.Sealer
	Authn     *authn.Service
	Keys      *apikey.Service
	Policy    *policy.Service
	Access    *access.Service
	Quotas    *quota.Service
	Usage     *usage.Service
	Modules   *module.Service
	Notices   *notice.Service
	Views     *view.Service
	Tuning    *tuning.Service
	Outline   *outline.Service
	Submit    *submit.Service
	Tasks     *task.Service
	Exchange  *exchange.Service
	Temp      string // a directory for files while they arrive
	Accounts  *account.Service
	Subs      *subaccount.Service
	Roles     *role.Service
	Plans     *plan.Service
	Users     *user.Service
	Invites   *invite.Service
	Provision *provision.Service
	Contacts  *contact.Service
	Brands    *brand.Service
	Trail     *trail.Service
}

// Route is one line of the API's route table. An open one needs no key.
type Route struct {
	Pattern string
	Handler http.Handler
	Open    bool
}

// API answers the requests of programs.
type API struct {
	Deps
	huma    huma.API
	routes  []Route
	uploads map[string]bool // the patterns whose body is a file
	limits  *throttle.Limiter
	running running
	known   *http.ServeMux        // which methods a path has
	texts   func() (texts, error) // written once, when first asked for: it takes longer than the rest of the start
}

// strictNames makes huma tell "NAME" from "name", which it decides for the whole process.
var strictNames = sync.OnceFunc(func() { huma.ValidateStrictCasing = true })

// New makes the API.
func New(d Deps) (*API, error) {
	strictNames()
	a := &API{Deps: d, limits: throttle.New(d.PerMinute, d.Clock), known: http.NewServeMux(), uploads: map[string]bool{}}
	a.huma = humago.NewWithPrefix(a, Prefix, a.config())
	a.operations()
	spec := a.huma.OpenAPI()
	for _, schema := range spec.Components.Schemas.Map() {
		neverNull(schema)
	}
	a.texts = sync.OnceValues(func() (t texts, err error) {
		var yerr error
		t.json, err = spec.MarshalJSON()
		t.yaml, yerr = spec.YAML()
		if err := errors.Join(err, yerr); err != nil {
			return texts{}, fmt.Errorf("write the description of the API: %w", err)
		}
		return t, nil
	})
	a.open("GET /api/openapi.json", a.document("application/openapi+json", func(t texts) []byte { return t.json }))
	a.open("GET /api/openapi.yaml", a.document("application/openapi+yaml", func(t texts) []byte { return t.yaml }))
	a.open("/api/", a.nowhere)
	return a, nil
}

// operations lists every resource.
func (a *API) operations() {
	a.accessOperations()
	a.accountOperations()
	a.locationOperations()
	a.subAccountOperations()
	a.userOperations()
	a.identityOperations()
	a.invitationOperations()
	a.roleOperations()
	a.packageOperations()
	a.eventOperations()
	a.keyOperations()
	a.meOperations()
	a.personalOperations()
	a.moduleOperations()
	a.settingOperations()
	a.securityOperations()
	a.treeOperations()
	a.quotaOperations()
	a.creditOperations()
	a.poolOperations()
	a.usageOperations()
	a.taskOperations()
	a.exchangeOperations()
	a.contactOperations()
	a.brandOperations()
}

// Routes is the whole route table. Tests walk it like the portal's.
func (a *API) Routes() []Route { return a.routes }

// texts are the description of the API in its two forms.
type texts struct{ json, yaml []byte }

// Document is the description of the API, OpenAPI 3.1 in YAML.
func (a *API) Document() ([]byte, error) {
	t, err := a.texts()
	return t.yaml, err
}

// Contract is the same description in JSON.
func (a *API) Contract() ([]byte, error) {
	t, err := a.texts()
	return t.json, err
}

// HandleFunc takes a route from the registry of operations.
func (a *API) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	a.known.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
	a.routes = append(a.routes, Route{Pattern: pattern, Handler: a.gate(pattern, h)})
}

// ServeHTTP belongs to the registry's idea of a mux; requests come through Routes.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.nowhere(w, r) }

func (a *API) open(pattern string, h http.HandlerFunc) {
	a.routes = append(a.routes, Route{Pattern: pattern, Handler: h, Open: true})
}

// nowhere answers what no operation answers. To those without a key every address looks alike.
func (a *API) nowhere(w http.ResponseWriter, r *http.Request) {
	if _, err := a.recognise(r); err != nil {
		answerTo(r.Context(), a.Log, err).write(w)
		return
	}
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		ask := r.Clone(r.Context())
		ask.Method = m
		if _, pattern := a.known.Handler(ask); pattern != "" {
			allowed = append(allowed, m)
		}
	}
	var err error = errs.NoSuch("operation")
	if len(allowed) > 0 {
		err = refusal(http.StatusMethodNotAllowed, "request.method", "Use one of the methods in Allow.").with("Allow", strings.Join(allowed, ", "))
	}
	answerTo(r.Context(), a.Log, err).write(w)
}

func (a *API) document(contentType string, form func(texts) []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t, err := a.texts()
		if err != nil {
			answerTo(r.Context(), a.Log, err).write(w)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(form(t)) //nolint:errcheck // the client has gone
	}
}

// call is one operation: what huma registers, with the actor as a parameter.
type call[I, O any] func(ctx context.Context, by authz.Actor, in *I) (*O, error)

// add registers an operation.
func add[I, O any](a *API, o operation, fn call[I, O]) {
	if o.takes != nil {
		method, path, _ := strings.Cut(o.route, " ")
		a.uploads[method+" "+Prefix+path] = true
	}
	at := placesIn(reflect.TypeFor[I]())
	huma.Register(a.huma, o.huma(), func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, actorOf(ctx), in)
		if err != nil {
			return nil, answerTo(ctx, a.Log, err).located(at)
		}
		return out, nil
	})
}
