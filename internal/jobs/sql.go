package jobs

import (
	"context"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

func insert(ctx context.Context, tx *db.Tx, kind string, bodies []string, o Options) error {
	var unique any
	if o.UniqueKey != "" {
		unique = o.UniqueKey
	}
	var args []any
	for _, body := range bodies {
		args = append(args, ids.NewJob(tx.Now()), o.Queue, kind, body, "ready", o.Account, unique, o.RunAt.UnixMilli(), o.MaxAttempts, tx.Ms())
	}
	_, err := tx.Exec(ctx, `INSERT INTO jobs (id, queue, kind, args, state, account_id, unique_key, run_at, max_attempts, created_at)
		VALUES `+db.Values(len(bodies), 10)+`
		ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL AND state IN ('ready', 'running') DO NOTHING`, args...)
	return err
}

func scanJob(r db.Row) (j Job, err error) {
	var created int64
	err = r.Scan(&j.ID, &j.Kind, &j.Queue, &j.Account, &j.Attempt, &j.MaxAttempts, &created, &j.owner, &j.args)
	j.CreatedAt = time.UnixMilli(created).UTC()
	return j, err
}

// due reports, without taking the writer, whether a claim would find something.
func due(ctx context.Context, q db.Queryer, queue Queue, kinds []string, now int64) (bool, error) {
	return db.Exists(ctx, q, `SELECT 1 FROM jobs WHERE state = 'ready' AND queue = ? AND run_at <= ? AND kind IN `+db.In(len(kinds)),
		append([]any{queue, now}, db.Args(kinds...)...)...)
}

// claim gives up to n due jobs to owner, oldest first.
func claim(ctx context.Context, tx *db.Tx, queue Queue, kinds []string, owner string, until int64, n int) ([]Job, error) {
	alone := ""
	if queue == Bulk {
		alone = ` AND (j.account_id = '' OR NOT EXISTS (SELECT 1 FROM jobs r WHERE r.state = 'running' AND r.queue = j.queue AND r.account_id = j.account_id))`
	}
	args := append([]any{owner, until, queue, tx.Ms()}, db.Args(kinds...)...)
	return db.All(ctx, tx, scanJob, `UPDATE jobs SET state = 'running', owner = ?, lease_until = ?, attempt = attempt + 1
		WHERE id IN (SELECT j.id FROM jobs j WHERE j.state = 'ready' AND j.queue = ? AND j.run_at <= ? AND j.kind IN `+db.In(len(kinds))+alone+`
			ORDER BY j.run_at, j.id LIMIT ? `+db.SkipLocked(tx.Dialect())+`)
		RETURNING id, kind, queue, account_id, attempt, max_attempts, created_at, owner, args`, append(args, n)...)
}

// serialise makes the claims of a queue wait for each other, so that each sees what the others have running.
func serialise(ctx context.Context, tx *db.Tx, queue Queue) error {
	_, err := tx.Exec(ctx, `INSERT INTO leases (name, owner, until) VALUES (?, '', 0) ON CONFLICT (name) DO UPDATE SET owner = ''`, "claim "+string(queue))
	return err
}

const mine = ` WHERE id = ? AND owner = ? AND attempt = ? AND state = 'running'`

func renew(ctx context.Context, tx *db.Tx, j Job, until int64) (int64, error) {
	return tx.Exec(ctx, `UPDATE jobs SET lease_until = ?`+mine, until, j.ID, j.owner, j.Attempt)
}

func complete(ctx context.Context, tx *db.Tx, j Job) (int64, error) {
	return tx.Exec(ctx, `UPDATE jobs SET state = 'done', finished_at = ?, args = ?, owner = '', lease_until = 0, last_error = ''`+mine,
		tx.Ms(), j.kept, j.ID, j.owner, j.Attempt)
}

func bury(ctx context.Context, tx *db.Tx, j Job, reason string) (int64, error) {
	return tx.Exec(ctx, `UPDATE jobs SET state = 'dead', finished_at = ?, args = ?, owner = '', lease_until = 0, last_error = ?`+mine,
		tx.Ms(), j.kept, reason, j.ID, j.owner, j.Attempt)
}

func postpone(ctx context.Context, tx *db.Tx, j Job, until int64, reason string) (int64, error) {
	return tx.Exec(ctx, `UPDATE jobs SET state = 'ready', run_at = ?, owner = '', lease_until = 0, last_error = ?`+mine,
		until, reason, j.ID, j.owner, j.Attempt)
}

// release puts a job back as if it had not been claimed, into the given queue.
func release(ctx context.Context, tx *db.Tx, j Job, queue Queue) (int64, error) {
	return tx.Exec(ctx, `UPDATE jobs SET state = 'ready', queue = ?, attempt = attempt - 1, owner = '', lease_until = 0`+mine,
		queue, j.ID, j.owner, j.Attempt)
}

func lapsed(ctx context.Context, q db.Queryer, now int64) (bool, error) {
	return db.Exists(ctx, q, `SELECT 1 FROM jobs WHERE state = 'running' AND lease_until <= ?`, now)
}

// takeLapsed makes jobs whose worker disappeared ready again, or hands back those on their last attempt to be buried.
func takeLapsed(ctx context.Context, tx *db.Tx) (exhausted []Job, err error) {
	if _, err := tx.Exec(ctx, `UPDATE jobs SET state = 'ready', run_at = ?, owner = '', lease_until = 0, last_error = ?
		WHERE state = 'running' AND lease_until <= ? AND attempt < max_attempts`, tx.Ms(), workerGone, tx.Ms()); err != nil {
		return nil, err
	}
	return db.All(ctx, tx, scanJob, `SELECT id, kind, queue, account_id, attempt, max_attempts, created_at, owner, args
		FROM jobs WHERE state = 'running' AND lease_until <= ? AND attempt >= max_attempts ORDER BY id`, tx.Ms())
}

// waiting counts along the partial indexes of each state.
func waiting(ctx context.Context, q db.Queryer) ([]Waiting, error) {
	return db.All(ctx, q, func(r db.Row) (w Waiting, err error) {
		err = r.Scan(&w.Queue, &w.State, &w.Jobs)
		return w, err
	}, `SELECT queue, 'ready', count(*) FROM jobs WHERE state = 'ready' GROUP BY queue
		UNION ALL SELECT queue, 'running', count(*) FROM jobs WHERE state = 'running' GROUP BY queue
		UNION ALL SELECT queue, 'dead', count(*) FROM jobs WHERE state = 'dead' AND finished_at IS NOT NULL GROUP BY queue`)
}

func unended(ctx context.Context, q db.Queryer, kind string, after Unended, most int) ([]Unended, error) {
	return db.All(ctx, q, func(r db.Row) (j Unended, err error) {
		err = r.Scan(&j.ID, &j.Args)
		return j, err
	}, `SELECT id, args FROM jobs WHERE kind = ? AND state IN ('ready', 'running') AND id > ? ORDER BY id LIMIT ?`, kind, after.ID, most)
}

const sweepSize = 500

func sweep(ctx context.Context, tx *db.Tx, state string, before int64) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs
		WHERE finished_at IS NOT NULL AND finished_at < ? AND state = ? ORDER BY finished_at LIMIT ?)`, before, state, sweepSize)
}

// turn is a periodic job's row: until when it is running, and when it is due next.
type turn struct{ until, next int64 }

func readTurn(ctx context.Context, q db.Queryer, name string) (turn, error) {
	all, err := db.All(ctx, q, func(r db.Row) (t turn, err error) {
		err = r.Scan(&t.until, &t.next)
		return t, err
	}, `SELECT until, next_at FROM leases WHERE name = ?`, name)
	if err != nil || len(all) == 0 {
		return turn{}, err
	}
	return all[0], nil
}

func takeTurn(ctx context.Context, tx *db.Tx, name, owner string, until int64) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO leases (name, owner, until, next_at) VALUES (?, ?, ?, 0)
		ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE leases.until <= ? AND leases.next_at <= ?`,
		name, owner, until, tx.Ms(), tx.Ms())
	return n > 0, err
}

func renewTurn(ctx context.Context, tx *db.Tx, name, owner string, until int64) (int64, error) {
	return tx.Exec(ctx, `UPDATE leases SET until = ? WHERE name = ? AND owner = ?`, until, name, owner)
}

func endTurn(ctx context.Context, tx *db.Tx, name, owner string, next int64) (int64, error) {
	return tx.Exec(ctx, `UPDATE leases SET until = 0, owner = '', next_at = ? WHERE name = ? AND owner = ?`, next, name, owner)
}
