package journey_test

import (
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/authz"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
)

// TestWhatFormsAndDialogsSay walks through what no address alone shows: refused forms, questions before something is
// lost, open menus and dialogs.
func TestWhatFormsAndDialogsSay(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme, brightwater := w.Client(w.Platform, "Acme Holdings"), w.Client(w.Platform, "Brightwater Hotels")
	w.Reseller(w.Platform, "Meridian Communications")
	w.Location(acme, "Bristol, Cabot Street")
	w.SubAccount(acme, "newsletters")
	w.RoleGroup(acme, "Front desk", authz.UsersView)
	w.Member(acme, "ada@acme.example", apptest.As(authz.Admin))
	w.Close(brightwater)
	clients, at := "/a/"+string(w.Platform)+"/clients", "/a/"+string(acme)
	for _, view := range []string{"light", "phone"} {
		t.Run(view, func(t *testing.T) {
			tab := open(t, w, apptest.OwnerEmail)
			if view == "phone" {
				tab.Resize(browser.Phone)
			}
			check := func(name string) {
				t.Helper()
				tab.Fits().Whole().Axe(rules[view]...).Screenshot("state." + name + "." + view)
				if view == "light" {
					tab.Scheme(browser.Dark)
					tab.Axe(rules["dark"]...).Screenshot("state." + name + ".dark")
					tab.Scheme(browser.Light)
				}
			}
			tab.Goto(clients).Check("Select Acme Holdings", true).See("1 selected")
			check("selected")
			tab.Click("Extend membership").See("Extend the membership of 1 client").Click("Extend membership").See("needs attention")
			check("extend")
			tab.Goto(clients).Check("Select Acme Holdings", true).Click("Close").See("Close 1 client").Fill("typed", "2").Click("Close").See("needs attention")
			check("bulk-close")
			tab.Goto(clients).Check("Select Acme Holdings", true).Click("Invite users").See("Invite users into 1 client")
			tab.Fill("addresses", "ben@acme.example, ada@acme.example").Click("Check addresses").See("Already a user here")
			check("bulk-invite")
			tab.Goto("/a/" + string(w.Platform) + "/audit?export=1").See("Export the audit log")
			check("audit-export")
			if view != "phone" {
				tab.Goto(clients + "?status=active").Click("Save view").See("Keep this search")
				check("save-view")
			}
			tab.Goto(clients).Click("More actions for Acme Holdings").See("Status and holds")
			check("menu")
			tab.Goto(at+"/close").Fill("typed", "Acme").Click("Close account").See("needs attention")
			check("close")
			tab.Goto(at+"/edit").Fill("name", "").Fill("email", "nobody").Click("Save").See("2 fields need attention")
			check("edit")
			tab.Goto(at + "/locations/new").Click("Save").See("needs attention")
			check("location")
			tab.Goto(at + "/departments/new").Click("Create").See("needs attention")
			check("department")
			tab.Goto(at+"/subaccounts/new").Fill("name", "Not This").Click("Create sub-account").See("needs attention")
			check("subaccount")
			tab.Goto(at + "/users/new").Click("Create user").See("need attention")
			check("create-user")
			tab.Goto(at+"/users").Check("Select Name of ada@acme.example", true).Click("Remove").See("They lose access at once")
			check("remove")
			tab.Goto(at + "/move").Click("Show what changes").See("Meridian")
			check("move")
			tab.Goto("/a/" + string(brightwater)).See("This account is closed")
			check("closed")
			tab.Goto("/me").Fill("name", "").Click("Save profile").See("needs attention")
			check("profile")
			tab.Goto("/me/security").Fill("New password", "short").Click("Change password").See("This is not it")
			check("password")
			tab.Goto(clients).Click(".user-btn").See("Sign out")
			check("user-menu")
		})
	}
}

// TestWhatIsSaidWhereMailIsOff walks through what people see who pass links on by hand.
func TestWhatIsSaidWhereMailIsOff(t *testing.T) {
	w := apptest.New(t, dbtest.SQLiteDSN(t), func(c *config.Config) { c.MailOff = true })
	acme := w.Client(w.Platform, "Acme Holdings")
	users := "/a/" + string(acme) + "/users"
	tab := open(t, w, apptest.OwnerEmail)
	tab.Goto(users+"/invite").Fill("addresses", "ben@acme.example").See("Create 1 invitation").Check("Locations", true)
	look(tab, "state.invite-mail-off")
	tab.Click("Create 1 invitation").See("ben@acme.example").At(users)
	tab.Goto(users + "?tab=pending").Click("New link").See("Link for ben@acme.example")
	look(tab, "state.new-link")
	tab.Goto("/a/"+string(w.Platform)+"/clients").Check("Select Acme Holdings", true).Click("Invite users").See("Create invitations")
	look(tab, "state.bulk-invite-mail-off")
}
