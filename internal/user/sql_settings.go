package user

import (
	"context"
	"encoding/json"
	"fmt"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/setting"
)

func membershipOf(ctx context.Context, q db.Queryer, sc authz.Scope, who ids.User) (ids.Membership, error) {
	here, args := sc.Here("account_id")
	found, err := db.All(ctx, q, db.Value[ids.Membership], `SELECT id FROM memberships WHERE user_id = ? AND deactivated_at IS NULL AND `+here, append([]any{who}, args...)...)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

// Chosen is the value of a setting that the person with an address has in an account, nil for none.
func Chosen(ctx context.Context, q db.Queryer, on ids.Account, email string, k setting.Any) (json.RawMessage, error) {
	found, err := db.All(ctx, q, db.Value[string], `SELECT s.value FROM identities i JOIN memberships m ON m.user_id = i.id AND m.account_id = ?
		JOIN member_settings s ON s.membership_id = m.id AND s.name = ? WHERE i.email_fold = ?`, on, k.ID(), ids.Fold(email))
	if err != nil {
		return nil, fmt.Errorf("read %s of a person: %w", k.ID(), err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return json.RawMessage(found[0]), nil
}
