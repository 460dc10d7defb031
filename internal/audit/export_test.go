package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// written is a platform whose two clients have ten sealed events each.
func written(t *testing.T, d *db.DB, now *clock.Fake) time.Time {
	t.Helper()
	plant(t, d)
	begun := now.Now()
	for i := range 10 {
		record(t, d, "acc_a", renamed(fmt.Sprint("a", i), fmt.Sprint("a", i+1)))
		record(t, d, "acc_b", renamed(fmt.Sprint("b", i), fmt.Sprint("b", i+1)))
		now.Advance(time.Hour)
	}
	seal(t, d)
	return begun
}

func export(t *testing.T, d *db.DB, on ids.Account, f Filter) string {
	t.Helper()
	var b bytes.Buffer
	for at := (ExportPlace{}); !at.Ended; {
		var err error
		if at, err = ExportPage(t.Context(), d, scope(t, d, on), f, d.Now().UnixMilli(), at, &b); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestAnExportIsVerifiedWithoutTheDatabase(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		start := written(t, d, now)
		for name, c := range map[string]struct {
			on     ids.Account
			f      Filter
			events int
			logs   int
		}{
			"one account":        {"acc_a", Filter{}, 10, 1},
			"all below":          {"acc_p", Filter{Below: true}, 20, 2},
			"only the platform":  {"acc_p", Filter{}, 0, 0},
			"some hours":         {"acc_p", Filter{Below: true, From: start.Add(3 * time.Hour), To: start.Add(5 * time.Hour)}, 4, 2},
			"a span of one name": {"acc_b", Filter{From: start.Add(9 * time.Hour)}, 1, 1},
		} {
			x, err := VerifyExport(strings.NewReader(export(t, d, c.on, c.f)))
			if err != nil || !x.Sound() || x.Events != c.events || len(x.Logs) != c.logs {
				t.Errorf("%s: %+v, %v", name, x, err)
			}
		}
	})
}

func TestEveryAlterationOfAnExportIsFound(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		written(t, d, now)
		good := strings.SplitAfter(strings.TrimSuffix(export(t, d, "acc_p", Filter{Below: true}), "\n"), "\n")
		with := func(change func(lines []string) []string) string {
			return strings.Join(change(append([]string{}, good...)), "")
		}
		for name, c := range map[string]struct {
			text  string
			err   error
			fault Fault
			seq   int64
		}{
			"another name": {with(func(l []string) []string { l[5] = strings.Replace(l[5], `"Ann"`, `"Bob"`, 1); return l }), nil, ChangedPersonal, 5},
			"another action": {with(func(l []string) []string {
				l[4] = strings.Replace(l[4], "account.renamed", "account.removed", 1)
				return l
			}), nil, ChangedEvent, 4},
			"another change":   {with(func(l []string) []string { l[3] = strings.Replace(l[3], `"a3"`, `"x3"`, 1); return l }), nil, ChangedPersonal, 3},
			"another time":     {with(func(l []string) []string { l[2] = strings.Replace(l[2], `"at":`, `"at":1`, 1); return l }), nil, ChangedEvent, 2},
			"another order":    {with(func(l []string) []string { l[3], l[4] = l[4], l[3]; return l }), nil, MissingSeal, 3},
			"an event removed": {with(func(l []string) []string { return append(l[:7], l[8:]...) }), ErrCutOff, MissingSeal, 7},
			"the first removed": {with(func(l []string) []string {
				l[len(l)-1] = `{"end":19}`
				return append(l[:1], l[2:]...)
			}), nil, "", 0}, // taken for the work of retention; the number tells
			"one removed, foot mended": {with(func(l []string) []string {
				l[len(l)-1] = `{"end":19}`
				return append(l[:7], l[8:]...)
			}), nil, MissingSeal, 7},
			"the end cut off": {with(func(l []string) []string { return l[:len(l)-1] }), ErrCutOff, "", 0},
			"half a line":     {with(func(l []string) []string { return append(l[:4], l[4][:40]) }), ErrNotExport, "", 0},
			"a field added":   {with(func(l []string) []string { l[4] = strings.Replace(l[4], `{"seq"`, `{"x":1,"seq"`, 1); return l }), ErrNotExport, "", 0},
			"nothing":         {"", ErrNotExport, "", 0},
			"something else":  {"time,actor\n", ErrNotExport, "", 0},
			"lines after":     {with(func(l []string) []string { return append(l, "\n"+l[3]) }), ErrCutOff, "", 0},
			"the personal part": {with(func(l []string) []string {
				i := strings.Index(l[6], `"personal":{`)
				l[6] = l[6][:i] + `"personal":null}` + "\n"
				return l
			}), nil, MissingPersonal, 6},
		} {
			x, err := VerifyExport(strings.NewReader(c.text))
			if !errors.Is(err, c.err) || c.err == nil && err != nil {
				t.Errorf("%s: %v, want %v", name, err, c.err)
			}
			if c.fault == "" {
				continue
			}
			if x.Sound() || x.Logs[0].Problems[0].What != c.fault || x.Logs[0].Problems[0].Seq != c.seq {
				t.Errorf("%s: %+v", name, x.Logs)
			}
		}
	})
}

func TestRetentionDeletesOldEventsAndTheChainStaysWhole(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		start := written(t, d, now)
		if n, err := Trim(t.Context(), d, start.Add(4*time.Hour)); err != nil || n != 8 {
			t.Fatal(n, err)
		}
		for _, a := range []ids.Account{"acc_a", "acc_b"} {
			if r := verify(t, d, a); !r.Sound() || r.Sealed != 10 || r.Deleted != 4 {
				t.Errorf("%+v", r)
			}
		}
		x, err := VerifyExport(strings.NewReader(export(t, d, "acc_p", Filter{Below: true})))
		if err != nil || !x.Sound() || x.Events != 12 {
			t.Errorf("%+v, %v", x, err)
		}
		if n, err := Trim(t.Context(), d, start.Add(4*time.Hour)); err != nil || n != 0 {
			t.Error("deleted twice", n, err)
		}
		if n, err := Trim(t.Context(), d, start.Add(99*time.Hour)); err != nil || n != 12 {
			t.Error(n, err)
		}
		record(t, d, "acc_a", renamed("x", "y")) // goes on with number 11, though no event is left before it
		seal(t, d)
		if r := verify(t, d, "acc_a"); !r.Sound() || r.Sealed != 11 || r.Deleted != 10 {
			t.Errorf("%+v", r)
		}
		exec(t, d, `UPDATE audit_checkpoints SET seq = 9 WHERE account_id = 'acc_a'`)
		if r := verify(t, d, "acc_a"); r.Sound() {
			t.Error("a checkpoint that does not fit went unnoticed")
		}
	})
}

func TestRetentionTakesOnlyTheBeginningOfAChain(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		plant(t, d)
		start := now.Now()
		for _, at := range []time.Duration{0, 10 * time.Hour, time.Hour} { // the third was late
			now.Set(start.Add(at))
			record(t, d, "acc_a", renamed("a", fmt.Sprint(at)))
			seal(t, d)
		}
		if n, err := Trim(t.Context(), d, start.Add(5*time.Hour)); err != nil || n != 1 {
			t.Error(n, err)
		}
		if r := verify(t, d, "acc_a"); !r.Sound() || r.Sealed != 3 {
			t.Errorf("%+v", r)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := Trim(ctx, d, start.Add(99*time.Hour)); err == nil {
			t.Error("a stopped job went on")
		}
	})
}

func TestAnExportGoesOnPageByPageAndNoticesRetention(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		plant(t, d)
		start := now.Now()
		var many []Event
		for i := range exportStep + 20 {
			many = append(many, renamed(fmt.Sprint("a", i), fmt.Sprint("a", i+1)))
		}
		record(t, d, "acc_a", many...)
		seal(t, d)
		var b bytes.Buffer
		first, err := ExportPage(t.Context(), d, scope(t, d, "acc_p"), Filter{Below: true}, 0, ExportPlace{}, &b)
		if err != nil || first.Ended || first.Events != exportStep {
			t.Fatalf("%+v, %v", first, err)
		}
		last, err := ExportPage(t.Context(), d, scope(t, d, "acc_p"), Filter{Below: true}, 0, first, &b)
		if err != nil || !last.Ended {
			t.Fatalf("%+v, %v", last, err)
		}
		if x, err := VerifyExport(&b); err != nil || !x.Sound() || x.Events != exportStep+20 {
			t.Errorf("%+v, %v", x, err)
		}
		now.Set(start.Add(time.Hour))
		if _, err := Trim(t.Context(), d, now.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := ExportPage(t.Context(), d, scope(t, d, "acc_p"), Filter{Below: true}, 0, first, &b); !errors.Is(err, ErrTrimmed) {
			t.Errorf("an export with a hole: %v", err)
		}
	})
}
