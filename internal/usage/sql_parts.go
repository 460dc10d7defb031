package usage

import (
	"cmp"
	"context"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
)

// departments, subAccounts and people select those of the scope's account that have a counter.
func departments(sc authz.Scope, channel quota.Channel) (string, []any) {
	return "SELECT x.id, x.name FROM accounts x JOIN quota_ledger l ON l.subject = x.id AND l.channel = ? WHERE x.parent_id = ? AND x.kind = 'department'", []any{channel, sc.Account()}
}

func subAccounts(sc authz.Scope, channel quota.Channel) (string, []any) {
	here, args := sc.Here("x.account_id")
	mine, more := sc.Sub("x.id")
	return "SELECT x.id, x.name FROM subaccounts x JOIN quota_ledger l ON l.subject = x.id AND l.channel = ? WHERE " + here + " AND " + mine, append(append([]any{channel}, args...), more...)
}

func people(sc authz.Scope, channel quota.Channel) (string, []any) {
	here, args := sc.Here("x.account_id")
	return "SELECT x.id, i.name FROM memberships x JOIN identities i ON i.id = x.user_id JOIN quota_ledger l ON l.subject = x.id AND l.channel = ? WHERE " + here, append([]any{channel}, args...)
}

// someSubAccounts selects those of some that the actor may use.
func someSubAccounts(sc authz.Scope, some []ids.SubAccount) (string, []any) {
	down, args := sc.Down("x.account_id")
	mine, more := sc.Sub("x.id")
	return "SELECT x.id, x.name FROM subaccounts x WHERE x.id IN " + db.In(len(some)) + " AND " + down + " AND " + mine, slices.Concat(db.Args(some...), args, more)
}

// partsLooked are the counters that are added up. The month of a limit may begin on another day than that of the calendar, and its
// order be another.
const partsLooked = 40

// busiest reads those that the counters of text show to have used most, and what they sent in the month.
func busiest(ctx context.Context, q db.Queryer, sc authz.Scope, text string, args []any, month span) ([]Part, error) {
	text, args = busiestText(text, args, month)
	all, err := sent(ctx, q, sc, text, args, month)
	return all[:min(len(all), partsShown)], err
}

func busiestText(text string, args []any, month span) (string, []any) {
	return text + ` AND l.month > ? ORDER BY l.month_used DESC, x.id LIMIT ?`, append(args, month.to-31, partsLooked)
}

// span is the days or the months, by their numbers, in which something was sent on a channel.
type span struct {
	channel  quota.Channel
	grain    quota.Window
	from, to int64
}

// sent reads how much those that text selects have sent, the most first. What sent nothing is left out.
func sent(ctx context.Context, q db.Queryer, _ authz.Scope, text string, args []any, in span) ([]Part, error) {
	text, args = sentText(text, args, in)
	rows, err := db.All(ctx, q, func(r db.Row) (p Part, err error) { return p, r.Scan(&p.ID, &p.Name, &p.Units) }, text, args...)
	if err != nil {
		return nil, err
	}
	var all []Part
	at := map[string]int{}
	for _, r := range rows {
		i, known := at[r.ID]
		if !known {
			at[r.ID], all = len(all), append(all, r)
			continue
		}
		all[i].Units += r.Units
	}
	all = slices.DeleteFunc(all, func(p Part) bool { return p.Units == 0 })
	slices.SortFunc(all, func(a, b Part) int { return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// sentText adds what is folded, what is not yet, and what leases have spent, as sums does. The joins are crossed so that SQLite goes
// from those few to what they sent, not from what all others sent of late to them.
func sentText(text string, args []any, in span) (string, []any) {
	days := []any{in.channel, in.from, in.to}
	return `WITH x (id, name) AS (` + text + `)
		SELECT x.id, x.name, s.units FROM x CROSS JOIN quota_sums s WHERE s.subject = x.id AND s.channel = ? AND s.grain = ? AND s.period BETWEEN ? AND ?
		UNION ALL SELECT x.id, x.name, u.units FROM x CROSS JOIN quota_usage u WHERE u.subject = x.id AND u.channel = ? AND u.day BETWEEN ? AND ? AND ` + unfolded + `
		UNION ALL SELECT x.id, x.name, l.spent FROM x CROSS JOIN quota_leases l WHERE l.subject = x.id AND l.channel = ? AND l.day BETWEEN ? AND ?`,
		slices.Concat(args, []any{in.channel, in.grain.String(), in.from, in.to}, days, days)
}
