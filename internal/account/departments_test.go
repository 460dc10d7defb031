package account

import (
	"context"
	"testing"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
)

// TestListsOfDepartmentsStartFromTheAccountAbove: of the departments, people, sub-accounts and places of all clients, those of one
// are looked at.
func TestListsOfDepartmentsStartFromTheAccountAbove(t *testing.T) {
	dbtest.EachAt(t, clock.System, func(t *testing.T, d *db.DB) {
		exec := func(query string, args ...any) {
			t.Helper()
			if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err }); err != nil {
				t.Fatalf("%.80s: %v", query, err)
			}
		}
		const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) `
		root := ids.NewAccount(d.Now())
		exec(`INSERT INTO accounts (id, kind, name, name_fold, created_at, updated_at) VALUES (?, 'platform', 'Root', 'root', 0, 0)`, root)
		exec(numbers+`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) SELECT 'acc_' || i, ?, 'customer', 'C', 'c', 0, 0 FROM n`, root)
		exec(numbers + `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) SELECT 'acc_d' || i, 'acc_' || (i / 4 + 1), 'department', 'D', 'd' || i, 0, 0 FROM n`)
		exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT id, id, 0 FROM accounts`)
		exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT parent_id, id, 1 FROM accounts WHERE parent_id IS NOT NULL`)
		exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT ?, id, 2 FROM accounts WHERE kind = 'department'`, root)
		exec(numbers + `INSERT INTO subaccounts (id, customer_id, account_id, name, purpose, created_at, updated_at) SELECT 'sub_' || i, 'acc_' || (i / 4 + 1), 'acc_d' || i, 's' || i, 'marketing', 0, 0 FROM n`)
		exec(numbers + `INSERT INTO locations (id, account_id, name, name_fold, address, country, time_zone, created_at, updated_at) SELECT 'loc_' || i, 'acc_d' || i, 'L', 'l', '', '', '', 0, 0 FROM n`)
		exec(numbers + `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at) SELECT 'usr_' || i, 'p' || i, 'p' || i, 'p' || i, 'p' || i, 'P', 'p', 0, 0 FROM n`)
		exec(numbers + `INSERT INTO memberships (id, account_id, user_id, role, created_at, updated_at) SELECT 'mem_' || i, 'acc_d' || i, 'usr_' || i, 'user', 0, 0 FROM n`)
		exec(`ANALYZE`)
		by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: root, Perms: authz.SetOf(authz.DepartmentsView, authz.SubAccountsView)})
		sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.DepartmentsView, "acc_42")
		if err != nil {
			t.Fatal(err)
		}
		for what, first := range map[string][]ids.Account{"by name": nil, "with two before the others": {"acc_d166", "acc_d164"}} {
			query, args := topDepartmentsText(sc, first, 5)
			check(t, d, "the top, "+what, query, args)
		}
		for what, after := range map[string][]any{"the first page": nil, "the next page": {"d165", "acc_d165"}} {
			query, args := departmentsBelowText(sc, after, 51)
			check(t, d, what, query, args)
		}
		rows, err := topDepartments(t.Context(), d, sc, []ids.Account{"acc_d167", "acc_d166", "acc_d7"}, 3)
		if err != nil || len(rows) != 3 || rows[0].ID != "acc_d167" || rows[1].ID != "acc_d166" || rows[2].ID != "acc_d164" || rows[0].SubAccounts != 1 || rows[0].Users != 1 || rows[0].Locations != 1 {
			t.Errorf("%+v, %v", rows, err)
		}
	})
}
