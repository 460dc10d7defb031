package dbtest_test

import (
	"context"
	"testing"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

func TestEachTestHasAMigratedDatabaseOfItsOwn(t *testing.T) {
	for _, round := range []string{"first", "second"} {
		t.Run(round, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				pending, err := d.Pending(t.Context())
				if err != nil || pending != 0 {
					t.Fatalf("%d migrations pending, %v", pending, err)
				}
				// The table of one round must not be there in the other.
				err = d.Batch(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.Exec(ctx, "CREATE TABLE only_here (id TEXT)")
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestPostgresSortsByLanguage(t *testing.T) {
	d := dbtest.Postgres(t, nowhere)
	got, err := db.One(t.Context(), d, db.Value[bool], "SELECT 'a' < 'B'")
	if err != nil {
		t.Fatal(err)
	}
	if !got {
		t.Skip("this machine's PostgreSQL knows only the C order")
	}
}

// nowhere is a clock for tests that write nothing.
func nowhere() time.Time { return time.Time{} }
