package quota

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
	"bailiwick/internal/setting"
)

// testZone stands for the setting of an account's time zone.
var testZone = setting.Key[string]{Name: "account.time_zone", Default: "UTC", Merge: setting.Override[string]}

// town is a platform with a reseller of two customers, on nodes that share a database and a clock of the ledger.
type town struct {
	t                            testing.TB
	dsn                          string
	clock                        *clock.Fake
	db                           *db.DB
	platform, reseller, one, two ids.Account
	sub                          ids.SubAccount // of one
	made                         int
	feeds                        []*change.Feed
}

func eachTown(t *testing.T, fn func(w *town)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		c := clock.NewFake(noon)
		w := &town{t: t, dsn: dsn, clock: c}
		w.db = w.open()
		w.platform = "acc_platform"
		w.exec(`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES ('acc_platform', NULL, 'platform', 'P', 'p', 1, 1)`)
		w.exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES ('acc_platform', 'acc_platform', 0)`)
		w.grow()
		fn(w)
	})
}

func (w *town) open() *db.DB {
	w.t.Helper()
	d, err := db.Open(w.t.Context(), w.dsn, w.clock.Now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = d.Close() }) // a test may have closed it
	return d
}

func (w *town) exec(query string, args ...any) {
	w.t.Helper()
	if err := w.db.InTx(w.t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err }); err != nil {
		w.t.Fatalf("%.80s: %v", query, err)
	}
}

// grow makes another reseller with two customers, and is from then on about them.
func (w *town) grow() {
	w.t.Helper()
	w.made++
	name := func(kind string) string { return fmt.Sprintf("%s_%s%d", kind[:3], kind[3:], w.made) }
	w.reseller, w.one, w.two, w.sub = ids.Account(name("accreseller")), ids.Account(name("accone")), ids.Account(name("acctwo")), ids.SubAccount(name("submarine"))
	for _, a := range []struct {
		id, parent ids.Account
		kind       string
		above      []ids.Account
	}{{w.reseller, w.platform, "reseller", []ids.Account{w.platform}}, {w.one, w.reseller, "customer", []ids.Account{w.reseller, w.platform}}, {w.two, w.reseller, "customer", []ids.Account{w.reseller, w.platform}}} {
		w.exec(`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, 'x', 1, 1)`, a.id, a.parent, a.kind, a.id)
		for i, above := range append([]ids.Account{a.id}, a.above...) {
			w.exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES (?, ?, ?)`, above, a.id, i)
		}
	}
	w.exec(`INSERT INTO subaccounts (id, customer_id, account_id, name, purpose, created_at, updated_at) VALUES (?, ?, ?, 'main', 'marketing', 1, 1)`, w.sub, w.one, w.one)
}

func (w *town) limit(subject string, window Window, l Limit) {
	w.t.Helper()
	if l.Action == "" {
		l.Action = Reject
	}
	w.exec(`INSERT INTO quota_limits (account_id, subject, channel, period, source, amount, action, cap, paced, updated_at) VALUES (?, ?, 'email', ?, 'pool', ?, ?, ?, ?, 1)
		ON CONFLICT (subject, channel, period, source) DO UPDATE SET amount = excluded.amount, action = excluded.action, cap = excluded.cap`,
		w.platform, subject, window.String(), l.Amount, l.Action, l.Cap, l.Paced)
	w.tell()
}

// tell has all nodes hear what has changed.
func (w *town) tell() {
	w.t.Helper()
	for _, f := range w.feeds { // as they do four times a second
		if err := f.Read(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// credit grants units of email.
func (w *town) credit(id ids.Credit, account ids.Account, units int64, expires time.Time) {
	w.t.Helper()
	w.exec(`INSERT INTO quota_credits (id, account_id, channel, units, expires_at, reason, reference, granted_at, granted_by, granted_from) VALUES (?, ?, 'email', ?, ?, '', '', ?, '', '')`,
		id, account, units, expires.UnixMilli(), w.clock.Now().UnixMilli())
	w.tell()
}

// node is a process with a connection of its own.
func (w *town) node(leases bool) *Engine {
	w.t.Helper()
	return w.engine(w.open(), leases)
}

// engine is what a process begins with, on a connection that may be left over from one that died.
func (w *town) engine(d *db.DB, leases bool) *Engine {
	w.t.Helper()
	feed := change.New(d, w.clock.Now, slog.New(slog.DiscardHandler))
	w.feeds = append(w.feeds, feed)
	known, err := setting.NewKnown(d, feed, append(Settings(), testZone))
	if err != nil {
		w.t.Fatal(err)
	}
	e := NewEngine(EngineDeps{DB: d, Log: slog.New(slog.DiscardHandler), Clock: w.clock.Now, Known: known, Zone: testZone, News: feed, NoLeases: !leases})
	e.KeepTime(w.clock.Now)
	w.t.Cleanup(e.Idle)
	return e
}

func (w *town) from(account ids.Account) Sender { return Sender{Account: account, Channel: Email} }

// ask reserves n units with a key.
func (w *town) ask(e *Engine, s Sender, key string, n int64) Outcome {
	w.t.Helper()
	out, err := e.Reserve(w.t.Context(), s, Mark{"key_test", key}, n, 0)
	if err != nil {
		w.t.Fatalf("reserve %d: %v", n, err)
	}
	return out
}

func (w *town) settle(e *Engine, id ids.Reserve, release bool) error {
	w.t.Helper()
	failed, err := e.Settle(w.t.Context(), "key_test", []ids.Reserve{id}, release)
	if err != nil {
		w.t.Fatal(err)
	}
	return failed[id]
}

// count reads one number.
func (w *town) count(query string, args ...any) int64 {
	w.t.Helper()
	n, err := db.One(w.t.Context(), w.db, db.Value[int64], query, args...)
	if err != nil {
		w.t.Fatalf("%.80s: %v", query, err)
	}
	return n
}

// balanced sees that a counter of the month holds what was promised and what lies in leases, and nothing else. It returns both.
func (w *town) balanced(subject string, promised int64) (stranded int64) {
	w.t.Helper()
	stranded = w.count(`SELECT COALESCE(SUM(size - spent), 0) FROM quota_leases WHERE subject = ?`, subject)
	used := w.count(`SELECT COALESCE(SUM(month_used), 0) FROM quota_ledger WHERE subject = ?`, subject)
	if used != promised+stranded {
		w.t.Errorf("%s: the counter says %d; %d were promised and %d are leased", subject, used, promised, stranded)
	}
	sent := w.count(`SELECT COALESCE((SELECT SUM(units) FROM quota_usage WHERE subject = ?), 0) + COALESCE((SELECT SUM(spent) FROM quota_leases WHERE subject = ?), 0)`, subject, subject)
	if sent != promised {
		w.t.Errorf("%s: the journal says %d, and %d were promised", subject, sent, promised)
	}
	return stranded
}
