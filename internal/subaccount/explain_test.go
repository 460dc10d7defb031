package subaccount

import (
	"context"
	"strings"
	"testing"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
)

// TestTheListOfSubAccountsStartsFromTheClient: of the sub-accounts of all clients, those of one are looked at.
func TestTheListOfSubAccountsStartsFromTheClient(t *testing.T) {
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
		exec(numbers + `INSERT INTO subaccounts (id, customer_id, account_id, name, purpose, created_at, updated_at) SELECT 'sub_' || i, 'acc_' || i, 'acc_' || i, 's' || i, 'marketing', 0, 0 FROM n`)
		exec(`ANALYZE`)
		by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: root, Perms: authz.SetOf(authz.AccountView)})
		sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.AccountView, ids.Account("acc_42"))
		if err != nil {
			t.Fatal(err)
		}
		whole := func(query string, args []any) string {
			plan := strings.Join(dbtest.Plan(t, d, query, args...), "\n")
			if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN ") {
				return plan
			}
			return ""
		}
		for what, in := range map[string]Query{"first": {}, "next": {After: "s1", AfterID: "sub_1"}, "searched": {Search: "s4"}} {
			query, args := listQuery(sc, in, 51)
			if plan := whole(query, args); plan != "" {
				t.Errorf("the %s page:\n%s", what, plan)
			}
		}
		if whole(`SELECT count(*) FROM subaccounts WHERE purpose = name`, nil) == "" {
			t.Error("a table read whole went unnoticed")
		}
	})
}
