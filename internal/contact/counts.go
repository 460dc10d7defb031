package contact

import (
	"context"
	"fmt"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// CheckCounts finds the accounts of which the kept number of contacts is not how many they have.
func CheckCounts(ctx context.Context, d *db.DB) ([]ids.Account, error) {
	wrong, err := miscounted(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("count the contacts of all accounts: %w", err)
	}
	return wrong, nil
}

// MendCounts counts the contacts of accounts anew.
func MendCounts(ctx context.Context, d *db.DB, wrong []ids.Account) error {
	for _, id := range wrong {
		if err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return recount(ctx, tx, id) }); err != nil {
			return fmt.Errorf("count the contacts of %s anew: %w", id, err)
		}
	}
	return nil
}
