package api_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

// TestESC06TheProfileTakesAScopeOfItsOwn: a key for something else neither reads nor changes what is its owner's alone.
func TestESC06TheProfileTakesAScopeOfItsOwn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		ann := d.Member(d.reseller, "ann@meridian.example", apptest.As(authz.Admin))
		d.Member(d.client, ann.Email, apptest.As(authz.Guest))
		mine := d.Program(ann.Actor, d.reseller, authz.ProfileView, authz.ProfileEdit, authz.ClientsView)
		looks := d.Program(ann.Actor, d.reseller, authz.ProfileView, authz.ClientsView, authz.CredentialsCreate)
		other := d.Program(ann.Actor, d.reseller, authz.ClientsView, authz.CredentialsCreate)
		views := d.at(d.reseller, "/views")

		got := mine.Get("/me/profile").Want(http.StatusOK)
		edited := mine.Patch("/me/profile", got.Header.Get("ETag"), `{"name": "Ann Archer", "time_zone": "Europe/Paris"}`).Want(http.StatusOK)
		if !strings.Contains(edited.Body, "Ann Archer") || !strings.Contains(edited.Body, "Europe/Paris") || !strings.Contains(edited.Body, ann.Email) {
			t.Errorf("after the edit: %s", edited.Body)
		}
		mine.Patch("/me/profile", got.Header.Get("ETag"), `{"name": "Late"}`).Want(http.StatusPreconditionFailed)
		mine.Patch("/me/profile", edited.Header.Get("ETag"), `{"time_zone": "Mars/Base"}`).Want(http.StatusUnprocessableEntity)
		if all := mine.Get("/me/accounts").Want(http.StatusOK); !strings.Contains(all.Body, string(d.reseller)) || !strings.Contains(all.Body, string(d.client)) {
			t.Errorf("the accounts: %s", all.Body)
		}

		there := d.SignIn(ann.Email)
		var list struct{ Items []struct{ ID string } }
		mine.Get("/me/sessions").Want(http.StatusOK).Into(&list)
		if len(list.Items) != 1 {
			t.Fatalf("%+v", list)
		}
		view := mine.Post(views, `{"list": "clients", "name": "Soon", "query": "ends=30"}`, "Idempotency-Key", "soon").Want(http.StatusCreated).ID()
		if again := mine.Post(views, `{"list": "clients", "name": "soon", "query": "ends=60"}`).Want(http.StatusCreated); again.ID() != view {
			t.Errorf("the same name again: %s, not %s", again.ID(), view)
		}
		if all := looks.Get(views).Want(http.StatusOK); !strings.Contains(all.Body, "ends=60") {
			t.Errorf("the views: %s", all.Body)
		}

		// Without the scope there is nothing to see, and looking changes nothing.
		for _, path := range []string{"/me/profile", "/me/accounts", "/me/sessions", views} {
			if got := other.Get(path).Want(http.StatusForbidden); got.Code() != "auth.key_lacks" {
				t.Errorf("%s: %s", path, got.Body)
			}
			looks.Get(path).Want(http.StatusOK)
		}
		for name, who := range map[string]*apptest.Program{"another scope": other, "a scope that looks": looks} {
			for what, got := range map[string]apptest.Reply{
				"the profile": who.Patch("/me/profile", edited.Header.Get("ETag"), `{"name": "Other"}`),
				"a session":   who.Delete("/me/sessions/" + list.Items[0].ID),
				"a view":      who.Post(views, `{"list": "clients", "name": "Other", "query": ""}`),
				"its end":     who.Delete(views + "/" + view),
				"a wider key": who.Post(d.at(d.reseller, "/keys"), `{"name": "Wider", "scopes": ["profile.edit"]}`),
			} {
				if got.Status != http.StatusForbidden && !strings.Contains(got.Body, "key.above_yours") {
					t.Errorf("%s by %s: %d %s", what, name, got.Status, got.Body)
				}
			}
		}
		mine.Delete(views + "/" + view).Want(http.StatusNoContent)
		mine.Delete("/me/sessions/" + list.Items[0].ID).Want(http.StatusNoContent)
		if got := there.Get("/me"); got.Status != http.StatusSeeOther {
			t.Errorf("the session goes on: %d", got.Status)
		}
	})
}
