package notice

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

// TestTheBellWalksItsIndexes: it is counted on every page, so of all notices those of the reader alone are looked at.
func TestTheBellWalksItsIndexes(t *testing.T) {
	dbtest.EachAt(t, clock.System, func(t *testing.T, d *db.DB) {
		root := ids.NewAccount(d.Now())
		exec := func(query string, args ...any) {
			t.Helper()
			if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err }); err != nil {
				t.Fatalf("%.80s: %v", query, err)
			}
		}
		const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) `
		exec(`INSERT INTO accounts (id, kind, name, name_fold, created_at, updated_at) VALUES (?, 'platform', 'Root', 'root', 0, 0)`, root)
		exec(numbers+`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) SELECT 'acc_' || i, ?, 'customer', 'C', 'c', 0, 0 FROM n WHERE i < 100`, root)
		exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT id, id, 0 FROM accounts`)
		exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT ?, id, 1 FROM accounts WHERE kind = 'customer'`, root)
		exec(numbers + `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at) SELECT 'usr_' || i, 'p' || i, 'p' || i, 'u' || i, 'u' || i, 'P', 'p', 0, 0 FROM n WHERE i < 500`)
		exec(numbers + `INSERT INTO notices (id, at, account_id, user_id, kind, once) SELECT 'ntc_' || (100000 + i), 0, 'acc_' || (1 + i % 99), CASE WHEN i % 3 = 0 THEN 'usr_' || (1 + i % 400) END, 'account_resumed', '' || i FROM n`)
		exec(`ANALYZE`)
		by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: root, Perms: authz.Everything()})
		sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.AccountView, "acc_42")
		if err != nil {
			t.Fatal(err)
		}
		whole := func(query string, args []any) string {
			plan := strings.Join(dbtest.Plan(t, d, query, args...), "\n") + "\n"
			if strings.Contains(plan, "Seq Scan on notices") || strings.Contains(plan, "SCAN n\n") || strings.Contains(plan, "SCAN n ") {
				return plan
			}
			return ""
		}
		r := reader{user: "usr_42", id: "mem_42", bell: Topics()}
		for what, in := range map[string]Query{"all": {}, "unread": {Unread: true}, "a topic": {Topic: Account}, "the next page": {Before: "ntc_110000"}, "unread, next page": {Unread: true, Before: "ntc_110000"}, "one": {only: []ids.Notice{"ntc_110000"}}} {
			text, args := query(sc, r, in, PageSize+1)
			if plan := whole(text, args); plan != "" {
				t.Errorf("%s reads all notices:\n%s", what, plan)
			}
		}
		if whole(`SELECT count(*) FROM notices n WHERE n.kind = n.once`, nil) == "" {
			t.Error("a table read whole went unnoticed")
		}
	})
}
