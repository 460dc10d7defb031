package demo_test

import (
	"testing"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/demotown"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/demo"
	"bailiwick/internal/errs"
	"bailiwick/internal/secret"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/user"

	"github.com/google/go-cmp/cmp"
)

func options(w *apptest.World) demo.Options {
	return demo.Options{App: w.App, Clock: w.Clock, Now: apptest.Start, Hasher: secret.NewHasher(secret.CheapParams), Password: secret.Wrap(apptest.Password)}
}

func TestTheDemoIsThePlatformOfTheDesign(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		w := apptest.Bare(t, dsn)
		out := demotown.Fill(t, w)
		owner := w.SignIn(out.Logins[0].Email).Actor()
		t.Run("clients", func(t *testing.T) { clients(t, w, owner, out) })
		t.Run("Acme", func(t *testing.T) { acme(t, w, owner, out) })
		t.Run("logins", func(t *testing.T) {
			var roles []string
			for _, l := range out.Logins {
				w.SignIn(l.Email)
				roles = append(roles, l.Who)
			}
			want := []string{"Owner of the platform", "Admin of the reseller " + "Meridian Communications", "Owner of the client Acme Holdings", "Guest of the client Acme Holdings"}
			if d := cmp.Diff(want, roles); d != "" {
				t.Error(d)
			}
		})
		t.Run("log", func(t *testing.T) {
			if _, err := w.Log.SealOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
			reports, err := audit.VerifyAll(t.Context(), w.DB, w.DB.Now())
			if err != nil || len(reports) < out.Clients {
				t.Fatalf("%d logs, %v", len(reports), err)
			}
			for _, r := range reports {
				if !r.Sound() || r.Unsealed != 0 || r.Sealed == 0 {
					t.Errorf("%+v", r)
				}
			}
		})
		t.Run("once only", func(t *testing.T) {
			if _, err := demo.Load(t.Context(), options(w)); errs.KindOf(err) != errs.Conflict {
				t.Errorf("loading again: %v", err)
			}
		})
	})
}

func clients(t *testing.T, w *apptest.World, owner authz.Actor, out demo.Loaded) {
	page, err := w.Accounts.List(t.Context(), owner, out.Platform, account.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if out.Clients != 128 || page.Total != 128 || len(page.Rows) != 50 {
		t.Errorf("%d clients made, %d listed, %d on the first page", out.Clients, page.Total, len(page.Rows))
	}
	tabs, err := w.Accounts.Facets(t.Context(), owner, out.Platform)
	if want := (account.Facets{All: 128, Ending: 9, Inactive: 11, Near: 5}); err != nil || tabs != want {
		t.Errorf("tabs %+v, want %+v, %v", tabs, want, err)
	}
	ended, err := w.Accounts.List(t.Context(), owner, out.Platform, account.Query{Ends: account.EndsPassed})
	if err != nil || ended.Total != 9 {
		t.Errorf("%d memberships have ended, %v; want 4 in grace and 5 held", ended.Total, err)
	}
	if out.People < 3850 || out.People > 4050 {
		t.Errorf("%d people", out.People)
	}
	all, err := w.Accounts.Resellers(t.Context(), owner, out.Platform)
	if err != nil || len(all) != 2 || all[0].Clients != 17 || all[1].Clients != 9 {
		t.Errorf("resellers %+v, %v", all, err)
	}
	mails, err := w.Mailbox.List(t.Context(), "", 20)
	if err != nil || len(mails) != 20 {
		t.Errorf("%d mails captured, %v", len(mails), err)
	}
}

func acme(t *testing.T, w *apptest.World, owner authz.Actor, out demo.Loaded) {
	a, err := w.Accounts.Get(t.Context(), owner, out.Acme)
	if err != nil || a.Users != 148 || a.Locations != 36 {
		t.Errorf("%d users and %d locations, %v", a.Users, a.Locations, err)
	}
	n, err := w.Users.Count(t.Context(), owner, out.Acme)
	if want := (user.Counts{Active: 131, Pending: 12, Deactivated: 5}); err != nil || n != want {
		t.Errorf("people %+v, want %+v, %v", n, want, err)
	}
	first, err := w.Users.List(t.Context(), owner, out.Acme, user.Query{})
	if err != nil {
		t.Fatal(err)
	}
	second := 0
	for _, m := range first.Members {
		if m.TwoFactor {
			second++
		}
	}
	if second < 5 || second > len(first.Members)/2 {
		t.Errorf("%d of the first %d people have a second factor", second, len(first.Members))
	}
	deps, _, err := w.Accounts.Departments(t.Context(), owner, out.Acme, "")
	if err != nil || len(deps) != 9 {
		t.Errorf("%d departments, %v", len(deps), err)
	}
	for _, d := range deps {
		if want := map[string]int64{"Acme Retail EU": 41, "Acme Wholesale": 22, "Acme Home": 33, "Acme Careers": 9}[d.Name]; want != 0 && d.Users != want {
			t.Errorf("%d users in %s, want %d", d.Users, d.Name, want)
		}
	}
	subs, err := w.Subs.List(t.Context(), owner, out.Acme, subaccount.Query{})
	if err != nil || len(subs.SubAccounts) != 14 {
		t.Errorf("%d sub-accounts, %v", len(subs.SubAccounts), err)
	}
	open, err := w.Invites.List(t.Context(), owner, out.Acme, nil)
	if err != nil || len(open.Invitations) != 12 {
		t.Errorf("%d invitations, %v", len(open.Invitations), err)
	}
}
