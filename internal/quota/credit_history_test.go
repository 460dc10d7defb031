package quota

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bailiwick/internal/ids"
)

// till is the naive ledger of one client with a limit of its month and credits: it remembers every message, and what each minute drew.
type till struct {
	most    int64
	newest  int64
	month   int64
	credits []*granted
	sent    []message
	drawn   []drew
}

type granted struct {
	id         ids.Credit
	units      int64
	from, till int64 // Unix minutes: till is the first without it
	until      int64 // till, or the minute after it was voided
	void       bool
}

type message struct {
	id                       ids.Reserve
	n, minute, month, closes int64 // closes: the minute in which its month ends
}

type drew struct {
	of               *granted
	minute, month, n int64
}

// at is the minute and month of an instant, which never go back.
func (o *till) at(t time.Time) message {
	m := Calendar{time.UTC, 1}.At(t)
	month := max(o.month, m.Month)
	return message{minute: max(o.newest, m.Minute), month: month, closes: Calendar{time.UTC, 1}.At(time.Unix(month*24*60*60, 0)).MonthEnds / minuteMs}
}

func (o *till) left(c *granted, minute int64) int64 {
	if c.void || minute >= c.till {
		return 0
	}
	n := c.units
	for _, d := range o.drawn {
		if d.of == c {
			n -= d.n
		}
	}
	return n
}

// own is what the month itself has used.
func (o *till) own(month int64) (n int64) {
	for _, s := range o.sent {
		if s.month == month {
			n += s.n
		}
	}
	for _, d := range o.drawn {
		if d.month == month {
			n -= d.n
		}
	}
	return n
}

func (o *till) room(m message) int64 {
	n := max(0, o.most-o.own(m.month))
	for _, c := range o.credits {
		n += o.left(c, m.minute)
	}
	return n
}

func (o *till) send(m message) {
	o.newest, o.month = m.minute, m.month
	need := max(0, m.n-max(0, o.most-o.own(m.month)))
	slices.SortStableFunc(o.credits, func(a, b *granted) int { return cmp.Or(cmp.Compare(a.till, b.till), cmp.Compare(a.id, b.id)) })
	for _, c := range o.credits {
		if take := min(need, o.left(c, m.minute)); take > 0 {
			o.drawn = append(o.drawn, drew{c, m.minute, m.month, take})
			need -= take
		}
	}
	o.sent = append(o.sent, m)
}

// release forgets a message. What its minute drew returns to the credits that give nothing any more, then to the others, the one
// that ends last first.
func (o *till) release(id ids.Reserve) {
	i := slices.IndexFunc(o.sent, func(s message) bool { return s.id == id })
	m := o.sent[i]
	o.sent = slices.Delete(o.sent, i, i+1)
	slices.SortStableFunc(o.drawn, func(a, b drew) int {
		if a.of.void != b.of.void {
			return map[bool]int{true: -1, false: 1}[a.of.void]
		}
		return cmp.Or(cmp.Compare(b.of.till, a.of.till), cmp.Compare(b.of.id, a.of.id))
	})
	for i := range o.drawn {
		if d := &o.drawn[i]; d.minute == m.minute && d.month == m.month {
			back := min(d.n, m.n)
			d.n, m.n = d.n-back, m.n-back
		}
	}
}

// paid reports whether everything that was sent can be paid for, by a month or by a credit that was in force in that minute, with
// nothing paid twice. It takes for each message what ends first, which finds a way if there is one.
func (o *till) paid() bool {
	type source struct{ from, till, month, n int64 }
	var sources []*source
	seen := map[int64]bool{}
	for _, c := range o.credits {
		sources = append(sources, &source{c.from, c.until, -1, c.units})
	}
	for _, s := range o.sent {
		if !seen[s.month] {
			seen[s.month] = true
			sources = append(sources, &source{0, s.closes, s.month, o.most})
		}
	}
	slices.SortStableFunc(sources, func(a, b *source) int { return cmp.Compare(a.till, b.till) })
	all := slices.Clone(o.sent)
	slices.SortStableFunc(all, func(a, b message) int { return cmp.Compare(a.minute, b.minute) })
	for _, m := range all {
		for _, s := range sources {
			if s.month == m.month || s.month < 0 && s.from <= m.minute && m.minute < s.till {
				take := min(s.n, m.n)
				s.n, m.n = s.n-take, m.n-take
			}
		}
		if m.n > 0 {
			return false
		}
	}
	return true
}

// spell is random work of several nodes on one client with credits.
type spell struct {
	*town
	*till
	r     *rapid.T
	nodes []*Engine
	held  []ids.Reserve
	made  int
}

func (w *town) spell(r *rapid.T, nodes []*Engine) *spell {
	w.grow()
	s := &spell{town: w, r: r, nodes: nodes, till: &till{most: rapid.Int64Range(0, 40).Draw(r, "limit")}}
	w.limit(string(w.one), Month, Limit{Amount: s.most})
	return s
}

// step does one thing at random. exact says that nodes hold nothing, so that every decision is the naive ledger's.
func (s *spell) step(exact bool) {
	e := s.nodes[rapid.IntRange(0, len(s.nodes)-1).Draw(s.r, "node")]
	now := s.clock.Now()
	switch rapid.IntRange(0, 12).Draw(s.r, "step") {
	case 0:
		s.clock.Advance(time.Duration(rapid.Int64Range(1, 90*minuteMs).Draw(s.r, "wait")) * time.Millisecond)
	case 1:
		s.clock.Advance(time.Duration(rapid.Int64Range(1, 20).Draw(s.r, "days")) * 24 * time.Hour)
	case 2:
		if exact { // with leases a clock that goes back only makes the nodes slower
			s.clock.Advance(-time.Duration(rapid.Int64Range(1, 30*minuteMs).Draw(s.r, "back")) * time.Millisecond)
			for _, c := range s.credits { // by that clock they were there before
				c.from = min(c.from, s.at(s.clock.Now()).minute)
			}
		}
	case 3, 4:
		s.made++
		c := &granted{id: ids.Credit(fmt.Sprintf("crd_%s_%03d", s.one, s.made)), units: rapid.Int64Range(1, 30).Draw(s.r, "units"), from: s.at(now).minute}
		c.till = Calendar{time.UTC, 1}.At(now).Minute + rapid.Int64Range(1, 180).Draw(s.r, "minutes")*rapid.SampledFrom([]int64{1, 1, 24 * 12}).Draw(s.r, "of")
		c.until = c.till
		s.credits = append(s.credits, c)
		s.credit(c.id, s.one, c.units, time.UnixMilli(c.till*minuteMs))
	case 5:
		if len(s.credits) > 0 {
			c := s.credits[rapid.IntRange(0, len(s.credits)-1).Draw(s.r, "credit")]
			if !c.void {
				c.void, c.until = true, min(c.till, s.at(now).minute+1) // what was drawn in this minute stays drawn
				s.exec(`UPDATE quota_credits SET voided_at = ? WHERE id = ?`, now.UnixMilli(), c.id)
				s.tell()
			}
		}
	case 6, 7:
		if len(s.held) == 0 {
			return
		}
		i := rapid.IntRange(0, len(s.held)-1).Draw(s.r, "reserve")
		id := s.held[i]
		s.held = append(s.held[:i:i], s.held[i+1:]...)
		if s.settle(e, id, true) == nil {
			s.release(id)
		}
	case 8:
		if err := e.Reap(s.t.Context()); err != nil {
			s.r.Fatal(err)
		}
	default:
		s.message(e, exact)
	}
}

func (s *spell) message(e *Engine, exact bool) {
	m := s.at(s.clock.Now())
	m.n = rapid.Int64Range(1, 12).Draw(s.r, "n")
	s.made++
	fits := m.n <= s.room(m)
	out := s.ask(e, s.from(s.one), fmt.Sprintf("%s/%d", s.one, s.made), m.n)
	e.Idle()
	if exact && (out.Refused == nil) != fits {
		s.r.Fatalf("%d of %d: %+v", m.n, s.room(m), out.Refused)
	}
	if out.Refused != nil {
		return
	}
	m.id = out.Reserve.ID
	s.held = append(s.held, m.id)
	s.send(m)
	if !s.paid() {
		s.r.Fatalf("%d were let through that nothing pays for", m.n)
	}
}

// holds sees that the tables agree with each other and with what was sent.
func (s *spell) holds() {
	subject := string(s.one)
	if n := s.count(`SELECT COUNT(*) FROM quota_credits c WHERE c.account_id = ? AND c.units < (SELECT COALESCE(SUM(d.units), 0) FROM quota_drawn d WHERE d.credit_id = c.id)`, subject); n != 0 {
		s.r.Fatalf("of %d credits more was drawn than there is", n)
	}
	total, byMinute := s.count(`SELECT COALESCE(SUM(d.units), 0) FROM quota_drawn d JOIN quota_credits c ON c.id = d.credit_id WHERE c.account_id = ?`, subject), s.count(`SELECT COALESCE(SUM(units), 0) FROM quota_drawn_minutes WHERE subject = ?`, subject)
	if total != byMinute {
		s.r.Fatalf("%d were drawn, and %d in all minutes", total, byMinute)
	}
	rows, err := countersOf(s.t.Context(), s.db, []counted{{subject, Email}})
	if err != nil {
		s.r.Fatal(err)
	}
	c := rows[counted{subject, Email}]
	drawn := s.count(`SELECT COALESCE(SUM(d.units), 0) FROM quota_drawn d JOIN quota_credits c ON c.id = d.credit_id WHERE c.account_id = ? AND d.month = ?`, subject, c.Month)
	if own := c.MonthUsed - drawn; own < 0 || own > s.most {
		s.r.Fatalf("the month itself has used %d of %d", own, s.most)
	}
}

func TestCreditsAreDrawnAsTheNaiveLedgerDoes(t *testing.T) {
	eachTown(t, func(w *town) {
		nodes := []*Engine{w.node(false), w.node(false)}
		rapid.Check(t, func(r *rapid.T) {
			s := w.spell(r, nodes)
			for range rapid.IntRange(1, 40).Draw(r, "steps") {
				s.step(true)
			}
			s.holds()
			for _, c := range s.credits {
				used := s.count(`SELECT COALESCE(SUM(units), 0) FROM quota_drawn WHERE credit_id = ?`, c.id)
				want := int64(0)
				for _, d := range s.drawn {
					if d.of == c {
						want += d.n
					}
				}
				if used != want {
					r.Fatalf("%s: %d were drawn, not %d", c.id, used, want)
				}
			}
		})
	})
}

func TestQUO03NodesWithLeasesNeverDrawMoreThanThereIsOfCredits(t *testing.T) {
	eachTown(t, func(w *town) {
		nodes := []*Engine{w.node(true), w.node(true), w.node(true)}
		rapid.Check(t, func(r *rapid.T) {
			s := w.spell(r, nodes)
			for range rapid.IntRange(1, 40).Draw(r, "steps") {
				s.step(false)
				if rapid.IntRange(0, 15).Draw(r, "a node dies") == 0 {
					i := rapid.IntRange(0, len(nodes)-1).Draw(r, "which")
					nodes[i] = w.engine(nodes[i].db, true)
				}
			}
			w.clock.Advance(2 * time.Minute)
			if err := nodes[0].Reap(t.Context()); err != nil {
				r.Fatal(err)
			}
			s.holds()
			sent := int64(0)
			for _, m := range s.sent {
				sent += m.n
			}
			if drawn := w.count(`SELECT COALESCE(SUM(units), 0) FROM quota_drawn_minutes WHERE subject = ?`, string(w.one)); drawn > sent {
				r.Fatalf("%d were drawn, and %d were sent", drawn, sent)
			}
		})
	})
}

func TestALeaseEndsWithTheCreditThatItDrawsOn(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Month, Limit{Amount: 0})
		w.credit("crd_a", w.one, 1000, noon.Truncate(time.Minute).Add(time.Minute))
		e := w.node(true)
		for i := range 5 { // until it is worth a lease
			w.ask(e, w.from(w.one), fmt.Sprint(i), 1)
			e.Idle()
		}
		if n := w.count(`SELECT COUNT(*) FROM quota_leases WHERE subject = ?`, string(w.one)); n == 0 {
			t.Fatal("there is no lease")
		}
		w.clock.Advance(30 * time.Second)
		if out := w.ask(e, w.from(w.one), "after", 1); out.Refused == nil {
			t.Error("a credit that has ended still gives, from a lease")
		}
		if err := e.Reap(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.count(`SELECT COALESCE(SUM(units), 0) FROM quota_drawn`); n != 5 {
			t.Errorf("%d were drawn for 5 messages", n)
		}
	})
}

func TestALeaseReturnsToItsCreditsInTheNextMonth(t *testing.T) {
	eachTown(t, func(w *town) {
		w.clock.Advance(time.Date(2026, 11, 30, 23, 59, 30, 0, time.UTC).Sub(noon))
		w.limit(string(w.one), Month, Limit{Amount: 3})
		w.credit("crd_a", w.one, 1000, noon.Truncate(time.Minute).Add(9000*time.Hour))
		e := w.node(true)
		for i := range 5 {
			w.ask(e, w.from(w.one), fmt.Sprint(i), 1)
			e.Idle()
		}
		w.clock.Advance(5 * time.Minute)
		if err := e.Reap(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.count(`SELECT COALESCE(SUM(units), 0) FROM quota_drawn`); n != 2 {
			t.Errorf("%d were drawn for 5 messages in a month of 3", n)
		}
		for i := range 3 {
			w.ask(e, w.from(w.one), fmt.Sprint("next", i), 1)
			e.Idle()
		}
		w.clock.Advance(5 * time.Minute)
		if err := e.Reap(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.count(`SELECT COALESCE(SUM(units), 0) FROM quota_drawn`); n != 2 {
			t.Errorf("%d were drawn, 3 messages of the next month included", n)
		}
	})
}

func TestMinutesAreForgottenAndWhatWasDrawnIsNot(t *testing.T) {
	eachTown(t, func(w *town) {
		w.limit(string(w.one), Month, Limit{Amount: 0})
		w.credit("crd_a", w.one, 1000, noon.Truncate(time.Minute).Add(9000*time.Hour))
		e := w.node(false)
		w.ask(e, w.from(w.one), "a", 7)
		w.clock.Advance(24 * time.Hour)
		for _, gone := range []bool{false, true} {
			if err := e.ForgetReserves(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := w.count(`SELECT COUNT(*) FROM quota_drawn_minutes`); (n == 0) != gone {
				t.Errorf("%d minutes are kept", n)
			}
			w.clock.Advance(2 * time.Hour)
		}
		if n := w.count(`SELECT SUM(units) FROM quota_drawn`); n != 7 {
			t.Errorf("%d were drawn", n)
		}
	})
}
