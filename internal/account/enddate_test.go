package account_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/notify/notifytest"
)

func TestStageOn(t *testing.T) {
	days := []int{30, 7, 1}
	for _, c := range []struct {
		name       string
		end, today account.Date
		grace      int
		want       account.Stage
	}{
		{"never ends", "", "2026-11-22", 7, account.Stage{}},
		{"31 days before", "2026-12-23", "2026-11-22", 7, account.Stage{}},
		{"30 days before", "2026-12-22", "2026-11-22", 7, account.Stage{Phase: account.Ending, Step: "before-30", Days: 30}},
		{"8 days before", "2026-11-30", "2026-11-22", 7, account.Stage{Phase: account.Ending, Step: "before-30", Days: 8}},
		{"7 days before", "2026-11-29", "2026-11-22", 7, account.Stage{Phase: account.Ending, Step: "before-7", Days: 7}},
		{"last day", "2026-11-22", "2026-11-22", 7, account.Stage{Phase: account.Ending, Step: "before-1", Days: 0}},
		{"first day of grace", "2026-11-21", "2026-11-22", 7, account.Stage{Phase: account.InGrace, Step: "grace-1", Days: 6}},
		{"last day of grace", "2026-11-15", "2026-11-22", 7, account.Stage{Phase: account.InGrace, Step: "grace-7", Days: 0}},
		{"grace over", "2026-11-14", "2026-11-22", 7, account.Stage{Phase: account.Ended, Step: "expired"}},
		{"no grace", "2026-11-21", "2026-11-22", 0, account.Stage{Phase: account.Ended, Step: "expired"}},
		{"leap day", "2028-02-29", "2028-03-01", 7, account.Stage{Phase: account.InGrace, Step: "grace-1", Days: 6}},
	} {
		if got := account.StageOn(c.end, c.today, c.grace, days); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func (w *world) check() {
	w.t.Helper()
	for range 2 { // a second run finds nothing to do
		w.ok(account.CheckEnds(w.t.Context(), w.accounts, w.db))
	}
}

// TestMembershipLifeCycle follows a membership in New York over the end of summer time, midnight by midnight.
func TestMembershipLifeCycle(t *testing.T) {
	each(t, func(w *world) {
		zone, err := time.LoadLocation("America/New_York")
		w.ok(err)
		r := w.reseller(w.root, "Northwind")
		partner := w.person("Petra", r, authz.Admin)
		w.person("Uma", r, authz.User)
		c, err := w.accounts.Create(w.t.Context(), w.operator, r, account.CreateInput{Kind: account.Customer, Fields: account.Fields{Name: "Acme", TimeZone: "America/New_York", MembershipEnd: "2027-11-02"}})
		w.ok(err)
		owner := w.person("Olga", c.ID, authz.Owner)
		w.person("Adam", c.ID, authz.Admin)
		steps := map[string][]string{}
		told := 0
		for n := range 2 * 41 { // the last hour of each day and the first of the next
			at := time.Date(2027, 10, 1+n/2, 23+n%2, 0, 0, 0, zone)
			w.clock.Set(at)
			w.check()
			mails := notifytest.Waiting(w.t, w.db, w.mail)
			for _, m := range mails[told:] {
				day := at.In(zone).Format("01-02 15")
				steps[day] = append(steps[day], string(m.Template)+" "+m.Name)
				slices.Sort(steps[day])
			}
			told = len(mails)
			if s := w.get(owner, c.ID).Standing; (s.Status == account.Suspended) != !at.Before(time.Date(2027, 11, 10, 0, 0, 0, 0, zone)) {
				w.t.Fatalf("at %s the account is %s", at, s.Status)
			}
		}
		both := func(m string) []string { return []string{m + " Olga", m + " Petra"} }
		want := map[string][]string{"10-03 00": both("membership_ending"), "10-26 00": both("membership_ending"), "11-01 00": both("membership_ending"), "11-10 00": both("membership_expired")}
		for _, d := range []string{"03", "04", "05", "06", "07", "08", "09"} {
			want["11-"+d+" 00"] = []string{"membership_grace Olga"}
		}
		if d := cmp.Diff(want, steps); d != "" {
			w.t.Errorf("mails (-want +got):\n%s", d)
		}
		held := w.get(w.operator, c.ID)
		if h := held.Standing.Holds; len(h) != 1 || h[0].Source != account.Expiry || h[0].SetFrom != r {
			w.t.Errorf("holds %+v, want one of the expiry, set from the reseller", h)
		}
		form := account.UpdateInput{Version: held.Version, Fields: account.Fields{Name: "Acme", TimeZone: "America/New_York", MembershipEnd: "2027-11-10"}}
		w.ok(w.accounts.Update(w.t.Context(), partner, c.ID, form))
		if s := w.get(owner, c.ID).Standing.Status; s != account.Suspended {
			w.t.Errorf("a date in the past left it %s", s)
		}
		form.Version, form.MembershipEnd = form.Version+1, "2027-11-11"
		w.ok(w.accounts.Update(w.t.Context(), partner, c.ID, form))
		if s := w.get(owner, c.ID).Standing.Status; s != account.Active {
			w.t.Errorf("with the end moved to today it is %s", s)
		}
	})
}

func TestClosedAccountsAreErasedAfterTheRetention(t *testing.T) {
	each(t, func(w *world) {
		c := w.client(w.root, "Acme")
		d := w.department(c, "Sales")
		stays := w.client(w.root, "Other")
		gone, both := w.person("Gone", d, authz.User), w.person("Both", d, authz.User)
		w.join(both.User(), stays, authz.User)
		w.join(gone.User(), c, authz.User)
		ctx := w.t.Context()
		w.ok(w.accounts.Close(ctx, w.operator, c, "Acme"))
		w.clock.Advance(29 * 24 * time.Hour)
		w.ok(account.EraseClosed(ctx, w.accounts, w.db))
		w.get(w.operator, d)
		w.clock.Advance(24 * time.Hour)
		w.refused(w.accounts.Reopen(ctx, w.operator, c), "account.final")
		for range 2 {
			w.ok(account.EraseClosed(ctx, w.accounts, w.db))
		}
		w.refused(lastGet(w.accounts.Get(ctx, w.operator, c)), "account.not_found")
		w.refused(lastGet(w.accounts.Get(ctx, w.operator, d)), "account.not_found")
		if w.has(`SELECT 1 FROM identities WHERE id = ?`, gone.User()) || !w.has(`SELECT 1 FROM identities WHERE id = ?`, both.User()) {
			w.t.Error("people: who belongs nowhere else goes, who does stays")
		}
		if !w.has(`SELECT 1 FROM tasks WHERE kind = 'erase' AND state = 'done' AND done = 2 AND total = 2`) {
			w.t.Error("the task does not show that 2 of 2 accounts are erased")
		}
		if w.has(`SELECT 1 FROM client_words WHERE word = 'acme'`) || !w.has(`SELECT 1 FROM client_words WHERE word = 'other' AND ancestor_id = ?`, w.root) {
			w.t.Error("the words of an erased client go, those of others stay")
		}
	})
}
