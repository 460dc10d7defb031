package matrix_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/contact"
	"bailiwick/internal/exchange"
	"bailiwick/internal/ids"
	"bailiwick/internal/sheet"
	"bailiwick/internal/user"
)

// hidden are the details of a contact that nobody sees without the right to.
var hidden = []string{"zebulon", "quagga", "secret-place", "4420794612", "ulan bator"}

// tells is what of the hidden details a text holds, "" for nothing.
func tells(text string) string {
	text = strings.ToLower(text)
	for _, h := range hidden {
		if strings.Contains(text, h) {
			return h
		}
	}
	return ""
}

// TestMaskedDetailsStandInNoAnswer sends somebody who may do everything but see contacts unmasked through every page,
// form, operation, file and event of their account.
func TestMaskedDetailsStandInNoAnswer(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	ctx, v := t.Context(), o.ours.sets[1]
	at := o.ours.client
	list := ids.List(v["list"])
	id, err := o.Contacts.Create(ctx, o.Root, at, contact.Input{Name: "Zebulon Quagga", Email: "zebulon@secret-place.example", Phone: "+44 20 7946 1234", Details: []contact.Detail{{Name: "City", Value: "Ulan Bator"}}, Lists: []ids.List{list}})
	must(t, err)
	v["contact"] = string(id)
	v["suppression"] = string(o.Suppress(at, "quagga@secret-place.example"))
	must(t, o.Contacts.Edit(ctx, o.Root, at, id, contact.Input{Name: "Zebulon Quagga", Email: "zebulon@secret-place.example", Phone: "+44 20 7946 1235", Details: []contact.Detail{{Name: "City", Value: "Ulan Bator"}}, Version: 1}))

	all := authz.GroupGrantable().Without(authz.SetOf(authz.ContactsViewFull, authz.SettingsEdit))
	role := o.RoleGroup(at, "All but details", all.List()...)
	clerk := o.Member(at, "clerk@northwind.example", user.Access{Role: authz.Role(role), AllSubs: true})
	who := o.SignIn(clerk.Email)

	// The right to see them is what the test is about: with it they are seen.
	if tells(o.SignIn(o.ours.owner.Email).Get("/a/"+string(at)+"/contacts").Body) == "" {
		t.Fatal("nobody sees the contact, so the test proves nothing")
	}
	s := portal(o)
	for path, body := range s.pages(who, v) {
		if h := tells(body); h != "" {
			t.Errorf("%s tells %q", path, h)
		}
	}
	for _, search := range []string{"zeb", "zebulon@secret-place.example", "quagga", "+442079461235"} {
		for _, path := range []string{"/contacts", "/suppressions", "/audit", "/activity"} {
			a := who.Fresh().Get("/a/" + string(at) + path + "?q=" + url.QueryEscape(search))
			echo := strings.NewReplacer(search, "", url.QueryEscape(search), "", html.EscapeString(search), "") // what was typed stands in its field
			if h := tells(echo.Replace(a.Body)); h != "" {
				t.Errorf("%s?q=%s tells %q", path, search, h)
			}
		}
	}
	forms := 0
	s.learn([]values{v}, who)
	for _, p := range s.patterns {
		if !strings.Contains(p, "/contact") && !strings.Contains(p, "/suppression") || !strings.HasPrefix(p, "POST /a/") || strings.HasSuffix(p, "/remove") || strings.HasSuffix(p, "/lift") {
			continue
		}
		for _, fields := range s.filledIn(p) {
			method, path := fill(p, v)
			a := s.ask(who, method, path, fields)
			if h := tells(a.Body); h != "" || a.Status >= http.StatusInternalServerError {
				t.Errorf("%s (%v): %d tells %q", p, fields, a.Status, h)
			}
			forms++
		}
	}
	if forms < 5 {
		t.Errorf("only %d forms were sent", forms)
	}
	for _, what := range []exchange.What{exchange.Contacts, exchange.Suppressions} {
		for _, format := range []sheet.Format{sheet.CSV, sheet.XLSX} {
			own, err := o.Exchange.Export(ctx, clerk.Actor, at, exchange.Export{What: what, Format: format})
			must(t, err)
			full, err := o.Exchange.Export(ctx, o.ours.owner.Actor, at, exchange.Export{What: what, Format: format})
			must(t, err)
			o.Drain()
			f, err := o.Tasks.Result(ctx, clerk.Actor, at, own)
			must(t, err)
			body, err := io.ReadAll(f)
			must(t, err)
			text := string(body)
			if format == sheet.XLSX {
				text = cellsOf(t, text)
			}
			if h := tells(text); h != "" || !strings.Contains(text, "•••") {
				t.Errorf("the export of %s tells %q: %s", what, h, text)
			}
			if _, err := o.Tasks.Result(ctx, clerk.Actor, at, full); err == nil {
				t.Errorf("the full export of %s can be taken by somebody who sees details masked", what)
			}
		}
	}
}
