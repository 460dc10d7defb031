package account

import (
	"context"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// listSearch writes what a client is searched by.
func listSearch(ctx context.Context, tx *db.Tx, sc authz.Scope, text string) error {
	_, err := tx.Exec(ctx, `INSERT INTO client_search (customer_id, text) VALUES (?, ?)
		ON CONFLICT (customer_id) DO UPDATE SET text = excluded.text WHERE client_search.text <> excluded.text`, sc.Account(), text)
	return err
}

// listColumns begins to write the rows of customers a, one for each ancestor t and itself; listValues selects them.
const (
	listColumns = `INSERT INTO client_list (ancestor_id, customer_id, name_fold, end_sort, created_at, users, locations, held, closed, package_id, package_fold, use_share)
		` + listValues
	listValues = `SELECT t.ancestor_id, a.id AS customer_id, a.name_fold, CASE WHEN a.membership_end = '' THEN '` + noEndSort + `' ELSE a.membership_end END, a.created_at,
		       (SELECT count(DISTINCT m.user_id) FROM account_tree d JOIN memberships m ON m.account_id = d.descendant_id WHERE d.ancestor_id = a.id AND m.deactivated_at IS NULL),
		       (SELECT count(*) FROM account_tree d JOIN locations l ON l.account_id = d.descendant_id WHERE d.ancestor_id = a.id),
		       EXISTS (SELECT 1 FROM holds h WHERE h.account_id = a.id), a.closed_at IS NOT NULL,
		       a.package_id, COALESCE((SELECT k.name_fold FROM packages k WHERE k.id = a.package_id), ''),
		       COALESCE((SELECT g.share FROM quota_gauges g WHERE g.subject = a.id), 0) `
)

const listConflict = ` ON CONFLICT (ancestor_id, customer_id) DO UPDATE SET name_fold = excluded.name_fold, end_sort = excluded.end_sort, created_at = excluded.created_at,
			users = excluded.users, locations = excluded.locations, held = excluded.held, closed = excluded.closed,
			package_id = excluded.package_id, package_fold = excluded.package_fold, use_share = excluded.use_share`

// listRow writes the rows of the customer at or above the scope's account.
func listRow(ctx context.Context, tx *db.Tx, sc authz.Scope) error {
	_, err := tx.Exec(ctx, listColumns+`FROM account_tree up JOIN accounts a ON a.id = up.ancestor_id AND a.kind = 'customer' JOIN account_tree t ON t.descendant_id = a.id
		WHERE up.descendant_id = ?`+listConflict, sc.Account())
	return err
}

// dropWords deletes the words of a client (both arguments): those below its own id tell where the others stand.
const dropWords = `DELETE FROM client_words WHERE (ancestor_id, word, customer_id) IN (
		SELECT t.ancestor_id, own.word, own.customer_id FROM client_words own JOIN account_tree t ON t.descendant_id = own.customer_id WHERE own.ancestor_id = ? AND own.customer_id = ?)`

func listWords(ctx context.Context, tx *db.Tx, sc authz.Scope, words []string) error {
	if _, err := tx.Exec(ctx, dropWords, sc.Account(), sc.Account()); err != nil {
		return err
	}
	for _, w := range words {
		if _, err := tx.Exec(ctx, `INSERT INTO client_words (ancestor_id, word, customer_id) SELECT t.ancestor_id, CAST(? AS TEXT), t.descendant_id FROM account_tree t WHERE t.descendant_id = ?`,
			w, sc.Account()); err != nil {
			return err
		}
	}
	return nil
}

func listedCounts(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Account) (users, locations int64, err error) {
	in, args := sc.Here("c.customer_id")
	n, err := db.All(ctx, q, func(r db.Row) (n [2]int64, err error) {
		err = r.Scan(&n[0], &n[1])
		return n, err
	}, `SELECT c.users, c.locations FROM client_list c WHERE c.ancestor_id = ? AND `+in, append([]any{id}, args...)...)
	if err != nil || len(n) == 0 {
		return 0, 0, err
	}
	return n[0][0], n[0][1], nil
}

// listRows reads what is shown about the customers of keys, in that order. Many of them have the same parent, whose chain is
// looked at once.
func listRows(ctx context.Context, q db.Queryer, sc authz.Scope, root ids.Account, keys []key) ([]Row, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	args := []any{root}
	for _, k := range keys {
		args = append(args, k.customer())
	}
	rows, err := db.All(ctx, q, func(r db.Row) (x Row, err error) {
		var held, closed bool
		var created int64
		err = r.Scan(&x.ID, &x.Parent, &x.ParentName, &x.ParentKind, &x.Name, &x.Email, &x.Website, &x.End, &x.Users, &x.Locations, &held, &closed, &created, &x.Version, &x.Package, &x.PackageName)
		x.Created, x.Status = ms(created), Active
		switch {
		case closed:
			x.Status = Closed
		case held:
			x.Status = Suspended
		}
		return x, err
	}, rowsText(len(keys)), args...)
	if err != nil {
		return nil, err
	}
	held, err := heldParents(ctx, q, sc, rows)
	if err != nil {
		return nil, err
	}
	byID := make(map[ids.Account]Row, len(rows))
	for _, r := range rows {
		if r.Status == Active && held[r.Parent] {
			r.Status = Suspended
		}
		byID[r.ID] = r
	}
	out := make([]Row, 0, len(keys))
	for _, k := range keys {
		if r, ok := byID[k.customer()]; ok {
			out = append(out, r)
		}
	}
	return out, nil
}

func rowsText(n int) string {
	return `SELECT a.id, COALESCE(a.parent_id, ''), COALESCE(p.name, ''), COALESCE(p.kind, ''), a.name, a.email, a.website, a.membership_end, c.users, c.locations,
		       c.held, c.closed, c.created_at, a.version, c.package_id, COALESCE(k.name, '')
		FROM client_list c JOIN accounts a ON a.id = c.customer_id LEFT JOIN accounts p ON p.id = a.parent_id LEFT JOIN packages k ON k.id = c.package_id WHERE c.ancestor_id = ? AND c.customer_id IN ` + db.In(n)
}

// heldParents are the parents of customers that are held, themselves or by an account above.
func heldParents(ctx context.Context, q db.Queryer, _ authz.Scope, of []Row) (map[ids.Account]bool, error) {
	var parents []ids.Account
	for _, r := range of {
		if r.Status == Active {
			parents = append(parents, r.Parent)
		}
	}
	slices.Sort(parents)
	parents = slices.Compact(parents)
	if len(parents) == 0 {
		return nil, nil
	}
	all, err := db.All(ctx, q, db.Value[ids.Account], heldText(len(parents)), db.Args(parents...)...)
	held := make(map[ids.Account]bool, len(all))
	for _, id := range all {
		held[id] = true
	}
	return held, err
}

// heldText selects which of n accounts are held. Their holds are joined, for PostgreSQL may answer an EXISTS here by hashing the
// whole tree.
func heldText(n int) string {
	return `SELECT t.descendant_id FROM account_tree t JOIN holds h ON h.account_id = t.ancestor_id WHERE t.descendant_id IN ` + db.In(n)
}

// belowResellers walks from reseller to reseller, which are few, never over the clients.
const belowResellers = `WITH RECURSIVE below (id, name, name_fold, parent_id, level) AS (
		SELECT a.id, a.name, a.name_fold, a.parent_id, 1 FROM accounts a WHERE a.parent_id = ? AND a.kind = 'reseller'
		UNION ALL SELECT a.id, a.name, a.name_fold, a.parent_id, b.level + 1 FROM below b JOIN accounts a ON a.parent_id = b.id AND a.kind = 'reseller') `

// heldResellers are the highest held resellers below root.
func heldResellers(ctx context.Context, q db.Queryer, _ authz.Scope, root ids.Account, limit int) ([]ids.Account, error) {
	return db.All(ctx, q, db.Value[ids.Account], `WITH RECURSIVE below (id, held) AS (
		SELECT a.id, EXISTS (SELECT 1 FROM holds h WHERE h.account_id = a.id) FROM accounts a WHERE a.parent_id = ? AND a.kind = 'reseller'
		UNION ALL SELECT a.id, EXISTS (SELECT 1 FROM holds h WHERE h.account_id = a.id) FROM below b JOIN accounts a ON a.parent_id = b.id AND a.kind = 'reseller' WHERE NOT b.held)
		SELECT b.id FROM below b WHERE b.held LIMIT ?`, root, limit)
}

func resellersBelow(ctx context.Context, q db.Queryer, _ authz.Scope, root ids.Account) ([]ResellerRow, error) {
	return db.All(ctx, q, func(r db.Row) (x ResellerRow, err error) {
		var held, closed bool
		var created int64
		err = r.Scan(&x.ID, &x.Parent, &x.Name, &x.Level, &held, &closed, &x.Clients, &created)
		x.Created, x.Status = ms(created), Active
		switch {
		case closed:
			x.Status = Closed
		case held:
			x.Status = Suspended
		}
		return x, err
	}, belowResellers+`SELECT b.id, b.parent_id, b.name, b.level,
		EXISTS (SELECT 1 FROM account_tree t JOIN holds h ON h.account_id = t.ancestor_id WHERE t.descendant_id = b.id), a.closed_at IS NOT NULL,
		(SELECT count(*) FROM (SELECT 1 FROM client_list c WHERE c.ancestor_id = b.id AND c.closed = FALSE LIMIT 10001) s), a.created_at
		FROM below b JOIN accounts a ON a.id = b.id ORDER BY b.name_fold, b.id LIMIT 500`, root)
}
