package quota

import (
	"context"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
)

// overridesBelow reads the overrides in force of clients, without what their packages say.
func overridesBelow(ctx context.Context, q db.Queryer, sc authz.Scope, now time.Time, most int) ([]Overridden, error) {
	query, args := overridesQuery(sc, now, most)
	return db.All(ctx, q, func(r db.Row) (o Overridden, err error) {
		var period string
		var ends int64
		if err := r.Scan(&o.Account, &o.Name, &o.bought, &o.Channel, &period, &o.Limit.Source, &o.Limit.Amount, &o.Limit.Action, &o.Limit.Cap, &o.Limit.Paced, &ends); err != nil {
			return o, err
		}
		if ends != 0 {
			o.ends = time.UnixMilli(ends).UTC()
		}
		o.Window, _ = ParseWindow(period) // the table holds no other
		return o, nil
	}, query, args...)
}

func overridesQuery(sc authz.Scope, now time.Time, most int) (string, []any) {
	down, args := sc.Down("a.id")
	return `SELECT a.id, a.name, a.package_id, l.channel, l.period, l.source, l.amount, l.action, l.cap, l.paced, COALESCE(l.ends_at, 0)
		FROM quota_limits l JOIN accounts a ON a.id = l.subject
		WHERE l.source = 'override' AND a.kind = 'customer' AND a.closed_at IS NULL AND (l.ends_at IS NULL OR l.ends_at > ?) AND ` + down + `
		ORDER BY l.updated_at DESC, l.subject, l.channel, l.period LIMIT ?`, append(append([]any{now.UnixMilli()}, args...), most)
}
