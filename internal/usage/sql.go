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

// counter is what is counted, and on which channel.
type counter struct {
	subject string
	channel quota.Channel
}

type amount struct{ units, over int64 }

func (a amount) plus(b amount) amount { return amount{a.units + b.units, a.over + b.over} }

// unfolded keeps rows u of quota_usage that are not in the sums yet. The first condition bounds the index, the second is exact.
const unfolded = ` u.hour >= COALESCE((SELECT f.hour FROM quota_folded f), 0)
	AND NOT EXISTS (SELECT 1 FROM quota_folded f WHERE (f.hour, f.subject, f.channel, f.day) >= (u.hour, u.subject, u.channel, u.day)) `

// hours reads what a subject of the scope's account sent in Unix hours, the last one excluded.
func hours(ctx context.Context, q db.Queryer, _ authz.Scope, c counter, from, to int64) (map[int64]amount, error) {
	out := map[int64]amount{}
	_, err := db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var hour int64
		var a amount
		err := r.Scan(&hour, &a.units, &a.over)
		out[hour] = out[hour].plus(a)
		return struct{}{}, err
	}, `SELECT u.hour, u.units, u.over FROM quota_usage u WHERE u.subject = ? AND u.channel = ? AND u.hour >= ? AND u.hour < ?
		UNION ALL SELECT l.minute / 60, l.spent, 0 FROM quota_leases l WHERE l.subject = ? AND l.channel = ?`,
		c.subject, c.channel, from, to, c.subject, c.channel)
	return out, err
}

// days reads what a subject of the scope's account sent on each day, or in each calendar month, by the number of its first day.
func (s *Service) days(ctx context.Context, q db.Queryer, sc authz.Scope, c counter, in Query) (map[int64]amount, error) {
	from, to := number(in.From), number(in.To)
	of := func(day int64) int64 { return day }
	if in.Grain == quota.Month {
		from, to, of = monthOf(from), monthOf(monthOf(to)+31)-1, monthOf
	}
	return sums(ctx, q, sc, c, in.Grain, from, to, of)
}

// sums adds what is folded, what is not yet, and what leases have spent, in one statement, so that nothing is seen twice.
func sums(ctx context.Context, q db.Queryer, _ authz.Scope, c counter, grain quota.Window, from, to int64, of func(day int64) int64) (map[int64]amount, error) {
	out := map[int64]amount{}
	_, err := db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var day int64
		var a amount
		err := r.Scan(&day, &a.units, &a.over)
		out[of(day)] = out[of(day)].plus(a)
		return struct{}{}, err
	}, `SELECT s.period, s.units, s.over FROM quota_sums s WHERE s.subject = ? AND s.channel = ? AND s.grain = ? AND s.period BETWEEN ? AND ?
		UNION ALL SELECT u.day, u.units, u.over FROM quota_usage u WHERE u.subject = ? AND u.channel = ? AND u.day BETWEEN ? AND ? AND `+unfolded+`
		UNION ALL SELECT l.day, l.spent, 0 FROM quota_leases l WHERE l.subject = ? AND l.channel = ? AND l.day BETWEEN ? AND ?`,
		c.subject, c.channel, grain.String(), from, to, c.subject, c.channel, from, to, c.subject, c.channel, from, to)
	return out, err
}

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

// busiest reads those that the counters of text show to have used most, and what they sent since the first of the month of today.
func busiest(ctx context.Context, q db.Queryer, _ authz.Scope, text string, args []any, channel quota.Channel, today int64) ([]Part, error) {
	month := monthOf(today)
	all, err := db.All(ctx, q, func(r db.Row) (p Part, err error) { return p, r.Scan(&p.ID, &p.Name) },
		text+` AND l.month > ? ORDER BY l.month_used DESC, x.id LIMIT ?`, append(args, today-31, partsShown)...)
	if err != nil || len(all) == 0 {
		return all, err
	}
	subjects := make([]any, len(all))
	for i := range all {
		subjects[i] = all[i].ID
	}
	in := db.In(len(subjects))
	var params []any
	for range 3 {
		params = append(append(params, subjects...), channel, month, today)
	}
	units := map[string]int64{}
	_, err = db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var id string
		var n int64
		err := r.Scan(&id, &n)
		units[id] += n
		return struct{}{}, err
	}, `SELECT s.subject, s.units FROM quota_sums s WHERE s.subject IN `+in+` AND s.channel = ? AND s.grain = 'day' AND s.period BETWEEN ? AND ?
		UNION ALL SELECT u.subject, u.units FROM quota_usage u WHERE u.subject IN `+in+` AND u.channel = ? AND u.day BETWEEN ? AND ? AND `+unfolded+`
		UNION ALL SELECT l.subject, l.spent FROM quota_leases l WHERE l.subject IN `+in+` AND l.channel = ? AND l.day BETWEEN ? AND ?`, params...)
	for i := range all {
		all[i].Units = units[all[i].ID]
	}
	all = slices.DeleteFunc(all, func(p Part) bool { return p.Units == 0 })
	slices.SortStableFunc(all, func(a, b Part) int { return cmp.Compare(b.Units, a.Units) })
	return all, err
}

// below are those of some accounts that lie in the scope.
func below(ctx context.Context, q db.Queryer, sc authz.Scope, all []ids.Account) ([]string, error) {
	down, args := sc.Down("a.id")
	return db.All(ctx, q, db.Value[string], `SELECT a.id FROM accounts a WHERE a.id IN `+db.In(len(all))+` AND `+down, append(db.Args(all...), args...)...)
}
