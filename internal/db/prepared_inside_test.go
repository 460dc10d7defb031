package db

import (
	"errors"
	"path/filepath"
	"testing"

	"bailiwick/internal/clock"
)

// A statement whose rows are being read is not run by who asks for the same text on the same connection.
func TestRowsThatAreReadKeepTheirStatement(t *testing.T) {
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), clock.System)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	tx, err := d.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	const text = `SELECT v.column1 FROM (VALUES (1), (2), (3)) AS v WHERE v.column1 >= ? ORDER BY v.column1`
	outer, err := tx.QueryContext(t.Context(), text, 1)
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for outer.Next() {
		var n, first int
		if err := outer.Scan(&n); err != nil {
			t.Fatal(err)
		}
		if err := tx.QueryRowContext(t.Context(), text, n).Scan(&first); err != nil || first != n {
			t.Errorf("asked for what is at least %d, got %d, %v", n, first, err)
		}
		got = append(got, n)
	}
	if err := errors.Join(outer.Err(), outer.Close(), tx.Rollback()); err != nil || len(got) != 3 {
		t.Errorf("read %v, %v", got, err)
	}
}
