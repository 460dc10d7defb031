// Package web is the portal: it parses requests, calls one service method for each intent of a person, and
// renders pages. It holds no rules and no SQL.
package web

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"

	"bailiwick/internal/account"
	"bailiwick/internal/apikey"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/clock"
	"bailiwick/internal/contact"
	"bailiwick/internal/errs"
	"bailiwick/internal/exchange"
	"bailiwick/internal/i18n"
	"bailiwick/internal/invite"
	"bailiwick/internal/module"
	"bailiwick/internal/notice"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/outline"
	"bailiwick/internal/page"
	"bailiwick/internal/plan"
	"bailiwick/internal/policy"
	"bailiwick/internal/provision"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
	"bailiwick/internal/setting"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/submit"
	"bailiwick/internal/task"
	"bailiwick/internal/throttle"
	"bailiwick/internal/trail"
	"bailiwick/internal/tuning"
	"bailiwick/internal/usage"
	"bailiwick/internal/user"
	"bailiwick/internal/view"
	"bailiwick/internal/web/ui/apidocs"
	"bailiwick/internal/web/ui/asset"
)

// Deps is what the portal stands on.
type Deps struct {
	Log            *slog.Logger
	Clock          clock.Clock
	Texts          *i18n.Catalogue
	BaseURL        *url.URL
	TrustedProxies []netip.Prefix
	CapturesMail   bool                            // no mail server is set: mail lies in the capture mailbox
	Ready          func(ctx context.Context) error // nil when requests can be served
	MailOff        bool                            // links are shown once to who makes them
	Ops            *op.Runner
	Brand          *brand.Service
	Mailbox        *notify.Mailbox
	Cursors        *page.Sealer
	Accounts       *account.Service
	Views          *view.Service
	Notices        *notice.Service
	Tasks          *task.Service
	Trail          *trail.Service
	Modules        *module.Service
	Tuning         *tuning.Service
	Known          *setting.Known // what is in force, for the portal itself
	Outline        *outline.Service
	Policy         *policy.Service
	Submit         *submit.Service
	Subs           *subaccount.Service
	Roles          *role.Service
	Plans          *plan.Service
	Quotas         *quota.Service
	Usage          *usage.Service
	Users          *user.Service
	Invites        *invite.Service
	Provision      *provision.Service
	Exchange       *exchange.Service
	Contacts       *contact.Service
	Authn          *authn.Service
	Keys           *apikey.Service
	Mounts         []Mount
	Contract       func() ([]byte, error) // the description of the API, OpenAPI 3.1 in JSON
}

// Mount is a route that somebody else answers, on the portal's mux and behind its middleware: the API's.
type Mount struct {
	Pattern string
	Handler http.Handler
}

// Server answers the portal's requests.
type Server struct {
	Deps
	metrics  metrics
	secure   bool          // people reach the portal by https
	stopping chan struct{} // closed when streams are to end
	docs     func() ([]apidocs.Group, error)
	live     chan struct{} // holds one for each stream that is open
	links    *throttle.Limiter
	guesses  *throttle.Limiter
}

// New makes the portal.
func New(d Deps) *Server {
	return &Server{Deps: d, docs: d.reference(), metrics: newMetrics(), secure: d.BaseURL.Scheme == "https", stopping: make(chan struct{}), live: make(chan struct{}, liveMost),
		links: throttle.New(linksPerMinute, d.Clock), guesses: throttle.New(guessesPerMinute, d.Clock)}
}

// Handler serves every route of the portal.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", asset.Handler())
	for _, r := range s.Routes() {
		mux.Handle(r.Pattern, s.serve(r))
	}
	own := http.NewCrossOriginProtection()
	for _, m := range s.Mounts {
		mux.Handle(m.Pattern, m.Handler)
		own.AddInsecureBypassPattern(m.Pattern) // no session counts there
	}
	mux.Handle("/", s.serve(Route{Open: nowhere}))
	own.AddInsecureBypassPattern("POST " + unsubscribeRoute) // nor there
	own.SetDenyHandler(s.serve(Route{Open: fromElsewhere}))
	h := s.logged(own.Handler(mux))
	return s.identified(s.hardened(s.hosted(s.encrypted(h))))
}

func fromElsewhere(http.ResponseWriter, *http.Request) error {
	return errs.New(errs.Denied, "form.elsewhere", "Open the page here and send the form again. It came from another site.")
}

func nowhere(http.ResponseWriter, *http.Request) error { return errs.NoSuch("page") }

// Route is one line of the route table. Exactly one of Open and Signed is set, so no page can be served without
// choosing whether a person must be signed in.
type Route struct {
	Pattern string
	Open    func(http.ResponseWriter, *http.Request) error
	Signed  func(http.ResponseWriter, *http.Request, authz.Actor) error
}

func (s *Server) serve(rt Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), pageFields)
		by, r, err := s.recognise(r)
		switch {
		case rt.Open != nil:
			err = rt.Open(w, r)
		case err == nil:
			if r, err = s.admit(r, by); err == nil {
				err = rt.Signed(w, r, by)
			}
		}
		if err != nil {
			s.serveError(w, r, by, err)
		}
	})
}
