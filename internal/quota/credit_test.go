package quota

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/ids"
)

// credit is one that ends some time after noon.
func credit(id string, units, used int64, after time.Duration) Credit {
	return Credit{ID: ids.Credit("crd_" + id), Units: units, Used: used, Expires: noon.Truncate(time.Minute).Add(after).UnixMilli()}
}

func TestCreditsExtendTheMonthAlone(t *testing.T) {
	month := func(n int64, more ...Credit) State {
		s := layer(per(Month, Limit{Amount: n, Action: Reject}), 10)
		s.Purse.Credits = more
		return s
	}
	december := "2026-12-01T00:00:00Z"
	for _, c := range []struct {
		name    string
		state   State
		n       int64
		allowed bool
		action  Action
		left    int64
		opens   string
	}{
		{"none is left of the month, all of the credit", month(10, credit("a", 200, 0, time.Hour)), 200, true, "", 200, ""},
		{"not one more", month(10, credit("a", 200, 0, time.Hour)), 201, false, Reject, 200, "never"},
		{"what is left of the month, and the credit", month(15, credit("a", 200, 50, time.Hour)), 155, true, "", 155, ""},
		{"one that has ended", month(10, credit("a", 200, 0, 0)), 1, false, Reject, 0, december},
		{"one that is void", month(10, Credit{ID: "v", Units: 200, Expires: noon.Add(time.Hour).UnixMilli(), Void: true}), 1, false, Reject, 0, december},
		{"next month it is still there", month(10, credit("a", 5, 0, 1000*time.Hour)), 15, false, Reject, 5, december},
		{"next month it is not", month(10, credit("a", 5, 0, 24*time.Hour)), 15, false, Reject, 5, "never"},
		{"nothing but credits", month(0, credit("a", 5, 0, time.Hour)), 5, true, "", 5, ""},
	} {
		d := Decide([]State{c.state}, c.n)
		opens := "never"
		if d.OpensAt == noon.UnixMilli() {
			opens = ""
		} else if d.OpensAt != 0 {
			opens = time.UnixMilli(d.OpensAt).UTC().Format(time.RFC3339)
		}
		if d.Allowed != c.allowed || d.Action != c.action || d.Binding.Remaining != c.left || opens != c.opens {
			t.Errorf("%s: allowed %t, %q, %d left, opens %s", c.name, d.Allowed, d.Action, d.Binding.Remaining, opens)
		}
	}

	s := layer(Limits{Hour: {Amount: 100, Action: Reject}, Day: free(), Month: {Amount: 10, Action: Reject}}, 10)
	s.Purse.Credits = []Credit{credit("a", 200, 0, time.Hour)}
	if d := Decide([]State{s}, 91); d.Allowed || d.Binding.Window != Hour {
		t.Error("credits extend the hour as well")
	}
	below, above := s, layer(per(Month, Limit{Amount: 10, Action: Reject}), 5)
	if d := Decide([]State{below, above}, 6); d.Allowed || d.Binding.Layer != 1 {
		t.Error("credits extend the month of a layer above")
	}
}

func TestWhatWasDrawnOfCreditsLeavesTheMonthAlone(t *testing.T) {
	s := layer(per(Month, Limit{Amount: 100, Action: Reject}), 130)
	s.Purse = Purse{Credits: []Credit{credit("a", 50, 30, time.Hour)}, Drawn: 30}
	if d := Decide([]State{s}, 20); !d.Allowed || d.Binding.Credits != 50 {
		t.Errorf("20 of 20: %+v", d.Binding)
	}
	s.Layer.Limits[Month].Amount = 150 // a larger package
	if d := Decide([]State{s}, 1); d.Binding.Remaining != 70 {
		t.Errorf("50 of the month and 20 of the credit: %d", d.Binding.Remaining)
	}
}

func TestCreditsAreDrawnFromTheOneThatExpiresFirst(t *testing.T) {
	all := []Credit{credit("gone", 50, 0, 0), credit("soon", 10, 4, time.Minute), credit("late", 10, 0, time.Hour)}
	at := noon.Truncate(time.Minute).UnixMilli()
	if diff := cmp.Diff([]Drawn{{all[1].ID, 6}, {all[2].ID, 2}}, draw(all, at, 8)); diff != "" {
		t.Error(diff)
	}
	if left := CreditLeft(all, at); left != 8 {
		t.Errorf("%d are left", left)
	}
	limit := Limit{Amount: 1000}
	for _, c := range []struct{ used, n, need int64 }{{988, 12, 0}, {990, 12, 2}, {1000, 12, 12}, {5000, 12, 12}} {
		if got := need(limit, c.used, c.n); got != c.need {
			t.Errorf("%d beside %d of 1000 need %d", c.n, c.used, got)
		}
	}
	if got := need(free(), 5000, 12); got != 0 {
		t.Errorf("without a limit %d are drawn", got)
	}
}

func TestUnitsReturnToTheCreditsThatTheirMinuteDrewOn(t *testing.T) {
	at := Charge{Minute: 7, Month: 3}
	drawn := func() []drawing {
		return []drawing{
			{minute: 7, month: 3, credit: credit("soon", 10, 10, time.Minute), units: 10},
			{minute: 7, month: 3, credit: credit("late", 10, 4, time.Hour), units: 4},
			{minute: 6, month: 3, credit: credit("late", 10, 4, time.Hour), units: 100},
		}
	}
	of := func(all []drawing) (out []Drawn) {
		for _, d := range all {
			out = append(out, Drawn{d.credit.ID, d.units})
		}
		return out
	}
	soon, late := credit("soon", 0, 0, 0).ID, credit("late", 0, 0, 0).ID
	for n, want := range map[int64][]Drawn{0: nil, 3: {{late, 3}}, 6: {{late, 4}, {soon, 2}}, 99: {{late, 4}, {soon, 10}}} {
		if diff := cmp.Diff(want, of(giveBack(drawn(), at, n))); diff != "" {
			t.Errorf("%d: %s", n, diff)
		}
	}
	void := drawn()
	void[0].credit.Void = true
	if diff := cmp.Diff([]Drawn{{soon, 6}}, of(giveBack(void, at, 6))); diff != "" {
		t.Errorf("one that is void is drawn on by giving back: %s", diff)
	}
	if back := giveBack(drawn(), Charge{Minute: 7, Month: 2}, 9); back != nil {
		t.Errorf("of another month: %v", back)
	}
}

func TestAPaceIsNotOutrunByCredits(t *testing.T) {
	s := layer(per(Month, Limit{Amount: 30_000, Action: Reject, Paced: true}), 21_000) // of the 22nd day
	s.Purse.Credits = []Credit{credit("a", 5000, 0, 1000*time.Hour)}
	if d := Decide([]State{s}, 3000); d.Allowed {
		t.Error("a credit is drawn on before the month is used up")
	}
	s.Counter.charge(9000)
	if d := Decide([]State{s}, 5000); !d.Allowed {
		t.Error("a credit is not drawn on when it is")
	}
}

func TestOverageComesAfterCredits(t *testing.T) {
	s := layer(per(Month, Limit{Amount: 100, Action: Overage, Cap: 120}), 90)
	s.Purse.Credits = []Credit{credit("a", 50, 0, time.Hour)}
	for _, c := range []struct {
		n, over int64
		allowed bool
	}{{60, 0, true}, {61, 1, true}, {80, 20, true}, {81, 21, false}} {
		d := Decide([]State{s}, c.n)
		if d.Allowed != c.allowed || d.Allowed && (d.Action == Overage) != (c.over > 0) {
			t.Errorf("%d: allowed %t, %q", c.n, d.Allowed, d.Action)
		}
		if over := beyond(s, c.n); over != c.over {
			t.Errorf("%d: %d are billed", c.n, over)
		}
	}
}
