package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

func TestKindsKeepTheirOrder(t *testing.T) {
	each(t, func(w *world) {
		r := w.reseller(w.root, "Northwind")
		c := w.client(r, "Acme")
		d := w.department(c, "Sales")
		for _, bad := range []struct {
			parent ids.Account
			kind   account.Kind
			code   string
		}{
			{c, account.Customer, "account.kind_order"},
			{c, account.Reseller, "account.kind_order"},
			{d, account.Customer, "account.kind_order"},
			{w.root, account.Department, "account.kind_order"},
			{r, account.Platform, "account.kind_unknown"},
		} {
			_, err := w.accounts.Create(w.t.Context(), w.operator, bad.parent, account.CreateInput{Kind: bad.kind, NoEnd: true, Fields: account.Fields{Name: "X"}})
			w.refused(err, bad.code)
		}
		at := d
		for _, name := range []string{"4", "5", "6", "7"} {
			at = w.department(at, name)
		}
		_, err := w.accounts.Create(w.t.Context(), w.operator, at, account.CreateInput{Kind: account.Department, Fields: account.Fields{Name: "9"}})
		w.refused(err, "account.too_deep")
	})
}

// TestANewClientEndsTodayOrLaterWhereItIs makes clients late in the evening in London, when it is the next day in Auckland.
func TestANewClientEndsTodayOrLaterWhereItIs(t *testing.T) {
	each(t, func(w *world) {
		w.clock.Set(time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC))
		for _, c := range []struct {
			zone, end string
			ok        bool
		}{{"", "2026-11-21", false}, {"", "2026-11-22", true}, {"Pacific/Auckland", "2026-11-22", false}, {"Pacific/Auckland", "2026-11-23", true}, {"America/New_York", "2026-11-22", true}} {
			_, err := w.accounts.Create(t.Context(), w.operator, w.root, account.CreateInput{Kind: account.Customer, Fields: account.Fields{Name: "Acme", TimeZone: c.zone, MembershipEnd: c.end}})
			if c.ok != (err == nil) || err != nil && (errs.CodeOf(err) != "account.end_past" || !cmp.Equal(fieldsOf(err), []string{"membership_end"})) {
				t.Errorf("until %s in %q: %v", c.end, c.zone, err)
			}
		}
	})
}

func TestNewClientNeedsANameAndAnEndOrNone(t *testing.T) {
	each(t, func(w *world) {
		for name, c := range map[string]struct {
			in     account.CreateInput
			fields []string
		}{
			"nothing":            {account.CreateInput{}, []string{"membership_end", "name"}},
			"no end":             {account.CreateInput{Fields: account.Fields{Name: "Acme"}}, []string{"membership_end"}},
			"both":               {account.CreateInput{NoEnd: true, Fields: account.Fields{Name: "Acme", MembershipEnd: "2027-01-01"}}, []string{"membership_end"}},
			"no such day":        {account.CreateInput{Fields: account.Fields{Name: "Acme", MembershipEnd: "2027-02-30"}}, []string{"membership_end"}},
			"an end in the past": {account.CreateInput{Fields: account.Fields{Name: "Acme", MembershipEnd: "2026-01-01"}}, []string{"membership_end"}},
			"end before start":   {account.CreateInput{Fields: account.Fields{Name: "Acme", MembershipStart: "2027-02-02", MembershipEnd: "2027-02-01"}}, []string{"membership_end"}},
			"long name":          {account.CreateInput{NoEnd: true, Fields: account.Fields{Name: strings.Repeat("é", 256)}}, []string{"name"}},
			"line break in name": {account.CreateInput{NoEnd: true, Fields: account.Fields{Name: "Ac\nme"}}, []string{"name"}},
			"the rest": {account.CreateInput{NoEnd: true, Fields: account.Fields{Name: "Acme", Email: "x", Phone: "call me", Website: "javascript:alert(1)", TimeZone: "Mars/Base", Refs: []account.Ref{{Source: "whmcs"}}}},
				[]string{"email", "phone", "refs", "time_zone", "website"}},
		} {
			c.in.Kind = account.Customer
			_, err := w.accounts.Create(w.t.Context(), w.operator, w.root, c.in)
			if got := fieldsOf(err); !cmp.Equal(got, c.fields) {
				w.t.Errorf("%s: fields %v, want %v (%v)", name, got, c.fields, err)
			}
		}
		in := account.CreateInput{Kind: account.Customer, Fields: account.Fields{Name: " Acme ", MembershipEnd: "2027-03-31", Website: "acme.example.com", Refs: []account.Ref{{Source: "WHMCS", Reference: "42"}}}}
		a, err := w.accounts.Create(w.t.Context(), w.operator, w.root, in)
		w.ok(err)
		d := w.get(w.operator, a.ID)
		if d.Name != "Acme" || d.MembershipEnd != "2027-03-31" || d.Website != "https://acme.example.com" || len(d.Refs) != 1 || d.Standing.Status != account.Active {
			w.t.Errorf("stored %+v", d)
		}
		again, err := w.accounts.Create(w.t.Context(), w.operator, w.root, account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{Name: "ACME"}})
		if err != nil || again.SameName != 1 {
			w.t.Errorf("a second Acme: same name %d, %v; want a warning about 1", again.SameName, err)
		}
		in.Name, in.Refs = "Other", []account.Ref{{Source: "whmcs", Reference: "42"}}
		_, err = w.accounts.Create(w.t.Context(), w.operator, w.root, in)
		w.refused(err, "account.ref_taken")
	})
}

func fieldsOf(err error) []string {
	var e *errs.Error
	if !errors.As(err, &e) {
		return nil
	}
	var out []string
	for _, f := range []string{"email", "membership_end", "membership_start", "name", "phone", "refs", "time_zone", "website"} {
		if _, ok := e.Fields[f]; ok {
			out = append(out, f)
		}
	}
	return out
}

func TestDepartmentNamesAreUniqueUnderAParentInAnyScript(t *testing.T) {
	each(t, func(w *world) {
		c := w.client(w.root, "Acme")
		for _, pair := range [][2]string{{"Équipe", "éQUIPE"}, {"STRASSE", "straße"}, {"ฝ่ายขาย", "ฝ่ายขาย"}, {"المبيعات", "المبيعات"}} {
			w.department(c, pair[0])
			_, err := w.accounts.Create(w.t.Context(), w.operator, c, account.CreateInput{Kind: account.Department, Fields: account.Fields{Name: pair[1]}})
			w.refused(err, "account.name_taken")
		}
		w.department(w.client(w.root, "Other"), "Équipe")
	})
}

func TestAStaleSaveCarriesBothVersions(t *testing.T) {
	each(t, func(w *world) {
		c := w.client(w.root, "Acme")
		form := account.UpdateInput{Version: 1, NoEnd: true, Fields: account.Fields{Name: "Acme One"}}
		w.ok(w.accounts.Update(w.t.Context(), w.operator, c, form))
		form.Name = "Acme Two"
		err := w.accounts.Update(w.t.Context(), w.operator, c, form)
		w.refused(err, "account.stale")
		var stale *account.Stale
		if !errors.As(err, &stale) || stale.Theirs.Name != "Acme One" || stale.Theirs.Version != 2 {
			w.t.Errorf("stale = %+v, want the stored version", stale)
		}
		if got := names(w.list(w.operator, w.root, account.Query{Search: "one"})); !cmp.Equal(got, []string{"Acme One"}) {
			w.t.Errorf("the list shows %v", got)
		}
	})
}

func TestESC12TheParentsFieldsStayTheParents(t *testing.T) {
	each(t, func(w *world) {
		a, err := w.accounts.Create(w.t.Context(), w.operator, w.root, account.CreateInput{Kind: account.Customer, Fields: account.Fields{Name: "Acme", MembershipEnd: "2026-12-31"}})
		w.ok(err)
		owner := w.person("Olga", a.ID, authz.Owner)
		for name, f := range map[string]account.Fields{
			"end":   {Name: "Acme", MembershipEnd: "2030-12-31"},
			"start": {Name: "Acme", MembershipStart: "2020-01-01"},
			"refs":  {Name: "Acme", Refs: []account.Ref{{Source: "x", Reference: "y"}}},
		} {
			err := w.accounts.Update(w.t.Context(), owner, a.ID, account.UpdateInput{Version: 1, Fields: f})
			if errs.CodeOf(err) != "account.parents_field" {
				w.t.Errorf("%s: %v, want a refusal", name, err)
			}
		}
		w.ok(w.accounts.Update(w.t.Context(), owner, a.ID, account.UpdateInput{Version: 1, NoEnd: true, Fields: account.Fields{Name: "Acme Ltd", Phone: "+44 20 7946 0000"}}))
		if d := w.get(w.operator, a.ID); d.MembershipEnd != "2026-12-31" || d.Name != "Acme Ltd" {
			w.t.Errorf("stored %+v", d.Account)
		}
		w.refused(w.accounts.BulkExtend(w.t.Context(), owner, a.ID, []ids.Account{a.ID}, "2031-01-01", false), "account.parents_field")

		w.ok(w.accounts.Hold(w.t.Context(), w.operator, a.ID, "unpaid"))
		hold := w.get(w.operator, a.ID).Standing.Holds[0]
		w.refused(w.accounts.Lift(w.t.Context(), owner, a.ID, hold.ID), "hold.lift_denied")
		if s, err := w.accounts.SetActive(w.t.Context(), owner, a.ID, true); err != nil || s.Status != account.Suspended {
			w.t.Errorf("the Owner's toggle: %v, %v; want the provider's hold to remain", s.Status, err)
		}
	})
}

func TestTEN01AnotherAccountIsNotThere(t *testing.T) {
	each(t, func(w *world) {
		mine, theirs := w.client(w.root, "Acme"), w.client(w.root, "Brightwater")
		admin := w.person("Adam", mine, authz.Owner)
		loc, err := w.accounts.AddLocation(w.t.Context(), w.operator, theirs, account.LocationInput{Name: "Depot", Country: "gb"})
		w.ok(err)
		ctx := w.t.Context()
		_, err = w.accounts.Get(ctx, admin, theirs)
		w.refused(err, "account.not_found")
		w.refused(w.accounts.Update(ctx, admin, theirs, account.UpdateInput{Version: 1, Fields: account.Fields{Name: "X"}}), "account.not_found")
		w.refused(w.accounts.Hold(ctx, admin, theirs, ""), "account.not_found")
		w.refused(w.accounts.Close(ctx, admin, theirs, "Brightwater"), "account.not_found")
		_, _, err = w.accounts.Locations(ctx, admin, theirs, "")
		w.refused(err, "account.not_found")
		_, err = w.accounts.Location(ctx, admin, mine, loc.ID)
		w.refused(err, "location.not_found")
		w.refused(w.accounts.RemoveLocation(ctx, admin, mine, loc.ID), "location.not_found")
		_, err = w.accounts.List(ctx, admin, mine, account.Query{Reseller: theirs})
		w.refused(err, "account.not_found")
	})
}

func TestTEN03BulkWithForeignIdsChangesNothing(t *testing.T) {
	each(t, func(w *world) {
		north, south := w.reseller(w.root, "North"), w.reseller(w.root, "South")
		mine, theirs := w.client(north, "Acme"), w.client(south, "Brightwater")
		admin := w.person("Adam", north, authz.Owner)
		both := []ids.Account{mine, theirs}
		ctx := w.t.Context()
		w.refused(w.accounts.BulkActive(ctx, admin, north, both, false), "account.not_found")
		w.refused(w.accounts.BulkExtend(ctx, admin, north, both, "2027-01-01", false), "account.not_found")
		w.refused(w.accounts.BulkClose(ctx, admin, north, both, "2"), "account.not_found")
		w.refused(w.accounts.BulkClose(ctx, admin, north, both, "3"), "account.number_mismatch")
		w.refused(w.accounts.BulkActive(ctx, w.operator, north, both, false), "account.not_found") // in sight, but not below
		if d := w.get(w.operator, mine); d.Standing.Status != account.Active || d.MembershipEnd != "" {
			w.t.Errorf("changed: %+v", d)
		}
		w.ok(w.accounts.BulkExtend(ctx, admin, north, []ids.Account{mine}, "2027-01-01", false))
		w.ok(w.accounts.BulkActive(ctx, admin, north, []ids.Account{mine, mine}, false))
		if d := w.get(admin, mine); d.Standing.Status != account.Suspended || d.MembershipEnd != "2027-01-01" {
			w.t.Errorf("not changed: %+v", d)
		}
	})
}
