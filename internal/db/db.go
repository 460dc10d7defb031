// Package db opens the database and runs one portable SQL on it.
//
// Statements use ? placeholders, and types that need no dialect: ids as TEXT made by the program, times as
// BIGINT Unix milliseconds, bytes as BYTEA, enumerations as TEXT with a named CHECK.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"bailiwick/internal/errs"
)

// Dialect is the database in use. Features never ask for it.
type Dialect uint8

// The two databases.
const (
	SQLite Dialect = iota + 1
	Postgres
)

// Queryer reads: *DB from a pool, *Tx inside its transaction. Reading goes through All and One.
type Queryer interface {
	query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	Dialect() Dialect
}

// DB is an open database. Writing happens only inside InTx and Batch.
type DB struct {
	now     func() time.Time
	dialect Dialect
	dsn     string
	file    string       // SQLite: what its connections are opened with
	writes  atomic.Int64 // how many transactions may have written, for Checkpoint and Merge
	commits func(context.Context)
	lasting *lasting
	write   *sql.DB // SQLite: exactly one connection; PostgreSQL: the same pool as read
	read    *sql.DB
	keyed   *sql.DB // PostgreSQL: a pool of its own; SQLite: that of read
	metrics metrics
}

// Pool sizes: open and idle limits are equal, so connections are not made and dropped under load.
const (
	sqliteReaders   = 4
	postgresConns   = 16
	connMaxLifetime = 30 * time.Minute
)

// sqlitePragmas stand in the DSN, for a PRAGMA sent through a pool reaches one connection of many. Commits do not wait for the disk:
// that is for who wrote, see lasting.
const sqlitePragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(ON)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-16000)" + autoCheckpoint

// Open opens a SQLite file (a path) or a PostgreSQL database (postgres://...). now gives the instant of each transaction.
func Open(ctx context.Context, dsn string, now func() time.Time) (*DB, error) {
	if IsPostgres(dsn) {
		return openPostgres(ctx, dsn, now)
	}
	return openSQLite(ctx, dsn, now)
}

// IsPostgres reports whether dsn names a PostgreSQL database.
func IsPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

func openPostgres(ctx context.Context, dsn string, now func() time.Time) (*DB, error) {
	if _, err := url.Parse(dsn); err != nil {
		return nil, errors.New("the PostgreSQL address cannot be read: write postgres://user:password@host:port/database")
	}
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	p := stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(planEach))
	p.SetMaxOpenConns(postgresConns)
	p.SetMaxIdleConns(postgresConns)
	p.SetConnMaxLifetime(connMaxLifetime)
	d := &DB{now: now, dialect: Postgres, dsn: dsn, write: p, read: p, keyed: openKeyed(*cfg), metrics: newMetrics(), lasting: newLasting(nil)}
	if err := p.PingContext(ctx); err != nil {
		return nil, errors.Join(unreachable(err), d.Close())
	}
	return d, nil
}

// planEach has PostgreSQL plan each run of a statement for its arguments: a plan for the average account reads a million rows
// for the platform.
func planEach(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, "SET plan_cache_mode = force_custom_plan")
	return err
}

func unreachable(err error) error {
	e := errs.New(errs.Unavailable, "database.unreachable", "Start PostgreSQL, or correct the address, user and password of the database setting. It does not let us in.")
	e.Err = err
	return e
}

func openSQLite(ctx context.Context, path string, now func() time.Time) (*DB, error) {
	file := (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String()
	file = strings.ReplaceAll(file, "%2F", "/")
	file += "?" + sqlitePragmas
	writer, err := newPreparing(file + "&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	reader, err := newPreparing(file + "&_pragma=query_only(ON)")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	w, r := sql.OpenDB(writer), sql.OpenDB(reader)
	w.SetMaxOpenConns(1)
	w.SetMaxIdleConns(1)
	r.SetMaxOpenConns(sqliteReaders)
	r.SetMaxIdleConns(sqliteReaders)
	d := &DB{now: now, dialect: SQLite, dsn: path, file: file, write: w, read: r, keyed: r, metrics: newMetrics(), lasting: newLasting(syncLog(path + "-wal"))}
	if err := w.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), d.Close())
	}
	return d, nil
}

// Close closes every connection.
func (d *DB) Close() error {
	if d.read == d.write {
		return errors.Join(d.keyed.Close(), d.write.Close())
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.read.PingContext(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", Classify(err))
	}
	return nil
}

// ClockSkew is how far the database's clock is ahead of ours. SQLite has none of its own.
func (d *DB) ClockSkew(ctx context.Context) (time.Duration, error) {
	if d.dialect == SQLite {
		return 0, nil
	}
	before := d.now()
	theirs, err := One(ctx, d, Value[time.Time], "SELECT clock_timestamp()")
	if err != nil {
		return 0, fmt.Errorf("read the database's clock: %w", err)
	}
	after := d.now()
	return theirs.Sub(before.Add(after.Sub(before) / 2)), nil
}

// Dialect tells which database it is.
func (d *DB) Dialect() Dialect { return d.dialect }

// OnCommit has fn called after each serializable transaction that was committed, or may have been, before its writer
// goes on. It is set once, before the first write.
func (d *DB) OnCommit(fn func(ctx context.Context)) { d.commits = fn }

// Now is the instant that a transaction begun now would carry.
func (d *DB) Now() time.Time { return d.now().UTC().Truncate(time.Millisecond) }

var errPoolInTx = errors.New("db: the pool was read inside a transaction; use its Tx")

func (d *DB) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.from(ctx, d.read, query, args)
}

// from runs a query on one of the pools.
func (d *DB) from(ctx context.Context, pool *sql.DB, query string, args []any) (*sql.Rows, error) {
	if inTx(ctx) {
		return nil, errPoolInTx
	}
	if err := given(ctx, query, args); err != nil {
		return nil, err
	}
	return living(func() (*sql.Rows, error) { return pool.QueryContext(ctx, rebind(d.dialect, query), args...) })
}

// given takes the arguments of a statement. One database would keep NUL and what is not UTF-8, the other refuses them: here both do.
func given(ctx context.Context, query string, args []any) error {
	for _, arg := range args {
		if s, ok := arg.(string); ok && !errs.IsText(s) {
			return errs.New(errs.Invalid, "input.control_character", "Remove line breaks and other unseen characters.")
		}
	}
	watched(ctx, query, args)
	return nil
}

// living runs fn again when it met a connection that the server has closed since it was last used, as a restart closes
// all of them. fn must have done nothing then. A server that cannot be reached is not asked again.
func living[T any](fn func() (T, error)) (out T, err error) {
	for range postgresConns + 1 {
		var refused *pgconn.ConnectError
		if out, err = fn(); err == nil || !lost(err) || errors.As(err, &refused) {
			return out, err
		}
	}
	return out, err
}
