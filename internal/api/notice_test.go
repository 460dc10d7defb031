package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

func TestAKeyReadsWhatItsOwnerWasTold(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		ann := d.Member(d.client, "ann@acme.example", apptest.As(authz.Owner))
		mine := d.Program(ann.Actor, d.client, authz.ProfileView, authz.ProfileEdit, authz.UsersView)
		looks := d.Program(ann.Actor, d.client, authz.ProfileView)
		narrow := d.Program(ann.Actor, d.client, authz.UsersView)
		for range 3 {
			w.Clock.Advance(time.Second)
			if err := w.Accounts.Hold(t.Context(), w.Root, d.client, ""); err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(time.Second)
			if _, err := w.Accounts.SetActive(t.Context(), w.Root, d.client, true); err != nil {
				t.Fatal(err)
			}
		}
		type page struct {
			Items []struct {
				ID, Kind, Account string
				Read              bool
			}
			Next string
		}
		var first, next page
		mine.Get("/me/notifications?limit=4").Want(http.StatusOK).Into(&first)
		mine.Get("/me/notifications?limit=4&cursor=" + first.Next).Want(http.StatusOK).Into(&next)
		if len(first.Items) != 4 || len(next.Items) != 2 || first.Items[0].Kind != "account_resumed" || first.Items[1].Kind != "account_held" || first.Items[0].Account != string(d.client) {
			t.Fatalf("%+v, then %+v", first, next)
		}
		narrow.Get("/me/notifications").Want(http.StatusForbidden)
		looks.Post("/me/notifications/read", `{}`).Want(http.StatusForbidden)
		mine.Post("/me/notifications/read", `{"notifications": ["`+first.Items[0].ID+`"]}`).Want(http.StatusNoContent)
		mine.Post("/me/notifications/read", `{"notifications": ["`+first.Items[1].ID+`", "ntc_00000000000000000000000000"]}`).Want(http.StatusNotFound)
		var unread page
		looks.Get("/me/notifications?unread=true").Want(http.StatusOK).Into(&unread)
		if len(unread.Items) != 5 {
			t.Errorf("%d are unread, not 5", len(unread.Items))
		}
		for range 2 {
			mine.Post("/me/notifications/read", `{}`, "Idempotency-Key", "all").Want(http.StatusNoContent)
		}
		if got := looks.Get("/me/notifications?unread=true").Want(http.StatusOK); strings.Contains(got.Body, "ntc_") {
			t.Error(got.Body)
		}
	})
}

func TestSettingsOfAPersonOverTheAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		ann := d.Member(d.client, "ann@acme.example", apptest.As(authz.Owner))
		joe := d.Member(d.client, "joe@acme.example", apptest.As(authz.User))
		mine := d.Program(ann.Actor, d.client, authz.ProfileView, authz.ProfileEdit, authz.UsersView, authz.UsersEdit)
		looks := d.Program(ann.Actor, d.client, authz.ProfileView, authz.UsersView)

		got := mine.Get("/me/settings").Want(http.StatusOK)
		if !strings.Contains(got.Body, "notices.bell") || strings.Contains(got.Body, "message.disclaimer") {
			t.Errorf("what one sets for oneself: %s", got.Body)
		}
		body := `{"settings": [{"name": "notices.bell", "value": ["tasks"]}]}`
		looks.Patch("/me/settings", got.Header.Get("ETag"), body).Want(http.StatusForbidden)
		changed := mine.Patch("/me/settings", got.Header.Get("ETag"), body).Want(http.StatusOK)
		if !strings.Contains(changed.Body, `"own":["tasks"]`) {
			t.Errorf("after the change: %s", changed.Body)
		}
		mine.Patch("/me/settings", got.Header.Get("ETag"), body).Want(http.StatusPreconditionFailed)
		mine.Patch("/me/settings", changed.Header.Get("ETag"), `{"settings": [{"name": "message.disclaimer", "value": "x"}]}`).Want(http.StatusUnprocessableEntity)

		his := d.at(d.client, "/users/"+string(joe.Member)+"/settings")
		got = looks.Get(his).Want(http.StatusOK)
		looks.Patch(his, got.Header.Get("ETag"), `{"settings": [{"name": "account.language", "value": "fr"}]}`).Want(http.StatusForbidden)
		changed = mine.Patch(his, got.Header.Get("ETag"), `{"settings": [{"name": "account.language", "value": "fr"}]}`).Want(http.StatusOK)
		if back := mine.Patch(his, changed.Header.Get("ETag"), `{"settings": [{"name": "account.language", "inherit": true}]}`).Want(http.StatusOK); strings.Contains(back.Body, `"own":"fr"`) {
			t.Errorf("after the reset: %s", back.Body)
		}
		mine.Get(d.at(d.reseller, "/users/"+string(joe.Member)+"/settings")).Want(http.StatusNotFound)
	})
}
