package journey_test

import (
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
)

// ways are with and without scripts.
var ways = []struct {
	name string
	opts []browser.Option
}{{"with scripts", nil}, {"without scripts", []browser.Option{browser.NoJS}}}

func TestNewClient(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			tab := open(t, w, apptest.OwnerEmail, way.opts...)
			tab.Goto("/").See("No clients yet").Click("New client").See("Membership end date")
			tab.Click("Create").See("2 fields need attention").Axe().Screenshot("new-client-errors-" + way.name[:7])
			if !tab.Has("#name[aria-invalid=true]") || !tab.Has("#membership_end[aria-invalid=true]") {
				t.Error("a field is wrong and does not say so")
			}
			tab.Fill("name", "Acme Holdings").Click("Create").See("1 field needs attention")
			if got := tab.Value("name"); got != "Acme Holdings" {
				t.Errorf("the name typed is gone: %q", got)
			}
			if n := w.Count("accounts WHERE kind = 'customer'"); n != 0 {
				t.Errorf("%d clients exist", n)
			}
			tab.Fill("membership_end", "2027-03-31").Click("Create")
			tab.See("Acme Holdings created").See("Membership ends 31 Mar 2027")
			tab.Click("Clients").See("Ending in 30 days").See("31 Mar 2027").Fill("Search clients", "nobody")
			if way.name == "without scripts" {
				tab.Press("Enter")
			}
			tab.See("No clients match")
		})
	}
}

func TestASecondWindowSavesLate(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := string(w.Client(w.Platform, "Acme Holdings"))
	first, second := open(t, w, apptest.OwnerEmail), open(t, w, apptest.OwnerEmail)
	first.Goto("/a/" + acme + "/edit").See("Edit Acme Holdings")
	second.Goto("/a/" + acme + "/edit").See("Edit Acme Holdings")
	first.Fill("name", "Acme Group").Fill("industry", "Retail").Click("Save").See("Saved.").See("Acme Group")
	second.Fill("name", "Acme International").Fill("phone", "+44 20 7946 0000").Click("Save")
	second.See("Somebody saved this account while you were editing it").Axe().Fits().Screenshot("stale")
	shown := second.Text("#versions")
	for _, want := range []string{"Acme Group", "Acme International", "Retail", "+44 20 7946 0000"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the two versions lack %q: %s", want, shown)
		}
	}
	if got := second.Value("name"); got != "Acme International" {
		t.Errorf("the form holds %q", got)
	}
	if got := w.Text("SELECT name FROM accounts WHERE id = ?", acme); got != "Acme Group" {
		t.Errorf("the late save changed the name to %q", got)
	}
	second.Click("Save").See("Saved.").See("Acme International")
}

func TestSuspendedClientTellsItsPeople(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	w.Member(acme, "ada@acme.example", apptest.As("owner"))
	tab, ada := open(t, w, apptest.OwnerEmail), open(t, w, "ada@acme.example")
	at := "/a/" + string(acme)
	ada.Goto(at + "/edit").See("Edit Acme Holdings")

	tab.Goto(at).Click("css=.tab-more").Click("Status").See("Nothing holds this account").Check("The account is active", false).Click("Save").See("Suspended").Axe().Fits().Screenshot("suspended")
	ada.Fill("phone", "+44 20 7946 0000").Click("Save").See("suspended").Axe().Screenshot("suspended-refused")
	ada.Goto("/").See("This account is suspended").See("Ask your provider to lift it").Axe().Fits().Screenshot("suspended-home")
	ada.Goto(at).See("This account is suspended")
	ada.Goto("/me").Fill("name", "Ada Byron").Click("Save").See("Ada Byron")

	tab.Goto(at+"/status").Check("The account is active", true).Click("Save").See("Active again")
	ada.Goto(at).Gone("This account is suspended").Click("Edit").Fill("phone", "+44 20 7946 0000").Click("Save").See("Saved.")
}
