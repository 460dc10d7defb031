package accounts_test

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
)

func TestMain(m *testing.M) { os.Exit(browser.Run(m)) }

// signedIn opens a tab for the platform's Owner, which begins on the list of clients.
func signedIn(t *testing.T, w *apptest.World, opts ...browser.Option) *browser.Tab {
	t.Helper()
	tab := browser.Open(t, w.Server.URL, opts...)
	return tab.Goto("/sign-in").Fill("login", apptest.OwnerEmail).Fill("password", apptest.Password).Click("Sign in").See("New client")
}

// TestTheListIsSearchedAsOneTypes types, selects and suspends, with everything around the table following.
func TestTheListIsSearchedAsOneTypes(t *testing.T) {
	w := apptest.OnSQLite(t)
	for n := range 60 {
		client(t, w, w.Platform, fmt.Sprintf("Client %02d", n))
	}
	client(t, w, w.Platform, "Brightwater Hotels")
	tab := signedIn(t, w).See("61 clients")
	tab.Fill("q", "bright").See("1 client").See("Brightwater Hotels").Gone("Client 01").At(at(w.Platform, "/clients?q=bright"))
	tab.See("Save view").Check("Select Brightwater Hotels", true).See("1 selected").Axe()
	tab.Click("Suspend").See("The selected clients are suspended.")
	tab.Goto(at(w.Platform, "/clients?status=suspended")).See("1 client").See("Brightwater Hotels")
	tab.Goto(at(w.Platform, "/clients")).Click("Next").See("Client 58").Click("Previous").See("Client 01")
	tab.Click("New client").Fill("name", "Acme").Check("No end date", true).Axe().Click("Create").See("Acme created.").Axe()
}

// TestPagesOfAccountsAreAccessible opens every page of accounts in every view.
func TestPagesOfAccountsAreAccessible(t *testing.T) {
	w := apptest.OnSQLite(t)
	r := reseller(t, w, "North")
	c := client(t, w, r, "Acme")
	_, err := w.Accounts.Create(t.Context(), w.Owner.Actor(), c, account.CreateInput{Kind: account.Department, Fields: account.Fields{Name: "Sales"}})
	if err != nil {
		t.Fatal(err)
	}
	loc, err := w.Accounts.AddLocation(t.Context(), w.Owner.Actor(), c, account.LocationInput{Name: "Lisbon", Country: "PT"})
	if err != nil {
		t.Fatal(err)
	}
	closed := client(t, w, r, "Closed")
	if err := w.Accounts.Close(t.Context(), w.Owner.Actor(), closed, "Closed"); err != nil {
		t.Fatal(err)
	}
	pages := []string{"", "/clients", "/clients/new", "/clients?q=none", "/resellers", "/resellers/new"}
	for i, p := range pages {
		pages[i] = at(w.Platform, p)
	}
	for _, p := range []string{"", "/edit", "/status", "/close", "/move", "/move?to=" + string(w.Platform), "/departments", "/departments/new", "/locations", "/locations/new", "/locations/" + string(loc.ID), "/activity"} {
		pages = append(pages, at(c, p))
	}
	pages = append(pages, at(closed, ""), at(closed, "/close"))
	for name, opts := range map[string][]browser.Option{"light": nil, "dark on a phone": {browser.WithView(browser.Phone), browser.WithScheme(browser.Dark)}} {
		tab := signedIn(t, w, opts...)
		for _, p := range pages {
			if a := w.Owner.Get(p); a.Status != http.StatusOK {
				t.Errorf("%s: %d", p, a.Status)
				continue
			}
			t.Log(name, p)
			tab.Goto(p).Axe()
		}
	}
}
