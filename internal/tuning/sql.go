package tuning

import (
	"context"
	"fmt"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// below counts the accounts below the scope's, and those of them with a value of their own.
func below(ctx context.Context, q db.Queryer, sc authz.Scope, name string) (b Below, err error) {
	b.Accounts, err = db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (
		SELECT 1 FROM account_tree t JOIN accounts a ON a.id = t.descendant_id
		WHERE t.ancestor_id = ? AND t.depth > 0 AND a.closed_at IS NULL LIMIT ?) AS counted`, sc.Account(), mostCounted+1)
	if err != nil {
		return b, fmt.Errorf("count the accounts below %s: %w", sc.Account(), err)
	}
	b.Own, err = own(ctx, q, sc, name, b.Accounts > mostCounted)
	if err != nil {
		return b, fmt.Errorf("count who set %s below %s: %w", name, sc.Account(), err)
	}
	return b, nil
}

// own counts values of a setting below the scope's account: from the tree where that is small, else from the values.
func own(ctx context.Context, q db.Queryer, sc authz.Scope, name string, many bool) (int, error) {
	if !many {
		return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM account_tree t JOIN settings s ON s.account_id = t.descendant_id
			WHERE t.ancestor_id = ? AND t.depth > 0 AND s.name = ?`, sc.Account(), name)
	}
	down, args := sc.Down("s.account_id")
	return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (
		SELECT 1 FROM settings s WHERE s.name = ? AND s.account_id <> ? AND `+down+` LIMIT ?) AS counted`,
		append(append([]any{name, sc.Account()}, args...), mostCounted+1)...)
}

// allBelow refuses accounts that are not below the scope's, as if there were none.
func allBelow(ctx context.Context, q db.Queryer, sc authz.Scope, to []ids.Account) error {
	n, err := db.One(ctx, q, db.Value[int], `SELECT count(*) FROM account_tree t WHERE t.ancestor_id = ? AND t.depth > 0 AND t.descendant_id IN `+db.In(len(to)),
		append([]any{sc.Account()}, db.Args(to...)...)...)
	if err != nil {
		return fmt.Errorf("look for the accounts below %s: %w", sc.Account(), err)
	}
	if n != len(to) {
		return errs.NoSuch("account")
	}
	return nil
}
