package web

import (
	"context"
	"maps"
	"net"
	"net/http"
	"strings"

	"bailiwick/internal/brand"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/web/ui/asset"
	"bailiwick/internal/web/ui/shell"
)

// hosted finds out whose domain a request came to. A name that is nobody's gets a page that says nothing of anybody:
// whoever points a name at this server must not borrow the portal of another.
func (s *Server) hosted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == probeAlive || r.URL.Path == probeReady || strings.HasPrefix(r.URL.Path, asset.Prefix) {
			next.ServeHTTP(w, r)
			return
		}
		account, known, err := s.Brand.At(r.Context(), hostname(r))
		switch {
		case err != nil:
			s.Log.ErrorContext(r.Context(), "whose domain it is could not be found out", "error", err)
			w.Header().Set("Retry-After", retryAfter)
			http.Error(w, "Try again in a moment.", http.StatusServiceUnavailable)
		case !known:
			s.serveNobodys(w, r)
		case account == "":
			next.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r.WithContext(brand.WithVisited(r.Context(), account)))
		}
	})
}

// hostname is the name that the client asked for, in lower case and without a port.
func hostname(r *http.Request) string {
	host := r.Host
	if strings.Contains(host, ":") {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

func (s *Server) serveNobodys(w http.ResponseWriter, r *http.Request) {
	maps.Copy(w.Header(), pageFields)
	r = withPrinter(r, s.Texts.For(s.Texts.Match(r.Header.Get("Accept-Language"))))
	p := i18n.From(r.Context())
	page := shell.Nobodys{Page: shell.Page{Title: p.T("shell.nobodys_title"), Theme: shell.Theme(r)}}
	if err := s.render(w, r, http.StatusMisdirectedRequest, page); err != nil {
		s.Log.ErrorContext(r.Context(), "render the page of nobody's domain", "error", err)
		http.Error(w, p.T("shell.nobodys_title"), http.StatusMisdirectedRequest)
	}
}

// origin is where a request is sent on to: the domain it came to when that is somebody's, else the configured address.
func (s *Server) origin(r *http.Request) string {
	host := hostname(r)
	if account, known, err := s.Brand.At(r.Context(), host); err != nil || !known || account == "" {
		return s.BaseURL.Scheme + "://" + s.BaseURL.Host
	}
	if port := s.BaseURL.Port(); port != "" {
		host = net.JoinHostPort(host, port)
	}
	return s.BaseURL.Scheme + "://" + host
}

// sight is the account whose brand and pages may be seen in a request that is about an account: the account itself, or
// the one whose domain the request came to when that is another's.
func (s *Server) sight(ctx context.Context, account ids.Account) ids.Account {
	top := brand.Visited(ctx)
	if top == "" || account == "" {
		return top + account
	}
	if under, err := s.Brand.Under(ctx, account, top); err != nil || !under {
		return top
	}
	return account
}
