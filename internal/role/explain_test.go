package role

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

// TestTheHoldersOfARoleStartFromTheRole: of the memberships of all accounts, those with the role are looked at.
func TestTheHoldersOfARoleStartFromTheRole(t *testing.T) {
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
		exec(numbers + `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at) SELECT 'usr_' || i, 'p' || i, 'p' || i, 'u' || i, 'u' || i, 'P', 'p', 0, 0 FROM n`)
		exec(numbers + `INSERT INTO memberships (id, account_id, user_id, role, created_at, updated_at) SELECT 'mem_' || i, 'acc_' || i, 'usr_' || i, 'rol_' || (i % 400), 0, 0 FROM n`)
		exec(`ANALYZE`)
		by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: root, Perms: authz.SetOf(authz.AccountView)})
		sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.AccountView, root)
		if err != nil {
			t.Fatal(err)
		}
		whole := func(query string, args []any) string {
			plan := strings.Join(dbtest.Plan(t, d, query, args...), "\n")
			for _, bad := range []string{"Seq Scan on memberships", "Seq Scan on identities", "Seq Scan on account", "SCAN m", "SCAN i", "SCAN a", "SCAN t", "SCAN v"} {
				if strings.Contains(plan, bad) {
					return plan
				}
			}
			return ""
		}
		query, args := holdersQuery(sc, "rol_7")
		if plan := whole(query, args); plan != "" {
			t.Error(plan)
		}
		if whole(`SELECT count(*) FROM memberships m WHERE role = job_title`, nil) == "" {
			t.Error("a table read whole went unnoticed")
		}
	})
}
