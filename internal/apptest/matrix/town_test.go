// Package matrix_test holds the matrices: every route against foreign ids, every way to give rights against every
// rank, every way to switch something off against every way in, and who may do what.
package matrix_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/ids"
	"bailiwick/internal/module"
	"bailiwick/internal/plan"
	"bailiwick/internal/policy"
)

// values are one value for each parameter that a path may have.
type values map[string]string

// tenant is a reseller with a client and a department, each with one of everything, and the people who run them.
type tenant struct {
	reseller, client, department ids.Account
	seller, owner, guest         apptest.Person // Owner of the reseller, Owner and Guest of the client
	guests                       []apptest.Person
	sets                         []values // at the reseller, the client, the department, a client that is held and one that is closed
}

// town is an installation with two tenants that know nothing of each other.
type town struct {
	*apptest.World
	t            *testing.T
	ours, theirs tenant
	elsewhere    ids.Account // a reseller to which things can be moved
}

func newTown(t *testing.T, w *apptest.World) *town {
	t.Helper()
	o := &town{World: w, t: t}
	o.elsewhere = o.Reseller(o.Platform, "eastwind mail")
	must(t, o.Modules.Add(t.Context(), o.Root, o.Platform, module.Input{Key: "campaigns", Name: "Campaigns", Icon: "send", Actions: []module.Action{{Key: "send", Name: "Send"}}}))
	o.ours = o.tenant("northwind")
	o.theirs = o.tenant("southwind")
	return o
}

func (o *town) tenant(name string) tenant {
	var n tenant
	n.reseller = o.Reseller(o.Platform, name+" mail")
	n.client = o.Client(n.reseller, name+" foods")
	n.department = o.Department(n.client, name+" marketing")
	n.seller = o.Member(n.reseller, "seller@"+name+".example", apptest.As(authz.Owner))
	n.owner = o.Member(n.client, "owner@"+name+".example", apptest.As(authz.Owner))
	n.guest = o.Member(n.client, "guest@"+name+".example", apptest.As(authz.Guest))
	n.guests = []apptest.Person{
		o.Member(n.reseller, "guest@"+name+"-mail.example", apptest.As(authz.Guest)), n.guest,
		o.Member(n.department, "guest@"+name+"-marketing.example", apptest.As(authz.Guest)),
	}
	for i, at := range []ids.Account{n.reseller, n.client, n.department} {
		n.sets = append(n.sets, o.values(at, fmt.Sprintf("%s%d", name, i), n.seller))
	}
	held, closed := o.Client(n.reseller, name+" held"), o.Client(n.reseller, name+" closed")
	n.sets = append(n.sets, o.values(held, name+"-held", n.seller), o.values(closed, name+"-closed", n.seller))
	o.Hold(held)
	n.sets[3]["hold"] = o.one("SELECT id FROM holds WHERE account_id = ?", held)
	o.Close(closed)
	return n
}

// values makes one of everything at an account. A reseller has no locations and no sub-accounts; missing ids stand there.
func (o *town) values(at ids.Account, name string, by apptest.Person) values {
	v := missing(o)
	v["account"] = string(at)
	member := o.Member(at, "member@"+name+".example", apptest.As(authz.Admin))
	v["membership"] = string(member.Member)
	v["key"] = string(o.Key(member, at, authz.UsersView).ID)
	inv := o.Invite(by.Actor, at, "invited@"+name+".example", apptest.As(authz.Admin))
	v["invitation"], v["token"] = string(inv.ID), inv.Token
	v["role"] = string(o.RoleGroup(at, "group of "+name, authz.UsersView))
	o.Member(at, "holder@"+name+".example", apptest.As(authz.Role(v["role"])))
	v["spare"] = string(o.RoleGroup(at, "spare group of "+name, authz.UsersView))
	v["elsewhere"] = string(o.elsewhere)
	d, err := o.Accounts.Get(o.t.Context(), o.Root, at)
	if err != nil {
		o.t.Fatal(err)
	}
	if d.Kind != account.Reseller {
		v["location"] = string(o.Location(at, "place of "+name))
		v["subaccount"] = string(o.SubAccount(at, name))
		must(o.t, o.Policy.Add(o.t.Context(), o.Root, at, policy.OfSub(ids.SubAccount(v["subaccount"])), "192.0.2.7", "Warehouse"))
		list := o.ContactList(at, "list of "+name)
		v["list"], v["contact"] = string(list), string(o.Contact(at, "contact@"+name+".example", list))
		v["preferences"], v["unsubscription"], v["confirmation"] = o.links(at, ids.Contact(v["contact"]), list)
		v["suppression"] = string(o.Suppress(at, "stopped@"+name+".example"))
		v["suspended"] = string(o.SubAccount(at, name+"-stopped"))
		o.Exec("UPDATE subaccounts SET suspended = TRUE WHERE id = ?", v["suspended"])
	}
	if _, err := o.Views.Save(o.t.Context(), by.Actor, at, "clients", "view of "+name, "status=active"); err != nil {
		o.t.Fatal(err)
	}
	v["view"] = o.one("SELECT id FROM saved_views WHERE account_id = ?", at)
	v["session"] = string(o.SignIn("member@" + name + ".example").Actor().Session())
	v["mail"] = o.one("SELECT id FROM captured_mail WHERE rcpt LIKE ?", "%invited@"+name+"%")
	v["event"] = o.one("SELECT min(id) FROM audit_events WHERE account_id = ?", at)
	v["hold"] = string(ids.NewHold(o.Clock.Now()))
	v["task"] = string(o.Task(at, by.Actor))
	v["module"] = "campaigns"
	v["package"] = o.sold(at, d.Kind, name)
	if d.Kind == account.Customer {
		v["credit"] = string(o.Credit(at, 100))
	}
	o.lists(at, d.Kind == account.Reseller)
	if err := o.Brands.AskDomain(o.t.Context(), o.Root, at, name+".mail.example"); err != nil {
		o.t.Fatal(err)
	}
	return v
}

// links are the last parts of the addresses of a contact's pages.
func (o *town) links(at ids.Account, id ids.Contact, list ids.List) (preferences, unsubscribe, confirm string) {
	a, b, c := o.Links(at, id, list)
	return path.Base(a), path.Base(b), path.Base(c)
}

// sold is a package that a reseller makes, or that a client of it has bought.
func (o *town) sold(at ids.Account, kind account.Kind, name string) string {
	if kind == account.Reseller {
		id, err := o.Plans.Create(o.t.Context(), o.Root, at, plan.Input{Name: "package of " + name, All: true})
		must(o.t, err)
		return string(id)
	}
	id := o.one("SELECT k.id FROM packages k JOIN account_tree t ON t.ancestor_id = k.account_id WHERE t.descendant_id = ?", at)
	if kind == account.Customer {
		must(o.t, o.Accounts.Assign(o.t.Context(), o.Root, at, ids.Package(id)))
	}
	return id
}

// lists puts an address on each list of addresses, off, and on some accounts one is being tried.
func (o *town) lists(at ids.Account, tried bool) {
	for _, l := range policy.Lists() {
		if err := o.Policy.Add(o.t.Context(), o.Root, at, l, "192.0.2.7", "Warehouse"); err != nil {
			o.t.Fatal(err)
		}
	}
	for _, l := range policy.Lists() {
		if tried {
			o.Exec("INSERT INTO allowlist_trials (account_id, list, id, prior, until) VALUES (?, ?, 'trial', '', ?)", at, l, o.Clock.Now().Add(policy.TrialFor).UnixMilli())
		}
	}
}

// missing are ids that are well formed and nobody's.
func missing(o *town) values {
	now := o.Clock.Now()
	return values{
		"account": string(ids.NewAccount(now)), "membership": string(ids.NewMembership(now)), "invitation": string(ids.NewInvitation(now)),
		"role": string(ids.NewRole(now)), "location": string(ids.NewLocation(now)), "subaccount": string(ids.NewSubAccount(now)),
		"session": string(ids.NewSession(now)), "view": string(ids.NewView(now)), "mail": string(ids.NewMail(now)), "hold": string(ids.NewHold(now)), "task": string(ids.NewTask(now)), "event": string(ids.NewEvent(now)),
		"key": string(ids.NewKey(now)), "package": string(ids.NewPackage(now)), "credit": string(ids.NewCredit(now)), "contact": string(ids.NewContact(now)), "list": string(ids.NewList(now)), "suppression": string(ids.NewSuppressed(now)),
		"preferences": "p" + strings.Repeat("a", 48), "unsubscription": "u" + strings.Repeat("a", 74), "confirmation": "c" + strings.Repeat("a", 48),
		"token": strings.Repeat("a", 52), "module": "nowhere", "setting": "no.where", "file": brand.DefaultColour.Style(),
	}
}

var paramForm = regexp.MustCompile(`\{(\w+)\}`)

// params are the names of the parameters in a pattern. One that the matrix has no ids for fails the test, so that
// nobody adds one silently.
func params(pattern string) (names []string) {
	for _, m := range paramForm.FindAllStringSubmatch(pattern, -1) {
		names = append(names, m[1])
	}
	return names
}

// unknownParams are remarks on the patterns whose parameters the matrix has no ids for.
func unknownParams(patterns []string, known values) (remarks []string) {
	for _, p := range patterns {
		for _, name := range params(p) {
			if known[name] == "" {
				remarks = append(remarks, fmt.Sprintf("%s: the matrix has no ids for {%s}; add them to values and missing", p, name))
			}
		}
	}
	return remarks
}

// fill puts values into a pattern and returns its method and path.
func fill(pattern string, v values) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	path = paramForm.ReplaceAllStringFunc(path, func(p string) string { return v[p[1:len(p)-1]] })
	return method, strings.TrimSuffix(path, "{$}")
}

// transient are the tables that a request may touch whatever it comes to: sessions and what is counted.
var transient = []string{"sessions", "known_devices", "attempts", "audit_refused"}

// dump is everything in the database but what is transient, line by line.
func (o *town) dump() []string {
	o.t.Helper()
	var b bytes.Buffer
	if _, err := o.DB.Backup(o.t.Context(), &b); err != nil {
		o.t.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		o.t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		o.t.Fatal(err)
	}
	var out []string
	table := ""
	for line := range strings.Lines(string(text)) {
		if m := tableForm.FindStringSubmatch(line); m != nil {
			table = m[1]
		}
		if !slices.Contains(transient, table) && strings.HasPrefix(line, `{"row"`) {
			out = append(out, table+" "+line)
		}
	}
	if len(out) < 20 {
		o.t.Fatalf("the dump has %d rows; has its form changed?", len(out))
	}
	slices.Sort(out)
	return out
}

var tableForm = regexp.MustCompile(`^\{"table":"(\w+)"`)

// changed are remarks on the rows that differ between two dumps. Tables that may differ are named.
func changed(before, after []string, but ...string) (remarks []string) {
	was := map[string]bool{}
	for _, l := range before {
		was[l] = true
	}
	for _, l := range after {
		table, _, _ := strings.Cut(l, " ")
		if !was[l] && !slices.Contains(but, table) {
			remarks = append(remarks, "changed in the database: "+l)
		}
		delete(was, l)
	}
	for l := range was {
		table, _, _ := strings.Cut(l, " ")
		if !slices.Contains(but, table) {
			remarks = append(remarks, "gone from the database: "+l)
		}
	}
	slices.Sort(remarks)
	return remarks
}

func (o *town) one(query string, args ...any) string {
	o.t.Helper()
	return o.Text(query, args...)
}

func report(t *testing.T, remarks []string) {
	t.Helper()
	for i, r := range remarks {
		if i == 30 {
			t.Fatalf("and %d more", len(remarks)-i)
		}
		t.Error(r)
	}
}
