package setting

import (
	"context"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// link is an account on the chain with one stored value, or with none.
type link struct {
	Row
	kind string
	key  string // "" when nothing is stored
}

// chain reads an account's chain from the platform down, once for each value that is stored there.
func chain(ctx context.Context, q db.Queryer, account ids.Account, names []string) ([]link, error) {
	return db.All(ctx, q, func(r db.Row) (l link, err error) {
		var value string
		var since int64
		err = r.Scan(&l.Account, &l.Name, &l.kind, &l.Depth, &l.key, &value, &l.Locked, &since)
		l.Value, l.Since = []byte(value), instant(since)
		return l, err
	}, `SELECT a.id, a.name, a.kind, t.depth, COALESCE(s.name, ''), COALESCE(s.value, ''), COALESCE(s.locked, FALSE), COALESCE(s.since, 0)
		FROM account_tree t JOIN accounts a ON a.id = t.ancestor_id
		LEFT JOIN settings s ON s.account_id = a.id AND s.name IN `+db.In(len(names))+`
		WHERE t.descendant_id = ? ORDER BY t.depth DESC, s.name`, append(db.Args(names...), account)...)
}

// stored is chain with all that is stored, and without the names of accounts: what the program needs to apply settings.
// Inside a transaction PostgreSQL plans each run of it, so every table in it counts.
func stored(ctx context.Context, q db.Queryer, account ids.Account) ([]link, error) {
	return db.All(ctx, q, func(r db.Row) (l link, err error) {
		var value string
		var since int64
		err = r.Scan(&l.Account, &l.Depth, &l.key, &value, &l.Locked, &since)
		l.Value, l.Since = []byte(value), instant(since)
		return l, err
	}, `SELECT t.ancestor_id, t.depth, COALESCE(s.name, ''), COALESCE(s.value, ''), COALESCE(s.locked, FALSE), COALESCE(s.since, 0)
		FROM account_tree t LEFT JOIN settings s ON s.account_id = t.ancestor_id WHERE t.descendant_id = ? ORDER BY t.depth DESC`, account)
}

// storedOf is stored for many accounts at once, by account.
func storedOf(ctx context.Context, q db.Queryer, accounts []ids.Account) (map[ids.Account][]link, error) {
	out := map[ids.Account][]link{}
	_, err := db.All(ctx, q, func(r db.Row) (of ids.Account, err error) {
		var l link
		var value string
		var since int64
		err = r.Scan(&of, &l.Account, &l.Depth, &l.key, &value, &l.Locked, &since)
		l.Value, l.Since = []byte(value), instant(since)
		out[of] = append(out[of], l)
		return of, err
	}, `SELECT t.descendant_id, t.ancestor_id, t.depth, COALESCE(s.name, ''), COALESCE(s.value, ''), COALESCE(s.locked, FALSE), COALESCE(s.since, 0)
		FROM account_tree t LEFT JOIN settings s ON s.account_id = t.ancestor_id WHERE t.descendant_id IN `+db.In(len(accounts))+` ORDER BY t.depth DESC`, db.Args(accounts...)...)
	return out, err
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// put stores a value; anew says that it is switched on now.
func put(ctx context.Context, tx *db.Tx, sc authz.Scope, name string, v Stored, anew bool) error {
	_, err := tx.Exec(ctx, `INSERT INTO settings (account_id, name, value, locked, updated_at, since) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value, locked = excluded.locked, updated_at = excluded.updated_at,
		  since = CASE WHEN ? THEN excluded.since ELSE settings.since END`,
		sc.Account(), name, v.Value, v.Locked, tx.Ms(), tx.Ms(), anew)
	return err
}

func remove(ctx context.Context, tx *db.Tx, sc authz.Scope, name string) error {
	here, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `DELETE FROM settings WHERE `+here+` AND name = ?`, append(args, name)...)
	return err
}
