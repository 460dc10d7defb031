package account_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
)

func TestListTurnsPagesBothWaysInEveryOrder(t *testing.T) {
	each(t, func(w *world) {
		r := w.reseller(w.root, "Northwind")
		for i, name := range []string{"Acme", "Éclair", "eclipse", "İzmir", "ilmenau", "Straße 7", "straw", "ไทย", "عمان", "Zebra"} {
			in := account.CreateInput{Kind: account.Customer, Fields: account.Fields{Name: name, MembershipEnd: fmt.Sprintf("2027-0%d-01", i%4+1)}}
			c, err := w.accounts.Create(w.t.Context(), w.operator, r, in)
			w.ok(err)
			if i%3 == 0 {
				w.ok(w.accounts.Hold(w.t.Context(), w.operator, c.ID, ""))
			}
			for n := range i % 3 {
				_, err := w.accounts.AddLocation(w.t.Context(), w.operator, c.ID, account.LocationInput{Name: fmt.Sprint(n)})
				w.ok(err)
				w.person(fmt.Sprint(n), c.ID, authz.User)
			}
		}
		for _, sort := range []account.Sort{account.ByName, account.ByEnd, account.ByCreated, account.ByUsers, account.ByLocations, account.ByStatus} {
			for _, desc := range []bool{false, true} {
				all := names(w.list(w.operator, w.root, account.Query{Sort: sort, Desc: desc}))
				q := account.Query{Sort: sort, Desc: desc, Limit: 3}
				var forth, back []string
				for {
					l := w.list(w.operator, w.root, q)
					if l.Total != 10 {
						w.t.Errorf("total %d, want 10", l.Total)
					}
					forth = append(forth, names(l)...)
					if l.Next == "" {
						back = names(l)
						for q.Cursor = l.Prev; q.Cursor != ""; q.Cursor = l.Prev {
							l = w.list(w.operator, w.root, q)
							back = append(names(l), back...)
						}
						break
					}
					q.Cursor = l.Next
				}
				if !cmp.Equal(forth, all) || !cmp.Equal(back, all) || len(all) != 10 {
					w.t.Errorf("%s desc=%t:\nall   %v\nforth %v\nback  %v", sort, desc, all, forth, back)
				}
			}
		}
	})
}

func TestTEN10ACursorOfOneListDoesNotTurnAnother(t *testing.T) {
	each(t, func(w *world) {
		r := w.reseller(w.root, "Northwind")
		for _, n := range []string{"A", "B", "C"} {
			w.client(r, n)
		}
		admin := w.person("Adam", r, authz.Admin)
		next := w.list(w.operator, w.root, account.Query{Limit: 1}).Next
		for name, try := range map[string]func() error{
			"another person": func() error {
				_, err := w.accounts.List(w.t.Context(), admin, r, account.Query{Limit: 1, Cursor: next})
				return err
			},
			"another root": func() error {
				_, err := w.accounts.List(w.t.Context(), w.operator, r, account.Query{Limit: 1, Cursor: next})
				return err
			},
			"another sort": func() error {
				_, err := w.accounts.List(w.t.Context(), w.operator, w.root, account.Query{Sort: account.ByEnd, Cursor: next})
				return err
			},
			"another filter": func() error {
				_, err := w.accounts.List(w.t.Context(), w.operator, w.root, account.Query{Search: "a", Cursor: next})
				return err
			},
		} {
			w.t.Log(name)
			w.refused(try(), "page.cursor")
		}
	})
}

func TestSearchAndFilters(t *testing.T) {
	each(t, func(w *world) {
		north, south := w.reseller(w.root, "North"), w.reseller(w.root, "South")
		make := func(r account.Fields, at bool) {
			parent := south
			if at {
				parent = north
			}
			_, err := w.accounts.Create(w.t.Context(), w.operator, parent, account.CreateInput{Kind: account.Customer, NoEnd: r.MembershipEnd == "", Fields: r})
			w.ok(err)
		}
		make(account.Fields{Name: "Acme Holdings", Email: "ops@acme.example.com", MembershipEnd: "2026-12-01"}, true)
		make(account.Fields{Name: "Brightwater 100% Hotels", Refs: []account.Ref{{Source: "whmcs", Reference: "CL-0042"}}, MembershipEnd: "2026-11-22"}, true)
		make(account.Fields{Name: "Corvid_Logistics"}, false)
		w.clock.Advance(24 * time.Hour)
		for _, c := range []struct {
			q    account.Query
			want []string
		}{
			{account.Query{Search: "HOLD"}, []string{"Acme Holdings"}},
			{account.Query{Search: "acme.example"}, []string{"Acme Holdings"}},
			{account.Query{Search: "cl-0042"}, []string{"Brightwater 100% Hotels"}},
			{account.Query{Search: "%"}, []string{"Brightwater 100% Hotels"}},
			{account.Query{Search: "_"}, []string{"Corvid_Logistics"}},
			{account.Query{Search: "nothing like it"}, []string{}},
			{account.Query{Ends: "30"}, []string{"Acme Holdings"}},
			{account.Query{Ends: account.EndsPassed}, []string{"Brightwater 100% Hotels"}},
			{account.Query{Ends: account.EndsNever}, []string{"Corvid_Logistics"}},
			{account.Query{Reseller: south}, []string{"Corvid_Logistics"}},
			{account.Query{Sort: account.ByEnd, Desc: true}, []string{"Corvid_Logistics", "Acme Holdings", "Brightwater 100% Hotels"}},
		} {
			if got := names(w.list(w.operator, w.root, c.q)); !cmp.Equal(got, c.want) {
				w.t.Errorf("%+v: %v, want %v", c.q, got, c.want)
			}
		}
		f, err := w.accounts.Facets(w.t.Context(), w.operator, w.root)
		if want := (account.Facets{All: 3, Ending: 1}); err != nil || f != want {
			w.t.Errorf("facets %+v, %v, want %+v", f, err, want)
		}
	})
}

func TestPeopleAndLocationsAreCountedAcrossDepartmentsAPersonOnce(t *testing.T) {
	each(t, func(w *world) {
		c := w.client(w.root, "Acme")
		d := w.department(c, "Sales")
		both := w.person("Both", c, authz.User)
		w.join(both.User(), d, authz.User)
		w.person("One", d, authz.User)
		for _, at := range []struct{ n string }{{"Depot"}} {
			_, err := w.accounts.AddLocation(w.t.Context(), w.operator, d, account.LocationInput{Name: at.n})
			w.ok(err)
		}
		_, err := w.accounts.AddLocation(w.t.Context(), w.operator, c, account.LocationInput{Name: "Head office"})
		w.ok(err)
		row := w.list(w.operator, w.root, account.Query{}).Rows[0]
		if row.Users != 2 || row.Locations != 2 {
			w.t.Errorf("users %d, locations %d; want 2 and 2", row.Users, row.Locations)
		}
		_, err = w.accounts.AddLocation(w.t.Context(), w.operator, c, account.LocationInput{Name: "head OFFICE"})
		w.refused(err, "location.name_taken")
		for departments, also := range map[int64][]account.Also{1: {account.DepartmentCount}, 0: nil} {
			if got, err := w.accounts.Get(w.t.Context(), w.operator, c, also...); err != nil || got.Users != 2 || got.Departments != departments {
				w.t.Errorf("asked for %v: %d users, %d departments, %v", also, got.Users, got.Departments, err)
			}
		}
	})
}

// TestTEN11ListedIsInSight compares what each person's list shows with a naive model of the tree.
func TestTEN11ListedIsInSight(t *testing.T) {
	each(t, func(w *world) {
		north, south := w.reseller(w.root, "North"), w.reseller(w.root, "South")
		deep := w.reseller(north, "Deep")
		w.client(north, "n1")
		w.client(deep, "d1")
		w.client(south, "s1")
		for _, c := range []struct {
			by   authz.Actor
			at   any
			want []string
		}{
			{w.operator, w.root, []string{"d1", "n1", "s1"}},
			{w.person("N", north, authz.Admin), north, []string{"d1", "n1"}},
			{w.person("D", deep, authz.Admin), deep, []string{"d1"}},
		} {
			got := names(w.list(c.by, c.by.Account(), account.Query{}))
			slices.Sort(got)
			if !cmp.Equal(got, c.want) {
				w.t.Errorf("%s sees %v, want %v", c.by.Name(), got, c.want)
			}
		}
		_, err := w.accounts.List(w.t.Context(), w.person("G", north, authz.Guest), north, account.Query{})
		w.refused(err, "auth.denied")
	})
}
