package file

import (
	"context"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// CountSealed tells how many parts of files lie under which master key.
func (s *Store) CountSealed(ctx context.Context) ([]secret.Count, error) {
	return db.All(ctx, s.db, secret.ScanCount[db.Row], `SELECT substr(sealed, 2, 4), count(*) FROM file_part GROUP BY substr(sealed, 2, 4)`)
}

// SealedUnder lists parts of files that lie under a master key, after one of them.
func (s *Store) SealedUnder(ctx context.Context, key secret.KeyID, after secret.Stored, most int) ([]secret.Stored, error) {
	return db.All(ctx, s.db, func(r db.Row) (v secret.Stored, err error) {
		var last bool
		err = r.Scan(&v.ID, &v.Part, &last, &v.Sealed)
		v.Purpose, v.Subject = purpose, subject(ids.File(v.ID), v.Part, last)
		return v, err
	}, `SELECT p.file_id, p.n, f.complete AND p.n = f.parts - 1, p.sealed FROM file_part p JOIN files f ON f.id = p.file_id
		WHERE substr(p.sealed, 2, 4) = ? AND (p.file_id, p.n) > (?, ?) ORDER BY p.file_id, p.n LIMIT ?`, key[:], after.ID, after.Part, most)
}

// ReplaceSealed puts one that was sealed anew in the place of one that is still there.
func (s *Store) ReplaceSealed(ctx context.Context, tx *db.Tx, old secret.Stored, fresh []byte) error {
	_, err := tx.Exec(ctx, `UPDATE file_part SET sealed = ? WHERE file_id = ? AND n = ? AND sealed = ?`, fresh, old.ID, old.Part, old.Sealed)
	return err
}
