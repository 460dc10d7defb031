package account

import (
	"context"
	"encoding/json"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// Root finds the platform, where the jobs that look over all accounts act; "" before the set-up.
func Root(ctx context.Context, q db.Queryer) (ids.Account, error) {
	found, err := db.All(ctx, q, db.Value[ids.Account], `SELECT id FROM accounts WHERE kind = 'platform'`)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

// endings walks the memberships that end up to a day and have not been held for it, by end date.
func endings(ctx context.Context, q db.Queryer, sc authz.Scope, until Date, after ending, limit int) ([]ending, error) {
	in, args := sc.Down("a.id")
	return db.All(ctx, q, func(r db.Row) (e ending, err error) {
		err = r.Scan(&e.end, &e.id)
		return e, err
	}, `SELECT a.membership_end, a.id FROM accounts a WHERE a.membership_end <> '' AND a.membership_end <= ? AND (a.membership_end, a.id) > (?, ?) AND a.closed_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.account_id = a.id AND h.source = 'expiry') AND `+in+` ORDER BY a.membership_end, a.id LIMIT ?`,
		append(append([]any{until, after.end, after.id}, args...), limit)...)
}

func reminderSettings(ctx context.Context, q db.Queryer, sc authz.Scope) ([][]int, error) {
	in, args := sc.Down("s.account_id")
	return db.All(ctx, q, func(r db.Row) (days []int, err error) {
		var text string
		if err := r.Scan(&text); err != nil {
			return nil, err
		}
		if json.Unmarshal([]byte(text), &days) != nil {
			return nil, nil // an unreadable value counts as not set
		}
		return days, nil
	}, `SELECT s.value FROM settings s WHERE s.name = 'account.reminder_days' AND `+in, args...)
}

func stepDone(ctx context.Context, q db.Queryer, sc authz.Scope, a Account, step string) (bool, error) {
	in, args := sc.Here("r.account_id")
	return db.Exists(ctx, q, `SELECT 1 FROM membership_reminders r WHERE r.end_date = ? AND r.step = ? AND `+in, append([]any{a.MembershipEnd, step}, args...)...)
}

func markStep(ctx context.Context, tx *db.Tx, sc authz.Scope, a Account, step string) (fresh bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO membership_reminders (account_id, end_date, step, sent_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`, sc.Account(), a.MembershipEnd, step, tx.Ms())
	return n == 1, err
}

// peopleToTell are the account's Owners and, where asked for, the Owners and Admins of its parent.
func peopleToTell(ctx context.Context, q db.Queryer, _ authz.Scope, a Account, parents bool) ([]reader, error) {
	parent := a.Parent
	if !parents {
		parent = a.ID
	}
	return db.All(ctx, q, func(r db.Row) (p reader, err error) {
		var own bool
		err = r.Scan(&p.email, &p.name, &p.language, &p.id, &own)
		if p.at = a.Parent; own {
			p.at = a.ID
		}
		return p, err
	}, `SELECT i.email, i.name, i.language, i.id, MAX(CASE WHEN m.account_id = ? THEN 1 ELSE 0 END) FROM memberships m JOIN identities i ON i.id = m.user_id WHERE m.deactivated_at IS NULL
			AND (m.account_id = ? AND m.role = 'owner' OR m.account_id = ? AND m.account_id <> ? AND m.role IN ('owner', 'admin')) GROUP BY i.id, i.email, i.name, i.language ORDER BY i.name, i.id LIMIT 100`, a.ID, a.ID, parent, a.ID)
}
