package matrix_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"bailiwick/internal/apikey"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
)

// TestAUD03SecretsAppearNowhere goes through everything that takes or makes a secret, in the portal and with
// mistakes, and looks for each secret in the log, the audit log, the database and the mail of others.
func TestAUD03SecretsAppearNowhere(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		c := &canaries{World: w, t: t, found: map[string]string{}}
		c.signIn()
		c.recover()
		c.twoStep()
		c.accept()
		c.keys()
		c.look()
	})
}

// canaries are secrets that were used, each with what it is.
type canaries struct {
	*apptest.World
	t     *testing.T
	found map[string]string
	n     int
	mails []string // tokens that one mail each may hold
	heard []heardText
}

// password makes a password that is used nowhere else.
func (c *canaries) password(what string) string {
	c.n++
	p := fmt.Sprintf("canary %d in the quiet mine %s", c.n, strings.Repeat("z", c.n))
	c.found[p] = what
	return p
}

func (c *canaries) keep(secret, what string) string {
	c.t.Helper()
	if len(secret) < 6 {
		c.t.Fatalf("no %s: %q", what, secret)
	}
	c.found[secret] = what
	return secret
}

// cookies keeps what an answer set.
func (c *canaries) cookies(a apptest.Answer) {
	for _, line := range a.Header.Values("Set-Cookie") {
		k, err := http.ParseSetCookie(line)
		if err == nil && k.Value != "" && k.Name != "flash" && k.Name != "theme" && len(k.Value) > 20 {
			c.keep(k.Value, "cookie "+k.Name)
		}
	}
}

func (c *canaries) post(b *apptest.Browser, path string, want int, fields ...string) apptest.Answer {
	c.t.Helper()
	a := b.Post(path, fields...)
	if a.Status != want {
		c.t.Errorf("%s: %d, want %d: %.300s", strings.Split(path, "/")[1], a.Status, want, a.Text())
	}
	c.cookies(a)
	c.heard = append(c.heard, heardText{path, a.Body})
	return a
}

func (c *canaries) signIn() {
	b := c.Stranger()
	c.post(b, "/sign-in", http.StatusUnprocessableEntity, "login", apptest.OwnerEmail, "password", c.password("wrong password"))
	c.post(b, "/sign-in", http.StatusUnprocessableEntity, "login", c.password("password typed as a login"), "password", c.password("wrong password"))
	c.post(b, "/sign-in", http.StatusSeeOther, "login", apptest.OwnerEmail, "password", apptest.Password, "remember", "on")
	next := c.password("changed password")
	c.post(b, "/me/security/password", http.StatusUnprocessableEntity, "current", c.password("wrong current password"), "next", next)
	c.post(b, "/me/security/password", http.StatusSeeOther, "current", apptest.Password, "next", next)
	c.post(b, "/me/security/email", http.StatusSeeOther, "email", "other@halyard.example", "current", next)
	token := c.keep(c.Link("other@halyard.example", "/confirm-email/"), "token of a change of address")
	c.mails = append(c.mails, token)
	c.post(b, "/confirm-email/"+token+"x", http.StatusNotFound)
	c.post(b, "/confirm-email/"+token, http.StatusOK)
}

func (c *canaries) recover() {
	who := c.Member(c.Platform, "forgets@halyard.example", apptest.As(authz.Admin))
	c.post(c.Stranger(), "/forgot", http.StatusOK, "login", who.Email)
	token := c.keep(c.Link(who.Email, "/reset/"), "token of a reset")
	c.mails = append(c.mails, token)
	b := c.Stranger()
	b.Get("/reset/" + token)
	c.post(b, "/reset/"+token, http.StatusUnprocessableEntity, "password", "canary"+"xy")
	c.post(b, "/reset/"+token+"a", http.StatusNotFound, "password", c.password("password with a dead link"))
	c.post(b, "/reset/"+token, http.StatusSeeOther, "password", c.password("reset password"))
	c.post(b, "/reset/"+token, http.StatusNotFound, "password", c.password("password with a used link"))
}

var (
	typedKey     = regexp.MustCompile(`\b[A-Z2-7]{4}( ?[A-Z2-7]{4}){7}\b`)
	recoveryCode = regexp.MustCompile(`\b[a-z2-7]{4}(-[a-z2-7]{4}){3}\b`)
)

func (c *canaries) twoStep() {
	who := c.Member(c.Platform, "careful@halyard.example", apptest.As(authz.Admin))
	b := c.SignIn(who.Email)
	c.post(b, "/me/security/two-step", http.StatusSeeOther, "current", apptest.Password)
	page := b.Get("/me/security/two-step")
	key := c.keep(strings.ReplaceAll(typedKey.FindString(page.Text()), " ", ""), "key of the second factor")
	code, err := totp.GenerateCode(key, c.Clock.Now())
	must(c.t, err)
	a := c.post(b, "/me/security/two-step/confirm", http.StatusOK, "code", code)
	for _, code := range recoveryCode.FindAllString(a.Body, -1) {
		c.keep(code, "recovery code")
		c.keep(strings.ReplaceAll(code, "-", ""), "recovery code")
	}
	if a.Header.Get("Cache-Control") != "no-store" {
		c.t.Errorf("recovery codes may be kept by a cache: %q", a.Header.Get("Cache-Control"))
	}
	again := c.Stranger()
	c.post(again, "/sign-in", http.StatusSeeOther, "login", who.Email, "password", apptest.Password)
	c.post(again, "/sign-in/code", http.StatusUnprocessableEntity, "code", c.password("wrong code"))
	c.post(again, "/sign-in/code", http.StatusSeeOther, "code", recoveryCode.FindString(a.Body))
}

func (c *canaries) accept() {
	client := c.Client(c.Platform, "Acme")
	inv := c.Invite(c.Root, client, "newcomer@acme.example", apptest.As(authz.Guest))
	c.mails = append(c.mails, c.keep(inv.Token, "token of an invitation"))
	b := c.Stranger()
	b.Get("/invitation/" + inv.Token)
	c.post(b, "/invitation/"+inv.Token, http.StatusUnprocessableEntity, "name", "", "password", c.password("password beside a missing name"))
	c.post(b, "/invitation/"+inv.Token, http.StatusSeeOther, "name", "Newcomer", "password", c.password("password of a newcomer"))
	c.post(b, "/invitation/"+inv.Token, http.StatusConflict, "name", "Newcomer", "password", c.password("password with a used invitation"))
}

var apiKey = regexp.MustCompile(`\bbwk_[0-9a-z_]{60,}`)

// keys makes an API key in the portal, where it stands once, and uses it.
func (c *canaries) keys() {
	who := c.Member(c.Platform, "integrates@halyard.example", apptest.As(authz.Admin))
	b := c.SignIn(who.Email)
	c.post(b, "/switch/"+string(c.Platform), http.StatusSeeOther)
	c.post(b, "/me/keys/new", http.StatusUnprocessableEntity, "name", "", "perm", "users.view", "never", "on")
	a := c.post(b, "/me/keys/new", http.StatusOK, "name", "Billing", "perm", "users.view", "never", "on")
	if a.Header.Get("Cache-Control") != "no-store" {
		c.t.Errorf("KEY01: a key may be kept by a cache: %q", a.Header.Get("Cache-Control"))
	}
	if found := apiKey.FindAllString(a.Body, -1); len(found) != 1 {
		c.t.Fatalf("KEY01: the key stands %d times in the answer", len(found))
	}
	text := c.keep(apiKey.FindString(a.Body), "API key")
	if apiKey.MatchString(b.Get("/me/keys").Body) {
		c.t.Error("KEY01: the list shows a key")
	}
	by, err := c.Keys.Resolve(c.t.Context(), apikey.Client{Key: secret.Wrap(text), IP: "192.0.2.44"})
	must(c.t, err)
	_, err = c.Users.List(c.t.Context(), by, c.Platform, user.Query{})
	must(c.t, err)
	_, err = c.Keys.Resolve(c.t.Context(), apikey.Client{Key: secret.Wrap(c.password("no key at all"))})
	if err == nil || !strings.Contains(err.Error(), "auth.key_refused") {
		c.t.Errorf("%v", err)
	}
}

// look searches everything that is kept or written for every secret.
func (c *canaries) look() {
	c.Clock.Advance(time.Minute)
	c.Drain()
	files := c.files()
	answers := c.answers()
	o := &town{World: c.World, t: c.t}
	text := map[string]string{"the log": c.Journal.Text(), "the database": strings.Join(append(o.dump(), c.sessions()...), "\n")}
	maps.Copy(text, files)
	maps.Copy(text, answers)
	all, err := c.Mailbox.List(c.t.Context(), "", 500)
	must(c.t, err)
	for _, m := range all {
		full, err := c.Mailbox.Get(c.t.Context(), m.ID)
		must(c.t, err)
		text["the mail \""+m.Subject+"\" to "+m.To] = full.Subject + "\n" + full.Text + "\n" + full.HTML
	}
	if len(c.found) < 30 || len(all) < 5 || len(text["the log"]) < 1000 {
		c.t.Errorf("%d secrets, %d mails, a log of %d bytes: what was tried?", len(c.found), len(all), len(text["the log"]))
	}
	for canary, what := range c.found {
		seen := 0
		for where, body := range text {
			if !holds(body, canary) {
				continue
			}
			if strings.HasPrefix(where, "the mail") && slices.Contains(c.mails, canary) {
				seen++
				continue
			}
			c.t.Errorf("the %s stands in %s", what, where)
		}
		if seen > 1 {
			c.t.Errorf("the %s stands in %d mails", what, seen)
		}
	}
	c.answered()
	if !holds(text["the log"]+" canary", "canary") || !holds("a%20b", "a b") {
		c.t.Error("the search finds nothing")
	}
}

// sessions are the rows that a dump leaves out.
func (c *canaries) sessions() []string {
	var out []string
	for _, q := range []string{"SELECT COALESCE(max(ip || user_agent), '') FROM sessions", "SELECT COALESCE(max(subject), '') FROM attempts"} {
		out = append(out, c.Text(q))
	}
	return out
}

// holds looks for a secret as it is and as it stands in an address.
func holds(body, secret string) bool {
	return strings.Contains(body, secret) || strings.Contains(body, url.QueryEscape(secret)) || strings.Contains(body, url.PathEscape(secret))
}
