package apptest_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
)

// withoutMail is an installation whose mail is off, and the directory of its keys.
func withoutMail(t *testing.T, dsn string) (*apptest.World, string) {
	t.Helper()
	dir := t.TempDir()
	return apptest.New(t, dsn, func(c *config.Config) { c.Data, c.MailOff = dir, true }), dir
}

var shownLink = regexp.MustCompile(`http://[^"]*/(invitation|reset)/([a-z2-7]{20,})`)

// shown returns the token of the link that an answer shows.
func shown(t *testing.T, a apptest.Answer) string {
	t.Helper()
	found := shownLink.FindStringSubmatch(a.Body)
	if a.Status != http.StatusOK || found == nil {
		t.Fatalf("no link: %d %s", a.Status, a.Text())
	}
	if got := a.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("the link may be kept: %q", got)
	}
	return found[2]
}

func TestINV05WhereMailIsOffALinkIsShownOnce(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		w, _ := withoutMail(t, dsn)
		acme := w.Client(w.Platform, "Acme Holdings")
		users := "/a/" + string(acme) + "/users"
		if got := w.Owner.Post(users+"/invite", "addresses", "grace@acme.example", "role", "guest"); got.Status != http.StatusSeeOther || shownLink.MatchString(got.Body) {
			t.Fatalf("%d: %s", got.Status, got.Text())
		}
		id := w.Text("SELECT id FROM invitations WHERE account_id = ?", acme)
		pending := w.Owner.Get(users + "?tab=pending")
		if !strings.Contains(pending.Body, `name="link" value="`+id) || strings.Contains(pending.Body, "Resend") || shownLink.MatchString(pending.Body) {
			t.Errorf("the list of invitations: %s", pending.Text())
		}
		first := shown(t, w.Owner.Post(users+"/invitations/bulk", "link", id))
		second := shown(t, w.Owner.Post(users+"/invitations/bulk", "link", id))
		if n := w.Count("audit_events WHERE action = 'invitation.link_shown'"); n != 2 {
			t.Errorf("%d of two shown links are on record", n)
		}
		for _, path := range []string{users + "?tab=pending", users, "/a/" + string(acme) + "/activity"} {
			if body := w.Owner.Get(path).Body; strings.Contains(body, first) || strings.Contains(body, second) {
				t.Errorf("%s shows the link again", path)
			}
		}
		if got := w.Stranger().Get("/invitation/" + first); got.Status == http.StatusOK {
			t.Error("the older link still works")
		}
		for _, refused := range []struct {
			path   string
			fields []string
		}{
			{users + "/invitations/bulk", []string{"do", "resend", "id", id}},
			{users + "/new", []string{"name", "Ada", "email", "ada@acme.example", "role", "guest"}},
		} {
			if got := w.Owner.Post(refused.path, refused.fields...); got.Status != http.StatusConflict {
				t.Errorf("%s: %d", refused.path, got.Status)
			}
		}
		if n := w.Count("jobs WHERE kind = 'mail.send'"); n != 0 {
			t.Errorf("%d mails wait", n)
		}
		if got := w.Owner.Get("/captured-mail"); got.Status != http.StatusNotFound {
			t.Errorf("the captured mail answers %d", got.Status)
		}
		if strings.Contains(w.Journal.Text(), second) {
			t.Error("the link stands in the log")
		}
	})
}

// TestVER01AShownLinkProvesNoMailbox follows an identity made through a shown link until mail is on: the holder of the
// mailbox takes it back, and whoever made it is out.
func TestVER01AShownLinkProvesNoMailbox(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		w, dir := withoutMail(t, dsn)
		acme, bolt := w.Client(w.Platform, "Acme Holdings"), w.Client(w.Platform, "Bolt")
		w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
		invited := func(at ids.Account) string {
			users := "/a/" + string(at) + "/users"
			if got := w.Owner.Post(users+"/invite", "addresses", "grace@acme.example", "role", "guest"); got.Status != http.StatusSeeOther {
				t.Fatalf("%d: %s", got.Status, got.Text())
			}
			id := w.Text("SELECT id FROM invitations WHERE account_id = ? AND accepted_at IS NULL", at)
			return "/invitation/" + shown(t, w.Owner.Post(users+"/invitations/bulk", "link", id))
		}
		proven := func() bool {
			return w.Count("identities WHERE email = 'grace@acme.example' AND email_verified_at IS NOT NULL") == 1
		}
		thief := w.Stranger()
		if got := thief.Post(invited(acme), "name", "Grace", "password", apptest.Password); got.Status != http.StatusSeeOther {
			t.Fatalf("%d: %s", got.Status, got.Text())
		}
		if proven() {
			t.Error("a link that somebody else has seen proved the mailbox")
		}
		w.Exec("UPDATE identities SET totp_secret = ?, totp_since = 1 WHERE email = 'grace@acme.example'", []byte("theirs"))

		// INV09: a further invitation is accepted by its link alone, whoever is signed in.
		link := invited(bolt)
		if n := w.Count("memberships WHERE account_id = ?", bolt); n != 0 {
			t.Fatalf("%d members before the link was used", n)
		}
		if got := thief.Post(link); got.Status != http.StatusSeeOther {
			t.Errorf("%d: %s", got.Status, got.Text())
		}
		if proven() {
			t.Error("a second shown link proved the mailbox")
		}

		on := apptest.Bare(t, dsn, func(c *config.Config) { c.Data = dir })
		if got := on.Stranger().Post("/forgot", "login", "grace@acme.example"); got.Status != http.StatusOK {
			t.Fatalf("%d: %s", got.Status, got.Text())
		}
		token := on.Link("grace@acme.example", "/reset/")
		if got := on.Stranger().Post("/reset/"+token, "password", "seven quiet harbours"); got.Status != http.StatusSeeOther {
			t.Fatalf("%d: %s", got.Status, got.Text())
		}
		if !proven() {
			t.Error("the mailbox is not proven by a mailed link")
		}
		if got := thief.Get("/me"); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Location(), "/sign-in") {
			t.Errorf("the session from before lives on: %d", got.Status)
		}
		if n := w.Count("identities WHERE email = 'grace@acme.example' AND totp_since IS NOT NULL"); n != 0 {
			t.Error("the second factor from before lives on")
		}
	})
}

func TestForgottenPasswordWhereMailIsOff(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		w, _ := withoutMail(t, dsn)
		acme, bolt := w.Client(w.Platform, "Acme Holdings"), w.Client(w.Platform, "Bolt")
		boss := w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
		ada := w.Member(acme, "ada@acme.example", apptest.As(authz.Guest))
		shared := w.Member(acme, "shared@acme.example", apptest.As(authz.Guest))
		w.Member(bolt, shared.Email, apptest.As(authz.Guest))

		if got := w.Stranger().Get("/forgot"); !strings.Contains(got.Body, "Ask an admin") || strings.Contains(got.Body, "<form method=\"post\" action=\"/forgot\"") {
			t.Errorf("/forgot says %s", got.Text())
		}
		known, unknown := w.Stranger().Post("/forgot", "login", ada.Email), w.Stranger().Post("/forgot", "login", "nobody@acme.example")
		if known.Status != http.StatusConflict || known.Status != unknown.Status || known.Text() != unknown.Text() {
			t.Errorf("%d and %d", known.Status, unknown.Status)
		}
		b := w.SignIn(boss.Email)
		page := "/a/" + string(acme) + "/users/"
		if got := b.Get(page + string(ada.Member)); !strings.Contains(got.Body, "New link") || strings.Contains(got.Body, "Send reset link") {
			t.Error("the page of a person does not offer a link")
		}
		if got := b.Get(page + string(shared.Member)); strings.Contains(got.Body, "New link") {
			t.Error("ESC03: the page of a shared person offers a link")
		}
		if got := b.Post(page + string(shared.Member) + "/link"); got.Status != http.StatusForbidden {
			t.Errorf("ESC03: a link for a shared person: %d", got.Status)
		}
		token := shown(t, b.Post(page+string(ada.Member)+"/link"))
		if n := w.Count("audit_events WHERE action = 'password.reset_link_shown'"); n != 1 {
			t.Errorf("the shown link is %d times on record", n)
		}
		if got := w.Stranger().Post("/reset/"+token, "password", "seven quiet harbours"); got.Status != http.StatusSeeOther {
			t.Errorf("%d: %s", got.Status, got.Text())
		}
		if got := b.Post("/me/security/email", "email", "new@acme.example", "current", apptest.Password); got.Status != http.StatusUnprocessableEntity {
			t.Errorf("a change of address answers %d", got.Status)
		}
	})
}

// TestSettingsOfMailsSayThatNoneAreSent opens every page that has one.
func TestSettingsOfMailsSayThatNoneAreSent(t *testing.T) {
	off, _ := withoutMail(t, dbtest.SQLiteDSN(t))
	for name, w := range map[string]*apptest.World{"off": off, "on": apptest.OnSQLite(t)} {
		acme := w.Client(w.Platform, "Acme Holdings")
		owner := w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
		at := "/a/" + string(acme)
		for path, want := range map[string]int{at + "/settings": 2, at + "/security": 1, at + "/preferences": 1, at + "/branding": 0, "/me/settings": 2} {
			if name == "on" {
				want = 0
			}
			if got := strings.Count(w.SignIn(owner.Email).Get(path).Body, "No such mails are sent until it is on."); got != want {
				t.Errorf("mail %s: %s says %d times that none are sent, want %d", name, path, got, want)
			}
		}
	}
}
