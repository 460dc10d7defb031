package invite

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

// TestTheListOfInvitationsWalksAnIndex explains its pages among a few thousand invitations, half of them accepted:
// none reads the table from end to end, and none sorts.
func TestTheListOfInvitationsWalksAnIndex(t *testing.T) {
	dbtest.EachAt(t, clock.System, func(t *testing.T, d *db.DB) {
		at := ids.NewAccount(d.Now())
		hash := "CAST('h' || i AS BYTEA)"
		if d.Dialect() == db.SQLite {
			hash = "CAST('h' || i AS BLOB)"
		}
		for _, query := range []string{
			`INSERT INTO accounts (id, kind, name, name_fold, created_at, updated_at) VALUES ('` + string(at) + `', 'platform', 'Root', 'root', 0, 0)`,
			`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT id, id, 0 FROM accounts`,
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
				INSERT INTO invitations (id, account_id, email, email_fold, role, token_hash, by_mail, invited_by, invited_by_name, sent_at, expires_at, accepted_at, created_at)
				SELECT 'inv_' || i, '` + string(at) + `', 'p' || i || '@example.com', 'p' || i || '@example.com', 'guest', ` + hash + `, TRUE, 'x', 'x', i, i, CASE WHEN i % 2 = 0 THEN i END, i FROM n`,
			`ANALYZE`,
		} {
			if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query); return err }); err != nil {
				t.Fatalf("%.60s: %v", query, err)
			}
		}
		by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: at, Perms: authz.SetOf(authz.UsersView)})
		sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.UsersView, at)
		if err != nil {
			t.Fatal(err)
		}
		flaw := func(query string, args ...any) string {
			plan := dbtest.Plan(t, d, query, args...)
			for _, l := range plan {
				if strings.Contains(l, "Seq Scan on invitations") || strings.Contains(l, "Sort ") || strings.HasPrefix(l, "SCAN ") || strings.Contains(l, "USE TEMP B-TREE") {
					return l + "\n" + strings.Join(plan, "\n")
				}
			}
			return ""
		}
		for what, after := range map[string]*After{"first": nil, "next": {SentAt: 2000, ID: "inv_2000"}, "back": {Back: true, SentAt: 2000, ID: "inv_2000"}} {
			query, args := listQuery(sc, after, PageSize+1)
			if f := flaw(query, args...); f != "" {
				t.Errorf("the %s page: %s", what, f)
			}
			if after == nil && flaw(strings.Replace(query, "ORDER BY i.sent_at", "ORDER BY i.name", 1), args...) == "" {
				t.Error("a sort went unnoticed")
			}
		}
		if flaw("SELECT count(*) FROM invitations WHERE email = name") == "" {
			t.Error("a table read whole went unnoticed")
		}
	})
}
