package policy

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// use names an entry of a list of one account.
type use struct {
	list    List
	network string
}

func usesOf(ctx context.Context, q db.Queryer, sc authz.Scope) (map[use]time.Time, error) {
	type row struct {
		use
		at int64
	}
	here, args := sc.Here("account_id")
	rows, err := db.All(ctx, q, func(r db.Row) (u row, err error) { return u, r.Scan(&u.list, &u.network, &u.at) },
		"SELECT list, network, used_at FROM allowlist_uses WHERE "+here, args...)
	out := map[use]time.Time{}
	for _, r := range rows {
		out[r.use] = time.UnixMilli(r.at).UTC()
	}
	return out, err
}

// noteUses notes that entries were used now.
func noteUses(ctx context.Context, tx *db.Tx, all []entry) error {
	for _, e := range all {
		if sub := e.list.sub(); sub != "" {
			if err := noteUseOfSub(ctx, tx, sub, e.network); err != nil {
				return err
			}
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO allowlist_uses (account_id, list, network, used_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (account_id, list, network) DO UPDATE SET used_at = excluded.used_at WHERE allowlist_uses.used_at < excluded.used_at`,
			e.account, e.list, e.network.String(), tx.Ms()); err != nil {
			return fmt.Errorf("note that an address was used: %w", err)
		}
	}
	return nil
}

// trial is a list that is tried; the zero trial is none.
type trial struct {
	id    string
	prior string // JSON, "" for none
	until time.Time
}

func trialOf(ctx context.Context, q db.Queryer, sc authz.Scope, l List) (trial, error) {
	here, args := sc.Here("account_id")
	t, err := db.One(ctx, q, func(r db.Row) (t trial, err error) {
		var until int64
		err = r.Scan(&t.id, &t.prior, &until)
		t.until = time.UnixMilli(until).UTC()
		return t, err
	}, "SELECT id, prior, until FROM allowlist_trials WHERE "+here+" AND list = ?", append(args, l)...)
	if errors.Is(err, db.ErrNoRows) {
		return trial{}, nil
	}
	if err != nil {
		return trial{}, fmt.Errorf("look for a trial: %w", err)
	}
	return t, nil
}

func insertTrial(ctx context.Context, tx *db.Tx, sc authz.Scope, l List, t trial) error {
	_, err := tx.Exec(ctx, "INSERT INTO allowlist_trials (account_id, list, id, prior, until) VALUES (?, ?, ?, ?, ?)", sc.Account(), l, t.id, t.prior, t.until.UnixMilli())
	return err
}

func endTrial(ctx context.Context, tx *db.Tx, sc authz.Scope, l List) error {
	here, args := sc.Here("account_id")
	if _, err := tx.Exec(ctx, "DELETE FROM allowlist_trials WHERE "+here+" AND list = ?", append(args, l)...); err != nil {
		return fmt.Errorf("end a trial: %w", err)
	}
	return nil
}

// entry is an entry of a list of an account.
type entry struct {
	account ids.Account
	list    List
	network netip.Prefix
}

// since is a rule of expiry with when it was switched on.
type since struct {
	days int
	on   time.Time
}

// How many accounts and memberships are looked at to say whom a rule concerns.
const (
	mostBelow   = 2_000
	mostCounted = 5_000
)

// concerned counts the people of the scope's account and below: all of them, those whose password is past one of the
// rules, and those who are admins or lack a second factor. It reports false when there are too many to count.
func concerned(ctx context.Context, q db.Queryer, sc authz.Scope, rules []since, at time.Time) (n Concerned, ok bool, err error) {
	below, err := db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (SELECT 1 FROM account_tree t WHERE t.ancestor_id = ? LIMIT ?) c`, sc.Account(), mostBelow+1)
	if err != nil || below > mostBelow {
		return n, false, err
	}
	expired, args := "1 = 0", []any{}
	for _, r := range rules {
		span := int64(r.days) * day.Milliseconds()
		expired += " OR CASE WHEN COALESCE(i.password_changed_at, i.created_at) > ? THEN COALESCE(i.password_changed_at, i.created_at) ELSE ? END <= ?"
		args = append(args, r.on.UnixMilli(), r.on.UnixMilli(), at.UnixMilli()-span)
	}
	var looked int
	n, err = db.One(ctx, q, func(r db.Row) (n Concerned, err error) {
		return n, r.Scan(&looked, &n.People, &n.Expired, &n.Lacking, &n.Admins, &n.AdminsLacking)
	}, `SELECT count(*), count(DISTINCT x.user_id),
		count(DISTINCT CASE WHEN i.password_hash <> '' AND (`+expired+`) THEN x.user_id END),
		count(DISTINCT CASE WHEN i.totp_since IS NULL THEN x.user_id END),
		count(DISTINCT CASE WHEN x.admin THEN x.user_id END),
		count(DISTINCT CASE WHEN x.admin AND i.totp_since IS NULL THEN x.user_id END)
		FROM (SELECT m.user_id, m.role IN ('owner', 'admin') OR m.perms LIKE '%"users.edit"%' OR m.perms LIKE '%"security.edit"%'
		        OR COALESCE(r.perms, '') LIKE '%"users.edit"%' OR COALESCE(r.perms, '') LIKE '%"security.edit"%' AS admin
		      FROM account_tree t JOIN memberships m ON m.account_id = t.descendant_id AND m.deactivated_at IS NULL LEFT JOIN roles r ON r.id = m.role
		      WHERE t.ancestor_id = ? LIMIT ?) x JOIN identities i ON i.id = x.user_id`,
		append(args, sc.Account(), mostCounted+1)...)
	if err != nil {
		return n, false, fmt.Errorf("count whom a rule of %s concerns: %w", sc.Account(), err)
	}
	return n, looked <= mostCounted, nil
}
