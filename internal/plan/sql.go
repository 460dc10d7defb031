package plan

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
)

// Customers are counted at the reader's account and below, so that a count tells nothing of others.
const columns = `SELECT k.id, k.account_id, a.name, k.name, k.price_note, k.perms, k.role, COALESCE(r.name, ''), COALESCE(k.retired_at, 0), k.version,
	(SELECT count(*) FROM (SELECT 1 FROM client_list c WHERE c.ancestor_id = ? AND c.closed = FALSE AND c.package_id = k.id LIMIT 10001) open)
	  + (SELECT count(*) FROM (SELECT 1 FROM client_list c WHERE c.ancestor_id = ? AND c.closed = TRUE AND c.package_id = k.id LIMIT 10001) shut)
	FROM packages k JOIN accounts a ON a.id = k.account_id LEFT JOIN roles r ON r.id = k.role`

func scan(sc authz.Scope) func(db.Row) (Package, error) {
	return func(r db.Row) (p Package, err error) {
		var perms string
		var retired int64
		if err := r.Scan(&p.ID, &p.Account, &p.AccountName, &p.Name, &p.PriceNote, &perms, &p.Role, &p.RoleName, &retired, &p.Version, &p.Customers); err != nil {
			return p, err
		}
		if !sc.Sees(p.Account) {
			p.AccountName = ""
		}
		if retired != 0 {
			p.Retired = time.UnixMilli(retired).UTC()
		}
		p.Terms = Terms{}
		if p.All = perms == ""; p.All {
			return p, nil
		}
		p.Modules, err = authz.DecodeSet(perms)
		return p, err
	}
}

// visible keeps k to the packages that the reader sees: those made on the chain, for people of a customer the one it has.
func visible(sc authz.Scope) (string, []any) {
	up, args := sc.Up("k.account_id")
	if sc.Kind() == "platform" || sc.Kind() == "reseller" || sc.HeldAbove(authz.PackagesView) {
		return up, args
	}
	return up + ` AND k.id IN (SELECT x.package_id FROM account_tree t JOIN accounts x ON x.id = t.ancestor_id WHERE t.descendant_id = ?)`, append(args, sc.Account())
}

func find(ctx context.Context, q db.Queryer, sc authz.Scope, cond string, args ...any) ([]Package, error) {
	at := sc.Account()
	all, err := db.All(ctx, q, scan(sc), columns+" WHERE "+cond+" ORDER BY k.name_fold, k.id", append([]any{at, at}, args...)...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	if err := addTerms(ctx, q, sc, all); err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, bySize)
	return all, nil
}

// bySize has the package first with which less can be sent: in a month, else in a day or an hour, and those without a limit last.
func bySize(a, b Package) int {
	for _, c := range quota.Channels() {
		for _, w := range []quota.Window{quota.Month, quota.Day, quota.Hour} {
			if n := cmp.Compare(uint64(a.Sending.Of(c, w).Amount), uint64(b.Sending.Of(c, w).Amount)); n != 0 { //nolint:gosec // -1 is the greatest
				return n
			}
		}
	}
	return 0
}

// addTerms reads the amounts of packages.
func addTerms(ctx context.Context, q db.Queryer, sc authz.Scope, of []Package) error {
	at := map[ids.Package]int{}
	all := make([]ids.Package, len(of))
	for i, p := range of {
		at[p.ID], all[i] = i, p.ID
	}
	sending, err := quota.Shared(ctx, q, sc, all)
	if err != nil {
		return err
	}
	for i := range of {
		of[i].Sending = sending[of[i].ID]
	}
	for part := range slices.Chunk(of, 500) {
		var in []any
		for _, p := range part {
			in = append(in, p.ID)
		}
		type row struct {
			id     ids.Package
			term   Term
			amount int64
		}
		rows, err := db.All(ctx, q, func(r db.Row) (x row, err error) {
			err = r.Scan(&x.id, &x.term, &x.amount)
			return x, err
		}, `SELECT package_id, term, amount FROM package_terms WHERE package_id IN `+db.In(len(in)), in...)
		if err != nil {
			return fmt.Errorf("read the amounts of packages: %w", err)
		}
		for _, x := range rows {
			of[at[x.id]].Terms[x.term] = x.amount
		}
	}
	return nil
}

func list(ctx context.Context, q db.Queryer, sc authz.Scope) ([]Package, error) {
	cond, args := visible(sc)
	return find(ctx, q, sc, cond, args...)
}

func usable(ctx context.Context, q db.Queryer, sc authz.Scope) ([]Package, error) {
	up, args := sc.Up("k.account_id")
	return find(ctx, q, sc, up+" AND k.retired_at IS NULL", args...)
}

func one(all []Package, err error) (Package, error) {
	if err != nil {
		return Package{}, err
	}
	if len(all) == 0 {
		return Package{}, errs.NoSuch("package")
	}
	return all[0], nil
}

func get(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Package) (Package, error) {
	cond, args := visible(sc)
	return one(find(ctx, q, sc, "k.id = ? AND "+cond, append([]any{id}, args...)...))
}

func getAbove(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Package) (Package, error) {
	up, args := sc.Up("k.account_id")
	return one(find(ctx, q, sc, "k.id = ? AND "+up, append([]any{id}, args...)...))
}

func getHere(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Package) (Package, error) {
	here, args := sc.Here("k.account_id")
	return one(find(ctx, q, sc, "k.id = ? AND "+here, append([]any{id}, args...)...))
}

func nameTaken(ctx context.Context, q db.Queryer, sc authz.Scope, p Package) (bool, error) {
	here, args := sc.Here("account_id")
	return db.Exists(ctx, q, "SELECT 1 FROM packages WHERE name_fold = ? AND id <> ? AND "+here, append([]any{ids.Fold(p.Name), p.ID}, args...)...)
}

// perms is how the modules are stored.
func (p Package) perms() string {
	if p.All {
		return ""
	}
	return p.Modules.Encode()
}

func insert(ctx context.Context, tx *db.Tx, sc authz.Scope, p Package) error {
	_, err := tx.Exec(ctx, `INSERT INTO packages (id, account_id, name, name_fold, price_note, perms, role, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.ID, sc.Account(), p.Name, ids.Fold(p.Name), p.PriceNote, p.perms(), p.Role, tx.Ms(), tx.Ms())
	if err != nil {
		return fmt.Errorf("store package %s: %w", p.ID, err)
	}
	return putTerms(ctx, tx, sc, p)
}

func update(ctx context.Context, tx *db.Tx, sc authz.Scope, p Package) error {
	here, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, "UPDATE packages SET name = ?, name_fold = ?, price_note = ?, perms = ?, role = ?, version = version + 1, updated_at = ? WHERE id = ? AND "+here,
		append([]any{p.Name, ids.Fold(p.Name), p.PriceNote, p.perms(), p.Role, tx.Ms(), p.ID}, args...)...)
	if err != nil {
		return fmt.Errorf("store package %s: %w", p.ID, err)
	}
	return putTerms(ctx, tx, sc, p)
}

// putTerms replaces the amounts of a package of the scope's account.
func putTerms(ctx context.Context, tx *db.Tx, sc authz.Scope, p Package) error {
	here, args := sc.Here("k.account_id")
	if _, err := tx.Exec(ctx, `DELETE FROM package_terms WHERE package_id IN (SELECT k.id FROM packages k WHERE k.id = ? AND `+here+`)`, append([]any{p.ID}, args...)...); err != nil {
		return fmt.Errorf("clear the amounts of %s: %w", p.ID, err)
	}
	for _, term := range AllTerms() {
		if n := p.Terms.Of(term); n != Unlimited {
			if _, err := tx.Exec(ctx, `INSERT INTO package_terms (package_id, term, amount) VALUES (?, ?, ?)`, p.ID, term, n); err != nil {
				return fmt.Errorf("store the amounts of %s: %w", p.ID, err)
			}
		}
	}
	return quota.PutShared(ctx, tx, sc, string(p.ID), quota.FromPackage, p.Sending)
}

// relist brings the name of a package in the lists of clients up to date.
func relist(ctx context.Context, tx *db.Tx, sc authz.Scope, p Package) error {
	below, args := sc.Down("a.id")
	_, err := tx.Exec(ctx, `UPDATE client_list SET package_fold = ? WHERE customer_id IN (SELECT a.id FROM accounts a WHERE a.package_id = ? AND `+below+`)`,
		append([]any{ids.Fold(p.Name), p.ID}, args...)...)
	if err != nil {
		return fmt.Errorf("list the clients with %s anew: %w", p.ID, err)
	}
	return nil
}

func retire(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Package, retired bool) error {
	var at any
	if retired {
		at = tx.Ms()
	}
	here, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, "UPDATE packages SET retired_at = ?, version = version + 1, updated_at = ? WHERE id = ? AND "+here, append([]any{at, tx.Ms(), id}, args...)...)
	return err
}

func remove(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Package) error {
	if err := quota.PutShared(ctx, tx, sc, string(id), quota.FromPackage, nil); err != nil {
		return err
	}
	here, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, "DELETE FROM packages WHERE id = ? AND "+here, append([]any{id}, args...)...)
	return err
}

// rolePerms reads what a role group holds that can be used on the scope's account.
func rolePerms(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Role) (perms authz.Set, found bool, err error) {
	up, args := sc.Up("r.account_id")
	text, err := db.One(ctx, q, db.Value[string], "SELECT r.perms FROM roles r WHERE r.id = ? AND "+up, append([]any{id}, args...)...)
	if errors.Is(err, db.ErrNoRows) {
		return authz.Set{}, false, nil
	}
	if err != nil {
		return authz.Set{}, false, fmt.Errorf("read role group %s: %w", id, err)
	}
	perms, err = authz.DecodeSet(text)
	return perms, true, err
}

// soldOf is what the modules of an input hold, every action of each: those that may be withheld and are not.
func soldOf(ctx context.Context, q db.Queryer, sc authz.Scope, in Input) (authz.Set, error) {
	if in.All || sc.Account() == "" {
		return authz.Set{}, nil
	}
	whole := map[string]bool{}
	for _, p := range in.Modules.List() {
		whole[p.Module()] = true
	}
	var out authz.Set
	for _, m := range authz.Sellable() {
		if whole[m.Key] {
			out = out.Union(authz.ModuleSet(m.Key))
			delete(whole, m.Key)
		}
	}
	type module struct{ key, actions string }
	own, err := db.All(ctx, q, func(r db.Row) (m module, err error) {
		err = r.Scan(&m.key, &m.actions)
		return m, err
	}, `SELECT key, actions FROM modules`)
	if err != nil {
		return out, fmt.Errorf("list the modules: %w", err)
	}
	for _, m := range own {
		if !whole[m.key] {
			continue
		}
		delete(whole, m.key)
		var actions []struct{ Key string }
		if err := json.Unmarshal([]byte(m.actions), &actions); err != nil {
			return out, fmt.Errorf("read the actions of module %s: %w", m.key, err)
		}
		for _, a := range actions {
			out = out.Union(authz.SetOf(authz.Perm(m.key + "." + a.Key)))
		}
	}
	for key := range whole {
		if !authz.BuiltInModule(key) {
			return out, errs.Field("modules", "package.module_unknown", "Leave out {module}. There is no such module.", "module", key)
		}
	}
	return out, nil
}

// DefaultRole is the role group that the package of the scope's customer gives to who is made a user without one, "" none.
func DefaultRole(ctx context.Context, q db.Queryer, sc authz.Scope) (ids.Role, error) {
	found, err := db.All(ctx, q, db.Value[ids.Role], `SELECT k.role FROM account_tree t JOIN accounts a ON a.id = t.ancestor_id AND a.kind = 'customer'
		JOIN packages k ON k.id = a.package_id WHERE t.descendant_id = ?`, sc.Account())
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}
