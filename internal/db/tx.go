package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/errs"
)

// Tx is a transaction. Only it can write.
type Tx struct {
	tx      *sql.Tx
	dialect Dialect
	now     time.Time
	clock   func() time.Time
	wrote   bool // something may have been written
}

// Now is the instant the transaction began: one timestamp for all it writes.
func (t *Tx) Now() time.Time { return t.now }

// ServerNow is the instant by the clock that all nodes share: PostgreSQL's own, which goes on during a transaction; with SQLite
// that of the machine. It is for what nodes must agree on, such as the end of a lease.
func (t *Tx) ServerNow(ctx context.Context) (time.Time, error) {
	if t.dialect == SQLite {
		return t.clock().UTC().Truncate(time.Millisecond), nil
	}
	at, err := One(ctx, t, Value[time.Time], "SELECT clock_timestamp()")
	if err != nil {
		return time.Time{}, fmt.Errorf("read the database's clock: %w", err)
	}
	return at.UTC().Truncate(time.Millisecond), nil
}

// Ms is Now as stored: Unix milliseconds.
func (t *Tx) Ms() int64 { return t.now.UnixMilli() }

// Dialect tells which database it is.
func (t *Tx) Dialect() Dialect { return t.dialect }

// Portion is how much of its work one write of bulk work does: some rows after the other, until it has taken For. Then it commits.
type Portion struct {
	For  time.Duration
	Rows int // at once, in the same few statements
}

// portions are such that nobody waits for long. SQLite's writer is the only one: all others wait, and nobody should for more than
// 20 ms, of which the commit takes as much as the work. PostgreSQL's hinders only those who want the same rows.
func (d Dialect) portion() Portion {
	if d == SQLite {
		return Portion{4 * time.Millisecond, 10}
	}
	return Portion{400 * time.Millisecond, 200}
}

// Bulk makes the transaction ready to write many rows of a kind, and says how many before the next begins. PostgreSQL would plan
// the check of each foreign key of each row anew, see planEach; here it may keep them.
func (t *Tx) Bulk(ctx context.Context) (Portion, error) {
	if t.dialect == SQLite {
		return t.dialect.portion(), nil
	}
	_, err := t.Exec(ctx, "SET LOCAL plan_cache_mode = auto")
	return t.dialect.portion(), err
}

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := given(ctx, query, args); err != nil {
		return 0, err
	}
	t.wrote = true
	res, err := t.tx.ExecContext(ctx, rebind(t.dialect, query), args...)
	if err != nil {
		return 0, Classify(err)
	}
	return res.RowsAffected()
}

func (t *Tx) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := given(ctx, query, args); err != nil {
		return nil, err
	}
	t.wrote = t.wrote || !strings.HasPrefix(query, "SELECT")
	return t.tx.QueryContext(ctx, rebind(t.dialect, query), args...)
}

type txMark struct{}

func inTx(ctx context.Context) bool { return ctx.Value(txMark{}) != nil }

var errNested = errors.New("db: a transaction was begun inside a transaction")

const maxTries = 20

// InTx runs fn in a serializable transaction and retries it on serialization failure, so fn must have no
// effect outside tx. It is for governed data, where both databases must decide alike.
func (d *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	opts := &sql.TxOptions{}
	if d.dialect == Postgres {
		opts.Isolation = sql.LevelSerializable
	}
	wrote, err := d.retried(ctx, governed, opts, fn)
	if d.commits != nil && (err == nil || errors.Is(err, ErrUnknownOutcome)) {
		d.commits(ctx)
	}
	if err != nil || !wrote {
		return err
	}
	return d.lasting.wait()
}

// Batch runs fn in a transaction at READ COMMITTED on PostgreSQL and on the writer on SQLite. It is for traffic
// and state (jobs, sessions, counters), whose statements are each safe by themselves.
func (d *DB) Batch(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	wrote, err := d.retried(ctx, batch, &sql.TxOptions{}, fn)
	if err != nil || !wrote {
		return err
	}
	return d.lasting.wait()
}

// Ahead is Batch for who has more to write before the disk is done: all others see at once what was written, but nobody may be
// told that it is saved before lasts has returned nil.
func (d *DB) Ahead(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) (lasts func() error, err error) {
	_, err = d.retried(ctx, batch, &sql.TxOptions{}, fn)
	return d.lasting.wait, err
}

// Snapshot runs fn in a read-only transaction that sees one state of the database throughout.
func (d *DB) Snapshot(ctx context.Context, fn func(ctx context.Context, q Queryer) error) error {
	opts := &sql.TxOptions{ReadOnly: true}
	if d.dialect == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	return d.once(ctx, snapshot, d.read, opts, func(ctx context.Context, tx *Tx) error { return fn(ctx, tx) })
}

// retried reports whether something may have been written.
func (d *DB) retried(ctx context.Context, k kind, opts *sql.TxOptions, fn func(context.Context, *Tx) error) (wrote bool, err error) {
	if inTx(ctx) {
		return false, errNested
	}
	for try := 0; ; try++ {
		wrote = false
		err = d.once(ctx, k, d.write, opts, func(ctx context.Context, tx *Tx) error {
			err := fn(ctx, tx)
			wrote = tx.wrote
			return err
		})
		if !errors.Is(err, ErrRetry) {
			return wrote, err
		}
		if try >= maxTries {
			e := errs.New(errs.Unavailable, "database.busy", "Try again in a moment. Too many changes met in the same place; nothing was changed.")
			e.Err = err
			return false, e
		}
		d.metrics.retries.Inc()
		pause := time.Duration(1<<min(try, 6)) * time.Millisecond
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // spreads retries, guards nothing
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false, ctx.Err()
		}
	}
}

func (d *DB) once(ctx context.Context, k kind, pool *sql.DB, opts *sql.TxOptions, fn func(context.Context, *Tx) error) (err error) {
	tx, err := living(func() (*sql.Tx, error) { return pool.BeginTx(ctx, opts) })
	if err != nil {
		return Classify(err)
	}
	took := clock.Stopwatch()
	defer func() {
		held := took()
		d.metrics.note(k, held, err)
		if k != snapshot {
			wrote(ctx, held)
			if k != merging {
				d.writes.Add(1)
			}
		}
	}()
	defer func() {
		if err == nil {
			return
		}
		if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) && !errors.Is(rerr, driver.ErrBadConn) && ctx.Err() == nil {
			err = errors.Join(err, fmt.Errorf("roll back: %w", rerr))
		}
	}()
	t := &Tx{tx: tx, dialect: d.dialect, now: d.Now(), clock: d.now}
	if err := fn(context.WithValue(ctx, txMark{}, true), t); err != nil {
		return Classify(err)
	}
	return commitError(tx.Commit())
}

// commitError tells a commit that certainly failed from one whose fate the lost connection hides.
func commitError(err error) error {
	if err != nil && lost(err) {
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	return Classify(err)
}
