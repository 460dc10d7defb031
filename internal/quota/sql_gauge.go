package quota

import (
	"context"
	"fmt"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// gauged reads what subjects are, whatever kind they are of.
func gauged(ctx context.Context, q db.Queryer, subjects []string) ([]Gauge, error) {
	asked := padded(subjects)
	in, args := db.In(len(asked)), db.Args(asked...)
	all, err := db.All(ctx, q, func(r db.Row) (g Gauge, err error) {
		return g, r.Scan(&g.Subject, &g.Kind, &g.Name, &g.Account, &g.Parent, &g.Person, &g.shared)
	}, `SELECT a.id, a.kind, a.name, a.id, COALESCE(a.parent_id, ''), '', a.package_id FROM accounts a WHERE a.id IN `+in+`
		UNION ALL SELECT s.id, 'subaccount', s.name, s.account_id, '', '', '' FROM subaccounts s WHERE s.id IN `+in+`
		UNION ALL SELECT m.id, 'user', i.name, m.account_id, '', m.user_id, m.role FROM memberships m JOIN identities i ON i.id = m.user_id WHERE m.id IN `+in,
		append(append(args, args...), args...)...)
	if err != nil {
		return nil, fmt.Errorf("read what is counted: %w", err)
	}
	for i := range all {
		if _, err := ids.ParseRole(all[i].shared); err != nil && all[i].Kind == Member {
			all[i].shared = "" // a built-in role has no limits of its own
		}
	}
	return all, nil
}
