package brand

import (
	"context"

	"bailiwick/internal/db"
)

func platformName(ctx context.Context, q db.Queryer) (string, error) {
	return db.One(ctx, q, db.Value[string], `SELECT name FROM accounts WHERE kind = 'platform'`)
}
