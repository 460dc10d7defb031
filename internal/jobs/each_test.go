package jobs

import (
	"log/slog"
	"testing"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

// each runs test on both databases, with a clock that stands.
func each(t *testing.T, test func(t *testing.T, d *db.DB, now *clock.Fake)) {
	t.Helper()
	now := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	dbtest.EachAt(t, now.Now, func(t *testing.T, d *db.DB) { test(t, d, now) })
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
