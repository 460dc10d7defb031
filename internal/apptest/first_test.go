package apptest_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

var param = regexp.MustCompile(`\{(\w+)\}`)

// TestPermissionComesBeforeTheForm posts every form of an account empty, as a Guest of it: what they may not do is
// refused as such, and no form says what it would have needed.
func TestPermissionComesBeforeTheForm(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
	guest := w.Member(acme, "guest@acme.example", apptest.As(authz.Guest))
	values := map[string]string{
		"account": string(acme), "membership": string(guest.Member), "role": string(w.RoleGroup(acme, "Front desk", authz.UsersView)),
		"location": string(w.Location(acme, "Bristol")), "subaccount": string(w.SubAccount(acme, "newsletters")),
	}
	asked := 0
	for _, r := range w.Web.Routes() {
		path, post := strings.CutPrefix(r.Pattern, "POST ")
		if !post || !strings.Contains(path, "{account}") || !strings.HasPrefix(path, "/a/") {
			continue
		}
		missing := false
		path = param.ReplaceAllStringFunc(path, func(p string) string {
			v := values[strings.Trim(p, "{}")]
			missing = missing || v == ""
			return v
		})
		if missing {
			continue // what it is about does not exist, which is said first
		}
		asked++
		if got := w.SignIn(guest.Email).Post(path); got.Status == http.StatusUnprocessableEntity || got.Status == http.StatusConflict || got.Status == http.StatusBadRequest {
			t.Errorf("%s answers a Guest's empty form with %d", r.Pattern, got.Status)
		}
	}
	if asked < 25 {
		t.Errorf("only %d forms were posted", asked)
	}
}
