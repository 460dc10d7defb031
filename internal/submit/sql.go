package submit

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

func addressOf(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Membership) (string, error) {
	here, args := sc.Here("m.account_id")
	return db.One(ctx, q, db.Value[string], `SELECT i.email FROM memberships m JOIN identities i ON i.id = m.user_id WHERE m.id = ? AND `+here, append([]any{id}, args...)...)
}
