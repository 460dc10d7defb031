package outline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
	"bailiwick/internal/secret"
)

// wood is a platform with one customer of very many departments and people among many customers.
type wood struct {
	root, big ids.Account
	s         *Service
	by        authz.Actor
}

const (
	manyDepartments = 10_000
	manyPeople      = 3_000
	manyCustomers   = 4_000
)

func grow(t testing.TB, d *db.DB) wood {
	t.Helper()
	w := wood{root: ids.NewAccount(d.Now()), big: ids.NewAccount(d.Now())}
	exec := func(query string, args ...any) {
		t.Helper()
		if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err }); err != nil {
			t.Fatalf("%.80s: %v", query, err)
		}
	}
	numbers := func(n int) string {
		return `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + fmt.Sprint(n) + `) `
	}
	insert := `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) `
	exec(insert+`VALUES (?, NULL, 'platform', 'Root', 'root', 0, 0)`, w.root)
	exec(insert+`VALUES (?, ?, 'customer', 'Big', 'big', 0, 0)`, w.big, w.root)
	exec(numbers(manyCustomers)+insert+`SELECT 'acc_c' || i, ?, CASE WHEN i % 40 = 0 THEN 'reseller' ELSE 'customer' END, 'C' || i, 'c' || i, i, 0 FROM n`, w.root)
	exec(numbers(manyDepartments)+insert+`SELECT 'acc_d' || i, ?, 'department', 'D' || i, 'd' || i, i, 0 FROM n`, w.big)
	exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT id, id, 0 FROM accounts`)
	exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT parent_id, id, 1 FROM accounts WHERE parent_id IS NOT NULL`)
	exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT ?, id, 2 FROM accounts WHERE kind = 'department'`, w.root)
	exec(`INSERT INTO client_list (ancestor_id, customer_id, name_fold, end_sort, created_at, users, locations, held, closed)
		SELECT t.ancestor_id, a.id, a.name_fold, '9999-12-31', 0, 3, 0, FALSE, FALSE FROM accounts a JOIN account_tree t ON t.descendant_id = a.id WHERE a.kind = 'customer'`)
	exec(numbers(manyPeople) + `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at)
		SELECT 'usr_' || i, 'p' || i || '@b.example', 'p' || i || '@b.example', 'p' || i, 'p' || i, 'Person ' || i, 'person ' || i, 0, 0 FROM n`)
	exec(numbers(manyPeople)+`INSERT INTO memberships (id, account_id, user_id, role, deactivated_at, created_at, updated_at)
		SELECT 'mem_' || i, CASE WHEN i % 3 = 0 THEN 'acc_d' || i ELSE CAST(? AS TEXT) END, 'usr_' || i, 'user', CASE WHEN i % 20 = 0 THEN i END, i, i FROM n`, w.big)
	exec(`INSERT INTO member_list (account_id, membership_id, name_fold, email_fold, active, created_at)
		SELECT m.account_id, m.id, i.name_fold, i.email_fold, m.deactivated_at IS NULL, m.created_at FROM memberships m JOIN identities i ON i.id = m.user_id`)
	hash := `CAST('t' || i AS BLOB)`
	if d.Dialect() == db.Postgres {
		hash = `CAST('t' || i AS BYTEA)`
	}
	exec(numbers(manyPeople)+`INSERT INTO invitations (id, account_id, email, email_fold, role, token_hash, by_mail, invited_by, invited_by_name, sent_at, expires_at, revoked_at, created_at)
		SELECT 'inv_' || i, CASE WHEN i % 3 = 0 THEN 'acc_d' || i ELSE CAST(? AS TEXT) END, 'n' || i || '@b.example', 'n' || i || '@b.example', 'user', `+hash+`, TRUE, '', '', 0, 0, CASE WHEN i % 10 <> 1 THEN i END, 0 FROM n`, w.big)
	exec(`INSERT INTO holds (id, account_id, source, set_from, reason, set_by, set_by_name, created_at) VALUES ('hld_1', 'acc_d77', 'operator', ?, '', '', '', 0)`, w.root)
	exec(`INSERT INTO holds (id, account_id, source, set_from, reason, set_by, set_by_name, created_at) SELECT 'hld_' || id, id, 'operator', ?, '', '', '', 0 FROM accounts WHERE kind = 'customer' AND created_at % 8 = 1`, w.root)
	exec(`ANALYZE`)
	box, err := secret.NewBox(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	r := op.NewRunner(d, &authz.Checker{})
	w.s = NewService(r, page.NewSealer(box), account.NewService(account.Deps{Ops: r, Cursors: page.NewSealer(box), Clock: d.Now}))
	w.by = authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: w.root, Perms: authz.SetOf(authz.ResellersView, authz.ClientsView, authz.DepartmentsView, authz.UsersView)})
	return w
}

// TestBigTrees explains what opens and searches a tree, none of which may read a table from end to end, and opens all of it.
func TestBigTrees(t *testing.T) {
	dbtest.EachAt(t, clock.System, func(t *testing.T, d *db.DB) {
		w := grow(t, d)
		t.Run("start from an index", func(t *testing.T) { plans(t, d, w) })
		t.Run("count no more than is quick", func(t *testing.T) {
			if got, err := w.s.Totals(t.Context(), w.by, w.root); err != nil || got.Departments != account.Unknown || got.Customers != 1+manyCustomers-manyCustomers/40 {
				t.Errorf("a portal of many departments: %+v %v", got, err)
			}
		})
		t.Run("open page by page, in order", func(t *testing.T) { opensAll(t, w) })
	})
}

func plans(t *testing.T, d *db.DB, w wood) {
	all := []group{departments, people, invited, formerPeople}
	shops := []group{resellers, customers, people, invited, formerPeople}
	for name, q := range map[string]func() (string, []any){
		"first page": func() (string, []any) { return childrenText(all, w.big, nil, page.Size+1) },
		"after a department": func() (string, []any) {
			return childrenText(all, w.big, &key{departments, "d500", "acc_d500"}, page.Size+1)
		},
		"after a person": func() (string, []any) {
			return childrenText(all, w.big, &key{people, "person 500", "mem_500"}, page.Size+1)
		},
		"of the platform": func() (string, []any) {
			return childrenText(shops, w.root, &key{customers, "c500", "acc_c500"}, page.Size+1)
		},
		"own people by name": func() (string, []any) { return ownPeopleText(w.big, []string{"person", "7"}, mostJumps) },
		"after somebody invited": func() (string, []any) {
			return childrenText(all, w.big, &key{invited, "n901@b.example", "inv_901"}, page.Size+1)
		},
		"departments by their names": func() (string, []any) { return departmentsBeginText(w.root, "d77", mostJumps) },
		"people by their address":    func() (string, []any) { return addressedText(w.root, "p77@", mostJumps) },
		"what a page shows": func() (string, []any) {
			var of []any
			for i := range page.Size {
				of = append(of, fmt.Sprint("acc_d", i+1))
			}
			return accountsText(page.Size), of
		},
	} {
		text, args := q()
		if plan := dbtest.Plan(t, d, text, args...); whole(d, plan) {
			t.Errorf("%s reads a table whole:\n\t%s", name, strings.Join(plan, "\n\t"))
		}
	}
	if !whole(d, dbtest.Plan(t, d, "SELECT count(*) FROM accounts WHERE legal_name = name")) {
		t.Error("a query that reads a table whole was not noticed")
	}
}

// whole reports a plan that reads a table from end to end. Holds are few.
func whole(d *db.DB, plan []string) bool {
	for _, l := range plan {
		if d.Dialect() == db.SQLite {
			table, scan := strings.CutPrefix(l, "SCAN ")
			inner := slices.Contains(plan, "CO-ROUTINE "+table) || slices.Contains(plan, "MATERIALIZE "+table)
			if strings.Contains(l, "AUTOMATIC") || scan && !inner && table != "CONSTANT ROW" {
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

func opensAll(t *testing.T, w wood) {
	var got []string
	n, waiting, kinds := 0, 0, []bool{}
	for cursor := ""; n == 0 || cursor != ""; {
		b, err := w.s.Children(t.Context(), w.by, w.big, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range b.Nodes {
			if x.Invited() {
				waiting++
				continue
			}
			if x.Person() && (len(kinds) == 0 || !kinds[len(kinds)-1]) || !x.Person() && len(kinds) > 0 && kinds[len(kinds)-1] {
				kinds = append(kinds, x.Person())
			}
			if x.Account == "acc_d77" {
				got = append(got, string(x.Status))
			}
			n++
		}
		cursor = b.Next
	}
	if want := manyDepartments + manyPeople - manyPeople/3; n != want {
		t.Errorf("%d nodes on all pages, want %d", n, want)
	}
	if want := manyPeople/10 - manyPeople/30; waiting != want {
		t.Errorf("%d invitations on all pages, want %d", waiting, want)
	}
	if diff := cmp.Diff([]string{"suspended"}, got); diff != "" {
		t.Errorf("the department that is held (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{true}, kinds); diff != "" {
		t.Errorf("departments come before people (-want +got):\n%s", diff)
	}
}

// BenchmarkOpen opens an account with 10,000 departments, its first page.
func BenchmarkOpen(b *testing.B) {
	for name, open := range map[string]func(testing.TB, clock.Clock) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := grow(b, open(b, clock.System))
			for b.Loop() {
				if _, err := w.s.Children(b.Context(), w.by, w.big, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
