package api_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

// TestThePersonBehindAUser reads and changes what counts in all accounts of a person, and nothing of who holds more.
func TestThePersonBehindAUser(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		una := d.Member(d.client, "una@acme.example", apptest.As(authz.Guest))
		d.SignIn("una@acme.example")
		at := d.at(d.client, "/users/"+string(una.Member))
		got := d.owner.Get(at + "/identity").Want(http.StatusOK)
		edited := d.owner.Patch(at+"/identity", got.Header.Get("ETag"), `{"name": "Una Una", "time_zone": "Europe/Lisbon"}`).Want(http.StatusOK)
		if !strings.Contains(edited.Body, "Una Una") || !strings.Contains(edited.Body, "Europe/Lisbon") || !strings.Contains(edited.Body, "una@acme.example") {
			t.Errorf("after the edit: %s", edited.Body)
		}
		d.owner.Patch(at+"/identity", got.Header.Get("ETag"), `{"name": "Late"}`).Want(http.StatusPreconditionFailed)
		d.owner.Patch(at+"/identity", edited.Header.Get("ETag"), `{"name": ""}`).Want(http.StatusUnprocessableEntity)
		d.owner.Post(at+"/email", `{"email": "una@elsewhere.example"}`).Want(http.StatusNoContent)
		d.owner.Post(at+"/email", `{"email": "nonsense"}`).Want(http.StatusUnprocessableEntity)

		var sessions struct {
			Items []struct{ ID string }
		}
		d.owner.Get(at + "/sessions").Into(&sessions)
		if len(sessions.Items) != 1 {
			t.Fatalf("%d sessions", len(sessions.Items))
		}
		d.owner.Delete(at + "/sessions/" + sessions.Items[0].ID).Want(http.StatusNoContent)
		d.owner.Delete(at + "/sessions/" + sessions.Items[0].ID).Want(http.StatusNotFound)

		admin := d.Member(d.client, "ada@acme.example", apptest.As(authz.Admin))
		for _, path := range []string{"/identity", "/sessions"} {
			if refused := d.owner.Get(d.at(d.client, "/users/"+string(admin.Member)+path)).Want(http.StatusForbidden); refused.Code() != "user.identity_theirs" {
				t.Errorf("%s of who holds more: %s", path, refused.Body)
			}
		}
	})
}
