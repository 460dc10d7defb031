package apptest_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"bailiwick/internal/app"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/secret"
)

// BenchmarkAsked is what other programs ask at each step they take, from the request that has been read to the answer that is to be
// written: one after another, and 128 for each processor at once, which share what must be written.
func BenchmarkAsked(b *testing.B) {
	dsn := dbtest.SQLiteDSN(b)
	w := apptest.New(b, dsn)
	client := string(w.Client(w.Platform, "Acme"))
	key := w.Program(w.Owner.Actor(), w.Platform, authz.ClientsView, authz.MessagesSend).Key
	h := served(b, dsn)
	ask := func(path, body string) string {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://portal"+path, strings.NewReader(body))
		if err != nil {
			return err.Error()
		}
		r.RequestURI, r.RemoteAddr = path, "127.0.0.1:4000"
		r.Header["Authorization"], r.Header["Content-Type"] = []string{"Bearer " + key.Reveal()}, []string{"application/json"}
		to := answer{fields: http.Header{}}
		h.ServeHTTP(&to, r)
		return string(to.text)
	}
	var made atomic.Int64
	for name, one := range map[string]func() string{
		"check": func() string {
			return ask("/api/v1/access/check", `{"account":"`+client+`","permission":"clients.view"}`)
		},
		"reserve": func() string {
			return ask("/api/v1/quota/reserve", `{"account":"`+client+`","channel":"email","recipients":1,"key":"`+strconv.FormatInt(made.Add(1), 10)+`"}`)
		},
	} {
		allowed := func(b *testing.B) {
			if said := one(); !strings.Contains(said, `"allowed":true`) {
				b.Error(said)
			}
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				allowed(b)
			}
		})
		b.Run(name+" at once", func(b *testing.B) {
			b.SetParallelism(128)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					allowed(b)
				}
			})
		})
	}
}

// served is another node at a database, by the computer's clock and without a journal, as programs find it.
func served(b *testing.B, dsn string) http.Handler {
	cfg := config.Config{Listen: "127.0.0.1:0", Data: b.TempDir(), Database: secret.Wrap(dsn), BaseURL: &url.URL{Scheme: "http", Host: "portal"}}
	a, err := app.New(b.Context(), app.Deps{Config: cfg, Log: slog.New(slog.DiscardHandler), Clock: clock.System, Hash: secret.CheapParams})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		a.Quota.Idle()
		if err := a.Close(); err != nil {
			b.Error(err)
		}
	})
	return a.Web.Handler()
}

// answer keeps what was answered last.
type answer struct {
	fields http.Header
	text   []byte
}

func (a *answer) Header() http.Header { return a.fields }

func (*answer) WriteHeader(int) {}

func (a *answer) Write(b []byte) (int, error) {
	a.text = append(a.text, b...)
	return len(b), nil
}
