package quota

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bailiwick/internal/ids"
)

// TestMain keeps histories few: each step of one is a transaction, on two databases.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("rapid.checks").Value.String() == "100" {
		if err := flag.Set("rapid.checks", "20"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// oracle is the naive ledger: it remembers every message and adds all of them up for each decision. It is what the engine
// must not differ from.
type oracle struct {
	limits map[string]Limits
	log    map[string][]entry
	newest map[string]Moment
}

type entry struct {
	id     ids.Reserve
	minute int64
	day    int64
	month  int64
	n      int64
}

func (o *oracle) used(subject string, w Window, m Moment) (sum int64) {
	for _, e := range o.log[subject] {
		if w == Hour && e.minute > m.Minute-62 || w == Day && e.day == m.Day || w == Month && e.month == m.Month {
			sum += e.n
		}
	}
	return sum
}

// at is the moment of a subject, which never goes back.
func (o *oracle) at(subject string, t time.Time) Moment {
	m, old := Calendar{time.UTC, 1}.At(t), o.newest[subject]
	m.Minute, m.Day, m.Month = max(m.Minute, old.Minute), max(m.Day, old.Day), max(m.Month, old.Month)
	return m
}

// left is how much a subject may still send.
func (o *oracle) left(subject string, t time.Time) int64 {
	least := int64(1 << 60)
	for w, l := range o.limits[subject] {
		if l.Amount != Unlimited {
			least = min(least, l.Amount-o.used(subject, Window(w), o.at(subject, t)))
		}
	}
	return max(0, least)
}

func (o *oracle) add(subjects []string, t time.Time, id ids.Reserve, n int64) {
	for _, s := range subjects {
		m := o.at(s, t)
		o.newest[s] = m
		o.log[s] = append(o.log[s], entry{id, m.Minute, m.Day, m.Month, n})
	}
}

func (o *oracle) remove(id ids.Reserve) {
	for s, log := range o.log {
		var kept []entry
		for _, e := range log {
			if e.id != id {
				kept = append(kept, e)
			}
		}
		o.log[s] = kept
	}
}

func (o *oracle) total(subject string) (sum int64) {
	for _, e := range o.log[subject] {
		sum += e.n
	}
	return sum
}

// history is random work of several nodes on a town of its own.
type history struct {
	*town
	*oracle
	r     *rapid.T
	nodes []*Engine
	held  []ids.Reserve
	key   int
}

func (w *town) history(r *rapid.T, nodes []*Engine) *history {
	w.grow()
	h := &history{town: w, r: r, nodes: nodes, oracle: &oracle{map[string]Limits{}, map[string][]entry{}, map[string]Moment{}}}
	for _, subject := range []string{string(w.sub), string(w.one), string(w.two), string(w.reseller)} {
		all := NoLimits()
		for _, window := range Windows() {
			if n := rapid.Int64Range(-1, 60*int64(window+1)).Draw(r, subject); n != Unlimited {
				all[window].Amount = n
				w.limit(subject, window, Limit{Amount: n})
			}
		}
		h.limits[subject] = all
	}
	return h
}

// step does one thing at random. exact says that nodes hold nothing, so that every decision is the oracle's.
func (h *history) step(exact bool) {
	e := rapid.SampledFrom(h.nodes).Draw(h.r, "node")
	switch rapid.IntRange(0, 9).Draw(h.r, "step") {
	case 0:
		h.clock.Advance(time.Duration(rapid.Int64Range(1, 90*minuteMs).Draw(h.r, "wait")) * time.Millisecond)
	case 1:
		if exact { // with leases a clock that goes back only makes the nodes slower
			h.clock.Advance(-time.Duration(rapid.Int64Range(1, 30*minuteMs).Draw(h.r, "back")) * time.Millisecond)
		}
	case 2, 3:
		if len(h.held) == 0 {
			return
		}
		i := rapid.IntRange(0, len(h.held)-1).Draw(h.r, "reserve")
		id, release := h.held[i], rapid.Bool().Draw(h.r, "release")
		h.held = append(h.held[:i:i], h.held[i+1:]...)
		if h.settle(e, id, release) == nil && release {
			h.remove(id)
		}
	case 4:
		if err := e.Reap(h.t.Context()); err != nil {
			h.r.Fatal(err)
		}
	default:
		h.send(e, exact)
	}
}

func (h *history) send(e *Engine, exact bool) {
	s, subjects := Sender{Account: h.two, Channel: Email}, []string{string(h.two), string(h.reseller)}
	if rapid.Bool().Draw(h.r, "by the sub-account") {
		s, subjects = Sender{Account: h.one, Sub: h.sub, Channel: Email}, []string{string(h.sub), string(h.one), string(h.reseller)}
	}
	n := rapid.Int64Range(1, 12).Draw(h.r, "n")
	h.key++
	now := h.clock.Now()
	out := h.ask(e, s, fmt.Sprintf("%s/%d", h.reseller, h.key), n)
	e.Idle()
	fits := true
	for _, subject := range subjects {
		fits = fits && n <= h.left(subject, now)
	}
	switch {
	case out.Refused == nil && !fits:
		h.r.Fatalf("%d were let through beyond a limit", n)
	case out.Refused != nil && fits && exact:
		h.r.Fatalf("%d were refused, and they fit: %+v", n, out.Refused)
	case out.Refused == nil:
		h.add(subjects, now, out.Reserve.ID, n)
		h.held = append(h.held, out.Reserve.ID)
	}
}

func TestTheLedgerDecidesAsTheNaiveOneDoes(t *testing.T) {
	eachTown(t, func(w *town) {
		nodes := []*Engine{w.node(false), w.node(false)}
		rapid.Check(t, func(r *rapid.T) {
			h := w.history(r, nodes)
			for range rapid.IntRange(1, 40).Draw(r, "steps") {
				h.step(true)
			}
		})
	})
}

func TestNodesWithLeasesNeverExceedTheNaiveLedgerAndStrandNothing(t *testing.T) {
	eachTown(t, func(w *town) {
		nodes := []*Engine{w.node(true), w.node(true), w.node(true)}
		rapid.Check(t, func(r *rapid.T) {
			h := w.history(r, nodes)
			for range rapid.IntRange(1, 40).Draw(r, "steps") {
				h.step(false)
				if rapid.IntRange(0, 15).Draw(r, "a node dies") == 0 {
					i := rapid.IntRange(0, len(nodes)-1).Draw(r, "which")
					nodes[i] = w.engine(nodes[i].db, true)
				}
			}
			w.clock.Advance(2 * time.Minute)
			if err := nodes[0].Reap(t.Context()); err != nil {
				r.Fatal(err)
			}
			for _, subject := range []string{string(w.sub), string(w.one), string(w.two), string(w.reseller)} {
				stranded := w.count(`SELECT COALESCE(SUM(size - spent), 0) FROM quota_leases WHERE subject = ?`, subject)
				sent := w.count(`SELECT COALESCE(SUM(units), 0) FROM quota_usage WHERE subject = ?`, subject)
				if stranded != 0 || sent != h.total(subject) {
					r.Fatalf("%s: %d stranded, the journal says %d of %d", subject, stranded, sent, h.total(subject))
				}
				for _, window := range []Window{Day, Month} {
					used, m := int64(0), h.newest[subject]
					if rows, err := countersOf(t.Context(), w.db, []counted{{subject, Email}}); err != nil {
						r.Fatal(err)
					} else if c := rows[counted{subject, Email}]; window == Day && c.Day == m.Day {
						used = c.DayUsed
					} else if window == Month && c.Month == m.Month {
						used = c.MonthUsed
					} else {
						continue // a lease that was returned in a period in which nothing was sent
					}
					if want := h.used(subject, window, m); used != want {
						r.Fatalf("%s: the %v counts %d, and %d were promised", subject, window, used, want)
					}
				}
			}
		})
	})
}
