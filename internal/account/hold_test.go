package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
)

func TestStatusFollowsTheHoldsOfTheChain(t *testing.T) {
	each(t, func(w *world) {
		r := w.reseller(w.root, "Northwind")
		c := w.client(r, "Acme")
		d := w.department(c, "Sales")
		partner := w.person("Petra", r, authz.Admin)
		owner := w.person("Olga", c, authz.Owner)
		ctx := w.t.Context()
		w.ok(w.accounts.Hold(ctx, w.operator, r, "unpaid"))
		for _, id := range []struct{ a account.Details }{{w.get(w.operator, r)}, {w.get(w.operator, c)}, {w.get(w.operator, d)}} {
			if id.a.Standing.Status != account.Suspended {
				w.t.Errorf("%s is %s below a held reseller", id.a.Name, id.a.Standing.Status)
			}
		}
		seen := w.get(owner, c).Standing
		if len(seen.Holds) != 1 || seen.Holds[0].OnName != "" || seen.Holds[0].SetByName != "" || seen.Holds[0].SetFromName != "" || seen.Holds[0].CanLift {
			w.t.Errorf("the client sees %+v, want nothing of who is above its provider", seen.Holds)
		}
		w.refused(w.accounts.Hold(ctx, partner, c, ""), "auth.held")
		if got := names(w.list(w.operator, w.root, account.Query{Status: account.Suspended})); !cmp.Equal(got, []string{"Acme"}) {
			w.t.Errorf("suspended in the list: %v", got)
		}
		if got := names(w.list(w.operator, w.root, account.Query{Status: account.Active})); len(got) != 0 {
			w.t.Errorf("active in the list: %v", got)
		}
		_, err := w.accounts.SetActive(ctx, w.operator, r, true)
		w.ok(err)
		if s := w.get(owner, c).Standing.Status; s != account.Active {
			w.t.Errorf("after the hold was lifted: %s", s)
		}
	})
}

func TestOneLevelNeverLiftsAnothersHold(t *testing.T) {
	each(t, func(w *world) {
		r := w.reseller(w.root, "Northwind")
		c := w.client(r, "Acme")
		partner, owner, admin := w.person("Petra", r, authz.Admin), w.person("Olga", c, authz.Owner), w.person("Adam", c, authz.Admin)
		ctx := w.t.Context()
		w.refused(w.accounts.Hold(ctx, admin, c, ""), "account.suspend_denied") // only an Owner sets the account's own
		for _, by := range []authz.Actor{owner, w.operator, partner} {
			if by.ID() == partner.ID() {
				w.ok(w.accounts.Hold(ctx, by, c, "late"))
				continue
			}
			_, err := w.accounts.SetActive(ctx, by, c, false)
			w.ok(err)
		}
		sources := map[account.Source]bool{}
		for _, h := range w.get(w.operator, c).Standing.Holds {
			sources[h.Source] = true
			if !h.CanLift {
				w.t.Errorf("the operator cannot lift %s", h.Source)
			}
		}
		if want := (map[account.Source]bool{account.Self: true, account.Operator: true, account.Parent: true}); !cmp.Equal(sources, want) {
			w.t.Fatalf("holds %v, want one of each level", sources)
		}
		s, err := w.accounts.SetActive(ctx, partner, c, true)
		if err != nil || len(s.Holds) != 2 {
			w.t.Errorf("the reseller's toggle leaves %+v, %v; want two holds", s, err)
		}
		for _, h := range s.Holds {
			if want := h.Source == account.Self; h.CanLift != want {
				w.t.Errorf("the reseller may lift %s: %t, want %t", h.Source, h.CanLift, want)
			}
		}
		_, err = w.accounts.SetActive(ctx, w.operator, c, true)
		w.ok(err)
		w.refused(lastErr(w.accounts.SetActive(ctx, admin, c, true)), "account.suspend_denied")
		s, err = w.accounts.SetActive(ctx, owner, c, true) // held, an Owner only looks, but takes back their own hold
		if err != nil || s.Status != account.Active {
			w.t.Errorf("the Owner's own hold: %s, %v", s.Status, err)
		}
	})
}

func lastErr(_ account.Standing, err error) error { return err }

func TestAFrozenClientsPeopleOnlyLook(t *testing.T) {
	each(t, func(w *world) {
		c := w.client(w.root, "Acme")
		owner := w.person("Olga", c, authz.Owner)
		ctx := w.t.Context()
		w.ok(w.accounts.Hold(ctx, w.operator, c, ""))
		w.refused(w.accounts.Update(ctx, owner, c, account.UpdateInput{Version: 1, Fields: account.Fields{Name: "X"}}), "auth.held")
		w.ok(w.accounts.Update(ctx, w.operator, c, account.UpdateInput{Version: 1, NoEnd: true, Fields: account.Fields{Name: "Acme Ltd"}}))
		if w.get(owner, c).Name != "Acme Ltd" {
			w.t.Error("people above may still edit, its own still look")
		}
	})
}

func TestClosingClosesBelowAndReopeningRestoresJustThat(t *testing.T) {
	each(t, func(w *world) {
		r := w.reseller(w.root, "Northwind")
		before, c := w.client(r, "Closed before"), w.client(r, "Acme")
		d := w.department(c, "Sales")
		owner, admin := w.person("Olga", c, authz.Owner), w.person("Adam", c, authz.Admin)
		ctx := w.t.Context()
		w.refused(w.accounts.Close(ctx, admin, c, "Acme"), "account.close_denied")
		w.refused(w.accounts.Close(ctx, w.operator, c, "Acne"), "account.name_mismatch")
		w.ok(w.accounts.Close(ctx, w.operator, before, "closed before"))
		w.ok(w.accounts.Close(ctx, w.operator, r, "Northwind"))
		if s := w.get(w.operator, d).Standing.Status; s != account.Closed {
			w.t.Errorf("the department below is %s", s)
		}
		if got := names(w.list(w.operator, w.root, account.Query{})); len(got) != 0 {
			w.t.Errorf("closed clients in the list: %v", got)
		}
		w.refused(lastGet(w.accounts.Get(ctx, admin, c)), "account.not_found")
		w.refused(w.accounts.Reopen(ctx, owner, c), "account.closed_above")
		w.refused(w.accounts.Reopen(ctx, w.operator, before), "account.closed_above")
		w.ok(w.accounts.Reopen(ctx, w.operator, r))
		if got := names(w.list(w.operator, w.root, account.Query{})); !cmp.Equal(got, []string{"Acme"}) {
			w.t.Errorf("after reopening: %v, want only what was closed with it", got)
		}
		w.ok(w.accounts.Close(ctx, owner, c, "Acme"))
		w.ok(w.accounts.Reopen(ctx, owner, c))
		if s := w.get(admin, c).Standing.Status; s != account.Active {
			w.t.Errorf("reopened by its Owner: %s", s)
		}
	})
}

func lastGet(_ account.Details, err error) error { return err }
