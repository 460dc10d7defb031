package demo_test

import (
	"net/http"
	"testing"

	"bailiwick/internal/apptest/demotown"
	"bailiwick/internal/ids"
)

// TestTheFormOfSomethingNewKeepsTheBudget opens each tab of the form of a new customer, and of a new department of a large one.
func TestTheFormOfSomethingNewKeepsTheBudget(t *testing.T) {
	w, out := demotown.New(t)
	r := &reader{w: w, cookie: &http.Cookie{Name: "bw_session", Value: w.SignIn(out.Logins[0].Email).Token.Reveal()}, assets: map[string]visit{}}
	for kind, in := range map[string]ids.Account{"customer": out.Platform, "department": out.Acme} {
		for _, tab := range []string{"properties", "branding", "quotas", "settings", "security", "preferences"} {
			if kind == "department" && tab == "quotas" {
				continue
			}
			at := "/a/" + string(out.Platform) + "/tree?new=" + kind + "&in=" + string(in) + "&tab=" + tab
			v := r.open(t, at)
			if v.status != http.StatusOK {
				t.Errorf("%s: %d", at, v.status)
			}
			r.check(t, "GET /a/{account}/tree", at, v)
		}
	}
}
