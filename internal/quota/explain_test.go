package quota

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
)

// crowd fills the tables of the ledger with what others have there.
func (w *town) crowd() {
	w.t.Helper()
	numbers := func(n int) string {
		return fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, n)
	}
	at := noon.UnixMilli()
	for _, s := range []string{
		numbers(20_000) + `INSERT INTO quota_ledger (` + rowColumns + `) SELECT 'acc_crowd' || i, 'email', 0, CAST('' AS BYTEA), 0, 0, 0, 0 FROM n`,
		numbers(20_000) + `INSERT INTO quota_leases (` + leaseColumns + `) SELECT 'lse_crowd' || i, 'acc_crowd' || i, 'email', 0, 0, 0, 1, 0, ` + fmt.Sprint(at+1e9) + ` + i FROM n`,
		numbers(20_000) + `INSERT INTO quota_usage (subject, channel, hour, day, units, over) SELECT 'acc_crowd' || i, 'email', i % 100, 0, 1, 0 FROM n`,
		numbers(5_000) + `INSERT INTO quota_chunks (seq, id, at, ended, leases, keys, body) SELECT i, 'rsv_crowd' || i, ` + fmt.Sprint(at) + ` + i, '', CAST('' AS BYTEA), CAST('' AS BYTEA), CAST('' AS BYTEA) FROM n`,
		numbers(5_000) + `INSERT INTO quota_settled (seq, states) SELECT i, CAST('' AS BYTEA) FROM n`,
		numbers(5_000) + `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) SELECT 'acc_crowd' || i, 'acc_platform', 'customer', 'c', 'c', 1, 1 FROM n`,
		numbers(5_000) + `INSERT INTO quota_credits (id, account_id, channel, units, expires_at, reason, reference, granted_at, granted_by, granted_from) SELECT 'crd_crowd' || i, 'acc_crowd' || i, 'email', 1, ` + fmt.Sprint(at) + ` + i, '', '', 0, '', '' FROM n`,
		numbers(5_000) + `INSERT INTO quota_drawn (credit_id, month, units) SELECT 'crd_crowd' || i, 0, 1 FROM n`,
		numbers(5_000) + `INSERT INTO quota_drawn_minutes (subject, channel, minute, month, credit_id, units) SELECT 'acc_crowd' || i, 'email', ` + fmt.Sprint(at/60_000) + ` + i, 0, 'crd_crowd' || i, 1 FROM n`,
		`INSERT INTO quota_log (one, seq, folded) VALUES (1, 5000, 5000)`,
		`ANALYZE`,
	} {
		if w.db.Dialect() == db.SQLite {
			s = strings.ReplaceAll(s, "CAST('' AS BYTEA)", "x''")
		}
		w.exec(s)
	}
}

// wholly finds plans that read one of the ledger's tables from end to end. The log has one row, and v is what a statement brings along.
var wholly = regexp.MustCompile(`^SCAN (quota_(ledger|leases|usage|chunks|settled|credits|drawn|drawn_minutes)|[a-uw-z])$|Seq Scan on quota_(ledger|leases|usage|chunks|settled|credits|drawn|drawn_minutes)|AUTOMATIC`)

func TestEveryStatementOfTheLedgerStartsFromAnIndex(t *testing.T) {
	eachTown(t, func(w *town) {
		w.crowd()
		w.limit(string(w.one), Day, Limit{Amount: 10_000})
		w.limit(string(w.one), Month, Limit{Amount: 5})
		w.credit("crd_one", w.one, 10_000, noon.Truncate(time.Minute).Add(time.Hour))
		watch := &db.Watch{}
		ctx := watch.Watched(t.Context())
		e := w.node(true)
		reserve := func(key string, n int) (all []ids.Reserve) {
			var asks []Request
			for i := range n {
				asks = append(asks, Request{Sender{Account: w.one, Sub: w.sub, Channel: Email}, Mark{"key_test", fmt.Sprint(key, i)}, 1, 0})
			}
			out, failed := e.ReserveAll(ctx, asks)
			for i := range out {
				if failed[i] != nil || out[i].Refused != nil {
					t.Fatalf("%+v, %v", out[i], failed[i])
				}
				all = append(all, out[i].Reserve.ID)
			}
			e.Idle()
			return all
		}
		var last []ids.Reserve
		for i := range 5 {
			last = reserve(fmt.Sprint("few", i), 2)
		}
		last = append(last, reserve("many", 30)...)
		reserve("many", 30) // once more
		for _, release := range []bool{false, true} {
			if _, err := e.Settle(ctx, "key_test", last[:2+len(last)/2], release); err != nil {
				t.Fatal(err)
			}
			last = last[len(last)/2:]
		}
		reserve("more", 40)
		if err := e.Fold(ctx); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(2 * time.Minute)
		if err := e.Return(ctx); err != nil {
			t.Fatal(err)
		}
		if err := e.ForgetReserves(ctx); err != nil {
			t.Fatal(err)
		}
		explained := map[string]bool{}
		for _, r := range watch.Runs() {
			if explained[r.Query] || !strings.Contains(r.Query, "quota_") || strings.Contains(r.Query, "quota_limits") {
				continue
			}
			explained[r.Query] = true
			for _, line := range dbtest.Plan(t, w.db, r.Query, r.Args...) {
				if wholly.MatchString(strings.TrimSpace(line)) {
					t.Errorf("%.200s: %s", r.Query, line)
				}
			}
		}
		if plan := dbtest.Plan(t, w.db, `SELECT COUNT(*) FROM quota_leases WHERE size > ?`, 3); !slices.ContainsFunc(plan, func(l string) bool { return wholly.MatchString(strings.TrimSpace(l)) }) {
			t.Errorf("a statement that reads all leases was not noticed: %q", plan)
		}
		if len(explained) < 20 {
			t.Errorf("only %d statements ran", len(explained))
		}
	})
}

// What an account has handed out is added up from its children alone, however many others there are.
func TestWhatIsHandedOutIsReadFromTheChildrenAlone(t *testing.T) {
	eachTown(t, func(w *town) {
		numbers := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) `
		w.exec(numbers + `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) SELECT 'acc_crowd' || i, CASE WHEN i % 2 = 0 THEN 'acc_platform' ELSE 'acc_crowd' || (i % 100 + 1) END, 'reseller', 'C', 'c', 1, 1 FROM n`)
		w.exec(numbers + `INSERT INTO quota_limits (account_id, subject, channel, period, source, amount, action, cap, paced, updated_at) SELECT 'acc_crowd' || i, 'acc_crowd' || i, 'email', 'day', 'pool', 5, 'reject', 0, FALSE, 1 FROM n`)
		w.exec(`ANALYZE`)
		w.limit(string(w.one), Day, Limit{Amount: 7})
		w.limit(string(w.two), Day, Limit{Amount: 1, Action: Overage, Cap: 3})
		watch := &db.Watch{}
		if err := w.db.InTx(watch.Watched(t.Context()), func(ctx context.Context, tx *db.Tx) error {
			for except, want := range map[ids.Account]int64{"": 10, w.two: 7} {
				if n, err := handedOut(ctx, tx, authz.Scope{}, w.reseller, except, noon.UnixMilli()); err != nil || n.of(Email, Day) != want {
					t.Errorf("without %q %d were handed out, want %d; %v", except, n.of(Email, Day), want, err)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, r := range watch.Runs() {
			if !strings.Contains(r.Query, "quota_limits") {
				continue
			}
			plan := strings.Join(dbtest.Plan(t, w.db, r.Query, r.Args...), "\n")
			if whole.MatchString(plan) {
				t.Errorf("%.200s: %s", r.Query, plan)
			}
			if w.db.Dialect() == db.SQLite && !strings.Contains(plan, "a USING COVERING INDEX accounts_bought_idx") {
				t.Errorf("the packages of the children are not read from the index alone: %s", plan)
			}
		}
	})
}

// whole finds plans that read accounts or limits from end to end.
var whole = regexp.MustCompile(`(?m)SCAN (a|l|o|p)\b|Seq Scan on (accounts|quota_limits)|AUTOMATIC`)
