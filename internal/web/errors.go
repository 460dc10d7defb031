package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/policy"
)

// statusOf is the one table from kinds of error to HTTP status codes (RFC 9110, section 15).
func statusOf(k errs.Kind) int {
	switch k {
	case errs.Invalid:
		return http.StatusUnprocessableEntity
	case errs.Unauthenticated:
		return http.StatusUnauthorized
	case errs.Denied:
		return http.StatusForbidden
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Conflict:
		return http.StatusConflict
	case errs.OverQuota:
		return http.StatusTooManyRequests
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	case errs.Internal:
	}
	return http.StatusInternalServerError
}

// retryAfter is when to try again what cannot be done now, in seconds (RFC 9110, section 10.2.3).
const retryAfter = "5"

// serveError is the one place where an error becomes a page. What the person cannot act on goes to the log alone.
func (s *Server) serveError(w http.ResponseWriter, r *http.Request, by authz.Actor, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the browser went away
	}
	kind := errs.KindOf(err)
	if kind == errs.Unauthenticated {
		s.sendToSignIn(w, r)
		return
	}
	if errs.CodeOf(err) == policy.SecondFactorMissing {
		s.sendTo(w, r, secondStepPath)
		return
	}
	if kind == errs.Internal || kind == errs.Unavailable {
		s.Log.ErrorContext(r.Context(), "request failed", "route", routeOf(r), "error", err)
	}
	if kind == errs.Unavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	if perr := s.renderError(w, r, by, statusOf(kind), problemOf(err)); perr != nil {
		s.Log.ErrorContext(r.Context(), "render the error page", "error", perr)
		http.Error(w, problemOf(err).Text(), statusOf(kind))
	}
}

// problemOf is what a person is told about err.
func problemOf(err error) errs.Problem {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Problem
	}
	return errs.Problem{Code: "internal", Msg: "Try again. If it happens again, tell support the request number below."}
}

// words returns the text of a problem in the reader's language; English stands in the program itself.
func words(p i18n.Printer, problem errs.Problem) string {
	if key := "error." + problem.Code; p.Has(key) {
		return p.T(key, problem.Args...)
	}
	return p.Fill(problem.Msg, problem.Args)
}

// fieldErrors returns the remark on each field of a form, or false when err is about something else.
func fieldErrors(p i18n.Printer, err error) (map[string]string, bool) {
	var e *errs.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return nil, false
	}
	out := make(map[string]string, len(e.Fields))
	for field, problem := range e.Fields {
		out[field] = words(p, problem)
	}
	return out, true
}

// sendToSignIn asks the person to sign in and remembers which page they wanted. htmx is told to load the whole page.
func (s *Server) sendToSignIn(w http.ResponseWriter, r *http.Request) {
	to := "/sign-in"
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	s.sendTo(w, r, to)
}

// secondStepPath is where somebody sets up the second step that an account requires.
const secondStepPath = "/me/security?required=two-step"

// sendTo leads on to another page. htmx is told to load the whole of it.
func (s *Server) sendTo(w http.ResponseWriter, r *http.Request, to string) {
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// ownPath returns next when it is a path on this portal, else fallback: a redirect never leaves us (INV12).
func ownPath(next, fallback string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || len(next) < 1 || next[0] != '/' || len(next) > 1 && (next[1] == '/' || next[1] == '\\') {
		return fallback
	}
	return u.RequestURI()
}
