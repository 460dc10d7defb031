package setting

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

func memberRows(ctx context.Context, q db.Queryer, sc authz.Scope, m ids.Membership, names []string) ([]link, error) {
	here, args := sc.Here("m.account_id")
	return db.All(ctx, q, func(r db.Row) (l link, err error) {
		var value string
		err = r.Scan(&l.key, &value)
		l.Value, l.Account = []byte(value), sc.Account()
		return l, err
	}, `SELECT s.name, s.value FROM member_settings s JOIN memberships m ON m.id = s.membership_id
		WHERE s.membership_id = ? AND `+here+` AND s.name IN `+db.In(len(names)), append(append([]any{m}, args...), db.Args(names...)...)...)
}

func putMember(ctx context.Context, tx *db.Tx, sc authz.Scope, m ids.Membership, name, value string) error {
	here, args := sc.Here("account_id")
	n, err := tx.Exec(ctx, `INSERT INTO member_settings (membership_id, name, value, updated_at) SELECT id, ?, ?, ? FROM memberships WHERE id = ? AND `+here+`
		ON CONFLICT (membership_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`, append([]any{name, value, tx.Ms(), m}, args...)...)
	if err == nil && n == 0 {
		return errs.NoSuch("user")
	}
	return err
}

func removeMember(ctx context.Context, tx *db.Tx, sc authz.Scope, m ids.Membership, name string) error {
	here, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `DELETE FROM member_settings WHERE membership_id IN (SELECT id FROM memberships WHERE id = ? AND `+here+`) AND name = ?`, append(append([]any{m}, args...), name)...)
	return err
}
