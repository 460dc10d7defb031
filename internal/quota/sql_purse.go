package quota

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// creditRow is a credit of a counter with what was drawn of it in a month, 0 for nothing yet.
type creditRow struct {
	counted
	Credit
	month, drawn int64
}

// creditsOf reads the credits of some counters that have not ended before an instant, those of each counter in the order in which
// they are drawn on: one that was drawn on in several months has a row for each.
func creditsOf(ctx context.Context, q db.Queryer, keys []counted, since int64, lock string) (out []creditRow, err error) {
	if lock != "" {
		lock += " OF c"
	}
	for part := range slices.Chunk(keys, mostAtOnce) {
		var args []any
		asked := padded(part)
		for _, k := range asked {
			args = append(args, k.subject, k.channel)
		}
		some, err := db.All(ctx, q, func(r db.Row) (c creditRow, err error) {
			return c, r.Scan(&c.subject, &c.channel, &c.ID, &c.Units, &c.Expires, &c.Void, &c.month, &c.drawn)
		}, `SELECT c.account_id, c.channel, c.id, c.units, c.expires_at, c.voided_at IS NOT NULL, COALESCE(d.month, 0), COALESCE(d.units, 0)
			FROM quota_credits c LEFT JOIN quota_drawn d ON d.credit_id = c.id WHERE (c.account_id, c.channel) IN (VALUES `+db.Values(len(asked), 2)+`) AND c.expires_at > ?
			ORDER BY c.account_id, c.channel, c.expires_at, c.id `+lock, append(args, since)...)
		if err != nil {
			return nil, fmt.Errorf("read credits: %w", err)
		}
		out = append(out, some...)
	}
	return out, nil
}

// inMonth is how much of a credit was drawn in a month.
type inMonth struct {
	credit       ids.Credit
	month, units int64
}

// drawnIn reads what was drawn of credits in some minutes.
func drawnIn(ctx context.Context, q db.Queryer, keys []minuteOf) (map[minuteOf][]drawing, error) {
	out := map[minuteOf][]drawing{}
	for part := range slices.Chunk(keys, mostAtOnce) {
		var args []any
		asked := padded(part)
		for _, k := range asked {
			args = append(args, k.subject, k.channel, k.minute)
		}
		some, err := db.All(ctx, q, func(r db.Row) (d drawing, err error) {
			return d, r.Scan(&d.subject, &d.channel, &d.minute, &d.month, &d.credit.ID, &d.units, &d.credit.Expires, &d.credit.Void)
		}, `SELECT d.subject, d.channel, d.minute, d.month, d.credit_id, d.units, c.expires_at, c.voided_at IS NOT NULL FROM quota_drawn_minutes d JOIN quota_credits c ON c.id = d.credit_id
			WHERE (d.subject, d.channel, d.minute) IN (VALUES `+strings.TrimSuffix(strings.Repeat("(?, ?, CAST(? AS BIGINT)), ", len(asked)), ", ")+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("read what was drawn of credits: %w", err)
		}
		for _, d := range some {
			k := minuteOf{d.counted, d.minute}
			out[k] = append(out[k], d)
		}
	}
	return out, nil
}

// summed adds drawings up by credit and month, and by minute.
func summed(all []drawing) (byMonth []inMonth, byMinute []drawing) {
	months, minutes := map[inMonth]int64{}, map[drawing]int64{}
	for _, d := range all {
		months[inMonth{credit: d.credit.ID, month: d.month}] += d.units
		minutes[drawing{counted: d.counted, minute: d.minute, month: d.month, credit: Credit{ID: d.credit.ID}}] += d.units
	}
	for m, units := range months {
		m.units = units
		byMonth = append(byMonth, m)
	}
	for d, units := range minutes {
		d.units = units
		byMinute = append(byMinute, d)
	}
	slices.SortFunc(byMonth, func(a, b inMonth) int { return cmp.Or(cmp.Compare(a.credit, b.credit), cmp.Compare(a.month, b.month)) })
	slices.SortFunc(byMinute, func(a, b drawing) int {
		return cmp.Or(a.compare(b.counted), cmp.Compare(a.minute, b.minute), cmp.Compare(a.month, b.month), cmp.Compare(a.credit.ID, b.credit.ID))
	})
	return byMonth, byMinute
}

// addDrawings notes what was drawn of credits.
func addDrawings(ctx context.Context, tx *db.Tx, all []drawing) error {
	byMonth, byMinute := summed(all)
	for part := range slices.Chunk(byMonth, mostAtOnce) {
		var args []any
		for _, m := range part {
			args = append(args, m.credit, m.month, m.units)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO quota_drawn (credit_id, month, units) VALUES `+db.Values(len(part), 3)+`
			ON CONFLICT (credit_id, month) DO UPDATE SET units = quota_drawn.units + excluded.units`, args...); err != nil {
			return fmt.Errorf("draw on credits: %w", err)
		}
	}
	for part := range slices.Chunk(byMinute, mostAtOnce) {
		var args []any
		for _, d := range part {
			args = append(args, d.subject, d.channel, d.minute, d.month, d.credit.ID, d.units)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO quota_drawn_minutes (subject, channel, minute, month, credit_id, units) VALUES `+db.Values(len(part), 6)+`
			ON CONFLICT (subject, channel, minute, month, credit_id) DO UPDATE SET units = quota_drawn_minutes.units + excluded.units`, args...); err != nil {
			return fmt.Errorf("draw on credits: %w", err)
		}
	}
	return nil
}

// returnDrawn notes what comes back to credits.
func returnDrawn(ctx context.Context, tx *db.Tx, all []drawing) error {
	byMonth, byMinute := summed(all)
	for part := range slices.Chunk(byMonth, mostAtOnce) {
		var args []any
		for _, m := range part {
			args = append(args, m.credit, m.month, m.units)
		}
		values := strings.Repeat("(CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT)), ", len(part))
		if _, err := tx.Exec(ctx, `UPDATE quota_drawn SET units = units - v.column3 FROM (VALUES `+strings.TrimSuffix(values, ", ")+`) AS v
			WHERE quota_drawn.credit_id = v.column1 AND quota_drawn.month = v.column2`, args...); err != nil {
			return fmt.Errorf("give back to credits: %w", err)
		}
	}
	for part := range slices.Chunk(byMinute, mostAtOnce) {
		var args []any
		for _, d := range part {
			args = append(args, d.subject, d.channel, d.minute, d.month, d.credit.ID, d.units)
		}
		values := strings.Repeat("(CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT)), ", len(part))
		if _, err := tx.Exec(ctx, `UPDATE quota_drawn_minutes SET units = units - v.column6 FROM (VALUES `+strings.TrimSuffix(values, ", ")+`) AS v
			WHERE quota_drawn_minutes.subject = v.column1 AND quota_drawn_minutes.channel = v.column2 AND quota_drawn_minutes.minute = v.column3
			  AND quota_drawn_minutes.month = v.column4 AND quota_drawn_minutes.credit_id = v.column5`, args...); err != nil {
			return fmt.Errorf("give back to credits: %w", err)
		}
	}
	return nil
}

// forgetMinutes deletes some of the minutes before one, and says how many.
func forgetMinutes(ctx context.Context, tx *db.Tx, before int64, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM quota_drawn_minutes WHERE (subject, channel, minute, month, credit_id) IN
		(SELECT subject, channel, minute, month, credit_id FROM quota_drawn_minutes WHERE minute < ? ORDER BY minute LIMIT ?)`, before, limit)
}
