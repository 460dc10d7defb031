package journey_test

import (
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/authz"
)

// TestCustomersAreMadeAndClosedInTheTree makes a customer, a department and a user in the pane, sets one of their
// settings there, and goes from the tree to moving and closing them.
func TestCustomersAreMadeAndClosedInTheTree(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			w.Client(w.Platform, "Bolt")
			tree := "/a/" + string(w.Platform) + "/tree"
			tab := open(t, w, apptest.OwnerEmail, way.opts...)
			tab.Goto(tree).See("Bolt").Click("css=button[popovertarget=new-menu]").Click(`css=button[value="new-customer"]`).See("New customer").See("In ")
			tab.Fill("name", "Acme Holdings").Click("Create customer").See("1 error in Properties").See("Choose an end date")
			if got := tab.Value("name"); got != "Acme Holdings" {
				t.Errorf("the name typed is %q after the refusal", got)
			}
			tab.Check("No end date", true).Click("Create customer").See("Acme Holdings created")
			tab.Click("css=button[popovertarget=new-menu]").Click(`css=button[value="new-department"]`).See("New department").See("In Acme Holdings")
			tab.Fill("name", "Marketing").Click("Create department").See("Marketing created").Await(`tr[aria-level="2"][aria-current]`)
			tab.Click("css=button[popovertarget=new-menu]").Click(`css=button[value="new-user"]`).See("New user").See("In Marketing")
			tab.Fill("Name", "Ada Byron").Fill("email", "ada@acme.example").Click("Guest").Click("Create user").Await(`tr[aria-level="3"]`).See("Ada Byron")

			tab.Click("css=tr[aria-level='2'] .row-link").See("External references").Click(`css=#pane .tabs a[href*="tab=security"]`).See("The default value")
			tab.Click(`css=button[value="override:session.idle_minutes"]`).See("There are unsaved changes").Fill("v:session.idle_minutes", "45").Click("Save changes").See("Settings saved.").See("Set here")
			if !tab.Has("#pane") || !tab.Has(`tr[aria-level="2"][aria-current]`) {
				t.Error("saving a setting leaves the tree")
			}
			tab.Reload().See("Set here").Await(`tr[aria-level="3"]`)

			tab.Check("Select Marketing", true).Check("Select Bolt", true).Click(`css=button[value="delete"]`).See("Select rows of one kind")
			tab.Check("Select Marketing", true).Check("Select Bolt", true).Click(`css=button[value="move"]`).See("Select accounts of one kind")
			marketing := w.Text("SELECT id FROM accounts WHERE name = 'Marketing'")
			tab.Check("Select Marketing", true).Click(`css=button[value="move"]`).At("/a/" + marketing + "/move")
			tab.Goto(tree + "?q=bolt").See("Bolt").Gone("Marketing")
			tab.Goto(tree+"?open="+w.Text("SELECT id FROM accounts WHERE name = 'Acme Holdings'")).Check("Select Marketing", true).Click(`css=button[value="delete"]`).At("/a/" + marketing + "/close")
			tab.Fill("typed", "Marketing").Click("Close account").See("Closed")
		})
	}
}

// TestSeveralAccountsAreMovedAndClosedInTheTree moves two departments into a third and closes them there, each in one step
// that says first what it does.
func TestSeveralAccountsAreMovedAndClosedInTheTree(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			acme := w.Client(w.Platform, "Acme Holdings")
			sales := w.Department(acme, "Sales")
			east, west := w.Department(acme, "East"), w.Department(acme, "West")
			tree := "/a/" + string(acme) + "/tree"
			tab := open(t, w, apptest.OwnerEmail, way.opts...)
			tab.Goto(tree).Check("Select East", true).Check("Select West", true).Click(`css=button[value="move"]`).See("Move 2 accounts")
			tab.Axe()
			tab.Fill("to", string(sales)).Click("Show what changes").See("What the move does").Click("Move accounts").See("The accounts were moved")
			if n := w.Count("accounts WHERE parent_id = ?", sales); n != 2 {
				t.Errorf("%d accounts are in the new place", n)
			}
			tab.Goto(tree+"?open="+string(sales)).Check("Select East", true).Check("Select West", true).Click(`css=button[value="delete"]`).See("Close 2 accounts")
			tab.Axe()
			tab.Fill("typed", "3").Click("Close accounts").See("Type the number of accounts, 2.")
			tab.Fill("typed", "2").Click("Close accounts").See("The accounts were closed").Await(`tr[aria-level="2"]`)
			if n := w.Count("accounts WHERE id IN (?, ?) AND closed_at IS NOT NULL", east, west); n != 2 {
				t.Errorf("%d accounts are closed", n)
			}
		})
	}
}

// TestTheTreeByKeyboard opens, selects and shows rows with the arrows, Space and Enter, mirrored from right to left.
func TestTheTreeByKeyboard(t *testing.T) {
	for name, c := range map[string]struct {
		opts     []browser.Option
		in, back string
	}{"left to right": {nil, "ArrowRight", "ArrowLeft"}, "right to left": {[]browser.Option{arabic}, "ArrowLeft", "ArrowRight"}} {
		t.Run(name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			acme := w.Client(w.Platform, "Acme Holdings")
			w.Department(acme, "Marketing")
			w.Member(acme, "ada@acme.example", apptest.As(authz.Owner))
			tab := open(t, w, apptest.OwnerEmail, c.opts...).Goto("/a/" + string(w.Platform) + "/tree")
			tab.Await("tr[tabindex='0']")
			for range 40 {
				if tab.Has("tr:focus") {
					break
				}
				tab.Press("Tab")
			}
			tab.Press("Home", c.in).Await("tr[aria-level='2']").Press(c.in).Await("tr[aria-level='2']:focus")
			tab.Press("Space").Await("tr:focus .check:checked").Press("Enter").Await("section#pane").Await("tr[aria-current]")
			tab.Axe()
			tab.Reload().Await("tr[aria-level='2'][aria-current]").Await("section#pane")
			tab.Click("css=#pane a[data-close]").Await("div.split:has(> #pane[hidden])")
		})
	}
}

// TestWhatWasTypedInThePaneIsNotLost asks before another row takes the place of what was typed.
func TestWhatWasTypedInThePaneIsNotLost(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	w.Client(w.Platform, "Bolt")
	tab := open(t, w, apptest.OwnerEmail).Goto("/a/" + string(w.Platform) + "/tree?pane=" + string(acme))
	tab.Fill("legal_name", "Acme Ltd").Click("Bolt").See("Your changes are not saved").Click("Keep editing").Gone("Your changes are not saved")
	if got := tab.Value("legal_name"); got != "Acme Ltd" {
		t.Errorf("the field holds %q", got)
	}
	tab.Click("Bolt").See("Your changes are not saved").Click("Discard changes").Await("tr[aria-current] .row-link[href*='" + w.Text("SELECT id FROM accounts WHERE name = 'Bolt'") + "']")
}

// TestWhoIsInvitedStandsInTheTree opens an account with nothing in it but an invitation, which leads to where it is sent again.
func TestWhoIsInvitedStandsInTheTree(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			acme := w.Client(w.Platform, "Acme Holdings")
			w.Invite(w.Root, acme, "noor@acme.example", apptest.As(authz.Guest))
			tab := open(t, w, apptest.OwnerEmail, way.opts...).Goto("/a/" + string(w.Platform) + "/tree")
			tab.Click("css=tr[aria-level='1'] .twist").Await("tr[aria-level='2']").See("noor@acme.example").See("Invited").Axe()
			if tab.Has("tr[aria-level='2'] .check") {
				t.Error("somebody invited can be selected")
			}
			tab.Click("css=tr[aria-level='2'] .row-link").At("/a/" + string(acme) + "/users").See("noor@acme.example")
		})
	}
}
