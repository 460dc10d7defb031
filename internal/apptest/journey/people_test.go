package journey_test

import (
	"testing"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/ids"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/user"
)

// acme makes a client in a fresh world.
func acme(t *testing.T) (*apptest.World, string, ids.Account) {
	t.Helper()
	w := apptest.OnSQLite(t)
	made, err := w.Accounts.Create(t.Context(), w.Owner.Actor(), w.Platform, account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{Name: "Acme Holdings"}})
	if err != nil {
		t.Fatal(err)
	}
	return w, "/a/" + string(made.ID), made.ID
}

// ownerTab is a window in which the platform's Owner is signed in.
func ownerTab(t *testing.T, w *apptest.World, opts ...browser.Option) *browser.Tab {
	t.Helper()
	tab := browser.Open(t, w.Server.URL, opts...)
	return tab.Goto("/sign-in").Fill("login", apptest.OwnerEmail).Fill("password", apptest.Password).Click("Sign in").Await(".user-btn")
}

func TestInvitingInTheDialog(t *testing.T) {
	w, at, _ := acme(t)
	tab := ownerTab(t, w)
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

func TestEveryPageOfAPersonIsAccessible(t *testing.T) {
	w, at, id := acme(t)
	form := func(to string, fields ...string) string {
		a := w.Owner.Post(at+to, fields...)
		if a.Status != 303 {
			t.Fatalf("%s: %d %s", to, a.Status, a.Text())
		}
		return a.Location()
	}
	form("/users/new", "name", "Jane Doe", "email", "jane@acme.example", "role", "user", "module", "locations")
	form("/subaccounts/new", "name", "news", "purpose", "marketing")
	group := form("/roles/new", "name", "Reporting", "perm", "locations.view", "perm", "users.view")
	p, err := w.Users.List(t.Context(), w.Owner.Actor(), id, user.Query{})
	if err != nil {
		t.Fatal(err)
	}
	subs, err := w.Subs.List(t.Context(), w.Owner.Actor(), id, subaccount.Query{})
	if err != nil {
		t.Fatal(err)
	}
	her := at + "/users/" + string(p.Members[0].ID)
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			tab := ownerTab(t, w, look.opts...)
			for name, path := range map[string]string{
				"users": at + "/users", "user": her, "user-access": her + "/access?can=locations.view", "user-activity": her + "/activity",
				"role": group, "subaccount": at + "/subaccounts/" + string(subs.SubAccounts[0].ID), "invite-" + look.name: at + "/users/invite",
			} {
				tab.Goto(path).Axe().Screenshot(look.name + "-" + name)
			}
		})
	}
}
