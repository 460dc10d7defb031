package task

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
)

const columns = `id, account_id, kind, perm, state, subject, args, done, total, position, summary, problem, upload_id, result_id, attempt,
	created_by_kind, created_by, created_by_name, key_id, created_at, updated_at, expires_at`

func scan(r db.Row) (t Task, err error) {
	var created, updated, expires int64
	var problem string
	if err := r.Scan(&t.ID, &t.Account, &t.Kind, &t.Perm, &t.State, &t.Subject, &t.args, &t.Done, &t.Total, &t.position, &t.summary, &problem, &t.Upload, &t.Result, &t.attempt,
		&t.ownerKind, &t.Owner, &t.OwnerName, &t.Key, &created, &updated, &expires); err != nil {
		return t, err
	}
	t.CreatedAt, t.UpdatedAt = time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC()
	if expires > 0 {
		t.ExpiresAt = time.UnixMilli(expires).UTC()
	}
	if problem != "" {
		t.Problem = &errs.Problem{}
		if err := json.Unmarshal([]byte(problem), t.Problem); err != nil {
			return t, fmt.Errorf("read the problem of %s: %w", t.ID, err)
		}
	}
	return t, nil
}

func insert(ctx context.Context, tx *db.Tx, sc authz.Scope, t Task) error {
	_, err := tx.Exec(ctx, `INSERT INTO tasks (id, account_id, kind, perm, state, subject, args, total, upload_id, created_by_kind, created_by, created_by_name, key_id, created_at, updated_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, t.ID, sc.Account(), t.Kind, t.Perm, t.State, t.Subject, t.args, t.Total, t.Upload,
		t.ownerKind, t.Owner, t.OwnerName, t.Key, tx.Ms(), tx.Ms(), tx.Now().Add(Keep).UnixMilli())
	return err
}

func get(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Task) (Task, error) {
	in, args := sc.Here("account_id")
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM tasks WHERE id = ? AND `+in, append([]any{id}, args...)...)
}

// list walks the index of the account's tasks, or of one owner's.
func list(ctx context.Context, q db.Queryer, sc authz.Scope, of whose, at page.Cursor, limit int) ([]Task, error) {
	query, args := listQuery(sc, of, at, limit)
	return db.All(ctx, q, scan, query, args...)
}

func listQuery(sc authz.Scope, of whose, at page.Cursor, limit int) (query string, args []any) {
	cond, args := sc.Here("account_id")
	if of.owner != "" {
		cond, args = cond+" AND created_by = ?", append(args, of.owner)
	}
	if of.perms != nil {
		cond, args = cond+" AND perm IN "+db.In(len(of.perms)), append(args, db.Args(of.perms...)...)
	}
	dir, cmp := " DESC", "<"
	if at.Back {
		dir, cmp = "", ">"
	}
	if len(at.Key) > 0 {
		cond, args = cond+" AND (created_at, id) "+cmp+" (CAST(? AS BIGINT), ?)", append(args, at.Key[0], at.Key[1])
	}
	return `SELECT ` + columns + ` FROM tasks WHERE ` + cond + ` ORDER BY created_at` + dir + `, id` + dir + ` LIMIT ?`, append(args, limit)
}

func goOn(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Task, by authz.Actor, args string) error {
	in, more := sc.Here("account_id")
	_, err := tx.Exec(ctx, `UPDATE tasks SET state = 'waiting', created_by_kind = ?, key_id = ?, args = ?, position = '', done = 0, updated_at = ?, expires_at = ? WHERE id = ? AND state = 'confirm' AND `+in,
		append([]any{by.Kind(), keyOf(by), args, tx.Ms(), tx.Now().Add(Keep).UnixMilli(), id}, more...)...)
	return err
}

func cancel(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Task) error {
	in, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `UPDATE tasks SET state = 'cancelled', updated_at = ?, expires_at = ? WHERE id = ? AND state IN ('waiting', 'running', 'confirm') AND `+in,
		append([]any{tx.Ms(), tx.Now().Add(Keep).UnixMilli(), id}, args...)...)
	return err
}

// What follows is the worker's: it reaches one task by its id, which the job carries.

func take(ctx context.Context, tx *db.Tx, id ids.Task) (Task, error) {
	return db.One(ctx, tx, scan, `UPDATE tasks SET state = 'running', attempt = attempt + 1, updated_at = ? WHERE id = ? AND state IN ('waiting', 'running') RETURNING `+columns, tx.Ms(), id)
}

const mine = ` WHERE id = ? AND attempt = ? AND state = 'running'`

func save(ctx context.Context, tx *db.Tx, id ids.Task, attempt int64, st Step, summary string) (int64, error) {
	return tx.Exec(ctx, `UPDATE tasks SET position = ?, done = ?, total = ?, summary = ?, updated_at = ?, expires_at = ?`+mine,
		st.Position, st.Done, st.Total, summary, tx.Ms(), tx.Now().Add(Keep).UnixMilli(), id, attempt)
}

func finish(ctx context.Context, tx *db.Tx, t Task, e End, summary, problem string) (int64, error) {
	return tx.Exec(ctx, `UPDATE tasks SET state = ?, result_id = ?, summary = ?, problem = ?, updated_at = ?, expires_at = ?`+mine,
		e.State, e.Result, summary, problem, tx.Ms(), tx.Now().Add(Keep).UnixMilli(), t.ID, t.attempt)
}

const sweepSize = 200

func removeExpired(ctx context.Context, tx *db.Tx) (more bool, err error) {
	n, err := tx.Exec(ctx, `DELETE FROM tasks WHERE id IN (SELECT id FROM tasks WHERE expires_at > 0 AND expires_at < ? AND state NOT IN ('running') LIMIT ?)`, tx.Ms(), sweepSize)
	return n == sweepSize, err
}
