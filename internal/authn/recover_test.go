package authn

import (
	"context"
	"sync"
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/notify/notifytest"
	"bailiwick/internal/onetime"
	"bailiwick/internal/secret"
)

func TestREC01ResetLinks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.install()
		ask := func() secret.String {
			if err := w.Forgot(w.ctx, ownerMail, Client{IP: "192.0.2.5"}); err != nil {
				t.Fatal(err)
			}
			w.drain()
			return w.token(ownerMail)
		}
		first := ask()
		second := ask()
		_, err := w.SetPasswordByLink(w.ctx, first, secret.Wrap(otherPass), Client{})
		wantCode(t, err, "link.dead") // a newer one was asked for
		_, err = w.SetPasswordByLink(w.ctx, second, secret.Wrap("short"), Client{})
		wantCode(t, err, "password.too_short")
		for range 3 { // mail scanners open links
			if l, err := w.PeekLink(w.ctx, second); err != nil || l.Email != ownerMail {
				t.Fatalf("looking: %+v, %v", l, err)
			}
		}
		if _, err := w.SetPasswordByLink(w.ctx, second, secret.Wrap(otherPass), Client{IP: "192.0.2.5"}); err != nil {
			t.Fatal(err)
		}
		_, err = w.SetPasswordByLink(w.ctx, second, secret.Wrap(ownerPass), Client{})
		wantCode(t, err, "link.dead")
		third := ask()
		w.clock.Advance(resetFor)
		_, err = w.SetPasswordByLink(w.ctx, third, secret.Wrap(ownerPass), Client{})
		wantCode(t, err, "link.dead")
		if _, err := w.signIn(ownerMail, otherPass, Client{IP: "192.0.2.5"}); err != nil {
			t.Error(err)
		}
	})
}

func TestREC01OneResetLinkWorksOnceUnderManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.install()
		if err := w.Forgot(w.ctx, ownerMail, Client{IP: "192.0.2.5"}); err != nil {
			t.Fatal(err)
		}
		w.drain()
		token := w.token(ownerMail)
		var mu sync.Mutex
		worked := 0
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := w.SetPasswordByLink(w.ctx, token, secret.Wrap(otherPass), Client{})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					worked++
				} else if errs.CodeOf(err) != "link.dead" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if worked != 1 {
			t.Errorf("the link worked %d times", worked)
		}
	})
}

// person adds an identity without a password, as direct creation does.
func (w *world) person(email string) ids.User {
	w.t.Helper()
	id := ids.NewUser(w.clock.Now())
	err := w.d.Batch(w.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, 'Nina', 'nina', ?, ?)`, id, email, email, email, email, tx.Ms(), tx.Ms())
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func TestINV14ForgottenPasswordActivatesNobodyWhoNeverAccepted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.install()
		w.person("new@example.com")
		for _, address := range []string{"new@example.com", "only-invited@example.com"} {
			if err := w.Forgot(w.ctx, address, Client{IP: "192.0.2.5"}); err != nil {
				t.Fatal(err)
			}
		}
		w.drain()
		if n := len(notifytest.Waiting(t, w.d, w.mail)); n != 0 {
			t.Errorf("%d mails wait, want none", n)
		}
	})
}

func TestWelcomeLinkSetsTheFirstPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.install()
		user := w.person("new@example.com")
		var token secret.String
		err := w.d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			token, err = onetime.Issue(ctx, tx, user, onetime.SetPassword, "", welcomeFor)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(welcomeFor - time.Minute)
		in, err := w.SetPasswordByLink(w.ctx, token, secret.Wrap(otherPass), Client{IP: "192.0.2.5"})
		if err != nil {
			t.Fatal(err)
		}
		sec, err := w.Security(w.ctx, w.actor(in.browser("192.0.2.5")))
		if err != nil || !sec.Verified {
			t.Errorf("the mailbox is not verified: %+v, %v", sec, err)
		}
	})
}

func TestResetReclaimsAnIdentityThatSomebodyElseMade(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		squatter := w.install()
		err := w.d.Batch(w.ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE identities SET email_verified_at = NULL")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		squatter, _ = w.enrol(squatter)
		if err := w.Forgot(w.ctx, ownerMail, Client{IP: "192.0.2.5"}); err != nil {
			t.Fatal(err)
		}
		w.drain()
		in, err := w.SetPasswordByLink(w.ctx, w.token(ownerMail), secret.Wrap(otherPass), Client{IP: "192.0.2.5"})
		if err != nil || in.Stage != Full {
			t.Fatalf("the holder of the mailbox is asked for the other's second factor: %v, %v", in.Stage, err)
		}
		if _, err := w.Resolve(w.ctx, squatter); err == nil {
			t.Error("the other's session lives on")
		}
	})
}

func TestResetOwnerFromTheConsole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		here, _ := w.enrol(w.install())
		console := authz.Mint(authz.Identity{Kind: authz.Console, ID: "console", Credential: "console"})
		_, err := w.ResetOwner(w.ctx, w.actor(here), ownerMail)
		wantCode(t, err, "auth.console_only")
		_, err = w.ResetOwner(w.ctx, console, "nobody@example.com")
		wantCode(t, err, "owner.not_found")
		token, err := w.ResetOwner(w.ctx, console, ownerMail)
		if err != nil {
			t.Fatal(err)
		}
		in, err := w.SetPasswordByLink(w.ctx, token, secret.Wrap(otherPass), Client{})
		if err != nil || in.Stage != Full {
			t.Errorf("the console's link does not open the door: %v, %v", in.Stage, err)
		}
	})
}

func TestChangingTheAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		here := w.install()
		w.person("taken@example.com")
		there := w.mustSignIn(Client{IP: "192.0.2.77"})
		by := w.actor(here)
		wantCode(t, w.AskEmail(w.ctx, by, "new@example.com", secret.Wrap("wrong wrong wrong"), here), "password.wrong")
		wantCode(t, w.AskEmail(w.ctx, by, "Eve <new@example.com>", secret.Wrap(ownerPass), here), "email.malformed")
		if err := w.AskEmail(w.ctx, by, "taken@example.com", secret.Wrap(ownerPass), here); err != nil {
			t.Errorf("an address of somebody else is told apart: %v", err)
		}
		if n := len(notifytest.Waiting(t, w.d, w.mail)); n != 0 {
			t.Errorf("%d mails to somebody else's address", n)
		}
		if err := w.AskEmail(w.ctx, by, "new@example.com", secret.Wrap(ownerPass), here); err != nil {
			t.Fatal(err)
		}
		token := w.token("new@example.com")
		if to, err := w.PeekEmail(w.ctx, token); err != nil || to != "new@example.com" {
			t.Errorf("%q, %v", to, err)
		}
		if _, err := w.PeekLink(w.ctx, token); err == nil {
			t.Error("the link for the address also sets a password")
		}
		if err := w.ConfirmEmail(w.ctx, token, here); err != nil {
			t.Fatal(err)
		}
		wantCode(t, w.ConfirmEmail(w.ctx, token, here), "link.dead")
		if m := notifytest.To(t, w.d, w.mail, ownerMail); m.Template != notify.EmailChanged {
			t.Errorf("the old address is told %q", m.Template)
		}
		w.actor(here)
		if _, err := w.Resolve(w.ctx, there); err == nil {
			t.Error("SES01: the other session lives on")
		}
		if _, err := w.signIn("new@example.com", ownerPass, Client{IP: "192.0.2.9"}); err != nil {
			t.Error(err)
		}
		_, err := w.signIn(ownerMail, ownerPass, Client{IP: "192.0.2.9"})
		wantCode(t, err, "auth.wrong")
	})
}

func TestVER01TheProfileCannotCarryAnAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		by := w.actor(w.install())
		if err := w.UpdateProfile(w.ctx, by, Profile{Name: "Olive", Email: "else@example.com", Version: 1}); err != nil {
			t.Fatal(err)
		}
		p, err := w.Profile(w.ctx, by)
		if err != nil || p.Email != ownerMail || p.Username != ownerMail {
			t.Errorf("%+v, %v", p, err)
		}
		w.person("second@example.com")
		for name, c := range map[string]struct {
			in   Profile
			code string
		}{
			"old version":          {Profile{Name: "Olive", Version: 1}, "profile.stale"},
			"somebody's address":   {Profile{Name: "Olive", Username: "second@example.com", Version: 2}, "username.address"},
			"no name":              {Profile{Name: " ", Version: 2}, "name.missing"},
			"unknown time zone":    {Profile{Name: "Olive", TimeZone: "Mars/Olympus", Version: 2}, "time_zone.unknown"},
			"the server's own one": {Profile{Name: "Olive", TimeZone: "Local", Version: 2}, "time_zone.unknown"},
		} {
			if err := w.UpdateProfile(w.ctx, by, c.in); errs.CodeOf(err) != c.code {
				t.Errorf("%s: got %v, want %s", name, err, c.code)
			}
		}
	})
}
