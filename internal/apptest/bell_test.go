package apptest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/tuning"
	"bailiwick/internal/user"
)

var noticeID = regexp.MustCompile(`ntc_[0-9a-z]{26}`)

func TestTheBellTellsWhatHappenedWithoutScripts(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		acme, other := w.Client(w.Platform, "Acme"), w.Client(w.Platform, "Other")
		owner, stranger := w.Member(acme, "owner@acme.example", As(authz.Owner)), w.Member(other, "owner@other.example", As(authz.Owner))
		w.Clock.Advance(time.Second)
		if err := w.Accounts.Hold(t.Context(), w.Root, acme, "Unpaid"); err != nil {
			t.Fatal(err)
		}
		b := w.SignIn(owner.Email)
		w.wants(b.Get("/me"), http.StatusOK, `aria-label="Notifications, 1 unread"`)
		page := b.Get("/notifications")
		w.wants(page, http.StatusOK, "The account was suspended", "Mark all as read")
		id := noticeID.FindString(page.Body)

		if a := w.SignIn(stranger.Email).Post("/notifications/read", "id", id); a.Status != http.StatusNotFound {
			t.Errorf("TEN01: a notice of another account: %d", a.Status)
		}
		if a := b.Post("/notifications/read", "id", "ntc_x"); a.Status != http.StatusNotFound {
			t.Errorf("no notice at all: %d", a.Status)
		}
		view := "/notifications?show=unread&topic=account"
		read := strings.Replace(view, "?", "/read?", 1)
		if a := b.Get(view); !strings.Contains(a.Body, `action="`+strings.ReplaceAll(read, "&", "&amp;")+`"`) {
			t.Errorf("marking as read leads away from the view: %s", a.Body)
		}
		if a := b.Post(read, "id", id); a.Status != http.StatusSeeOther || a.Location() != view {
			t.Errorf("marked as read, %d leads to %s, want %s", a.Status, a.Location(), view)
		}
		w.wants(b.Get("/notifications?show=unread"), http.StatusOK, "Nothing to show")
		w.wants(b.Get("/notifications?topic=account"), http.StatusOK, "The account was suspended")
		w.wants(b.Get("/notifications?topic=tasks"), http.StatusOK, "Nothing to show")
		w.wants(b.Get("/notifications?cursor=x"), http.StatusUnprocessableEntity)

		w.Clock.Advance(time.Second)
		if _, err := w.Accounts.SetActive(t.Context(), w.Root, acme, true); err != nil {
			t.Fatal(err)
		}
		w.wants(b.Get("/notifications?show=unread"), http.StatusOK, "A suspension of the account was lifted")
		if a := b.Post("/notifications/read?topic=account&cursor=//evil.example"); a.Status != http.StatusSeeOther || a.Location() != "/notifications?topic=account" {
			t.Errorf("all marked as read, %d leads to %s", a.Status, a.Location())
		}
		if a := b.Get("/notifications"); strings.Contains(a.Body, "Mark all as read") || !strings.Contains(a.Body, `aria-label="Notifications"`) {
			t.Errorf("something is left to read: %s", a.Text())
		}
	})
}

// TestThoseWhomItConcernsAreTold goes through what tells people of something, by the pages they see.
func TestThoseWhomItConcernsAreTold(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		acme := w.Client(w.Platform, "Acme")
		owner, admin := w.Member(acme, "owner@acme.example", As(authz.Owner)), w.Member(acme, "admin@acme.example", As(authz.Admin))
		w.Clock.Advance(time.Second)
		told := func(email, want string) {
			t.Helper()
			w.wants(w.SignIn(email).Get("/notifications"), http.StatusOK, want)
		}

		w.join(acme, "joe@acme.example", "Joe Bloggs")
		told(OwnerEmail, "Joe Bloggs accepted your invitation to Acme")

		page, err := w.Tuning.View(t.Context(), w.Root, acme, tuning.Security)
		must(err)
		must(w.Tuning.Save(t.Context(), w.Root, acme, tuning.Security, page.Version, map[string]tuning.Edit{"password.min_length": {Value: json.RawMessage("16")}}))
		told(owner.Email, "A security rule was changed: ")

		must(w.Users.TransferOwnership(t.Context(), w.Root, acme, user.Transfer{To: admin.Member, Keep: true}))
		told(owner.Email, admin.Email+" is an owner of the account now")

		w.wants(w.SignIn(owner.Email).Post("/a/"+string(acme)+"/users/export", "format", "csv"), http.StatusSeeOther)
		w.Drain()
		told(owner.Email, "Done: Export of users")

		w.Exec("UPDATE accounts SET membership_end = ? WHERE id = ?", string(account.DateIn(w.Clock.Now(), time.UTC).Plus(5)), acme)
		must(account.CheckEnds(t.Context(), w.App.Accounts, w.DB))
		must(account.CheckEnds(t.Context(), w.App.Accounts, w.DB))
		told(owner.Email, "The membership ends in 5 days")
		told(OwnerEmail, "The membership of Acme ends in 5 days")
		if got := w.Count("notices WHERE kind = 'membership_ending'"); got != 1 {
			t.Errorf("the end was told %d times", got)
		}
	})
}
