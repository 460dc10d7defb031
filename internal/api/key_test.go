package api_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apikey"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

func TestKEY01AKeyIsToldOnce(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	body := `{"name": "Billing", "scopes": ["locations.view", "credentials.view"]}`
	first := d.owner.Post(d.at(d.client, "/keys"), body, "Idempotency-Key", "k").Want(http.StatusCreated)
	var made struct{ ID, Secret string }
	first.Into(&made)
	again := d.owner.Post(d.at(d.client, "/keys"), body, "Idempotency-Key", "k").Want(http.StatusCreated)
	if again.ID() != made.ID || strings.Contains(again.Body, "secret") || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("sent again: %s", again.Body)
	}
	made2 := d.NoKey(made.Secret)
	me := made2.Get("/me").Want(http.StatusOK)
	if !strings.Contains(me.Body, made.ID) || !strings.Contains(me.Body, "locations.view") || strings.Contains(me.Body, "users.view") {
		t.Errorf("me: %s", me.Body)
	}
	list := made2.Get(d.at(d.client, "/keys")).Want(http.StatusOK)
	if !strings.Contains(list.Body, "Billing") || strings.Contains(list.Body, made.Secret) || strings.Contains(list.Body, d.owner.Key.Reveal()) {
		t.Errorf("the keys: %s", list.Body)
	}
	d.owner.Post(d.at(d.client, "/keys"), `{"name": "Both", "scopes": ["locations.view"], "expires": "2027-01-01T00:00:00Z", "never_expires": true}`).Want(http.StatusUnprocessableEntity)
	made2.Post(d.at(d.client, "/keys"), body).Want(http.StatusForbidden)
	made2.Delete(d.at(d.client, "/keys/"+made.ID)).Want(http.StatusNoContent)
	made2.Get("/me").Want(http.StatusUnauthorized)
	if log := d.Journal.Text(); strings.Contains(log, made.Secret) {
		t.Error("ESC09: the key is in the log")
	}
}

func TestAKeyThatMayAllThatItsOwnerMayManagesAdmins(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		owner := w.Member(d.client, "otto@acme.example", apptest.As(authz.Owner))
		made, err := w.Keys.Create(t.Context(), owner.Actor, d.client, apikey.Input{Name: "All", Scopes: authz.Everything()})
		if err != nil {
			t.Fatal(err)
		}
		whole, chosen := d.NoKey(made.Secret.Reveal()), d.Program(owner.Actor, d.client, offered(t)...)
		invite := `{"addresses": ["ada@acme.example"], "access": {"role": "admin"}}`
		if got := chosen.Post(d.at(d.client, "/invitations"), invite).Want(http.StatusForbidden); got.Code() != "role.above_yours" {
			t.Errorf("a key of what can be ticked: %s", got.Body)
		}
		whole.Post(d.at(d.client, "/invitations"), invite).Want(http.StatusOK)
		admin := w.Member(d.client, "adam@acme.example", apptest.As(authz.Admin))
		whole.Post(d.at(d.client, "/users/"+string(admin.Member)+"/deactivate"), "").Want(http.StatusNoContent)
		whole.Post(d.at(d.client, "/hold"), `{"reason": "Moving house"}`).Want(http.StatusNoContent)
		if got := whole.Get(d.at(d.client, "")).Want(http.StatusOK); !strings.Contains(got.Body, `"source":"self"`) {
			t.Errorf("held by its Owner's key: %s", got.Body)
		}
		whole.Post(d.at(d.client, "/resume"), "").Want(http.StatusForbidden) // held, a key only reads
		if list := whole.Get(d.at(d.client, "/keys?mine=true")).Want(http.StatusOK); !strings.Contains(list.Body, `"scopes":["*"]`) {
			t.Errorf("the keys: %s", list.Body)
		}
	})
}

func TestOnlyAPersonMakesAKeyThatMayAllThatTheyMay(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	got := d.owner.Post(d.at(d.client, "/keys"), `{"name": "All", "scopes": ["*"]}`).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(got.Body, "key.whole_by_person") {
		t.Error(got.Body)
	}
	d.owner.Post(d.at(d.client, "/keys"), `{"name": "All", "scopes": ["*", "users.view"]}`).Want(http.StatusUnprocessableEntity)
}

// offered is what the portal lets an Owner tick for a key.
func offered(t *testing.T) []authz.Perm {
	t.Helper()
	var out []authz.Perm
	for _, m := range authz.Offered() {
		if m.Key == "support" || m.Key == "resellers" {
			continue
		}
		for _, a := range m.Actions {
			out = append(out, authz.Perm(m.Key+"."+a))
		}
	}
	return out
}
