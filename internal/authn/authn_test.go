package authn

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/notify"
	"bailiwick/internal/notify/notifytest"
	"bailiwick/internal/op"
	"bailiwick/internal/policy"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

const (
	ownerMail = "owner@example.com"
	ownerPass = "tall green ladder"
	otherPass = "seven quiet harbours"
)

// world is an installation with its Owner.
type world struct {
	*Service
	t     testing.TB
	clock *clock.Fake
	d     *db.DB
	run   *jobs.Runner
	ctx   context.Context
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	now := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	dbtest.EachAt(t, now.Now, func(t *testing.T, d *db.DB) {
		now.Set(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		fn(t, newWorld(t, d, now))
	})
}

func newWorld(t testing.TB, d *db.DB, now *clock.Fake) *world {
	t.Helper()
	box, err := secret.NewBox(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	news := change.New(d, d.Now, slog.New(slog.DiscardHandler))
	known, err := setting.NewKnown(d, news, append(policy.Sessions(), policy.Elsewhere()...))
	if err != nil {
		t.Fatal(err)
	}
	check := authz.NewChecker(d, news, policy.Gate(known, d.Now))
	s := New(Deps{DB: d, Op: op.NewRunner(d, check), Check: check, Hasher: secret.NewHasher(secret.CheapParams), Box: box, Mail: notify.NewMailer(box)})
	ws := jobs.NewWorkers()
	s.Register(ws)
	return &world{s, t, now, d, jobs.NewRunner(d, slog.New(slog.DiscardHandler), ws), t.Context()}
}

// install sets the platform up and returns the Owner's browser.
func (w *world) install() Client {
	w.t.Helper()
	token, err := w.PrepareSetup(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	in, err := w.Setup(w.ctx, SetupInput{Token: token, Platform: "Northwind Mail", Name: "Olive Owner", Email: ownerMail,
		Password: secret.Wrap(ownerPass), From: Client{IP: "192.0.2.1"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return Client{IP: "192.0.2.1", Session: in.Token, Device: in.Device}
}

func (w *world) actor(from Client) authz.Actor {
	w.t.Helper()
	who, err := w.Resolve(w.ctx, from)
	if err != nil {
		w.t.Fatalf("resolve: %v", err)
	}
	return who.Actor
}

func (w *world) signIn(login, password string, from Client) (SignedIn, error) {
	return w.SignIn(w.ctx, SignInInput{Login: login, Password: secret.Wrap(password), From: from})
}

func (w *world) mustSignIn(from Client) Client {
	w.t.Helper()
	in, err := w.signIn(ownerMail, ownerPass, from)
	if err != nil {
		w.t.Fatal(err)
	}
	return in.browser(from.IP)
}

func (in SignedIn) browser(ip string) Client {
	return Client{IP: ip, Session: in.Token, Device: in.Device}
}

func (w *world) drain() {
	w.t.Helper()
	w.clock.Advance(time.Second) // mails are told apart by when they were written
	if err := w.run.Drain(w.ctx); err != nil {
		w.t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if errs.CodeOf(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// token is the end of the link in the newest mail to an address.
func (w *world) token(address string) secret.String {
	w.t.Helper()
	link := notifytest.To(w.t, w.d, w.mail, address).Link.Reveal()
	return secret.Wrap(link[strings.LastIndex(link, "/")+1:])
}

func TestSetUpWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old, err := w.PrepareSetup(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		token, err := w.PrepareSetup(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		in := SetupInput{Token: old, Platform: "Northwind Mail", Name: "Olive Owner", Email: ownerMail, Password: secret.Wrap(ownerPass)}
		_, err = w.Setup(w.ctx, in)
		wantCode(t, err, "page.not_found")
		in.Token = token
		bad := in
		bad.Email, bad.Platform, bad.Password = "owner", " ", secret.Wrap("short")
		_, err = w.Setup(w.ctx, bad)
		wantCode(t, err, "input.fields")
		if err := w.CheckSetup(w.ctx, token); err != nil {
			t.Errorf("a failed form used the link up: %v", err)
		}
		out, err := w.Setup(w.ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		by := w.actor(out.browser(""))
		if _, _, err := w.op.Read(w.ctx, by, authz.AccountTransfer, by.Account()); err != nil {
			t.Errorf("the first person does not own the platform: %v", err)
		}
		_, err = w.Setup(w.ctx, in)
		wantCode(t, err, "page.not_found")
		if again, err := w.PrepareSetup(w.ctx); err != nil || !again.Empty() {
			t.Errorf("a second set-up is offered: %v", err)
		}
	})
}

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.install()
		for name, c := range map[string]struct{ login, password, code string }{
			"by address":         {ownerMail, ownerPass, ""},
			"in other case":      {" OWNER@Example.com ", ownerPass, ""},
			"wrong password":     {ownerMail, otherPass, "auth.wrong"},
			"nobody":             {"nobody@example.com", ownerPass, "auth.wrong"},
			"nothing":            {"", "", "auth.wrong"},
			"megabytes":          {ownerMail, strings.Repeat("x", 1<<20), "auth.wrong"},
			"right with a space": {ownerMail, ownerPass + " ", "auth.wrong"},
		} {
			_, err := w.signIn(c.login, c.password, Client{IP: "198.51.100.7"})
			if errs.CodeOf(err) != c.code {
				t.Errorf("%s: got %v, want %q", name, err, c.code)
			}
		}
	})
}

func TestENU01UnknownAndKnownAddressesAreToldTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.install()
		for i := range perPair + 2 {
			_, known := w.signIn(ownerMail, "wrong wrong wrong", Client{IP: "198.51.100.7"})
			_, unknown := w.signIn("nobody@example.com", "wrong wrong wrong", Client{IP: "203.0.113.9"})
			if known == nil || unknown == nil || known.Error() != unknown.Error() {
				t.Fatalf("attempt %d: known %v, unknown %v", i, known, unknown)
			}
		}
		if err := w.Forgot(w.ctx, ownerMail, Client{IP: "192.0.2.5"}); err != nil {
			t.Error(err)
		}
		if err := w.Forgot(w.ctx, "nobody@example.com", Client{IP: "192.0.2.5"}); err != nil {
			t.Error(err)
		}
		w.drain()
		if n := len(notifytest.Waiting(t, w.d, w.mail)); n != 1 {
			t.Errorf("%d mails wait, want one", n)
		}
	})
}

func TestLOCK01StrangersDoNotLockTheOwnerOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		home := w.install()
		for host := range 30 { // many addresses: the account's own count runs out
			for range perPair {
				_, err := w.signIn(ownerMail, "wrong wrong wrong", Client{IP: fmt.Sprintf("198.51.100.%d", host)})
				if err == nil {
					t.Fatal("a wrong password signed in")
				}
			}
		}
		_, err := w.signIn(ownerMail, ownerPass, Client{IP: "203.0.113.1"})
		wantCode(t, err, "auth.too_many_attempts")
		if _, err := w.signIn(ownerMail, ownerPass, Client{IP: "192.0.2.1", Device: home.Device}); err != nil {
			t.Errorf("the owner's own browser is locked out: %v", err)
		}
		if err := w.Forgot(w.ctx, ownerMail, Client{IP: "203.0.113.1"}); err != nil {
			t.Fatal(err)
		}
		w.drain()
		if _, err := w.SetPasswordByLink(w.ctx, w.token(ownerMail), secret.Wrap(otherPass), Client{IP: "203.0.113.1"}); err != nil {
			t.Errorf("the reset mail opens no way: %v", err)
		}
		if _, err := w.signIn(ownerMail, otherPass, Client{IP: "203.0.113.1"}); err != nil {
			t.Errorf("the account stays shut after the reset: %v", err)
		}
	})
}

func TestLOCK01AStrangerAtOneAddressUsesUpOnlyTheirOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.install()
		for range 3 * perAccount {
			if _, err := w.signIn(ownerMail, "wrong wrong wrong", Client{IP: "198.51.100.7"}); err == nil {
				t.Fatal("a wrong password signed in")
			}
		}
		_, err := w.signIn(ownerMail, ownerPass, Client{IP: "198.51.100.7"})
		wantCode(t, err, "auth.too_many_attempts")
		if _, err := w.signIn(ownerMail, ownerPass, Client{IP: "203.0.113.1"}); err != nil {
			t.Errorf("the owner at a new place is locked out: %v", err)
		}
		w.clock.Advance(attemptWindow)
		if _, err := w.signIn(ownerMail, ownerPass, Client{IP: "198.51.100.7"}); err != nil {
			t.Errorf("the count does not end: %v", err)
		}
	})
}

func TestLOCK01OneCountForEverySpellingOfAnAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		by := w.actor(w.install())
		if err := w.UpdateProfile(w.ctx, by, Profile{Name: "Olive Owner", Username: "olive", Version: 1}); err != nil {
			t.Fatal(err)
		}
		spellings := []string{ownerMail, "OWNER@EXAMPLE.COM", " owner@example.com", "olive", "Olive"}
		for i := range perPair {
			_, err := w.signIn(spellings[i%len(spellings)], "wrong wrong wrong", Client{IP: "198.51.100.7"})
			wantCode(t, err, "auth.wrong")
		}
		for _, s := range spellings {
			_, err := w.signIn(s, ownerPass, Client{IP: "198.51.100.7"})
			wantCode(t, err, "auth.too_many_attempts")
		}
	})
}

func TestSES03TheTokenChangesAtSignInAndAtPrivilegeChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.install()
		again := w.mustSignIn(first)
		if _, err := w.Resolve(w.ctx, first); errs.CodeOf(err) != "auth.required" {
			t.Errorf("the token from before the sign-in still works: %v", err)
		}
		out, err := w.ChangePassword(w.ctx, w.actor(again), secret.Wrap(ownerPass), secret.Wrap(otherPass), again)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Resolve(w.ctx, again); errs.CodeOf(err) != "auth.required" {
			t.Errorf("the token from before the change still works: %v", err)
		}
		w.actor(out.browser("192.0.2.1"))
		cut := out.Token.Reveal()
		for _, forged := range []string{cut[:len(cut)-1], cut + "a", strings.ToUpper(cut), ""} {
			if _, err := w.Resolve(w.ctx, Client{Session: secret.Wrap(forged)}); errs.CodeOf(err) != "auth.required" {
				t.Errorf("a token that is not the whole one: %v", err)
			}
		}
	})
}

func TestSES01CredentialChangesEndOtherSessionsAndLinks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		here := w.install()
		for name, change := range map[string]func() (SignedIn, error){
			"password": func() (SignedIn, error) {
				return w.ChangePassword(w.ctx, w.actor(here), secret.Wrap(ownerPass), secret.Wrap(ownerPass), here)
			},
			"second factor": func() (SignedIn, error) {
				if err := w.BeginTOTP(w.ctx, w.actor(here), secret.Wrap(ownerPass), here); err != nil {
					return SignedIn{}, err
				}
				_, in, err := w.ConfirmTOTP(w.ctx, w.actor(here), w.code(here), here)
				return in, err
			},
		} {
			if on, err := w.Security(w.ctx, w.actor(here)); err != nil || on.TOTPOn {
				out, err := w.DisableTOTP(w.ctx, w.actor(here), secret.Wrap(ownerPass), here)
				if err != nil {
					t.Fatal(err)
				}
				here = out.browser("192.0.2.1")
			}
			there := w.mustSignIn(Client{IP: "192.0.2.77"})
			if err := w.Forgot(w.ctx, ownerMail, Client{IP: "192.0.2.5"}); err != nil {
				t.Fatal(err)
			}
			w.drain()
			link := w.token(ownerMail)
			out, err := change()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := w.Resolve(w.ctx, there); errs.CodeOf(err) != "auth.required" {
				t.Errorf("%s: the other session lives on: %v", name, err)
			}
			if _, err := w.PeekLink(w.ctx, link); errs.CodeOf(err) != "link.dead" {
				t.Errorf("%s: the reset link lives on: %v", name, err)
			}
			here = out.browser("192.0.2.1")
			w.actor(here)
		}
	})
}

func TestSessionsEndWhenIdleOrOld(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.install()
		for range 11 {
			w.clock.Advance(time.Hour)
			w.actor(c)
		}
		w.clock.Advance(time.Hour)
		if _, err := w.Resolve(w.ctx, c); errs.CodeOf(err) != "auth.required" {
			t.Errorf("after the whole life: %v", err)
		}
		in, err := w.SignIn(w.ctx, SignInInput{Login: ownerMail, Password: secret.Wrap(ownerPass), Remember: true, From: Client{IP: "192.0.2.1"}})
		if err != nil {
			t.Fatal(err)
		}
		c = in.browser("192.0.2.1")
		w.clock.Advance(13 * 24 * time.Hour)
		account := w.actor(c).Account()
		w.setting(account, policy.SessionIdle.Name, "30")
		w.clock.Advance(29 * time.Minute)
		w.actor(c)
		w.clock.Advance(30 * time.Minute)
		if _, err := w.Resolve(w.ctx, c); errs.CodeOf(err) != "auth.required" {
			t.Errorf("idle for as long as the account allows: %v", err)
		}
	})
}

func (w *world) setting(account ids.Account, name, value string) {
	w.t.Helper()
	err := w.d.Batch(w.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO settings (account_id, name, value, updated_at) VALUES (?, ?, ?, ?)", account, name, value, tx.Ms())
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestSessionsAreListedAndRevoked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		here := w.install()
		by := w.actor(here)
		there, third := w.mustSignIn(Client{IP: "192.0.2.77"}), w.mustSignIn(Client{IP: "192.0.2.78"})
		all, err := w.Sessions(w.ctx, by)
		if err != nil || len(all) != 3 {
			t.Fatalf("%d sessions, %v", len(all), err)
		}
		current := 0
		for _, s := range all {
			if s.Current {
				current++
			}
			if s.IP == "192.0.2.77" {
				if err := w.RevokeSession(w.ctx, by, s.ID); err != nil {
					t.Fatal(err)
				}
				wantCode(t, w.RevokeSession(w.ctx, by, s.ID), "session.not_found")
			}
		}
		if current != 1 {
			t.Errorf("%d sessions are the current one", current)
		}
		if _, err := w.Resolve(w.ctx, there); err == nil {
			t.Error("the revoked session lives on")
		}
		w.actor(third)
		if err := w.RevokeOthers(w.ctx, by); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Resolve(w.ctx, third); err == nil {
			t.Error("the others were not ended")
		}
		w.actor(here)
		if err := w.SignOut(w.ctx, here); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Resolve(w.ctx, here); err == nil {
			t.Error("signed out, and still in")
		}
		if err := w.SignOut(w.ctx, here); err != nil {
			t.Errorf("signing out twice: %v", err)
		}
	})
}
