// Package dbtest gives each test a migrated database of its own: a SQLite file
// and a PostgreSQL database, both copied from a template made once per schema.
//
// PostgreSQL is TEST_POSTGRES_URL if set, else a private cluster made from the
// installed server programs, shared by all test processes of this user and gone
// soon after the last of them. Where CI is set a missing PostgreSQL is a failure.
package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/migrations"
)

// Each runs fn as a subtest on SQLite and on PostgreSQL, with the system's clock.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachAt(t, clock.System, fn)
}

// EachAt is Each with the test's own clock.
func EachAt(t *testing.T, now clock.Clock, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachDSN(t, func(t *testing.T, dsn string) { fn(t, open(t, dsn, now)) })
}

// EachDSN runs fn with the address of an empty migrated database of each kind,
// for a test that opens it itself. The database goes when the test ends.
func EachDSN(t *testing.T, fn func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { fn(t, SQLiteDSN(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { fn(t, PostgresDSN(t)) })
}

// SQLite returns an open migrated SQLite database.
func SQLite(t testing.TB, now clock.Clock) *db.DB {
	t.Helper()
	return open(t, SQLiteDSN(t), now)
}

// Postgres returns an open migrated PostgreSQL database.
func Postgres(t testing.TB, now clock.Clock) *db.DB {
	t.Helper()
	return open(t, PostgresDSN(t), now)
}

func open(t testing.TB, dsn string, now clock.Clock) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), dsn, now)
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return d
}

// SQLiteDSN returns the path of a migrated SQLite file of this test's own.
func SQLiteDSN(t testing.TB) string {
	t.Helper()
	body, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("make the SQLite template: %v", err)
	}
	return SQLiteFile(t, body)
}

// SQLiteFile returns the path of a SQLite file of this test's own with this content.
func SQLiteFile(t testing.TB, body []byte) string {
	t.Helper()
	dir, err := scratch(t)
	if err != nil {
		t.Fatalf("make room for a SQLite file: %v", err)
	}
	path := filepath.Join(dir, "test.db")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Content is what the SQLite file at path holds now, as a file of its own.
func Content(ctx context.Context, path string) (body []byte, err error) {
	conn, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	copied := path + ".copy"
	if _, err := conn.ExecContext(ctx, "VACUUM INTO ?", copied); err != nil {
		return nil, err
	}
	return os.ReadFile(copied)
}

// sqliteTemplate is a migrated file, made once per process: it takes some 30 ms.
var sqliteTemplate = sync.OnceValues(func() (body []byte, err error) {
	dir, err := os.MkdirTemp("", "bailiwick-template-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "template.db")
	if err := migrate(context.Background(), path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// migrate brings the database at dsn up to date and leaves no connection on it.
func migrate(ctx context.Context, dsn string) error {
	d, err := db.Open(ctx, dsn, clock.System)
	if err != nil {
		return err
	}
	if _, err := d.Migrate(ctx); err != nil {
		_ = d.Close() // the migration's error says more
		return err
	}
	return d.Close()
}

// schemaHash names the present migrations: a changed file makes a new template.
func schemaHash() (string, error) {
	h := sha256.New()
	entries, err := fs.ReadDir(migrations.FS, ".")
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		body, err := fs.ReadFile(migrations.FS, e.Name())
		if err != nil {
			return "", err
		}
		h.Write(fmt.Appendf(nil, "%s %d\n%s", e.Name(), len(body), body))
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// startTimeout bounds the making of a cluster on a slow, busy machine.
const startTimeout = 2 * time.Minute
