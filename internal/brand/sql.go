package brand

import (
	"context"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

func findPlatform(ctx context.Context, q db.Queryer) (platform, error) {
	return db.One(ctx, q, func(r db.Row) (p platform, err error) {
		err = r.Scan(&p.id, &p.name)
		return p, err
	}, `SELECT id, name FROM accounts WHERE kind = 'platform'`)
}

// keep stores which file holds a picture. One that is there already counts as new.
func keep(ctx context.Context, tx *db.Tx, name Image, id ids.File, size int) error {
	_, err := tx.Exec(ctx, `INSERT INTO brand_images (name, file_id, bytes, kept_at) VALUES (?, ?, ?, ?)`, name, id, size, tx.Ms())
	return err
}

// again makes a picture that is kept already count as new, and reports whether there is one.
func again(ctx context.Context, tx *db.Tx, name Image) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE brand_images SET kept_at = ? WHERE name = ?`, tx.Ms(), name)
	return n > 0, err
}

func isKept(ctx context.Context, q db.Queryer, name Image) (bool, error) {
	n, err := db.One(ctx, q, db.Value[int], `SELECT count(*) FROM brand_images WHERE name = ?`, name)
	return n > 0, err
}

// shown is the file of a picture that the brand of some account shows. The names are those of the index.
func shown(ctx context.Context, q db.Queryer, name Image) (ids.File, error) {
	return db.One(ctx, q, db.Value[ids.File], `SELECT i.file_id FROM brand_images i WHERE i.name = ? AND EXISTS (
		SELECT 1 FROM settings s WHERE s.name IN ('brand.logo', 'brand.header', 'brand.footer') AND s.value = ?)`, name, `"`+string(name)+`"`)
}

// unused are pictures that no brand has shown since before.
func unused(ctx context.Context, q db.Queryer, before int64) ([]Image, error) {
	return db.All(ctx, q, db.Value[Image], `SELECT i.name FROM brand_images i WHERE i.kept_at < ? AND NOT EXISTS (
		SELECT 1 FROM settings s WHERE s.name IN ('brand.logo', 'brand.header', 'brand.footer') AND s.value = '"' || i.name || '"') ORDER BY i.kept_at LIMIT 100`, before)
}

// forget removes pictures that nothing shows; the sweep of files removes their bytes.
func forget(ctx context.Context, tx *db.Tx, names []Image, before int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM brand_images WHERE kept_at < ? AND name IN `+db.In(len(names))+` AND NOT EXISTS (
		SELECT 1 FROM settings s WHERE s.name IN ('brand.logo', 'brand.header', 'brand.footer') AND s.value = '"' || brand_images.name || '"')`, append([]any{before}, db.Args(names...)...)...)
	return err
}
