package quota

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 22, 12, 0, 30, 0, time.UTC)

// layer is one with some limits, in which some units were used now.
func layer(l Limits, used int64) State {
	cal := Calendar{time.UTC, 1}
	s := State{Layer: Layer{Limits: l, Calendar: cal}, Moment: cal.At(noon)}
	s.Counter.turn(s.Moment)
	s.Counter.charge(used)
	return s
}

func per(w Window, l Limit) Limits {
	all := NoLimits()
	all[w] = l
	return all
}

func TestDecide(t *testing.T) {
	reject := func(n int64) Limit { return Limit{Amount: n, Action: Reject} }
	hold := func(n int64) Limit { return Limit{Amount: n, Action: Hold} }
	over := func(n, limit int64) Limit { return Limit{Amount: n, Action: Overage, Cap: limit} }
	midnight, inAnHour, december := "2026-11-23T00:00:00Z", "2026-11-22T13:02:00Z", "2026-12-01T00:00:00Z"
	for _, c := range []struct {
		name    string
		chain   []State
		n       int64
		allowed bool
		action  Action
		layer   int
		left    int64
		opens   string // "" now, "never"
	}{
		{"no limits at all", []State{layer(NoLimits(), 5)}, 10, true, "", -1, math.MaxInt64, ""},
		{"the last one", []State{layer(per(Day, reject(10)), 9)}, 1, true, "", 0, 1, ""},
		{"one too many", []State{layer(per(Day, reject(10)), 9)}, 2, false, Reject, 0, 1, midnight},
		{"none is none", []State{layer(per(Day, reject(0)), 0)}, 1, false, Reject, 0, 0, "never"},
		{"more than the limit ever lets through", []State{layer(per(Hour, reject(10)), 0)}, 11, false, Reject, 0, 10, "never"},
		{"below what is used", []State{layer(per(Month, reject(10)), 50)}, 1, false, Reject, 0, 0, december},
		{"the hour opens when its minutes have gone", []State{layer(per(Hour, reject(10)), 10)}, 1, false, Reject, 0, 0, inAnHour},
		{"the most restrictive layer binds", []State{layer(per(Day, reject(10)), 5), layer(per(Day, reject(100)), 98), layer(per(Month, reject(50)), 40)}, 1, true, "", 1, 2, ""},
		{"an upper layer refuses", []State{layer(per(Day, reject(10)), 5), layer(per(Day, reject(100)), 99)}, 2, false, Reject, 1, 1, midnight},
		{"hold waits for midnight", []State{layer(per(Day, hold(10)), 10)}, 1, false, Hold, 0, 0, midnight},
		{"hold refuses what is nine days away", []State{layer(per(Month, hold(10)), 10)}, 1, false, Reject, 0, 0, december},
		{"hold refuses what never fits", []State{layer(per(Day, hold(10)), 0)}, 11, false, Reject, 0, 10, "never"},
		{"reject before hold", []State{layer(per(Day, hold(10)), 10), layer(per(Day, reject(10)), 9)}, 2, false, Reject, 1, 1, midnight},
		{"overage lets through", []State{layer(per(Day, over(10, 20)), 10)}, 5, true, Overage, 0, 10, ""},
		{"up to its cap", []State{layer(per(Day, over(10, 20)), 18)}, 5, false, Reject, 0, 2, midnight},
		{"hold before overage", []State{layer(per(Day, over(10, 20)), 10), layer(per(Day, hold(10)), 10)}, 1, false, Hold, 1, 0, midnight},
	} {
		d := Decide(c.chain, c.n)
		opens := "never"
		if d.OpensAt == noon.UnixMilli() {
			opens = ""
		} else if d.OpensAt != 0 {
			opens = time.UnixMilli(d.OpensAt).UTC().Format(time.RFC3339)
		}
		type said struct {
			Allowed bool
			Action  Action
			Layer   int
			Left    int64
			Opens   string
		}
		if diff := cmp.Diff(said{c.allowed, c.action, c.layer, c.left, c.opens}, said{d.Allowed, d.Action, d.Binding.Layer, d.Binding.Remaining, opens}); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestPacingSpreadsALimitOverItsWindow(t *testing.T) {
	hour := layer(per(Hour, Limit{Amount: 600, Paced: true}), 0)
	if d := Decide([]State{hour}, 10); !d.Allowed {
		t.Error("the first minute's share is refused")
	}
	hour.Counter.charge(10)
	d := Decide([]State{hour}, 10)
	if got := time.UnixMilli(d.OpensAt).UTC().Format("15:04"); d.Allowed && d.Binding.Remaining < 590 || !d.Allowed && got != "12:01" {
		t.Errorf("allowed %t, %d left, opens at %s", d.Allowed, d.Binding.Remaining, got)
	}
	day := layer(per(Day, Limit{Amount: 1440, Paced: true}), 700)
	if d := Decide([]State{day}, 30); d.Allowed || time.UnixMilli(d.OpensAt).UTC().Format("15:04") != "12:08" {
		t.Errorf("30 of a day's even share: allowed %t, opens %v", d.Allowed, time.UnixMilli(d.OpensAt).UTC())
	}
	if d := Decide([]State{day}, 20); !d.Allowed {
		t.Error("what the pace leaves is refused")
	}
}

// TestNoWindowEverHoldsMoreThanItsLimit sends at random, as fast as the decision allows, with clocks that jump, and looks at
// every hour, day and month afterwards, by the clock of the ledger, which is the one that counts: it never goes back, but a clock
// that was behind measures the hour in which it is put right too long.
func TestNoWindowEverHoldsMoreThanItsLimit(t *testing.T) {
	zones := []*time.Location{time.UTC, zone(t, "America/Havana"), zone(t, "Asia/Kathmandu")}
	rapid.Check(t, func(t *rapid.T) {
		cal := Calendar{rapid.SampledFrom(zones).Draw(t, "zone"), rapid.IntRange(1, 31).Draw(t, "month day")}
		limits := Limits{
			{Amount: rapid.Int64Range(0, 50).Draw(t, "hour")}, {Amount: rapid.Int64Range(0, 200).Draw(t, "day")}, {Amount: rapid.Int64Range(0, 400).Draw(t, "month")},
		}
		s := State{Layer: Layer{Limits: limits, Calendar: cal}}
		type spent struct{ at, n int64 }
		var all []spent
		at, ledger := noon, time.Time{}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.OneOf(rapid.Int64Range(0, 5*minuteMs), rapid.Int64Range(57*minuteMs, 61*minuteMs), rapid.Int64Range(0, 30*3_600_000)).Draw(t, "pause")) * time.Millisecond)
			shown := at
			if rapid.IntRange(0, 9).Draw(t, "clock") == 0 {
				shown = at.Add(-time.Duration(rapid.Int64Range(0, 7_200_000).Draw(t, "back")) * time.Millisecond)
			}
			if shown.After(ledger) {
				ledger = shown
			}
			s.Moment = cal.At(shown)
			s.Counter.turn(s.Moment)
			n := rapid.Int64Range(1, 30).Draw(t, "n")
			if !Decide([]State{s}, n).Allowed {
				continue
			}
			charge, ok := s.Counter.charge(n)
			if !ok {
				t.Fatal("a small number ran over")
			}
			if rapid.IntRange(0, 4).Draw(t, "release") == 0 {
				before := s.Counter
				s.Counter.giveBack(charge, n)
				if s.Counter.MonthUsed != before.MonthUsed-n || s.Counter.used(Hour) != before.used(Hour)-n {
					t.Fatal("a release does not restore")
				}
				continue
			}
			// it is spent from a lease, at any time before that ends
			ends := min((ledger.UnixMilli()/minuteMs+2)*minuteMs, cal.At(ledger).DayEnds)
			all = append(all, spent{rapid.Int64Range(ledger.UnixMilli(), ends-1).Draw(t, "spent at"), n})
		}
		for _, first := range all {
			hour, day, month := int64(0), int64(0), int64(0)
			m := cal.At(time.UnixMilli(first.at))
			for _, s := range all { // which need not be in order
				if s.at >= first.at && s.at-first.at < 3_600_000 {
					hour += s.n
				}
				if s.at >= m.DayBegan && s.at < m.DayEnds {
					day += s.n
				}
				if s.at >= m.MonthBegan && s.at < m.MonthEnds {
					month += s.n
				}
			}
			// a clock that went back over midnight counts into the later day, which is stricter
			if hour > limits[Hour].Amount || day > limits[Day].Amount || month > limits[Month].Amount {
				t.Fatalf("%d in an hour, %d in a day, %d in a month; limits %+v", hour, day, month, limits)
			}
		}
	})
}

// FuzzQUO01ArithmeticStaysInBounds: no sum wraps around, wherever the numbers stand.
func FuzzQUO01ArithmeticStaysInBounds(f *testing.F) {
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), int64(1), int64(math.MaxInt64), true)
	f.Add(int64(10), int64(9), int64(2), int64(0), false)
	f.Add(int64(-1), int64(math.MaxInt64), int64(math.MaxInt64), int64(5), true)
	f.Fuzz(func(t *testing.T, amount, used, n, most int64, paced bool) {
		if amount < Unlimited || used < 0 || n < 1 || most < 0 {
			return
		}
		for _, w := range Windows() {
			l := Limit{Amount: amount, Action: Overage, Cap: max(most, amount), Paced: paced}
			s := layer(per(w, l), used)
			d := Decide([]State{s}, n)
			highest := l.Cap
			if paced {
				highest = amount
			}
			if d.Allowed && amount != Unlimited && (n > highest || used > highest-n) {
				t.Errorf("%v: %d were let through, %d used of %d", w, n, used, highest)
			}
			before := s.Counter
			if at, ok := s.Counter.charge(n); ok {
				if s.Counter.MonthUsed < before.MonthUsed || s.Counter.used(Hour) < before.used(Hour) {
					t.Errorf("a counter went backwards: %d + %d", used, n)
				}
				s.Counter.giveBack(at, n)
			} else if used <= math.MaxInt64-n {
				t.Errorf("%d + %d was refused", used, n)
			}
			if s.Counter != before {
				t.Error("a release does not restore")
			}
		}
	})
}

func FuzzQUO01RecipientsTimesParts(f *testing.F) {
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64))
	f.Add(int64(1<<32), int64(1<<32))
	f.Add(int64(3), int64(0))
	f.Fuzz(func(t *testing.T, recipients, parts int64) {
		for _, c := range Channels() {
			n, err := Units(c, recipients, parts)
			if err == nil && (n < 1 || n > MostUnits || n < recipients || c == SMS && n/parts != recipients) {
				t.Errorf("%s: %d recipients of %d parts are %d", c, recipients, parts, n)
			}
			if err != nil && recipients >= 1 && parts >= 1 && recipients <= 1000 && parts <= 1000 {
				t.Errorf("%s: %d recipients of %d parts: %v", c, recipients, parts, err)
			}
		}
	})
}

func TestTheHourForgetsAMinuteWhenNothingChargedToItCanBeAnHourYoung(t *testing.T) {
	s := layer(per(Hour, Limit{Amount: 10}), 10)
	charged := s.Moment.Minute
	spentLast := (charged + 2) * minuteMs // what was charged to a minute is spent before the end of the next
	for minute := charged; minute <= charged+ringSize; minute++ {
		s.Counter.turn(Moment{Minute: minute})
		young := minute*minuteMs < spentLast+3_600_000-minuteMs // an hour has not gone by at the beginning of that minute
		if counted := s.Counter.used(Hour) == 10; counted != (minute-charged < 62) || young && !counted {
			t.Errorf("%d minutes later: counted %t", minute-charged, counted)
		}
	}
}

func TestAnHourResetsWhenTheLastOfItCountsNoMore(t *testing.T) {
	c := Counter{Minute: 1000}
	if at := c.empties(); at != 0 {
		t.Errorf("an empty hour resets at %d", at)
	}
	c.Ring[900%ringSize], c.Ring[990%ringSize] = 0, 5
	at := c.empties()
	c.turn(Moment{Minute: at/minuteMs - 1})
	before := c.used(Hour)
	c.turn(Moment{Minute: at / minuteMs})
	if before != 5 || c.used(Hour) != 0 {
		t.Errorf("%d are used a minute before it resets, and %d then", before, c.used(Hour))
	}
}

func TestAmountsAreReadUpToTheGreatestLimit(t *testing.T) {
	for typed, want := range map[string]int64{"": Unlimited, "-1": Unlimited, "0": 0, "1,125,899,906,842,624": MostAmount, "2000000000000": 2e12} {
		if n, err := ParseAmount("email_day", typed); err != nil || n != want {
			t.Errorf("%q is read as %d (%v)", typed, n, err)
		}
	}
	for _, typed := range []string{"-2", "1125899906842625", "99999999999999999999", "1.5", "many"} {
		if n, err := ParseAmount("email_day", typed); err == nil {
			t.Errorf("%q is read as %d", typed, n)
		}
	}
}
