package obs_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"bailiwick/internal/obs"
	"bailiwick/internal/secret"
)

func TestLog(t *testing.T) {
	for _, f := range []obs.Format{obs.Text, obs.JSON} {
		t.Run(string(f), func(t *testing.T) {
			var out bytes.Buffer
			log, err := obs.NewLogger(&out, slog.LevelInfo, f)
			if err != nil {
				t.Fatal(err)
			}
			const canary = "canary-3b9d"
			ctx := obs.WithRequest(t.Context(), "req42", "")
			held := struct{ Password secret.String }{secret.Wrap(canary)}
			log = log.With("start", held.Password).With("app", "bailiwick")
			log.InfoContext(ctx, "signed in", "pw", held.Password, "form", held, "ptr", &held, slog.Group("g", "pw", held.Password))
			log.DebugContext(ctx, "too small to log")
			got := out.String()
			if strings.Contains(got, canary) {
				t.Errorf("a secret is in the log: %s", got)
			}
			if !strings.Contains(got, "req42") || !strings.Contains(got, "***") || strings.Contains(got, "too small") {
				t.Errorf("got %s", got)
			}
		})
	}
	if _, err := obs.NewLogger(&bytes.Buffer{}, slog.LevelInfo, "xml"); err == nil {
		t.Error("an unknown format is accepted")
	}
}

func TestRequestIDs(t *testing.T) {
	a, b := obs.NewRequestID(), obs.NewRequestID()
	if a == b || len(a) != 12 || obs.RequestID(t.Context()) != "" {
		t.Errorf("ids %q %q", a, b)
	}
}
