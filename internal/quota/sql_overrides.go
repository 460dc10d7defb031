package quota

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// overridesBelow reads the overrides in force of clients, without what their packages say.
func overridesBelow(ctx context.Context, q db.Queryer, sc authz.Scope, now time.Time, after []string, most int) ([]Overridden, error) {
	query, args, err := overridesQuery(sc, now, after, most)
	if err != nil {
		return nil, err
	}
	return db.All(ctx, q, func(r db.Row) (o Overridden, err error) {
		var period string
		var ends int64
		if err := r.Scan(&o.Account, &o.Name, &o.bought, &o.Channel, &period, &o.Limit.Source, &o.Limit.Amount, &o.Limit.Action, &o.Limit.Cap, &o.Limit.Paced, &ends, &o.changed); err != nil {
			return o, err
		}
		if ends != 0 {
			o.ends = time.UnixMilli(ends).UTC()
		}
		o.Window, _ = ParseWindow(period) // the table holds no other
		return o, nil
	}, query, args...)
}

func overridesQuery(sc authz.Scope, now time.Time, after []string, most int) (string, []any, error) {
	down, below := sc.Down("a.id")
	args, beyond := append([]any{now.UnixMilli()}, below...), ""
	if len(after) == OverridesKeyed {
		changed, err := strconv.ParseInt(after[0], 10, 64)
		if err != nil {
			return "", nil, fmt.Errorf("read the key of an override: %w", err)
		}
		beyond = ` AND (l.updated_at < ? OR l.updated_at = ? AND (l.subject, l.channel, l.period) > (?, ?, ?))`
		args = append(args, changed, changed, after[1], after[2], after[3])
	}
	return `SELECT a.id, a.name, a.package_id, l.channel, l.period, l.source, l.amount, l.action, l.cap, l.paced, COALESCE(l.ends_at, 0), l.updated_at
		FROM quota_limits l JOIN accounts a ON a.id = l.subject
		WHERE l.source = 'override' AND a.kind = 'customer' AND a.closed_at IS NULL AND (l.ends_at IS NULL OR l.ends_at > ?) AND ` + down + beyond + `
		ORDER BY l.updated_at DESC, l.subject, l.channel, l.period LIMIT ?`, append(args, most), nil
}

// InsteadOf reads what some clients at the scope's account and below have set instead of the limits of their packages.
func InsteadOf(ctx context.Context, q db.Queryer, sc authz.Scope, clients []ids.Account) (map[ids.Account][]Edit, error) {
	out := map[ids.Account][]Edit{}
	for part := range slices.Chunk(clients, mostAtOnce) {
		down, args := sc.Down("subject")
		asked := padded(part)
		rows, err := db.All(ctx, q, scanLimit, `SELECT subject, channel, period, source, amount, action, cap, paced, COALESCE(ends_at, 0) FROM quota_limits
			WHERE source = 'override' AND subject IN `+db.In(len(asked))+` AND `+down+` ORDER BY subject, channel, period`, append(db.Args(asked...), args...)...)
		if err != nil {
			return nil, fmt.Errorf("read the limits of clients: %w", err)
		}
		for _, r := range rows {
			r.Source = ""
			out[ids.Account(r.subject)] = append(out[ids.Account(r.subject)], Edit{Channel: r.channel, Window: r.window, Limit: r.Limit, Ends: r.ends})
		}
	}
	return out, nil
}
