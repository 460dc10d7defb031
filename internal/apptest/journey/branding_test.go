package journey_test

import (
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/authz"
)

// TestAResellerIsBrandedAndItsClientsSignInAtItsDomain goes from a name and a colour to a domain of the reseller's own,
// and signs in there as somebody of a client.
func TestAResellerIsBrandedAndItsClientsSignInAtItsDomain(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			north := w.Reseller(w.Platform, "North Mail")
			acme := w.Client(north, "Acme Holdings")
			w.Member(north, "sam@north.example", apptest.As(authz.Owner))
			w.Member(acme, "ada@acme.example", apptest.As(authz.Owner))
			const host = "brand.localhost"
			at := "/a/" + string(north) + "/branding"

			sam := open(t, w, "sam@north.example", way.opts...)
			sam.Goto(at).See("The default value").Click(`css=button[value="override:brand.product"]`).See("There are unsaved changes")
			sam.Fill("v:brand.product", "Northern Lights").Click(`css=button[value="override:brand.colour"]`).See("There are unsaved changes")
			sam.Fill("v:brand.colour", "teal").Click("Save changes").See("needs attention").See("Write a colour as six digits")
			if sam.Value("v:brand.product") != "Northern Lights" {
				t.Error("what was typed is lost")
			}
			sam.Fill("v:brand.colour", "#0b6b5c").Click("Save changes").See("Settings saved.").See("Sign in to Northern Lights")
			sam.Screenshot("branding." + way.name).Fits().Axe()

			sam.Fill("host", host).Click("Save address").See("Address saved.")
			if got := sam.Value("Name of the record"); got != "_bailiwick."+host {
				t.Errorf("the record is to be called %s", got)
			}
			sam.Click("Check now").See("was not found yet")
			w.DNS.Set("_bailiwick."+host, sam.Value("Its text"))
			sam.Click("Check now").See("Address verified.").See("In use since")

			ada := browser.Open(t, strings.Replace(w.Server.URL, "127.0.0.1", host, 1), way.opts...)
			ada.Goto("/sign-in").See("Sign in to Northern Lights").Screenshot("branded-sign-in." + way.name).Axe()
			ada.Fill("login", "ada@acme.example").Fill("password", apptest.Password).Click("css=button[type=submit]").At("/a/" + string(acme) + "/home")
			if home := w.SignIn("ada@acme.example").At(host).Get("/a/" + string(acme) + "/home"); !strings.Contains(home.Body, "/brand/0b6b5c-") {
				t.Errorf("the portal is in another colour: %d", home.Status)
			}
			ada.Screenshot("branded-portal." + way.name)
		})
	}
}
