package authz_test

import (
	"context"
	"fmt"
	"testing"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// world is platform p > reseller r > customer c > department d, and customer x beside r, with a person per case.
func world(t testing.TB, d *db.DB) {
	t.Helper()
	exec := func(ctx context.Context, tx *db.Tx, q string, args ...any) {
		if _, err := tx.Exec(ctx, q, args...); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, a := range []struct{ id, parent, kind string }{{"p", "", "platform"}, {"r", "p", "reseller"}, {"c", "r", "customer"}, {"d", "c", "department"}, {"x", "p", "customer"}} {
			var up any = a.parent
			if a.parent == "" {
				up = nil
			}
			exec(ctx, tx, `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 1, 1)`, a.id, up, a.kind, a.id, a.id)
			exec(ctx, tx, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES (?, ?, 0)`, a.id, a.id)
			exec(ctx, tx, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT ancestor_id, ?, depth + 1 FROM account_tree WHERE descendant_id = ?`, a.id, a.parent)
		}
		for _, m := range []struct{ user, account, role, perms string }{
			{"platform-owner", "p", "owner", "[]"}, {"reseller-admin", "r", "admin", "[]"}, {"customer-owner", "c", "owner", "[]"}, {"customer-user", "c", "user", `["locations.view"]`},
			{"stranger", "x", "owner", "[]"}, {"guest", "c", "guest", "[]"}, {"gone", "c", "owner", "[]"}, {"department-admin", "d", "admin", "[]"},
		} {
			exec(ctx, tx, `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 1, 1)`, m.user, m.user, m.user, m.user, m.user, m.user, m.user)
			exec(ctx, tx, `INSERT INTO memberships (id, account_id, user_id, role, perms, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 1, 1)`, "m-"+m.user, m.account, m.user, m.role, m.perms)
		}
		exec(ctx, tx, `UPDATE memberships SET deactivated_at = 5 WHERE user_id = 'gone'`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func person(id string) authz.Actor {
	return authz.Mint(authz.Identity{Kind: authz.Person, User: ids.User(id), Credential: "session"})
}

func TestCheckSeesUpDownAndBeside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world(t, d)
		var c authz.Checker
		for _, k := range []struct {
			who  string
			perm authz.Perm
			on   ids.Account
			want errs.Kind
			ok   bool
		}{
			{"platform-owner", authz.ClientsEdit, "c", 0, true},
			{"reseller-admin", authz.ClientsEdit, "c", 0, true},
			{"reseller-admin", authz.PaymentsView, "c", errs.Denied, false},
			{"reseller-admin", authz.ClientsView, "p", errs.NotFound, false},
			{"reseller-admin", authz.ClientsView, "x", errs.NotFound, false},
			{"customer-owner", authz.PaymentsView, "d", 0, true},
			{"customer-owner", authz.ClientsView, "r", errs.NotFound, false},
			{"customer-user", authz.LocationsView, "d", 0, true},
			{"customer-user", authz.LocationsEdit, "d", errs.Denied, false},
			{"guest", authz.UsersView, "c", errs.Denied, false},
			{"guest", authz.AccountView, "c", 0, true},
			{"gone", authz.AccountView, "c", errs.NotFound, false},
			{"stranger", authz.ClientsView, "c", errs.NotFound, false},
			{"stranger", authz.ClientsView, "no-such-account", errs.NotFound, false},
			{"department-admin", authz.ClientsView, "c", errs.NotFound, false},
			{"", authz.ClientsView, "c", errs.Unauthenticated, false},
		} {
			sc, err := c.Check(t.Context(), d, person(k.who), k.perm, k.on)
			if k.ok != (err == nil) || err != nil && errs.KindOf(err) != k.want {
				t.Errorf("%s %s on %s: %v", k.who, k.perm, k.on, err)
			}
			if err != nil && sc.Account() != "" {
				t.Errorf("%s %s on %s: a refusal came with a scope", k.who, k.perm, k.on)
			}
		}
	})
}

func TestForeignAndMissingAccountsAreAnsweredAlike(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world(t, d)
		var c authz.Checker
		_, foreign := c.Check(t.Context(), d, person("stranger"), authz.ClientsView, "c")
		_, missing := c.Check(t.Context(), d, person("stranger"), authz.ClientsView, "acc_nothing")
		if foreign == nil || foreign.Error() != missing.Error() {
			t.Errorf("foreign %v, missing %v", foreign, missing)
		}
	})
}

func TestAJobReachesOnlyTheAccountItIsAbout(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world(t, d)
		var c authz.Checker
		job := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "job.test", Account: "c", Perms: authz.SetOf(authz.ClientsSuspend)})
		if _, err := c.Check(t.Context(), d, job, authz.ClientsSuspend, "d"); err != nil {
			t.Error(err)
		}
		for _, k := range []struct {
			perm authz.Perm
			on   ids.Account
		}{{authz.ClientsEdit, "c"}, {authz.ClientsSuspend, "r"}, {authz.ClientsSuspend, "x"}} {
			if _, err := c.Check(t.Context(), d, job, k.perm, k.on); err == nil {
				t.Errorf("the job may %s on %s", k.perm, k.on)
			}
		}
	})
}

func TestScopesLimitStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world(t, d)
		var c authz.Checker
		sc, err := c.Check(t.Context(), d, person("reseller-admin"), authz.ClientsView, "c")
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]struct {
			f    func(string) (string, []any)
			rows string
		}{"down": {sc.Down, "[c d]"}, "here": {sc.Here, "[c]"}, "up": {sc.Up, "[c p r]"}} {
			cond, args := want.f("a.id")
			got, err := db.All(t.Context(), d, db.Value[string], `SELECT a.id FROM accounts a WHERE `+cond+` ORDER BY a.id`, args...)
			if s := fmt.Sprint(got); err != nil || s != want.rows {
				t.Errorf("%s: %s, want %s, %v", name, s, want.rows, err)
			}
		}
	})
}
