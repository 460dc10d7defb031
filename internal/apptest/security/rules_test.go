package security_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
	"bailiwick/internal/tuning"
)

const (
	day   = 24 * time.Hour
	other = "several other words in a row"
)

// rule sets a rule of security of an account, as its parent would.
func (w *town) rule(t *testing.T, at ids.Account, name, value string) {
	t.Helper()
	page, err := w.Tuning.View(t.Context(), w.Root, at, tuning.Security)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Tuning.Save(t.Context(), w.Root, at, tuning.Security, page.Version, map[string]tuning.Edit{name: {Value: json.RawMessage(value)}}); err != nil {
		t.Fatal(err)
	}
}

// signIn signs the owner in over HTTP.
func (w *town) signIn(t *testing.T, password string) (*apptest.Browser, apptest.Answer) {
	t.Helper()
	b := w.Stranger()
	return b, b.Post("/sign-in", "login", w.ownerOf.Email, "password", password)
}

func TestASecondFactorIsSetUpBeforeAnythingElse(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for _, c := range []struct {
			rule          string
			owner, member bool // whether they are kept out after the grace
		}{{`"nobody"`, false, false}, {`"admins"`, true, true}, {`"everyone"`, true, true}} {
			w.rule(t, w.acme, "two_factor.required", c.rule)
			guest := w.Member(w.acme, "guest-"+strings.Trim(c.rule, `"`)+"@acme.example", apptest.As(authz.Guest))
			in := func() (owner, guestIn int) {
				return home(w.SignIn(w.ownerOf.Email), w.acme), home(w.SignIn(guest.Email), w.acme)
			}
			if o, g := in(); o != http.StatusOK || g != http.StatusOK {
				t.Fatalf("%s: within the grace: %d %d", c.rule, o, g)
			}
			w.Clock.Advance(7*day + time.Minute)
			o, g := in()
			if (o == http.StatusSeeOther) != c.owner || (g == http.StatusSeeOther) != (c.rule == `"everyone"`) {
				t.Errorf("%s: after the grace: owner %d, guest %d", c.rule, o, g)
			}
		}
		b := w.SignIn(w.ownerOf.Email)
		a := b.Get("/a/" + string(w.acme) + "/users")
		if a.Location() != "/me/security?required=two-step" {
			t.Fatalf("led to %s", a.Location())
		}
		if page := b.Get(a.Location()); page.Status != http.StatusOK || !strings.Contains(page.Text(), "Set up a second step to go on") {
			t.Errorf("%d %s", page.Status, page.Text())
		}
		if home(w.SignIn("seller@meridian.example"), w.acme) != http.StatusOK {
			t.Error("somebody from above is bound by the rule of the account")
		}
		w.Exec("UPDATE identities SET totp_since = 1 WHERE id = ?", w.ownerOf.User())
		if home(b, w.acme) != http.StatusOK {
			t.Error("kept out with a second factor")
		}
	})
}

func TestWhoLacksASecondFactorIsCounted(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.rule(t, w.acme, "two_factor.required", `"admins"`)
		if page := w.owner.Get("/a/" + string(w.acme) + "/home").Text(); !strings.Contains(page, "This account requires it from 30 Nov 2026.") {
			t.Errorf("the first page does not say until when: %s", page)
		}
		w.Exec("UPDATE identities SET totp_since = 1 WHERE id = ?", w.ownerOf.User())
		page := w.seller.Get("/a/" + string(w.acme) + "/security").Text()
		if want := "1 of 2 admins and 2 of all 3 users have no second step yet."; !strings.Contains(page, want) {
			t.Errorf("the page does not say %q: %s", want, page)
		}
	})
}

func TestAPasswordExpires(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.Clock.Advance(400 * day) // old passwords do not expire at once
		w.rule(t, w.acme, "password.expiry_days", "90")
		if _, a := w.signIn(t, apptest.Password); a.Location() != "/" {
			t.Fatalf("asked at once: %s", a.Location())
		}
		w.Clock.Advance(89 * day)
		if _, a := w.signIn(t, apptest.Password); a.Location() != "/" {
			t.Fatalf("asked before it expired: %s", a.Location())
		}
		k := w.Key(w.ownerOf, w.acme, authz.UsersView)
		w.Clock.Advance(day)
		b, a := w.signIn(t, apptest.Password)
		if a.Location() != "/sign-in/new-password" {
			t.Fatalf("not asked: %d %s", a.Status, a.Location())
		}
		for _, path := range []string{"/", "/a/" + string(w.acme) + "/home", "/me", "/me/security", "/switch"} {
			if a := b.Get(path); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location(), "/sign-in") {
				t.Errorf("%s with an expired password: %d %s", path, a.Status, a.Location())
			}
		}
		if _, err := w.Through(k); err != nil {
			t.Errorf("a key: %v", err)
		}
		if a := b.Post("/sign-in/new-password", "password", apptest.Password); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("the same password again: %d", a.Status)
		}
		if a := b.Post("/sign-in/new-password", "password", other, "next", "/me"); a.Location() != "/me" {
			t.Fatalf("%d %s", a.Status, a.Text())
		}
		if a := b.Get("/a/" + string(w.acme) + "/home"); a.Status != http.StatusOK {
			t.Errorf("after the change: %d", a.Status)
		}
		if _, a := w.signIn(t, other); a.Location() != "/" {
			t.Errorf("asked again: %s", a.Location())
		}
	})
}

func TestWhoWillBeAskedIsSaidBeforeSaving(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.rule(t, w.acme, "password.expiry_days", "180")
		w.Clock.Advance(100 * day)
		b := w.SignIn("seller@meridian.example")
		page, err := w.Tuning.View(t.Context(), w.Root, w.acme, tuning.Security)
		if err != nil {
			t.Fatal(err)
		}
		send := func(more ...string) apptest.Answer {
			return b.Post("/a/"+string(w.acme)+"/security", append([]string{"version", strconv.FormatInt(page.Version, 10), "do", "save", "own:password.expiry_days", "on", "v:password.expiry_days", "on", "v:password.expiry_days", "90"}, more...)...)
		}
		a := send()
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text(), "3 of 3 users will be asked for a new password at their next sign-in.") {
			t.Fatalf("%d %s", a.Status, a.Text())
		}
		if a := send("confirmed", "on"); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Text())
		}
		if _, a := w.signIn(t, apptest.Password); a.Location() != "/sign-in/new-password" {
			t.Errorf("not asked: %s", a.Location())
		}
	})
}

func TestAPasswordIsWarnedOfThreeTimesOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.rule(t, w.acme, "password.expiry_days", "90")
		mails := func() int {
			return w.Count("captured_mail WHERE rcpt LIKE ? AND subject LIKE 'Your password expires%'", "%"+w.ownerOf.Email+"%")
		}
		for _, step := range []struct {
			days int
			want int
		}{{75, 0}, {76, 1}, {77, 1}, {87, 2}, {88, 2}, {89, 3}, {90, 3}, {91, 3}} {
			w.Clock.Set(apptest.Start.Add(time.Duration(step.days) * day))
			for range 2 {
				if err := w.Authn.WarnOfExpiry(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			w.Drain()
			if got := mails(); got != step.want {
				t.Errorf("on day %d: %d mails, want %d", step.days, got, step.want)
			}
		}
	})
}

func TestAFormerPasswordIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.rule(t, w.acme, "password.history", "3")
		b := w.SignIn(w.ownerOf.Email)
		now := apptest.Password
		change := func(to string) string {
			t.Helper()
			w.Clock.Advance(time.Minute)
			in, err := w.Authn.ChangePassword(t.Context(), b.Actor(), secret.Wrap(now), secret.Wrap(to), authn.Client{Session: b.Token, IP: office})
			if err == nil {
				now, b.Token = to, in.Token
			}
			var e *errs.Error
			if errors.As(err, &e) {
				return e.Fields["password"].Code
			}
			return ""
		}
		for i, c := range []struct{ to, want string }{
			{apptest.Password, "password.used_before"},
			{"the second of several words", ""},
			{apptest.Password, "password.used_before"},
			{"the third of several words", ""},
			{apptest.Password, "password.used_before"},
			{"the fourth of several words", ""},
			{apptest.Password, ""},
		} {
			if got := change(c.to); got != c.want {
				t.Errorf("change %d to %q: %q, want %q", i, c.to, got, c.want)
			}
		}
		if n := w.Count("former_passwords"); n != 2 {
			t.Errorf("%d former passwords are kept", n)
		}
	})
}

func TestSessionsKeepTheRulesOfTheAccountTheyEnter(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		lax := w.Client(w.reseller, "Lax")
		w.Member(lax, w.ownerOf.Email, apptest.As(authz.Owner))
		w.rule(t, w.acme, "session.absolute_hours", "2")
		b := w.SignIn(w.ownerOf.Email)
		b.Post("/switch/" + string(lax))
		for range 5 {
			w.Clock.Advance(25 * time.Minute)
			if home(b, lax) != http.StatusOK {
				t.Fatal("the session ended where no rule is")
			}
		}
		if got := home(b, w.acme); got != http.StatusForbidden {
			t.Errorf("a session older than the rule enters: %d", got)
		}
		if home(b, lax) != http.StatusOK {
			t.Error("the session ended everywhere")
		}
		w.rule(t, w.acme, "session.absolute_hours", "24")
		w.rule(t, w.acme, "session.idle_minutes", "10")
		w.Clock.Advance(11 * time.Minute)
		if got := home(b, w.acme); got != http.StatusForbidden {
			t.Errorf("an idle session enters: %d", got)
		}
		if got := home(b, w.acme); got != http.StatusOK {
			t.Errorf("a session in use is refused: %d", got)
		}
	})
}

func TestEveryoneIsSignedOut(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		beside := w.Client(w.reseller, "Beside")
		w.Member(beside, "member@acme.example", apptest.As(authz.Admin))
		alone := w.Member(w.sales, "alone@acme.example", apptest.As(authz.Admin))
		b := w.SignIn(alone.Email)
		w.Clock.Advance(time.Minute)
		at := "/a/" + string(w.acme) + "/security/sign-out"
		if a := w.owner.Post(at); a.Status != http.StatusOK || !strings.Contains(a.Text(), "Send it again to sign everyone out") || home(b, w.sales) != http.StatusOK {
			t.Fatalf("not asked first: %d", a.Status)
		}
		if a := w.owner.Post(at, "confirmed", "on"); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Text())
		}
		for name, c := range map[string]struct {
			who  *apptest.Browser
			at   ids.Account
			want int
		}{
			"whoever did it":               {w.owner, w.acme, http.StatusOK},
			"somebody below":               {b, w.sales, http.StatusSeeOther},
			"somebody below and elsewhere": {w.member, w.sales, http.StatusForbidden},
			"who is elsewhere too, there":  {w.member, beside, http.StatusOK},
			"somebody from above":          {w.seller, w.acme, http.StatusOK},
			"somebody who signs in anew":   {nil, w.sales, http.StatusOK},
		} {
			if c.who == nil {
				w.Clock.Advance(time.Second)
				c.who = w.SignIn(alone.Email)
			}
			if got := home(c.who, c.at); got != c.want {
				t.Errorf("%s: %d, want %d", name, got, c.want)
			}
		}
		if n := w.Count("audit_events WHERE action = 'account.signed_out' AND account_id = ?", w.acme); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

func TestAFailedSignInIsToldOfOnceAnHour(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		mails := func() int {
			w.Drain()
			return w.Count("captured_mail WHERE rcpt LIKE ? AND subject LIKE 'A sign-in%'", "%"+w.ownerOf.Email+"%")
		}
		w.signIn(t, "wrong")
		if mails() != 0 {
			t.Fatal("told without a rule")
		}
		w.rule(t, w.acme, "sign_in.failed_notice", "true")
		w.signIn(t, "wrong")
		w.signIn(t, "wrong again")
		w.Stranger().Post("/sign-in", "login", "nobody@acme.example", "password", "wrong")
		if got := mails(); got != 1 {
			t.Errorf("%d mails, want 1", got)
		}
		w.Clock.Advance(time.Hour)
		w.signIn(t, "wrong")
		if got := mails(); got != 2 {
			t.Errorf("an hour later: %d mails, want 2", got)
		}
	})
}
