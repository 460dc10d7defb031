package quota_test

import (
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

// whole finds plans that read limits, credits or accounts from end to end.
var whole = regexp.MustCompile(`(?m)SCAN (a|l|c|quota_\w+)$|Seq Scan on (accounts|quota_limits|quota_credits)|AUTOMATIC`)

func TestListsOfOverridesAndCreditsStartFromAnIndex(t *testing.T) {
	each(t, func(w market) {
		numbers := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) `
		for _, s := range []string{
			`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) SELECT 'acc_crowd' || i, ?, 'customer', 'C', 'c', 1, 1 FROM n`,
			`INSERT INTO quota_limits (account_id, subject, channel, period, source, amount, action, cap, paced, updated_at) SELECT 'acc_crowd' || i, 'acc_crowd' || i, 'email', 'day', CASE WHEN i % 10 = 0 THEN 'override' ELSE 'allocation' END, 5, 'reject', 0, FALSE, i FROM n WHERE ? <> ''`,
			`INSERT INTO quota_credits (id, account_id, channel, units, expires_at, reason, reference, granted_at, granted_by, granted_from) SELECT 'crd_crowd' || i, 'acc_crowd' || i, 'email', 1, i, '', 'r' || i, 0, '', '' FROM n WHERE ? <> ''`,
		} {
			w.Exec(numbers+s, w.north)
		}
		w.Exec(`ANALYZE`)
		_, err := w.grant(w.nils.Actor, w.acme, 10, 30, "invoice 7")
		w.must(err)
		watch := &db.Watch{}
		ctx := watch.Watched(t.Context())
		_, next, err := w.Quotas.Overrides(ctx, w.Root, w.Platform, nil, 5)
		w.must(err)
		_, _, err = w.Quotas.Overrides(ctx, w.Root, w.Platform, next, 5)
		w.must(err)
		_, err = w.Quotas.Credits(ctx, w.Root, w.acme, "crd_z")
		w.must(err)
		seen := 0
		for _, r := range watch.Runs() {
			if !strings.Contains(r.Query, "quota_limits") && !strings.Contains(r.Query, "quota_credits") {
				continue
			}
			seen++
			if plan := dbtest.Plan(t, w.DB, r.Query, r.Args...); whole.MatchString(strings.Join(plan, "\n")) {
				t.Errorf("%.300s: %q", r.Query, plan)
			}
		}
		if seen < 4 {
			t.Errorf("only %d statements were looked at", seen)
		}
	})
}
