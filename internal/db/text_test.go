package db_test

import (
	"context"
	"testing"

	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
)

// SQLite would keep both, PostgreSQL refuses them.
func TestWhatIsNoTextIsRefusedByBothDatabasesAlike(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, typed := range []string{"a\x00b", "caf\xc3", "\xed\xa0\x80"} {
			written := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return insertCustomer(ctx, tx, "p", "", typed) })
			asked := func(ctx context.Context, q db.Queryer) error {
				_, err := db.Exists(ctx, q, `SELECT 1 FROM accounts WHERE name = ?`, typed)
				return err
			}
			for how, err := range map[string]error{
				"written": written, "asked for": asked(t.Context(), d),
				"asked for in a transaction": d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return asked(ctx, tx) }),
			} {
				if errs.CodeOf(err) != "input.control_character" {
					t.Errorf("%q %s: %v", typed, how, err)
				}
			}
		}
	})
}
