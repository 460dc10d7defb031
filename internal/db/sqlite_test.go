package db

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"bailiwick/internal/clock"
)

func openFile(t *testing.T) *DB {
	t.Helper()
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), clock.System)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// A statement whose rows are being read is not run by who asks for the same text on the same connection.
func TestRowsThatAreReadKeepTheirStatement(t *testing.T) {
	d := openFile(t)
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
	if err := errors.Join(outer.Err(), outer.Close(), tx.Rollback()); err != nil || len(got) != 3 { //nolint:sqlclosecheck // before the transaction ends
		t.Errorf("read %v, %v", got, err)
	}
}

// The log of SQLite does not grow with all that was ever written, and no commit has to shorten it.
func TestTheLogOfSQLiteBeginsAnew(t *testing.T) {
	d := openFile(t)
	write := func(query string, args ...any) {
		t.Helper()
		if err := d.InTx(t.Context(), func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, query, args...)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	look := func() logged {
		t.Helper()
		l, err := copyLog(t.Context(), d.write, "NOOP")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	write("CREATE TABLE much (body BYTEA)")
	if err := d.checkpoint(t.Context(), d.read); err != nil {
		t.Fatal(err)
	}
	if l := look(); l.copied != 0 {
		t.Errorf("%d frames were copied when there were only %d", l.copied, l.frames)
	}
	for range 5 {
		write("INSERT INTO much (body) VALUES (zeroblob(?))", 4096*restartFrames/4)
	}
	if l := look(); l.frames < restartFrames || l.copied != 0 {
		t.Fatalf("the commits themselves copied %d of %d frames", l.copied, l.frames)
	}
	if err := d.checkpoint(t.Context(), d.read); err != nil {
		t.Fatal(err)
	}
	write("INSERT INTO much (body) VALUES (?)", []byte("a little"))
	if l := look(); l.frames > restFrames {
		t.Errorf("after all was copied the log still has %d frames", l.frames)
	}
}
