package app_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/audit"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

// TestABackupUnderWriteLoadIsOneState: what is restored from it is whole, its event logs are sound, and it can be
// worked with at once, on either database.
func TestABackupUnderWriteLoadIsOneState(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		acme := w.Client(w.Platform, "Acme")
		stop, started := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		for c := range 3 {
			wg.Go(func() {
				for n := 0; ; n++ {
					if _, err := w.Accounts.AddLocation(t.Context(), w.Root, acme, account.LocationInput{Name: fmt.Sprint("Place ", c, " ", n)}); err != nil {
						t.Error(err)
						return
					}
					if n%10 == 9 {
						if _, err := w.Log.SealOnce(t.Context()); err != nil {
							t.Error(err)
						}
					}
					select {
					case <-stop:
						return
					case started <- struct{}{}: // once for each client is enough
					default:
					}
				}
			})
		}
		for range 20 {
			<-started
		}
		var archive bytes.Buffer
		before := w.Count("locations")
		if _, err := w.DB.Backup(t.Context(), &archive); err != nil {
			t.Fatal(err)
		}
		after := w.Count("locations")
		close(stop)
		wg.Wait()
		if before == after {
			t.Log("nothing was written meanwhile; this run proves little")
		}
		dbtest.EachDSN(t, func(t *testing.T, dsn string) {
			to, err := db.Open(t.Context(), dsn, clock.System)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := to.Restore(t.Context(), bytes.NewReader(archive.Bytes())); err != nil {
				t.Fatal(err)
			}
			if err := to.Close(); err != nil {
				t.Fatal(err)
			}
			copied := apptest.Bare(t, dsn)
			places, events := copied.Count("locations"), copied.Count("audit_events WHERE action = 'location.created'")
			if places < before || places > after || places != events {
				t.Errorf("%d places and %d events of them, between %d and %d", places, events, before, after)
			}
			if _, err := copied.Accounts.AddLocation(t.Context(), w.Root, acme, account.LocationInput{Name: "Written afterwards"}); err != nil {
				t.Errorf("writing to what was restored: %v", err)
			}
			if _, err := copied.Log.SealOnce(t.Context()); err != nil {
				t.Error(err)
			}
			reports, err := audit.VerifyAll(t.Context(), copied.DB, w.Clock.Now())
			if err != nil || len(reports) < 2 {
				t.Fatalf("%d logs, %v", len(reports), err)
			}
			for _, r := range reports {
				if !r.Sound() || r.Unsealed > 0 {
					t.Errorf("the log of %s: %v, %d unsealed", r.Account, r.Problems, r.Unsealed)
				}
			}
		})
	})
}
