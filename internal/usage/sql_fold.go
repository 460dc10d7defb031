package usage

import (
	"cmp"
	"context"
	"slices"

	"bailiwick/internal/db"
)

// noted is a row of the journal.
type noted struct {
	counter
	hour, day   int64
	units, over int64
}

// lockFolded reads up to which row the journal is folded, and keeps other nodes from folding.
func lockFolded(ctx context.Context, tx *db.Tx) (noted, error) {
	if _, err := tx.Exec(ctx, `INSERT INTO quota_folded (id, hour, subject, channel, day) VALUES (1, 0, '', '', 0) ON CONFLICT (id) DO NOTHING`); err != nil {
		return noted{}, err
	}
	return db.One(ctx, tx, func(r db.Row) (n noted, err error) { return n, r.Scan(&n.hour, &n.subject, &n.channel, &n.day) },
		`SELECT hour, subject, channel, day FROM quota_folded WHERE id = 1 `+db.Lock(tx.Dialect()))
}

func setFolded(ctx context.Context, tx *db.Tx, n noted) error {
	_, err := tx.Exec(ctx, `UPDATE quota_folded SET hour = ?, subject = ?, channel = ?, day = ? WHERE id = 1`, n.hour, n.subject, n.channel, n.day)
	return err
}

// oldestLease is the Unix hour in which the oldest lease was taken, this one without any.
func oldestLease(ctx context.Context, tx *db.Tx) (int64, error) {
	return db.One(ctx, tx, db.Value[int64], `SELECT COALESCE(MIN(minute) / 60, ?) FROM quota_leases`, tx.Now().Unix()/3600)
}

// journal reads rows after one, of hours before one.
func journal(ctx context.Context, tx *db.Tx, after noted, before int64, limit int) ([]noted, error) {
	return db.All(ctx, tx, func(r db.Row) (n noted, err error) {
		return n, r.Scan(&n.hour, &n.subject, &n.channel, &n.day, &n.units, &n.over)
	}, `SELECT hour, subject, channel, day, units, over FROM quota_usage WHERE (hour, subject, channel, day) > (?, ?, ?, ?) AND hour < ?
		ORDER BY hour, subject, channel, day LIMIT ?`, after.hour, after.subject, after.channel, after.day, before, limit)
}

// summed is the key of a sum.
type summed struct {
	counter
	grain  string
	period int64
}

func (a summed) compare(b summed) int {
	return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(a.channel, b.channel), cmp.Compare(a.grain, b.grain), cmp.Compare(a.period, b.period))
}

// add adds to the sums.
func add(ctx context.Context, tx *db.Tx, all map[summed]amount) error {
	keys := make([]summed, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, summed.compare)
	for part := range slices.Chunk(keys, 200) {
		var args []any
		for _, k := range part {
			args = append(args, k.subject, k.channel, k.grain, k.period, all[k].units, all[k].over)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO quota_sums (subject, channel, grain, period, units, over) VALUES `+db.Values(len(part), 6)+`
			ON CONFLICT (subject, channel, grain, period) DO UPDATE SET units = quota_sums.units + excluded.units, over = quota_sums.over + excluded.over`, args...); err != nil {
			return err
		}
	}
	return nil
}

func forgetHours(ctx context.Context, tx *db.Tx, before int64) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM quota_usage WHERE (subject, channel, hour, day) IN (SELECT u.subject, u.channel, u.hour, u.day FROM quota_usage u
		WHERE u.hour < ? AND u.hour < COALESCE((SELECT f.hour FROM quota_folded f), 0) ORDER BY u.hour LIMIT ?)`, before, forgetChunk)
}

func forgetDays(ctx context.Context, tx *db.Tx, before int64) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM quota_sums WHERE (subject, channel, grain, period) IN (SELECT s.subject, s.channel, s.grain, s.period FROM quota_sums s
		WHERE s.grain = 'day' AND s.period < ? ORDER BY s.period LIMIT ?)`, before, forgetChunk)
}
