package accounts_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"image"
	"image/png"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
	"bailiwick/internal/policy"
	"bailiwick/internal/provision"
	"bailiwick/internal/quota"
	"bailiwick/internal/tuning"
	"bailiwick/internal/user"
)

// house is a reseller with a pool of 1000 emails a month and a package, whose Owner makes customers.
type house struct {
	*apptest.World
	t    *testing.T
	at   ids.Account
	pkg  ids.Package
	by   authz.Actor
	self *apptest.Browser
}

func newHouse(t *testing.T, w *apptest.World) *house {
	t.Helper()
	h := &house{World: w, t: t, at: reseller(t, w, "Meridian")}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.Quotas.SetLimits(t.Context(), w.Root, h.at, quota.Target{}, []quota.Edit{{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: 1000}}})
	must(err)
	h.pkg, err = w.Plans.Create(t.Context(), w.Root, h.at, plan.Input{Name: "Growth", All: true, Terms: plan.Terms{plan.Users: 25},
		Sending: quota.Grid{}.With(quota.Email, quota.Month, quota.Limit{Amount: 300, Action: quota.Reject})})
	must(err)
	camille := w.Member(h.at, "camille@meridian.example", apptest.As(authz.Owner))
	h.by, h.self = camille.Actor, w.SignIn(camille.Email)
	return h
}

func value(v string) tuning.Edit { return tuning.Edit{Value: json.RawMessage(v)} }

func (h *house) input(name string) provision.Input {
	return provision.Input{CreateInput: account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{Name: name, Package: &h.pkg}}, OwnerEmail: "olga@corvid.example",
		Settings: map[tuning.Tab]map[string]tuning.Edit{
			tuning.Settings: {"account.grace_days": value("3")}, tuning.Contacts: {"contact.confirm": {Value: json.RawMessage("true"), Locked: true}},
			tuning.Security: {"session.idle_minutes": value("30"), "password.expiry_days": value("90")}, tuning.Branding: {"brand.product": value(`"Corvid Mail"`)}},
		Addresses: map[policy.List]string{policy.Portal: "198.51.100.0/24  The office\r\n\r\n203.0.113.40"},
		Limits:    []quota.Edit{{Channel: quota.Email, Window: quota.Day, Limit: quota.Limit{Amount: 50, Action: quota.Hold}}},
		Caps:      []plan.Override{{Term: plan.Users, Amount: 5}}}
}

// thenSet makes the same account, and sets everything afterwards.
func (h *house) thenSet(in provision.Input) ids.Account {
	h.t.Helper()
	ctx := h.t.Context()
	bare := in.CreateInput
	bare.Package = nil
	made, err := h.Accounts.Create(ctx, h.by, h.at, bare)
	all := []error{err}
	for _, tab := range tuning.Tabs() {
		page, err := h.Tuning.View(ctx, h.by, made.ID, tab)
		all = append(all, err, h.Tuning.Save(ctx, h.by, made.ID, tab, page.Version, in.Settings[tab]))
	}
	_, err = h.Quotas.SetLimits(ctx, h.by, made.ID, quota.Target{}, in.Limits)
	all = append(all, err, h.Accounts.Assign(ctx, h.by, made.ID, *in.Package), h.Plans.Override(ctx, h.by, made.ID, in.Caps))
	for _, e := range [][2]string{{"198.51.100.0/24", "The office"}, {"203.0.113.40", ""}} {
		all = append(all, h.Policy.Add(ctx, h.by, made.ID, policy.Portal, e[0], e[1]))
	}
	all = append(all, h.Policy.Switch(ctx, h.by, made.ID, policy.Portal, true, false))
	if err := errors.Join(all...); err != nil {
		h.t.Fatal(err)
	}
	h.Invite(h.by, made.ID, in.OwnerEmail, user.Access{Role: authz.Owner, AllSubs: true})
	return made.ID
}

// stored is everything that was set on an account, and what the log says of it.
func (h *house) stored(id ids.Account) map[string][]string {
	h.t.Helper()
	out := map[string][]string{}
	for what, query := range map[string]string{
		"settings": "SELECT name || ' ' || value || CASE WHEN locked THEN ' locked' ELSE '' END FROM settings WHERE account_id = ? ORDER BY 1",
		"limits":   "SELECT channel || ' ' || period || ' ' || source || ' ' || amount || ' ' || action FROM quota_limits WHERE account_id = ? ORDER BY 1",
		"caps":     "SELECT term || ' ' || amount || last_day FROM package_overrides WHERE account_id = ? ORDER BY 1",
		"package":  "SELECT package_id FROM accounts WHERE id = ?",
		"listed":   "SELECT CASE WHEN ancestor_id = customer_id THEN 'itself' ELSE ancestor_id END || ' ' || package_id FROM client_list WHERE customer_id = ? ORDER BY 1",
		"invited":  "SELECT email || ' ' || role FROM invitations WHERE account_id = ?",
		"log":      "SELECT action || ' ' || CASE WHEN target_type = 'setting' THEN target_id ELSE '' END FROM audit_events WHERE account_id = ? ORDER BY 1",
	} {
		all, err := db.All(h.t.Context(), h.DB, db.Value[string], query, id)
		if err != nil {
			h.t.Fatal(err)
		}
		out[what] = all
	}
	return out
}

// TestWhatIsMadeAtOnceIsAsMadeAndThenSet compares a customer that is made with everything with one on which it is set afterwards.
func TestWhatIsMadeAtOnceIsAsMadeAndThenSet(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := newHouse(t, w)
		in := h.input("Corvid")
		if err := w.Provision.Try(t.Context(), h.by, h.at, in); err != nil {
			t.Fatal(err)
		}
		if n := w.Count("accounts WHERE name = 'Corvid'"); n != 0 {
			t.Error("trying it made it")
		}
		made, err := w.Provision.Create(t.Context(), h.by, h.at, in)
		if err != nil {
			t.Fatal(err)
		}
		want := h.stored(h.thenSet(h.input("Corvid")))
		if diff := cmp.Diff(want, h.stored(made.ID)); diff != "" {
			t.Error(diff)
		}
		if len(want["settings"]) != 6 || len(want["limits"]) != 1 || len(want["caps"]) != 1 || len(want["invited"]) != 1 {
			t.Errorf("too little to compare: %v", want)
		}
		view, err := w.Tuning.View(t.Context(), h.by, made.ID, tuning.Security)
		if err != nil || !slices.ContainsFunc(view.Fields(), func(f tuning.Field) bool { return f.Name == "session.idle_minutes" && string(f.Value) == "30" }) {
			t.Errorf("%+v %v", view, err)
		}
	})
}

// TestAllRemarksAreToldAtOnceAndNothingIsMade has something wrong under every tab.
func TestAllRemarksAreToldAtOnceAndNothingIsMade(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := newHouse(t, w)
		for name, locked := range map[string]bool{"session.idle_minutes": false, "contact.confirm": true} {
			w.Exec("INSERT INTO settings (account_id, name, value, locked, updated_at, since) VALUES (?, ?, ?, ?, 1, 1)", h.at, name, map[bool]string{true: "false", false: "20"}[locked], locked)
		}
		other, err := w.Plans.Create(t.Context(), w.Root, reseller(t, w, "Sadeem"), plan.Input{Name: "Another", All: true})
		if err != nil {
			t.Fatal(err)
		}
		in := h.input("")
		in.Package, in.OwnerEmail, in.Refs = &other, "nobody", []account.Ref{{Source: "whmcs"}}
		in.Limits = []quota.Edit{{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: 2000}}}
		in.Caps = []plan.Override{{Term: plan.Users, Amount: -7}}
		in.Addresses = map[policy.List]string{policy.Portal: "203.0.113.40\n203.0.113.40", policy.API: "203.0.113.400"}
		want := []string{"addresses_api", "addresses_portal", "contact.confirm", "email_month", "name", "owner_email", "package", "refs", "session.idle_minutes", "users"}
		_, err = w.Provision.Create(t.Context(), h.by, h.at, in)
		for _, err := range []error{err, w.Provision.Try(t.Context(), h.by, h.at, in)} {
			var e *errs.Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(e.Fields))); diff != "" {
				t.Error(diff)
			}
		}
		if n := w.Count("accounts WHERE kind = 'customer'"); n != 0 {
			t.Errorf("%d customers were made", n)
		}
	})
}

// TestLimitsStandInsteadOfThoseOfThePackage gives a package that the reseller has not enough for, and a limit that it has.
func TestLimitsStandInsteadOfThoseOfThePackage(t *testing.T) {
	w := apptest.OnSQLite(t)
	h := newHouse(t, w)
	large, err := w.Plans.Create(t.Context(), w.Root, w.Platform, plan.Input{Name: "Large", All: true, Sending: quota.Grid{}.With(quota.Email, quota.Month, quota.Limit{Amount: 5000, Action: quota.Reject})})
	if err != nil {
		t.Fatal(err)
	}
	in := h.input("Corvid")
	in.Package, in.Limits = &large, nil
	if _, err := w.Provision.Create(t.Context(), h.by, h.at, in); errs.CodeOf(err) != "package.sends_more" {
		t.Errorf("%v", err)
	}
	in.Limits = []quota.Edit{{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: 900}}}
	if _, err := w.Provision.Create(t.Context(), h.by, h.at, in); err != nil {
		t.Error(err)
	}
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// TestWhatStandsUnderOtherTabsIsCarriedAlong goes through the tabs with one form, and makes the customer from the last one.
func TestWhatStandsUnderOtherTabsIsCarriedAlong(t *testing.T) {
	w := apptest.OnSQLite(t)
	h := newHouse(t, w)
	pane := at(h.at, "/tree?new=customer&in="+string(h.at))
	a := h.self.Post(pane, "name", "Corvid <1>", "membership_end", "2027-03-31", "do", "tab:security")
	has(t, a, http.StatusOK, `name="name" value="Corvid &lt;1&gt;"`, `value="override:session.idle_minutes"`)
	form := sent(t, a)
	if form.Get("membership_end") != "2027-03-31" || form.Has("tried") {
		t.Errorf("%v is carried", form)
	}
	form.Set("name", "Corvid")
	form.Set("own:session.idle_minutes", "on")
	form.Set("v:session.idle_minutes", "2")
	has(t, h.self.PostForm(pane+"&tab=security", form), http.StatusUnprocessableEntity, "Write a number from 5", `value="tab:security"`, "1 error", `name="tried" value="on"`)
	form.Set("v:session.idle_minutes", "45")
	has(t, h.self.PostForm(pane+"&tab=security", form), http.StatusSeeOther)
	if got := w.Text("SELECT s.value FROM settings s JOIN accounts a ON a.id = s.account_id WHERE a.name = 'Corvid'"); got != "45" {
		t.Errorf("the setting is %q", got)
	}
}

// TestWhatOneMayNotSetIsNotShownAndRefused makes a department as somebody who may set nothing but its name.
func TestWhatOneMayNotSetIsNotShownAndRefused(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := client(t, w, w.Platform, "Acme")
	group := w.RoleGroup(acme, "Makers", authz.DepartmentsView, authz.DepartmentsCreate, authz.SettingsView)
	maker := w.SignIn(w.Member(acme, "maker@acme.example", user.Access{Role: authz.Role(group), AllSubs: true}).Email)
	pane := at(acme, "/tree?new=department&in="+string(acme))
	a := maker.Get(pane)
	has(t, a, http.StatusOK, `value="tab:properties"`)
	if strings.Contains(a.Body, "tab:settings") || strings.Contains(a.Body, "tab:quotas") {
		t.Error("tabs are shown under which nothing may be set")
	}
	has(t, maker.Get(pane+"&tab=settings"), http.StatusNotFound)
	for _, sent := range [][2]string{{"own:account.grace_days", "on"}, {"v:session.idle_minutes", "30"}, {"email_month", "10"}, {"package", "pkg_x"}, {"membership_end", "2030-01-01"}, {"own:no.such", "on"}, {"addresses_api", "203.0.113.40"}} {
		has(t, maker.Post(pane, "name", "Sales", sent[0], sent[1]), http.StatusUnprocessableEntity)
	}
	other := w.Member(acme, "other@acme.example", user.Access{Role: authz.Role(group), AllSubs: true}).Actor
	bare := account.CreateInput{Kind: account.Department, Fields: account.Fields{Name: "Sales"}}
	for what, in := range map[string]provision.Input{
		"a rule":    {CreateInput: bare, Settings: map[tuning.Tab]map[string]tuning.Edit{tuning.Security: {"session.idle_minutes": value("30")}}},
		"addresses": {CreateInput: bare, Addresses: map[policy.List]string{policy.API: "203.0.113.40"}},
		"a limit":   {CreateInput: bare, Limits: []quota.Edit{{Channel: quota.Email, Window: quota.Day, Limit: quota.Limit{Amount: 5}}}},
	} {
		if _, err := w.Provision.Create(t.Context(), other, acme, in); errs.KindOf(err) != errs.Denied || w.Count("accounts WHERE name = 'Sales'") != 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
	has(t, maker.Post(pane, "name", "Sales"), http.StatusSeeOther)
}

// sent is the form of a page as it stands there, without its buttons.
func sent(t *testing.T, a apptest.Answer) url.Values {
	t.Helper()
	out := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(a.Body, -1) {
		out.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return out
}

// TestAPictureThatWasChosenStays chooses a logo, goes on to other tabs, and makes the customer from there.
func TestAPictureThatWasChosenStays(t *testing.T) {
	w := apptest.OnSQLite(t)
	h := newHouse(t, w)
	pane := at(h.at, "/tree?new=customer&in="+string(h.at))
	var logo bytes.Buffer
	if err := png.Encode(&logo, image.NewGray(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	a := h.self.Upload(pane+"&tab=branding", url.Values{"name": {"Corvid"}, "no_end": {"on"}, "own:brand.logo": {"on"}, "do": {"tab:settings"}}, map[string][]byte{"file:brand.logo": logo.Bytes()})
	has(t, a, http.StatusOK)
	form := sent(t, a)
	if !strings.HasSuffix(form.Get("v:brand.logo"), "-40x40.png") {
		t.Fatalf("%v is carried", form)
	}
	has(t, h.self.PostForm(pane+"&tab=settings", withDo(form, "tab:branding")), http.StatusOK, "PNG", "not saved")
	has(t, h.self.PostForm(pane+"&tab=settings", form), http.StatusSeeOther)
	if got := w.Text("SELECT s.value FROM settings s JOIN accounts a ON a.id = s.account_id WHERE a.name = 'Corvid' AND s.name = 'brand.logo'"); !strings.Contains(got, "-40x40.png") {
		t.Errorf("the logo is %s", got)
	}
	bad := h.self.Upload(pane+"&tab=branding", url.Values{"name": {"Corvid"}, "do": {"tab:settings"}}, map[string][]byte{"file:brand.logo": []byte("no picture")})
	has(t, bad, http.StatusUnprocessableEntity, "This file is none that can be read", `value="tab:branding" aria-current="true"`)
}

func withDo(form url.Values, do string) url.Values {
	out := maps.Clone(form)
	out.Set("do", do)
	return out
}

// TestAnotherParentIsAnotherPlaceWithItsSettings chooses a reseller as the parent, and sees what is in force there.
func TestAnotherParentIsAnotherPlaceWithItsSettings(t *testing.T) {
	w := apptest.OnSQLite(t)
	h := newHouse(t, w)
	other := reseller(t, w, "Sadeem")
	w.Exec("INSERT INTO settings (account_id, name, value, locked, updated_at, since) VALUES (?, 'session.idle_minutes', '25', ?, 1, 1)", h.at, true)
	pane := at(w.Platform, "/tree?new=customer&in="+string(w.Platform))
	has(t, w.Owner.Get(pane), http.StatusOK, `value="`+string(h.at)+`"`, `value="`+string(other)+`"`)
	a := w.Owner.Post(pane, "name", "Corvid", "no_end", "on", "parent", string(h.at), "do", "tab:security")
	has(t, a, http.StatusOK, "In Meridian", "Fixed by Meridian", `value="25"`)
	form := sent(t, a)
	form.Set("own:session.idle_minutes", "on") // as if it was locked meanwhile
	form.Set("v:session.idle_minutes", "20")
	below := at(w.Platform, "/tree?tab=security&new=customer&in="+string(h.at))
	has(t, w.Owner.PostForm(below, form), http.StatusUnprocessableEntity, "Ask Meridian to change this setting.")
	form.Del("own:session.idle_minutes")
	form.Del("v:session.idle_minutes")
	has(t, w.Owner.PostForm(below, form), http.StatusSeeOther)
	if got := w.Text("SELECT parent_id FROM accounts WHERE name = 'Corvid'"); got != string(h.at) {
		t.Errorf("it went into %s", got)
	}
	has(t, h.self.Get(at(h.at, "/tree?new=customer&in="+string(other))), http.StatusNotFound)
	has(t, h.self.Post(at(h.at, "/tree?new=customer&in="+string(h.at)), "name", "Corvid", "no_end", "on", "parent", string(other)), http.StatusNotFound)
}

// TestEachKindHasItsTabs opens the form of each kind.
func TestEachKindHasItsTabs(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := client(t, w, w.Platform, "Acme")
	for kind, c := range map[string]struct {
		in   ids.Account
		tabs []string
	}{
		"reseller":   {w.Platform, []string{"properties", "branding", "quotas", "settings", "security", "preferences"}},
		"customer":   {w.Platform, []string{"properties", "branding", "quotas", "settings", "security", "preferences"}},
		"department": {acme, []string{"properties", "branding", "settings", "security", "preferences"}},
	} {
		var tabs []string
		pane := at(w.Platform, "/tree?new="+kind+"&in="+string(c.in))
		for _, m := range regexp.MustCompile(`name="do" value="tab:(\w+)"`).FindAllStringSubmatch(w.Owner.Get(pane).Body, -1) {
			tabs = append(tabs, m[1])
		}
		if diff := cmp.Diff(c.tabs, tabs); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
		for _, tab := range c.tabs {
			has(t, w.Owner.Get(pane+"&tab="+tab), http.StatusOK, `value="tab:`+tab+`" aria-current="true"`)
		}
		fields := []string{"name", "Made " + kind}
		if kind == "customer" {
			fields = append(fields, "no_end", "on")
		}
		has(t, w.Owner.Post(pane, fields...), http.StatusSeeOther)
	}
}
