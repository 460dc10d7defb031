package authn

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
)

// A person in 2,000 accounts asks the database as often as one in two, and each answer follows an index. Times are
// printed, not asserted: a busy machine is not a slow query.
func TestAPersonInThousandsOfAccountsSignsInAndSwitchesAsOneInTwo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.install()
		few, many := w.person("two@example.com"), w.person("thousands@example.com")
		here := map[string]Client{}
		for who, n := range map[string]int{"two": 2, "thousands": 2000} {
			user := few
			if who == "thousands" {
				user = many
			}
			last := w.customers(user, n)[n-1]
			in, err := w.SignInAs(w.ctx, user, Client{IP: "192.0.2.9"})
			if err != nil {
				t.Fatal(err)
			}
			here[who] = in.browser("192.0.2.9")
			if err := w.ChooseAccount(w.ctx, w.actor(here[who]), last); err != nil {
				t.Fatal(err)
			}
		}
		err := w.d.Batch(w.ctx, func(ctx context.Context, tx *db.Tx) error { // others, so that a look at all accounts costs something
			_, err := tx.Exec(ctx, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
				INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at)
				SELECT 'acc_' || n.i, p.id, 'customer', 'x', 'x', 0, 0 FROM n, accounts p WHERE p.kind = 'platform'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.d.Analyze(w.ctx); err != nil {
			t.Fatal(err)
		}
		for what, do := range map[string]func(seen *db.Watch, from Client, who string) error{
			"sign in": func(seen *db.Watch, _ Client, who string) error {
				user := few
				if who == "thousands" {
					user = many
				}
				_, err := w.SignInAs(seen.Watched(w.ctx), user, Client{IP: "192.0.2.9"})
				return err
			},
			"list": func(seen *db.Watch, from Client, _ string) error {
				_, err := w.Places(seen.Watched(w.ctx), w.actor(from), PlacesQuery{})
				return err
			},
			"search": func(seen *db.Watch, from Client, _ string) error {
				_, err := w.Places(seen.Watched(w.ctx), w.actor(from), PlacesQuery{Search: "client 0001"})
				return err
			},
			"switch": func(seen *db.Watch, from Client, _ string) error {
				by := w.actor(from)
				return w.ChooseAccount(seen.Watched(w.ctx), by, by.Account())
			},
		} {
			asked, took := map[string]int{}, map[string]time.Duration{}
			for who, from := range here {
				var all []time.Duration
				for range 5 {
					var seen db.Watch
					began := clock.System()
					if err := do(&seen, from, who); err != nil {
						t.Fatalf("%s, %s: %v", what, who, err)
					}
					all = append(all, clock.System().Sub(began))
					asked[who] = len(seen.Statements())
				}
				took[who] = slices.Min(all)
			}
			t.Logf("%s: %s in two accounts, %s in thousands", what, took["two"], took["thousands"])
			if asked["two"] != asked["thousands"] {
				t.Errorf("%s asks %d times in two accounts, %d times in thousands", what, asked["two"], asked["thousands"])
			}
		}

		flaw := func(query string, bad []string, args ...any) {
			t.Helper()
			plan := dbtest.Plan(t, w.d, query, args...)
			for _, line := range plan {
				for _, b := range bad {
					if strings.Contains(line, b) {
						t.Errorf("%s\n%s", line, strings.Join(plan, "\n"))
					}
				}
			}
		}
		whole := []string{"Seq Scan on accounts", "Seq Scan on memberships", "SCAN a ", "SCAN m ", "SCAN a\n", "SCAN m\n"}
		flaw(personColumns+"WHERE i.id = ?", append(whole, "Sort", "TEMP B-TREE"), many)
		for what, at := range map[string]struct {
			search string
			after  *spot
		}{"first": {}, "next": {"", &spot{"client 0100", "acc_x"}}, "search": {"client 00", nil}, "search, next": {"client 00", &spot{"client 0100", "acc_x"}}} {
			for _, who := range []ids.User{few, many} {
				query, args := placesQuery(who, "", at.search, at.after)
				plan := strings.Join(dbtest.Plan(t, w.d, query, args...), "\n")
				if w.d.Dialect() == db.Postgres && who == few {
					continue // two rows are sorted soonest
				}
				if !strings.Contains(plan, "memberships_place_idx") {
					t.Errorf("the %s page does not walk its index:\n%s", what, plan)
				}
				flaw(query, whole, args...)
			}
		}
	})
}
