package account

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// chainAccount reads an account of the scope's own chain, such as its parent.
func chainAccount(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Account) (Account, error) {
	in, args := sc.Up("a.id")
	a, err := db.One(ctx, q, scanAccount, `SELECT `+columns+` FROM accounts a WHERE a.id = ? AND `+in, append([]any{id}, args...)...)
	if errors.Is(err, db.ErrNoRows) {
		return a, noAccount()
	}
	return a, err
}

// shape tells how many levels and accounts hang from the scope's account, itself included.
func shape(ctx context.Context, q db.Queryer, sc authz.Scope) (height, accounts int, err error) {
	n, err := db.One(ctx, q, func(r db.Row) (n [2]int, err error) {
		err = r.Scan(&n[0], &n[1])
		return n, err
	}, `SELECT COALESCE(max(t.depth), 0) + 1, count(*) FROM account_tree t WHERE t.ancestor_id = ?`, sc.Account())
	return n[0], n[1], err
}

// refScopeBelow is where the references of an account would be unique that is put right below the scope's account.
func refScopeBelow(ctx context.Context, q db.Queryer, there authz.Scope) (ids.Account, error) {
	chain, err := chainOf(ctx, q, there)
	if err != nil {
		return "", err
	}
	for i := len(chain) - 1; i >= 0; i-- {
		if chain[i].Kind == Platform || chain[i].Kind == Reseller {
			return chain[i].ID, nil
		}
	}
	return there.Account(), nil
}

func refsTaken(ctx context.Context, q db.Queryer, sc authz.Scope, from, to ids.Account) ([]Ref, error) {
	in, args := sc.Down("r.account_id")
	return db.All(ctx, q, func(r db.Row) (x Ref, err error) {
		err = r.Scan(&x.Source, &x.Reference)
		return x, err
	}, `SELECT r.source, r.reference FROM external_refs r WHERE r.scope_id = ? AND `+in+` AND EXISTS (SELECT 1 FROM external_refs o
		WHERE o.scope_id = ? AND o.source_fold = r.source_fold AND o.reference_fold = r.reference_fold) ORDER BY r.source_fold, r.reference_fold LIMIT 100`,
		append(append([]any{from}, args...), to)...)
}

func moveRefs(ctx context.Context, tx *db.Tx, sc authz.Scope, from, to ids.Account) error {
	in, args := sc.Down("external_refs.account_id")
	_, err := tx.Exec(ctx, `UPDATE external_refs SET scope_id = ? WHERE scope_id = ? AND `+in, append([]any{to, from}, args...)...)
	return err
}

func subNamesTaken(ctx context.Context, q db.Queryer, sc authz.Scope, to ids.Account) ([]string, error) {
	in, args := sc.Down("s.account_id")
	return db.All(ctx, q, db.Value[string], `SELECT s.name FROM subaccounts s WHERE `+in+` AND EXISTS (SELECT 1 FROM subaccounts o WHERE o.customer_id = ? AND o.name = s.name) ORDER BY s.name LIMIT 100`,
		append(args, to)...)
}

// moveSubs gives the sub-accounts below to another client, and takes them from the lists of people who stay, and
// those that stay from the lists of people who go.
func moveSubs(ctx context.Context, tx *db.Tx, sc authz.Scope, to ids.Account) error {
	in, args := sc.Down("subaccounts.account_id")
	if _, err := tx.Exec(ctx, `UPDATE subaccounts SET customer_id = ?, version = version + 1, updated_at = ? WHERE `+in, append([]any{to, tx.Ms()}, args...)...); err != nil {
		return err
	}
	sub, subArgs := sc.Down("s.account_id")
	mem, memArgs := sc.Down("m.account_id")
	_, err := tx.Exec(ctx, `DELETE FROM membership_subaccounts WHERE
		(EXISTS (SELECT 1 FROM subaccounts s WHERE s.id = membership_subaccounts.subaccount_id AND `+sub+`)
			AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.id = membership_subaccounts.membership_id AND `+mem+`))
		OR (EXISTS (SELECT 1 FROM memberships m WHERE m.id = membership_subaccounts.membership_id AND `+mem+`)
			AND NOT EXISTS (SELECT 1 FROM subaccounts s WHERE s.id = membership_subaccounts.subaccount_id AND `+sub+`))`,
		append(append(append(append([]any{}, subArgs...), memArgs...), memArgs...), subArgs...)...)
	return err
}

// stranded lists the role groups that people or open invitations below hold, and that are defined neither below nor
// on the way to the new place.
func stranded(ctx context.Context, q db.Queryer, sc, there authz.Scope) ([]Stranded, error) {
	mem, memArgs := sc.Down("m.account_id")
	inv, invArgs := sc.Down("i.account_id")
	below, belowArgs := sc.Down("r.account_id")
	up, upArgs := there.Up("r.account_id")
	args := append(append(append(append([]any{}, memArgs...), invArgs...), belowArgs...), upArgs...)
	all, err := db.All(ctx, q, func(r db.Row) (s Stranded, err error) {
		var perms string
		if err := r.Scan(&s.Group, &s.Name, &perms, &s.Members, &s.Invitations); err != nil {
			return s, err
		}
		s.perms, err = authz.DecodeSet(perms)
		return s, err
	}, `SELECT r.id, r.name, r.perms,
			(SELECT count(*) FROM memberships m WHERE m.role = r.id AND `+mem+`),
			(SELECT count(*) FROM invitations i WHERE i.role = r.id AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND `+inv+`)
		FROM roles r WHERE NOT `+below+` AND NOT `+up+` AND EXISTS (SELECT 1 FROM account_tree o WHERE o.descendant_id = ? AND o.ancestor_id = r.account_id) ORDER BY r.name_fold`,
		append(args, sc.Account())...)
	var out []Stranded
	for _, s := range all {
		if s.Members+s.Invitations > 0 {
			out = append(out, s)
		}
	}
	return out, err
}

// replacements are the roles at the new place that hold nothing beyond perms: groups that reach it, User and Guest.
func replacements(ctx context.Context, q db.Queryer, there authz.Scope, perms authz.Set) ([]Replacement, error) {
	up, args := there.Up("r.account_id")
	groups, err := db.All(ctx, q, func(r db.Row) (g struct {
		Replacement
		perms authz.Set
	}, err error) {
		var text string
		if err := r.Scan(&g.Role, &g.Name, &text); err != nil {
			return g, err
		}
		g.perms, err = authz.DecodeSet(text)
		return g, err
	}, `SELECT r.id, r.name, r.perms FROM roles r WHERE `+up+` ORDER BY r.name_fold LIMIT 200`, args...)
	if err != nil {
		return nil, err
	}
	out := []Replacement{{Role: authz.User}, {Role: authz.Guest}}
	for _, g := range groups {
		if perms.Covers(g.perms) {
			out = append(out, g.Replacement)
		}
	}
	return out, nil
}

// replaceRole gives everybody below who holds a stranded group another role. A User keeps what of the group a User may hold.
func replaceRole(ctx context.Context, tx *db.Tx, sc authz.Scope, s Stranded, next authz.Role) error {
	perms := authz.Set{}
	if next == authz.User {
		perms = s.perms.Intersect(authz.Grantable(authz.User))
	}
	in, args := sc.Down("memberships.account_id")
	if _, err := tx.Exec(ctx, `UPDATE memberships SET role = ?, perms = ?, version = version + 1, updated_at = ? WHERE role = ? AND `+in,
		append([]any{next, perms.Encode(), tx.Ms(), s.Group}, args...)...); err != nil {
		return err
	}
	in, args = sc.Down("invitations.account_id")
	_, err := tx.Exec(ctx, `UPDATE invitations SET role = ?, perms = ?, version = version + 1 WHERE role = ? AND accepted_at IS NULL AND revoked_at IS NULL AND `+in,
		append([]any{next, perms.Encode(), s.Group}, args...)...)
	return err
}

// pass is how many accounts get their new place by one round of statements.
const pass = 2000

// reparent hangs the accounts below the scope's own, and itself, under another parent: in the closure table, the list of clients
// and the words by which they are found. What is above both places stays; only how deep it lies changes.
func (p intended) reparent(ctx context.Context, tx *db.Tx, sc authz.Scope, tell func(done, total int)) error {
	old, next := sc.Chain()[:len(sc.Chain())-1], p.there.Chain()
	c := changeOfPlace{account: sc.Account(), to: p.there.Account(), deeper: len(next) - len(old)}
	for _, id := range old {
		if slices.Contains(next, id) {
			c.kept = append(c.kept, id)
		} else {
			c.left = append(c.left, id)
		}
	}
	for _, id := range next {
		if !slices.Contains(old, id) {
			c.gained = append(c.gained, id)
		}
	}
	if _, err := tx.Bulk(ctx); err != nil {
		return err
	}
	for done := 0; done < p.Accounts; {
		n, err := c.pass(ctx, tx, sc)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		done += n
		if tell != nil {
			tell(done, p.Accounts)
		}
	}
	_, err := tx.Exec(ctx, `UPDATE accounts SET parent_id = ?, version = version + 1, updated_at = ? WHERE id = ?`, c.to, tx.Ms(), c.account)
	return err
}

// changeOfPlace is which accounts stop, begin and go on being above those that move, and how far the passes are.
type changeOfPlace struct {
	account, to        ids.Account
	left, kept, gained []ids.Account
	deeper             int
	after, upTo        ids.Account
}

// pass moves the next accounts by id and returns how many they were.
func (c *changeOfPlace) pass(ctx context.Context, tx *db.Tx, sc authz.Scope) (int, error) {
	found, err := db.All(ctx, tx, db.Value[ids.Account], `SELECT b.descendant_id FROM account_tree b WHERE b.ancestor_id = ? AND b.descendant_id > ? ORDER BY b.descendant_id LIMIT ?`, sc.Account(), c.after, pass)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	c.upTo = found[len(found)-1]
	for _, s := range c.statements() {
		if _, err := tx.Exec(ctx, s.text, s.args...); err != nil {
			return 0, err
		}
	}
	c.after = c.upTo
	return len(found), nil
}

type placeStatement struct {
	text string
	args []any
}

// statements touch the rows of the accounts of one pass alone: each begins at them, not at the accounts above, of which a platform
// has millions of rows.
func (c *changeOfPlace) statements() (out []placeStatement) {
	const below = `b.ancestor_id = ? AND b.descendant_id > ? AND b.descendant_id <= ?`
	const these = `(SELECT b.descendant_id FROM account_tree b WHERE ` + below + `)`
	span := []any{c.account, c.after, c.upTo}
	add := func(above []ids.Account, text string, args ...any) {
		if len(above) > 0 {
			out = append(out, placeStatement{strings.ReplaceAll(text, "@above", db.In(len(above))), args})
		}
	}
	left, kept, gained := db.Args(c.left...), db.Args(c.kept...), db.Args(c.gained...)
	join := slices.Concat[[]any]
	add(c.left, `DELETE FROM client_list WHERE customer_id IN `+these+` AND ancestor_id IN @above`, join(span, left)...)
	add(c.left, `DELETE FROM client_words WHERE (ancestor_id, word, customer_id) IN (SELECT a.id, own.word, own.customer_id
		FROM account_tree b JOIN client_words own ON own.ancestor_id = b.descendant_id AND own.customer_id = b.descendant_id, accounts a
		WHERE `+below+` AND a.id IN @above)`, join(span, left)...)
	add(c.left, `DELETE FROM account_tree WHERE descendant_id IN `+these+` AND ancestor_id IN @above`, join(span, left)...)
	if c.deeper != 0 {
		add(c.kept, `UPDATE account_tree SET depth = depth + ? WHERE descendant_id IN `+these+` AND ancestor_id IN @above`, join([]any{c.deeper}, span, kept)...)
	}
	add(c.gained, `INSERT INTO account_tree (ancestor_id, descendant_id, depth)
		SELECT a.ancestor_id, b.descendant_id, a.depth + b.depth + 1 FROM account_tree b, account_tree a
		WHERE `+below+` AND a.descendant_id = ? AND a.ancestor_id IN @above`, join(span, []any{c.to}, gained)...)
	add(c.gained, `INSERT INTO client_list (ancestor_id, customer_id, name_fold, end_sort, created_at, users, locations, held, closed, package_id, package_fold, use_share)
		SELECT a.id, c.customer_id, c.name_fold, c.end_sort, c.created_at, c.users, c.locations, c.held, c.closed, c.package_id, c.package_fold, c.use_share
		FROM account_tree b JOIN client_list c ON c.ancestor_id = b.descendant_id AND c.customer_id = b.descendant_id, accounts a
		WHERE `+below+` AND a.id IN @above ON CONFLICT DO NOTHING`, join(span, gained)...)
	add(c.gained, `INSERT INTO client_words (ancestor_id, word, customer_id) SELECT a.id, c.word, c.customer_id
		FROM account_tree b JOIN client_words c ON c.ancestor_id = b.descendant_id AND c.customer_id = b.descendant_id, accounts a
		WHERE `+below+` AND a.id IN @above ON CONFLICT DO NOTHING`, join(span, gained)...)
	return out
}

// keepStill refuses all writes in an account until an instant, or until its task is over. The worker of the task names the account.
func keepStill(ctx context.Context, tx *db.Tx, id ids.Account, by ids.Task, until time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO account_moves (account_id, task_id, still_until) VALUES (?, ?, ?)
		ON CONFLICT (account_id) DO UPDATE SET task_id = excluded.task_id, still_until = excluded.still_until`, id, by, until.UnixMilli())
	return err
}

// letGo ends what keepStill began.
func letGo(ctx context.Context, tx *db.Tx, id ids.Account, by ids.Task) error {
	_, err := tx.Exec(ctx, `DELETE FROM account_moves WHERE account_id = ? AND task_id = ?`, id, by)
	return err
}

// listCustomer rewrites the rows of one customer, such as the one that a department has left.
func listCustomer(ctx context.Context, tx *db.Tx, _ authz.Scope, customer ids.Account) error {
	_, err := tx.Exec(ctx, listColumns+`FROM accounts a JOIN account_tree t ON t.descendant_id = a.id WHERE a.id = ?`+listConflict, customer)
	return err
}

type setAbove struct {
	MovedSetting
	at ids.Account
}

// setOnlyAbove lists the settings on the chain of one scope that are not on the other's. What the account sets itself is
// left out unless the one above is locked.
func setOnlyAbove(ctx context.Context, q db.Queryer, from, to authz.Scope, moved ids.Account) ([]setAbove, error) {
	return db.All(ctx, q, func(r db.Row) (s setAbove, err error) {
		err = r.Scan(&s.Name, &s.Locked, &s.at, &s.Account)
		return s, err
	}, `SELECT s.name, s.locked, a.id, a.name FROM account_tree t JOIN settings s ON s.account_id = t.ancestor_id JOIN accounts a ON a.id = s.account_id
		WHERE t.descendant_id = ? AND t.ancestor_id <> ? AND NOT EXISTS (SELECT 1 FROM account_tree o WHERE o.descendant_id = ? AND o.ancestor_id = t.ancestor_id)
			AND (s.locked OR NOT EXISTS (SELECT 1 FROM settings own WHERE own.account_id = ? AND own.name = s.name)) ORDER BY s.name, t.depth DESC LIMIT 100`,
		from.Account(), moved, to.Account(), moved)
}

// placesBelow walks from account to account of one kind, which are few, by name within each parent.
func placesBelow(ctx context.Context, q db.Queryer, _ authz.Scope, root ids.Account, kind Kind) ([]Place, error) {
	return db.All(ctx, q, func(r db.Row) (p Place, err error) {
		err = r.Scan(&p.ID, &p.Name, &p.Level)
		return p, err
	}, `WITH RECURSIVE below (id, name, trail, level) AS (
			SELECT a.id, a.name, a.name_fold || a.id, 1 FROM accounts a WHERE a.parent_id = ? AND a.kind = ? AND a.closed_at IS NULL
			UNION ALL SELECT a.id, a.name, b.trail || a.name_fold || a.id, b.level + 1 FROM below b JOIN accounts a ON a.parent_id = b.id AND a.kind = ? AND a.closed_at IS NULL)
		SELECT b.id, b.name, b.level FROM below b ORDER BY b.trail LIMIT 500`, root, kind, kind)
}

// belowIDs tells which of the places lie in the scope's account.
func belowIDs(ctx context.Context, q db.Queryer, sc authz.Scope, places []Place) (map[ids.Account]bool, error) {
	args := []any{sc.Account()}
	for _, p := range places {
		args = append(args, p.ID)
	}
	found, err := db.All(ctx, q, db.Value[ids.Account], `SELECT t.descendant_id FROM account_tree t WHERE t.ancestor_id = ? AND t.descendant_id IN `+db.In(len(places)), args...)
	out := map[ids.Account]bool{}
	for _, id := range found {
		out[id] = true
	}
	return out, err
}
