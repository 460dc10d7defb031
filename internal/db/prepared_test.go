package db_test

import (
	"context"
	"fmt"
	"testing"

	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

// A statement that is kept must give each run its own values and rows: after an error, after a change of the schema, and
// when more texts came than are kept.
func TestStatementsThatAreKeptRunAsIfTheyWereNew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := func(fn func(context.Context, *db.Tx) error) error { return d.InTx(t.Context(), fn) }
		insert := func(id, parent string) error {
			return in(func(ctx context.Context, tx *db.Tx) error { return insertCustomer(ctx, tx, id, parent, "Name of "+id) })
		}
		if err := insert("p", ""); err != nil {
			t.Fatal(err)
		}
		if err := insert("c", "nobody"); err == nil {
			t.Fatal("a customer hangs from nobody")
		}
		if err := insert("c", "p"); err != nil {
			t.Errorf("after an error: %v", err)
		}
		const byID = `SELECT name FROM accounts WHERE id = ?`
		err := in(func(ctx context.Context, tx *db.Tx) error {
			names, err := db.All(ctx, tx, db.Value[string], `SELECT id FROM accounts ORDER BY id`)
			for _, id := range names {
				if name, err := db.One(ctx, tx, db.Value[string], byID, id); name != "Name of "+id || err != nil {
					t.Errorf("%s: %q, %v", id, name, err)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		for i := range 500 { // more texts than are kept
			n, err := db.One(t.Context(), d, db.Value[int], fmt.Sprintf(`SELECT %d + count(*) FROM accounts WHERE id = ?`, i), "c")
			if n != i+1 || err != nil {
				t.Fatalf("text %d: %d, %v", i, n, err)
			}
		}
		if err := in(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `ALTER TABLE accounts ADD COLUMN later TEXT`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := insert("e", "p"); err != nil {
			t.Errorf("after a change of the schema: %v", err)
		}
		if name, err := db.One(t.Context(), d, db.Value[string], byID, "nobody"); err == nil {
			t.Errorf("nobody is called %q", name)
		}
	})
}
