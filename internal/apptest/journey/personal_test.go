package journey_test

import (
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

// TestSettingsOfAPersonAreSetAndTried gives a person a disclaimer, tries a message as theirs, and has them choose their notices.
func TestSettingsOfAPersonAreSetAndTried(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			acme := w.Client(w.Platform, "Acme Holdings")
			w.Member(acme, "ada@acme.example", apptest.As(authz.Owner))
			bob := w.Member(acme, "bob@acme.example", apptest.As(authz.Admin))
			settings := "/a/" + string(acme) + "/users/" + string(bob.Member) + "/settings"

			ada := open(t, w, "ada@acme.example", way.opts...)
			ada.Goto(settings).See("As your browser asks").Click(`css=button[value="override:message.disclaimer"]`).See("There are unsaved changes")
			ada.Fill("v:message.disclaimer", "For Bob’s readers").Click("Save changes").See("Settings saved.").See("Set here")
			ada.Goto("/a/" + string(acme) + "/settings/preview?as=" + string(bob.Member)).See("bob@acme.example").See("For Bob’s readers")
			ada.Goto("/a/" + string(acme) + "/settings/preview").See("ada@acme.example").Gone("For Bob’s readers")

			me := open(t, w, "bob@acme.example", way.opts...)
			me.Goto("/me/settings").See("These hold for you in Acme Holdings").Click(`css=button[value="override:sign_in.failed_notice"]`).See("There are unsaved changes")
			me.Check("v:sign_in.failed_notice", true).Click("Save changes").See("Settings saved.").See("Set here")
		})
	}
}
