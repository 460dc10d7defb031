package subaccount

import (
	"context"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

const columns = "s.id, s.customer_id, s.account_id, a.name, s.name, s.purpose, s.suspended, s.version, s.created_at FROM subaccounts s JOIN accounts a ON a.id = s.account_id"

func scan(r db.Row) (s SubAccount, err error) {
	var created int64
	err = r.Scan(&s.ID, &s.Customer, &s.Account, &s.AccountName, &s.Name, &s.Purpose, &s.Suspended, &s.Version, &created)
	s.CreatedAt = time.UnixMilli(created).UTC()
	return s, err
}

// list starts from the accounts below, of which a customer has few.
func list(ctx context.Context, q db.Queryer, sc authz.Scope, in Query, limit int) ([]SubAccount, error) {
	query, args := listQuery(sc, in, limit)
	return db.All(ctx, q, scan, query, args...)
}

func listQuery(sc authz.Scope, in Query, limit int) (query string, args []any) {
	own, args := sc.Sub("s.id")
	where := "b.ancestor_id = ? AND " + own
	args = append([]any{sc.Account()}, args...)
	if in.AfterID != "" {
		where += " AND (s.name, s.id) > (?, ?)"
		args = append(args, in.After, in.AfterID)
	}
	if f := ids.Fold(in.Search); f != "" {
		where += ` AND s.name LIKE ? ESCAPE '\'`
		args = append(args, "%"+db.EscapeLike(f)+"%")
	}
	return "SELECT " + columns + " JOIN account_tree b ON b.descendant_id = s.account_id WHERE " + where + " ORDER BY s.name, s.id LIMIT ?", append(args, limit)
}

func count(ctx context.Context, q db.Queryer, sc authz.Scope) (int, error) {
	own, args := sc.Sub("s.id")
	return db.One(ctx, q, db.Value[int], "SELECT count(*) FROM (SELECT 1 FROM subaccounts s JOIN account_tree b ON b.descendant_id = s.account_id WHERE b.ancestor_id = ? AND "+own+" LIMIT 10001) x",
		append([]any{sc.Account()}, args...)...)
}

func get(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.SubAccount) (SubAccount, error) {
	down, args := sc.Down("s.account_id")
	own, more := sc.Sub("s.id")
	return db.One(ctx, q, scan, "SELECT "+columns+" WHERE s.id = ? AND "+down+" AND "+own, slices.Concat([]any{id}, args, more)...)
}

// customerOf finds the customer that the scope's account is, or is a department of.
func customerOf(ctx context.Context, q db.Queryer, sc authz.Scope) (ids.Account, error) {
	up, args := sc.Up("a.id")
	return db.One(ctx, q, db.Value[ids.Account], "SELECT a.id FROM accounts a WHERE a.kind = 'customer' AND "+up, args...)
}

// ownedBySame reports whether an account is at or below the scope's and of the same customer.
func ownedBySame(ctx context.Context, q db.Queryer, sc authz.Scope, s SubAccount, to ids.Account) (bool, error) {
	down, args := sc.Down("a.id")
	return db.Exists(ctx, q, "SELECT 1 FROM accounts a JOIN account_tree c ON c.descendant_id = a.id AND c.ancestor_id = ? WHERE a.id = ? AND a.closed_at IS NULL AND "+down,
		append([]any{s.Customer, to}, args...)...)
}

func nameTaken(ctx context.Context, q db.Queryer, _ authz.Scope, s SubAccount) (bool, error) {
	return db.Exists(ctx, q, "SELECT 1 FROM subaccounts WHERE customer_id = ? AND name = ? AND id <> ?", s.Customer, s.Name, s.ID)
}

func insert(ctx context.Context, tx *db.Tx, sc authz.Scope, s SubAccount) error {
	_, err := tx.Exec(ctx, "INSERT INTO subaccounts (id, customer_id, account_id, name, purpose, suspended, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, FALSE, 1, ?, ?)",
		s.ID, s.Customer, sc.Account(), s.Name, s.Purpose, tx.Ms(), tx.Ms())
	return err
}

func update(ctx context.Context, tx *db.Tx, sc authz.Scope, s SubAccount) error {
	down, args := sc.Down("subaccounts.account_id")
	_, err := tx.Exec(ctx, "UPDATE subaccounts SET account_id = ?, name = ?, purpose = ?, suspended = ?, version = version + 1, updated_at = ? WHERE id = ? AND "+down,
		append([]any{s.Account, s.Name, s.Purpose, s.Suspended, tx.Ms(), s.ID}, args...)...)
	return err
}

func remove(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.SubAccount) error {
	down, args := sc.Down("subaccounts.account_id")
	_, err := tx.Exec(ctx, "DELETE FROM subaccounts WHERE id = ? AND "+down, append([]any{id}, args...)...)
	return err
}
