package tuning_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/policy"
	"bailiwick/internal/tuning"
	"bailiwick/internal/user/usertest"
)

type world struct {
	*usertest.World
	*tuning.Service
	t *testing.T
}

func each(t *testing.T, fn func(w *world)) {
	at := clock.NewFake(usertest.Start)
	dbtest.EachAt(t, at.Now, func(t *testing.T, d *db.DB) {
		w := usertest.New(t, d)
		s, err := tuning.NewService(w.Op, []tuning.Group{
			{Tab: tuning.Settings, Name: "membership", Keys: account.Membership()},
			{Tab: tuning.Security, Name: "sessions", Keys: policy.Sessions()},
		})
		if err != nil {
			t.Fatal(err)
		}
		fn(&world{w, s, t})
	})
}

func (w *world) view(by authz.Actor, at ids.Account, tab tuning.Tab) tuning.Page {
	w.t.Helper()
	p, err := w.View(w.t.Context(), by, at, tab)
	if err != nil {
		w.t.Fatalf("view %s of %s: %v", tab, at, err)
	}
	return p
}

func (w *world) field(by authz.Actor, at ids.Account, name string) tuning.Field {
	w.t.Helper()
	for _, tab := range []tuning.Tab{tuning.Settings, tuning.Security} {
		for _, f := range w.view(by, at, tab).Fields() {
			if f.Name == name {
				return f
			}
		}
	}
	w.t.Fatalf("no setting %s on %s", name, at)
	return tuning.Field{}
}

func tabOf(name string) tuning.Tab {
	if name == "session.idle_minutes" || name == "session.absolute_hours" {
		return tuning.Security
	}
	return tuning.Settings
}

func (w *world) save(by authz.Actor, at ids.Account, name string, e tuning.Edit) error {
	w.t.Helper()
	tab := tabOf(name)
	return w.Save(w.t.Context(), by, at, tab, w.view(by, at, tab).Version, map[string]tuning.Edit{name: e})
}

func set(value string) tuning.Edit  { return tuning.Edit{Value: json.RawMessage(value)} }
func lock(value string) tuning.Edit { return tuning.Edit{Value: json.RawMessage(value), Locked: true} }

func (w *world) want(err error, code string) {
	w.t.Helper()
	if errs.CodeOf(err) != code {
		w.t.Errorf("got %v, want %q", err, code)
	}
}

const idle = "session.idle_minutes"

func TestAValueGoesDownTheTreeAndSaysWhereItIsFrom(t *testing.T) {
	each(t, func(w *world) {
		f := w.field(w.Owner.Actor, w.Department, idle)
		if !f.From.IsDefault() || f.Own != nil || !f.CanEdit {
			t.Errorf("before: %+v", f)
		}
		w.want(w.save(w.Seller.Actor, w.Reseller, idle, set("60")), "")
		f = w.field(w.Seller.Actor, w.Department, idle)
		if string(f.Value) != "60" || f.From.Name != "Reseller" || f.From.Depth != 2 {
			t.Errorf("seen by the reseller: %s from %+v", f.Value, f.From)
		}
		w.want(w.save(w.Owner.Actor, w.Customer, idle, set("30")), "")
		f = w.field(w.Owner.Actor, w.Customer, idle)
		if string(f.Value) != "30" || string(f.Own) != "30" || string(f.Above) != "60" {
			t.Errorf("set here: %s, own %s, above %s", f.Value, f.Own, f.Above)
		}
		w.want(w.save(w.Owner.Actor, w.Customer, idle, tuning.Edit{Inherit: true}), "")
		if f = w.field(w.Owner.Actor, w.Customer, idle); string(f.Value) != "60" || f.Own != nil {
			t.Errorf("reset: %s, own %s", f.Value, f.Own)
		}
		if logged := w.logged(w.Customer); !cmp.Equal(logged, []string{"setting.changed", "setting.reset"}) {
			t.Error("the log has", logged)
		}
	})
}

func (w *world) logged(at ids.Account) []string {
	w.t.Helper()
	out, err := db.All(w.t.Context(), w.DB, db.Value[string], "SELECT action FROM audit_events WHERE account_id = ? AND target_type = 'setting' ORDER BY action", at)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestALockStopsWhatIsBelow(t *testing.T) {
	each(t, func(w *world) {
		w.want(w.save(w.Owner.Actor, w.Department, idle, set("20")), "")
		b, err := w.Below(t.Context(), w.Seller.Actor, w.Reseller, tuning.Security, idle)
		if err != nil || b.Accounts != 3 || b.Own != 1 {
			t.Errorf("%+v %v", b, err)
		}
		w.want(w.save(w.Seller.Actor, w.Reseller, idle, lock("60")), "")
		f := w.field(w.Owner.Actor, w.Department, idle)
		if string(f.Value) != "60" || !f.From.LockedAbove() || f.CanEdit || string(f.Own) != "20" {
			t.Errorf("%s %+v, own %s", f.Value, f.From, f.Own)
		}
		w.want(w.save(w.Owner.Actor, w.Customer, idle, set("10")), "setting.locked")
		w.want(w.save(w.Seller.Actor, w.Reseller, idle, set("60")), "")
		if f := w.field(w.Owner.Actor, w.Department, idle); string(f.Value) != "20" {
			t.Errorf("unlocked: %s", f.Value)
		}
	})
}

func TestTheParentsSettingsAreNotTheAccountsOwn(t *testing.T) {
	each(t, func(w *world) {
		const grace = "account.grace_days"
		if f := w.field(w.Owner.Actor, w.Customer, grace); f.CanEdit || !f.ParentField {
			t.Errorf("%+v", f)
		}
		w.want(w.save(w.Owner.Actor, w.Customer, grace, set("300")), "setting.parents")
		w.want(w.save(w.Seller.Actor, w.Customer, grace, set("14")), "")
		w.want(w.save(w.Seller.Actor, w.Reseller, grace, set("14")), "setting.parents")
		w.want(w.save(w.Root.Actor, w.Platform, grace, set("10")), "")
		if f := w.field(w.Owner.Actor, w.Customer, grace); string(f.Value) != "14" {
			t.Errorf("%s", f.Value)
		}
	})
}

func TestASaveIsWholeOrNothing(t *testing.T) {
	each(t, func(w *world) {
		page := w.view(w.Owner.Actor, w.Customer, tuning.Security)
		err := w.Save(t.Context(), w.Owner.Actor, w.Customer, tuning.Security, page.Version, map[string]tuning.Edit{
			idle: set("30"), "session.absolute_hours": set("0"), "no.such": set("1"),
		})
		var e *errs.Error
		if !errors.As(err, &e) || len(e.Fields) != 2 {
			t.Errorf("%v", err)
		}
		if f := w.field(w.Owner.Actor, w.Customer, idle); f.Own != nil {
			t.Error("half of it was saved")
		}
		for name, value := range map[string]string{"text": `"x"`, "null": "null", "broken": "{", "too much": "99999999"} {
			if err := w.save(w.Owner.Actor, w.Customer, idle, set(value)); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.want(w.save(w.Owner.Actor, w.Customer, idle, set("30")), "")
		err = w.Save(t.Context(), w.Owner.Actor, w.Customer, tuning.Security, page.Version, map[string]tuning.Edit{idle: set("45")})
		var stale *tuning.Stale
		if w.want(err, "setting.stale"); !errors.As(err, &stale) || stale.Theirs.Version == page.Version {
			t.Errorf("%v", err)
		}
		if got := w.logged(w.Customer); len(got) != 1 {
			t.Error("the log has", got)
		}
	})
}

func TestWhoIsOutOfSightLearnsNothing(t *testing.T) {
	each(t, func(w *world) {
		for _, tab := range []tuning.Tab{tuning.Settings, tuning.Security, "no such tab"} {
			_, err := w.View(t.Context(), w.OtherOwner.Actor, w.Customer, tab)
			if errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: %v", tab, err)
			}
		}
		w.want(w.save(w.Seller.Actor, w.Reseller, idle, lock("60")), "")
		f := w.field(w.Owner.Actor, w.Customer, idle)
		if f.From.Name != "Reseller" {
			t.Errorf("the customer knows its reseller: %+v", f.From)
		}
		w.want(w.save(w.Seller.Actor, w.Reseller, idle, tuning.Edit{Inherit: true}), "")
		w.want(w.save(w.Root.Actor, w.Platform, idle, set("50")), "")
		if f := w.field(w.Owner.Actor, w.Customer, idle); f.From.Name != "" || string(f.Value) != "50" {
			t.Errorf("who stands behind the reseller stays unknown: %+v", f.From)
		}
	})
}

func TestValuesAreAppliedBelowInOneStep(t *testing.T) {
	each(t, func(w *world) {
		w.want(w.save(w.Seller.Actor, w.Reseller, idle, set("45")), "")
		names, apply := []string{idle}, func(to ...ids.Account) error {
			return w.Apply(t.Context(), w.Seller.Actor, w.Reseller, tuning.Security, []string{idle}, to)
		}
		w.want(apply(w.Customer, w.Platform), "account.not_found")
		w.want(apply(w.Reseller), "account.not_found")
		w.want(w.Apply(t.Context(), w.Owner.Actor, w.Customer, tuning.Security, names, []ids.Account{w.Other}), "account.not_found")
		w.want(w.Apply(t.Context(), w.Seller.Actor, w.Reseller, tuning.Security, nil, []ids.Account{w.Customer}), "setting.choose")
		w.want(apply(), "setting.choose_accounts")
		if f := w.field(w.Owner.Actor, w.Customer, idle); f.Own != nil {
			t.Error("a refused step left something behind")
		}
		w.want(apply(w.Customer, w.Department), "")
		for _, at := range []ids.Account{w.Customer, w.Department} {
			if f := w.field(w.Owner.Actor, at, idle); string(f.Own) != "45" {
				t.Errorf("%s: %s", at, f.Own)
			}
		}
		w.want(apply(w.Customer, w.Department), "")
		if got := w.logged(w.Customer); len(got) != 1 {
			t.Error("nothing changed the second time, and the log has", got)
		}
		c, err := w.Compare(t.Context(), w.Seller.Actor, w.Customer, w.Other, tuning.Security)
		if err != nil || len(c.Pairs) != 2 || !c.Pairs[0].Same || string(c.Pairs[0].One.Own) != "45" {
			t.Errorf("%+v %v", c.Pairs, err)
		}
	})
}
