package db_test

import (
	"context"
	"testing"

	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

func TestAWatchSeesEveryStatement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var w db.Watch
		ctx := w.Watched(t.Context())
		if _, err := db.Exists(ctx, d, "SELECT 1 FROM accounts"); err != nil {
			t.Fatal(err)
		}
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := db.All(ctx, tx, db.Value[string], "SELECT id FROM accounts"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "DELETE FROM attempts")
			return err
		})
		if got := w.Statements(); err != nil || len(got) != 3 || got[2] != "DELETE FROM attempts" {
			t.Errorf("saw %q, %v", got, err)
		}
		if took := w.Writes(); len(took) != 1 || took[0] <= 0 {
			t.Errorf("the write took %v", took)
		}
	})
}
