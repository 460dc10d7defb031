package authn

import (
	"context"
	"testing"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
)

// BenchmarkSwitching does in turn what a person in 2 and one in 2,000 accounts do: sign in, list, search, switch. It reports
// the time of each person and how many times longer the second takes.
func BenchmarkSwitching(b *testing.B) {
	for name, open := range map[string]func(testing.TB, clock.Clock) *db.DB{"SQLite": dbtest.SQLite, "PostgreSQL": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			now := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
			w := newWorld(b, open(b, now.Now), now)
			w.install()
			people := map[int]ids.User{2: w.person("two@example.com"), 2000: w.person("thousands@example.com")}
			last := map[int]ids.Account{}
			for n, user := range people {
				all := w.customers(user, n)
				last[n] = all[n-1]
			}
			if err := w.d.Analyze(w.ctx); err != nil {
				b.Fatal(err)
			}
			spent := map[int]time.Duration{}
			for b.Loop() {
				for _, n := range []int{2, 2000} {
					began := clock.System()
					if err := w.switching(people[n], last[n]); err != nil {
						b.Fatal(err)
					}
					spent[n] += clock.System().Sub(began)
				}
			}
			b.ReportMetric(float64(spent[2].Nanoseconds())/float64(b.N), "ns/two")
			b.ReportMetric(float64(spent[2000].Nanoseconds())/float64(b.N), "ns/thousands")
			b.ReportMetric(float64(spent[2000])/float64(spent[2]), "ratio")
		})
	}
}

func (w *world) switching(user ids.User, to ids.Account) error {
	in, err := w.SignInAs(w.ctx, user, Client{IP: "192.0.2.9"})
	if err != nil {
		return err
	}
	who, err := w.Resolve(w.ctx, in.browser("192.0.2.9"))
	if err != nil {
		return err
	}
	for _, search := range []string{"", "client 0001"} {
		if _, err := w.Places(w.ctx, who.Actor, PlacesQuery{Search: search}); err != nil {
			return err
		}
	}
	return w.ChooseAccount(w.ctx, who.Actor, to)
}

// TestTheSwitcherKnowsANewName: what stands inside of a name is found, and a renamed account takes its new place.
func TestTheSwitcherKnowsANewName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		here := w.install()
		by := w.actor(here)
		all := w.customers(by.User(), 3)
		err := w.d.Batch(w.ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE accounts SET name = 'Aachen Post', name_fold = 'aachen post' WHERE id = ?`, all[2])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		first, err := w.Places(w.ctx, by, PlacesQuery{})
		if err != nil || first.Rows[0].Account != all[2] {
			t.Errorf("the list begins with %+v, %v", first.Rows, err)
		}
		for search, want := range map[string]int{"aach": 1, "Post": 1, "client 0002": 0, "lient": 2} {
			got, err := w.Places(w.ctx, by, PlacesQuery{Search: search})
			if err != nil || len(got.Rows) != want {
				t.Errorf("%q finds %d accounts, not %d: %v", search, len(got.Rows), want, err)
			}
		}
	})
}
