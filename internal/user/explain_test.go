package user

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

const (
	manyPeople = 4000 // of one account
	fewPeople  = 3    // of another
)

// crowd makes a platform with two customers, one with many people and one with few, by statements of the database's own.
func crowd(t *testing.T, d *db.DB) (big, small ids.Account) {
	t.Helper()
	root := ids.NewAccount(d.Now())
	big, small = ids.NewAccount(d.Now()), ids.NewAccount(d.Now())
	exec := func(query string, args ...any) {
		t.Helper()
		if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err }); err != nil {
			t.Fatalf("%.80s: %v", query, err)
		}
	}
	account := `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 0, 0)`
	exec(account, root, nil, "platform", "Root", "root")
	exec(account, big, root, "customer", "Big", "big")
	exec(account, small, root, "customer", "Small", "small")
	exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT id, id, 0 FROM accounts`)
	exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT parent_id, id, 1 FROM accounts WHERE parent_id IS NOT NULL`)
	for _, c := range []struct {
		at  ids.Account
		key string
		n   int
	}{{big, "b", manyPeople}, {small, "s", fewPeople}} {
		numbers := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + fmt.Sprint(c.n) + `) `
		exec(numbers + `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at)
			SELECT 'usr_` + c.key + `' || i, 'p' || i || '@` + c.key + `.example', 'p' || i || '@` + c.key + `.example', '` + c.key + `' || i, '` + c.key + `' || i, 'Person ' || i, 'person ' || (i % 977), 0, 0 FROM n`)
		exec(numbers+`INSERT INTO memberships (id, account_id, user_id, role, deactivated_at, created_at, updated_at)
			SELECT 'mem_`+c.key+`' || i, ?, 'usr_`+c.key+`' || i, CASE WHEN i % 3 = 0 THEN 'admin' ELSE 'user' END, CASE WHEN i % 20 = 0 THEN i END, i, i FROM n`, c.at)
	}
	exec(`INSERT INTO member_list (account_id, membership_id, name_fold, email_fold, active, created_at)
		SELECT m.account_id, m.id, i.name_fold, i.email_fold, m.deactivated_at IS NULL, m.created_at FROM memberships m JOIN identities i ON i.id = m.user_id`)
	exec(`ANALYZE`)
	return big, small
}

// TestListsOfPeopleWalkAnIndex explains each page of each order: none reads a table from end to end, and none sorts.
func TestListsOfPeopleWalkAnIndex(t *testing.T) {
	dbtest.EachAt(t, clock.System, func(t *testing.T, d *db.DB) {
		big, small := crowd(t, d)
		for who, at := range map[string]ids.Account{"many": big, "few": small} {
			sc := scopeOf(t, d, at)
			for sort, key := range map[Sort]string{ByName: "person 500", ByEmail: "p2500@b.example", ByCreated: ""} {
				for what, in := range map[string]Query{
					"first": {}, "downwards": {Desc: true}, "deactivated": {Deactivated: true},
					"next": {After: &After{Key: key, Created: 2000, ID: "mem_b2000"}}, "back": {After: &After{Back: true, Key: key, Created: 2000, ID: "mem_b2000"}},
				} {
					in.Sort, in.Limit = sort, PageSize+1
					query, args := listQuery(sc, in)
					walks(t, d, fmt.Sprintf("%s people, by %s, %s", who, sort, what), at == big, query, args)
				}
			}
		}
		for who, at := range map[string]ids.Account{"many": big, "few": small} {
			query, args := leadersQuery(scopeOf(t, d, at), 3)
			walks(t, d, "who runs an account with "+who+" people", at == big, query, args)
		}
		query, args := listQuery(scopeOf(t, d, big), Query{Sort: ByName, Limit: PageSize + 1})
		bad := strings.Replace(query, "ORDER BY l.name_fold", "ORDER BY l.name_fold || ''", 1)
		if len(flaws(d, dbtest.Plan(t, d, bad, args...))) == 0 {
			t.Error("a sort went unnoticed")
		}
		if len(flaws(d, dbtest.Plan(t, d, "SELECT count(*) FROM identities WHERE language = name"))) == 0 {
			t.Error("a table read whole went unnoticed")
		}
	})
}

func scopeOf(t *testing.T, d *db.DB, at ids.Account) authz.Scope {
	t.Helper()
	by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: at, Perms: authz.SetOf(authz.UsersView)})
	sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.UsersView, at)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// walks fails when a plan reads a table whole or, where there is much to sort, sorts.
func walks(t *testing.T, d *db.DB, name string, much bool, query string, args []any) {
	t.Helper()
	plan := dbtest.Plan(t, d, query, args...)
	for _, f := range flaws(d, plan) {
		if sorts := strings.Contains(f, "Sort"); much || !sorts {
			t.Errorf("%s: %s\n\t%s", name, f, strings.Join(plan, "\n\t"))
		}
	}
}

// flaws are the lines of a plan that read a table from end to end or sort. Role groups and ticked sub-accounts are
// none here, and PostgreSQL reads nothing faster than it looks it up.
func flaws(d *db.DB, plan []string) (out []string) {
	for _, l := range plan {
		bad := strings.Contains(l, "Seq Scan on ") && !strings.Contains(l, " on roles ") && !strings.Contains(l, " on membership_subaccounts ") || strings.Contains(l, "Sort ")
		if d.Dialect() == db.SQLite {
			bad = strings.HasPrefix(l, "SCAN ") || strings.Contains(l, "USE TEMP B-TREE")
		}
		if bad {
			out = append(out, strings.TrimSpace(l))
		}
	}
	return out
}
