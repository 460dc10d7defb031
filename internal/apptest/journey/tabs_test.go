package journey_test

import (
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
)

// TestTabsThatDoNotFitAreInAMenu opens the last of the many tabs of a client by the keyboard on a phone, and widens the window again.
func TestTabsThatDoNotFitAreInAMenu(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := "/a/" + string(w.Client(w.Platform, "Acme Holdings"))
	tab := open(t, w, apptest.OwnerEmail, browser.WithView(browser.Phone)).Goto(acme)
	tab.Await(".tabs > .tab-more").Fits().TabTo("More").Press("Enter").Await(".tabs > .menu:popover-open > .menu-item:focus").Axe()
	tab.Press("End", "Enter").At(acme + "/keys").Await(`.tabs > a[aria-current]`).Fits()
	if tab.Has(`.tabs > a[href$="/quotas"]`) {
		t.Error("all tabs fit on a phone, so this proves little")
	}
	tab.Resize(browser.Desktop)
	tab.Await(`.tabs > a[href$="/quotas"]`).Fits()
}

// TestWithoutScriptsAllTabsAreShown has them wrap.
func TestWithoutScriptsAllTabsAreShown(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := "/a/" + string(w.Client(w.Platform, "Acme Holdings"))
	tab := open(t, w, apptest.OwnerEmail, browser.NoJS, browser.WithView(browser.Phone)).Goto(acme).Fits()
	tab.Click(`css=.tabs > a[href="` + acme + `/activity"]`).At(acme + "/activity")
}
