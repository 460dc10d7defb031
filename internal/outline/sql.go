package outline

import (
	"context"
	"strconv"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// branch is where a group of an account's children is found, in the order of an index.
type branch struct{ from, id, fold, where string }

func branchOf(g group) branch {
	accounts := func(kind string) branch {
		return branch{"accounts c", "c.id", "c.name_fold", "c.parent_id = ? AND c.kind = '" + kind + "'"}
	}
	switch g {
	case resellers:
		return accounts("reseller")
	case customers:
		return accounts("customer")
	case departments:
		return accounts("department")
	case people:
		return branch{"member_list c", "c.membership_id", "c.name_fold", "c.account_id = ? AND c.active = TRUE"}
	case invited:
		return branch{"invitations c", "c.id", "c.email_fold", "c.account_id = ? AND c.accepted_at IS NULL AND c.revoked_at IS NULL"}
	case formerPeople:
	}
	return branch{"member_list c", "c.membership_id", "c.name_fold", "c.account_id = ? AND c.active = FALSE"}
}

// childrenText reads at most limit rows of each group from where after stands, and takes the first of them all.
func childrenText(groups []group, parent ids.Account, after *key, limit int) (text string, args []any) {
	var parts []string
	for _, g := range groups {
		b, cond := branchOf(g), ""
		switch {
		case after != nil && g < after.group:
			continue
		case after != nil && g == after.group:
			cond = " AND (" + b.fold + ", " + b.id + ") > (?, ?)"
		}
		part := strconv.Itoa(int(g))
		parts = append(parts, "SELECT * FROM (SELECT "+part+" AS part, "+b.fold+" AS fold, "+b.id+" AS id FROM "+b.from+" WHERE "+b.where+cond+
			" ORDER BY "+b.fold+", "+b.id+" LIMIT ?) p"+part)
		args = append(args, parent)
		if cond != "" {
			args = append(args, after.fold, after.id)
		}
		args = append(args, limit)
	}
	return strings.Join(parts, " UNION ALL ") + " ORDER BY part, fold, id LIMIT ?", append(args, limit)
}

func scanKey(r db.Row) (k key, err error) {
	err = r.Scan(&k.group, &k.fold, &k.id)
	return k, err
}

func children(ctx context.Context, q db.Queryer, sc authz.Scope, groups []group, after *key, limit int) ([]key, error) {
	text, args := childrenText(groups, sc.Account(), after, limit)
	return db.All(ctx, q, scanKey, text, args...)
}

// accountsText counts for the accounts of a page. Nothing is counted further than it is shown, and EXISTS is written as a
// count because PostgreSQL may answer it by hashing whole tables. Where one row is enough it is asked for in the order of an
// index: of a table whose few parents have very many children PostgreSQL would read all to find that there is none.
func accountsText(n int) string {
	return `SELECT a.id, a.kind, a.name, a.closed_at IS NOT NULL,
		(SELECT count(*) FROM account_tree t JOIN holds h ON h.account_id = t.ancestor_id WHERE t.descendant_id = a.id) > 0,
		CASE a.kind
			WHEN 'customer' THEN COALESCE((SELECT l.users FROM client_list l WHERE l.ancestor_id = a.id AND l.customer_id = a.id), 0)
			WHEN 'department' THEN (SELECT count(DISTINCT s.user_id) FROM (SELECT m.user_id FROM account_tree d JOIN memberships m ON m.account_id = d.descendant_id
				WHERE d.ancestor_id = a.id AND m.deactivated_at IS NULL LIMIT 2001) s)
			ELSE (SELECT count(*) FROM (SELECT 1 FROM member_list l WHERE l.account_id = a.id AND l.active = TRUE ORDER BY l.name_fold, l.membership_id LIMIT 2001) s) END,
		(SELECT count(*) FROM (SELECT 1 FROM accounts c WHERE c.parent_id = a.id ORDER BY c.kind, c.name_fold, c.id LIMIT 1) s) > 0,
		(SELECT count(*) FROM (SELECT 1 FROM member_list l WHERE l.account_id = a.id ORDER BY l.active, l.name_fold, l.membership_id LIMIT 1) s) > 0
			OR (SELECT count(*) FROM (SELECT 1 FROM invitations i WHERE i.account_id = a.id AND i.accepted_at IS NULL AND i.revoked_at IS NULL ORDER BY i.email_fold LIMIT 1) s) > 0
		FROM accounts a WHERE a.id IN ` + db.In(n)
}

func accountNodes(ctx context.Context, q db.Queryer, sc authz.Scope, of []ids.Account) ([]Node, error) {
	inside := map[account.Kind]bool{
		account.Reseller: sc.Has(authz.ResellersView) || sc.Has(authz.ClientsView),
		account.Customer: sc.Has(authz.DepartmentsView), account.Department: sc.Has(authz.DepartmentsView),
	}
	return db.All(ctx, q, func(r db.Row) (n Node, err error) {
		var closed, held, accounts, people bool
		err = r.Scan(&n.Account, &n.Kind, &n.Name, &closed, &held, &n.Users, &accounts, &people)
		n.Status = account.Active
		switch {
		case closed:
			n.Status = account.Closed
		case held:
			n.Status = account.Suspended
		}
		n.Opens = accounts && inside[n.Kind] || people && sc.Has(authz.UsersView)
		return n, err
	}, accountsText(len(of)), db.Args(of...)...)
}

func memberNodes(ctx context.Context, q db.Queryer, _ authz.Scope, of []ids.Membership) ([]Node, error) {
	return db.All(ctx, q, func(r db.Row) (n Node, err error) {
		err = r.Scan(&n.Member, &n.Account, &n.User, &n.Name, &n.Role, &n.RoleName, &n.Deactivated)
		return n, err
	}, `SELECT m.id, m.account_id, m.user_id, i.name, m.role, COALESCE(r.name, ''), m.deactivated_at IS NOT NULL
		FROM memberships m JOIN identities i ON i.id = m.user_id LEFT JOIN roles r ON r.id = m.role WHERE m.id IN `+db.In(len(of)), db.Args(of...)...)
}

func invitedNodes(ctx context.Context, q db.Queryer, _ authz.Scope, of []ids.Invitation) ([]Node, error) {
	return db.All(ctx, q, func(r db.Row) (n Node, err error) {
		err = r.Scan(&n.Invitation, &n.Account, &n.Name, &n.Role, &n.RoleName, &n.Expires)
		return n, err
	}, `SELECT v.id, v.account_id, v.email, v.role, COALESCE(r.name, ''), v.expires_at
		FROM invitations v LEFT JOIN roles r ON r.id = v.role WHERE v.id IN `+db.In(len(of)), db.Args(of...)...)
}

// mostWalked is how many accounts are looked at to count departments.
const mostWalked = 5000

// sold counts what lies below a portal or reseller.
func sold(ctx context.Context, q db.Queryer, sc authz.Scope) (t Totals, err error) {
	t.Departments = account.Unknown
	t.Customers, err = db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (SELECT 1 FROM client_list c WHERE c.ancestor_id = ? AND c.closed = FALSE LIMIT 10001) s`, sc.Account())
	if err != nil || t.Customers > mostWalked || !sc.Has(authz.DepartmentsView) {
		return t, err
	}
	below, err := walked(ctx, q, sc)
	if below.accounts <= mostWalked {
		t.Departments = below.departments
	}
	return t, err
}

// walk is how many accounts below were looked at, and how many of them are departments that are not closed.
type walk struct{ accounts, departments int }

func walked(ctx context.Context, q db.Queryer, sc authz.Scope) (walk, error) {
	return db.One(ctx, q, func(r db.Row) (w walk, err error) { return w, r.Scan(&w.accounts, &w.departments) },
		`SELECT count(*), COALESCE(SUM(CASE WHEN a.kind = 'department' AND a.closed_at IS NULL THEN 1 ELSE 0 END), 0)
		FROM (SELECT t.descendant_id FROM account_tree t WHERE t.ancestor_id = ? AND t.depth > 0 LIMIT ?) t JOIN accounts a ON a.id = t.descendant_id`, sc.Account(), mostWalked+1)
}

// inside counts the departments of a customer or department.
func inside(ctx context.Context, q db.Queryer, sc authz.Scope) (int, error) {
	return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (SELECT 1 FROM account_tree t WHERE t.ancestor_id = ? AND t.depth > 0 LIMIT 10001) s`, sc.Account())
}

// like is a condition for each word: one of the columns contains it.
func like(words []string, cols ...string) (cond string, args []any) {
	var all []string
	for _, w := range words {
		var any []string
		for _, c := range cols {
			any = append(any, c+` LIKE ? ESCAPE '\'`)
			args = append(args, "%"+db.EscapeLike(w)+"%")
		}
		all = append(all, "("+strings.Join(any, " OR ")+")")
	}
	return strings.Join(all, " AND "), args
}

// resellersNamed walks from reseller to reseller, which are few, never over the clients.
func resellersNamed(ctx context.Context, q db.Queryer, sc authz.Scope, words []string, limit int) ([]key, error) {
	cond, args := like(words, "b.name_fold")
	return db.All(ctx, q, scanKey, `WITH RECURSIVE below (id, name_fold) AS (
		SELECT a.id, a.name_fold FROM accounts a WHERE a.parent_id = ? AND a.kind = 'reseller'
		UNION ALL SELECT a.id, a.name_fold FROM below b JOIN accounts a ON a.parent_id = b.id AND a.kind = 'reseller')
		SELECT 0, b.name_fold, b.id FROM below b WHERE `+cond+` ORDER BY b.name_fold, b.id LIMIT ?`, append(append([]any{sc.Account()}, args...), limit)...)
}

// mostLookedAt is how many accounts of a tree are looked at for what their names contain, and how many departments that begin as
// typed are asked whether they are in the tree.
const mostLookedAt = 2000

// departmentsFound looks at all that lies below an account, or at the departments that begin as typed when that is too much.
func departmentsFound(ctx context.Context, q db.Queryer, sc authz.Scope, words []string, limit int) ([]key, error) {
	if sells(sc) {
		n, err := db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (SELECT 1 FROM account_tree t WHERE t.ancestor_id = ? LIMIT ?) s`, sc.Account(), mostLookedAt+1)
		if err != nil {
			return nil, err
		}
		if n > mostLookedAt {
			text, args := departmentsBeginText(sc.Account(), strings.Join(words, " "), limit)
			return db.All(ctx, q, scanKey, text, args...)
		}
	}
	cond, args := like(words, "a.name_fold")
	return db.All(ctx, q, scanKey, `SELECT 2, a.name_fold, a.id FROM account_tree t JOIN accounts a ON a.id = t.descendant_id
		WHERE t.ancestor_id = ? AND t.depth > 0 AND a.kind = 'department' AND `+cond+` ORDER BY a.name_fold, a.id LIMIT ?`, append(append([]any{sc.Account()}, args...), limit)...)
}

func departmentsBeginText(at ids.Account, begins string, limit int) (string, []any) {
	return `SELECT 2, d.name_fold, d.id
		FROM (SELECT id, name_fold FROM accounts WHERE kind = 'department' AND name_fold >= ? AND name_fold < ? ORDER BY name_fold, id LIMIT ?) d
		JOIN account_tree t ON t.descendant_id = d.id AND t.ancestor_id = ?
		ORDER BY d.name_fold, d.id LIMIT ?`, []any{begins, begins + "\U0010FFFF", mostLookedAt, at, limit}
}

// peopleNamed looks at the people of one customer and its departments.
func peopleNamed(ctx context.Context, q db.Queryer, sc authz.Scope, words []string, limit int) ([]key, error) {
	cond, args := like(words, "l.name_fold", "l.email_fold")
	return db.All(ctx, q, scanKey, `SELECT 3, l.name_fold, l.membership_id FROM account_tree t JOIN member_list l ON l.account_id = t.descendant_id
		WHERE t.ancestor_id = ? AND `+cond+` ORDER BY l.name_fold, l.membership_id LIMIT ?`, append(append([]any{sc.Account()}, args...), limit)...)
}

// invitedNamed looks at whom one customer and its departments have invited.
func invitedNamed(ctx context.Context, q db.Queryer, sc authz.Scope, words []string, limit int) ([]key, error) {
	cond, args := like(words, "v.email_fold")
	return db.All(ctx, q, scanKey, `SELECT 4, v.email_fold, v.id FROM account_tree t JOIN invitations v ON v.account_id = t.descendant_id
		WHERE t.ancestor_id = ? AND v.accepted_at IS NULL AND v.revoked_at IS NULL AND `+cond+` ORDER BY v.email_fold, v.id LIMIT ?`, append(append([]any{sc.Account()}, args...), limit)...)
}

// ownPeopleNamed looks at the active people of the account itself.
func ownPeopleNamed(ctx context.Context, q db.Queryer, sc authz.Scope, words []string, limit int) ([]key, error) {
	text, args := ownPeopleText(sc.Account(), words, limit)
	return db.All(ctx, q, scanKey, text, args...)
}

func ownPeopleText(at ids.Account, words []string, limit int) (string, []any) {
	cond, args := like(words, "l.name_fold", "l.email_fold")
	return `SELECT 3, l.name_fold, l.membership_id FROM member_list l
		WHERE l.account_id = ? AND l.active = TRUE AND ` + cond + ` ORDER BY l.name_fold, l.membership_id LIMIT ?`, append(append([]any{at}, args...), limit)
}

// addressed is how many identities whose address begins as typed are looked at.
const addressed = 200

// peopleAddressed finds people anywhere below by the beginning of their address. Before there is an @ too many begin alike.
func peopleAddressed(ctx context.Context, q db.Queryer, sc authz.Scope, words []string, limit int) ([]key, error) {
	if len(words) != 1 || !strings.Contains(words[0], "@") {
		return nil, nil
	}
	text, args := addressedText(sc.Account(), words[0], limit)
	return db.All(ctx, q, scanKey, text, args...)
}

func addressedText(at ids.Account, begins string, limit int) (string, []any) {
	return `SELECT 3, i.email_fold, m.id
		FROM (SELECT id, email_fold FROM identities WHERE email_fold >= ? AND email_fold < ? ORDER BY email_fold LIMIT ?) i
		JOIN memberships m ON m.user_id = i.id JOIN account_tree t ON t.descendant_id = m.account_id AND t.ancestor_id = ?
		ORDER BY i.email_fold, m.id LIMIT ?`, []any{begins, begins + "\U0010FFFF", addressed, at, limit}
}

// step is an account on the way from the root to a node.
type step struct {
	id   ids.Account
	name string
}

// pathSteps returns the accounts between the scope's account and each of some below it, from the top down.
func pathSteps(ctx context.Context, q db.Queryer, sc authz.Scope, of []ids.Account) (map[ids.Account][]step, error) {
	out := map[ids.Account][]step{}
	if len(of) == 0 {
		return out, nil
	}
	args := append([]any{sc.Account(), sc.Account()}, db.Args(of...)...)
	_, err := db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var below ids.Account
		var s step
		err := r.Scan(&below, &s.id, &s.name)
		out[below] = append(out[below], s)
		return struct{}{}, err
	}, `SELECT t.descendant_id, a.id, a.name FROM account_tree t
		JOIN account_tree up ON up.ancestor_id = ? AND up.descendant_id = t.ancestor_id AND up.depth > 0
		JOIN accounts a ON a.id = t.ancestor_id AND a.id <> ?
		WHERE t.descendant_id IN `+db.In(len(of))+` ORDER BY t.descendant_id, t.depth DESC`, args...)
	return out, err
}
