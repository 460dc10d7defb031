package usage

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
)

// sentIn are subjects that sent something in an hour, each once, in order.
func sentIn(ctx context.Context, q db.Queryer, hour int64, after string, limit int) ([]string, error) {
	return db.All(ctx, q, db.Value[string], `SELECT DISTINCT u.subject FROM quota_usage u WHERE u.hour = ? AND u.subject > ? ORDER BY u.subject LIMIT ?`, hour, after, limit)
}

// leased are subjects of leases that run, whose units are not noted yet.
func leased(ctx context.Context, q db.Queryer, after string, limit int) ([]string, error) {
	return db.All(ctx, q, db.Value[string], `SELECT DISTINCT l.subject FROM quota_leases l WHERE l.subject > ? ORDER BY l.subject LIMIT ?`, after, limit)
}

// overdue are clients whose share is of a month that is over. They leave the list once they are looked at.
func overdue(ctx context.Context, q db.Queryer, now int64, after string, limit int) ([]string, error) {
	return db.All(ctx, q, db.Value[string], `SELECT g.subject FROM quota_gauges g WHERE g.ends <= ? AND g.subject > ? ORDER BY g.subject LIMIT ?`, now, after, limit)
}

// alertsOf are the alerts that were told of subjects.
func alertsOf(ctx context.Context, q db.Queryer, subjects []string) (map[alert]bool, error) {
	out := map[alert]bool{}
	_, err := db.All(ctx, q, func(r db.Row) (a alert, err error) {
		err = r.Scan(&a.subject, &a.channel, &a.period, &a.began, &a.percent)
		out[a] = true
		return a, err
	}, `SELECT subject, channel, period, began, percent FROM quota_alerts WHERE subject IN `+db.In(len(subjects)), db.Args(subjects...)...)
	return out, err
}

// markTold keeps an alert, and reports whether it was not told before.
func markTold(ctx context.Context, tx *db.Tx, a alert) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO quota_alerts (subject, channel, period, began, percent, told_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		a.subject, a.channel, a.period, a.began, a.percent, tx.Ms())
	return n == 1, err
}

// toldSince reports whether people were told of an earlier period of an alert, or of more, since an instant.
func toldSince(ctx context.Context, q db.Queryer, a alert, since int64) (bool, error) {
	return db.Exists(ctx, q, `SELECT 1 FROM quota_alerts WHERE subject = ? AND channel = ? AND period = ? AND began < ? AND percent >= ? AND told_at >= ?`,
		a.subject, a.channel, a.period, a.began, a.percent, since)
}

func forgetAlerts(ctx context.Context, tx *db.Tx, before int64) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM quota_alerts WHERE (subject, channel, period, began, percent) IN (SELECT a.subject, a.channel, a.period, a.began, a.percent FROM quota_alerts a
		WHERE a.told_at < ? ORDER BY a.told_at LIMIT ?)`, before, forgetChunk)
}

// readers are whom a mail about a gauge goes to: the person whose limit it is, or the Owners of the account and, of an account, the
// Owners and Admins of the one above.
func readers(ctx context.Context, q db.Queryer, g quota.Gauge) ([]reader, error) {
	cond, args := `(m.account_id = ? AND m.role = 'owner' OR m.account_id = ? AND m.role IN ('owner', 'admin'))`, []any{g.Account, g.Parent}
	if g.Kind == quota.Member {
		cond, args = `m.id = ?`, []any{g.Subject}
	}
	return db.All(ctx, q, func(r db.Row) (p reader, err error) {
		var own int64
		p.at = g.Parent
		if err := r.Scan(&p.email, &p.name, &p.language, &own); err != nil {
			return p, err
		}
		if own > 0 {
			p.at = g.Account
		}
		return p, nil
	}, `SELECT i.email, i.name, i.language, MAX(CASE WHEN m.account_id = ? THEN 1 ELSE 0 END) FROM memberships m JOIN identities i ON i.id = m.user_id
		WHERE m.deactivated_at IS NULL AND `+cond+` GROUP BY i.id, i.email, i.name, i.language ORDER BY i.id LIMIT 100`, append([]any{g.Account}, args...)...)
}

// sharesOf are the shares that are kept of clients.
func sharesOf(ctx context.Context, q db.Queryer, of map[ids.Account]share) (map[ids.Account]share, error) {
	out := map[ids.Account]share{}
	asked := slices.Sorted(maps.Keys(of))
	_, err := db.All(ctx, q, func(r db.Row) (id ids.Account, err error) {
		var s share
		err = r.Scan(&id, &s.percent, &s.ends)
		out[id] = s
		return id, err
	}, `SELECT subject, share, ends FROM quota_gauges WHERE subject IN `+db.In(len(asked)), db.Args(asked...)...)
	return out, err
}

// setShares keeps shares, and writes them into the lists that the clients stand in.
func setShares(ctx context.Context, tx *db.Tx, all map[ids.Account]share) error {
	for _, id := range slices.Sorted(maps.Keys(all)) {
		s := all[id]
		if _, err := tx.Exec(ctx, `INSERT INTO quota_gauges (subject, share, ends) VALUES (?, ?, ?) ON CONFLICT (subject) DO UPDATE SET share = excluded.share, ends = excluded.ends`, id, s.percent, s.ends); err != nil {
			return fmt.Errorf("keep the share of %s: %w", id, err)
		}
		if _, err := tx.Exec(ctx, `UPDATE client_list SET use_share = ? WHERE customer_id = ? AND use_share <> ?`, s.percent, id, s.percent); err != nil {
			return fmt.Errorf("list the share of %s: %w", id, err)
		}
	}
	return nil
}
