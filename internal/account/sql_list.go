package account

import (
	"context"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// listColumns selects the rows of customers a, one for each ancestor t and itself.
const listColumns = `INSERT INTO client_list (ancestor_id, customer_id, name_fold, end_sort, created_at, users, locations, held, closed)
		SELECT t.ancestor_id, a.id, a.name_fold, CASE WHEN a.membership_end = '' THEN '` + noEndSort + `' ELSE a.membership_end END, a.created_at,
		       (SELECT count(DISTINCT m.user_id) FROM account_tree d JOIN memberships m ON m.account_id = d.descendant_id WHERE d.ancestor_id = a.id AND m.deactivated_at IS NULL),
		       (SELECT count(*) FROM account_tree d JOIN locations l ON l.account_id = d.descendant_id WHERE d.ancestor_id = a.id),
		       EXISTS (SELECT 1 FROM holds h WHERE h.account_id = a.id), a.closed_at IS NOT NULL `

const listConflict = ` ON CONFLICT (ancestor_id, customer_id) DO UPDATE SET name_fold = excluded.name_fold, end_sort = excluded.end_sort, created_at = excluded.created_at,
			users = excluded.users, locations = excluded.locations, held = excluded.held, closed = excluded.closed`

// listRow writes the rows of the customer at or above the scope's account.
func listRow(ctx context.Context, tx *db.Tx, sc authz.Scope) error {
	_, err := tx.Exec(ctx, listColumns+`FROM account_tree up JOIN accounts a ON a.id = up.ancestor_id AND a.kind = 'customer' JOIN account_tree t ON t.descendant_id = a.id
		WHERE up.descendant_id = ?`+listConflict, sc.Account())
	return err
}

func listWords(ctx context.Context, tx *db.Tx, sc authz.Scope, words []string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM client_words WHERE customer_id = ?`, sc.Account()); err != nil {
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

// filter is a Query with everything looked up that its SQL needs.
type filter struct {
	root          ids.Account
	closed        bool
	suspended     *bool         // nil: whatever
	heldResellers []ids.Account // below root
	endFrom       string        // first and last day of end_sort, "" for open
	endTo         string
	substring     string   // a small subtree is searched anywhere in the text
	prefixes      []string // a big one by the beginnings of words
	few           bool     // the first prefix has few hits, so they lead
}

// where builds the condition on client_list c and its arguments.
func (f filter) where() (from, cond string, args []any) {
	var b strings.Builder
	add := func(s string, a ...any) { b.WriteString(s); args = append(args, a...) }
	from = "client_list c"
	prefixes := f.prefixes
	if f.few && len(prefixes) > 0 {
		from = `(SELECT DISTINCT w.customer_id FROM client_words w WHERE w.ancestor_id = ? AND w.word >= ? AND w.word < ?) f JOIN client_list c ON c.customer_id = f.customer_id`
		args = append(args, f.root, prefixes[0], prefixes[0]+lastRune)
		prefixes = prefixes[1:]
	}
	add(`c.ancestor_id = ? AND c.closed = `+truth(f.closed), f.root)
	if f.suspended != nil {
		f.addStatus(add)
	}
	if f.endFrom != "" {
		add(` AND c.end_sort >= ?`, f.endFrom)
	}
	if f.endTo != "" {
		add(` AND c.end_sort <= ?`, f.endTo)
	}
	if f.substring != "" {
		like := "%" + db.EscapeLike(f.substring) + "%"
		add(` AND (c.name_fold LIKE ? ESCAPE '\' OR EXISTS (SELECT 1 FROM accounts x WHERE x.id = c.customer_id AND x.email_fold LIKE ? ESCAPE '\')
			OR EXISTS (SELECT 1 FROM external_refs r WHERE r.account_id = c.customer_id AND r.reference_fold LIKE ? ESCAPE '\'))`, like, like, like)
	}
	for _, p := range prefixes {
		add(` AND EXISTS (SELECT 1 FROM client_words w WHERE w.ancestor_id = ? AND w.word >= ? AND w.word < ? AND w.customer_id = c.customer_id)`, f.root, p, p+lastRune)
	}
	return from, b.String(), args
}

// lastRune ends the range of the words that begin with a prefix.
const lastRune = "\U0010FFFF"

func (f filter) addStatus(add func(string, ...any)) {
	under := ""
	if n := len(f.heldResellers); n > 0 {
		under = `EXISTS (SELECT 1 FROM account_tree t WHERE t.descendant_id = c.customer_id AND t.ancestor_id IN ` + db.In(n) + `)`
	}
	switch {
	case *f.suspended && under == "":
		add(` AND c.held = TRUE`)
	case *f.suspended:
		add(` AND (c.held = TRUE OR `+under+`)`, db.Args(f.heldResellers...)...)
	case under == "":
		add(` AND c.held = FALSE`)
	default:
		add(` AND c.held = FALSE AND NOT `+under, db.Args(f.heldResellers...)...)
	}
}

func truth(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

// rowsQuery selects one page: the keys from the list alone, then what is shown about those few. Their holds are counted,
// for PostgreSQL may answer an EXISTS here by hashing the whole tree.
func (f filter) rowsQuery(o order, limit int) (string, []any) {
	from, cond, args := f.where()
	keys := o.columns("c.")
	if len(o.after) > 0 {
		cond += ` AND (` + strings.Join(keys, ", ") + `) ` + o.compare() + ` (` + strings.TrimPrefix(db.In(len(keys)), "(")
		args = append(args, o.after...)
	}
	q := `SELECT a.id, COALESCE(a.parent_id, ''), COALESCE(p.name, ''), COALESCE(p.kind, ''), a.name, a.email, a.website, a.membership_end, s.users, s.locations,
		       (SELECT count(*) FROM account_tree t JOIN holds h ON h.account_id = t.ancestor_id WHERE t.descendant_id = a.id) > 0, s.closed, s.created_at, a.version, s.name_fold, s.end_sort, s.held
		FROM (SELECT c.customer_id, c.name_fold, c.end_sort, c.created_at, c.users, c.locations, c.held, c.closed FROM ` + from + ` WHERE ` + cond + ` ORDER BY ` + o.by("c.") + ` LIMIT ?) s
		JOIN accounts a ON a.id = s.customer_id LEFT JOIN accounts p ON p.id = a.parent_id ORDER BY ` + o.by("s.")
	return q, append(args, limit)
}

func listRows(ctx context.Context, q db.Queryer, _ authz.Scope, f filter, o order, limit int) ([]Row, error) {
	text, args := f.rowsQuery(o, limit)
	return db.All(ctx, q, func(r db.Row) (x Row, err error) {
		var held, closed bool
		var created int64
		err = r.Scan(&x.ID, &x.Parent, &x.ParentName, &x.ParentKind, &x.Name, &x.Email, &x.Website, &x.End, &x.Users, &x.Locations, &held, &closed, &created, &x.Version, &x.nameFold, &x.endSort, &x.held)
		x.Created, x.Status = ms(created), Active
		switch {
		case closed:
			x.Status = Closed
		case held:
			x.Status = Suspended
		}
		return x, err
	}, text, args...)
}

// Most is where counting stops: a number above it is shown as "10,000+".
const Most = 10_000

func (f filter) countQuery() (string, []any) {
	from, cond, args := f.where()
	return `SELECT count(*) FROM (SELECT 1 FROM ` + from + ` WHERE ` + cond + ` LIMIT ?) s`, append(args, Most+1)
}

func listCount(ctx context.Context, q db.Queryer, _ authz.Scope, f filter) (int, error) {
	text, args := f.countQuery()
	return db.One(ctx, q, db.Value[int], text, args...)
}

// atMost reports whether the list below root has no more rows than n.
func atMost(ctx context.Context, q db.Queryer, _ authz.Scope, root ids.Account, n int) (bool, error) {
	got, err := db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (SELECT 1 FROM client_list WHERE ancestor_id = ? LIMIT ?) s`, root, n+1)
	return got <= n, err
}

// fewWords reports whether no more than n words below root begin with the prefix.
func fewWords(ctx context.Context, q db.Queryer, _ authz.Scope, root ids.Account, prefix string, n int) (bool, error) {
	got, err := db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (SELECT 1 FROM client_words WHERE ancestor_id = ? AND word >= ? AND word < ? LIMIT ?) s`, root, prefix, prefix+lastRune, n+1)
	return got <= n, err
}

// belowResellers walks from reseller to reseller, which are few, never over the clients.
const belowResellers = `WITH RECURSIVE below (id, name, name_fold, parent_id, level) AS (
		SELECT a.id, a.name, a.name_fold, a.parent_id, 1 FROM accounts a WHERE a.parent_id = ? AND a.kind = 'reseller'
		UNION ALL SELECT a.id, a.name, a.name_fold, a.parent_id, b.level + 1 FROM below b JOIN accounts a ON a.parent_id = b.id AND a.kind = 'reseller') `

func heldResellers(ctx context.Context, q db.Queryer, _ authz.Scope, root ids.Account) ([]ids.Account, error) {
	return db.All(ctx, q, db.Value[ids.Account], belowResellers+`SELECT b.id FROM below b WHERE EXISTS (SELECT 1 FROM holds h WHERE h.account_id = b.id) LIMIT 500`, root)
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

func countDepartments(ctx context.Context, q db.Queryer, sc authz.Scope) (int64, error) {
	return db.One(ctx, q, db.Value[int64], `SELECT count(*) FROM accounts a WHERE a.parent_id = ? AND a.kind = 'department'`, sc.Account())
}

func departmentsBelow(ctx context.Context, q db.Queryer, sc authz.Scope, after []any, limit int) ([]DepartmentRow, error) {
	cond := ""
	if len(after) > 0 {
		cond = ` AND (a.name_fold, a.id) > (?, ?)`
	}
	return db.All(ctx, q, func(r db.Row) (x DepartmentRow, err error) {
		var held, closed bool
		err = r.Scan(&x.ID, &x.Name, &x.nameFold, &x.Email, &held, &closed, &x.Users, &x.Locations, &x.Departments)
		x.Status = Active
		switch {
		case closed:
			x.Status = Closed
		case held:
			x.Status = Suspended
		}
		return x, err
	}, `SELECT a.id, a.name, a.name_fold, a.email, EXISTS (SELECT 1 FROM account_tree t JOIN holds h ON h.account_id = t.ancestor_id WHERE t.descendant_id = a.id), a.closed_at IS NOT NULL,
		(SELECT count(DISTINCT m.user_id) FROM account_tree d JOIN memberships m ON m.account_id = d.descendant_id WHERE d.ancestor_id = a.id AND m.deactivated_at IS NULL),
		(SELECT count(*) FROM account_tree d JOIN locations l ON l.account_id = d.descendant_id WHERE d.ancestor_id = a.id),
		(SELECT count(*) FROM accounts c WHERE c.parent_id = a.id AND c.kind = 'department')
		FROM accounts a WHERE a.parent_id = ? AND a.kind = 'department'`+cond+` ORDER BY a.name_fold, a.id LIMIT ?`,
		append(append([]any{sc.Account()}, after...), limit)...)
}
