package api_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
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
