package onetime

import (
	"context"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// endOlder kills the links for the same purpose that were made before.
func endOlder(ctx context.Context, tx *db.Tx, user ids.User, p Purpose) error {
	_, err := tx.Exec(ctx, `UPDATE one_time_links SET used_at = ? WHERE user_id = ? AND purpose = ? AND used_at IS NULL`, tx.Ms(), user, p)
	return err
}

func credentialVersion(ctx context.Context, q db.Queryer, user ids.User) (int64, error) {
	return db.One(ctx, q, db.Value[int64], `SELECT credential_version FROM identities WHERE id = ?`, user)
}

func insert(ctx context.Context, tx *db.Tx, l Link, hash []byte, version int64) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO one_time_links (id, user_id, purpose, token_hash, data, credential_version, expires_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		l.ID, l.User, l.Purpose, hash, l.Data, version, l.ExpiresAt.UnixMilli(), tx.Ms())
	return err
}

func byToken(ctx context.Context, q db.Queryer, hash []byte, at time.Time, ps []Purpose) (Link, error) {
	return db.One(ctx, q, scanLink, `
		SELECT l.id, l.user_id, l.purpose, l.data, l.expires_at
		FROM one_time_links l JOIN identities i ON i.id = l.user_id AND i.credential_version = l.credential_version
		WHERE l.token_hash = ? AND l.used_at IS NULL AND l.expires_at > ? AND l.purpose IN `+db.In(len(ps)),
		append([]any{hash, at.UnixMilli()}, db.Args(ps...)...)...)
}

// spend uses the link up and returns 0 when it was used already.
func spend(ctx context.Context, tx *db.Tx, id ids.Token) (int64, error) {
	return tx.Exec(ctx, `UPDATE one_time_links SET used_at = ? WHERE id = ? AND used_at IS NULL`, tx.Ms(), id)
}

func scanLink(r db.Row) (l Link, err error) {
	var expires int64
	err = r.Scan(&l.ID, &l.User, &l.Purpose, &l.Data, &expires)
	l.ExpiresAt = time.UnixMilli(expires).UTC()
	return l, err
}
