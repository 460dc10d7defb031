package tuning_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/tuning"
)

// TestWhatIsMadeNextHasWhatItIsShownWith compares the page of an account that is not made yet with the one that it has then.
func TestWhatIsMadeNextHasWhatItIsShownWith(t *testing.T) {
	each(t, func(w *world) {
		const grace = "account.grace_days"
		w.want(w.save(w.Root.Actor, w.Platform, grace, lock("10")), "")
		w.want(w.save(w.Seller.Actor, w.Reseller, idle, set("60")), "")
		w.want(w.save(w.Owner.Actor, w.Customer, idle, lock("30")), "")
		for _, c := range []struct {
			by     authz.Actor
			parent ids.Account
			kind   string
		}{
			{w.Root.Actor, w.Platform, "reseller"}, {w.Root.Actor, w.Reseller, "customer"}, {w.Seller.Actor, w.Reseller, "customer"},
			{w.Seller.Actor, w.Customer, "department"}, {w.Owner.Actor, w.Customer, "department"}, {w.Owner.Actor, w.Department, "department"},
		} {
			made := w.Account(c.parent, c.kind, "Made by "+string(c.by.User()))
			for _, tab := range []tuning.Tab{tuning.Settings, tuning.Security} {
				shown, err := w.ViewNew(t.Context(), c.by, c.parent, c.kind, tab)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(w.view(c.by, made, tab), shown, cmpopts.IgnoreFields(tuning.Page{}, "Account", "Name")); diff != "" {
					t.Errorf("%s of a %s in %s:\n%s", tab, c.kind, c.parent, diff)
				}
			}
		}
		_, err := w.ViewNew(t.Context(), w.OtherOwner.Actor, w.Customer, "department", tuning.Security)
		w.want(err, "account.not_found")
		_, err = w.ViewNew(t.Context(), w.Owner.Actor, w.Customer, "department", "no such tab")
		w.want(err, "setting.not_found")
	})
}

// TestSavingInAWriteKeepsTheRules saves within a write what Save would, and is refused what Save is.
func TestSavingInAWriteKeepsTheRules(t *testing.T) {
	each(t, func(w *world) {
		in := func(by authz.Actor, p authz.Perm, tab tuning.Tab, edits map[string]tuning.Edit) error {
			return w.Op.Write(t.Context(), by, p, w.Customer, func(ctx context.Context, x *op.W) error { return w.SaveIn(ctx, x, tab, edits) })
		}
		w.want(w.save(w.Seller.Actor, w.Reseller, idle, set("60")), "")
		w.want(in(w.Owner.Actor, authz.SecurityEdit, tuning.Security, map[string]tuning.Edit{idle: set("90")}), "setting.laxer")
		w.want(in(w.Owner.Actor, authz.SettingsEdit, tuning.Settings, map[string]tuning.Edit{"account.grace_days": set("5")}), "setting.parents")
		w.want(in(w.Seller.Actor, authz.SettingsEdit, tuning.Settings, map[string]tuning.Edit{"account.grace_days": set("5")}), "")
		w.want(in(w.Owner.Actor, authz.SecurityEdit, tuning.Security, map[string]tuning.Edit{idle: set("30"), "no.such": {Value: json.RawMessage("1")}}), "setting.unknown")
		w.want(in(w.Owner.Actor, authz.SecurityEdit, tuning.Security, map[string]tuning.Edit{idle: set("30")}), "")
		if f := w.field(w.Owner.Actor, w.Customer, idle); string(f.Own) != "30" {
			t.Errorf("%s is stored", f.Own)
		}
		if err := in(w.Owner.Actor, authz.SecurityEdit, "no such tab", nil); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
	})
}
