package authz

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"bailiwick/internal/ids"
)

// naive answers the same question as Decide, straight from the words of the product: walk the chain, and for each
// grant ask whether the account it stands on lets it work. It is slow, plain and kept as the oracle.
func naive(f Facts, p Perm) (allowed, above, seen bool) {
	for i, l := range f.Chain {
		if l.Role == "" {
			continue
		}
		held, closed := false, false
		for _, up := range f.Chain[:i+1] {
			held = held || up.Held
			closed = closed || up.Closed
		}
		may := func(p Perm) bool {
			for _, up := range f.Chain[:i+1] { // a package binds everyone at its account and below
				if up.Bound && !up.Sold.Has(p) {
					return false
				}
			}
			if closed {
				if l.Role != Owner {
					return false
				}
				return naiveRole(l, p) && (p.Action() == "export" && !slices.Contains(ofOperator, p) || slices.Contains([]Perm{"account.view", "account.close", "clients.view", "departments.view"}, p))
			}
			if held {
				looking := slices.Contains([]string{"view", "export", "view_bounces", "view_body", "view_full", "view_draft"}, p.Action())
				paying := p.Module() == "pricing" || p.Module() == "payments"
				return naiveRole(l, p) && (looking || paying)
			}
			return naiveRole(l, p)
		}
		if !slices.ContainsFunc(asked, may) {
			continue
		}
		seen = true
		if may(p) {
			allowed = true
			above = above || i < len(f.Chain)-1
		}
	}
	return allowed, above, seen
}

// The operator's own permissions that the tests ask for, beside the built-in ones.
var (
	ofOperator = []Perm{"campaigns.view", "campaigns.view_draft", "campaigns.export", "campaigns.send", "voice.view", "voice.call"}
	asked      = append(Perms(), ofOperator...)
)

func naiveRole(l Link, p Perm) bool {
	if slices.Contains(ofOperator, p) {
		return l.Role == Owner || l.Role == Admin || l.Role == User && l.Extra.Has(p) || l.Role.IsGroup() && l.Group.Has(p)
	}
	if p == AccountView {
		return true
	}
	if p.Module() == "profile" {
		return false // a key's alone
	}
	billing := p.Module() == "pricing" || p.Module() == "payments"
	ticked := l.Extra.Has(p)
	anyone := slices.Contains([]string{"locations", "subaccounts", "credentials", "messages", "contacts", "suppressions", "reports"}, p.Module())
	switch {
	case p == MessagesViewBody:
		return ticked && l.Role != Guest && l.Role != Support
	case l.Role == Owner:
		return true
	case l.Role == Admin:
		return p.Module() != "account" && (!billing || ticked)
	case l.Role == User:
		return anyone && ticked
	case l.Role == Guest:
		return false
	case l.Role == Support:
		return ticked && slices.Contains([]Perm{"clients.view", "clients.suspend", "resellers.view", "departments.view", "users.view", "reports.view", "reports.view_bounces",
			"support.act_as", "support.approve_clients", "support.approve_senders"}, p)
	}
	return p.Module() != "account" && !billing && l.Group.Has(p)
}

func anySet(t *rapid.T, label string) Set {
	return SetOf(rapid.SliceOfN(rapid.SampledFrom(asked), 0, 12).Draw(t, label)...)
}

func anyFacts(t *rapid.T) Facts {
	var f Facts
	for i := range rapid.IntRange(1, 8).Draw(t, "depth") {
		l := Link{
			Account: ids.Account(rune('a' + i)),
			Held:    rapid.IntRange(0, 4).Draw(t, "held") == 0,
			Closed:  rapid.IntRange(0, 6).Draw(t, "closed") == 0,
		}
		if rapid.IntRange(0, 3).Draw(t, "package") == 0 {
			l.Package, l.PackageName, l.Bound = "pkg_x", "Starter", true
			l.Sold = Sold(anySet(t, "sold"))
		}
		if rapid.Bool().Draw(t, "granted") {
			l.Membership = ids.Membership("m" + string(rune('a'+i)))
			l.Role = rapid.SampledFrom(append(BuiltIn(), "rol_x")).Draw(t, "role")
			l.Extra, l.Group = anySet(t, "extra"), anySet(t, "group")
			l.AllSubs = rapid.Bool().Draw(t, "allSubs")
		}
		f.Chain = append(f.Chain, l)
	}
	return f
}

func TestDecideAgreesWithTheNaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		sc, seen := Decide(f)
		for _, p := range asked {
			allowed, above, nseen := naive(f, p)
			if seen != nseen || sc.Has(p) != allowed || sc.HeldAbove(p) != above {
				t.Fatalf("%s: Decide says seen %v, allowed %v, above %v; the model says %v, %v, %v\n%+v", p, seen, sc.Has(p), sc.HeldAbove(p), nseen, allowed, above, f.Chain)
			}
			if x := ExplainFacts(f, p, "here"); x.Allowed != allowed {
				t.Fatalf("%s: explained as %v", p, x.Allowed)
			}
		}
	})
}

// A grant never lifts the receiver above the giver: what the receiver ends with, the giver holds, but for the Owner
// made from above and the bodies an Owner may hand out.
func TestGrantMatrixNobodyGivesWhatTheyDoNotHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		sc, seen := Decide(f)
		g := Grant{rapid.SampledFrom(append(BuiltIn(), "rol_x")).Draw(t, "given"), anySet(t, "ticked"), anySet(t, "groupset"), rapid.Bool().Draw(t, "all sub-accounts")}
		err := sc.MayGive(g)
		if !seen && err == nil && g.Role != "" {
			t.Fatalf("a stranger may give %v", g)
		}
		if err != nil || g.Role == Owner && sc.HeldAbove(ClientsCreate) {
			return
		}
		for _, p := range asked {
			for _, l := range f.Chain {
				if l.Bound && !l.Sold.Has(p) { // the receiver does not get it either, while the package stays as it is
					p = AccountView
				}
			}
			if g.Set().Has(p) && !sc.Has(p) && (p != MessagesViewBody || !sc.ownerHere) {
				t.Fatalf("%v was given and includes %s, which the giver lacks", g.Role, p)
			}
		}
	})
}

// Who does not cover every sub-account neither gives that nor manages who does. A grant that only lets somebody in
// covers none.
func TestReachIsPartOfRank(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		sc, seen := Decide(f)
		all := false
		for i, l := range f.Chain {
			held, closed := false, false
			for _, up := range f.Chain[:i+1] {
				held, closed = held || up.Held, closed || up.Closed
			}
			st := standing{held: held, closed: closed}
			all = all || l.Role != "" && l.AllSubs && inForce(l, st).Without(home) != Set{}
		}
		if sc.AllSubs() != (seen && all) {
			t.Fatalf("covers all: %v, the model says %v\n%+v", sc.AllSubs(), all, f.Chain)
		}
		g := Grant{rapid.SampledFrom(append(BuiltIn(), "rol_x")).Draw(t, "given"), anySet(t, "ticked"), anySet(t, "groupset"), true}
		if all || g.Set().Without(home).Empty() || g.Role == Owner && sc.HeldAbove(ClientsCreate) {
			return
		}
		if sc.MayGive(g) == nil || sc.MayTake(g) == nil || sc.MayManage(g) == nil {
			t.Fatalf("somebody limited to single sub-accounts reaches %+v", g)
		}
	})
}

// When a package is replaced by a greater one, nobody holds more than who gave them their role: what somebody may give is
// measured without the package.
func TestGrantMatrixAGreaterPackageLiftsNobodyAboveTheirGiver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		sc, _ := Decide(f)
		g := Grant{rapid.SampledFrom(append(BuiltIn(), "rol_x")).Draw(t, "given"), anySet(t, "ticked"), anySet(t, "groupset"), false}
		if sc.MayGive(g) != nil || g.Role == Owner && sc.HeldAbove(ClientsCreate) {
			return
		}
		for i := range f.Chain {
			f.Chain[i].Bound = false
		}
		later, _ := Decide(f)
		for _, p := range asked {
			if g.Set().Has(p) && !later.Has(p) && p != MessagesViewBody {
				t.Fatalf("%v includes %s, which the giver lacks without the packages", g.Role, p)
			}
		}
	})
}

func TestAPackageBindsItsPeopleAndNobodyAbove(t *testing.T) {
	starter := Link{Account: "c", Kind: "customer", Bound: true, PackageName: "Starter", Sold: Sold(ModuleSet("locations"))}
	at := func(role Role, on int) (Scope, Facts) {
		f := Facts{Chain: []Link{{Account: "r"}, starter, {Account: "d"}}}
		f.Chain[on].Role, f.Chain[on].AllSubs = role, true
		sc, _ := Decide(f)
		return sc, f
	}
	for _, c := range []struct {
		who  string
		role Role
		on   int
		perm Perm
		want bool
	}{
		{"the Owner has what is sold", Owner, 1, LocationsEdit, true},
		{"the Owner has not what is withheld", Owner, 1, SubAccountsView, false},
		{"the Owner goes on having what no package withholds", Owner, 1, UsersInvite, true},
		{"an Admin of a department is bound too", Admin, 2, SubAccountsView, false},
		{"people from above are not bound", Admin, 0, SubAccountsView, true},
	} {
		sc, f := at(c.role, c.on)
		if sc.Has(c.perm) != c.want {
			t.Errorf("%s: %v", c.who, !c.want)
		}
		if x := ExplainFacts(f, c.perm, "d"); !c.want {
			if e := x.Refusal(); e.Error() != "auth.package_withholds: Ask your provider for another package. Starter does not include this." {
				t.Errorf("%s: %v", c.who, e)
			}
		}
	}
	sc, _ := at(Owner, 1)
	if err := sc.MayGive(Grant{Role: Admin, AllSubs: true}); err != nil {
		t.Errorf("the Owner may not make an Admin: %v", err)
	}
}

func TestTheZeroScopeSeesNothing(t *testing.T) {
	var sc Scope
	for name, f := range map[string]func(string) (string, []any){"Down": sc.Down, "Here": sc.Here, "Up": sc.Up, "Sub": sc.Sub} {
		if cond, args := f("id"); cond != "1 = 0" || args != nil {
			t.Errorf("%s yields %q %v", name, cond, args)
		}
	}
	if sc.Has(AccountView) || sc.InSight() != nil {
		t.Error("the zero Scope holds something")
	}
}

func TestNoRoleReadsMessageBodiesAtTheStart(t *testing.T) {
	for _, r := range append(BuiltIn(), "rol_x") {
		if RoleSet(r, Set{}, SetOf(Perms()...)).Has(MessagesViewBody) {
			t.Errorf("%s reads bodies", r)
		}
	}
	var admin Scope
	admin.perms, admin.whole = ownerSet, ownerSet
	if admin.MayGive(Grant{Role: User, Extra: viewBody.Union(SetOf("messages.view"))}) == nil {
		t.Error("one who is not an Owner of the account gave message bodies")
	}
}

func TestSetsSurviveStorage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySet(t, "set")
		got, err := DecodeSet(s.Encode())
		if err != nil || got != s {
			t.Fatalf("%v became %v, %v", s.List(), got.List(), err)
		}
	})
	if _, err := DecodeSet("{"); err == nil {
		t.Error("broken JSON was read")
	}
	if got, err := DecodeSet(`["clients.view","clients.fly","Retired.view","retired"]`); err != nil || got != SetOf(ClientsView) {
		t.Errorf("an unknown name gave %v, %v", got.List(), err)
	}
}

func BenchmarkDecide(b *testing.B) {
	f := Facts{Chain: []Link{{Account: "p"}, {Account: "r", Role: Admin, AllSubs: true}, {Account: "c"}, {Account: "d", Role: User, Extra: userSet}}}
	for b.Loop() {
		Decide(f)
	}
}
