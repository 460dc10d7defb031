package quota

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

type link struct {
	id         ids.Account
	kind, name string
	bought     string // the package, "" none
}

// linksOf reads an account and those above it, the account first.
func linksOf(ctx context.Context, q db.Queryer, account ids.Account) ([]link, error) {
	all, err := db.All(ctx, q, func(r db.Row) (l link, err error) { return l, r.Scan(&l.id, &l.kind, &l.name, &l.bought) },
		`SELECT a.id, a.kind, a.name, a.package_id FROM account_tree t JOIN accounts a ON a.id = t.ancestor_id WHERE t.descendant_id = ? ORDER BY t.depth`, account)
	if err != nil {
		return nil, fmt.Errorf("read the layers above %s: %w", account, err)
	}
	if len(all) == 0 {
		return nil, errs.NoSuch("account")
	}
	return all, nil
}

type identity struct {
	account ids.Account
	name    string
	user    ids.User
	role    string
	stopped bool // a sub-account that is suspended
}

// subAccountOf reads one sub-account: which account it belongs to, and its name.
func subAccountOf(ctx context.Context, q db.Queryer, id ids.SubAccount) (identity, error) {
	i, err := db.One(ctx, q, func(r db.Row) (i identity, err error) { return i, r.Scan(&i.account, &i.name, &i.stopped) }, `SELECT account_id, name, suspended FROM subaccounts WHERE id = ?`, id)
	if errors.Is(err, db.ErrNoRows) {
		return i, errs.NoSuch("subaccount")
	}
	return i, err
}

// memberOf reads one membership.
func memberOf(ctx context.Context, q db.Queryer, id ids.Membership) (identity, error) {
	i, err := db.One(ctx, q, func(r db.Row) (i identity, err error) { return i, r.Scan(&i.account, &i.name, &i.user, &i.role) },
		`SELECT m.account_id, i.name, m.user_id, m.role FROM memberships m JOIN identities i ON i.id = m.user_id WHERE m.id = ?`, id)
	if errors.Is(err, db.ErrNoRows) {
		return i, errs.NoSuch("user")
	}
	return i, err
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
func limitsOf(ctx context.Context, q db.Queryer, subjects []string) ([]limitRow, error) {
	asked := padded(subjects)
	return db.All(ctx, q, scanLimit, `SELECT subject, channel, period, source, amount, action, cap, paced, COALESCE(ends_at, 0) FROM quota_limits WHERE subject IN `+db.In(len(asked)), db.Args(asked...)...)
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
