package role

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
)

// Uses are counted at the reader's account and below, so that a count tells nothing of others.
const columns = `r.id, r.account_id, a.name, r.name, r.description, r.perms, r.version,
	(SELECT count(*) FROM memberships m WHERE m.role = r.id
	   AND EXISTS (SELECT 1 FROM account_tree mt WHERE mt.ancestor_id = ? AND mt.descendant_id = m.account_id)),
	(SELECT count(*) FROM invitations i WHERE i.role = r.id AND i.accepted_at IS NULL AND i.revoked_at IS NULL
	   AND EXISTS (SELECT 1 FROM account_tree it WHERE it.ancestor_id = ? AND it.descendant_id = i.account_id))
	FROM roles r JOIN accounts a ON a.id = r.account_id`

func scan(sc authz.Scope) func(db.Row) (Group, error) {
	sight := sc.InSight()
	return func(r db.Row) (g Group, err error) {
		var perms string
		if err := r.Scan(&g.ID, &g.Account, &g.AccountName, &g.Name, &g.Description, &perms, &g.Version, &g.Members, &g.Invitations); err != nil {
			return g, err
		}
		if !slices.Contains(sight, g.Account) {
			g.AccountName = ""
		}
		g.Perms, err = authz.DecodeSet(perms)
		return g, err
	}
}

func list(ctx context.Context, q db.Queryer, sc authz.Scope) ([]Group, error) {
	up, args := sc.Up("r.account_id")
	here := sc.Account()
	return addSending(ctx, q, sc)(db.All(ctx, q, scan(sc), "SELECT "+columns+" WHERE "+up+" ORDER BY r.name_fold, r.id", append([]any{here, here}, args...)...))
}

func get(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Role) (Group, error) {
	up, args := sc.Up("r.account_id")
	here := sc.Account()
	return one(addSending(ctx, q, sc)(db.All(ctx, q, scan(sc), "SELECT "+columns+" WHERE r.id = ? AND "+up, append([]any{here, here, id}, args...)...)))
}

func getHere(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Role) (Group, error) {
	cond, args := sc.Here("r.account_id")
	here := sc.Account()
	return one(addSending(ctx, q, sc)(db.All(ctx, q, scan(sc), "SELECT "+columns+" WHERE r.id = ? AND "+cond, append([]any{here, here, id}, args...)...)))
}

func one(all []Group, err error) (Group, error) {
	if err != nil || len(all) == 0 {
		return Group{}, cmp.Or(err, error(errs.NoSuch("role")))
	}
	return all[0], nil
}

// addSending adds to groups how much their people may send.
func addSending(ctx context.Context, q db.Queryer, sc authz.Scope) func([]Group, error) ([]Group, error) {
	return func(of []Group, err error) ([]Group, error) {
		if err != nil {
			return nil, err
		}
		all := make([]ids.Role, len(of))
		for i, g := range of {
			all[i] = g.ID
		}
		sending, err := quota.Shared(ctx, q, sc, all)
		for i := range of {
			of[i].Sending = sending[of[i].ID]
		}
		return of, err
	}
}

func nameTaken(ctx context.Context, q db.Queryer, sc authz.Scope, g Group) (bool, error) {
	cond, args := sc.Here("account_id")
	return db.Exists(ctx, q, "SELECT 1 FROM roles WHERE name_fold = ? AND id <> ? AND "+cond, append([]any{ids.Fold(g.Name), g.ID}, args...)...)
}

func insert(ctx context.Context, tx *db.Tx, sc authz.Scope, g Group) error {
	_, err := tx.Exec(ctx, `INSERT INTO roles (id, account_id, name, name_fold, description, perms, version, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)`, g.ID, sc.Account(), g.Name, ids.Fold(g.Name), g.Description, g.Perms.Encode(), tx.Ms(), tx.Ms())
	if err != nil {
		return fmt.Errorf("store role group %s: %w", g.ID, err)
	}
	return quota.PutShared(ctx, tx, sc, string(g.ID), quota.FromRole, g.Sending)
}

func update(ctx context.Context, tx *db.Tx, sc authz.Scope, g Group) error {
	cond, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, "UPDATE roles SET name = ?, name_fold = ?, description = ?, perms = ?, version = version + 1, updated_at = ? WHERE id = ? AND "+cond,
		append([]any{g.Name, ids.Fold(g.Name), g.Description, g.Perms.Encode(), tx.Ms(), g.ID}, args...)...)
	if err != nil {
		return fmt.Errorf("store role group %s: %w", g.ID, err)
	}
	return quota.PutShared(ctx, tx, sc, string(g.ID), quota.FromRole, g.Sending)
}

func remove(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Role) error {
	if err := quota.PutShared(ctx, tx, sc, string(id), quota.FromRole, nil); err != nil {
		return err
	}
	cond, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, "DELETE FROM roles WHERE id = ? AND "+cond, append([]any{id}, args...)...)
	return err
}

// packageWith names a package that gives the group to new users, "" none.
func packageWith(ctx context.Context, q db.Queryer, _ authz.Scope, id ids.Role) (string, error) {
	names, err := db.All(ctx, q, db.Value[string], `SELECT name FROM packages WHERE role = ? ORDER BY name_fold LIMIT 1`, id)
	if err != nil || len(names) == 0 {
		return "", err
	}
	return names[0], nil
}

func scanHolder(r db.Row) (h Holder, err error) {
	err = r.Scan(&h.Account, &h.AccountName, &h.Membership, &h.Name, &h.Email)
	return h, err
}

func holders(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Role) ([]Holder, error) {
	query, args := holdersQuery(sc, id)
	return db.All(ctx, q, scanHolder, query, args...)
}

func holdersQuery(sc authz.Scope, id ids.Role) (query string, args []any) {
	mem, args := sc.Down("m.account_id")
	inv, invArgs := sc.Down("v.account_id")
	return `
		SELECT h.account_id, a.name, h.membership_id, h.name, h.email FROM (
		  SELECT m.account_id, m.id AS membership_id, i.name, i.email, i.name_fold AS sort_name
		  FROM memberships m JOIN identities i ON i.id = m.user_id WHERE m.role = ? AND ` + mem + `
		  UNION ALL
		  SELECT v.account_id, '', v.name, v.email, v.email_fold
		  FROM invitations v WHERE v.role = ? AND v.accepted_at IS NULL AND v.revoked_at IS NULL AND ` + inv + `
		) h JOIN accounts a ON a.id = h.account_id ORDER BY h.sort_name, h.email LIMIT ?`,
		slices.Concat([]any{id}, args, []any{id}, invArgs, []any{HolderLimit})
}

// reassign keeps of what was ticked besides the group nothing: an Owner lets people read bodies anew.
func reassign(ctx context.Context, tx *db.Tx, sc authz.Scope, from ids.Role, to authz.Role) (int64, error) {
	mem, args := sc.Down("memberships.account_id")
	n, err := tx.Exec(ctx, "UPDATE memberships SET role = ?, perms = '[]', version = version + 1, updated_at = ? WHERE role = ? AND "+mem,
		append([]any{to, tx.Ms(), from}, args...)...)
	if err != nil {
		return 0, err
	}
	inv, args := sc.Down("invitations.account_id")
	m, err := tx.Exec(ctx, "UPDATE invitations SET role = ?, perms = '[]', version = version + 1 WHERE role = ? AND accepted_at IS NULL AND revoked_at IS NULL AND "+inv,
		append([]any{to, from}, args...)...)
	return n + m, err
}
