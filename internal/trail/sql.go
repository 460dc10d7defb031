package trail

import (
	"context"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// rootOf finds the platform, whose setting says how long events are kept; "" before the set-up.
func rootOf(ctx context.Context, q db.Queryer) (ids.Account, error) {
	found, err := db.All(ctx, q, db.Value[ids.Account], `SELECT id FROM accounts WHERE kind = 'platform'`)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}
