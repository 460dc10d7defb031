package journey_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
)

func TestINV12SignInLeadsOnlyToPagesOfOurs(t *testing.T) {
	w := apptest.OnSQLite(t)
	for next, want := range map[string]string{
		"/me/sessions":             "/me/sessions",
		"https://evil.example/x":   "/",
		"//evil.example/x":         "/",
		`/\evil.example/x`:         "/",
		"javascript:alert(1)":      "/",
		"/me?x=//evil.example/%0a": "/me?x=//evil.example/%0a",
	} {
		got := w.Stranger().Post("/sign-in", "login", apptest.OwnerEmail, "password", apptest.Password, "next", next)
		if got.Status != http.StatusSeeOther || got.Location() != want {
			t.Errorf("next=%q leads with %d to %q, want %q", next, got.Status, got.Location(), want)
		}
	}
}

func TestENU01TheSameAnswerForKnownAndUnknownAddresses(t *testing.T) {
	w := apptest.OnSQLite(t)
	for _, path := range []string{"/sign-in", "/forgot"} {
		fields := func(login string) []string {
			if path == "/forgot" {
				return []string{"login", login}
			}
			return []string{"login", login, "password", "wrong wrong wrong"}
		}
		known := w.Stranger().Post(path, fields(apptest.OwnerEmail)...)
		unknown := w.Stranger().Post(path, fields("nobody@halyard.example")...)
		a, b := strings.ReplaceAll(known.Body, apptest.OwnerEmail, "X"), strings.ReplaceAll(unknown.Body, "nobody@halyard.example", "X")
		if known.Status != unknown.Status || a != b {
			t.Errorf("%s tells them apart: %d and %d", path, known.Status, unknown.Status)
		}
	}
}

func TestOpeningAPageWithALinkChangesNothing(t *testing.T) {
	w := apptest.OnSQLite(t)
	if got := w.Stranger().Post("/forgot", "login", apptest.OwnerEmail); got.Status != http.StatusOK {
		t.Fatalf("%d: %s", got.Status, got.Text())
	}
	w.Drain()
	list := w.Owner.Get("/captured-mail")
	_, rest, _ := strings.Cut(list.Body, `href="/captured-mail/`)
	id, _, _ := strings.Cut(rest, `"`)
	mail := w.Owner.Get("/captured-mail/" + id)
	_, rest, found := strings.Cut(mail.Body, `href="/reset/`)
	if !found {
		t.Fatalf("no link in %s", mail.Text())
	}
	token, _, _ := strings.Cut(rest, `"`)
	for range 3 {
		if got := w.Stranger().Get("/reset/" + token); got.Status != http.StatusOK {
			t.Fatalf("looking at the link: %d", got.Status)
		}
	}
	if got := w.Stranger().Post("/reset/"+token, "password", "seven quiet harbours"); got.Status != http.StatusSeeOther {
		t.Errorf("%d: %s", got.Status, got.Text())
	}
	if got := w.Stranger().Get("/reset/" + token); got.Status != http.StatusNotFound {
		t.Errorf("after its use the link answers %d", got.Status)
	}
	if got := w.Owner.Get("/me"); got.Location() == "" {
		t.Error("SES01: the session from before the reset lives on")
	}
}

func TestESC09NoCookieOfASessionIsReadableByScripts(t *testing.T) {
	w := apptest.OnSQLite(t)
	got := w.Stranger().Post("/sign-in", "login", apptest.OwnerEmail, "password", apptest.Password, "remember", "on")
	for _, c := range got.Header.Values("Set-Cookie") {
		if strings.HasPrefix(c, "bw_") && (!strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax")) {
			t.Errorf("cookie %s", c)
		}
	}
	if n := len(got.Header.Values("Set-Cookie")); n < 2 {
		t.Errorf("%d cookies, want session and browser", n)
	}
}

func TestStrangersDoNotSeeCapturedMail(t *testing.T) {
	w := apptest.OnSQLite(t)
	for _, path := range []string{"/captured-mail", "/captured-mail/mal_00000000000000000000000000", "/me", "/me/security", "/me/sessions", "/switch"} {
		if got := w.Stranger().Get(path); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Location(), "/sign-in") {
			t.Errorf("%s answers a stranger with %d", path, got.Status)
		}
	}
	if got := w.Owner.Get("/captured-mail/mal_00000000000000000000000000"); got.Status != http.StatusNotFound {
		t.Errorf("a mail that does not exist answers %d", got.Status)
	}
}
