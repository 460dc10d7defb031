package mail

import (
	"context"

	"bailiwick/internal/db"
	"bailiwick/internal/secret"
)

// CountSealed tells how many captured mails lie under which master key.
func (c *Capture) CountSealed(ctx context.Context) ([]secret.Count, error) {
	return db.All(ctx, c.db, secret.ScanCount[db.Row], `SELECT substr(sealed, 2, 4), count(*) FROM captured_mail GROUP BY substr(sealed, 2, 4)`)
}

// SealedUnder lists captured mails that lie under a master key, after one of them.
func (c *Capture) SealedUnder(ctx context.Context, key secret.KeyID, after secret.Stored, most int) ([]secret.Stored, error) {
	return db.All(ctx, c.db, func(r db.Row) (v secret.Stored, err error) {
		err = r.Scan(&v.ID, &v.Sealed)
		v.Purpose, v.Subject = capturePurpose, v.ID
		return v, err
	}, `SELECT id, sealed FROM captured_mail WHERE substr(sealed, 2, 4) = ? AND id > ? ORDER BY id LIMIT ?`, key[:], after.ID, most)
}

// ReplaceSealed puts one that was sealed anew in the place of one that is still there.
func (c *Capture) ReplaceSealed(ctx context.Context, tx *db.Tx, old secret.Stored, fresh []byte) error {
	_, err := tx.Exec(ctx, `UPDATE captured_mail SET sealed = ? WHERE id = ? AND sealed = ?`, fresh, old.ID, old.Sealed)
	return err
}
