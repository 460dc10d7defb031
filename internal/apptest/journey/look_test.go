package journey_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/apptest/browser"
)

// every look a page is looked at in.
var every = []struct {
	name string
	opts []browser.Option
}{
	{"light", nil},
	{"dark", []browser.Option{browser.WithScheme(browser.Dark)}},
	{"phone", []browser.Option{browser.WithView(browser.Phone)}},
	{"rtl", []browser.Option{browser.WithLanguage("ar-XB")}},
}

var paramForm = regexp.MustCompile(`\{(\w+)\}`)

// places are the accounts of the demo that the pages are opened at, and one of everything that they have.
func (w town) places() []map[string]string {
	acme := string(w.Acme)
	of := map[string]string{
		"membership": w.Text("SELECT id FROM memberships WHERE account_id = ? AND role = 'admin' ORDER BY id LIMIT 1", acme),
		"role":       w.Text("SELECT id FROM roles WHERE account_id = ? ORDER BY id LIMIT 1", w.Platform),
		"location":   w.Text("SELECT id FROM locations WHERE account_id = ? ORDER BY id LIMIT 1", acme),
		"subaccount": w.Text("SELECT id FROM subaccounts WHERE account_id = ? ORDER BY id LIMIT 1", acme),
		"mail":       w.Text("SELECT id FROM captured_mail ORDER BY id LIMIT 1"),
		"account":    acme,
	}
	platform := map[string]string{}
	for k, v := range of {
		platform[k] = v
	}
	platform["account"] = string(w.Platform)
	return []map[string]string{platform, of}
}

// atPlatform are the pages that stand at the platform alone.
var atPlatform = regexp.MustCompile(`^/a/\{account\}/(clients|resellers)`)

// shots makes a name of a file from a path.
func shot(who, path, look string) string {
	path = strings.NewReplacer("/", "-", "?", "-", "&", "-", "=", "-").Replace(strings.Trim(path, "/"))
	return who + "." + path + "." + look
}

// pages are the paths that a signed-in person may open, each with the pattern that serves it.
func (w town) pages(email string) map[string]string {
	who := w.SignIn(email)
	out := map[string]string{}
	for _, r := range w.Web.Routes() {
		path, get := strings.CutPrefix(r.Pattern, "GET ")
		if !get || r.Signed == nil {
			continue
		}
		for _, at := range w.places() {
			if atPlatform.MatchString(path) && at["account"] != string(w.Platform) {
				continue
			}
			filled := paramForm.ReplaceAllStringFunc(path, func(p string) string {
				v := at[p[1:len(p)-1]]
				if v == "" {
					w.t.Fatalf("%s: name one for %s in places", r.Pattern, p)
				}
				return v
			})
			name := paramForm.ReplaceAllStringFunc(path, func(p string) string {
				switch {
				case p != "{account}":
					return strings.Trim(p, "{}")
				case at["account"] == string(w.Platform):
					return "platform"
				}
				return "acme"
			})
			if a := who.Fresh().Get(filled); a.Status == http.StatusOK {
				out[filled] = name
			}
		}
	}
	return out
}

// states are further states of the pages: searches without a match, filters, tabs.
func (w town) states() map[string]string {
	p, acme := "/a/"+string(w.Platform), "/a/"+string(w.Acme)
	return map[string]string{
		p + "/clients?q=nothing-like-it":  "a/platform/clients-no-match",
		p + "/clients?status=suspended":   "a/platform/clients-suspended",
		p + "/clients?ends=30&sort=ends":  "a/platform/clients-ending",
		acme + "/users?tab=pending":       "a/acme/users-pending",
		acme + "/users?tab=deactivated":   "a/acme/users-deactivated",
		acme + "/users?q=nothing-like-it": "a/acme/users-no-match",
		"/nowhere":                        "not-found",
	}
}

func TestEveryPageInEveryLook(t *testing.T) {
	w := demoTown(t)
	for _, who := range []struct{ name, email string }{
		{"owner", "priya.nair@halyard.example.com"}, {"client-owner", "amara.okafor@acme.example.com"}, {"guest", "noor.haddad@acme.example.com"},
	} {
		pages := w.pages(who.email)
		if who.name == "owner" {
			for path, name := range w.states() {
				pages[path] = name
			}
		}
		for _, look := range every {
			t.Run(who.name+"/"+look.name, func(t *testing.T) {
				tab := open(t, w.World, who.email, look.opts...)
				for path, name := range pages {
					t.Run(name, func(t *testing.T) {
						tab.For(t).Goto(path).Screenshot(shot(who.name, name, look.name)).Fits().Whole().Axe().Quiet()
					})
				}
			})
		}
	}
}
