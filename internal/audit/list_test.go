package audit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
)

// plant makes a platform with the customers acc_a and acc_b.
func plant(t *testing.T, d *db.DB) {
	t.Helper()
	for _, a := range [][4]any{{"acc_p", nil, "platform"}, {"acc_a", "acc_p", "customer"}, {"acc_b", "acc_p", "customer"}} {
		exec(t, d, `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, '', '', 0, 0)`, a[0], a[1], a[2])
		exec(t, d, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES (?, ?, 0)`, a[0], a[0])
		if a[1] != nil {
			exec(t, d, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES (?, ?, 1)`, a[1], a[0])
		}
	}
}

func scope(t *testing.T, d *db.DB, on ids.Account) authz.Scope {
	t.Helper()
	by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: on, Perms: authz.SetOf(authz.AuditView)})
	sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.AuditView, on)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func names(page []Entry) (out []string) {
	for _, e := range page {
		out = append(out, e.Target)
	}
	return out
}

func TestTheLogIsListedNewestFirstAndByPage(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		plant(t, d)
		record(t, d, "acc_a", renamed("", "1"), renamed("", "2"))
		now.Advance(time.Second)
		record(t, d, "acc_b", renamed("", "elsewhere"))
		record(t, d, "acc_a", renamed("", "3"))
		now.Advance(time.Second)
		record(t, d, "acc_a", Event{Action: "user.removed", TargetID: "usr_x", Target: "4"})
		sc := scope(t, d, "acc_a")
		var got []string
		f := Filter{Limit: 2}
		for pages := 1; ; pages++ {
			page, next, err := List(t.Context(), d, sc, f)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, names(page)...)
			if next == (Cursor{}) {
				break
			}
			if pages == 2 {
				t.Fatal("a page too many")
			}
			f.After = next
		}
		if diff := cmp.Diff([]string{"4", "3", "2", "1"}, got); diff != "" {
			t.Error(diff)
		}
		for _, c := range []struct {
			name string
			on   ids.Account
			f    Filter
			want []string
		}{
			{"of one target", "acc_a", Filter{Target: "usr_x"}, []string{"4"}},
			{"of one action", "acc_a", Filter{Action: "account.renamed"}, []string{"3", "2", "1"}},
			{"of somebody else", "acc_a", Filter{Actor: "usr_bob"}, nil},
			{"with what is below", "acc_p", Filter{Below: true, Target: "usr_x"}, []string{"4"}},
			{"without what is below", "acc_p", Filter{}, nil},
		} {
			page, _, err := List(t.Context(), d, scope(t, d, c.on), c.f)
			if diff := cmp.Diff(c.want, names(page)); err != nil || diff != "" {
				t.Error(c.name, diff, err)
			}
		}
		if all, _, err := List(t.Context(), d, scope(t, d, "acc_p"), Filter{Below: true}); err != nil || len(all) != 5 {
			t.Error(len(all), err)
		}
		if none, _, err := List(t.Context(), d, authz.Scope{}, Filter{Below: true}); err != nil || len(none) != 0 {
			t.Error("without a scope", names(none), err)
		}
	})
}

func TestAnEntryTellsWhoAndWhat(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		plant(t, d)
		record(t, d, "acc_a", renamed("Old", "New"))
		page, _, err := List(t.Context(), d, scope(t, d, "acc_a"), Filter{})
		if err != nil || len(page) != 1 {
			t.Fatal(page, err)
		}
		want := Entry{
			At: d.Now(), Account: "acc_a", ActorKind: "user", ActorID: "usr_ann", ActorName: "Ann", Credential: "session", IP: "192.0.2.7", RequestID: "req1",
			Action: "account.renamed", TargetType: "account", TargetID: "acc_x", Target: "New", Result: ResultDone,
			Changes: []Change{{Field: "name", Before: "Old", After: "New"}},
		}
		got := page[0]
		got.ID = ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// forest makes a platform with a reseller of few clients among many, each with events, most of them elsewhere.
func forest(t *testing.T, d *db.DB, clients, events int) {
	t.Helper()
	plant(t, d)
	numbers := func(n int) string {
		return `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + fmt.Sprint(n) + `) `
	}
	exec(t, d, `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES ('acc_r', 'acc_p', 'reseller', 'R', 'r', 0, 0)`)
	exec(t, d, numbers(clients)+`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at)
		SELECT 'acc_c' || i, CASE WHEN i <= 3 THEN 'acc_r' ELSE 'acc_p' END, 'customer', 'Client ' || i, 'client ' || i, 0, 0 FROM n`)
	exec(t, d, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT id, id, 0 FROM accounts WHERE id NOT IN ('acc_p', 'acc_a', 'acc_b')`)
	exec(t, d, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT 'acc_p', id, 1 FROM accounts WHERE id NOT IN ('acc_p', 'acc_a', 'acc_b')`)
	exec(t, d, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT 'acc_r', id, 1 FROM accounts WHERE parent_id = 'acc_r'`)
	exec(t, d, numbers(events)+`INSERT INTO audit_events (id, account_id, at, actor_kind, actor_id, credential, request_id, action, target_type, target_id, personal)
		SELECT 'evt_' || (1000000 + i), 'acc_c' || (1 + i % `+fmt.Sprint(clients)+`), i * 1000, 'user', 'usr_' || (i % 7), 'session', 'req' || i, CASE WHEN i % 50 = 0 THEN 'user.removed' ELSE 'account.updated' END, 'account', '', '`+"x"+`' FROM n`)
	exec(t, d, `INSERT INTO audit_personal (event_id, salt, actor_name, ip, target, changes) SELECT id, personal, 'Ann', '192.0.2.' || (at % 3), id, '[]' FROM audit_events`)
	exec(t, d, `ANALYZE`)
}

func TestEveryEventBelowIsFoundOnceWhateverTheWay(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		const clients, events = 400, 9000
		forest(t, d, clients, events)
		for name, c := range map[string]struct {
			on   ids.Account
			f    Filter
			want func(i int) bool
		}{
			"everything":                {"acc_p", Filter{Limit: 500}, func(int) bool { return true }},
			"three among many":          {"acc_r", Filter{Limit: 7}, func(i int) bool { return i%clients < 3 }},
			"of an actor":               {"acc_r", Filter{Limit: 3, Actor: "usr_4"}, func(i int) bool { return i%clients < 3 && i%7 == 4 }},
			"one action, three of many": {"acc_r", Filter{Limit: 2, Action: "user.removed"}, func(i int) bool { return i%clients < 3 && i%50 == 0 }},
			"one noun":                  {"acc_p", Filter{Limit: 50, Noun: "user"}, func(i int) bool { return i%50 == 0 }},
			"an address":                {"acc_r", Filter{Limit: 5, Address: "192.0.2.1"}, func(i int) bool { return i%clients < 3 && i*1000%3 == 1 }},
			"a text":                    {"acc_r", Filter{Limit: 5, Text: "client 2"}, func(i int) bool { return i%clients == 1 }},
			"a request":                 {"acc_p", Filter{Text: "REQ77"}, func(i int) bool { return i == 77 }},
			"refused":                   {"acc_p", Filter{Refused: true}, func(int) bool { return false }},
			"a time":                    {"acc_p", Filter{Limit: 100, From: time.UnixMilli(5_000_000), To: time.UnixMilli(5_100_000)}, func(i int) bool { return i >= 5000 && i < 5100 }},
			"a time of three":           {"acc_r", Filter{Limit: 1, From: time.UnixMilli(1_000_000), To: time.UnixMilli(5_000_000)}, func(i int) bool { return i >= 1000 && i < 5000 && i%clients < 3 }},
		} {
			var want, got []string
			for i := events; i > 0; i-- {
				if c.want(i) {
					want = append(want, fmt.Sprint("evt_", 1000000+i))
				}
			}
			f, pages := c.f, 0
			f.Below = true
			for sc := scope(t, d, c.on); ; pages++ {
				page, next, err := List(t.Context(), d, sc, f)
				if err != nil || pages > 200 {
					t.Fatal(name, err, pages)
				}
				got = append(got, names(page)...)
				if next == (Cursor{}) {
					break
				}
				f.After = next
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %d of %d in %d pages: %.600s", name, len(got), len(want), pages, diff)
			}
		}
	})
}

// TestAUD02ListsOfTheLogWalkAnIndex explains every query of the list; none may read the log from end to
// end. (The tree of the test is small: PostgreSQL may read that.)
func TestAUD02ListsOfTheLogWalkAnIndex(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		forest(t, d, 1000, 30_000)
		flaw := func(query string, args ...any) string {
			plan := dbtest.Plan(t, d, query, args...)
			for _, l := range plan {
				if strings.Contains(l, "Seq Scan on audit_events") || l == "SCAN e" || l == "SCAN t" || strings.HasPrefix(l, "SCAN p") {
					return strings.Join(plan, "\n\t")
				}
			}
			return ""
		}
		place, end := Cursor{20_000_000, "evt_1020000"}, Cursor{19_000_000, "evt_1019000"}
		for who, on := range map[string]ids.Account{"the platform": "acc_p", "three clients": "acc_r", "one client": "acc_c2"} {
			sc := scope(t, d, on)
			for what, f := range map[string]Filter{
				"all": {}, "of an actor": {Actor: "usr_3"}, "of a target": {Target: "acc_c2"}, "of a noun": {Noun: "user"}, "refused": {Refused: true}, "an address": {Address: "192.0.2.1"}, "a text": {Text: "ann"},
			} {
				f.After, f.Limit = place, 50
				for _, f.Below = range []bool{false, true} {
					if query, args := boundaryQuery(sc, f, 1000); flaw(query, args...) != "" {
						t.Errorf("%s, %s, below %v, boundary:\n\t%s", who, what, f.Below, flaw(query, args...))
					}
					if query, args := walkedQuery(sc, f, end); flaw(query, args...) != "" {
						t.Errorf("%s, %s, below %v, walk:\n\t%s", who, what, f.Below, flaw(query, args...))
					}
				}
				if query, args := askedQuery(sc, f, end); on != "acc_p" && flaw(query, args...) != "" {
					t.Errorf("%s, %s, asked:\n\t%s", who, what, flaw(query, args...))
				}
			}
		}
		if flaw("SELECT count(*) FROM audit_events e WHERE e.actor_id = e.target_id") == "" {
			t.Error("a log read whole went unnoticed")
		}
	})
}
