package authz

import (
	"testing"

	"pgregory.net/rapid"
)

// roleSets draws sets as they come about: unions and intersections of what roles hold and what is ticked.
func roleSets(t *rapid.T, label string) Set {
	s := anySet(t, label)
	for range rapid.IntRange(0, 3).Draw(t, label+" steps") {
		other := rapid.SampledFrom([]Set{ownerSet, adminSet, groupSet, userSet, supportSet, readOnly, closedOwner, operators, anySet(t, label+" other")}).Draw(t, label+" with")
		if rapid.Bool().Draw(t, label+" widen") {
			s = s.Union(other)
		} else {
			s = s.Intersect(other)
		}
	}
	return s
}

func TestSetsUniteAndNarrowOperatorPermissionsLikeBuiltInOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := roleSets(t, "a"), roleSets(t, "b")
		union, both, left := a.Union(b), a.Intersect(b), a.Without(b)
		lacks := false
		for _, p := range asked {
			if union.Has(p) != (a.Has(p) || b.Has(p)) || both.Has(p) != (a.Has(p) && b.Has(p)) {
				t.Fatalf("%s: a %v, b %v, union %v, both %v", p, a.Has(p), b.Has(p), union.Has(p), both.Has(p))
			}
			if a.Has(p) && !b.Has(p) && !left.Has(p) || left.Has(p) && !a.Has(p) {
				t.Fatalf("%s: a %v, b %v, a without b %v", p, a.Has(p), b.Has(p), left.Has(p))
			}
			lacks = lacks || a.Has(p) && !b.Has(p)
		}
		if lacks && b.Covers(a) {
			t.Fatalf("%v covers %v", b, a)
		}
		if union != b.Union(a) || both != b.Intersect(a) || !union.Covers(a) || !a.Covers(both) {
			t.Fatalf("the order matters: %v %v", a, b)
		}
	})
}

func TestOnlyWholeRolesHoldPermissionsYetToCome(t *testing.T) {
	for _, c := range []struct {
		name string
		set  Set
		want bool
	}{
		{"Owner", RoleSet(Owner, Set{}, Set{}), true},
		{"Admin", RoleSet(Admin, Set{}, Set{}), true},
		{"User", RoleSet(User, SetOf("voice.view"), Set{}), false},
		{"User who ticked it", RoleSet(User, SetOf("campaigns.send"), Set{}), true},
		{"Support", RoleSet(Support, SetOf("campaigns.send"), Set{}), false},
		{"Guest", RoleSet(Guest, SetOf("campaigns.send"), Set{}), false},
		{"a role group with it", RoleSet("rol_x", Set{}, SetOf("campaigns.send")), true},
		{"a role group without", RoleSet("rol_x", SetOf("campaigns.send"), SetOf("voice.view")), false},
	} {
		if c.set.Has("campaigns.send") != c.want {
			t.Errorf("%s: %v, want %v", c.name, !c.want, c.want)
		}
	}
	var giver Scope
	giver.whole = RoleSet("rol_x", Set{}, SetOf(groupSet.List()...).Union(SetOf(asked...)))
	if giver.MayGive(Grant{Role: Admin}) == nil {
		t.Error("one who holds what there is today gave a role that also holds what comes tomorrow")
	}
	if err := giver.MayGive(Grant{Role: User, Extra: SetOf("campaigns.send")}); err != nil {
		t.Error(err)
	}
}

func TestOperatorPermissionsHaveStrictNames(t *testing.T) {
	for p, want := range map[Perm]bool{
		"campaigns.send": true, "a1.view": true, "a_b.c_d": true,
		"clients.fly": false, "Campaigns.send": false, "campaigns": false, "campaigns.": false, ".send": false, "campaigns.a.b": false,
		"c.view": false, "1a.view": false, "camp aigns.view": false, "campaigns.se,nd": false, "": false,
		Perm("m2345678901234567890123456789012.view"): true, Perm("m23456789012345678901234567890123.view"): false,
	} {
		if p.Own() != want || (SetOf(p) != Set{}) != want || Everything().Has(p) != want {
			t.Errorf("%q: %v, want %v", p, p.Own(), want)
		}
	}
}

func TestAskingForAPermissionAllocatesNothing(t *testing.T) {
	s := SetOf(asked...).Union(viewBody)
	for _, p := range []Perm{ClientsView, "voice.view", "campaigns.send", "voice.none"} {
		if n := testing.AllocsPerRun(100, func() { s.Has(p) }); n != 0 {
			t.Errorf("%s: %v allocations", p, n)
		}
	}
}
