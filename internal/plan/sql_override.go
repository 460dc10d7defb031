package plan

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// overrides reads the overrides of the scope's account that are in force at an instant.
func overrides(ctx context.Context, q db.Queryer, sc authz.Scope, now time.Time) (map[Term]stored, error) {
	here, args := sc.Here("o.account_id")
	rows, err := db.All(ctx, q, func(r db.Row) (s stored, err error) {
		err = r.Scan(&s.term, &s.amount, &s.lastDay)
		return s, err
	}, `SELECT o.term, o.amount, o.last_day FROM package_overrides o WHERE `+here+` AND (o.until = 0 OR o.until > ?)`, append(args, now.UnixMilli())...)
	if err != nil {
		return nil, fmt.Errorf("read the overrides of %s: %w", sc.Account(), err)
	}
	out := map[Term]stored{}
	for _, s := range rows {
		out[s.term] = s
	}
	return out, nil
}

func putOverride(ctx context.Context, tx *db.Tx, sc authz.Scope, o Override, until int64) error {
	here, args := sc.Here("account_id")
	if o.Reset {
		_, err := tx.Exec(ctx, `DELETE FROM package_overrides WHERE term = ? AND `+here, append([]any{o.Term}, args...)...)
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO package_overrides (account_id, term, amount, last_day, until) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (account_id, term) DO UPDATE SET amount = excluded.amount, last_day = excluded.last_day, until = excluded.until`,
		sc.Account(), o.Term, o.Amount, o.LastDay, until)
	return err
}

// has reads the package of the scope's account, nil without one.
func has(ctx context.Context, q db.Queryer, sc authz.Scope) (*Package, error) {
	here, args := sc.Here("x.id")
	all, err := find(ctx, q, sc, `k.id IN (SELECT x.package_id FROM accounts x WHERE `+here+`)`, args...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// ended finds customers with overrides that are over, by id, so that a job can be minted at each.
func ended(ctx context.Context, q db.Queryer, now time.Time, after ids.Account) ([]ids.Account, error) {
	return db.All(ctx, q, db.Value[ids.Account], `SELECT DISTINCT o.account_id FROM package_overrides o WHERE o.until > 0 AND o.until <= ? AND o.account_id > ? ORDER BY o.account_id LIMIT ?`,
		now.UnixMilli(), after, endAtOnce)
}

// InsteadOf reads what some clients at the scope's account and below have instead of the amounts of their packages.
func InsteadOf(ctx context.Context, q db.Queryer, sc authz.Scope, clients []ids.Account) (map[ids.Account][]Override, error) {
	out := map[ids.Account][]Override{}
	if len(clients) == 0 {
		return out, nil
	}
	down, args := sc.Down("o.account_id")
	_, err := db.All(ctx, q, func(r db.Row) (id ids.Account, err error) {
		var o Override
		err = r.Scan(&id, &o.Term, &o.Amount, &o.LastDay)
		out[id] = append(out[id], o)
		return id, err
	}, `SELECT o.account_id, o.term, o.amount, o.last_day FROM package_overrides o WHERE o.account_id IN `+db.In(len(clients))+` AND `+down+` ORDER BY o.account_id, o.term`, append(db.Args(clients...), args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the overrides of clients: %w", err)
	}
	return out, nil
}
