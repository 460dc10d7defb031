package apikey

import (
	"context"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// endings are the keys in force whose next reminder is due, those that end first before the others.
func endings(ctx context.Context, q db.Queryer, now time.Time, after ending, n int) ([]ending, error) {
	query, args := endingsQuery(now, after, n)
	return db.All(ctx, q, func(r db.Row) (e ending, err error) {
		err = r.Scan(&e.at, &e.id, &e.account)
		return e, err
	}, query, args...)
}

func endingsQuery(now time.Time, after ending, n int) (query string, args []any) {
	from := max(after.at, now.UnixMilli())
	return `SELECT k.expires_at, k.id, k.account_id FROM api_keys k JOIN memberships m ON m.id = k.membership_id JOIN accounts a ON a.id = k.account_id
		WHERE k.revoked_at IS NULL AND k.expires_at IS NOT NULL AND (k.expires_at, k.id) > (?, ?) AND k.expires_at <= ?
		AND (k.told_days = 0 OR k.told_days > ? AND k.expires_at <= ?) AND m.deactivated_at IS NULL AND a.closed_at IS NULL
		ORDER BY k.expires_at, k.id LIMIT ?`,
		[]any{from, after.id, now.Add(firstDay * day).UnixMilli(), lastDay, now.Add(lastDay * day).UnixMilli(), n}
}

// markTold notes a reminder and reports whether it was still due.
func markTold(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Key, step int) (bool, error) {
	cond, args := sc.Here("account_id")
	n, err := tx.Exec(ctx, "UPDATE api_keys SET told_days = ? WHERE id = ? AND revoked_at IS NULL AND (told_days = 0 OR told_days > ?) AND "+cond, append([]any{step, id, step}, args...)...)
	return n > 0, err
}

func ownerOf(ctx context.Context, q db.Queryer, sc authz.Scope, m ids.Membership) (owner, error) {
	cond, args := sc.Here("m.account_id")
	return db.One(ctx, q, func(r db.Row) (o owner, err error) {
		err = r.Scan(&o.language, &o.account)
		return o, err
	}, "SELECT i.language, a.name FROM memberships m JOIN identities i ON i.id = m.user_id JOIN accounts a ON a.id = m.account_id WHERE m.id = ? AND "+cond, append([]any{m}, args...)...)
}
