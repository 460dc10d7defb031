package db_test

import (
	"context"
	"testing"

	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

func TestPlansOfKeyedStatementsAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Dialect() == db.Postgres {
			for q, want := range map[db.Queryer]string{d: "force_custom_plan", d.Keyed(): "force_generic_plan"} {
				if got, err := db.One(t.Context(), q, db.Value[string], "SHOW plan_cache_mode"); err != nil || got != want {
					t.Errorf("plans are made by %s, want %s: %v", got, want, err)
				}
			}
		}
		if n, err := db.One(t.Context(), d.Keyed(), db.Value[int], "SELECT count(*) FROM accounts WHERE id = ?", "x"); err != nil || n != 0 || d.Keyed().Dialect() != d.Dialect() {
			t.Errorf("%d %v", n, err)
		}
		if err := d.InTx(t.Context(), func(ctx context.Context, _ *db.Tx) error {
			_, err := db.One(ctx, d.Keyed(), db.Value[int], "SELECT 1")
			return err
		}); err == nil {
			t.Error("the pool was read inside a transaction")
		}
	})
}
