package journey_test

import (
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/authz"
)

// ofBox is the part of a box of the grid that says that it is not as it is saved.
func ofBox(perm string) string { return `label:has([value="` + perm + `"]) .changed-note` }

// TestARoleGroupSaysWhatIsNotSavedByKeyboard changes a group without a pointer, sees what is not saved, and discards it.
func TestARoleGroupSaysWhatIsNotSavedByKeyboard(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
	path := "/a/" + string(acme) + "/roles/" + string(w.RoleGroup(acme, "Desk", authz.UsersView))
	tab := open(t, w, "owner@acme.example").Goto(path).See("Nothing is changed until you save")
	if tab.Has(ofBox("users.view")) || tab.Has(ofBox("users.invite")) {
		t.Error("what is saved stands out as changed")
	}
	tab.TabTo(`[value="users.view"]`).Press("Space").TabTo(`[value="users.invite"]`).Press("Space").Await(".savebar .tab-dot").See("2 unsaved changes").Await(ofBox("users.view")).Await(ofBox("users.invite")).Axe().Fits()
	if tab.Has(ofBox("locations.view")) {
		t.Error("what nobody touched stands out as changed")
	}
	tab.TabTo("#email_month").Press("many", "Tab").See("3 unsaved changes").Await(`.savebar a[href="#email_month"]`).See("1 error").See("Write a number")
	look(tab, "role-unsaved")
	tab.Click("1 error")
	if !tab.FocusedOn("#email_month") {
		t.Errorf("the error leads to %s, and the field has not the focus", tab.URL())
	}
	tab.TabTo("Discard").Press("Enter").See("Nothing is changed until you save")
	if tab.Has(ofBox("users.view")) {
		t.Error("what was discarded still stands out")
	}
}

// TestARoleGroupFromRightToLeft looks at a group with a change that is not saved.
func TestARoleGroupFromRightToLeft(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
	path := "/a/" + string(acme) + "/roles/" + string(w.RoleGroup(acme, "Desk", authz.UsersView))
	tab := open(t, w, "owner@acme.example", arabic).Goto(path)
	tab.Check(`css=[value="users.invite"]`, true).Await(".savebar .tab-dot").Await(ofBox("users.invite"))
	lookRTL(tab, "role-unsaved")
}

// TestWithoutScriptsARoleGroupShowsItsChanges asks for them by a button, on a phone, and saves.
func TestWithoutScriptsARoleGroupShowsItsChanges(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
	path := "/a/" + string(acme) + "/roles/" + string(w.RoleGroup(acme, "Desk", authz.UsersView))
	tab := open(t, w, "owner@acme.example", browser.NoJS, browser.WithView(browser.Phone)).Goto(path).Fits()
	tab.Click(`css=label:has([value="users.view"])`).Await(ofBox("users.view"))
	tab.Click("Show what changes").See("0 people lose it").See("1 unsaved change").Await(ofBox("users.view")).Fits()
	tab.Click("Save changes").See("in force for everyone")
}
