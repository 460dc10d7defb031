package journey_test

import (
	"encoding/json"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/ids"
	"bailiwick/internal/tuning"
)

// TestAContactJoinsLeavesAndComesBack on the pages behind the links in their messages, signed in nowhere.
func TestAContactJoinsLeavesAndComesBack(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			w := apptest.OnSQLite(t)
			acme := w.Client(w.Platform, "Acme Holdings")
			at := "/a/" + string(acme)
			boss := open(t, w, apptest.OwnerEmail, way.opts...)
			boss.Goto(at+"/contact-lists").See("No lists yet").Click("New list").Fill("name", "Newsletter").Check("Public", true).Click("Save").See("List saved.").See("Newsletter")
			boss.Goto(at + "/contacts").See("No contacts yet").Click("New contact").Click("Save").See("Write an email address or a phone number.").Axe()
			boss.Fill("name", "Eve Reader").Fill("email", "eve@reader.example").Check("Newsletter", true).Click("Save").See("Contact saved.").See("Eve Reader").Axe().Fits()
			list, id := ids.List(w.Text("SELECT id FROM contact_lists")), ids.Contact(w.Text("SELECT id FROM contacts"))
			preferences, unsubscribe, _ := w.Links(acme, id, list)

			eve := open(t, w, "", way.opts...)
			eve.Goto(unsubscribe).See("Acme Holdings")
			look(eve, "unsubscribe-"+way.name[:7])
			eve.Click("Unsubscribe").See("You are unsubscribed")
			look(eve, "unsubscribed-"+way.name[:7])
			boss.Goto(at + "/suppressions").See("eve@reader.example").See("The list Newsletter").Axe()

			boss.Goto(at + "/preferences").See("Contacts confirm by mail")
			asksToConfirm(t, w, acme)
			eve.Goto(preferences).See("Your preferences").Fill("name", "Eve Novak").Check("Newsletter", true)
			look(eve, "preferences-"+way.name[:7])
			eve.Click("Save preferences").See("Preferences saved.").See("Waits until you confirm it")
			w.Drain()
			eve.Goto("/confirm-subscription/" + w.Link("eve@reader.example", "/confirm-subscription/"))
			look(eve, "confirm-"+way.name[:7])
			eve.See("Newsletter").Click("Confirm subscription").See("Everything is confirmed").Click("Your preferences").See("Eve").Axe()
			eve.Click("Unsubscribe from everything").See("You get nothing from Acme Holdings.").Axe().Click("Get messages again").Gone("You get nothing from")
			boss.Goto(at + "/contacts/" + string(id)).See("Eve Novak").Axe().Fits()
			if n := w.Count("contact_subscriptions WHERE state = 'active'"); n != 1 {
				t.Errorf("%d subscriptions", n)
			}
			eve.Goto("/preferences/nothing").See("This link does not work").Axe()
		})
	}
}

// asksToConfirm has an account ask contacts to confirm before they are on a list.
func asksToConfirm(t *testing.T, w *apptest.World, at ids.Account) {
	t.Helper()
	p, err := w.Tuning.View(t.Context(), w.Root, at, tuning.Contacts)
	if err == nil {
		err = w.Tuning.Save(t.Context(), w.Root, at, tuning.Contacts, p.Version, map[string]tuning.Edit{"contact.confirm": {Value: json.RawMessage("true")}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestContactsPagesInArabic run from the right to the left, by the contact's language and not by the browser's.
func TestContactsPagesInArabic(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	list := w.ContactList(acme, "Newsletter")
	id := w.Contact(acme, "eve@reader.example", list)
	w.Exec("UPDATE contacts SET language = 'ar'")
	preferences, unsubscribe, confirm := w.Links(acme, id, list)
	eve := open(t, w, "", browser.WithLanguage("en"))
	for _, path := range []string{preferences, unsubscribe, confirm} {
		look(eve.Goto(path), "ar-"+strings.Split(path, "/")[1])
	}
}
