package account

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// chainHolds reads the holds of the account of sc and of everything above it, the own ones first.
func chainHolds(ctx context.Context, q db.Queryer, sc authz.Scope) ([]Hold, error) {
	return db.All(ctx, q, func(r db.Row) (h Hold, err error) {
		var at int64
		err = r.Scan(&h.ID, &h.On, &h.OnName, &h.Source, &h.SetFrom, &h.SetFromName, &h.Reason, &h.SetBy, &h.SetByName, &at)
		h.At = ms(at)
		return h, err
	}, `SELECT h.id, h.account_id, a.name, h.source, h.set_from, COALESCE(f.name, ''), h.reason, h.set_by, h.set_by_name, h.created_at
		FROM account_tree t JOIN holds h ON h.account_id = t.ancestor_id JOIN accounts a ON a.id = h.account_id LEFT JOIN accounts f ON f.id = h.set_from
		WHERE t.descendant_id = ? ORDER BY t.depth, h.created_at, h.id`, sc.Account())
}

func addHold(ctx context.Context, tx *db.Tx, sc authz.Scope, h Hold) (fresh bool, err error) {
	if sc.Account() != h.On {
		return false, noAccount()
	}
	n, err := tx.Exec(ctx, `INSERT INTO holds (id, account_id, source, set_from, reason, set_by, set_by_name, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		h.ID, h.On, h.Source, h.SetFrom, h.Reason, h.SetBy, h.SetByName, h.At.UnixMilli())
	return n == 1, err
}

func dropHold(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Hold) error {
	in, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `DELETE FROM holds WHERE id = ? AND `+in, append([]any{id}, args...)...)
	return err
}

// isOwner reports whether the actor is in person an active Owner of the account itself; a key never is.
func isOwner(ctx context.Context, q db.Queryer, sc authz.Scope, by authz.Actor) (bool, error) {
	if by.Kind() != authz.Person {
		return false, nil
	}
	return ownedBy(ctx, q, sc, by)
}

// ownedBy reports whether the actor, or the person whose key it is, is an Owner of the scope's account. Of a key it
// says nothing about its scopes.
func ownedBy(ctx context.Context, q db.Queryer, sc authz.Scope, by authz.Actor) (bool, error) {
	in, args := sc.Here("m.account_id")
	return db.Exists(ctx, q, `SELECT 1 FROM memberships m WHERE m.user_id = ? AND m.role = 'owner' AND m.deactivated_at IS NULL AND `+in, append([]any{by.User()}, args...)...)
}

func listHeld(ctx context.Context, tx *db.Tx, sc authz.Scope) error {
	in, args := sc.Here("customer_id")
	_, err := tx.Exec(ctx, `UPDATE client_list SET held = EXISTS (SELECT 1 FROM holds h WHERE h.account_id = client_list.customer_id) WHERE `+in, args...)
	return err
}
