package access

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// usable reports of a sub-account of the scope's account or below that the actor may use whether it is suspended; of others it is ErrNoRows.
func usable(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.SubAccount) (suspended bool, err error) {
	down, args := sc.Down("s.account_id")
	mine, more := sc.Sub("s.id")
	return db.One(ctx, q, db.Value[bool], "SELECT s.suspended FROM subaccounts s WHERE s.id = ? AND "+down+" AND "+mine, append(append([]any{id}, args...), more...)...)
}

// belongsTo lists the accounts from the scope's own upwards, as far as they are in sight, that a person belongs to.
func belongsTo(ctx context.Context, q db.Queryer, sc authz.Scope, who ids.User) ([]ids.Account, error) {
	seen := sc.InSight()
	return db.All(ctx, q, db.Value[ids.Account],
		"SELECT account_id FROM memberships WHERE user_id = ? AND deactivated_at IS NULL AND account_id IN "+db.In(len(seen)), append([]any{who}, db.Args(seen...)...)...)
}
