// Package journey_test does in a real browser what people do.
package journey_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/db/dbtest"
)

func TestMain(m *testing.M) { os.Exit(browser.Run(m)) }

func TestSetUpSignOutAndSignIn(t *testing.T) {
	for _, c := range []struct {
		name string
		opts []browser.Option
	}{{"with scripts", nil}, {"without scripts", []browser.Option{browser.NoJS}}} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.Bare(t, dbtest.SQLiteDSN(t))
			link, err := w.SetupLink(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			tab := browser.Open(t, w.Server.URL, c.opts...)
			tab.Goto(strings.TrimPrefix(link, w.Server.URL)).See("Set up your platform")
			tab.Fill("Name of the platform", "Northwind Mail").Fill("Your name", "Olive Owner").Fill("Your email address", "olive").Fill("password", "short")
			tab.Click("Create the platform").See("2 fields need attention")
			tab.Fill("Your email address", "olive@example.com").Fill("password", "tall green ladder").Click("Create the platform").Await(".user-btn")
			tab.Goto("/me").See("Profile").Click(".user-btn").Click("Sign out").See("Sign in to Northwind Mail")
			tab.Fill("login", "olive@example.com").Fill("password", "wrong wrong wrong").Click("Sign in").See("They do not match an account")
			tab.Fill("password", "tall green ladder").Click("Sign in").Await(".user-btn")
			tab.Goto(strings.TrimPrefix(link, w.Server.URL)).See("This link no longer works")
		})
	}
}

func TestForgottenPasswordByCapturedMail(t *testing.T) {
	w := apptest.OnSQLite(t)
	tab := browser.Open(t, w.Server.URL)
	tab.Goto("/sign-in").Click("Forgot password?").See("Reset your password").Fill("login", apptest.OwnerEmail).Click("Send the link").See("Look in your mailbox")
	w.Drain()
	tab.Goto("/sign-in").Fill("login", apptest.OwnerEmail).Fill("password", apptest.Password).Click("Sign in").Await(".user-btn")
	tab.Goto("/captured-mail").Click("Reset your password").See("Set a new password").Axe().Screenshot("captured-mail")
	tab.Click("Open the link in this mail").See("Set a new password").Axe()
	tab.Fill("password", "seven quiet harbours").Click("Save the password").Await(".user-btn")
}

func TestTwoStepSignIn(t *testing.T) {
	w := apptest.OnSQLite(t)
	tab := browser.Open(t, w.Server.URL)
	signIn := func() {
		tab.Goto("/sign-in").Fill("login", apptest.OwnerEmail).Fill("password", apptest.Password).Click("Sign in")
	}
	signIn()
	tab.Await(".user-btn").Goto("/me/security").Fill("#begin-current", apptest.Password).Click("Set up an authenticator app").See("Scan the code").Axe().Screenshot("two-step")
	key := strings.ReplaceAll(tab.Text("code"), " ", "")
	code := func() string {
		c, err := totp.GenerateCode(key, w.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	tab.Fill("code", "000000").Click("Turn on two-step sign-in").See("Type the six digits")
	tab.Fill("code", code()).Click("Turn on two-step sign-in").See("Keep these codes in a safe place").Axe().Screenshot("codes")
	recovery := tab.Text("ol.codes li")
	w.Clock.Advance(time.Minute)
	tab.Click("I have kept them").See("Two-step sign-in is on").Axe().Click(".user-btn").Click("Sign out").See("Sign in to")
	signIn()
	tab.See("Enter your code").Axe().Screenshot("code").Fill("code", code()).Click("Finish signing in").Await(".user-btn")
	tab.Goto("/me").Click(".user-btn").Click("Sign out").See("Sign in to")
	signIn()
	tab.See("Enter your code").Fill("code", recovery).Click("Finish signing in").Await(".user-btn")
}

func TestPagesForStrangersInEveryLook(t *testing.T) {
	w := apptest.OnSQLite(t)
	tab, rtl := browser.Open(t, w.Server.URL), browser.Open(t, w.Server.URL, arabic)
	for _, path := range []string{"/sign-in", "/forgot", "/reset/unknown", "/welcome/unknown", "/confirm-email/unknown", "/invitation/unknown", "/setup"} {
		name := "stranger" + strings.ReplaceAll(path, "/", "-")
		look(tab.Goto(path), name)
		lookRTL(rtl.Goto(path), name)
	}
}
