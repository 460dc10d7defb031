package journey_test

import (
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/ids"
	"bailiwick/internal/module"
	"bailiwick/internal/policy"
)

var paramForm = regexp.MustCompile(`\{(\w+)\}`)

// places are the accounts of the demo that the pages are opened at, and one of everything that they have.
func (w town) places() []map[string]string {
	acme := string(w.Acme)
	of := map[string]string{
		"membership": w.Text("SELECT id FROM memberships WHERE account_id = ? AND role = 'admin' ORDER BY id LIMIT 1", acme),
		"role":       w.Text("SELECT id FROM roles WHERE account_id = ? ORDER BY id LIMIT 1", acme),
		"location":   w.Text("SELECT id FROM locations WHERE account_id = ? ORDER BY id LIMIT 1", acme),
		"subaccount": w.Text("SELECT id FROM subaccounts WHERE account_id = ? ORDER BY id LIMIT 1", acme),
		"contact":    w.Text("SELECT id FROM contacts WHERE account_id = ? ORDER BY id LIMIT 1", acme),
		"list":       w.Text("SELECT id FROM contact_lists WHERE account_id = ? ORDER BY id LIMIT 1", acme),
		"task":       w.Text("SELECT id FROM tasks WHERE account_id = ? ORDER BY id LIMIT 1", acme),
		"module":     "campaigns",
		"package":    w.Text("SELECT package_id FROM accounts WHERE id = ?", acme),
		"setting":    "session.idle_minutes",
		"mail":       w.Text("SELECT id FROM captured_mail ORDER BY id LIMIT 1"),
		"account":    acme,
		"name":       "acme",
	}
	platform := maps.Clone(of)
	platform["account"], platform["name"] = string(w.Platform), "platform"
	return []map[string]string{of, platform}
}

// atPlatform are the pages that stand at the platform alone.
var atPlatform = regexp.MustCompile(`^/a/\{account\}/(clients|resellers|packages)`)

// page is a page of the portal at one of the places.
type page struct{ path, name, pattern string }

// pages are the pages that a signed-in person may open.
func (w town) pages(email string) (out []page) {
	who := w.SignIn(email)
	for _, r := range w.Web.Routes() {
		path, get := strings.CutPrefix(r.Pattern, "GET ")
		if !get || r.Signed == nil || path == "/components" { // the parts are looked at by themselves
			continue
		}
		for _, at := range w.places() {
			if atPlatform.MatchString(path) && at["account"] != string(w.Platform) {
				continue
			}
			p := page{pattern: r.Pattern}
			p.path = paramForm.ReplaceAllStringFunc(path, func(param string) string {
				v := at[strings.Trim(param, "{}")]
				if v == "" {
					w.t.Fatalf("%s: name one for %s in places", r.Pattern, param)
				}
				return v
			})
			p.name = strings.NewReplacer("{account}", at["name"], "{", "", "}", "", "/", "-").Replace(strings.Trim(path, "/"))
			if a := who.Fresh().Get(p.path); a.Status == http.StatusOK && strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
				out = append(out, p)
			}
		}
	}
	return out
}

// states are further states of the pages: searches without a match, filters, tabs, and what is not there.
func (w town) states() []page {
	p, acme, of := "/a/"+string(w.Platform), "/a/"+string(w.Acme), w.places()[0]
	return []page{
		{p + "/tree?open=" + string(w.Acme) + "&pane=" + string(w.Acme), "tree-customer", "a customer in the pane"},
		{acme + "/tree?tab=access&pane=" + string(w.Acme) + "." + of["membership"], "tree-user", "a user in the pane"},
		{p + "/tree?open=" + string(w.Acme) + "&tab=quotas&pane=" + string(w.Acme), "tree-quotas", "quotas of a customer in the pane"},
		{p + "/tree?new=customer&in=" + string(w.Platform), "tree-new", "a new customer in the pane"},
		{p + "/tree?tab=branding&new=customer&in=" + string(w.Platform), "tree-new-branding", "the brand of a new customer"},
		{p + "/tree?tab=quotas&new=customer&in=" + string(w.Platform), "tree-new-quotas", "quotas of a new customer"},
		{p + "/tree?tab=security&new=customer&in=" + string(w.Platform), "tree-new-security", "security of a new customer"},
		{p + "/tree?q=nothing-like-it", "tree-no-match", "no match in the tree"},
		{p + "/clients?q=nothing-like-it", "clients-no-match", "no match"},
		{p + "/clients?status=suspended", "clients-suspended", "suspended"},
		{p + "/clients?ends=30&sort=ends", "clients-ending", "ending"},
		{acme + "/users?tab=pending", "users-pending", "pending"},
		{acme + "/users?tab=deactivated", "users-deactivated", "deactivated"},
		{acme + "/users?q=nothing-like-it", "users-no-match", "users no match"},
		{acme + "/users/" + of["membership"] + "/access?can=locations.view", "access-explained", "explained"},
		{acme + "/contacts?q=nothing-like-it", "contacts-no-match", "contacts no match"},
		{acme + "/suppressions?reason=bounced", "suppressions-bounced", "addresses that bounced"},
		{acme + "/usage?grain=hour", "usage-hours", "usage by hours"},
		{acme + "/usage?subaccount=" + of["subaccount"] + "&grain=month", "usage-subaccount", "usage of a sub-account"},
		{acme + "/usage?from=2026-12-01&to=2026-11-01", "usage-wrong", "usage of days in the wrong order"},
		{acme + "/usage/explain?units=90000000", "explain-refused", "units that are refused"},
		{acme + "/usage/explain?units=none", "explain-wrong", "units that are none"},
		{"/api/docs", "api-docs", "index of the API"},
		{"/api/docs?group=accounts", "api-docs-group", "operations of the API"},
		{"/nowhere", "not-found", "not found"},
	}
}

// rules are those that a look can break where light does not, for looks whose document is the same; none are all.
var rules = map[string][]string{
	"dark": {"color-contrast", "link-in-text-block"},
	"phone": {"color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block", "button-name", "link-name", "label", "select-name",
		"aria-command-name", "aria-hidden-focus", "aria-required-parent", "aria-required-children", "nested-interactive", "bypass", "region"},
	"rtl":      {"color-contrast", "target-size", "scrollable-region-focusable", "html-has-lang", "html-lang-valid", "valid-lang", "bypass", "region"},
	"language": {"target-size", "scrollable-region-focusable", "html-has-lang", "html-lang-valid", "valid-lang"}, // colours are the same in each
}

// look fails the test for what is wrong with the page in a tab: by itself, in the dark and on a phone.
func look(tab *browser.Tab, name string) {
	tab.Screenshot(name + ".light").Fits().Whole().Axe()
	tab.Scheme(browser.Dark)
	tab.Screenshot(name + ".dark").Axe(rules["dark"]...)
	tab.Scheme(browser.Light)
	tab.Resize(browser.Phone)
	tab.Screenshot(name + ".phone").Fits().Axe(rules["phone"]...)
	tab.Resize(browser.Desktop)
}

// lookRTL is look for a tab whose language runs from right to left.
func lookRTL(tab *browser.Tab, name string) {
	tab.Screenshot(name + ".rtl").Fits().Whole().Axe(rules["rtl"]...)
}

// arabic is a stand-in for a language that runs from right to left.
var arabic = browser.WithLanguage("ar-XB")

func TestEveryPageInEveryLook(t *testing.T) {
	w := demoTown(t)
	operator := w.SignIn("priya.nair@halyard.example.com").Actor()
	w.Task(w.Acme, operator)
	if err := w.Policy.Add(t.Context(), operator, w.Acme, policy.OfSub(ids.SubAccount(w.places()[0]["subaccount"])), "203.0.113.0/24", "Warehouse"); err != nil {
		t.Fatal(err)
	}
	if err := w.Modules.Add(t.Context(), operator, w.Platform, module.Input{Key: "campaigns", Name: "Campaigns", Icon: "send", Link: "https://campaigns.example.com", Actions: []module.Action{{Key: "view", Name: "View"}}}); err != nil {
		t.Fatal(err)
	}
	for _, who := range []struct {
		name, email string
		rtl         bool
	}{
		{"owner", "priya.nair@halyard.example.com", true},
		{"client-owner", "amara.okafor@acme.example.com", false},
		{"guest", "noor.haddad@acme.example.com", true},
	} {
		pages := w.pages(who.email)
		if who.name == "owner" {
			pages = append(pages, w.states()...)
		} else {
			pages = append(pages, page{"/a/" + string(w.Platform) + "/clients", "out-of-sight", "out of sight"}, page{"/a/" + string(w.Acme) + "/close", "close", "refused or not"})
		}
		t.Run(who.name, func(t *testing.T) {
			t.Parallel()
			tab, seen := open(t, w.World, who.email), map[string]bool{}
			for _, p := range pages {
				t.Run(p.name, func(t *testing.T) {
					tab.For(t).Goto(p.path)
					if name := who.name + "." + p.name; seen[p.pattern] || who.name == "client-owner" { // its other looks were seen already
						tab.Screenshot(name + ".light").Fits().Whole().Axe()
					} else {
						look(tab, name)
					}
				})
				seen[p.pattern] = true
			}
		})
		if !who.rtl {
			continue
		}
		t.Run(who.name+"-rtl", func(t *testing.T) {
			t.Parallel()
			tab, seen := open(t, w.World, who.email, arabic), map[string]bool{}
			for _, p := range pages {
				if !seen[p.pattern] {
					t.Run(p.name, func(t *testing.T) { lookRTL(tab.For(t).Goto(p.path), who.name+"."+p.name) })
				}
				seen[p.pattern] = true
			}
		})
	}
}
