package quota

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

type link struct {
	id         ids.Account
	kind, name string
	bought     string // the package, "" none
	sets       bool   // it has settings of its own
	credits    int64  // becomes another with each credit that is granted or voided; 0 without any
}

// linksOf reads accounts and those above them, each account first.
func linksOf(ctx context.Context, q db.Queryer, accounts []ids.Account) (map[ids.Account][]link, error) {
	out := make(map[ids.Account][]link, len(accounts))
	for part := range slices.Chunk(accounts, mostAtOnce) {
		asked := padded(part)
		_, err := db.All(ctx, q, func(r db.Row) (l link, err error) {
			var of ids.Account
			err = r.Scan(&of, &l.id, &l.kind, &l.name, &l.bought, &l.sets, &l.credits)
			out[of] = append(out[of], l)
			return l, err
		}, `SELECT t.descendant_id, a.id, a.kind, a.name, a.package_id, EXISTS (SELECT 1 FROM settings s WHERE s.account_id = a.id),
			(SELECT COUNT(*) + COUNT(c.voided_at) FROM quota_credits c WHERE c.account_id = a.id)
			FROM account_tree t JOIN accounts a ON a.id = t.ancestor_id WHERE t.descendant_id IN `+db.In(len(asked))+` ORDER BY t.descendant_id, t.depth`, db.Args(asked...)...)
		if err != nil {
			return nil, fmt.Errorf("read the layers above accounts: %w", err)
		}
	}
	return out, nil
}

type identity struct {
	account ids.Account
	name    string
	user    ids.User
	role    string
	stopped bool // a sub-account that is suspended
}

// subAccountsOf reads sub-accounts: which accounts they belong to, and their names.
func subAccountsOf(ctx context.Context, q db.Queryer, all []ids.SubAccount) (map[ids.SubAccount]identity, error) {
	out := make(map[ids.SubAccount]identity, len(all))
	for part := range slices.Chunk(all, mostAtOnce) {
		asked := padded(part)
		_, err := db.All(ctx, q, func(r db.Row) (i identity, err error) {
			var id ids.SubAccount
			err = r.Scan(&id, &i.account, &i.name, &i.stopped)
			out[id] = i
			return i, err
		}, `SELECT id, account_id, name, suspended FROM subaccounts WHERE id IN `+db.In(len(asked)), db.Args(asked...)...)
		if err != nil {
			return nil, fmt.Errorf("read sub-accounts: %w", err)
		}
	}
	return out, nil
}

// membersOf reads memberships.
func membersOf(ctx context.Context, q db.Queryer, all []ids.Membership) (map[ids.Membership]identity, error) {
	out := make(map[ids.Membership]identity, len(all))
	for part := range slices.Chunk(all, mostAtOnce) {
		asked := padded(part)
		_, err := db.All(ctx, q, func(r db.Row) (i identity, err error) {
			var id ids.Membership
			err = r.Scan(&id, &i.account, &i.name, &i.user, &i.role)
			out[id] = i
			return i, err
		}, `SELECT m.id, m.account_id, i.name, m.user_id, m.role FROM memberships m JOIN identities i ON i.id = m.user_id WHERE m.id IN `+db.In(len(asked)), db.Args(asked...)...)
		if err != nil {
			return nil, fmt.Errorf("read memberships: %w", err)
		}
	}
	return out, nil
}

// memberOf reads one membership.
func memberOf(ctx context.Context, q db.Queryer, id ids.Membership) (identity, error) {
	all, err := membersOf(ctx, q, []ids.Membership{id})
	if err != nil {
		return identity{}, err
	}
	i, ok := all[id]
	if !ok {
		return i, errs.NoSuch("user")
	}
	return i, nil
}

// limitRow is a limit as it is stored.
type limitRow struct {
	Limit
	subject string
	channel Channel
	window  Window
	ends    time.Time // zero: never
}

func (l limitRow) inForce(now time.Time) bool { return l.ends.IsZero() || now.Before(l.ends) }

func scanLimit(r db.Row) (l limitRow, err error) {
	var period string
	var ends int64
	if err := r.Scan(&l.subject, &l.channel, &period, &l.Source, &l.Amount, &l.Action, &l.Cap, &l.Paced, &ends); err != nil {
		return l, err
	}
	if ends != 0 {
		l.ends = time.UnixMilli(ends).UTC()
	}
	w, ok := ParseWindow(period)
	if !ok {
		return l, fmt.Errorf("%q is no window", period)
	}
	l.window = w
	return l, nil
}

// limitsOf reads the limits of some subjects, those that are over included.
func limitsOf(ctx context.Context, q db.Queryer, subjects []string) (out []limitRow, err error) {
	for part := range slices.Chunk(subjects, mostAtOnce) {
		asked := padded(part)
		some, err := db.All(ctx, q, scanLimit, `SELECT subject, channel, period, source, amount, action, cap, paced, COALESCE(ends_at, 0) FROM quota_limits WHERE subject IN `+db.In(len(asked)), db.Args(asked...)...)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// countersOf reads counters without locking them.
func countersOf(ctx context.Context, q db.Queryer, keys []counted) (map[counted]row, error) {
	var args []any
	asked := padded(keys)
	for _, k := range asked {
		args = append(args, k.subject, k.channel)
	}
	rows, err := db.All(ctx, q, scanRow, `SELECT `+rowColumns+` FROM quota_ledger WHERE (subject, channel) IN (VALUES `+db.Values(len(asked), 2)+`)`, args...)
	out := make(map[counted]row, len(rows))
	for _, r := range rows {
		out[r.counted] = r
	}
	return out, err
}

// leasesOf reads the leases of some counters.
func leasesOf(ctx context.Context, q db.Queryer, keys []counted) ([]leaseRow, error) {
	var args []any
	asked := padded(keys)
	for _, k := range asked {
		args = append(args, k.subject, k.channel)
	}
	return db.All(ctx, q, scanLease, `SELECT `+leaseColumns+` FROM quota_leases WHERE (subject, channel) IN (VALUES `+db.Values(len(asked), 2)+`)`, args...)
}
