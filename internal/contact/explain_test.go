package contact

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

// TestListsOfContactsStartFromAnIndex: of the contacts of all accounts, those of one are looked at, in the order of a page.
func TestListsOfContactsStartFromAnIndex(t *testing.T) {
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
		exec(numbers + `INSERT INTO contacts (id, account_id, address, email, phone, name, shown_fold, language, fields, created_at, updated_at)
			SELECT 'con_' || i, 'acc_' || (1 + i % 99), 'c' || i || '@x', 'c' || i || '@x', '+' || i, 'N' || i, 'n' || i, '', '', 0, 0 FROM n`)
		exec(`INSERT INTO contact_lists (id, account_id, name, name_fold, description, public, created_at, updated_at) SELECT 'lst_' || id, id, 'News', 'news', '', TRUE, 0, 0 FROM accounts`)
		exec(`INSERT INTO contact_subscriptions (list_id, contact_id, state, since) SELECT 'lst_' || account_id, id, 'active', 0 FROM contacts`)
		exec(`INSERT INTO suppressions (id, account_id, address, reason, created_at) SELECT 'sup_' || id, account_id, address, 'manual', 0 FROM contacts`)
		exec(`ANALYZE`)
		by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: root, Perms: authz.SetOf(authz.AccountView)})
		sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.AccountView, ids.Account("acc_42"))
		if err != nil {
			t.Fatal(err)
		}
		whole := func(query string, args []any) string {
			plan := strings.Join(dbtest.Plan(t, d, query, args...), "\n") + "\n"
			for _, table := range []string{"contacts", "suppressions", "contact_subscriptions", "c", "s"} {
				if strings.Contains(plan, "Seq Scan on "+table+" ") || strings.Contains(plan, "SCAN "+table+"\n") || strings.Contains(plan, "SCAN "+table+" ") {
					return plan
				}
			}
			return ""
		}
		check := func(what, query string, args []any) {
			t.Helper()
			if plan := whole(query, args); plan != "" {
				t.Errorf("%s reads a table whole:\n%s", what, plan)
			}
		}
		if whole(`SELECT count(*) FROM contacts c WHERE c.name = c.email`, nil) == "" {
			t.Error("a table read whole went unnoticed")
		}
		for what, m := range map[string]Mask{"unmasked": MaskNothing, "masked": MaskAll, "names": MaskAddresses} {
			for _, search := range []string{"", "n4", "+4", "c4@x"} {
				all := walks(search, m)
				for i, w := range all {
					for _, list := range []ids.List{"", "lst_acc_42"} {
						query, args := findText(sc, list, all[:i], w, nil, 51)
						check(what+" "+search, query, args)
						query, args = findText(sc, list, all[:i], w, &place{i, "n42", "con_42"}, 51)
						check(what+" "+search+", next page", query, args)
					}
				}
				for _, reason := range []Reason{"", Manual} {
					query, args := stopsText(sc, SuppressionQuery{Search: search, Reason: reason}, m, nil, 51)
					check("suppressions "+what+" "+search, query, args)
					query, args = stopsText(sc, SuppressionQuery{Search: search, Reason: reason}, m, []any{"c42@x", "sup_con_42"}, 51)
					check("suppressions "+what+" "+search+", next page", query, args)
				}
			}
		}
		check("lists", `SELECT `+listColumns+`l.account_id = ?`, []any{"acc_42"})
	})
}
