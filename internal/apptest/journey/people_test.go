package journey_test

import (
	"testing"

	"bailiwick/internal/apptest"
)

func TestInvitingInTheDialog(t *testing.T) {
	w := apptest.OnSQLite(t)
	at := "/a/" + string(w.Client(w.Platform, "Acme Holdings"))
	tab := open(t, w, apptest.OwnerEmail)
	tab.Goto(at + "/users").See("No users yet").Axe().Screenshot("users-empty")
	tab.Goto(at + "/users/invite").See("Invite users to Acme Holdings").Axe()
	tab.Fill("addresses", "l.bianchi@acme.example\nh.osei@acme.example\nbob.tanner@acme\ntemp@mailinator.com").Await(".outcome")
	tab.See("2 people will be invited").Check("Locations", true).Screenshot("users-invite")
	tab.Click("Send 2 invites").See("2 invites sent.").See("l.bianchi@acme.example").Axe().Screenshot("users-pending")
	tab.Goto(at + "/users/new").Axe().Screenshot("users-new")
	tab.Goto(at + "/roles/new").Axe().Screenshot("role-new")
	tab.Goto(at + "/roles").Axe().Screenshot("roles")
	tab.Goto(at + "/subaccounts").Axe().Screenshot("subaccounts")
	tab.Goto(at + "/subaccounts/new").Axe().Screenshot("subaccount-new")
	tab.Goto(at + "/users/transfer").Axe()
}
