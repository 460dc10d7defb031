package journey_test

import (
	"strings"
	"testing"

	"bailiwick/internal/apptest/browser"
)

// TestThePaletteLeadsToWhatIsTyped opens it by key and by pointer, and goes to an action, a client, a person and a page.
func TestThePaletteLeadsToWhatIsTyped(t *testing.T) {
	w := demoTown(t)
	tab := open(t, w.World, "priya.nair@halyard.example.com")
	tab.Goto("/").See("Every customer account").Press("Ctrl+k").Await("#palette[open]").See("Invite users").See("Role groups").Axe()
	tab.Press("Escape").Gone("Invite users")

	tab.Click("Search or jump to…").Await("#palette[open]").Press("acme hold").See("Acme Holdings").Await(`#palette-list [data-asked="acme hold"]`)
	tab.Press("Enter").At("/a/" + string(w.Acme))

	tab.Press("Ctrl+k").Await("#palette[open]").Press("amara.okafor@").Await(`#palette-list [data-asked="amara.okafor@"]`).Press("Enter").See("Amara Okafor").Gone("Search clients, users")

	// Enter waits for what is typed.
	tab.Press("Ctrl+k").Await("#palette[open]").Press("audit log", "Enter").At("/a/" + string(w.Platform) + "/audit")

	// What was visited last comes first, the page itself left out: the person, then the client.
	tab.Press("Ctrl+k").Await("#palette[open]").See("Recently visited").Axe().Press("ArrowDown", "Enter").At("/a/" + string(w.Acme))
	tab.Press("Ctrl+k").Await("#palette[open]").Press("invite users").Await(`#palette-list [data-asked="invite users"]`).Press("Enter").At("/a/" + string(w.Platform) + "/users/invite")

	tab.Goto("/").See("Every customer account").Press("Ctrl+k").Await("#palette[open]").Press("zzzzz").See("Nothing found for").Axe()
}

func TestWithoutScriptsTheFinderIsAPage(t *testing.T) {
	w := demoTown(t)
	tab := open(t, w.World, "priya.nair@halyard.example.com", browser.NoJS)
	tab.Goto("/").Click("Search or jump to…").At("/find").Fill("q", "acme hold").Click(".main button[type=submit]").See("Acme Holdings").Click("Acme Holdings").At("/a/" + string(w.Acme))
	tab.Click("Keyboard shortcuts").At("/shortcuts").See("Go to Clients")
}

// TestSingleKeysGoToPagesUntilSwitchedOff uses each of them, where nothing is typed and where something is.
func TestSingleKeysGoToPagesUntilSwitchedOff(t *testing.T) {
	w := demoTown(t)
	p := "/a/" + string(w.Platform)
	tab := open(t, w.World, "priya.nair@halyard.example.com").Goto("/").See("Every customer account")
	for _, to := range []struct{ key, path string }{{"u", "/users"}, {"r", "/roles"}, {"a", "/audit"}, {"s", "/security"}, {"c", "/clients"}} {
		tab.Press("g", to.key).At(p + to.path)
	}
	tab.Press("?").See("Go to Clients").Axe()
	tab.Press("g", "u", "Escape").Gone("Go to Clients").At(p + "/clients")
	tab.Press("/", "gu")
	if got := tab.Value("q"); !strings.HasSuffix(got, "gu") {
		t.Errorf("what is typed into the search is %q", got)
	}
	tab.Goto("/me").Check("single_keys", false).Click("Save keyboard").See("Keyboard saved.").Press("g", "c", "?")
	if !tab.Has("[data-keys-off]") || tab.Has("#shortcuts[open]") {
		t.Error("a single key still does something")
	}
	tab.At("/me").Click("Keyboard shortcuts").See("Shortcuts of single keys are off for you.").Gone("Go to Role groups").Press("Escape")
	tab.Press("Ctrl+k").Await("#palette[open]")

	guest := open(t, w.World, "noor.haddad@acme.example.com").Goto("/").See("Signed in as").Press("?").See("Go to Home").Gone("Go to Users").Press("Escape")
	guest.Press("Ctrl+k").Await("#palette[open]").See("My profile").Gone("Invite users").Press("acme").See("Nothing found for")
}
