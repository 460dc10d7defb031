package matrix_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/exchange"
	"bailiwick/internal/ids"
	"bailiwick/internal/mail/mailtest"
	"bailiwick/internal/secret"
	"bailiwick/internal/sheet"
	"bailiwick/internal/trail"
)

// heardText is an answer of the portal to a form.
type heardText struct{ path, body string }

// files are the results of every kind of export, read.
func (c *canaries) files() map[string]string {
	c.t.Helper()
	ctx := c.t.Context()
	acme := ids.Account(c.Text("SELECT id FROM accounts WHERE name = 'Acme'"))
	c.Location(acme, "Bristol")
	c.Contact(acme, "reader@far-away.example", c.ContactList(acme, "Newsletter"))
	c.Suppress(acme, "nobody@far-away.example")
	asked := map[ids.Task]ids.Account{}
	start := func(at ids.Account, id ids.Task, err error) {
		c.t.Helper()
		must(c.t, err)
		asked[id] = at
	}
	for _, format := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		for what, at := range map[exchange.What]ids.Account{exchange.Clients: c.Platform, exchange.Users: c.Platform, exchange.Locations: acme, exchange.Contacts: acme, exchange.Suppressions: acme} {
			id, err := c.Exchange.Export(ctx, c.Root, at, exchange.Export{What: what, Format: format})
			start(at, id, err)
		}
	}
	for _, form := range []trail.Form{trail.CSV, trail.Chain} {
		id, err := c.Trail.Export(ctx, c.Root, c.Platform, trail.Query{Below: true}, form, "en")
		start(c.Platform, id, err)
	}
	_, err := c.Log.SealOnce(ctx)
	must(c.t, err)
	c.Drain()
	out := map[string]string{}
	for id, at := range asked {
		f, err := c.Tasks.Result(ctx, c.Root, at, id)
		must(c.t, err)
		body, err := io.ReadAll(f)
		must(c.t, err)
		text := string(body)
		if strings.HasSuffix(f.Name, ".xlsx") {
			text = cellsOf(c.t, text)
		}
		if len(text) < 50 {
			c.t.Errorf("the export %s holds %q", f.Name, text)
		}
		out["the export "+f.Name] = text
	}
	if len(out) != 12 {
		c.t.Errorf("%d exports", len(out))
	}
	return out
}

// cellsOf is the text of all cells of a workbook.
func cellsOf(t *testing.T, book string) string {
	t.Helper()
	tab, err := sheet.Read(strings.NewReader(book), "x.xlsx")
	must(t, err)
	text := strings.Join(tab.Heads, "\n")
	for {
		r, err := tab.Next()
		if errors.Is(err, io.EOF) {
			must(t, tab.Close())
			return text
		}
		must(t, err)
		text += "\n" + strings.Join(r.Cells, "\n")
	}
}

// answers are what the API and the pages say to the Owner of the platform, who may read the most. The capture mailbox
// shows the mails themselves; look reads those one by one.
func (c *canaries) answers() map[string]string {
	c.t.Helper()
	o := &town{World: c.World, t: c.t}
	v := missing(o)
	v["account"] = string(c.Platform)
	for name, query := range map[string]string{
		"membership": "SELECT max(id) FROM memberships WHERE account_id = ?", "key": "SELECT max(id) FROM api_keys WHERE account_id = ?",
		"invitation": "SELECT COALESCE(max(id), '') FROM invitations WHERE account_id <> ?", "task": "SELECT max(id) FROM tasks WHERE account_id = ?",
	} {
		v[name] = c.Text(query, c.Platform)
	}
	out := map[string]string{}
	c.Member(c.Platform, "reader@halyard.example", apptest.As(authz.Owner))
	reader := c.SignIn("reader@halyard.example") // the first Owner changed the password, which ended that session
	client := c.Everything(c.Root, c.Platform)
	c.found[client.Key.Reveal()] = "key of the program that reads everything"
	read := 0
	for _, route := range theAPI(c.t, o).routes {
		if method, path := fill(route, v); method == http.MethodGet {
			a := client.Get(path)
			if a.Status == http.StatusOK {
				read++
			}
			out["the answer of the API to "+route] = a.Body
		}
	}
	if read < 10 {
		c.t.Errorf("the API answered %d routes", read)
	}
	read = 0
	for _, p := range portal(o).patterns {
		method, path := fill(p, v)
		if method != http.MethodGet || strings.Contains(p, "/mailbox") || strings.HasSuffix(p, "/live") {
			continue
		}
		if a := reader.Get(path); a.Status == http.StatusOK {
			read++
			out["the page "+p] = a.Body
		}
	}
	for _, event := range c.events() {
		out["the event "+event] = reader.Get("/a/" + string(c.Platform) + "/audit?event=" + event).Body
	}
	if read < 25 {
		c.t.Errorf("the reader opens %d pages", read)
	}
	return out
}

func (c *canaries) events() (all []string) {
	c.t.Helper()
	found, err := c.Trail.List(c.t.Context(), c.Root, c.Platform, trail.Query{Below: true, Limit: 100})
	must(c.t, err)
	for _, e := range found.Events {
		all = append(all, string(e.ID))
	}
	if len(all) < 20 {
		c.t.Errorf("%d events", len(all))
	}
	return all
}

// meant are the answers that show a secret to whoever it belongs to, once.
var meant = map[string]string{
	"/sign-in":                      "password typed as a login", // typed values are kept, but not of password fields
	"/me/keys/new":                  "API key",
	"/me/security/two-step/confirm": "recovery code",
}

// answered looks for secrets in the answers to forms. The forms of a mailed link go to its own address.
func (c *canaries) answered() {
	c.t.Helper()
	for _, h := range c.heard {
		for canary, what := range c.found {
			if holds(h.body, canary) && meant[h.path] != what && !strings.Contains(h.path, canary) {
				c.t.Errorf("the answer to %s shows the %s", strings.Split(h.path, "/")[1], what)
			}
		}
	}
	if len(c.heard) < 20 {
		c.t.Errorf("%d answers", len(c.heard))
	}
}

// TestAUD03ThePasswordOfTheMailServerAppearsNowhere sends mail through a server that nobody can vouch for.
func TestAUD03ThePasswordOfTheMailServerAppearsNowhere(t *testing.T) {
	const password = "canary of the mail server"
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		server := mailtest.Start(t, mailtest.WithLogin("bailiwick", password))
		w := apptest.New(t, dsn, func(c *config.Config) {
			c.SMTP = config.SMTP{Host: server.Host, Port: server.Port, TLS: "starttls", Username: "bailiwick", Password: secret.Wrap(password), From: "portal@halyard.example"}
		})
		o := &town{World: w, t: t}
		w.Member(w.Platform, "forgets@halyard.example", apptest.As(authz.Admin))
		w.Stranger().Post("/forgot", "login", "forgets@halyard.example")
		w.Drain()
		text := map[string]string{"the log": w.Journal.Text(), "the database": strings.Join(o.dump(), "\n")}
		for _, p := range []string{"/audit", "/tasks", "/home"} {
			text["the page "+p] = w.Owner.Get("/a/" + string(w.Platform) + p).Body
		}
		for _, f := range w.Doctor(t.Context()) {
			text["the doctor"] += f.What + f.Remedy + "\n"
		}
		if !strings.Contains(text["the database"], "certificate") {
			t.Error("the mail was not tried")
		}
		for where, body := range text {
			for _, form := range []string{password, base64.StdEncoding.EncodeToString([]byte(password)), base64.StdEncoding.EncodeToString([]byte("\x00bailiwick\x00" + password))} {
				if holds(body, form) {
					t.Errorf("the password of the mail server stands in %s", where)
				}
			}
		}
	})
}

// TestAUD03AddressesWithPasswordsAreRefused: an address that carries a password would be shown to everybody who sees it.
func TestAUD03AddressesWithPasswordsAreRefused(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme")
	const canary = "canary-of-an-address"
	for _, scheme := range []string{"https://user:" + canary + "@hooks.example.com/", "https://" + canary + "@hooks.example.com"} {
		if a := w.Owner.Post("/a/"+string(acme)+"/edit", "name", "Acme", "website", scheme, "version", "1"); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("an account's website %s: %d", scheme, a.Status)
		}
		if a := w.Owner.Post("/a/"+string(w.Platform)+"/modules/new", "code", "campaigns", "name", "Campaigns", "link", scheme, "actions", "view"); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a module's link %s: %d", scheme, a.Status)
		}
	}
	o := &town{World: w, t: t}
	if strings.Contains(strings.Join(o.dump(), "\n")+w.Journal.Text(), canary) {
		t.Error("a password in an address was kept")
	}
}
