package subaccount_test

import (
	"testing"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/user"
	"bailiwick/internal/user/usertest"
)

func TestSubAccounts(t *testing.T) {
	at := clock.NewFake(usertest.Start)
	dbtest.EachAt(t, at.Now, func(t *testing.T, d *db.DB) {
		w := usertest.New(t, d)
		s := subaccount.NewService(w.Op)
		ctx, owner := t.Context(), w.Owner.Actor
		want := func(err error, code string) {
			t.Helper()
			if errs.CodeOf(err) != code {
				t.Errorf("got %v, want %q", err, code)
			}
		}
		in := func(name string) subaccount.Input { return subaccount.Input{Name: name, Purpose: subaccount.Marketing} }

		news, err := s.Create(ctx, owner, w.Customer, in("news"))
		want(err, "")
		dept, err := s.Create(ctx, owner, w.Department, in("dept-mail"))
		want(err, "")
		_, err = s.Create(ctx, owner, w.Department, in("news"))
		want(err, "subaccount.name_taken")
		_, err = s.Create(ctx, w.OtherOwner.Actor, w.Other, in("news"))
		want(err, "")
		_, err = s.Create(ctx, w.Seller.Actor, w.Reseller, in("news"))
		want(err, "subaccount.no_customer")
		for _, bad := range []string{"", "a", "Upper", "with space", "dot.ted", "ütf"} {
			_, err = s.Create(ctx, owner, w.Customer, in(bad))
			want(err, "subaccount.name_form")
		}

		p, err := s.List(ctx, owner, w.Customer, subaccount.Query{})
		if err != nil || len(p.SubAccounts) != 2 || p.SubAccounts[0].AccountName != "Marketing" {
			t.Errorf("%+v, %v", p, err)
		}
		p, err = s.List(ctx, owner, w.Department, subaccount.Query{Search: "DEPT"})
		if err != nil || len(p.SubAccounts) != 1 {
			t.Errorf("%+v, %v", p, err)
		}
		want(s.Edit(ctx, owner, w.Customer, news, 2, in("letters")), "subaccount.stale")
		want(s.Edit(ctx, owner, w.Customer, news, 1, in("letters")), "")
		want(s.Suspend(ctx, owner, w.Customer, news), "")
		want(s.Suspend(ctx, owner, w.Customer, news), "")
		want(s.Move(ctx, owner, w.Customer, news, w.Department), "")
		want(s.Move(ctx, owner, w.Customer, news, w.Other), "subaccount.move_target")

		// TEN01: another customer's sub-account does not exist.
		want(s.Edit(ctx, w.OtherOwner.Actor, w.Other, news, 1, in("mine")), "subaccount.not_found")
		_, err = s.Get(ctx, w.OtherOwner.Actor, w.Other, news)
		want(err, "subaccount.not_found")

		one := w.Member(w.Customer, "one@acme.example", user.Access{Role: authz.User, Perms: authz.ModuleSet("subaccounts"), Subs: []ids.SubAccount{dept}})
		p, err = s.List(ctx, one.Actor, w.Customer, subaccount.Query{})
		if err != nil || len(p.SubAccounts) != 1 || p.SubAccounts[0].ID != dept {
			t.Errorf("a person limited to one sub-account sees %+v, %v", p, err)
		}
		_, err = s.Get(ctx, one.Actor, w.Customer, news)
		want(err, "subaccount.not_found")
		want(s.Suspend(ctx, one.Actor, w.Customer, news), "subaccount.not_found")
		_, err = s.Create(ctx, one.Actor, w.Customer, in("more"))
		want(err, "subaccount.limited")

		want(s.Remove(ctx, owner, w.Customer, news, "news"), "subaccount.type_name")
		want(s.Remove(ctx, owner, w.Customer, news, "letters"), "")
		_, err = s.Get(ctx, owner, w.Customer, news)
		want(err, "subaccount.not_found")
	})
}
