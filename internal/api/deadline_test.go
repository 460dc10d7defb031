package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
)

// timed is an answer that remembers until when its request may be read.
type timed struct {
	*httptest.ResponseRecorder
	until time.Time
}

// SetReadDeadline is what http.ResponseController asks for.
func (w *timed) SetReadDeadline(t time.Time) error { w.until = t; return nil }

// TestAnOperationMayTakeItsTime: a deadline for reading that is left on the connection ends the context of an operation that
// takes longer.
func TestAnOperationMayTakeItsTime(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	mux := http.NewServeMux()
	for _, r := range d.API.Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	for name, path := range map[string]string{"a client": d.at(d.reseller, "/clients"), "a location": d.at(d.client, "/locations")} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1"+path, strings.NewReader(`{"name": "Slow", "no_end": true}`))
		if strings.HasSuffix(path, "locations") {
			req = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1"+path, strings.NewReader(`{"name": "Slow"}`))
		}
		req.Header.Set("Authorization", "Bearer "+d.seller.Key.Reveal())
		req.Header.Set("Content-Type", "application/json")
		w := &timed{ResponseRecorder: httptest.NewRecorder(), until: time.Unix(1, 0)}
		if mux.ServeHTTP(w, req); w.Code != http.StatusCreated || !w.until.IsZero() {
			t.Errorf("%s: %d %s, and its request may be read until %s", name, w.Code, w.Body, w.until)
		}
	}
}
