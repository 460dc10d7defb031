package role_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
	"bailiwick/internal/user"
	"bailiwick/internal/user/usertest"
)

type world struct {
	*usertest.World
	*role.Service
	t *testing.T
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	at := clock.NewFake(usertest.Start)
	dbtest.EachAt(t, at.Now, func(t *testing.T, d *db.DB) {
		w := usertest.New(t, d)
		fn(t, &world{w, role.NewService(w.Op), t})
	})
}

func (w *world) wantCode(err error, code string) {
	w.t.Helper()
	if errs.CodeOf(err) != code {
		w.t.Errorf("got %v, want %q", err, code)
	}
}

func input(name string, perms ...authz.Perm) role.Input {
	return role.Input{Name: name, Perms: authz.SetOf(perms...)}
}

func TestAGroupIsUsableWhereItIsDefinedAndBelow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id, err := w.Create(t.Context(), w.Seller.Actor, w.Reseller, input(" Support desk ", "users.view", "reports.view"))
		if err != nil {
			t.Fatal(err)
		}
		g, err := w.Service.Get(t.Context(), w.Owner.Actor, w.Customer, id)
		if err != nil || g.Name != "Support desk" || g.AccountName != "" || !g.Inherited(w.Customer) {
			t.Errorf("%+v, %v", g, err)
		}
		_, err = w.Service.Get(t.Context(), w.Root.Actor, w.Platform, id)
		w.wantCode(err, "role.not_found")
		w.wantCode(w.Edit(t.Context(), w.Owner.Actor, w.Customer, id, 1, input("Mine")), "role.not_found")
		w.wantCode(w.Service.Delete(t.Context(), w.Owner.Actor, w.Customer, id), "role.not_found")
		w.wantCode(w.Edit(t.Context(), w.Seller.Actor, w.Reseller, id, 2, input("Mine")), "role.stale")
		_, err = w.Create(t.Context(), w.Seller.Actor, w.Reseller, input("SUPPORT  desk"))
		w.wantCode(err, "role.name_taken")
		_, err = w.Create(t.Context(), w.Seller.Actor, w.Reseller, input("Bill", "payments.view"))
		w.wantCode(err, "role.perm_not_grantable")
	})
}

func TestESC01NobodyMakesOrEditsAGroupAboveTheirOwnRights(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		keepers := w.Role(w.Customer, "Keepers", "roles.view", "roles.manage", "users.view")
		keeper := w.Member(w.Customer, "keeper@acme.example", user.Access{Role: authz.Role(keepers), AllSubs: true})
		strong := w.Role(w.Customer, "Strong", "users.view", "users.remove")
		_, err := w.Create(t.Context(), keeper.Actor, w.Customer, input("Strong too", "users.remove"))
		w.wantCode(err, "role.above_yours")
		w.wantCode(w.Edit(t.Context(), keeper.Actor, w.Customer, keepers, 1, input("Keepers", "roles.view", "roles.manage", "users.view", "users.remove")), "role.above_yours")
		w.wantCode(w.Edit(t.Context(), keeper.Actor, w.Customer, strong, 1, input("Weak", "users.view")), "role.above_yours")
		w.wantCode(w.Service.Delete(t.Context(), keeper.Actor, w.Customer, strong), "role.above_yours")
		_, err = w.Create(t.Context(), keeper.Actor, w.Customer, input("Viewers", "users.view"))
		w.wantCode(err, "")
	})
}

func TestAnEditAppliesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		group := w.Role(w.Customer, "Lookers", "users.view")
		m := w.Member(w.Customer, "m@acme.example", user.Access{Role: authz.Role(group), AllSubs: true})
		_, err := w.Users.List(t.Context(), m.Actor, w.Customer, user.Query{})
		w.wantCode(err, "")
		if err := w.Edit(t.Context(), w.Owner.Actor, w.Customer, group, 1, input("Lookers", "reports.view")); err != nil {
			t.Fatal(err)
		}
		_, err = w.Users.List(t.Context(), m.Actor, w.Customer, user.Query{})
		w.wantCode(err, "auth.denied")
	})
}

func TestAGroupInUseStaysUntilItsPeopleAreReassigned(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		group := w.Role(w.Customer, "Old", "users.view")
		next := w.Role(w.Reseller, "New", "reports.view")
		foreign := w.Role(w.Other, "Foreign", "reports.view")
		m := w.Member(w.Department, "m@acme.example", user.Access{Role: authz.Role(group), AllSubs: true})
		w.wantCode(w.Service.Delete(t.Context(), w.Owner.Actor, w.Customer, group), "role.in_use")
		who, err := w.Holders(t.Context(), w.Owner.Actor, w.Customer, group)
		if err != nil || len(who) != 1 || who[0].Membership != m.Member || who[0].AccountName != "Marketing" {
			t.Errorf("%+v, %v", who, err)
		}
		w.wantCode(w.Reassign(t.Context(), w.Owner.Actor, w.Customer, group, authz.Role(foreign)), "role.reassign_target")
		w.wantCode(w.Reassign(t.Context(), w.Owner.Actor, w.Customer, group, authz.Owner), "role.reassign_target")
		w.wantCode(w.Reassign(t.Context(), w.Owner.Actor, w.Customer, group, authz.Role(next)), "")
		got, err := w.Users.Get(t.Context(), w.Owner.Actor, w.Department, m.Member)
		if err != nil || got.Role != authz.Role(next) {
			t.Errorf("%+v, %v", got, err)
		}
		w.wantCode(w.Service.Delete(t.Context(), w.Owner.Actor, w.Customer, group), "")
		all, err := w.Service.List(t.Context(), w.Owner.Actor, w.Customer)
		if err != nil || len(all) != 1 || all[0].ID != next {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// TestAnEditSaysBeforehandWhomItChanges looks at an edit before it is saved.
func TestAnEditSaysBeforehandWhomItChanges(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sends := func(n int64) quota.Grid {
			return quota.Grid{}.With(quota.Email, quota.Month, quota.Limit{Amount: n, Action: quota.Reject})
		}
		in := input("Desk", "users.view", "reports.view")
		in.Sending = sends(10_000)
		id, err := w.Create(t.Context(), w.Owner.Actor, w.Customer, in)
		if err != nil {
			t.Fatal(err)
		}
		one := w.Member(w.Customer, "one@acme.example", user.Access{Role: authz.Role(id), AllSubs: true})
		w.Member(w.Department, "two@acme.example", user.Access{Role: authz.Role(id), AllSubs: true})
		w.Exec(`INSERT INTO quota_limits (account_id, subject, channel, period, source, amount, action, cap, paced, updated_at) VALUES (?, ?, 'email', 'month', 'override', 5, 'reject', 0, FALSE, 0)`, w.Customer, one.Member)
		next := input("Desk", "users.view", "contacts.view")
		next.Sending = sends(12_000)
		got, err := w.Service.Preview(t.Context(), w.Owner.Actor, w.Customer, id, next)
		if err != nil {
			t.Fatal(err)
		}
		limit := func(n int64) quota.Limit { return quota.Limit{Amount: n, Action: quota.Reject} }
		want := []role.LimitChange{{Channel: quota.Email, Window: quota.Month, Was: limit(10_000), Is: limit(12_000), Apart: 1}}
		if diff := cmp.Diff(want, got.Limits); diff != "" || got.People != 2 || got.Gained != authz.SetOf("contacts.view") || got.Lost != authz.SetOf("reports.view") {
			t.Errorf("%+v, %s", got, diff)
		}
		if same, err := w.Service.Preview(t.Context(), w.Owner.Actor, w.Customer, id, in); err != nil || same.Limits != nil || !same.Gained.Empty() || !same.Lost.Empty() {
			t.Errorf("%+v, %v", same, err)
		}
		_, err = w.Service.Preview(t.Context(), w.Seller.Actor, w.Reseller, id, next)
		w.wantCode(err, "role.not_found")
		next.Sending = sends(-5)
		_, err = w.Service.Preview(t.Context(), w.Owner.Actor, w.Customer, id, next)
		w.wantCode(err, "quota.amount_range")
	})
}
