package setting

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

func less(a, b int) bool { return a < b }

func positive(n int) error {
	if n <= 0 {
		return errors.New("not positive")
	}
	return nil
}

var (
	idle    = Key[int]{Name: "session.idle_minutes", Default: 60, Merge: Tighten(less), Check: positive, Guard: true}
	colour  = Key[string]{Name: "brand.colour", Default: "blue", Merge: Override[string]}
	methods = Key[[]string]{Name: "signin.methods", Merge: Override[[]string]}
	blocked = Key[[]string]{Name: "blocked.domains", Merge: Override[[]string]}
)

func at(depth int, value string, locked bool) Row {
	return Row{Place{ids.Account(fmt.Sprint("acc_", depth)), fmt.Sprint("Account ", depth), depth}, json.RawMessage(value), locked, time.Time{}}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		name   string
		rows   []Row
		want   int
		depth  int // of the origin
		locked bool
		bad    int
		fails  bool
	}{
		{name: "nothing set: the default", want: 60, depth: -1},
		{name: "the default is no bound", rows: []Row{at(2, "90", false)}, want: 90, depth: 2},
		{name: "stricter below wins", rows: []Row{at(2, "90", false), at(0, "30", false)}, want: 30},
		{name: "laxer below has no part", rows: []Row{at(2, "30", false), at(0, "90", false)}, want: 30, depth: 2},
		{name: "a lock stops what is below", rows: []Row{at(2, "90", true), at(1, "30", false), at(0, "20", false)}, want: 90, depth: 2, locked: true},
		{name: "a lock of a value without part", rows: []Row{at(2, "30", false), at(1, "90", true), at(0, "20", false)}, want: 30, depth: 2, locked: true},
		{name: "unreadable: the value above", rows: []Row{at(2, "90", false), at(0, `"x"`, false)}, want: 90, depth: 2, bad: 1},
		{name: "refused by the check: the value above", rows: []Row{at(2, "90", false), at(0, "-5", false)}, want: 90, depth: 2, bad: 1},
		{name: "unreadable with a lock: it still locks", rows: []Row{at(2, "90", false), at(1, "{", true), at(0, "10", false)}, want: 90, depth: 2, locked: true, bad: 1},
		{name: "unreadable and nothing above: no default for a guard", rows: []Row{at(2, "{", false)}, want: 60, depth: -1, bad: 1, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, from, err := Resolve(idle, c.rows)
			if v != c.want || (err != nil) != c.fails || from.Locked != c.locked || len(from.Unreadable) != c.bad {
				t.Errorf("%d %+v %v", v, from, err)
			}
			if c.fails && errs.CodeOf(err) != "setting.unreadable" {
				t.Error(err)
			}
			if from.IsDefault() != (c.depth < 0) || c.depth >= 0 && from.Depth != c.depth {
				t.Errorf("from %+v, want depth %d", from.Place, c.depth)
			}
		})
	}
}

// naive says the rules one by one, for whole numbers and the lower limit.
func naive(rows []Row) (value int, source ids.Account) {
	var ok []Row
	for _, r := range rows {
		var n int
		if json.Unmarshal(r.Value, &n) == nil && n > 0 {
			ok = append(ok, r)
		}
		if r.Locked {
			break
		}
	}
	if len(ok) == 0 {
		return idle.Default, ""
	}
	num := func(r Row) (n int) { _ = json.Unmarshal(r.Value, &n); return n }
	lowest := slices.MinFunc(ok, func(a, b Row) int { return num(a) - num(b) })
	return num(lowest), lowest.Account
}

func TestResolveAgreesWithTheRulesSaidOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		depth := rapid.IntRange(0, 6).Draw(t, "depth")
		var rows []Row
		for d := depth; d >= 0; d-- {
			if rapid.Bool().Draw(t, "set") {
				value := rapid.SampledFrom([]string{"1", "2", "3", "60", "100", "0", `"x"`, "{"}).Draw(t, "value")
				rows = append(rows, at(d, value, rapid.IntRange(0, 4).Draw(t, "locked") == 0))
			}
		}
		v, from, err := Resolve(idle, rows)
		want, source := naive(rows)
		if v != want || from.Account != source {
			t.Fatalf("%d from %q, want %d from %q", v, from.Account, want, source)
		}
		if (err != nil) != (from.IsDefault() && len(from.Unreadable) > 0) {
			t.Fatalf("error %v with %+v", err, from)
		}
		if own := len(rows) > 0 && rows[len(rows)-1].Depth == 0; from.Own != own {
			t.Fatalf("own is %v, want %v", from.Own, own)
		}
	})
}

func TestKeysAreListedOnce(t *testing.T) {
	if err := Unique([]Any{idle, colour, methods}); err != nil {
		t.Error(err)
	}
	for _, bad := range [][]Any{{idle, colour, idle}, {Key[int]{}}} {
		if Unique(bad) == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}
