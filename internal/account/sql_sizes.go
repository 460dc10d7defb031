package account

import (
	"context"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
)

// sizes counts in one statement what the scope shows.
func sizes(ctx context.Context, q db.Queryer, sc authz.Scope, clients bool, out *Sizes) error {
	var counts []string
	var args, into []any
	add := func(n *int, from, where string, of ...any) {
		counts = append(counts, "(SELECT count(*) FROM (SELECT 1 FROM "+from+" WHERE "+where+" LIMIT ?) s)")
		args, into = append(append(args, of...), Most+1), append(into, n)
	}
	if clients {
		add(&out.Clients, "client_list c", "c.ancestor_id = ? AND c.closed = FALSE", sc.Account())
	}
	if sc.Has(authz.UsersView) {
		here, of := sc.Here("account_id")
		add(&out.People, "member_list", here+" AND active = TRUE", of...)
	}
	if sc.Has(authz.RolesView) {
		up, of := sc.Up("r.account_id")
		add(&out.Roles, "roles r", up, of...)
	}
	if len(counts) == 0 {
		return nil
	}
	_, err := db.One(ctx, q, func(r db.Row) (struct{}, error) { return struct{}{}, r.Scan(into...) }, "SELECT "+strings.Join(counts, ", "), args...)
	return err
}
