package apikey

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
)

// TestTheListOfKeysWalksAnIndex explains each page: none reads a table from end to end, and none sorts.
func TestTheListOfKeysWalksAnIndex(t *testing.T) {
	dbtest.EachAt(t, clock.System, func(t *testing.T, d *db.DB) {
		root := ids.NewAccount(d.Now())
		exec := func(query string, args ...any) {
			t.Helper()
			if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err }); err != nil {
				t.Fatalf("%.80s: %v", query, err)
			}
		}
		exec(`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, 'platform', 'Root', 'root', 0, 0)`, root, nil)
		exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES (?, ?, 0)`, root, root)
		numbers := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) `
		exec(numbers + `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at)
			SELECT 'usr_' || i, 'p' || i, 'p' || i, 'u' || i, 'u' || i, 'Person', 'person', 0, 0 FROM n`)
		exec(numbers+`INSERT INTO memberships (id, account_id, user_id, role, created_at, updated_at) SELECT 'mem_' || i, ?, 'usr_' || i, 'admin', 0, 0 FROM n`, root)
		exec(numbers+`INSERT INTO api_keys (id, account_id, membership_id, name, secret_hash, scopes, created_at, revoked_at)
			SELECT 'key_' || (100000 + i), ?, 'mem_' || i, 'k', ?, '[]', 0, CASE WHEN i % 10 = 0 THEN 1 END FROM n`, root, []byte("x"))
		exec(`ANALYZE`)
		by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: root, Perms: authz.SetOf(authz.CredentialsView)})
		sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.CredentialsView, root)
		if err != nil {
			t.Fatal(err)
		}
		for name, after := range map[string]ids.Key{"first": "", "next": "key_102000"} {
			query, args := listQuery(sc, after, PageSize+1)
			if bad := flaws(d, dbtest.Plan(t, d, query, args...)); len(bad) > 0 {
				t.Errorf("%s page: %s", name, strings.Join(bad, "; "))
			}
			query = strings.Replace(query, "ORDER BY k.id", "ORDER BY k.name || k.id", 1)
			if len(flaws(d, dbtest.Plan(t, d, query, args...))) == 0 {
				t.Errorf("%s page: a sort went unnoticed", name)
			}
		}
	})
}

// TestLookingForKeysThatEndSoonWalksAnIndex explains the look of each hour.
func TestLookingForKeysThatEndSoonWalksAnIndex(t *testing.T) {
	dbtest.EachAt(t, clock.System, func(t *testing.T, d *db.DB) {
		query, args := endingsQuery(d.Now(), ending{}, remindAtOnce)
		plan := strings.Join(dbtest.Plan(t, d, query, args...), "\n")
		if !strings.Contains(plan, "api_keys_expires_idx") {
			t.Error(plan)
		}
	})
}

// flaws are the lines of a plan that read a table from end to end or sort. There are no role groups here.
func flaws(d *db.DB, plan []string) (out []string) {
	for _, l := range plan {
		bad := strings.Contains(l, "Seq Scan on ") && !strings.Contains(l, " on roles ") || strings.Contains(l, "Sort ")
		if d.Dialect() == db.SQLite {
			bad = strings.HasPrefix(l, "SCAN ") || strings.Contains(l, "USE TEMP B-TREE")
		}
		if bad {
			out = append(out, fmt.Sprintf("%q", strings.TrimSpace(l)))
		}
	}
	return out
}
