package authn

import (
	"context"

	"bailiwick/internal/db"
	"bailiwick/internal/secret"
)

// CountSealed tells how many keys of authenticator apps lie under which master key.
func (s *Service) CountSealed(ctx context.Context) ([]secret.Count, error) {
	return db.All(ctx, s.db, secret.ScanCount[db.Row], `SELECT substr(totp_secret, 2, 4), count(*) FROM identities WHERE totp_secret IS NOT NULL GROUP BY substr(totp_secret, 2, 4)`)
}

// SealedUnder lists keys of authenticator apps that lie under a master key, after one of them.
func (s *Service) SealedUnder(ctx context.Context, key secret.KeyID, after secret.Stored, most int) ([]secret.Stored, error) {
	return db.All(ctx, s.db, func(r db.Row) (v secret.Stored, err error) {
		err = r.Scan(&v.ID, &v.Sealed)
		v.Purpose, v.Subject = totpPurpose, v.ID
		return v, err
	}, `SELECT id, totp_secret FROM identities
		WHERE totp_secret IS NOT NULL AND substr(totp_secret, 2, 4) = ? AND id > ? ORDER BY id LIMIT ?`, key[:], after.ID, most)
}

// ReplaceSealed puts one that was sealed anew in the place of one that is still there.
func (s *Service) ReplaceSealed(ctx context.Context, tx *db.Tx, old secret.Stored, fresh []byte) error {
	_, err := tx.Exec(ctx, `UPDATE identities SET totp_secret = ? WHERE id = ? AND totp_secret = ?`, fresh, old.ID, old.Sealed)
	return err
}
