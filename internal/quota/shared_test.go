package quota_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
)

// daily is emails per day.
func daily(n int64) quota.Grid {
	return quota.Grid{}.With(quota.Email, quota.Day, quota.Limit{Amount: n, Action: quota.Reject})
}

// sells makes a package of the reseller.
func (w market) sells(name string, n int64) ids.Package {
	w.t.Helper()
	id, err := w.Plans.Create(w.t.Context(), w.nils.Actor, w.north, plan.Input{Name: name, All: true, Sending: daily(n)})
	w.must(err)
	return id
}

// resell changes how much clients of a package send.
func (w market) resell(id ids.Package, n int64) error {
	w.t.Helper()
	p, err := w.Plans.Get(w.t.Context(), w.nils.Actor, w.north, id)
	w.must(err)
	return w.Plans.Edit(w.t.Context(), w.nils.Actor, w.north, id, p.Version, plan.Input{Name: p.Name, All: true, Sending: daily(n)})
}

// used is how many emails an account has sent on the day.
func (w market) used(on ids.Account) int64 {
	w.t.Helper()
	v, err := w.Quotas.View(w.t.Context(), w.Root, on, quota.Target{})
	w.must(err)
	return v.Rows[quota.Day].Used
}

func TestAPackageBindsItsClientsAtOnceButForWhatTheyHaveInstead(t *testing.T) {
	each(t, func(w market) {
		p := w.sells("Starter", 10)
		w.must(w.Accounts.Assign(t.Context(), w.nils.Actor, w.acme, p))
		got := w.send(w.amara.Actor, w.acme, "a", 11)
		if got.Outcome.Refused == nil || got.Outcome.Refused.Binding.Limit.Source != quota.FromPackage {
			t.Fatalf("%+v", got.Outcome.Refused)
		}
		w.must(w.resell(p, 20))
		if got := w.send(w.amara.Actor, w.acme, "b", 11); got.Outcome.Refused != nil {
			t.Errorf("an edit does not hold at once: %+v", got.Outcome.Refused)
		}
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, quota.Edit{Channel: quota.Email, Window: quota.Day, Limit: quota.Limit{Amount: 12}, LastDay: w.Clock.Now().Format("2006-01-02")}))
		w.must(w.resell(p, 500))
		if got := w.send(w.amara.Actor, w.acme, "c", 2); got.Outcome.Refused == nil || got.Outcome.Refused.Binding.Limit.Amount != 12 {
			t.Errorf("what it has instead does not hold: %+v", got.Outcome)
		}
		w.Clock.Advance(24 * 60 * 60 * 1e9)
		if got := w.send(w.amara.Actor, w.acme, "d", 400); got.Outcome.Refused != nil {
			t.Errorf("its last day is over: %+v", got.Outcome.Refused)
		}
		w.must(w.Accounts.Assign(t.Context(), w.nils.Actor, w.acme, ""))
		if got := w.send(w.amara.Actor, w.acme, "e", 4000); got.Outcome.Refused != nil {
			t.Errorf("without a package it is not limited: %+v", got.Outcome.Refused)
		}
		w.must(w.Plans.Delete(t.Context(), w.nils.Actor, w.north, p))
		if n := w.Count("quota_limits WHERE source = 'package'"); n != 0 {
			t.Errorf("%d limits of a package that is gone", n)
		}
	})
}

func TestQUO02SavingLimitsWritesNoUsage(t *testing.T) {
	each(t, func(w market) {
		p := w.sells("Starter", 100)
		w.must(w.Accounts.Assign(t.Context(), w.nils.Actor, w.acme, p))
		w.send(w.amara.Actor, w.acme, "a", 7)
		before := w.used(w.acme)
		w.must(w.resell(p, 5))
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, day(6)))
		w.must(w.Accounts.Assign(t.Context(), w.nils.Actor, w.acme, ""))
		if after := w.used(w.acme); before < 7 || after != before {
			t.Errorf("%d were used, and %d after limits were saved", before, after)
		}
	})
}

func TestSellersHandOutNoMoreThanTheyHaveByPackages(t *testing.T) {
	each(t, func(w market) {
		w.must(w.set(w.Root, w.north, quota.Target{}, day(1000)))
		_, err := w.Plans.Create(t.Context(), w.nils.Actor, w.north, plan.Input{Name: "Too large", All: true, Sending: daily(1001)})
		w.refused("a package above what its seller has", err, "quota.above_parent")
		p := w.sells("Half", 600)
		w.must(w.Accounts.Assign(t.Context(), w.nils.Actor, w.acme, p))
		w.refused("more than is left", w.Accounts.Assign(t.Context(), w.nils.Actor, w.bolt, p), "package.sends_more")
		w.refused("a limit beside the package of another", w.set(w.nils.Actor, w.bolt, quota.Target{}, day(401)), "quota.handed_out")
		w.must(w.set(w.nils.Actor, w.bolt, quota.Target{}, day(400)))
		w.refused("an edit that has the seller hand out more", w.resell(p, 601), "quota.package_handed_out")
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, day(100)))
		w.must(w.resell(p, 900)) // its only client has something else
		if n := w.Text("SELECT amount FROM quota_limits WHERE subject = ?", p); n != "900" {
			t.Errorf("the package holds %s", n)
		}
	})
}

func TestWhatComesAfterAnOverrideThatEndsIsNotFreeToGive(t *testing.T) {
	each(t, func(w market) {
		w.must(w.set(w.Root, w.north, quota.Target{}, day(1000)))
		p := w.sells("Half", 600)
		w.must(w.Accounts.Assign(t.Context(), w.nils.Actor, w.acme, p))
		today := w.Clock.Now().Format("2006-01-02")
		less := quota.Edit{Channel: quota.Email, Window: quota.Day, Limit: quota.Limit{Amount: 100}, LastDay: today}
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, less))
		w.refused("what the package gives again tomorrow", w.set(w.nils.Actor, w.bolt, quota.Target{}, day(401)), "quota.handed_out")
		w.must(w.set(w.nils.Actor, w.bolt, quota.Target{}, day(400)))
		w.refused("an edit of the package that it gives tomorrow", w.resell(p, 601), "quota.package_handed_out")
		whole := w.sells("Whole", 1000)
		w.refused("another package tomorrow", w.Accounts.Assign(t.Context(), w.nils.Actor, w.acme, whole), "package.sends_more")

		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, day(100))) // for good
		w.must(w.set(w.nils.Actor, w.bolt, quota.Target{}, day(900)))
		more := quota.Edit{Channel: quota.Email, Window: quota.Day, Limit: quota.Limit{Amount: 101}, LastDay: today}
		w.refused("more than is left, for a day", w.set(w.nils.Actor, w.acme, quota.Target{}, more), "quota.handed_out")
	})
}

func TestARoleGroupLimitsEachOfItsPeopleAlone(t *testing.T) {
	each(t, func(w market) {
		group, err := w.Roles.Create(t.Context(), w.amara.Actor, w.acme, role.Input{Name: "Senders", Perms: authz.SetOf(authz.MessagesSend, authz.CredentialsView, authz.CredentialsCreate, authz.QuotasView, authz.QuotasEdit, authz.RolesView, authz.RolesManage), Sending: daily(10)})
		w.must(err)
		one := w.Member(w.acme, "one@acme.example", apptest.As(authz.Role(group)))
		two := w.Member(w.acme, "two@acme.example", apptest.As(authz.Role(group)))
		by := func(p apptest.Person) authz.Actor {
			k, err := w.Through(w.Key(p, w.acme, authz.MessagesSend))
			w.must(err)
			return k
		}
		first, second := by(one), by(two)
		if got := w.send(first, w.acme, "a", 10); got.Outcome.Refused != nil {
			t.Fatalf("%+v", got.Outcome.Refused)
		}
		if got := w.send(first, w.acme, "b", 1); got.Outcome.Refused == nil || got.Outcome.Refused.Binding.Limit.Source != quota.FromRole {
			t.Errorf("%+v", got.Outcome)
		}
		if got := w.send(second, w.acme, "c", 10); got.Outcome.Refused != nil {
			t.Errorf("one counts for the other: %+v", got.Outcome.Refused)
		}
		w.must(w.set(w.amara.Actor, w.acme, quota.Target{Member: two.Member}, day(15)))
		if got := w.send(second, w.acme, "d", 5); got.Outcome.Refused != nil {
			t.Errorf("an override does not stand in for the group: %+v", got.Outcome.Refused)
		}

		w.refused("one's own limit", w.set(one.Actor, w.acme, quota.Target{Member: one.Member}, day(11)), "quota.above_yours")
		w.must(w.set(one.Actor, w.acme, quota.Target{Member: w.amara.Member}, day(11))) // who had none
		w.refused("somebody else's above one's own", w.set(one.Actor, w.acme, quota.Target{Member: w.amara.Member}, day(12)), "quota.above_yours")
		w.refused("no limit for somebody who has one", w.set(one.Actor, w.acme, quota.Target{Member: two.Member}, day(quota.Unlimited)), "quota.above_yours")
		g, err := w.Roles.Get(t.Context(), one.Actor, w.acme, group)
		w.must(err)
		w.refused("one's own group", w.Roles.Edit(t.Context(), one.Actor, w.acme, group, g.Version, role.Input{Name: g.Name, Perms: g.Perms, Sending: daily(11)}), "quota.above_yours")
		w.refused("one's own group without a limit", w.Roles.Edit(t.Context(), one.Actor, w.acme, group, g.Version, role.Input{Name: g.Name, Perms: g.Perms}), "quota.above_yours")
		w.must(w.Roles.Edit(t.Context(), one.Actor, w.acme, group, g.Version, role.Input{Name: g.Name, Perms: g.Perms, Sending: daily(9)}))
	})
}

func TestPackagesAreListedFromTheSmallestToTheLargest(t *testing.T) {
	each(t, func(w market) {
		w.sells("A large one", 900)
		_, err := w.Plans.Create(t.Context(), w.nils.Actor, w.north, plan.Input{Name: "All one can send", All: true})
		w.must(err)
		w.sells("B small", 10)
		w.sells("C small", 10)
		all, err := w.Plans.List(t.Context(), w.nils.Actor, w.north)
		w.must(err)
		var names []string
		for _, p := range all {
			names = append(names, p.Name)
		}
		if diff := cmp.Diff([]string{"B small", "C small", "A large one", "All one can send"}, names); diff != "" {
			t.Error(diff)
		}
	})
}
