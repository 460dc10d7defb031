package file

import (
	"context"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

func create(ctx context.Context, tx *db.Tx, id ids.File, account ids.Account, name string) error {
	_, err := tx.Exec(ctx, `INSERT INTO files (id, account_id, name, created_at) VALUES (?, ?, ?, ?)`, id, account, name, tx.Ms())
	return err
}

// next is the number of the part to come; a complete file takes no more.
func next(ctx context.Context, tx *db.Tx, id ids.File) (int64, error) {
	return db.One(ctx, tx, db.Value[int64], `SELECT parts FROM files WHERE id = ? AND complete = FALSE`, id)
}

func add(ctx context.Context, tx *db.Tx, id ids.File, n int64, sealed []byte, size int, last bool) error {
	if _, err := tx.Exec(ctx, `INSERT INTO file_part (file_id, n, sealed) VALUES (?, ?, ?)`, id, n, sealed); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE files SET parts = ?, bytes = bytes + ?, complete = ? WHERE id = ?`, n+1, size, last, id)
	return err
}

func info(ctx context.Context, q db.Queryer, id ids.File) (Info, int64, error) {
	var parts int64
	f, err := db.One(ctx, q, func(r db.Row) (f Info, err error) {
		err = r.Scan(&f.Account, &f.Name, &f.Bytes, &parts)
		return f, err
	}, `SELECT account_id, name, bytes, parts FROM files WHERE id = ? AND complete = TRUE`, id)
	return f, parts, err
}

func part(ctx context.Context, q db.Queryer, id ids.File, n int64) ([]byte, error) {
	return db.One(ctx, q, db.Value[[]byte], `SELECT sealed FROM file_part WHERE file_id = ? AND n = ?`, id, n)
}

func orphans(ctx context.Context, q db.Queryer, before int64) ([]ids.File, error) {
	return db.All(ctx, q, db.Value[ids.File], `SELECT f.id FROM files f WHERE f.created_at < ?
		AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.upload_id = f.id AND t.upload_id <> '')
		AND NOT EXISTS (SELECT 1 FROM brand_images b WHERE b.file_id = f.id)
		AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.result_id = f.id AND t.result_id <> '') ORDER BY f.created_at LIMIT 100`, before)
}

const dropAtOnce = 8

func dropSome(ctx context.Context, tx *db.Tx, id ids.File) (more bool, err error) {
	n, err := tx.Exec(ctx, `DELETE FROM file_part WHERE file_id = ? AND n IN (SELECT n FROM file_part WHERE file_id = ? ORDER BY n LIMIT ?)`, id, id, dropAtOnce)
	if err != nil || n == dropAtOnce {
		return true, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM files WHERE id = ?`, id)
	return false, err
}
