package web

import (
	"net/http"
)

// The probes of monitors and load balancers. They say yes or no, and nothing else to anybody.
const (
	probeAlive = "/healthz" // the program runs
	probeReady = "/readyz"  // send it requests: its database answers, and it is not about to stop
)

// alive answers while the program runs.
func (s *Server) alive(w http.ResponseWriter, _ *http.Request) error {
	return probe(w, http.StatusOK, "ok\n")
}

// ready answers whether the program can serve. Why it cannot stands in the log.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	if err := s.Ready(r.Context()); err != nil {
		s.Log.WarnContext(r.Context(), "not ready", "error", err)
		w.Header().Set("Retry-After", retryAfter)
		return probe(w, http.StatusServiceUnavailable, "unavailable\n")
	}
	return probe(w, http.StatusOK, "ok\n")
}

func probe(w http.ResponseWriter, status int, says string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write([]byte(says))
	return err
}

// Probes serves the probes alone, for a listener that is not the portal's.
func (s *Server) Probes(mux *http.ServeMux) {
	for path, fn := range map[string]func(http.ResponseWriter, *http.Request) error{probeAlive: s.alive, probeReady: s.ready} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if err := fn(w, r); err != nil {
				s.Log.DebugContext(r.Context(), "a probe went away", "error", err)
			}
		})
	}
}
