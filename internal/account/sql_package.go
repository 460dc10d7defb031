package account

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
)

func putPackage(ctx context.Context, tx *db.Tx, sc authz.Scope, a Account) error {
	here, args := sc.Here("id")
	_, err := tx.Exec(ctx, `UPDATE accounts SET package_id = ?, version = version + 1, updated_at = ? WHERE id = ? AND `+here, append([]any{a.Package, tx.Ms(), a.ID}, args...)...)
	return err
}

// countBuyers counts the clients that have a package, below the scope's account or at it.
func countBuyers(ctx context.Context, q db.Queryer, sc authz.Scope, of ids.Package) (int64, error) {
	return db.One(ctx, q, db.Value[int64], `SELECT (SELECT count(*) FROM client_list c WHERE c.ancestor_id = ? AND c.closed = FALSE AND c.package_id = ?)
		+ (SELECT count(*) FROM client_list c WHERE c.ancestor_id = ? AND c.closed = TRUE AND c.package_id = ?)`, sc.Account(), of, sc.Account(), of)
}

// buyers lists open clients that have a package, below the scope's account or at it, by name.
func buyers(ctx context.Context, q db.Queryer, sc authz.Scope, of ids.Package, most int) ([]ids.Account, error) {
	return db.All(ctx, q, db.Value[ids.Account], `SELECT c.customer_id FROM client_list c WHERE c.ancestor_id = ? AND c.closed = FALSE AND c.package_id = ? ORDER BY c.name_fold, c.customer_id LIMIT ?`,
		sc.Account(), of, most)
}

// replacePackage gives all clients of a package below the scope's account another one, or those of them alone that are closed.
func replacePackage(ctx context.Context, tx *db.Tx, sc authz.Scope, from ids.Package, to plan.Package, closed bool) (int64, error) {
	only := ""
	if closed {
		only = "closed_at IS NOT NULL AND "
	}
	below, args := sc.Down("accounts.id")
	which := `package_id = ? AND ` + only + below
	args = append([]any{from}, args...)
	if _, err := tx.Exec(ctx, `UPDATE client_list SET package_id = ?, package_fold = ? WHERE customer_id IN (SELECT id FROM accounts WHERE `+which+`)`,
		append([]any{to.ID, ids.Fold(to.Name)}, args...)...); err != nil {
		return 0, err
	}
	return tx.Exec(ctx, `UPDATE accounts SET package_id = ?, version = version + 1, updated_at = ? WHERE `+which, append([]any{to.ID, tx.Ms()}, args...)...)
}

// packageNamed finds the package of a name that a client at or below an account could be given: the nearest one.
func packageNamed(ctx context.Context, q db.Queryer, _ authz.Scope, at ids.Account, name string) ([]plan.Package, error) {
	return db.All(ctx, q, func(r db.Row) (p plan.Package, err error) {
		err = r.Scan(&p.ID, &p.Name)
		return p, err
	}, `SELECT k.id, k.name FROM account_tree t JOIN packages k ON k.account_id = t.ancestor_id AND k.name_fold = ? AND k.retired_at IS NULL
		WHERE t.descendant_id = ? ORDER BY t.depth, k.id LIMIT 1`, ids.Fold(name), at)
}

// strandedPackages lists the packages that clients below have, and that are made neither below nor on the way to the new place.
func strandedPackages(ctx context.Context, q db.Queryer, sc, there authz.Scope) ([]StrandedPackage, error) {
	below, belowArgs := sc.Down("k.account_id")
	up, upArgs := there.Up("k.account_id")
	args := append(append([]any{sc.Account()}, belowArgs...), upArgs...)
	return db.All(ctx, q, func(r db.Row) (s StrandedPackage, err error) {
		var perms string
		if err := r.Scan(&s.Package, &s.Name, &perms, &s.Clients); err != nil {
			return s, err
		}
		if s.all = perms == ""; !s.all {
			s.modules, err = authz.DecodeSet(perms)
		}
		return s, err
	}, `SELECT k.id, k.name, k.perms, count(*) FROM account_tree t JOIN accounts a ON a.id = t.descendant_id AND a.package_id <> '' JOIN packages k ON k.id = a.package_id
		WHERE t.ancestor_id = ? AND NOT `+below+` AND NOT `+up+` GROUP BY k.id, k.name, k.perms, k.name_fold ORDER BY k.name_fold, k.id`, args...)
}
