package usage

import (
	"context"

	"bailiwick/internal/db"
	"bailiwick/internal/quota"
)

func scanWrong(grain quota.Window) func(db.Row) (WrongSum, error) {
	return func(r db.Row) (w WrongSum, err error) {
		w.key.grain = grain.String()
		return w, r.Scan(&w.key.subject, &w.key.channel, &w.key.period)
	}
}

// folded keeps rows u of quota_usage that are in the sums.
const folded = ` EXISTS (SELECT 1 FROM quota_folded f WHERE (f.hour, f.subject, f.channel, f.day) >= (u.hour, u.subject, u.channel, u.day)) `

// wrongDays are those from a day on.
func wrongDays(ctx context.Context, q db.Queryer, from int64) ([]WrongSum, error) {
	return db.All(ctx, q, scanWrong(quota.Day), `SELECT x.subject, x.channel, x.day FROM (
		SELECT u.subject, u.channel, u.day, u.units, u.over FROM quota_usage u WHERE u.day >= ? AND`+folded+`
		UNION ALL SELECT s.subject, s.channel, s.period, -s.units, -s.over FROM quota_sums s WHERE s.grain = 'day' AND s.period >= ?) x
		GROUP BY x.subject, x.channel, x.day HAVING SUM(x.units) <> 0 OR SUM(x.over) <> 0 ORDER BY x.subject, x.channel, x.day`, from, from)
}

// wrongMonths are those that begin on a day.
func wrongMonths(ctx context.Context, q db.Queryer, first int64) ([]WrongSum, error) {
	return db.All(ctx, q, scanWrong(quota.Month), `SELECT x.subject, x.channel, CAST(? AS BIGINT) FROM (
		SELECT d.subject, d.channel, d.units, d.over FROM quota_sums d WHERE d.grain = 'day' AND d.period >= ? AND d.period < ?
		UNION ALL SELECT m.subject, m.channel, -m.units, -m.over FROM quota_sums m WHERE m.grain = 'month' AND m.period = ?) x
		GROUP BY x.subject, x.channel HAVING SUM(x.units) <> 0 OR SUM(x.over) <> 0 ORDER BY x.subject, x.channel`, first, first, monthOf(first+31), first)
}

// addUp writes one sum anew. The caller holds the row that says how far the hours are folded.
func addUp(ctx context.Context, tx *db.Tx, k summed) error {
	from, args := `quota_usage u WHERE u.subject = ? AND u.channel = ? AND u.day = ? AND`+folded, []any{k.subject, k.channel, k.period}
	if k.grain == quota.Month.String() {
		from, args = `quota_sums u WHERE u.subject = ? AND u.channel = ? AND u.grain = 'day' AND u.period >= ? AND u.period < ?`, append(args, monthOf(k.period+31))
	}
	_, err := tx.Exec(ctx, `INSERT INTO quota_sums (subject, channel, grain, period, units, over)
		SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(COALESCE(SUM(u.units), 0) AS BIGINT), CAST(COALESCE(SUM(u.over), 0) AS BIGINT) FROM `+from+`
		ON CONFLICT (subject, channel, grain, period) DO UPDATE SET units = excluded.units, over = excluded.over`, append([]any{k.subject, k.channel, k.grain, k.period}, args...)...)
	return err
}
