package matrix_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
)

// TestTheLogNamesRoutesActorsAndAccountsNeverPaths reads the lines of requests.
func TestTheLogNamesRoutesActorsAndAccountsNeverPaths(t *testing.T) {
	t.Parallel()
	w := apptest.OnSQLite(t)
	home := "/a/" + string(w.Platform) + "/home"
	w.Owner.Get(home + "?q=canary-query")
	w.Owner.Get("/a/canary-account/users/canary-membership")
	w.Owner.Get("/a/" + strings.Repeat("canary-long-account", 10) + "/home")
	w.Owner.Post("/a/" + string(w.Platform) + "/users/canary-id")
	s := w.Stranger()
	s.Get("/reset/canary-token")
	s.Get("/invitation/canary-token")
	s.Get("/canary-nowhere?token=canary-token")
	s.Get("/sign-in?next=/canary-next")
	s.Post("/sign-in", "login", "canary-login", "password", "canary-password")
	s.Get("/assets/canary-asset")

	key := w.Everything(w.Root, w.Platform)
	key.Get("/accounts/" + string(w.Platform) + "/locations?canary=1")

	lines := requests(w)
	for _, want := range []string{
		`level=INFO msg=request method=GET route="GET /a/{account}/home" status=200 ms=`,
		`level=INFO msg=request method=GET route="GET /a/{account}/users/{membership}" status=404`,
		`level=INFO msg=request method=POST route="POST /sign-in" status=422`,
		`level=INFO msg=request method=GET route="GET /reset/{token}" status=404`,
		`level=INFO msg=request method=GET route=/ status=404`,
		`level=DEBUG msg=request method=GET route="GET /assets/" status=404`,
		` actor=` + string(w.Root.User()) + ` credential=session account=` + string(w.Platform),
		` actor=` + string(w.Root.User()) + ` credential=` + string(key.ID) + ` account=` + string(w.Platform),
		` actor="" credential="" account=""`,
		`route="GET /api/v1/accounts/{account}/locations" status=422`,
	} {
		if !strings.Contains(lines, want) {
			t.Errorf("no line says %s:\n%s", want, lines)
		}
	}
	if all := w.Journal.Text(); strings.Contains(all, "canary") || strings.Contains(all, key.Key.Reveal()) {
		t.Errorf("what a client typed is in the log:\n%s", all)
	}
}

// TestMethodsAreBounded: what a client makes up as a method is neither logged nor answered.
func TestMethodsAreBounded(t *testing.T) {
	t.Parallel()
	w := apptest.OnSQLite(t)
	req, err := http.NewRequestWithContext(t.Context(), "CANARY", w.Server.URL+"/sign-in", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if got := requests(w); !strings.Contains(got, "method=other") || strings.Contains(got, "CANARY") {
		t.Errorf("%d, logged as %s", res.StatusCode, got)
	}
}

func requests(w *apptest.World) string {
	var out []string
	for _, line := range strings.Split(w.Journal.Text(), "\n") {
		if strings.Contains(line, "msg=request ") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
