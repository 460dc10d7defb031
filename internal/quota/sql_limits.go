package quota

import (
	"context"
	"errors"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// usable reports whether the actor may use a sub-account of the scope's account or below.
func usable(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.SubAccount) (bool, error) {
	down, args := sc.Down("s.account_id")
	mine, more := sc.Sub("s.id")
	return db.Exists(ctx, q, "SELECT 1 FROM subaccounts s WHERE s.id = ? AND "+down+" AND "+mine, append(append([]any{id}, args...), more...)...)
}

// belongs refuses a target that is not the account's own.
func belongs(ctx context.Context, q db.Queryer, sc authz.Scope, t Target) error {
	_, err := nameOf(ctx, q, sc, t)
	return err
}

// nameOf is the name of the account, or of a sub-account or a member of it that the actor may know.
func nameOf(ctx context.Context, q db.Queryer, sc authz.Scope, t Target) (name string, err error) {
	switch {
	case t.Sub != "" && t.Member != "":
		return "", errs.Field("user", "quota.two_targets", "Name a sub-account or a person, not both.")
	case t.Sub != "":
		down, args := sc.Here("s.account_id")
		mine, more := sc.Sub("s.id")
		name, err = db.One(ctx, q, db.Value[string], "SELECT s.name FROM subaccounts s WHERE s.id = ? AND "+down+" AND "+mine, append(append([]any{t.Sub}, args...), more...)...)
		if errors.Is(err, db.ErrNoRows) {
			return "", errs.NoSuch("subaccount")
		}
	case t.Member != "":
		here, args := sc.Here("m.account_id")
		name, err = db.One(ctx, q, db.Value[string], "SELECT i.name FROM memberships m JOIN identities i ON i.id = m.user_id WHERE m.id = ? AND "+here, append([]any{t.Member}, args...)...)
		if errors.Is(err, db.ErrNoRows) {
			return "", errs.NoSuch("user")
		}
	default:
		return sc.Name(), nil
	}
	return name, err
}

func putLimit(ctx context.Context, tx *db.Tx, sc authz.Scope, l limitRow) error {
	var ends any
	if !l.ends.IsZero() {
		ends = l.ends.UnixMilli()
	}
	_, err := tx.Exec(ctx, `INSERT INTO quota_limits (account_id, subject, channel, period, source, amount, action, cap, paced, ends_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (subject, channel, period, source) DO UPDATE SET amount = excluded.amount, action = excluded.action, cap = excluded.cap, paced = excluded.paced, ends_at = excluded.ends_at, updated_at = excluded.updated_at`,
		sc.Account(), l.subject, l.channel, l.window.String(), l.Source, l.Amount, l.Action, l.Cap, l.Paced, ends, tx.Ms())
	return err
}

func removeLimit(ctx context.Context, tx *db.Tx, sc authz.Scope, l limitRow) error {
	here, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `DELETE FROM quota_limits WHERE subject = ? AND channel = ? AND period = ? AND source = ? AND `+here, append([]any{l.subject, l.channel, l.window.String(), l.Source}, args...)...)
	return err
}

// handedOut adds up what a parent has given to its accounts other than the scope's own. Of an account with an override in
// force that alone counts.
func handedOut(ctx context.Context, tx *db.Tx, sc authz.Scope, parent ids.Account, e Edit, now int64) (int64, error) {
	return db.One(ctx, tx, db.Value[int64], `SELECT CAST(COALESCE(SUM(CASE WHEN l.action = 'overage' THEN l.cap ELSE l.amount END), 0) AS BIGINT)
		FROM accounts a JOIN quota_limits l ON l.subject = a.id AND l.channel = ? AND l.period = ?
		WHERE a.parent_id = ? AND a.id <> ? AND a.closed_at IS NULL AND l.amount > 0 AND (l.ends_at IS NULL OR l.ends_at > ?)
		  AND (l.source = 'override' OR NOT EXISTS (SELECT 1 FROM quota_limits o WHERE o.subject = l.subject AND o.channel = l.channel AND o.period = l.period AND o.source = 'override'
		    AND (o.ends_at IS NULL OR o.ends_at > ?)))`, e.Channel, e.Window.String(), parent, sc.Account(), now, now)
}
