package accounts_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
)

// TestACustomerIsMadeInTheTreeWithItsPackage chooses a package in the pane, and none of another reseller's.
func TestACustomerIsMadeInTheTreeWithItsPackage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		of := func(at ids.Account, name string) string {
			id, err := w.Plans.Create(t.Context(), w.Root, at, plan.Input{Name: name, All: true})
			if err != nil {
				t.Fatal(err)
			}
			return string(id)
		}
		here, there := reseller(t, w, "Meridian"), reseller(t, w, "Sadeem")
		mine, other := of(here, "Growth"), of(there, "Another")
		pane := at(w.Platform, "/tree?new=customer&in="+string(here))
		has(t, w.Owner.Get(pane+"&tab=quotas"), http.StatusOK, `value="`+mine+`"`)
		if a := w.Owner.Get(pane + "&tab=quotas"); strings.Contains(a.Body, other) {
			t.Error("the package of another reseller is offered")
		}
		has(t, w.Owner.Post(pane, "name", "Acme", "no_end", "on", "package", other), http.StatusUnprocessableEntity, `value="Acme"`)
		if a := w.Owner.Post(pane, "name", "Acme", "no_end", "on", "package", mine); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Text())
		}
		if got := w.Text("SELECT package_id FROM accounts WHERE name = 'Acme'"); got != mine {
			t.Errorf("the package is %q", got)
		}
	})
}

// TestNothingIsOfferedWhereItCannotGo opens the form of each kind in accounts that cannot hold it.
func TestNothingIsOfferedWhereItCannotGo(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := client(t, w, w.Platform, "Acme")
	sales := w.Department(acme, "Sales")
	owner := w.SignIn(w.Member(acme, "owner@acme.example", apptest.As(authz.Owner)).Email)
	for _, c := range []struct {
		b    *apptest.Browser
		root ids.Account
		kind string
		in   ids.Account
		want int
	}{
		{w.Owner, w.Platform, "customer", w.Platform, http.StatusOK},
		{w.Owner, w.Platform, "department", acme, http.StatusOK},
		{owner, acme, "department", sales, http.StatusOK},
		{w.Owner, w.Platform, "department", w.Platform, http.StatusNotFound},
		{w.Owner, w.Platform, "customer", acme, http.StatusNotFound},
		{w.Owner, w.Platform, "reseller", acme, http.StatusNotFound},
		{owner, acme, "customer", acme, http.StatusNotFound},
		{owner, acme, "reseller", sales, http.StatusNotFound},
	} {
		path := at(c.root, "/tree?new="+c.kind+"&in="+string(c.in))
		if a := c.b.Get(path); a.Status != c.want {
			t.Errorf("a %s in %s: %d, want %d", c.kind, c.in, a.Status, c.want)
		}
		if c.want == http.StatusNotFound {
			if a := c.b.Post(path, "name", "X", "no_end", "on"); a.Status != http.StatusNotFound {
				t.Errorf("a %s sent into %s: %d", c.kind, c.in, a.Status)
			}
		}
	}
}
