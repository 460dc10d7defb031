package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
)

const (
	manyClients = 20_000 // well above what is scanned when searched
	fewClients  = 3
)

// grow makes a platform with a big reseller and a small one, by statements of the database's own.
func grow(t *testing.T, d *db.DB) (root, big, small ids.Account) {
	t.Helper()
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	root, big, small = ids.NewAccount(at), ids.NewAccount(at), ids.NewAccount(at)
	exec := func(query string, args ...any) {
		t.Helper()
		if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err }); err != nil {
			t.Fatalf("%.80s: %v", query, err)
		}
	}
	account := `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 0, 0)`
	exec(account, root, nil, Platform, "Root", "root")
	exec(account, big, root, Reseller, "Big", "big")
	exec(account, small, root, Reseller, "Small", "small")
	for _, c := range []struct {
		parent ids.Account
		key    string
		n      int
	}{{big, "b", manyClients}, {small, "s", fewClients}} {
		exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + fmt.Sprint(c.n) + `)
			INSERT INTO accounts (id, parent_id, kind, name, name_fold, email_fold, membership_end, created_at, updated_at)
			SELECT 'acc_` + c.key + `' || i, '` + string(c.parent) + `', 'customer', 'Client ' || i, 'client ' || i || ' ' || (i % 977), 'c' || i || '@example.com', CASE WHEN i % 3 = 0 THEN '' ELSE '20' || (20 + i % 30) || '-06-15' END, i, i FROM n`)
	}
	exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT id, id, 0 FROM accounts`)
	exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT parent_id, id, 1 FROM accounts WHERE parent_id IS NOT NULL`)
	exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT '` + string(root) + `', id, 2 FROM accounts WHERE kind = 'customer'`)
	exec(`INSERT INTO holds (id, account_id, source, set_from, reason, set_by, set_by_name, created_at) SELECT 'hld_' || id, id, 'operator', '` + string(root) + `', '', '', '', 0 FROM accounts WHERE kind = 'customer' AND created_at % 20 = 0`)
	exec(`INSERT INTO client_list (ancestor_id, customer_id, name_fold, end_sort, created_at, users, locations, held, closed, package_id, package_fold, use_share)
		SELECT t.ancestor_id, a.id, a.name_fold, CASE WHEN a.membership_end = '' THEN '9999-12-31' ELSE a.membership_end END, a.created_at, a.created_at % 100, a.created_at % 40, a.created_at % 20 = 0, FALSE, 'pkg_' || (a.created_at % 50), 'package ' || (a.created_at % 50), a.created_at % 101
		FROM accounts a JOIN account_tree t ON t.descendant_id = a.id WHERE a.kind = 'customer'`)
	exec(`INSERT INTO client_words (ancestor_id, word, customer_id) SELECT t.ancestor_id, 'client', t.descendant_id FROM account_tree t JOIN accounts a ON a.id = t.descendant_id WHERE a.kind = 'customer'`)
	exec(`INSERT INTO client_words (ancestor_id, word, customer_id) SELECT t.ancestor_id, 'w' || (a.created_at % 977), t.descendant_id FROM account_tree t JOIN accounts a ON a.id = t.descendant_id WHERE a.kind = 'customer'`)
	exec(`INSERT INTO client_words (ancestor_id, word, customer_id) SELECT t.ancestor_id, 'd' || (a.created_at % 61), t.descendant_id FROM account_tree t JOIN accounts a ON a.id = t.descendant_id WHERE a.kind = 'customer'`)
	exec(`INSERT INTO locations (id, account_id, name, name_fold, address, country, time_zone, created_at, updated_at)
		SELECT 'loc_' || a.created_at, '` + string(big) + `', a.name, 'location ' || a.created_at, '', '', '', 0, 0 FROM accounts a WHERE a.parent_id = '` + string(big) + `'`)
	exec(`INSERT INTO client_search (customer_id, text) SELECT a.id, a.name_fold || ' w' || (a.created_at % 977) || ' d' || (a.created_at % 61) || ' ' || a.email_fold FROM accounts a WHERE a.kind = 'customer'`)
	if d.Dialect() == db.Postgres { // so that ANALYZE reads every row, and the plans are the same in every run
		for table, column := range map[string]string{"accounts": "parent_id", "account_tree": "descendant_id", "client_list": "customer_id", "client_words": "word", "client_search": "text", "holds": "account_id"} {
			exec(`ALTER TABLE ` + table + ` ALTER COLUMN ` + column + ` SET STATISTICS 1000`)
		}
	}
	exec(`ANALYZE`)
	return root, big, small
}

// TestBigLists explains every list query for the platform, a big and a small reseller, none of which may read a table from
// end to end, and compares what is found with a look at everything.
func TestBigLists(t *testing.T) {
	dbtest.EachAt(t, clock.System, func(t *testing.T, d *db.DB) {
		root, big, small := grow(t, d)
		t.Run("start from an index", func(t *testing.T) { plans(t, d, root, big, small) })
		t.Run("find what there is", func(t *testing.T) { findsAll(t, d, root, small) })
		t.Run("find the first of what most contain", func(t *testing.T) { firstMatches(t, d, root) })
		t.Run("find who has several common words", func(t *testing.T) { together(t, d, root) })
	})
}

func plans(t *testing.T, d *db.DB, root, big, small ids.Account) {
	sc := authz.Scope{}
	for who, at := range map[string]ids.Account{"platform": root, "big reseller": big, "small reseller": small} {
		for what, f := range map[string]filter{
			"everything":       {root: at},
			"suspended":        {root: at, only: Suspended},
			"active":           {root: at, only: Active},
			"held above":       {root: at, only: Suspended, held: []ids.Account{small}},
			"active, held":     {root: at, only: Active, held: []ids.Account{small}},
			"ending":           {root: at, endFrom: "2027-01-01", endTo: "2027-12-31"},
			"ending suspended": {root: at, endFrom: "2027-01-01", endTo: "2027-12-31", only: Suspended},
			"closed":           {root: at, closed: true},
			"a package":        {root: at, bought: "pkg_7"},
			"none":             {root: at, without: true},
			"package, ending":  {root: at, bought: "pkg_7", endFrom: "2027-01-01", endTo: "2027-12-31"},
			"a rare word":      {root: at, words: []string{"w42"}},
			"a common one":     {root: at, words: []string{"cli"}},
			"two words":        {root: at, words: []string{"w42", "cli"}},
			"inside a word":    {root: at, words: []string{"xample"}},
		} {
			name := who + ", " + what
			from, err := rarest(t.Context(), d, sc, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []Sort{ByName, ByEnd, ByCreated, ByUsers, ByLocations, ByStatus, ByPackage, ByUse} {
				o := order{sort: s}
				if from.text != "" && at != small {
					query, args := matchesText(f, o, from, page.Size+1)
					check(t, d, name+", fetched by "+string(s), query, args)
					continue
				}
				inside, outside := f.split(o)
				if outside.conditions() == 0 {
					query, args := f.alongText(o, 51)
					check(t, d, name+", along "+string(s), query, args)
				} else {
					query, args := strideText(inside, outside, o, 500, 51)
					check(t, d, name+", a stride along "+string(s), query, args)
				}
			}
		}
	}
	for who, at := range map[string]ids.Account{"platform": root, "big reseller": big, "small reseller": small} {
		check(t, d, who+", how many are near their limit", nearText, db.Args[any](at, nearShare, Most+1))
	}
	for who, at := range map[string]ids.Account{"platform": root, "big reseller": big} {
		f := filter{root: at, words: []string{"client", "w4"}}
		from, err := togetherSource(t.Context(), d, sc, f)
		if err != nil {
			t.Fatal(err)
		}
		query, args := matchesText(f, order{sort: ByEnd}, from, page.Size+1)
		check(t, d, who+", several common words", query, args)
	}
	rows := db.Args(root)
	for i := range 51 {
		rows = append(rows, fmt.Sprint("acc_b", i))
	}
	check(t, d, "what a page shows", rowsText(51), rows)
	check(t, d, "which parents are held", heldText(3), db.Args(root, big, small))
	check(t, d, "locations", locationsText("l.account_id = ?", nil), db.Args[any](big, 51))
	check(t, d, "locations, next page", locationsText("l.account_id = ?", []any{"", ""}), db.Args[any](big, "location 400", "loc_400", 51))
	check(t, d, "the words of a client", dropWords, db.Args[any]("acc_b7", "acc_b7"))
	for who, at := range map[string]ids.Account{"a client": "acc_b7", "the small reseller": small} {
		c := changeOfPlace{account: at, left: []ids.Account{root}, upTo: "acc_z"}
		for _, s := range c.statements() {
			check(t, d, who+" moves: "+s.text, s.text, s.args)
		}
	}
	if !whole(d, dbtest.Plan(t, d, `SELECT count(*) FROM client_list WHERE locations + users > 5`)) {
		t.Error("a query that reads the whole list was not noticed")
	}
}

// check fails when the plan of a query reads one of the big tables whole.
func check(t *testing.T, d *db.DB, name, query string, args []any) {
	t.Helper()
	if p := dbtest.Plan(t, d, query, args...); whole(d, p) {
		t.Errorf("%s reads a table whole:\n\t%s", name, strings.Join(p, "\n\t"))
	}
}

// whole reports a plan that reads a big table from end to end. Holds and packages are few, and what most texts contain is found soonest by reading them until the limit.
func whole(d *db.DB, plan []string) bool {
	for _, l := range plan {
		if d.Dialect() == db.SQLite {
			table, scan := strings.CutPrefix(l, "SCAN ")
			inner := slices.Contains(plan, "CO-ROUTINE "+table) || slices.Contains(plan, "MATERIALIZE "+table)
			if strings.Contains(l, "AUTOMATIC") { // an index for one query is made by reading everything
				return true
			}
			if scan && !inner && table != "CONSTANT ROW" && !strings.HasPrefix(table, "f VIRTUAL TABLE INDEX") {
				return true
			}
			continue
		}
		if strings.Contains(l, "Seq Scan on ") && !strings.Contains(l, "Seq Scan on holds") && !strings.Contains(l, "Seq Scan on packages") && !strings.Contains(l, "Seq Scan on client_search s") {
			return true
		}
	}
	return false
}
