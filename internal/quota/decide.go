package quota

import (
	"math"
	"math/bits"
	"time"
)

// longestHold is how long something waits for a window to open; what would wait longer is refused at once.
const longestHold = 3 * 24 * time.Hour

// State is a layer as it stands now.
type State struct {
	Layer
	Counter Counter // turned to Moment
	Moment  Moment
	Purse   Purse
}

// Standing is how one window of one layer stands, and what it says to the units that were asked for.
type Standing struct {
	Layer     int // index in the chain
	Window    Window
	Limit     Limit
	Used      int64
	Remaining int64 // what can still be sent in it now; MaxInt64 without a limit
	Credits   int64 // of a month with a limit: what was drawn of credits in it, and what can still be
	Fits      bool  // the units asked for
	Over      bool  // they fit beyond the limit alone, up to its cap
	OpensAt   int64 // Unix milliseconds: when they fit if nothing else is sent; 0 for never
}

// Decision is the answer to whether n units may be sent now.
type Decision struct {
	Allowed bool
	Action  Action     // when not allowed: Reject or Hold; when allowed beyond a limit: Overage; else ""
	Binding Standing   // what refuses, or what leaves least
	All     []Standing // every window of every layer that has a limit
	OpensAt int64      // when n could be sent if nothing else is; 0 for never
}

// Decide says whether n units pass all layers. The most restrictive one wins; reject comes before hold before overage.
func Decide(chain []State, n int64) Decision {
	d := Decision{Allowed: true, Binding: Standing{Layer: -1, Remaining: math.MaxInt64, Fits: true}}
	if len(chain) > 0 {
		d.OpensAt = chain[0].Moment.At
	}
	never, opens := false, int64(0)
	for i := range chain {
		for _, w := range Windows() {
			if chain[i].Layer.Limits[w].Amount == Unlimited {
				continue
			}
			s := stand(&chain[i], w, n)
			s.Layer = i
			d.All = append(d.All, s)
			if s.worse(d.Binding) {
				d.Binding = s
			}
			never, opens = never || s.OpensAt == 0, max(opens, s.OpensAt)
			d.Allowed = d.Allowed && s.Fits
			if s.Over && d.Allowed {
				d.Action = Overage
			}
		}
	}
	switch {
	case never:
		d.OpensAt = 0
	case opens > 0:
		d.OpensAt = opens
	}
	if !d.Allowed {
		d.Action = Reject
		if d.Binding.Limit.Action == Hold && d.OpensAt != 0 && d.OpensAt-chain[0].Moment.At <= longestHold.Milliseconds() {
			d.Action = Hold
		}
	}
	return d
}

// worse reports whether s says more than b about why there is no more: what refuses before what holds before what fits.
func (s Standing) worse(b Standing) bool {
	if a, b := s.severity(), b.severity(); a != b {
		return a > b
	}
	return s.Remaining < b.Remaining
}

func (s Standing) severity() int {
	switch {
	case s.Fits:
		return 0
	case s.Limit.Action == Hold:
		return 1
	}
	return 2
}

func stand(st *State, w Window, n int64) Standing {
	l := st.Layer.Limits[w]
	within, most := room(&st.Counter, st.Moment, l, w, &st.Purse)
	s := Standing{Window: w, Limit: l, Used: st.Counter.used(w), Remaining: most, Fits: n <= most, Over: n > within && n <= most, OpensAt: st.Moment.At}
	if w == Month {
		s.Credits = plus(st.Purse.Drawn, st.Purse.left(&st.Counter))
	}
	if !s.Fits {
		s.OpensAt = opens(st, w, n)
	}
	return s
}

// room is how many units can be sent now as far as one window goes: within its limit, and at most, with overage. The counter
// stands at m.
func room(c *Counter, m Moment, l Limit, w Window, p *Purse) (within, most int64) {
	if l.Amount == Unlimited {
		return math.MaxInt64 - c.used(w), math.MaxInt64 - c.used(w)
	}
	used, credits := c.used(w), int64(0)
	if w == Month {
		used, credits = p.own(c), p.left(c)
	}
	within = max(0, l.Amount-used)
	if l.Paced {
		if now := max(0, pace(c, m, l, w, used)); now < within {
			return now, now // credits are for a month that is used up
		}
	}
	within, most = plus(within, credits), max(0, overCap(l)-used)
	return within, max(within, plus(most, credits))
}

// pace is how much an even spread of the limit leaves now. A message of many units takes the minutes that it needs.
func pace(c *Counter, m Moment, l Limit, w Window, used int64) int64 {
	switch w {
	case Day:
		return share(l.Amount, m.At-m.DayBegan, m.DayEnds-m.DayBegan) - used
	case Month:
		return share(l.Amount, m.At-m.MonthBegan, m.MonthEnds-m.MonthBegan) - used
	case Hour:
	}
	each, sum, most := l.Amount/60, int64(0), int64(0)
	if each > math.MaxInt64/120 {
		return l.Amount
	}
	if l.Amount%60 > 0 {
		each++
	}
	for k := int64(0); k < 60 && k <= c.Minute; k++ {
		sum = plus(sum, c.Ring[(c.Minute-k)%ringSize])
		most = max(most, (k+1)*each-sum)
	}
	return most
}

// share is what of a limit may be used when some of its window has gone by, the minute that runs included.
func share(amount, gone, whole int64) int64 {
	gone = min(max(gone, 0)+minuteMs, whole)
	hi, lo := bits.Mul64(uint64(amount), uint64(gone)) //nolint:gosec // neither is negative
	if whole <= 0 || hi >= uint64(whole) {
		return amount
	}
	q, rest := bits.Div64(hi, lo, uint64(whole))
	if rest > 0 {
		q++
	}
	return int64(min(q, uint64(amount))) //nolint:gosec // no more than amount
}

// opens is when n units fit into a window if nothing else is sent, or 0.
func opens(st *State, w Window, n int64) int64 {
	if w != Hour {
		return opensInPeriod(st, w, n)
	}
	l := st.Layer.Limits[w]
	if n > max(l.Amount, overCap(l)) {
		return 0
	}
	c, m := st.Counter, st.Moment
	first := max(m.Minute, c.Minute) + 1
	for minute := first; minute <= first+ringSize; minute++ {
		m.At, m.Minute = minute*minuteMs, minute
		c.turn(Moment{Minute: minute})
		if _, most := room(&c, m, l, Hour, nil); n <= most {
			return m.At
		}
	}
	return 0
}

func overCap(l Limit) int64 {
	if l.Action == Overage && !l.Paced {
		return l.Cap
	}
	return 0
}

func opensInPeriod(st *State, w Window, n int64) int64 {
	l, m := st.Layer.Limits[w], st.Moment
	began, ends, used, later := m.DayBegan, m.DayEnds, st.Counter.DayUsed, int64(0)
	if w == Month {
		began, ends, used = m.MonthBegan, m.MonthEnds, st.Purse.own(&st.Counter)
		if !l.Paced { // under a pace the credits come last, when the month is used up
			later = CreditLeft(st.Purse.Credits, ends)
		}
	}
	if n > plus(max(l.Amount, overCap(l)), later) {
		return 0
	}
	if !l.Paced || l.Amount-used < n {
		if !l.Paced {
			return ends
		}
		used = 0
		length := ends - began
		began, ends = ends, ends+length // the next one, as long as this one
	}
	// the first minute at whose pace the units fit
	lo, hi := max(m.At, began), ends
	for lo < hi {
		mid := lo + (hi-lo)/2
		if share(l.Amount, mid-began, ends-began)-used >= n {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}
