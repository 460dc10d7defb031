package quota

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// counted is the key of a counter.
type counted struct {
	subject string
	channel Channel
}

func (a counted) compare(b counted) int {
	return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(a.channel, b.channel))
}

// padded brings a list up to the next power of two by repeating its last element, so that there are few texts of a statement.
func padded[T any](all []T) []T {
	n := 1
	for n < len(all) {
		n *= 2
	}
	out := slices.Clone(all)
	for len(out) < n {
		out = append(out, all[len(all)-1])
	}
	return out
}

// mostAtOnce keeps statements below what the databases take as parameters.
const mostAtOnce = 256

// row is a counter as it is stored.
type row struct {
	counted
	Counter
}

func scanRow(r db.Row) (c row, err error) {
	var ring []byte
	if err := r.Scan(&c.subject, &c.channel, &c.Minute, &ring, &c.Day, &c.DayUsed, &c.Month, &c.MonthUsed); err != nil {
		return c, err
	}
	if len(ring) != 8*ringSize {
		return c, fmt.Errorf("the ring of %s has %d bytes", c.subject, len(ring))
	}
	for i := range c.Ring {
		c.Ring[i] = int64(binary.BigEndian.Uint64(ring[8*i:])) //nolint:gosec // it was written from an int64
	}
	return c, nil
}

func (c *Counter) bytes() []byte {
	out := make([]byte, 0, 8*ringSize)
	for _, n := range c.Ring {
		out = binary.BigEndian.AppendUint64(out, uint64(n)) //nolint:gosec // read back as int64
	}
	return out
}

const rowColumns = `subject, channel, minute, ring, day, day_used, month, month_used`

// lockRows reads counters and keeps others from changing them. keys are in order and each there once. One that is not stored yet is
// made when it is written: nobody else can make it, for whoever writes counters holds the log.
func lockRows(ctx context.Context, tx *db.Tx, keys []counted) (map[counted]*row, error) {
	out := make(map[counted]*row, len(keys))
	for part := range slices.Chunk(keys, mostAtOnce) {
		var args []any
		asked := padded(part)
		for _, k := range asked {
			args = append(args, k.subject, k.channel)
		}
		rows, err := db.All(ctx, tx, scanRow, `SELECT `+rowColumns+` FROM quota_ledger WHERE (subject, channel) IN (VALUES `+db.Values(len(asked), 2)+`) ORDER BY subject, channel `+db.Lock(tx.Dialect()), args...)
		if err != nil {
			return nil, fmt.Errorf("lock counters: %w", err)
		}
		for i := range rows {
			out[rows[i].counted] = &rows[i]
		}
	}
	for _, k := range keys {
		if out[k] == nil {
			out[k] = &row{counted: k}
		}
	}
	return out, nil
}

// storeRows writes counters back that lockRows has locked.
func storeRows(ctx context.Context, tx *db.Tx, rows map[counted]*row) error {
	all := make([]row, 0, len(rows))
	for _, r := range rows {
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b row) int { return a.compare(b.counted) })
	for part := range slices.Chunk(all, mostAtOnce) {
		var args []any
		for _, r := range part {
			args = append(args, r.subject, r.channel, r.Minute, r.bytes(), r.Day, r.DayUsed, r.Month, r.MonthUsed)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO quota_ledger (`+rowColumns+`) VALUES `+db.Values(len(part), 8)+`
			ON CONFLICT (subject, channel) DO UPDATE SET minute = excluded.minute, ring = excluded.ring, day = excluded.day, day_used = excluded.day_used, month = excluded.month, month_used = excluded.month_used`, args...); err != nil {
			return fmt.Errorf("store counters: %w", err)
		}
	}
	return nil
}

// leaseRow is a lease as it is stored.
type leaseRow struct {
	counted
	Charge
	id          ids.Lease
	size, spent int64
	until       int64
}

func scanLease(r db.Row) (l leaseRow, err error) {
	return l, r.Scan(&l.id, &l.subject, &l.channel, &l.Minute, &l.Day, &l.Month, &l.size, &l.spent, &l.until)
}

const leaseColumns = `id, subject, channel, minute, day, month, size, spent, until`

// lockLeases reads leases and keeps others from changing or ending them. all are in order.
func lockLeases(ctx context.Context, tx *db.Tx, all []ids.Lease) (map[ids.Lease]leaseRow, error) {
	out := make(map[ids.Lease]leaseRow, len(all))
	for part := range slices.Chunk(all, mostAtOnce) {
		asked := padded(part)
		rows, err := db.All(ctx, tx, scanLease, `SELECT `+leaseColumns+` FROM quota_leases WHERE id IN `+db.In(len(asked))+` ORDER BY id `+db.Lock(tx.Dialect()), db.Args(asked...)...)
		if err != nil {
			return nil, fmt.Errorf("lock leases: %w", err)
		}
		for _, l := range rows {
			out[l.id] = l
		}
	}
	return out, nil
}

// endedLeases reads leases that nobody can spend from any more, and passes over those that another node is at.
func endedLeases(ctx context.Context, tx *db.Tx, now int64, limit int) ([]leaseRow, error) {
	return db.All(ctx, tx, scanLease, `SELECT `+leaseColumns+` FROM quota_leases WHERE until <= ? ORDER BY until, id LIMIT ? `+db.SkipLocked(tx.Dialect()), now, limit)
}

func insertLeases(ctx context.Context, tx *db.Tx, all []leaseRow) error {
	for part := range slices.Chunk(all, mostAtOnce) {
		var args []any
		for _, l := range part {
			args = append(args, l.id, l.subject, l.channel, l.Minute, l.Day, l.Month, l.size, l.spent, l.until)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO quota_leases (`+leaseColumns+`) VALUES `+db.Values(len(part), 9), args...); err != nil {
			return fmt.Errorf("store leases: %w", err)
		}
	}
	return nil
}

// storeLeases writes the size and spending of leases that lockLeases has locked.
func storeLeases(ctx context.Context, tx *db.Tx, all []leaseRow) error {
	for part := range slices.Chunk(all, mostAtOnce) {
		var args []any
		for _, l := range padded(part) {
			args = append(args, l.id, l.size, l.spent)
		}
		values := strings.Repeat("(CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT)), ", len(args)/3)
		if _, err := tx.Exec(ctx, `UPDATE quota_leases SET size = v.column2, spent = v.column3 FROM (VALUES `+strings.TrimSuffix(values, ", ")+`) AS v WHERE quota_leases.id = v.column1`, args...); err != nil {
			return fmt.Errorf("spend from leases: %w", err)
		}
	}
	return nil
}

// foldLeases adds what was spent to leases, as far as they are still there.
func foldLeases(ctx context.Context, tx *db.Tx, spent map[ids.Lease]int64) error {
	return changeLeases(ctx, tx, `spent = spent + v.column2`, spent)
}

// shrinkLeases makes leases smaller.
func shrinkLeases(ctx context.Context, tx *db.Tx, by map[ids.Lease]int64) error {
	return changeLeases(ctx, tx, `size = size - v.column2`, by)
}

func changeLeases(ctx context.Context, tx *db.Tx, how string, by map[ids.Lease]int64) error {
	for part := range slices.Chunk(slices.Sorted(maps.Keys(by)), mostAtOnce) {
		var args []any
		for _, id := range part {
			args = append(args, id, by[id])
		}
		for n := len(padded(part)); len(args) < 2*n; { // few texts of the statement, and nothing added twice
			args = append(args, "", 0)
		}
		values := strings.Repeat("(CAST(? AS TEXT), CAST(? AS BIGINT)), ", len(args)/2)
		if _, err := tx.Exec(ctx, `UPDATE quota_leases SET `+how+` FROM (VALUES `+strings.TrimSuffix(values, ", ")+`) AS v WHERE quota_leases.id = v.column1`, args...); err != nil {
			return fmt.Errorf("change leases: %w", err)
		}
	}
	return nil
}

// endLeases has leases end now; what is left in them returns with the next reaping.
func endLeases(ctx context.Context, tx *db.Tx, all []ids.Lease) error {
	for part := range slices.Chunk(all, mostAtOnce) {
		asked := padded(part)
		if _, err := tx.Exec(ctx, `UPDATE quota_leases SET until = 0 WHERE id IN `+db.In(len(asked)), db.Args(asked...)...); err != nil {
			return fmt.Errorf("give leases back: %w", err)
		}
	}
	return nil
}

func deleteLeases(ctx context.Context, tx *db.Tx, all []ids.Lease) error {
	for part := range slices.Chunk(all, mostAtOnce) {
		asked := padded(part)
		if _, err := tx.Exec(ctx, `DELETE FROM quota_leases WHERE id IN `+db.In(len(asked)), db.Args(asked...)...); err != nil {
			return fmt.Errorf("end leases: %w", err)
		}
	}
	return nil
}

// hourly is a row of the journal. An hour in which a day ends has two.
type hourly struct {
	counted
	hour, day   int64
	units, over int64
}

// at is what is noted of units that were counted somewhere.
func (c Charge) at(k counted, units, over int64) hourly {
	return hourly{k, c.Minute / 60, c.Day, units, over}
}

// note adds to the journal. The counters of its subjects are locked.
func note(ctx context.Context, tx *db.Tx, all []hourly) error {
	type key struct {
		counted
		hour, day int64
	}
	sums := map[key]hourly{}
	for _, u := range all {
		k := key{u.counted, u.hour, u.day}
		s := sums[k]
		sums[k] = hourly{u.counted, u.hour, u.day, s.units + u.units, s.over + u.over}
	}
	rows := make([]hourly, 0, len(sums))
	for _, u := range sums {
		if u.units != 0 || u.over != 0 {
			rows = append(rows, u)
		}
	}
	slices.SortFunc(rows, func(a, b hourly) int {
		return cmp.Or(a.compare(b.counted), cmp.Compare(a.hour, b.hour), cmp.Compare(a.day, b.day))
	})
	for part := range slices.Chunk(rows, mostAtOnce) {
		var args []any
		for _, u := range part {
			args = append(args, u.subject, u.channel, u.hour, u.day, u.units, u.over)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO quota_usage (subject, channel, hour, day, units, over) VALUES `+db.Values(len(part), 6)+`
			ON CONFLICT (subject, channel, hour, day) DO UPDATE SET units = quota_usage.units + excluded.units, over = quota_usage.over + excluded.over`, args...); err != nil {
			return fmt.Errorf("note what was sent: %w", err)
		}
	}
	return nil
}
