package db

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"bailiwick/migrations"
)

// Migrate brings the schema up to date and returns how many migrations ran.
func (d *DB) Migrate(ctx context.Context) (int, error) {
	p, err := d.migrator()
	if err != nil {
		return 0, err
	}
	done, err := p.Up(ctx)
	if err != nil {
		return len(done), fmt.Errorf("migrate the database: %w", err)
	}
	return len(done), d.lasting.wait()
}

// Pending reports how many migrations have not run yet.
func (d *DB) Pending(ctx context.Context) (int, error) {
	p, err := d.migrator()
	if err != nil {
		return 0, err
	}
	at, want, err := p.GetVersions(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	return int(max(0, want-at)), nil
}

// Ready reports whether the database answers and has the schema of this program or of a newer one. It costs one look,
// so it can be asked often.
func (d *DB) Ready(ctx context.Context) error {
	want, err := newestMigration()
	if err != nil {
		return err
	}
	at, err := One(ctx, d, Value[int64], `SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied`)
	if err != nil {
		return fmt.Errorf("read the schema version: %w", err)
	}
	if at < want {
		return fmt.Errorf("the schema is at version %d, this program needs %d", at, want)
	}
	return nil
}

// newestMigration is the number that the name of the last file begins with.
func newestMigration() (int64, error) {
	entries, err := fs.ReadDir(migrations.FS, ".")
	if err != nil || len(entries) == 0 {
		return 0, fmt.Errorf("list migrations: %w", err)
	}
	return goose.NumericComponent(entries[len(entries)-1].Name())
}

func (d *DB) migrator() (*goose.Provider, error) {
	files, err := migrationFiles(d.dialect)
	if err != nil {
		return nil, err
	}
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if d.dialect == Postgres {
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(oneByOne{}))
	}
	p, err := goose.NewProvider(dialect, d.write, files, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare migrations: %w", err)
	}
	return p, nil
}

// oneByOne lets nodes that start at once migrate one after the other: who comes second finds nothing left to do. PostgreSQL wakes who waits,
// where goose's own lock asks every few seconds, and lets go of the lock of a connection that ends.
type oneByOne struct{}

const migrationLock = 0x6d696772 // "migr"

// SessionLock waits until no other connection migrates this database.
func (oneByOne) SessionLock(ctx context.Context, c *sql.Conn) error {
	_, err := c.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock)
	return err
}

// SessionUnlock lets the next one migrate.
func (oneByOne) SessionUnlock(ctx context.Context, c *sql.Conn) error {
	_, err := c.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", migrationLock)
	return err
}

// migrationFiles gives the plain SQL the header that goose asks for, and opens the comments that hold what only
// one database understands: /*postgres COLLATE "C"*/ and /*sqlite WITHOUT ROWID*/.
func migrationFiles(d Dialect) (fs.FS, error) {
	ours, theirs := "/*sqlite", "/*postgres"
	if d == Postgres {
		ours, theirs = theirs, ours
	}
	entries, err := fs.ReadDir(migrations.FS, ".")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	out := fstest.MapFS{}
	for _, e := range entries {
		body, err := fs.ReadFile(migrations.FS, e.Name())
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", e.Name(), err)
		}
		out[e.Name()] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + openComments(dropComments(string(body), theirs), ours))}
	}
	return out, nil
}

func openComments(sql, mark string) string {
	return eachComment(sql, mark, func(inside string) string { return inside })
}

// dropComments removes what only the other database understands: the splitter of statements would look into it.
func dropComments(sql, mark string) string {
	return eachComment(sql, mark, func(string) string { return "" })
}

func eachComment(sql, mark string, becomes func(inside string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(sql, mark)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		inside, after, _ := strings.Cut(rest, "*/")
		b.WriteString(becomes(inside))
		sql = after
	}
}

// Analyze lets PostgreSQL look at tables that much was written to, for until it has it plans as if they were small.
// SQLite needs no such look.
func (d *DB) Analyze(ctx context.Context) error {
	if d.dialect != Postgres {
		return nil
	}
	if _, err := d.write.ExecContext(ctx, "ANALYZE"); err != nil {
		return fmt.Errorf("look at the tables: %w", Classify(err))
	}
	return nil
}
