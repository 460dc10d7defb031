package journey_test

import (
	"encoding/json"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/authz"
	"bailiwick/internal/tuning"
)

func TestNobodyLocksThemselvesOutByAList(t *testing.T) {
	for _, c := range []struct {
		name string
		opts []browser.Option
	}{{"with scripts", nil}, {"without scripts", []browser.Option{browser.NoJS}}} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			acme := w.Client(w.Platform, "Acme Holdings")
			owner := w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
			tab := browser.Open(t, w.Server.URL, c.opts...)
			tab.Goto("/sign-in").Fill("login", owner.Email).Fill("password", apptest.Password).Click("Sign in").Await(".user-btn")
			tab.Goto("/a/" + string(acme) + "/security").See("Addresses for the portal")
			tab.Fill("#addresses-portal-network", "203.0.113.9/24").Click("#addresses-portal .add-row button").See("Write 203.0.113.0/24 for the range")
			tab.Fill("#addresses-portal-network", "203.0.113.0/24").Click("#addresses-portal .add-row button").See("203.0.113.0/24")
			tab.Click("#addresses-portal .card-head button").See("This would lock you out")
			tab.Fill("#addresses-portal-network", "127.0.0.0/8").Click("#addresses-portal .add-row button").See("127.0.0.0/8")
			tab.Click("#addresses-portal .card-head button").See("You won’t lock yourself out").Axe()
		})
	}
}

func TestAnExpiredPasswordIsChangedAtSignIn(t *testing.T) {
	for _, c := range []struct {
		name string
		opts []browser.Option
	}{{"with scripts", nil}, {"without scripts", []browser.Option{browser.NoJS}}} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			acme := w.Client(w.Platform, "Acme Holdings")
			owner := w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
			page, err := w.Tuning.View(t.Context(), w.Root, acme, tuning.Security)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Tuning.Save(t.Context(), w.Root, acme, tuning.Security, page.Version, map[string]tuning.Edit{"password.expiry_days": {Value: json.RawMessage("30")}}); err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(31 * 24 * time.Hour)
			tab := browser.Open(t, w.Server.URL, c.opts...)
			tab.Goto("/sign-in").Fill("login", owner.Email).Fill("password", apptest.Password).Click("Sign in").See("Choose a new password").Axe()
			tab.Goto("/me").See("Choose a new password")
			tab.Fill("password", apptest.Password).Click("Save and sign in").See("Choose a password that you have not used here lately")
			tab.Fill("password", "seven quiet harbours").Click("Save and sign in").Await(".user-btn")
		})
	}
}
