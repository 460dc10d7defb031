package task

import (
	"context"
	"strings"
	"testing"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
)

// TestTheListOfTasksWalksAnIndex explains its pages: none reads the table from end to end, and none sorts.
func TestTheListOfTasksWalksAnIndex(t *testing.T) {
	dbtest.EachAt(t, clock.System, func(t *testing.T, d *db.DB) {
		root := ids.NewAccount(d.Now())
		exec := func(query string, args ...any) {
			t.Helper()
			if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err }); err != nil {
				t.Fatalf("%.80s: %v", query, err)
			}
		}
		const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) `
		exec(`INSERT INTO accounts (id, kind, name, name_fold, created_at, updated_at) VALUES (?, 'platform', 'Root', 'root', 0, 0)`, root)
		exec(numbers+`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) SELECT 'acc_' || i, ?, 'customer', 'C', 'c', 0, 0 FROM n`, root)
		exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT id, id, 0 FROM accounts`)
		exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT ?, id, 1 FROM accounts WHERE kind = 'customer'`, root)
		exec(numbers+`INSERT INTO tasks (id, account_id, kind, state, created_by, created_at, updated_at) SELECT 'tsk_' || i, CASE WHEN i % 2 = 0 THEN ? ELSE 'acc_1' END, 'x', 'done', 'usr_' || (i % 7), i, i FROM n`, root)
		exec(`ANALYZE`)
		by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: root, Perms: authz.SetOf(authz.AccountView)})
		sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.AccountView, root)
		if err != nil {
			t.Fatal(err)
		}
		flaw := func(query string, args []any) string {
			plan := strings.Join(dbtest.Plan(t, d, query, args...), "\n")
			for _, bad := range []string{"Seq Scan", "Sort ", "SCAN ", "USE TEMP B-TREE"} {
				if strings.Contains(plan, bad) {
					return plan
				}
			}
			return ""
		}
		for what, at := range map[string]page.Cursor{"first": {}, "next": {Key: []string{"4000", "tsk_4000"}}, "back": {Back: true, Key: []string{"4000", "tsk_4000"}}} {
			for who, of := range map[string]whose{"everybody's": {}, "one's own": {owner: "usr_3"}} {
				query, args := listQuery(sc, of, at, page.Size+1)
				if plan := flaw(query, args); plan != "" {
					t.Errorf("the %s page of %s tasks:\n%s", what, who, plan)
				}
				if flaw(strings.Replace(query, "ORDER BY created_at", "ORDER BY subject", 1), args) == "" {
					t.Errorf("the %s page of %s tasks: a sort went unnoticed", what, who)
				}
			}
		}
	})
}
