package journey_test

import (
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

func TestGuestIsPromotedToAdmin(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
	w.Member(acme, "grace@acme.example", apptest.As(authz.Guest))
	base := "/a/" + string(acme) + "/users"
	grace, boss := open(t, w, "grace@acme.example"), open(t, w, "owner@acme.example")
	grace.Goto(base).Await("#main .empty")
	boss.Goto(base).Click("Name of grace@acme.example").Click("Roles and groups").See("Guest").Axe().Fits().Whole().Screenshot("access")

	boss.Fill("can", "users.invite").Click("Explain").See("cannot").Axe().Screenshot("explain-no")
	boss.Check("Admin", true).Click("Save access").See("Saved.")
	boss.Fill("can", "users.invite").Click("Explain").See("Yes, Name of grace@acme.example can").Axe().Screenshot("explain-yes")

	grace.Goto(base).See("Invite users").Click("Invite users").See("Set permission")
}

func TestRoleGroupAppliesAtOnce(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
	w.Member(acme, "grace@acme.example", apptest.As(authz.Guest))
	at := "/a/" + string(acme)
	grace, boss := open(t, w, "grace@acme.example"), open(t, w, "owner@acme.example")
	boss.Goto(at + "/roles").See("No role groups yet").Axe().Screenshot("roles-empty").Click("Create role group").See("New role group").Axe().Fits().Screenshot("role-new")
	boss.Click("Create role group").See("needs attention").Axe()
	boss.Fill("name", "Front desk").Check("css=[value=\"users.view\"]", true).Check("Locations, all", true).Screenshot("role-ticked").Click("Create role group").See("Role group created.")
	boss.Axe().Fits().Screenshot("role")
	if n := w.Count("roles WHERE name = 'Front desk' AND perms LIKE '%locations.create%'"); n != 1 {
		t.Error("ticking all of a module does not give what it holds")
	}

	boss.Goto(at+"/users").Click("Name of grace@acme.example").Click("Roles and groups").Check("css=[name=role][value=group]", true).Fill("group", "Front desk").Click("Save access").See("Saved.")
	grace.Goto(at + "/users").See("owner@acme.example").Gone("Invite users")

	boss.Goto(at+"/roles").Click("Front desk").See("grace@acme.example").Check("css=[value=\"users.view\"]", false).Check("css=[value=\"audit.view\"]", true).Click("Save changes").See("in force for everyone")
	grace.Click("Name of owner@acme.example").Await("#main .empty").Gone("Roles and groups")
	grace.Goto(at + "/activity").See("Front desk")

	boss.See("A role group in use cannot be deleted").Axe().Screenshot("role-in-use").Click("Delete").See("1 person has it.").Gone("Delete role group").Axe().Click("Give another role")
	boss.Fill("Instead", "Guest").Click("Reassign people").See("Reassigned.").Click("Delete").See("Delete Front desk?").Axe().Click("Delete role group").See("Role group deleted.")
	grace.Reload().Await("#main .empty")
}

func TestUserSeesTheirModulesAlone(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	w.Location(acme, "Bristol, Cabot Street")
	w.SubAccount(acme, "newsletters")
	w.Member(acme, "luca@acme.example", apptest.As(authz.User, authz.LocationsView, authz.LocationsEdit, authz.SubAccountsView))
	tab := open(t, w, "luca@acme.example").Goto("/").See("Acme Holdings")
	tab.Click("Locations").See("Bristol, Cabot Street").Gone("Overview").Axe().Fits().Whole().Screenshot("locations-alone")
	tab.Click("Edit Bristol, Cabot Street").Fill("address", "12 Cabot Street").Click("Save").See("Location saved.")
	tab.Click("Sub-accounts").See("newsletters").Axe().Click("Home").Gone("Users")
}
