package usage_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
	"bailiwick/internal/usage"
)

// TestPartsAndTodayAgreeWithTheSeries sends over a month and a day that end in the middle of an hour, folds what can be, and compares.
func TestPartsAndTodayAgreeWithTheSeries(t *testing.T) {
	each(t, func(t *testing.T, w *shop) {
		w.Clock.Set(time.Date(2026, 11, 30, 18, 20, 0, 0, time.UTC)) // ten to midnight in Kolkata
		w.send(100)
		w.Clock.Set(time.Date(2026, 11, 30, 18, 40, 0, 0, time.UTC))
		w.send(20)
		w.Clock.Set(time.Date(2026, 12, 4, 18, 29, 0, 0, time.UTC))
		w.send(5)
		w.must(w.Quota.Return(t.Context()))
		w.must(usage.Fold(t.Context(), w.DB))
		w.Clock.Set(time.Date(2026, 12, 4, 18, 31, 0, 0, time.UTC))
		w.send(3)
		other := w.SubAccount(w.acme, "quiet")
		strange := w.SubAccount(w.Client(w.Platform, "Bolt"), "other")
		w.Exec(`INSERT INTO quota_usage (subject, channel, hour, day, units, over) SELECT ?, channel, hour, day, units, over FROM quota_usage WHERE subject = ?`, strange, w.sub)
		today, err := w.Usage.Today(t.Context(), w.amara.Actor, w.acme, quota.Email, []ids.SubAccount{w.sub, other, strange})
		w.must(err)
		day := w.series(usage.Query{Target: quota.Target{Sub: w.sub}, Grain: quota.Day, From: "2026-12-05", To: "2026-12-05"})
		if len(today) != 1 || w.Count("quota_usage WHERE subject = ?", strange) == 0 || today[w.sub] != day.Units || day.Units != 3 {
			t.Errorf("today %v, of the series %d", today, day.Units)
		}
		parts, err := w.Usage.Parts(t.Context(), w.amara.Actor, w.acme, quota.Email, usage.SubAccounts)
		w.must(err)
		month := w.series(usage.Query{Grain: quota.Month, From: "2026-12-01", To: "2026-12-05"})
		if parts.Units != month.Units || month.Units != 28 || len(parts.SubAccounts) != 1 || parts.SubAccounts[0].Units != 28 || parts.People != nil {
			t.Errorf("%+v, of the series %d", parts, month.Units)
		}
		if sms, err := w.Usage.Today(t.Context(), w.amara.Actor, w.acme, quota.SMS, []ids.SubAccount{w.sub}); err != nil || len(sms) != 0 {
			t.Errorf("on the other channel: %v, %v", sms, err)
		}
		blind := w.Member(w.acme, "blind@acme.example", apptest.As(authz.Role(w.RoleGroup(w.acme, "Blind", authz.QuotasView))))
		if seen, err := w.Usage.Today(t.Context(), blind.Actor, w.acme, quota.Email, []ids.SubAccount{w.sub}); err != nil || len(seen) != 0 {
			t.Errorf("who sees no sub-accounts sees %v, %v", seen, err)
		}
	})
}

// readWhole finds plans that read what is counted, or who is, from end to end.
var readWhole = regexp.MustCompile(`(?m)SCAN (s|u|l|i)( |$)|hour_idx|Seq Scan on (accounts|subaccounts|quota_ledger|quota_sums|quota_usage|quota_leases)|AUTOMATIC`)

func TestPartsAndTodayStartFromTheAccount(t *testing.T) {
	each(t, func(t *testing.T, w *shop) {
		retail := w.Department(w.acme, "Retail")
		numbers := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) `
		day := w.Clock.Now().Unix() / (24 * 60 * 60)
		for _, s := range []string{
			`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) SELECT 'acc_crowd' || i, '` + string(w.Platform) + `', 'customer', 'C', 'c', 1, 1 FROM n`,
			`INSERT INTO subaccounts (id, customer_id, account_id, name, purpose, created_at, updated_at) SELECT 'sub_crowd' || i, 'acc_crowd' || i, 'acc_crowd' || i, 's' || i, 'marketing', 0, 0 FROM n`,
			fmt.Sprintf(`INSERT INTO quota_ledger (subject, channel, minute, ring, day, day_used, month, month_used) SELECT 'acc_crowd' || i, 'email', 0, '', %d, 1, %d, 1 FROM n`, day, day),
			fmt.Sprintf(`INSERT INTO quota_sums (subject, channel, grain, period, units, over) SELECT 'acc_crowd' || i, 'email', 'day', %d, 1, 0 FROM n`, day),
			fmt.Sprintf(`INSERT INTO quota_usage (subject, channel, hour, day, units, over) SELECT 'acc_crowd' || i, 'email', %d, %d, 1, 0 FROM n`, day*24, day),
			fmt.Sprintf(`INSERT INTO quota_leases (id, subject, channel, minute, day, month, size, spent, until) SELECT 'l' || i, 'acc_crowd' || i, 'email', %d, %d, %d, 1, 1, 9999999999999 FROM n`, day*24*60, day, day),
		} {
			w.Exec(numbers + s)
		}
		w.Exec(fmt.Sprintf(`INSERT INTO quota_ledger (subject, channel, minute, ring, day, day_used, month, month_used) VALUES (?, 'email', 0, '', %d, 1, %d, 1)`, day, day), retail)
		w.Exec(`ANALYZE`)
		watch := &db.Watch{}
		_, err := w.Usage.Parts(watch.Watched(t.Context()), w.amara.Actor, w.acme, quota.Email)
		w.must(err)
		_, err = w.Usage.Today(watch.Watched(t.Context()), w.amara.Actor, w.acme, quota.Email, []ids.SubAccount{w.sub})
		w.must(err)
		seen := 0
		for _, r := range watch.Runs() {
			if !strings.Contains(r.Query, "quota_sums") {
				continue
			}
			seen++
			if plan := strings.Join(dbtest.Plan(t, w.DB, r.Query, r.Args...), "\n"); readWhole.MatchString(plan) {
				t.Errorf("%.400s:\n%s", r.Query, plan)
			}
		}
		if seen != 5 {
			t.Errorf("%d statements were looked at", seen)
		}
		if plan := strings.Join(dbtest.Plan(t, w.DB, `SELECT count(*) FROM quota_sums s WHERE s.units = s.over`), "\n"); !readWhole.MatchString(plan) {
			t.Errorf("a table read whole went unnoticed: %s", plan)
		}
	})
}
