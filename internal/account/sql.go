package account

import (
	"context"
	"errors"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

const columns = `a.id, COALESCE(a.parent_id, ''), a.kind, a.name, a.legal_name, a.email, a.phone, a.address, a.website, a.industry,
	a.membership_start, a.membership_end, COALESCE(a.closed_at, 0), COALESCE(a.closed_with, ''), a.version, a.created_at, a.updated_at,
	a.package_id, COALESCE((SELECT k.name FROM packages k WHERE k.id = a.package_id), '')`

func scanAccount(r db.Row) (a Account, err error) {
	var closed, created, updated int64
	err = r.Scan(&a.ID, &a.Parent, &a.Kind, &a.Name, &a.LegalName, &a.Email, &a.Phone, &a.Address, &a.Website, &a.Industry,
		&a.MembershipStart, &a.MembershipEnd, &closed, &a.ClosedWith, &a.Version, &created, &updated, &a.Package, &a.PackageName)
	a.CreatedAt, a.UpdatedAt = ms(created), ms(updated)
	if closed != 0 {
		a.ClosedAt = ms(closed)
	}
	return a, err
}

func ms(t int64) time.Time { return time.UnixMilli(t).UTC() }

func get(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Account) (Account, error) {
	in, args := sc.Down("a.id")
	a, err := db.One(ctx, q, scanAccount, `SELECT `+columns+` FROM accounts a WHERE a.id = ? AND `+in, append([]any{id}, args...)...)
	if errors.Is(err, db.ErrNoRows) {
		return a, noAccount()
	}
	return a, err
}

// chainOf reads the whole chain of the scope's account, the platform first. Callers show only what is in sight.
func chainOf(ctx context.Context, q db.Queryer, sc authz.Scope) ([]Crumb, error) {
	return db.All(ctx, q, func(r db.Row) (c Crumb, err error) {
		err = r.Scan(&c.ID, &c.Kind, &c.Name)
		return c, err
	}, `SELECT a.id, a.kind, a.name FROM account_tree t JOIN accounts a ON a.id = t.ancestor_id WHERE t.descendant_id = ? ORDER BY t.depth DESC`, sc.Account())
}

func insert(ctx context.Context, tx *db.Tx, sc authz.Scope, a Account) error {
	if err := insertRow(ctx, tx, sc, a); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO account_tree (ancestor_id, descendant_id, depth)
		SELECT t.ancestor_id, ?, t.depth + 1 FROM account_tree t WHERE t.descendant_id = ?
		UNION ALL SELECT a.id, a.id, 0 FROM accounts a WHERE a.id = ?`, a.ID, sc.Account(), a.ID)
	return err
}

func insertRow(ctx context.Context, tx *db.Tx, _ authz.Scope, a Account) error {
	var parent any
	if a.Parent != "" {
		parent = a.Parent
	}
	_, err := tx.Exec(ctx, `INSERT INTO accounts (id, parent_id, kind, name, name_fold, legal_name, email, email_fold, phone, address, website, industry,
		membership_start, membership_end, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.ID, parent, a.Kind, a.Name, ids.Fold(a.Name), a.LegalName, a.Email, ids.Fold(a.Email), a.Phone, a.Address, a.Website, a.Industry,
		a.MembershipStart, a.MembershipEnd, a.Version, a.CreatedAt.UnixMilli(), a.UpdatedAt.UnixMilli())
	return err
}

// insertRoot needs no scope: there is nothing yet to be in it.
func insertRoot(ctx context.Context, tx *db.Tx, a Account) error {
	if err := insertRow(ctx, tx, authz.Scope{}, a); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES (?, ?, 0)`, a.ID, a.ID)
	return err
}

func put(ctx context.Context, tx *db.Tx, sc authz.Scope, a Account) error {
	in, args := sc.Here("id")
	n, err := tx.Exec(ctx, `UPDATE accounts SET name = ?, name_fold = ?, legal_name = ?, email = ?, email_fold = ?, phone = ?, address = ?, website = ?, industry = ?,
		membership_start = ?, membership_end = ?, version = ?, updated_at = ? WHERE id = ? AND `+in,
		append([]any{a.Name, ids.Fold(a.Name), a.LegalName, a.Email, ids.Fold(a.Email), a.Phone, a.Address, a.Website, a.Industry,
			a.MembershipStart, a.MembershipEnd, a.Version, a.UpdatedAt.UnixMilli(), a.ID}, args...)...)
	if err == nil && n == 0 {
		err = noAccount()
	}
	return err
}

func nameTaken(ctx context.Context, q db.Queryer, _ authz.Scope, a Account) (bool, error) {
	return db.Exists(ctx, q, `SELECT 1 FROM accounts WHERE parent_id = ? AND kind = 'department' AND name_fold = ? AND id <> ?`, a.Parent, ids.Fold(a.Name), a.ID)
}

// sameName counts the other accounts of the name that the actor sees: clients anywhere in sight, resellers beside it.
func sameName(ctx context.Context, q db.Queryer, sc authz.Scope, a Account) (int, error) {
	switch a.Kind {
	case Customer:
		return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (SELECT 1 FROM client_list WHERE ancestor_id = ? AND closed = FALSE AND name_fold = ? AND customer_id <> ? LIMIT 100) s`,
			sc.InSight()[0], ids.Fold(a.Name), a.ID)
	case Reseller:
		return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM accounts WHERE parent_id = ? AND kind = 'reseller' AND name_fold = ? AND id <> ?`, a.Parent, ids.Fold(a.Name), a.ID)
	}
	return 0, nil
}

func refs(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Account) ([]Ref, error) {
	in, args := sc.Down("r.account_id")
	return db.All(ctx, q, func(r db.Row) (x Ref, err error) {
		err = r.Scan(&x.Source, &x.Reference)
		return x, err
	}, `SELECT r.source, r.reference FROM external_refs r WHERE r.account_id = ? AND `+in+` ORDER BY r.source_fold, r.reference_fold`, append([]any{id}, args...)...)
}

func dropRefs(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Account) error {
	in, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `DELETE FROM external_refs WHERE account_id = ? AND `+in, append([]any{id}, args...)...)
	return err
}

func addRef(ctx context.Context, tx *db.Tx, _ authz.Scope, id, under ids.Account, r Ref) (fresh bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO external_refs (account_id, scope_id, source, reference, source_fold, reference_fold) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		id, under, r.Source, r.Reference, ids.Fold(r.Source), ids.Fold(r.Reference))
	return n == 1, err
}

// closeBelow closes what is open from the scope's account down, so that reopening restores just that.
func closeBelow(ctx context.Context, tx *db.Tx, sc authz.Scope) (int64, error) {
	in, args := sc.Down("accounts.id")
	return tx.Exec(ctx, `UPDATE accounts SET closed_at = ?, closed_with = ?, version = version + 1, updated_at = ? WHERE closed_at IS NULL AND `+in,
		append([]any{tx.Ms(), sc.Account(), tx.Ms()}, args...)...)
}

func reopenBelow(ctx context.Context, tx *db.Tx, sc authz.Scope) (int64, error) {
	in, args := sc.Down("accounts.id")
	return tx.Exec(ctx, `UPDATE accounts SET closed_at = NULL, closed_with = NULL, version = version + 1, updated_at = ? WHERE closed_with = ? AND `+in,
		append([]any{tx.Ms(), sc.Account()}, args...)...)
}

// listClosed brings the closed mark of every listed client from the scope's account down in line with the account.
func listClosed(ctx context.Context, tx *db.Tx, sc authz.Scope) error {
	in, args := sc.Down("client_list.customer_id")
	_, err := tx.Exec(ctx, `UPDATE client_list SET closed = EXISTS (SELECT 1 FROM accounts a WHERE a.id = client_list.customer_id AND a.closed_at IS NOT NULL) WHERE `+in, args...)
	return err
}

// closedAbove reports whether anything above the scope's account is closed.
func closedAbove(ctx context.Context, q db.Queryer, sc authz.Scope) (bool, error) {
	return db.Exists(ctx, q, `SELECT 1 FROM account_tree t JOIN accounts a ON a.id = t.ancestor_id WHERE t.descendant_id = ? AND t.depth > 0 AND a.closed_at IS NOT NULL`, sc.Account())
}
