package account

import (
	"context"
	"errors"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

const locationColumns = `l.id, l.account_id, l.name, l.name_fold, l.address, l.country, l.time_zone, l.version, l.created_at, l.updated_at`

func scanLocation(r db.Row) (l Location, err error) {
	var created, updated int64
	err = r.Scan(&l.ID, &l.Account, &l.Name, &l.nameFold, &l.Address, &l.Country, &l.TimeZone, &l.Version, &created, &updated)
	l.CreatedAt, l.UpdatedAt = ms(created), ms(updated)
	return l, err
}

func locations(ctx context.Context, q db.Queryer, sc authz.Scope, after []any, limit int) ([]Location, error) {
	in, args := sc.Here("l.account_id")
	return db.All(ctx, q, scanLocation, locationsText(in, after), append(append(args, after...), limit)...)
}

func locationsText(in string, after []any) string {
	if len(after) > 0 {
		in += ` AND (l.name_fold, l.id) > (?, ?)`
	}
	return `SELECT ` + locationColumns + ` FROM locations l WHERE ` + in + ` ORDER BY l.name_fold, l.id LIMIT ?`
}

func location(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Location) (Location, error) {
	in, args := sc.Here("l.account_id")
	l, err := db.One(ctx, q, scanLocation, `SELECT `+locationColumns+` FROM locations l WHERE l.id = ? AND `+in, append([]any{id}, args...)...)
	if errors.Is(err, db.ErrNoRows) {
		return l, errs.NoSuch("location")
	}
	return l, err
}

// locationsAmong returns the places of the account that have one of some ids or of some names.
func locationsAmong(ctx context.Context, q db.Queryer, sc authz.Scope, some []ids.Location, names []string) ([]Location, error) {
	in, args := sc.Here("l.account_id")
	return db.All(ctx, q, scanLocation, `SELECT `+locationColumns+` FROM locations l WHERE `+in+` AND (l.id IN `+db.In(len(some))+` OR l.name_fold IN `+db.In(len(names))+`)`,
		append(append(args, db.Args(some...)...), db.Args(names...)...)...)
}

func insertLocation(ctx context.Context, tx *db.Tx, _ authz.Scope, l Location) error {
	_, err := tx.Exec(ctx, `INSERT INTO locations (id, account_id, name, name_fold, address, country, time_zone, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		l.ID, l.Account, l.Name, ids.Fold(l.Name), l.Address, l.Country, l.TimeZone, l.Version, l.CreatedAt.UnixMilli(), l.UpdatedAt.UnixMilli())
	return err
}

func putLocation(ctx context.Context, tx *db.Tx, sc authz.Scope, l Location) error {
	in, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `UPDATE locations SET name = ?, name_fold = ?, address = ?, country = ?, time_zone = ?, version = ?, updated_at = ? WHERE id = ? AND `+in,
		append([]any{l.Name, ids.Fold(l.Name), l.Address, l.Country, l.TimeZone, l.Version, l.UpdatedAt.UnixMilli(), l.ID}, args...)...)
	return err
}

func deleteLocation(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Location) error {
	in, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `DELETE FROM locations WHERE id = ? AND `+in, append([]any{id}, args...)...)
	return err
}
