package quota

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

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
		ON CONFLICT (subject, channel, period, source) DO UPDATE SET account_id = excluded.account_id, amount = excluded.amount, action = excluded.action, cap = excluded.cap, paced = excluded.paced, ends_at = excluded.ends_at, updated_at = excluded.updated_at`,
		sc.Account(), l.subject, l.channel, l.window.String(), l.Source, l.Amount, l.Action, l.Cap, l.Paced, ends, tx.Ms())
	return err
}

func removeLimit(ctx context.Context, tx *db.Tx, sc authz.Scope, l limitRow) error {
	here, args := sc.Here("quota_limits.account_id")
	moved, more := sc.Here("s.account_id") // a sub-account takes its limits along
	_, err := tx.Exec(ctx, `DELETE FROM quota_limits WHERE subject = ? AND channel = ? AND period = ? AND source = ? AND (`+here+` OR EXISTS (SELECT 1 FROM subaccounts s WHERE s.id = quota_limits.subject AND `+moved+`))`,
		append(append([]any{l.subject, l.channel, l.window.String(), l.Source}, args...), more...)...)
	return err
}

// handed is how much of each channel and window an account has given away.
type handed map[Channel]*[windows]int64

func (h handed) of(c Channel, w Window) int64 { return h[c][w] }

// What a limit lets through, for what is added up.
const lets = `CASE WHEN %[1]s.amount < 0 THEN 0 WHEN %[1]s.action = 'overage' THEN %[1]s.cap ELSE %[1]s.amount END`

// handedOut adds up what a parent has given to its accounts, but for one of them: the limits of each package as often as it has been
// bought, and what the limits of single accounts add to that or take from it. One that ends takes nothing: what comes after it is not
// free to give either. The sums are exact up to 1<<53.
func handedOut(ctx context.Context, q db.Queryer, _ authz.Scope, parent, except ids.Account, now int64) (handed, error) {
	out := handed{Email: {}, SMS: {}}
	own, bought := fmt.Sprintf(lets, "o"), "COALESCE("+fmt.Sprintf(lets, "p")+", 0)"
	_, err := db.All(ctx, q, func(r db.Row) (sum float64, err error) {
		var c Channel
		var period string
		if err := r.Scan(&c, &period, &sum); err != nil {
			return sum, err
		}
		w, _ := ParseWindow(period) // the table holds no other
		out[c][w] = int64(min(sum, 1<<62))
		return sum, nil
	}, `SELECT g.channel, g.period, SUM(g.units) FROM (
		SELECT l.channel, l.period, k.n * CAST(`+fmt.Sprintf(lets, "l")+` AS DOUBLE PRECISION) AS units
			FROM (SELECT a.package_id, count(*) AS n FROM accounts a WHERE a.parent_id = ? AND a.id <> ? AND a.closed_at IS NULL GROUP BY a.package_id) k JOIN quota_limits l ON l.subject = k.package_id
		UNION ALL
		SELECT o.channel, o.period, CASE WHEN o.ends_at IS NULL OR `+own+` > `+bought+` THEN `+own+` - `+bought+` ELSE 0 END
			FROM accounts a JOIN quota_limits o ON o.subject = a.id AND (o.ends_at IS NULL OR o.ends_at > ?)
			LEFT JOIN quota_limits p ON p.subject = a.package_id AND p.channel = o.channel AND p.period = o.period
			WHERE a.parent_id = ? AND a.id <> ? AND a.closed_at IS NULL) g
		GROUP BY g.channel, g.period`, parent, except, now, parent, except)
	return out, err
}

// highestBelow is the highest limits of the accounts below the scope's account that are in force, those of their packages included, also
// where an override stands in for one until its last day.
func highestBelow(ctx context.Context, q asOf, sc authz.Scope) (Grid, error) {
	out, now := Grid{}, q.now.UnixMilli()
	here, args := sc.Here("t.ancestor_id")
	_, err := db.All(ctx, q, func(r db.Row) (e Edit, err error) {
		var period string
		if err := r.Scan(&e.Channel, &period, &e.Limit.Amount); err != nil {
			return e, err
		}
		e.Window, _ = ParseWindow(period) // the table holds no other
		if e.Limit.Amount == math.MaxInt64 {
			e.Limit.Amount = Unlimited
		}
		e.Limit.Action, e.Limit.Source = Reject, FromOverride
		out = out.With(e.Channel, e.Window, e.Limit)
		return e, nil
	}, `SELECT l.channel, l.period, MAX(CASE WHEN l.amount < 0 THEN 9223372036854775807 WHEN l.action = 'overage' THEN l.cap ELSE l.amount END)
		FROM account_tree t JOIN accounts a ON a.id = t.descendant_id JOIN quota_limits l ON l.subject IN (a.id, a.package_id)
		WHERE `+here+` AND t.depth > 0 AND a.closed_at IS NULL AND (l.ends_at IS NULL OR l.ends_at > ?)
		  AND (l.source = 'override' OR NOT EXISTS (SELECT 1 FROM quota_limits o WHERE o.subject = a.id AND o.channel = l.channel AND o.period = l.period AND o.source = 'override' AND o.ends_at IS NULL))
		GROUP BY l.channel, l.period`, append(args, now)...)
	return out, err
}

// packagesOf reads which of some accounts of a chain have a package, and which.
func packagesOf(ctx context.Context, q db.Queryer, _ authz.Scope, of []ids.Account) (map[ids.Account]string, error) {
	out := map[ids.Account]string{}
	if len(of) == 0 {
		return out, nil
	}
	type bought struct {
		id  ids.Account
		pkg string
	}
	asked := padded(of)
	rows, err := db.All(ctx, q, func(r db.Row) (b bought, err error) { return b, r.Scan(&b.id, &b.pkg) }, `SELECT id, package_id FROM accounts WHERE id IN `+db.In(len(asked)), db.Args(asked...)...)
	for _, b := range rows {
		out[b.id] = b.pkg
	}
	return out, err
}

// sharedOf is the package of the account, or the role group of a member of it, whose limits hold where it has none of its own. It is
// "" without one.
func sharedOf(ctx context.Context, q db.Queryer, sc authz.Scope, t Target) (string, error) {
	switch {
	case t.Sub != "":
		return "", nil
	case t.Member != "":
		here, args := sc.Here("m.account_id")
		return db.One(ctx, q, db.Value[string], `SELECT m.role FROM memberships m WHERE m.id = ? AND `+here, append([]any{t.Member}, args...)...)
	}
	bought, err := packagesOf(ctx, q, sc, []ids.Account{sc.Account()})
	return bought[sc.Account()], err
}

// limitRows reads the limits of an account, or of a sub-account or a member of it, and those of its package or role group.
func limitRows(ctx context.Context, q db.Queryer, sc authz.Scope, t Target) ([]limitRow, error) {
	subject, _ := subjectOf(sc, t)
	shared, err := sharedOf(ctx, q, sc, t)
	if err != nil {
		return nil, err
	}
	return limitsOf(ctx, q, []string{subject, shared})
}

// sellersOf lists the accounts right above the clients of a package that have a limit of their own.
func sellersOf(ctx context.Context, q db.Queryer, sc authz.Scope, pkg ids.Package, e Edit) ([]ids.Account, error) {
	down, args := sc.Down("a.parent_id")
	return db.All(ctx, q, db.Value[ids.Account], `SELECT DISTINCT a.parent_id FROM accounts a JOIN quota_limits l ON l.subject = a.parent_id AND l.channel = ? AND l.period = ? AND l.amount >= 0
		WHERE a.package_id = ? AND `+down+` ORDER BY a.parent_id`, append([]any{e.Channel, e.Window.String(), pkg}, args...)...)
}

// children lists the accounts right below the scope's account by name, the first of them, and the package of each, "" none.
func children(ctx context.Context, q db.Queryer, sc authz.Scope) (all []Handed, shared []string, err error) {
	here, args := sc.Here("a.parent_id")
	_, err = db.All(ctx, q, func(r db.Row) (h Handed, err error) {
		var pkg string
		if err := r.Scan(&h.Account, &h.Name, &pkg); err != nil {
			return h, err
		}
		all, shared = append(all, h), append(shared, pkg)
		return h, nil
	}, `SELECT a.id, a.name, a.package_id FROM accounts a WHERE `+here+` AND a.closed_at IS NULL ORDER BY a.name_fold, a.id LIMIT ?`, append(args, mostHanded)...)
	return all, shared, err
}

// acting is a membership that somebody acts by, and its role.
type acting struct {
	id   ids.Membership
	role string
}

// actsBy reads the memberships that somebody acts by on the scope's account: that of a key, or those of a person there and above.
func actsBy(ctx context.Context, q db.Queryer, sc authz.Scope, by authz.Actor) ([]acting, error) {
	up, args := sc.Up("m.account_id")
	return db.All(ctx, q, func(r db.Row) (a acting, err error) { return a, r.Scan(&a.id, &a.role) }, `SELECT m.id, m.role FROM memberships m WHERE m.user_id = ? AND (? = '' OR m.id = ?) AND m.deactivated_at IS NULL AND `+up,
		append([]any{by.User(), by.Membership(), by.Membership()}, args...)...)
}

// ended lists accounts that have a limit whose last day is over, in order.
func ended(ctx context.Context, q db.Queryer, now time.Time, after ids.Account) ([]ids.Account, error) {
	return db.All(ctx, q, db.Value[ids.Account], `SELECT DISTINCT l.account_id FROM quota_limits l WHERE l.ends_at IS NOT NULL AND l.ends_at <= ? AND l.account_id > ? ORDER BY l.account_id LIMIT ?`,
		now.UnixMilli(), after, endAtOnce)
}

// endedHere reads the limits of the scope's account, its sub-accounts and its people whose last day is over.
func endedHere(ctx context.Context, tx *db.Tx, sc authz.Scope) ([]limitRow, error) {
	here, args := sc.Here("account_id")
	return db.All(ctx, tx, scanLimit, `SELECT subject, channel, period, source, amount, action, cap, paced, COALESCE(ends_at, 0) FROM quota_limits
		WHERE ends_at IS NOT NULL AND ends_at <= ? AND `+here+` ORDER BY subject, channel, period, source`, append([]any{tx.Ms()}, args...)...)
}

// Apart counts, for each channel and window, the people with a role group at the scope's account and below who have a limit of their own
// instead of that of the group.
func Apart(ctx context.Context, q db.Queryer, sc authz.Scope, group ids.Role) (map[Channel]*[windows]int, error) {
	out := map[Channel]*[windows]int{Email: {}, SMS: {}}
	down, args := sc.Down("m.account_id")
	_, err := db.All(ctx, q, func(r db.Row) (n int, err error) {
		var c Channel
		var period string
		if err := r.Scan(&c, &period, &n); err != nil {
			return n, err
		}
		w, _ := ParseWindow(period) // the table holds no other
		out[c][w] = n
		return n, nil
	}, `SELECT l.channel, l.period, count(*) FROM memberships m JOIN quota_limits l ON l.subject = m.id AND l.source = 'override' WHERE m.role = ? AND `+down+` GROUP BY l.channel, l.period`,
		append([]any{group}, args...)...)
	return out, err
}
