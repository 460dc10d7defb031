package account

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
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
	exec(`INSERT INTO client_list (ancestor_id, customer_id, name_fold, end_sort, created_at, users, locations, held, closed)
		SELECT t.ancestor_id, a.id, a.name_fold, CASE WHEN a.membership_end = '' THEN '9999-12-31' ELSE a.membership_end END, a.created_at, a.created_at % 100, a.created_at % 40, a.created_at % 20 = 0, FALSE
		FROM accounts a JOIN account_tree t ON t.descendant_id = a.id WHERE a.kind = 'customer'`)
	exec(`INSERT INTO client_words (ancestor_id, word, customer_id) SELECT t.ancestor_id, 'client', t.descendant_id FROM account_tree t JOIN accounts a ON a.id = t.descendant_id WHERE a.kind = 'customer'`)
	exec(`INSERT INTO client_words (ancestor_id, word, customer_id) SELECT t.ancestor_id, 'w' || (a.created_at % 977), t.descendant_id FROM account_tree t JOIN accounts a ON a.id = t.descendant_id WHERE a.kind = 'customer'`)
	if d.Dialect() == db.Postgres { // so that ANALYZE reads every row, and the plans are the same in every run
		for table, column := range map[string]string{"accounts": "parent_id", "account_tree": "descendant_id", "client_list": "customer_id", "client_words": "word", "holds": "account_id"} {
			exec(`ALTER TABLE ` + table + ` ALTER COLUMN ` + column + ` SET STATISTICS 1000`)
		}
	}
	exec(`ANALYZE`)
	return root, big, small
}

// TestListQueriesStartFromAnIndex explains every list query for the platform, a big and a small reseller: none may
// read a table from end to end.
func TestListQueriesStartFromAnIndex(t *testing.T) {
	dbtest.EachAt(t, clock.System, func(t *testing.T, d *db.DB) {
		root, big, small := grow(t, d)
		yes, no := true, false
		for who, at := range map[string]ids.Account{"platform": root, "big reseller": big, "small reseller": small} {
			for what, f := range map[string]filter{
				"everything":   {root: at},
				"suspended":    {root: at, suspended: &yes},
				"active":       {root: at, suspended: &no},
				"held above":   {root: at, suspended: &yes, heldResellers: []ids.Account{small}},
				"ending":       {root: at, endFrom: "2027-01-01", endTo: "2027-12-31"},
				"closed":       {root: at, closed: true},
				"a rare word":  {root: at, prefixes: []string{"w42"}, few: true},
				"a common one": {root: at, prefixes: []string{"cli"}},
				"two words":    {root: at, prefixes: []string{"w42", "cli"}, few: true},
			} {
				if d.Dialect() == db.SQLite || at == small { // of most of the list, PostgreSQL rightly reads the list until the limit
					count, args := f.countQuery()
					check(t, d, who+", "+what+", count", count, args)
				}
				for _, s := range []Sort{ByName, ByEnd, ByCreated, ByUsers, ByLocations, ByStatus} {
					o := order{sort: s}
					query, args := f.rowsQuery(o, 51)
					check(t, d, who+", "+what+", by "+string(s), query, args)
				}
			}
		}
		if !whole(d, dbtest.Plan(t, d, `SELECT count(*) FROM client_list WHERE locations + users > 5`)) {
			t.Error("a query that reads the whole list was not noticed")
		}
	})
}

// check fails when the plan of a query reads one of the big tables whole.
func check(t *testing.T, d *db.DB, name, query string, args []any) {
	t.Helper()
	if p := dbtest.Plan(t, d, query, args...); whole(d, p) {
		t.Errorf("%s reads a table whole:\n\t%s", name, strings.Join(p, "\n\t"))
	}
}

// whole reports a plan that reads a big table from end to end. Holds are few, and s and f are results of inner queries.
func whole(d *db.DB, plan []string) bool {
	for _, l := range plan {
		if d.Dialect() == db.SQLite {
			table, scan := strings.CutPrefix(l, "SCAN ")
			if scan && table != "s" && table != "f" && table != "CONSTANT ROW" {
				return true
			}
			continue
		}
		if strings.Contains(l, "Seq Scan on ") && !strings.Contains(l, "Seq Scan on holds") {
			return true
		}
	}
	return false
}
