package authn

import (
	"context"
	"errors"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/setting"
)

// chained is a stored value on the chain of an account that a person belongs to.
type chained struct {
	member ids.Account
	setting.Row
}

// chainsOf goes from the person up to the settings, in that order: CROSS JOIN keeps SQLite from beginning with all accounts
// that have set the name. What the person has set there is the last link.
func chainsOf(ctx context.Context, q db.Queryer, user ids.User, name string) ([]chained, error) {
	return db.All(ctx, q, func(r db.Row) (c chained, err error) {
		var value string
		var since int64
		err = r.Scan(&c.member, &c.Account, &c.Depth, &value, &c.Locked, &since)
		c.Value, c.Since = []byte(value), time.UnixMilli(since)
		return c, err
	}, `SELECT m.account_id, t.ancestor_id, t.depth, s.value, s.locked, s.since
		FROM memberships m CROSS JOIN account_tree t CROSS JOIN settings s
		WHERE m.user_id = ? AND m.deactivated_at IS NULL AND t.descendant_id = m.account_id AND s.account_id = t.ancestor_id AND s.name = ?
		UNION ALL SELECT m.account_id, m.account_id, -1, s.value, FALSE, s.updated_at
		FROM memberships m CROSS JOIN member_settings s WHERE m.user_id = ? AND m.deactivated_at IS NULL AND s.membership_id = m.id AND s.name = ?
		ORDER BY 1, 3 DESC`, user, name, user, name)
}

func formerPasswords(ctx context.Context, q db.Queryer, user ids.User, most int) ([]string, error) {
	return db.All(ctx, q, db.Value[string], "SELECT hash FROM former_passwords WHERE user_id = ? ORDER BY left_at DESC LIMIT ?", user, most)
}

// keepFormer keeps the present password and forgets all but the latest.
func keepFormer(ctx context.Context, tx *db.Tx, p person, most int) error {
	if p.Hash != "" && most > 0 {
		if _, err := tx.Exec(ctx, `INSERT INTO former_passwords (user_id, left_at, hash) VALUES (?, ?, ?)
			ON CONFLICT (user_id, left_at) DO UPDATE SET hash = excluded.hash`, p.ID, tx.Ms(), p.Hash); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `DELETE FROM former_passwords WHERE user_id = ? AND left_at NOT IN (
		SELECT left_at FROM former_passwords WHERE user_id = ? ORDER BY left_at DESC LIMIT ?)`, p.ID, p.ID, most)
	return err
}

// expiryRule is an account's own number of days after which passwords expire.
type expiryRule struct {
	account ids.Account
	days    int
	since   time.Time
}

func expiryRules(ctx context.Context, q db.Queryer) ([]expiryRule, error) {
	return db.All(ctx, q, func(r db.Row) (e expiryRule, err error) {
		var since int64
		err = r.Scan(&e.account, &e.days, &since)
		e.since = time.UnixMilli(since)
		return e, err
	}, "SELECT account_id, CAST(value AS BIGINT), since FROM settings WHERE name = 'password.expiry_days' AND value NOT IN ('0', '') ORDER BY account_id")
}

func withPasswordBefore(ctx context.Context, q db.Queryer, account ids.Account, before time.Time, after ids.User, most int) ([]ids.User, error) {
	return db.All(ctx, q, db.Value[ids.User], `SELECT DISTINCT i.id FROM account_tree t
		JOIN memberships m ON m.account_id = t.descendant_id AND m.deactivated_at IS NULL JOIN identities i ON i.id = m.user_id
		WHERE t.ancestor_id = ? AND i.password_hash <> '' AND COALESCE(i.password_changed_at, i.created_at) <= ? AND i.id > ?
		ORDER BY i.id LIMIT ?`, account, before.UnixMilli(), after, most)
}

func lastWarning(ctx context.Context, q db.Queryer, user ids.User) (warning, error) {
	w, err := db.One(ctx, q, func(r db.Row) (w warning, err error) {
		var at int64
		err = r.Scan(&at, &w.days)
		w.expires = time.UnixMilli(at)
		return w, err
	}, "SELECT expires_at, days FROM password_warnings WHERE user_id = ?", user)
	if errors.Is(err, db.ErrNoRows) {
		return warning{}, nil
	}
	return w, err
}

func noteWarning(ctx context.Context, tx *db.Tx, user ids.User, w warning) error {
	_, err := tx.Exec(ctx, `INSERT INTO password_warnings (user_id, expires_at, days) VALUES (?, ?, ?)
		ON CONFLICT (user_id) DO UPDATE SET expires_at = excluded.expires_at, days = excluded.days`, user, w.expires.UnixMilli(), w.days)
	return err
}

// endSessionsBelow ends the sessions of those who belong to the scope's account and below and to no other, but one.
func endSessionsBelow(ctx context.Context, tx *db.Tx, sc authz.Scope, keep ids.Session) error {
	in, args := sc.Down("m.account_id")
	out, more := sc.Down("o.account_id")
	_, err := tx.Exec(ctx, `UPDATE sessions SET revoked_at = ? WHERE revoked_at IS NULL AND expires_at > ? AND id <> ?
		AND EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = sessions.user_id AND m.deactivated_at IS NULL AND `+in+`)
		AND NOT EXISTS (SELECT 1 FROM memberships o WHERE o.user_id = sessions.user_id AND o.deactivated_at IS NULL AND NOT `+out+`)`,
		append(append([]any{tx.Ms(), tx.Ms(), keep}, args...), more...)...)
	return err
}
