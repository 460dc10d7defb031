package journey_test

import (
	"testing"

	"bailiwick/internal/apptest/browser"
)

// TestTheBellOpensBelowItselfAndCountsDown opens it by pointer and by key, marks notices as read and opens what one leads to.
func TestTheBellOpensBelowItselfAndCountsDown(t *testing.T) {
	w := demoTown(t)
	tab := open(t, w.World, "camille.laurent@meridian.example.com").Goto("/").Await("[data-bell] .tally")
	tab.Click("[data-bell]").Await("#bell:popover-open .told").See("See all notifications")
	look(tab, "bell.open")
	tab.Press("Escape").Gone("See all notifications")
	tab.Press("g", "i").Await("#bell:popover-open .told")
	before := tab.Text("[data-bell] .tally")
	tab.Click("#bell .is-unread button").At("/notifications").See("What happened in")
	if after := tab.Text("[data-bell] .tally"); after == before {
		t.Errorf("%s are unread as before", after)
	}
	tab.Click("#main .told a").Gone("What happened in").Goto("/notifications")
	tab.Click("Mark all as read").See("All notifications are marked as read.")
	if tab.Has("[data-bell] .tally") {
		t.Error("something is left to read")
	}
	lookRTL(open(t, w.World, "amara.okafor@acme.example.com", arabic).Goto("/notifications").Click("[data-bell]").Await("#bell:popover-open .bell-foot"), "bell.open")
}

func TestWithoutScriptsTheBellIsAPage(t *testing.T) {
	w := demoTown(t)
	tab := open(t, w.World, "camille.laurent@meridian.example.com", browser.NoJS)
	tab.Goto("/").Click("[data-bell]").At("/notifications").Click("Unread").At("/notifications?show=unread").See("The membership of")
}
