package journey_test

import (
	"testing"

	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/i18n"
)

// TestTheMainPagesInEveryLanguage looks at the widest pages in each language: nothing is cut off, covered or runs out of the window, on a desk or on a phone.
func TestTheMainPagesInEveryLanguage(t *testing.T) {
	w := demoTown(t)
	c, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	p, acme := "/a/"+string(w.Platform), "/a/"+string(w.Acme)
	pages := []struct{ path, name string }{
		{p + "/clients", "clients"},
		{p + "/tree?open=" + string(w.Acme) + "&pane=" + string(w.Acme), "tree"},
		{p + "/settings", "settings"},
		{p + "/security", "security"},
		{p + "/audit", "audit"},
		{acme + "/users", "users"},
		{acme + "/users/invite", "invite"},
		{acme, "account"},
		{acme + "/contacts", "contacts"},
		{acme + "/branding", "branding"},
		{"/me/security", "me-security"},
	}
	for _, lang := range c.Langs() {
		if lang == "en" {
			continue // every page is looked at in English
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			first := open(t, w.World, "", browser.WithLanguage(lang)).Goto("/sign-in")
			first.Screenshot(lang + ".sign-in").Fits().Whole().Axe()
			tab := open(t, w.World, "priya.nair@halyard.example.com", browser.WithLanguage(lang))
			for _, at := range pages {
				t.Run(at.name, func(t *testing.T) {
					tab.For(t).Goto(at.path)
					tab.Screenshot(lang + "." + at.name).Fits().Whole().Axe(rules["language"]...)
					tab.Resize(browser.Phone)
					tab.Screenshot(lang + "." + at.name + ".phone").Fits()
					tab.Resize(browser.Desktop)
				})
			}
		})
	}
}
