package matrix_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/user"
)

// TestTEN05AStreamShowsWhatItsReaderMayReadAndEndsWithTheirRights watches the log of a client in its ways to end.
func TestTEN05AStreamShowsWhatItsReaderMayReadAndEndsWithTheirRights(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme, bolt := w.Client(w.Platform, "Acme"), w.Client(w.Platform, "Bolt")
	path := "/a/" + string(acme) + "/audit/live"
	seen := func(lines func() (string, bool), want string) (text string, ended bool) {
		t.Helper()
		for {
			line, more := lines()
			if !more {
				return text, true
			}
			text += line + "\n"
			if strings.Contains(line, want) {
				return text, false
			}
		}
	}
	for name, end := range map[string]func(p apptest.Person, b *apptest.Browser){
		"signing out": func(_ apptest.Person, b *apptest.Browser) { b.Fresh().Post("/sign-out") },
		"deactivation": func(p apptest.Person, _ *apptest.Browser) {
			must(t, w.Users.Deactivate(t.Context(), w.Root, acme, p.Member))
		},
		"a lesser role": func(p apptest.Person, _ *apptest.Browser) {
			must(t, w.Users.Edit(t.Context(), w.Root, acme, p.Member, 1, user.Input{Access: apptest.As(authz.Guest)}))
		},
	} {
		p := w.Member(acme, strings.ReplaceAll(name, " ", ".")+"@acme.example", apptest.As(authz.Admin))
		b := w.SignIn(p.Email)
		status, lines := b.Stream(path)
		if status != http.StatusOK {
			t.Fatalf("%s: %d", name, status)
		}
		seen(lines, "event: open")
		w.Clock.Advance(time.Minute)
		w.Location(bolt, "Secret place "+name)
		w.Location(acme, "Head office of "+name)
		text, ended := seen(lines, "Head office of "+name)
		if ended || strings.Contains(text, "Secret place") {
			t.Errorf("%s: %s", name, text)
		}
		end(p, b)
		w.Clock.Advance(time.Minute)
		w.Location(acme, "After "+name)
		text, ended = seen(lines, "After "+name)
		if !ended || !strings.Contains(text, "event: end") {
			t.Errorf("the stream outlived %s: %s", name, text)
		}
	}
	stranger := w.Member(bolt, "stranger@bolt.example", apptest.As(authz.Owner))
	if status, _ := w.SignIn(stranger.Email).Stream(path); status != http.StatusNotFound {
		t.Errorf("a stranger watches: %d", status)
	}
	if status, _ := w.Stranger().Stream(path); status != http.StatusSeeOther {
		t.Errorf("somebody not signed in watches: %d", status)
	}
}
