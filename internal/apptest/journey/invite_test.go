package journey_test

import (
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/authz"
)

// twelve are the addresses that somebody pastes; one is malformed, one is a user already, one is invited already and
// one is a throw-away address.
const twelve = `p1@acme.example, p2@acme.example; p3@acme.example
p4@acme.example p5@acme.example
p6@acme.example
P7 Person <p7@acme.example>
grace@acme.example
bob.tanner@acme, user@acme.example, waits@acme.example, temp4471@mailinator.com`

func TestInviteTwelveAcceptAndSeeNothing(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			acme := w.Client(w.Platform, "Acme Holdings")
			w.Member(acme, "user@acme.example", apptest.As(authz.Admin))
			w.Invite(w.Root, acme, "waits@acme.example", apptest.As(authz.Guest))
			tab := open(t, w, apptest.OwnerEmail, way.opts...)
			tab.Goto("/a/" + string(acme)).Click("Invite users").See("Set permission").Click("Send invites").See("needs attention").Axe()
			tab.Fill("addresses", twelve)
			if way.name == "without scripts" {
				tab.Click("Check addresses")
			}
			tab.See("8 people will be invited").See("4 addresses won").See("Not a full email address").See("Already a user here").See("Already invited").See("Throw-away")
			tab.Axe().Screenshot("invite-" + way.name[:7])
			tab.Check("User", true).Check("Locations", false).Click("Send").See("A user needs at least one module").Screenshot("invite-module-" + way.name[:7])
			if n := w.Count("invitations"); n != 1 {
				t.Fatalf("%d invitations, want the one from before", n)
			}
			tab.Check("Guest", true).Click("Send 8 invites").See("8 invites sent")
			tab.Goto("/a/" + string(acme) + "/users?tab=pending").See("grace@acme.example").See("9 invitations")

			w.Drain()
			tab.Goto("/captured-mail").See("grace@acme.example").Click("Olivia Owner invites you").See("Acme Holdings").Axe().Screenshot("invitation-mail")
			grace := open(t, w, "", way.opts...).Goto("/invitation/" + w.Link("grace@acme.example", "/invitation/"))
			grace.See("Join Acme Holdings").Axe().Fits().Fill("password", "short").Click("Accept invitation").See("fields need attention").Axe().Screenshot("join-" + way.name[:7])
			grace.Fill("name", "Grace Guest").Fill("password", apptest.Password).Click("Accept invitation").See("Signed in as Grace Guest")
			seesNothing(t, grace, string(acme))
		})
	}
}

// seesNothing fails the test when a Guest is shown more than their home and their profile.
func seesNothing(t *testing.T, tab *browser.Tab, account string) {
	t.Helper()
	tab.Axe().Fits().Screenshot("guest-home")
	for _, item := range []string{"Clients", "Users", "Role groups", "Activity", "Overview"} {
		if side := tab.Text("#side"); strings.Contains(side, item) {
			t.Errorf("a Guest's navigation shows %s: %q", item, side)
		}
	}
	if tiles := tab.Text(".tiles"); !strings.HasPrefix(tiles, "Your profile") || strings.Count(tiles, "Users") > 0 {
		t.Errorf("a Guest's home shows %q", tiles)
	}
	tab.Goto("/me").See("Profile")
	for _, path := range []string{"", "/users", "/users/invite", "/activity", "/edit", "/departments"} {
		tab.Goto("/a/" + account + path).Await("#main .empty").Gone("Invite users")
	}
}

func TestAcceptAsSomebodyWhoHasAnAccount(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme, brightwater := w.Client(w.Platform, "Acme Holdings"), w.Client(w.Platform, "Brightwater Hotels")
	w.Member(acme, "ada@acme.example", apptest.As(authz.Admin))
	link := "/invitation/" + w.Invite(w.Root, brightwater, "ada@acme.example", apptest.As(authz.Admin)).Token

	other := open(t, w, apptest.OwnerEmail)
	other.Goto(link).See("this invitation is for ada@acme.example").Axe().Screenshot("join-another")

	tab := open(t, w, "")
	tab.Goto(link).See("There is an account for ada@acme.example").Axe().Fits().Screenshot("join-known")
	tab.Click("Sign in to accept").See("Sign in").Fill("login", "ada@acme.example").Fill("password", apptest.Password).Click("Sign in")
	tab.See("You are signed in as").Axe().Screenshot("join-accept").Click("Accept invitation").Gone("Accept invitation").See("Brightwater Hotels")
	tab.Goto("/switch").See("Acme Holdings").See("Brightwater Hotels").Axe().Screenshot("switch")
	tab.Click("Acme Holdings").See("Signed in as").Goto(link).See("accepted already").Axe().Screenshot("join-dead")
}

func TestDeactivatedPersonsOpenWindowEnds(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
	w.Member(acme, "ada@acme.example", apptest.As(authz.Admin))
	base := "/a/" + string(acme) + "/users"
	ada, boss := open(t, w, "ada@acme.example"), open(t, w, "owner@acme.example")
	ada.Goto(base).See("owner@acme.example")
	boss.Goto(base).Check("Select Name of ada@acme.example", true).See("1 selected").Axe().Screenshot("selected").Click("Deactivate").See("Deactivated. They have no access here")
	ada.Click("Invite users").Gone("owner@acme.example").Gone("Set permission").Screenshot("deactivated-other-window")
	ada.Goto(base).Gone("owner@acme.example")
	boss.Click("Deactivated").Check("Select Name of ada@acme.example", true).Click("Reactivate").See("Reactivated.")
}
