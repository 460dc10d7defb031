package quota_test

import (
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
)

func month(n int64) quota.Edit {
	return quota.Edit{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: n}}
}

// grant gives units of email until a number of days from now.
func (w market) grant(by authz.Actor, on ids.Account, units int64, days int, reference string) (ids.Credit, error) {
	w.t.Helper()
	return w.Quotas.Grant(w.t.Context(), by, on, quota.Grant{Channel: quota.Email, Units: units, LastDay: w.Clock.Now().AddDate(0, 0, days).Format(time.DateOnly), Reference: reference})
}

func (w market) credits(by authz.Actor) map[ids.Credit]quota.Granted {
	w.t.Helper()
	p, err := w.Quotas.Credits(w.t.Context(), by, w.acme, "")
	w.must(err)
	out := map[ids.Credit]quota.Granted{}
	for _, g := range p.Credits {
		out[g.ID] = g
	}
	return out
}

func TestOnlyTheAccountAboveGrantsAndVoidsCredits(t *testing.T) {
	each(t, func(w market) {
		_, err := w.grant(w.amara.Actor, w.acme, 10, 30, "")
		w.refused("one's own", err, "credit.parents_field")
		_, err = w.grant(w.nils.Actor, w.north, 10, 30, "")
		w.refused("of a reseller", err, "credit.place")
		id, err := w.grant(w.nils.Actor, w.acme, 10, 30, "")
		w.must(err)
		w.refused("voiding by the client", w.Quotas.Void(t.Context(), w.amara.Actor, w.acme, id, "x"), "credit.parents_field")
		w.refused("a credit of another", w.Quotas.Void(t.Context(), w.nils.Actor, w.bolt, id, "x"), "credit.not_found")
		w.refused("voiding without a reason", w.Quotas.Void(t.Context(), w.nils.Actor, w.acme, id, " "), "credit.reason_missing")
		if g := w.credits(w.amara.Actor)[id]; g.By != "" || g.State != quota.CreditNext || g.Left() != 10 {
			t.Errorf("the client sees %+v", g)
		}
		if g := w.credits(w.nils.Actor)[id]; g.By == "" {
			t.Errorf("who granted it is not told to whoever did: %+v", g)
		}
		w.must(w.Quotas.Void(t.Context(), w.nils.Actor, w.acme, id, "granted by mistake"))
		w.must(w.Quotas.Void(t.Context(), w.nils.Actor, w.acme, id, "again"))
		if g := w.credits(w.amara.Actor)[id]; g.State != quota.CreditVoid || g.Void != "granted by mistake" || g.Left() != 0 {
			t.Errorf("after it was voided: %+v", g)
		}
	})
}

func TestWhatNoCreditIsIsSaidOfEachField(t *testing.T) {
	each(t, func(w market) {
		for code, g := range map[string]quota.Grant{
			"quota.channel_unknown": {Units: 1, LastDay: "2099-01-01"},
			"credit.units":          {Channel: quota.Email, LastDay: "2099-01-01"},
			"credit.end_missing":    {Channel: quota.Email, Units: 1},
			"credit.end_past":       {Channel: quota.Email, Units: 1, Expires: w.Clock.Now()},
			"package.until_past":    {Channel: quota.Email, Units: 1, LastDay: "2001-01-01"},
			"date.unreadable":       {Channel: quota.Email, Units: 1, LastDay: "tomorrow"},
			"input.too_long":        {Channel: quota.Email, Units: 1, LastDay: "2099-01-01", Reason: strings.Repeat("x", 201)},
		} {
			_, err := w.Quotas.Grant(t.Context(), w.nils.Actor, w.acme, g)
			w.refused(code, err, code)
		}
		if n := w.Count("quota_credits"); n != 0 {
			t.Errorf("%d credits", n)
		}
	})
}

func TestAReferenceGivenTwiceGrantsOnce(t *testing.T) {
	each(t, func(w market) {
		first, err := w.grant(w.nils.Actor, w.acme, 10, 30, "invoice 7")
		w.must(err)
		again, err := w.grant(w.nils.Actor, w.acme, 10, 30, "invoice 7")
		w.must(err)
		if first != again || w.Count("quota_credits") != 1 || w.Count("audit_events WHERE action = 'quota.credit_granted'") != 1 {
			t.Errorf("%s and %s", first, again)
		}
		_, err = w.grant(w.nils.Actor, w.acme, 11, 30, "invoice 7")
		w.refused("other units", err, "credit.reference_other")
		_, err = w.grant(w.nils.Actor, w.bolt, 11, 30, "invoice 7")
		w.must(err)
	})
}

func TestCreditsLetAClientSendWhenItsMonthIsUsedUp(t *testing.T) {
	each(t, func(w market) {
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, month(100), day(150)))
		late, err := w.grant(w.nils.Actor, w.acme, 30, 300, "")
		w.must(err)
		soon, err := w.grant(w.nils.Actor, w.acme, 20, 3, "")
		w.must(err)
		if got := w.send(w.amara.Actor, w.acme, "a", 110); got.Outcome.Refused != nil {
			t.Fatalf("%+v", got.Outcome.Refused)
		}
		x, err := w.Quotas.Explain(t.Context(), w.amara.Actor, w.acme, quota.Question{Channel: quota.Email, Units: 41})
		w.must(err)
		b := x.Decision.Binding
		if x.Decision.Allowed || b.Window != quota.Day && b.Window != quota.Month || b.Limit.Amount == 100 && (b.Credits != 50 || b.Remaining != 40 || b.Used != 110) {
			t.Errorf("41 of 40: %+v", x.Decision)
		}
		all := w.credits(w.nils.Actor)
		if all[soon].Used != 10 || all[soon].State != quota.CreditNext || all[late].Used != 0 || all[late].State != quota.CreditWaiting {
			t.Errorf("%+v", all)
		}
		v, err := w.Quotas.View(t.Context(), w.nils.Actor, w.acme, quota.Target{})
		w.must(err)
		for _, r := range v.Rows {
			if r.Channel == quota.Email && r.Window == quota.Month && (r.Used != 100 || r.Below()) {
				t.Errorf("against the limit itself count %d of %d", r.Used, r.Limit.Amount)
			}
		}
		gauges, err := w.Quota.Gauges(t.Context(), w.DB, []string{string(w.acme)})
		w.must(err)
		if g := gauges[0]; g.Share(quota.Month) != 73 || g.Most(quota.Month) != 150 {
			t.Errorf("%d percent of %d", g.Share(quota.Month), g.Most(quota.Month))
		}
		w.must(w.Quotas.Void(t.Context(), w.nils.Actor, w.acme, late, "refunded"))
		if got := w.send(w.amara.Actor, w.acme, "b", 11); got.Outcome.Refused == nil || got.Outcome.Refused.Binding.Remaining != 10 {
			t.Errorf("a void credit still gives: %+v", got.Outcome)
		}
		w.Clock.Advance(4 * 24 * time.Hour)
		if got := w.credits(w.nils.Actor)[soon]; got.State != quota.CreditExpired || got.Left() != 0 || got.Used != 10 {
			t.Errorf("after its last day: %+v", got)
		}
	})
}

func TestManyCreditsAreTurnedPageByPage(t *testing.T) {
	w := market{World: apptest.OnSQLite(t), t: t}
	w.north = w.Reseller(w.Platform, "North")
	w.acme = w.Client(w.north, "Acme")
	for range quota.CreditPageSize + 2 {
		w.Credit(w.acme, 1)
	}
	p, err := w.Quotas.Credits(t.Context(), w.Root, w.acme, "")
	w.must(err)
	rest, err := w.Quotas.Credits(t.Context(), w.Root, w.acme, p.Next)
	w.must(err)
	if len(p.Credits) != quota.CreditPageSize || len(rest.Credits) != 2 || rest.Next != "" || p.Credits[0].ID < p.Credits[1].ID {
		t.Errorf("%d and %d", len(p.Credits), len(rest.Credits))
	}
}

// TestARequestForACreditIsKnownAgain repeats requests when their day is over, and when the account has another zone.
func TestARequestForACreditIsKnownAgain(t *testing.T) {
	each(t, func(w market) {
		for _, what := range []string{"until a day", "until a moment"} {
			in := quota.Grant{Channel: quota.Email, Units: 10, Expires: w.Clock.Now().AddDate(0, 0, 3), Reference: what}
			if what == "until a day" {
				in.Expires, in.LastDay = time.Time{}, in.Expires.Format(time.DateOnly)
			}
			first, err := w.Quotas.Grant(t.Context(), w.nils.Actor, w.acme, in)
			w.must(err)
			w.Exec(`INSERT INTO settings (account_id, name, value, updated_at) VALUES (?, 'account.time_zone', '"Pacific/Kiritimati"', 0)`, w.acme)
			w.Clock.Advance(10 * 24 * time.Hour)
			again, err := w.Quotas.Grant(t.Context(), w.nils.Actor, w.acme, in)
			if first != again || err != nil {
				t.Errorf("%s: %s and %s, %v", what, first, again, err)
			}
			in.Units++
			_, err = w.Quotas.Grant(t.Context(), w.nils.Actor, w.acme, in)
			w.refused(what+", other units", err, "credit.reference_other")
			in.Reference += " again"
			_, err = w.Quotas.Grant(t.Context(), w.nils.Actor, w.acme, in)
			if err == nil {
				t.Errorf("%s: granted though it is over", what)
			}
			w.Exec(`DELETE FROM settings WHERE account_id = ?`, w.acme)
		}
	})
}

func TestTheClientIsToldOfItsCredits(t *testing.T) {
	each(t, func(w market) {
		id, err := w.grant(w.nils.Actor, w.acme, 10, 30, "once")
		w.must(err)
		_, err = w.grant(w.nils.Actor, w.acme, 10, 30, "once")
		w.must(err)
		for range 2 {
			w.must(w.Quotas.Void(t.Context(), w.nils.Actor, w.acme, id, "by mistake"))
		}
		got := w.Count("notices WHERE account_id = ? AND kind = 'credit_granted'", w.acme)*10 + w.Count("notices WHERE account_id = ? AND kind = 'credit_voided'", w.acme)
		if got != 11 {
			t.Errorf("told %d times of both, want once of each", got)
		}
	})
}
