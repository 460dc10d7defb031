package jobs

import (
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
)

var dbs atomic.Int64

// each runs test on every database there is, with a clock that stands.
func each(t *testing.T, test func(t *testing.T, d *db.DB, now *clock.Fake)) {
	t.Helper()
	open := func(t *testing.T, dsn string) {
		now := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		d, err := db.Open(t.Context(), dsn, now.Now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		if _, err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, d, now)
	}
	t.Run("sqlite", func(t *testing.T) { open(t, filepath.Join(t.TempDir(), "b.db")) })
	if url := os.Getenv("TEST_POSTGRES_URL"); url != "" {
		t.Run("postgres", func(t *testing.T) {
			admin, err := sql.Open("pgx", url)
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("k2_%d_%d", os.Getpid(), dbs.Add(1))
			if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_, _ = admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
				_ = admin.Close()
			})
			open(t, strings.Replace(url, "/postgres?", "/"+name+"?", 1))
		})
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
