package db_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

// hears notifies until something arrives: nothing says when a listener has begun to listen.
func hears(t *testing.T, d *db.DB, heard <-chan struct{}) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		if err := d.Notify(ctx, "Some news"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-heard:
			return
		case <-again.C:
		}
	}
}

func TestWhoListensHearsAndListensAgainWhenCutOff(t *testing.T) {
	d := dbtest.Postgres(t, clock.System)
	ctx, stop := context.WithCancel(t.Context())
	heard, lost := make(chan struct{}), make(chan error, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		d.Listen(ctx, "", "Some news", func() {
			select {
			case heard <- struct{}{}:
			case <-ctx.Done():
			}
		}, func(err error) { lost <- err })
	})
	hears(t, d, heard)
	if _, err := db.One(t.Context(), d, db.Value[bool], "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"); err != nil {
		t.Fatal(err)
	}
	for cut := false; !cut; {
		select {
		case err := <-lost:
			if cut = true; err == nil {
				t.Error("lost without a reason")
			}
		case <-heard: // what came before the cut
		}
	}
	hears(t, d, heard)
	stop()
	wg.Wait()
}

func TestSQLiteHasNobodyToHear(t *testing.T) {
	d := dbtest.SQLite(t, clock.System)
	if err := d.Notify(t.Context(), "news"); err != nil {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	d.Listen(ctx, "", "news", func() { t.Error("heard something") }, func(err error) { t.Error(err) })
}
