package journey_test

import (
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

// TestASettingIsOverriddenLockedAndSeenLockedBelow goes from the platform's own value to a client's, and to a lock.
func TestASettingIsOverriddenLockedAndSeenLockedBelow(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			acme := w.Client(w.Platform, "Acme Holdings")
			w.Department(acme, "Marketing")
			w.Member(acme, "ada@acme.example", apptest.As(authz.Owner))
			const idle = "v:session.idle_minutes"
			own, above := "/a/"+string(acme)+"/security", "/a/"+string(w.Platform)+"/security"

			ada := open(t, w, "ada@acme.example", way.opts...)
			ada.Goto(own).See("The default value").Click(`css=button[value="override:session.idle_minutes"]`).See("There are unsaved changes")
			ada.Fill(idle, "2").Click("Save changes").See("needs attention").See("Write a number from 5")
			ada.Fill(idle, "45").Click("Save changes").See("Settings saved.").See("Set here")
			ada.Goto(own+"/below").Check("Sign out when idle", true).Check("Marketing", true).Click("Apply to the chosen accounts").See("Settings applied.")
			ada.Goto("/a/" + string(acme) + "/settings/session.idle_minutes").See("1 with a value of its own").See("Changed the setting Sign out when idle")

			root := open(t, w, apptest.OwnerEmail, way.opts...)
			root.Goto(above).Click(`css=button[value="override:session.idle_minutes"]`).See("There are unsaved changes")
			root.Fill(idle, "60").Check("lock:session.idle_minutes", true).Click("Save changes").See("Save again to lock").See("2 accounts have their own value")
			root.Click("Save changes").See("Settings saved.")
			root.Goto(above + "/below").Click("Compare with Acme Holdings").See("60 minutes").See("The same")

			ada.Goto(own).See("Fixed by")
			if ada.Value(idle) != "60" || ada.Has(`css=button[value="override:session.idle_minutes"]`) {
				t.Error("a locked setting can be changed below")
			}
		})
	}
}

// TestAFooterThatTheCustomerLocksReachesItsDepartments locks a footer, sees it locked below, and tries a message there.
func TestAFooterThatTheCustomerLocksReachesItsDepartments(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			acme := w.Client(w.Platform, "Acme Holdings")
			marketing := w.Department(acme, "Marketing")
			w.Member(acme, "ada@acme.example", apptest.As(authz.Owner))
			w.Member(marketing, "mia@acme.example", apptest.As(authz.Admin))
			const override = `css=button[value="override:message.footer"]`

			ada := open(t, w, "ada@acme.example", way.opts...)
			ada.Goto("/a/" + string(acme) + "/settings").Click(override).See("There are unsaved changes")
			ada.Fill("css=textarea[name='v:message.footer']", "Acme Holdings, 1 Long Street").Check("lock:message.footer", true).Click("Save changes").See("Settings saved.").See("Set here")

			mia := open(t, w, "mia@acme.example", way.opts...)
			mia.Goto("/a/" + string(marketing) + "/settings").See("Fixed by Acme Holdings")
			if mia.Has(override) {
				t.Error("a locked footer can be overridden below")
			}
			mia.Click("Preview").See("Acme Holdings, 1 Long Street")
			mia.Axe()
			if !strings.HasSuffix(mia.URL(), "/a/"+string(marketing)+"/settings/preview") {
				t.Errorf("the preview is at %s", mia.URL())
			}
		})
	}
}
