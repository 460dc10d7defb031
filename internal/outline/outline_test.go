package outline_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/outline"
)

// shown is what a row of the tree says.
type shown struct {
	Name   string
	Users  int64
	Status account.Status
	Opens  bool
	Path   string
}

func rows(nodes []outline.Node) (out []shown) {
	for _, n := range nodes {
		path := ""
		for _, p := range n.Path {
			path += "/" + p
		}
		out = append(out, shown{n.Name, n.Users, n.Status, n.Opens, path})
	}
	return out
}

// TestTheTreeShowsWhatThereIs opens a small town step by step and searches it.
func TestTheTreeShowsWhatThereIs(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		reseller := w.Reseller(w.Platform, "Northwind")
		acme := w.Client(reseller, "Acme")
		w.Client(w.Platform, "Bolt")
		marketing := w.Department(acme, "Marketing")
		deep := w.Department(marketing, "Events")
		anna := w.Member(acme, "anna@acme.example", apptest.As(authz.Owner))
		w.Member(deep, "ben@acme.example", apptest.As(authz.User))
		seller := w.Member(reseller, "sam@northwind.example", apptest.As(authz.Owner))
		support := w.Member(w.Platform, "sue@platform.example", apptest.As(authz.Support, authz.ClientsView))
		owner, admin := w.SignIn(anna.Email).Actor(), w.SignIn(seller.Email).Actor()
		if err := w.Accounts.Hold(t.Context(), w.Root, marketing, "Invoice open"); err != nil {
			t.Fatal(err)
		}
		open := func(by authz.Actor, id ids.Account) []shown {
			t.Helper()
			b, err := w.Outline.Children(t.Context(), by, id, "")
			if err != nil {
				t.Fatal(err)
			}
			return rows(b.Nodes)
		}
		find := func(by authz.Actor, root ids.Account, text string) []shown {
			t.Helper()
			h, err := w.Outline.Find(t.Context(), by, root, text)
			if err != nil {
				t.Fatal(err)
			}
			return rows(h.Nodes)
		}
		top := []shown{{"Northwind", 1, account.Active, true, ""}, {"Bolt", 0, account.Active, false, ""}}
		for name, c := range map[string]struct{ got, want []shown }{
			"the platform":          {open(w.Root, w.Platform)[:2], top},
			"the reseller":          {open(admin, reseller), []shown{{"Acme", 2, account.Active, true, ""}, {"Name of sam@northwind.example", 0, "", false, ""}}},
			"the customer":          {open(owner, acme), []shown{{"Marketing", 1, account.Suspended, true, ""}, {"Name of anna@acme.example", 0, "", false, ""}}},
			"a held department":     {open(owner, marketing), []shown{{"Events", 1, account.Suspended, true, ""}}},
			"a department's end":    {open(owner, deep), []shown{{"Name of ben@acme.example", 0, "", false, ""}}},
			"without its people":    {open(w.SignIn(support.Email).Actor(), reseller), []shown{{"Acme", 2, account.Active, false, ""}}},
			"a customer's name":     {find(w.Root, w.Platform, "acm"), []shown{{"Acme", 2, account.Active, true, "/Northwind"}}},
			"a reseller's name":     {find(w.Root, w.Platform, "wind"), []shown{{"Northwind", 1, account.Active, true, ""}}},
			"an address":            {find(w.Root, w.Platform, "ben@"), []shown{{"Name of ben@acme.example", 0, "", false, "/Northwind/Acme/Marketing/Events"}}},
			"one from the platform": {find(w.Root, w.Platform, "vent"), []shown{{"Events", 1, account.Suspended, true, "/Northwind/Acme/Marketing"}}},
			"a department's name":   {find(owner, acme, "vent"), []shown{{"Events", 1, account.Suspended, true, "/Marketing"}}},
			"part of an address":    {find(owner, acme, "ben"), []shown{{"Name of ben@acme.example", 0, "", false, "/Marketing/Events"}}},
			"nobody":                {find(owner, acme, "zzz"), nil},
			"nothing typed":         {find(owner, acme, "  "), nil},
			"what LIKE would read":  {find(owner, acme, "%"), nil},
		} {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		for name, c := range map[string]struct {
			by   authz.Actor
			root ids.Account
			want outline.Totals
		}{
			"of the platform":             {w.Root, w.Platform, outline.Totals{Customers: 2, Departments: 2}},
			"of the reseller":             {admin, reseller, outline.Totals{Customers: 1, Departments: 2}},
			"without its departments":     {w.SignIn(support.Email).Actor(), reseller, outline.Totals{Customers: 1, Departments: account.Unknown}},
			"of the customer":             {owner, acme, outline.Totals{Customers: account.Unknown, Departments: 2}},
			"of a department without any": {owner, deep, outline.Totals{Customers: account.Unknown}},
		} {
			if got, err := w.Outline.Totals(t.Context(), c.by, c.root); err != nil || got != c.want {
				t.Errorf("totals %s: %+v %v, want %+v", name, got, err, c.want)
			}
		}
		w.Invite(anna.Actor, deep, "new@acme.example", apptest.As(authz.Guest))
		w.Invite(seller.Actor, reseller, "new@northwind.example", apptest.As(authz.Guest))
		sees := func(by authz.Actor, id ids.Account) (out []string) {
			b, err := w.Outline.Children(t.Context(), by, id, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range b.Nodes {
				if n.Invited() {
					out = append(out, n.Name+" "+string(n.Role))
				}
			}
			return out
		}
		if diff := cmp.Diff([]string{"new@acme.example guest"}, sees(owner, deep)); diff != "" {
			t.Errorf("whom the department has invited (-want +got):\n%s", diff)
		}
		if got := sees(w.SignIn(support.Email).Actor(), reseller); got != nil {
			t.Errorf("who may not see people sees %s", got)
		}
		if h, err := w.Outline.Find(t.Context(), owner, acme, "new@"); err != nil || len(h.Nodes) != 1 || !h.Nodes[0].Invited() {
			t.Errorf("a search for somebody invited finds %v %v", h.Nodes, err)
		}
		if _, err := w.Outline.Children(t.Context(), owner, reseller, ""); errs.KindOf(err) != errs.NotFound {
			t.Errorf("TEN01 the account above = %v, want not found", err)
		}
	})
}

// TestJumpFindsWhatOneMayGoTo types names as people of several accounts do.
func TestJumpFindsWhatOneMayGoTo(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		reseller := w.Reseller(w.Platform, "Northwind")
		acme := w.Client(reseller, "Acme")
		w.Client(w.Platform, "Acorn")
		marketing := w.Department(acme, "Marketing of Acme")
		anna := w.Member(acme, "anna@acme.example", apptest.As(authz.Owner))
		ben := w.Member(marketing, "ben@acme.example", apptest.As(authz.User))
		former := w.Member(acme, "anton@acme.example", apptest.As(authz.Admin))
		seller := w.Member(reseller, "sam@northwind.example", apptest.As(authz.Owner))
		guest := w.Member(acme, "guest@acme.example", apptest.As(authz.Guest))
		for range 2 * 5 {
			w.Client(reseller, "Many")
		}
		if err := w.Users.Deactivate(t.Context(), w.Root, acme, former.Member); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			by   apptest.Person
			root ids.Account
			text string
			want []string
		}{
			"a client":                         {seller, reseller, "acm", []string{"Acme", "/Acme/Marketing of Acme"}},
			"a department of a client":         {seller, reseller, "marketing", []string{"/Acme/Marketing of Acme"}},
			"one's own people":                 {seller, reseller, "sam", []string{"Name of sam@northwind.example"}},
			"people of a client, by address":   {seller, reseller, "anna@", []string{"/Acme/Name of anna@acme.example"}},
			"people of a client are not named": {seller, reseller, "anna", nil},
			"a few of many":                    {seller, reseller, "many", []string{"Many", "Many", "Many", "Many", "Many"}},
			"not who was deactivated":          {anna, acme, "anton", nil},
			"departments and their people":     {anna, acme, "marketing", []string{"Marketing of Acme"}},
			"a person of a department":         {anna, acme, "ben", []string{"/Marketing of Acme/Name of ben@acme.example"}},
			"TEN01 nothing beside":             {seller, reseller, "acorn", nil},
			"nothing for those who see none":   {guest, acme, "marketing", nil},
			"nothing typed":                    {seller, reseller, " ", nil},
		} {
			found, err := w.Outline.Jump(t.Context(), w.SignIn(c.by.Email).Actor(), c.root, c.text)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var got []string
			for _, n := range rows(found) {
				if n.Path != "" {
					n.Path += "/"
				}
				got = append(got, n.Path+n.Name)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		if _, err := w.Outline.Jump(t.Context(), w.SignIn(ben.Email).Actor(), reseller, "acme"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("TEN01 the account above = %v, want not found", err)
		}
	})
}

func TestNodesAreNamedByAccountAndPerson(t *testing.T) {
	n := outline.Node{Account: ids.NewAccount(apptest.Start), Member: ids.NewMembership(apptest.Start)}
	at, who, err := outline.ParseRef(n.Ref())
	if err != nil || at != n.Account || who != n.Member {
		t.Errorf("ParseRef(%q) = %s, %s, %v", n.Ref(), at, who, err)
	}
	for _, bad := range []string{"", ".", "x", string(n.Account) + ".", string(n.Account) + ".x", string(n.Member)} {
		if _, _, err := outline.ParseRef(bad); errs.KindOf(err) != errs.NotFound {
			t.Errorf("ParseRef(%q) = %v, want not found", bad, err)
		}
	}
}
