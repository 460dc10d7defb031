package quota

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

func TestTheMostRestrictiveLayerBindsAndIsNamed(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.sub), Hour, Limit{Amount: 10})
		w.limit(string(w.one), Day, Limit{Amount: 7})
		w.limit(string(w.reseller), Month, Limit{Amount: 5})
		e, s := w.node(true), Sender{Account: w.one, Sub: w.sub, Channel: Email}
		if out := w.ask(e, s, "a", 5); out.Refused != nil || out.Reserve.Units != 5 {
			t.Fatalf("%+v", out)
		}
		out := w.ask(e, s, "b", 1)
		if out.Refused == nil || out.Layers[out.Refused.Binding.Layer].Subject != string(w.reseller) || out.Refused.Binding.Window != Month || out.Refused.Binding.Used != 5 {
			t.Fatalf("%+v", out.Refused)
		}
		w.limit(string(w.reseller), Month, Limit{Amount: 50})
		if out := w.ask(e, s, "c", 2); out.Refused != nil {
			t.Errorf("a limit that was raised is not in force: %+v", out.Refused)
		}
		out = w.ask(e, s, "d", 1)
		if out.Refused == nil || out.Layers[out.Refused.Binding.Layer].Subject != string(w.one) {
			t.Errorf("%+v", out.Refused)
		}
		for _, subject := range []string{string(w.sub), string(w.one), string(w.reseller), string(w.platform)} {
			w.balanced(subject, 7)
		}
	})
}

func TestTheSameKeyNeverCountsTwice(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Day, Limit{Amount: 10})
		a, b := w.node(true), w.node(true)
		var wg sync.WaitGroup
		got := make([]Outcome, 16)
		for i := range got {
			wg.Go(func() {
				e := a
				if i%2 == 1 {
					e = b
				}
				out, err := e.Reserve(t.Context(), w.from(w.one), Mark{"key_test", "same"}, 3, 0)
				if err != nil {
					t.Error(err)
				}
				got[i] = out
			})
		}
		wg.Wait()
		first := 0
		for _, out := range got {
			if out.Reserve.ID != got[0].Reserve.ID || out.Refused != nil {
				t.Errorf("%+v beside %+v", out, got[0])
			}
			if !out.Replayed {
				first++
			}
		}
		if first != 1 {
			t.Errorf("%d were the first", first)
		}
		w.balanced(string(w.one), 3)
		if _, err := a.Reserve(t.Context(), w.from(w.one), Mark{"key_test", "same"}, 4, 0); errs.CodeOf(err) != "quota.key_other_request" {
			t.Errorf("a key was used for something else: %v", err)
		}
		if out := w.ask(b, w.from(w.one), "other", 7); out.Refused != nil {
			t.Errorf("%+v", out.Refused)
		}
		other, err := a.Reserve(t.Context(), w.from(w.two), Mark{"key_other", "same"}, 3, 0)
		if err != nil || other.Replayed {
			t.Errorf("another credential met a key of this one: %+v, %v", other, err)
		}
	})
}

func TestAReserveIsCommittedOrReleasedOnce(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Day, Limit{Amount: 10})
		e, other := w.node(true), w.node(true)
		a, b, c := w.ask(e, w.from(w.one), "a", 4).Reserve.ID, w.ask(e, w.from(w.one), "b", 4).Reserve.ID, w.ask(e, w.from(w.one), "c", 1).Reserve.ID
		for _, step := range []struct {
			name    string
			err     error
			want    string
			counted int64
		}{
			{"commit", w.settle(e, a, false), "", 9},
			{"commit again", w.settle(other, a, false), "", 9},
			{"release what is committed", w.settle(e, a, true), "quota.reserve_settled", 9},
			{"release", w.settle(other, b, true), "", 5},
			{"release again", w.settle(e, b, true), "", 5},
			{"commit what is released", w.settle(e, b, false), "quota.reserve_settled", 5},
			{"an unknown one", w.settle(e, "rsv_none", false), "reserve.not_found", 5},
		} {
			if errs.CodeOf(step.err) != step.want {
				t.Errorf("%s: %v, want %s", step.name, step.err, step.want)
			}
		}
		failed, err := e.Settle(t.Context(), "key_other", []ids.Reserve{c}, true)
		if errs.CodeOf(failed[c]) != "reserve.not_found" || err != nil {
			t.Errorf("another credential settled it: %v, %v", failed[c], err)
		}
		w.balanced(string(w.one), 5)
		if out := w.ask(other, w.from(w.one), "d", 5); out.Refused != nil {
			t.Errorf("what was released is not there: %+v", out.Refused)
		}
		w.clock.Advance(usualHold)
		if err := w.settle(e, c, false); errs.CodeOf(err) != "quota.reserve_expired" {
			t.Errorf("a reserve was committed too late: %v", err)
		}
		w.balanced(string(w.one), 10)
	})
}

func TestABusyCounterIsSpentFromMemoryAndWhatIsLeftReturns(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Day, Limit{Amount: 10_000})
		e := w.node(true)
		for i := range 40 {
			w.ask(e, w.from(w.one), fmt.Sprint(i), 1)
			e.Idle()
		}
		if w.balanced(string(w.one), 40) == 0 || w.balanced(string(w.reseller), 40) == 0 {
			t.Error("nothing is leased")
		}
		if _, ok, err := e.Spend(t.Context(), w.from(w.one), 1); !ok || err != nil {
			t.Errorf("a busy sender asks the ledger: %v", err)
		}
		// A node that dies: another returns what it had, when its leases have ended.
		other := w.node(true)
		if err := other.Reap(t.Context()); err != nil || w.balanced(string(w.one), 40) == 0 {
			t.Errorf("leases were ended before their time: %v", err)
		}
		w.clock.Advance(2 * time.Minute)
		if err := other.Reap(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, subject := range []string{string(w.one), string(w.reseller), string(w.platform)} {
			if n := w.balanced(subject, 40); n != 0 {
				t.Errorf("%s: %d are stranded", subject, n)
			}
		}
		// The node was only slow: its leases are gone, and it takes others.
		if out := w.ask(e, w.from(w.one), "late", 1); out.Refused != nil {
			t.Errorf("%+v", out.Refused)
		}
		if err := e.Return(t.Context()); err != nil || w.balanced(string(w.one), 41) != 0 {
			t.Errorf("a node that stops keeps units: %v", err)
		}
	})
}

func TestWhatLiesIdleInOwnLeasesIsNeitherRefusedNorBilled(t *testing.T) {
	eachTown(t, func(w *town) {
		for _, limit := range []Limit{{Amount: 400}, {Amount: 400, Action: Overage, Cap: 500}} {
			w.grow()
			w.limit(string(w.one), Hour, limit)
			w.limit(string(w.reseller), Hour, limit)
			e, other := w.node(true), w.node(true)
			for i := range 6 {
				w.ask(e, w.from(w.one), fmt.Sprint(w.made, i), 1)
				e.Idle()
			}
			if w.balanced(string(w.one), 6) == 0 || w.balanced(string(w.reseller), 6) == 0 {
				t.Fatal("nothing is leased")
			}
			if out := w.ask(other, w.from(w.two), fmt.Sprint(w.made, "elsewhere"), 495); out.Refused == nil {
				t.Errorf("what another node holds was given away: %+v", out)
			}
			if out := w.ask(e, w.from(w.one), fmt.Sprint(w.made, "too much"), 495); out.Refused == nil {
				t.Errorf("more than the limit was allowed: %+v", out)
			}
			ticket, ok, err := e.Spend(t.Context(), w.from(w.one), 1)
			if !ok || err != nil {
				t.Fatalf("what was refused took a lease along: %v", err)
			}
			ticket.undo()
			if out := w.ask(e, w.from(w.one), fmt.Sprint(w.made, "the rest"), 394); out.Refused != nil || out.Over {
				t.Errorf("what is left was not given: %+v", out)
			}
			for _, subject := range []ids.Account{w.one, w.reseller} {
				if n := w.balanced(string(subject), 400); n != 0 {
					t.Errorf("%s: %d lie idle beside a full hour", subject, n)
				}
			}
			if out := w.ask(e, w.from(w.one), fmt.Sprint(w.made, "one more"), 1); out.Refused == nil && !out.Over {
				t.Errorf("more than the limit was allowed: %+v", out)
			}
		}
	})
}

func TestALeaseThatWasEndedElsewhereSpendsNothing(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Day, Limit{Amount: 1000})
		e := w.node(true)
		for i := range 6 {
			w.ask(e, w.from(w.one), fmt.Sprint(i), 1)
			e.Idle()
		}
		ticket, ok, err := e.Spend(t.Context(), w.from(w.one), 1)
		if !ok || err != nil {
			t.Fatal("no lease", err)
		}
		ticket.undo()
		w.exec(`UPDATE quota_leases SET until = 0`)
		if err := w.node(true).Reap(t.Context()); err != nil {
			t.Fatal(err)
		}
		if out := w.ask(e, w.from(w.one), "after", 1); out.Refused != nil {
			t.Errorf("%+v", out.Refused)
		}
		w.balanced(string(w.one), 7) // counted once, and not in the lease that is gone
		if from, _ := ticket.path.holders[0].take(1, e.watch()); from != nil && from == ticket.taken[0] {
			t.Error("the lease that is gone is still in use")
		}
	})
}

func TestALoweredLimitActsOnEveryNodeAtOnce(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Day, Limit{Amount: 100_000})
		nodes := []*Engine{w.node(true), w.node(true)}
		for i := range 20 {
			for j, e := range nodes {
				w.ask(e, w.from(w.one), fmt.Sprint(i, j), 1)
				e.Idle()
			}
		}
		w.limit(string(w.one), Day, Limit{Amount: 30}) // below what is used
		for j, e := range nodes {
			if out := w.ask(e, w.from(w.one), fmt.Sprint("after", j), 1); out.Refused == nil || out.Refused.Binding.Limit.Amount != 30 {
				t.Errorf("node %d goes on: %+v", j, out)
			}
			if err := e.Reap(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.balanced(string(w.one), 40); n != 0 {
			t.Errorf("%d are still leased under the old limit", n)
		}
	})
}

func TestTheLedgersClockEndsALeaseWhateverTheNodeThinks(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Day, Limit{Amount: 1000})
		e := w.node(true)
		for i := range 6 {
			w.ask(e, w.from(w.one), fmt.Sprint(i), 1)
			e.Idle()
		}
		ticket, ok, err := e.Spend(t.Context(), w.from(w.one), 1)
		if !ok || err != nil {
			t.Fatal("no lease", err)
		}
		from := ticket.taken[0].id
		ticket.undo()
		before := w.count(`SELECT spent FROM quota_leases WHERE id = ?`, from)
		e.ledgerNow = func(context.Context, *db.Tx) (time.Time, error) { return w.clock.Now().Add(3 * time.Minute), nil }
		for i := range 4 {
			if out := w.ask(e, w.from(w.one), fmt.Sprint("later", i), 1); out.Refused != nil {
				t.Errorf("%+v", out.Refused)
			}
			e.Idle()
		}
		if after := w.count(`SELECT spent FROM quota_leases WHERE id = ?`, from); after != before {
			t.Errorf("%d were spent from a lease that had ended", after-before)
		}
		w.balanced(string(w.one), 10)
	})
}

func TestANodeThatBeginsKnowsTheKeysOfTheDay(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Day, Limit{Amount: 10_000})
		e := w.node(true)
		first := w.ask(e, w.from(w.one), "first", 2)
		for i := range readAtOnce + 10 {
			w.ask(e, w.from(w.one), fmt.Sprint(i), 1)
		}
		late := w.node(true)
		if again := w.ask(late, w.from(w.one), "first", 2); !again.Replayed || again.Reserve != first.Reserve {
			t.Errorf("%+v, and it was %+v", again, first)
		}
		if err := w.settle(late, first.Reserve.ID, true); err != nil {
			t.Error(err)
		}
		if again := w.ask(e, w.from(w.one), "first", 2); again.Reserve.State != Released {
			t.Errorf("%+v", again)
		}
		w.balanced(string(w.one), readAtOnce+10)

		// After a day the key is free again, and what it stood for cannot be settled any more.
		w.clock.Advance(keepReserve + time.Minute)
		for _, n := range []*Engine{e, late} {
			if err := n.ForgetReserves(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.count(`SELECT COUNT(*) FROM quota_chunks`) + w.count(`SELECT COUNT(*) FROM quota_settled`); n != 0 {
			t.Errorf("%d rows of the log are a day old", n)
		}
		if err := w.settle(late, first.Reserve.ID, true); errs.CodeOf(err) != "reserve.not_found" {
			t.Error(err)
		}
		if again := w.ask(e, w.from(w.one), "first", 2); again.Replayed {
			t.Errorf("%+v", again)
		}
	})
}

func TestANodeForgetsWhatTheDatabaseHasLost(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Day, Limit{Amount: 10_000})
		e := w.node(true)
		for i := range 6 {
			w.ask(e, w.from(w.one), fmt.Sprint(i), 1)
			e.Idle()
		}
		for _, query := range []string{`DELETE FROM quota_chunks`, `DELETE FROM quota_leases`, `DELETE FROM quota_ledger`, `DELETE FROM quota_usage`, `UPDATE quota_log SET folded = 0, seq = 0`} {
			w.exec(query) // as after going back to an older copy
		}
		if out := w.ask(e, w.from(w.one), "0", 1); out.Replayed {
			t.Errorf("%+v", out)
		}
		e.Idle()
		w.balanced(string(w.one), 1)
	})
}

func TestManyTogetherAreWrittenAtOnceAndFoldedLater(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Day, Limit{Amount: 130})
		e := w.node(true)
		var all []Request
		for i := range 100 {
			all = append(all, Request{w.from(w.one), Mark{"key_test", fmt.Sprint(i % 90)}, 1, 0})
		}
		for range 2 {
			out, failed := e.ReserveAll(t.Context(), all)
			e.Idle()
			for i := range all {
				if failed[i] != nil || out[i].Refused != nil || out[i].Reserve.ID != out[i%90].Reserve.ID {
					t.Fatalf("%d: %+v, %v", i, out[i], failed[i])
				}
			}
		}
		for i := range all {
			all[i].Key = fmt.Sprint("other", i)
		}
		out, _ := e.ReserveAll(t.Context(), all)
		yes := 0
		for _, o := range out {
			if o.Refused == nil {
				yes++
			}
		}
		e.Idle()
		if yes > 40 {
			t.Errorf("%d more were let through, of 40", yes)
		}
		if err := e.Fold(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.balanced(string(w.one), int64(90+yes))
	})
}

// There is one processor, so that only who is let run first can ask before the first transaction begins. On SQLite each would else have
// one of its own.
func TestWhoAsksAtTheSameTimeSharesATransaction(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	eachTown(t, func(w *town) {
		e := w.node(true)
		ask := func(key string) error {
			_, err := e.Reserve(t.Context(), w.from(w.one), Mark{"key_test", key}, 1, 0)
			return err
		}
		chunks := func() int {
			all, err := allChunks(t.Context(), w.db)
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		if err := ask("first"); err != nil {
			t.Fatal(err)
		}
		e.Idle()
		before := chunks()
		var asking sync.WaitGroup
		for i := range 32 {
			asking.Go(func() {
				if err := ask(strconv.Itoa(i)); err != nil {
					t.Error(err)
				}
			})
		}
		asking.Wait()
		if n := chunks() - before; n > 4 {
			t.Errorf("32 that asked at once were written in %d transactions", n)
		}
	})
}

func TestWhatTheEngineMeasures(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Day, Limit{Amount: 2})
		e := w.node(true)
		w.ask(e, w.from(w.one), "a", 2)
		w.ask(e, w.from(w.one), "a", 2)
		w.ask(e, w.from(w.one), "b", 1)
		w.ask(e, w.from(w.two), "c", 1)
		e.Idle()
		reg := prometheus.NewPedanticRegistry()
		reg.MustRegister(e.Metrics()...)
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				name := strings.TrimPrefix(f.GetName(), "bailiwick_quota_")
				for _, l := range m.GetLabel() {
					name += " " + l.GetValue()
				}
				got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
		if diff := cmp.Diff(map[string]float64{
			"decisions_total promised": 2, "decisions_total replayed": 1, "decisions_total refused": 1, "refusals_total customer day": 1,
			"keys": 2, "leases": float64(w.count(`SELECT COUNT(*) FROM quota_leases`)), "group_size": 4,
		}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestASmallGroupDoesNotFoldThoseBeforeIt: alone it stands in the leases at once, behind a large one it is folded with it.
func TestASmallGroupDoesNotFoldThoseBeforeIt(t *testing.T) {
	eachTown(t, func(w *town) {
		e := w.node(true)
		behind := func(want int64) {
			t.Helper()
			if got := w.count(`SELECT seq - folded FROM quota_log`); got != want {
				t.Errorf("%d chunks are not folded, want %d", got, want)
			}
		}
		w.ask(e, w.from(w.one), "alone", 1)
		behind(0)
		all := make([]Request, foldBelow)
		for i := range all {
			all[i] = Request{w.from(w.one), Mark{"key_test", fmt.Sprint("large ", i)}, 1, 0}
		}
		if _, failed := e.ReserveAll(t.Context(), all); errors.Join(failed...) != nil {
			t.Fatal(failed)
		}
		behind(1)
		w.ask(e, w.from(w.one), "behind it", 1)
		behind(2)
		if err := e.Fold(t.Context()); err != nil {
			t.Fatal(err)
		}
		behind(0)
	})
}
