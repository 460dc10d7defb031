package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAClientThatWentAwayIsNoFaultOfTheServer(t *testing.T) {
	for what, gone := range map[string]bool{"gone": true, "there": false} {
		var log strings.Builder
		s := &Server{Deps: Deps{Log: slog.New(slog.NewTextHandler(&log, nil))}, metrics: newMetrics()}
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		h := s.logged(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if gone {
				leave()
			}
			w.WriteHeader(http.StatusInternalServerError)
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		if fault := strings.Contains(log.String(), "level=ERROR") && strings.Contains(log.String(), "status=500"); fault == gone {
			t.Errorf("%s: %s", what, log.String())
		}
	}
}
