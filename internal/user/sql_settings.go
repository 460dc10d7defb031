package user

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

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

// Choices are what a person has chosen: their own time zone, "" for none, and their own values of settings in an account, by name.
type Choices struct {
	TimeZone string
	Values   map[string]json.RawMessage
}

// Chosen is what the person with an address has chosen, of some settings in an account. Nobody has chosen nothing.
func Chosen(ctx context.Context, q db.Queryer, on ids.Account, email string, keys ...setting.Any) (Choices, error) {
	out, names := Choices{Values: map[string]json.RawMessage{}}, make([]any, len(keys))
	for i, k := range keys {
		names[i] = k.ID()
	}
	type value struct{ zone, name, value string }
	found, err := db.All(ctx, q, func(r db.Row) (v value, err error) {
		err = r.Scan(&v.zone, &v.name, &v.value)
		return v, err
	}, `SELECT i.time_zone, COALESCE(s.name, ''), COALESCE(s.value, '') FROM identities i LEFT JOIN memberships m ON m.user_id = i.id AND m.account_id = ?
		LEFT JOIN member_settings s ON s.membership_id = m.id AND s.name IN `+db.In(len(names))+` WHERE i.email_fold = ?`, slices.Concat([]any{on}, names, []any{ids.Fold(email)})...)
	if err != nil {
		return out, fmt.Errorf("read what a person has chosen: %w", err)
	}
	for _, v := range found {
		if out.TimeZone = v.zone; v.name != "" {
			out.Values[v.name] = json.RawMessage(v.value)
		}
	}
	return out, nil
}
