package masterkey

import (
	"context"

	"bailiwick/internal/db"
	"bailiwick/internal/secret"
)

// setUse says with which key a server seals, and forgets the servers that do not run any more.
func setUse(ctx context.Context, tx *db.Tx, node string, key secret.KeyID, until int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM key_use WHERE until < ?`, tx.Ms()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO key_use (node, key_id, until) VALUES (?, ?, ?)
		ON CONFLICT (node) DO UPDATE SET key_id = excluded.key_id, until = excluded.until`, node, key[:], until)
	return err
}

func removeUse(ctx context.Context, tx *db.Tx, node string) error {
	_, err := tx.Exec(ctx, `DELETE FROM key_use WHERE node = ?`, node)
	return err
}

// usesOf tells how many servers seal with which key.
func usesOf(ctx context.Context, q db.Queryer, now int64) ([]secret.Count, error) {
	return db.All(ctx, q, secret.ScanCount[db.Row], `SELECT key_id, count(*) FROM key_use WHERE until >= ? GROUP BY key_id`, now)
}
