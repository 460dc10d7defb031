package web

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/obs"
	"bailiwick/internal/web/ui/asset"
)

// contentPolicy lets nothing run or load that does not come from this server. No page needs inline code or style.
const contentPolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// hardened sets the headers that every answer carries, those that the OWASP REST Security Cheat Sheet lists. Nothing runs or loads in
// what is no page.
func (s *Server) hardened(next http.Handler) http.Handler {
	fields := http.Header{
		"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
		"X-Content-Type-Options":  {"nosniff"},
		"Cache-Control":           {"no-store"},
	}
	if s.secure {
		fields.Set("Strict-Transport-Security", "max-age=31536000") // browsers heed it over https alone (RFC 6797, section 8.1)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), fields) // what adds to a field makes a new list of its values
		next.ServeHTTP(w, r)
	})
}

// pageFields say besides what a page may do.
var pageFields = http.Header{
	"Content-Security-Policy":    {contentPolicy},
	"Referrer-Policy":            {"same-origin"}, // pages of one-time links say no-referrer
	"Cross-Origin-Opener-Policy": {"same-origin"},
	"Permissions-Policy":         {"camera=(), geolocation=(), microphone=()"},
	"Vary":                       {"HX-Request"},
}

// identified gives each request an id that ties answers, log lines and audit events together, and finds out where it came from.
func (s *Server) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := obs.NewRequestID()
		w.Header()["X-Request-Id"] = []string{id}
		next.ServeHTTP(w, r.WithContext(obs.WithRequest(r.Context(), id, s.clientIP(r))))
	})
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// logged counts each request and writes one line for it. It names the route, never the path or the query: those of
// one-time links are secrets.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		took := clock.Stopwatch()
		rec := &recorder{ResponseWriter: w}
		s.metrics.inFlight.Inc()
		defer func() {
			if p := recover(); p != nil {
				s.Log.ErrorContext(r.Context(), "panic while answering", "route", r.Pattern, "panic", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					http.Error(rec, "Something went wrong. Nothing was changed.", http.StatusInternalServerError)
				}
			}
			s.metrics.inFlight.Dec()
			s.answered(r, rec, took())
		}()
		next.ServeHTTP(rec, r)
	})
}

// answered notes how a request ended. A client that went away was answered nothing: status 0, whatever was still written to it of
// what its leaving broke off.
func (s *Server) answered(r *http.Request, rec *recorder, took time.Duration) {
	route := routeOf(r)
	if rec.status >= http.StatusInternalServerError && errors.Is(r.Context().Err(), context.Canceled) {
		rec.status = 0
	}
	if rec.Header().Get("Content-Type") != eventStream { // a stream lasts as long as somebody watches
		s.metrics.ended(route, rec.status, took)
	}
	level := levelOf(route, rec.status)
	if !s.Log.Enabled(r.Context(), level) {
		return
	}
	actor, credential := obs.Actor(r.Context())
	s.Log.LogAttrs(r.Context(), level, "request",
		slog.String("method", methodOf(r)), slog.String("route", route), slog.Int("status", rec.status),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int("bytes", rec.bytes),
		slog.String("actor", actor), slog.String("credential", credential), slog.String("account", accountNamed(r)))
}

// levelOf keeps what nobody asks for, files of the interface and the probes of monitors, out of the usual log.
func levelOf(route string, status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	case strings.HasSuffix(route, asset.Prefix) || strings.HasSuffix(route, probeAlive) || strings.HasSuffix(route, probeReady):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// accountNamed is the account that the path names, "" when it names none or what cannot be one.
func accountNamed(r *http.Request) string {
	id, err := accountOf(r)
	if err != nil {
		return ""
	}
	return string(id)
}

// methodOf is the method, or "other" for one that is not of RFC 9110.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// routeOf is the pattern that the mux matched. The mux notes it on the very request it was given, so logged must
// wrap the mux without copying the request.
func routeOf(r *http.Request) string {
	if r.Pattern != "" {
		return r.Pattern
	}
	return "unmatched"
}
