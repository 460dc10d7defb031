package usage

import (
	"context"

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

// below are those of some accounts that lie in the scope.
func below(ctx context.Context, q db.Queryer, sc authz.Scope, all []ids.Account) ([]string, error) {
	down, args := sc.Down("a.id")
	return db.All(ctx, q, db.Value[string], `SELECT a.id FROM accounts a WHERE a.id IN `+db.In(len(all))+` AND `+down, append(db.Args(all...), args...)...)
}
