package db

import (
	"context"
	"fmt"
	"testing"
)

// parts is how many parts the search index of clients has.
func (d *DB) parts(t *testing.T) int {
	t.Helper()
	n, err := One(t.Context(), d, Value[int], "SELECT count(DISTINCT id >> 37) FROM client_search_trigrams_data WHERE id > 10")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Who writes merges nothing, and what was merged beside them finds all that was written.
func TestTheSearchIndexIsMergedBesideThoseWhoWrite(t *testing.T) {
	d := openFile(t)
	if _, err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	write := func(query string, args ...any) {
		t.Helper()
		if err := d.InTx(t.Context(), func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, query, args...)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	const clients = 40
	write(`INSERT INTO accounts (id, kind, name, name_fold, created_at, updated_at) VALUES ('root', 'platform', 'Halyard', 'halyard', 0, 0)`)
	for i := range clients {
		write(`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, 'root', 'customer', 'Acme', 'acme', 0, 0)`, fmt.Sprint(i))
		write(`INSERT INTO client_search (customer_id, text) VALUES (?, ?)`, fmt.Sprint(i), fmt.Sprintf("acme %d", i))
	}
	if n := d.parts(t); n < clients {
		t.Fatalf("%d writes made %d parts", clients, n)
	}
	write(`DELETE FROM client_search WHERE customer_id = '7'`)
	if err := d.mergeAll(t.Context(), "client_search"); err != nil {
		t.Error(err)
	}
	if n := d.parts(t); n > clients/4 {
		t.Errorf("%d parts are left", n)
	}
	if n, err := One(t.Context(), d, Value[int], `SELECT count(*) FROM client_search_trigrams WHERE text MATCH '"cme"'`); err != nil || n != clients-1 {
		t.Errorf("%d are found, %v", n, err)
	}
}
