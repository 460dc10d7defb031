package demo_test

import (
	"testing"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/demo"
	"bailiwick/internal/errs"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
)

func load(t *testing.T, dsn string) (*apptest.World, demo.Loaded) {
	t.Helper()
	w := apptest.Bare(t, dsn)
	began := time.Now()
	out, err := demo.Load(t.Context(), demo.Options{
		App: w.App, Clock: w.Clock, Now: apptest.Start, Hasher: secret.NewHasher(secret.CheapParams), Password: secret.Wrap(apptest.Password),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("loaded in %s", time.Since(began))
	return w, out
}

func TestTheDemoIsThePlatformOfTheDesign(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		w, out := load(t, dsn)
		owner := w.SignIn(out.Logins[0].Email).Actor()
		if out.Clients != 128 {
			t.Errorf("%d clients", out.Clients)
		}
		page, err := w.Accounts.List(t.Context(), owner, out.Platform, account.Query{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", page)
		c, err := w.Users.Count(t.Context(), owner, out.Acme)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", c)
		_, _, _ = audit.Report{}, authz.Owner, user.Query{}
		_ = errs.Conflict
	})
}
