package journey_test

import (
	"testing"

	"bailiwick/internal/apptest"
)

// TestNewClientAndInviteByKeyboard uses no pointer at all.
func TestNewClientAndInviteByKeyboard(t *testing.T) {
	w := apptest.OnSQLite(t)
	tab := open(t, w, apptest.OwnerEmail).Goto("/").See("No clients yet")
	press := func(on string, keys ...string) {
		t.Helper()
		tab.TabTo(on)
		if !tab.FocusShown() {
			t.Errorf("the focus on %q cannot be seen", on)
		}
		tab.Press(keys...)
	}
	press("Skip to content", "Enter")
	press("New client", "Enter")
	tab.See("Membership end date").Press("Acme Holdings")
	if got := tab.Value("name"); got != "Acme Holdings" {
		t.Fatalf("the dialog opens with the focus elsewhere; the name is %q", got)
	}
	press("No end date", "Space")
	press("Create", "Enter")
	tab.See("Acme Holdings created")
	press("Invite users", "Enter")
	tab.See("Set permission").Press("grace@acme.example, bob@acme").See("1 person will be invited")
	press("User", "ArrowDown", "ArrowUp")
	tab.Press("ArrowUp") // round to the last role
	tab.TabTo("Locations").Press("Shift+Tab")
	for range 5 {
		if tab.Has("#invite [name=role][value=guest]:checked") {
			break
		}
		tab.Press("ArrowDown")
	}
	press("Send 1 invite", "Enter")
	tab.See("1 invite sent.")
	tab.Press("g", "c").See("Every customer account")
	press("More actions for Acme Holdings", "Enter", "ArrowDown", "Escape")
	if !tab.FocusedOn("More actions for Acme Holdings") {
		t.Error("the focus is lost when the menu closes")
	}
	press("Select Acme Holdings", "Space")
	tab.See("1 selected")
	press("Suspend", "Enter")
	tab.See("The selected clients are suspended")
}
