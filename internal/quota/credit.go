package quota

import (
	"cmp"
	"slices"
	"time"

	"bailiwick/internal/ids"
)

// Credit is units that were paid for in advance. They extend the month of a customer, and nothing else.
type Credit struct {
	ID      ids.Credit
	Units   int64
	Used    int64
	Expires int64 // Unix milliseconds, a whole minute: from then on it cannot be drawn on
	Void    bool
}

// Purse is the credits of a counter, of which the one that expires first stands first, and what was drawn of them.
type Purse struct {
	Credits []Credit
	Drawn   int64 // in the month of the counter, in whose MonthUsed it stands
}

// own is what the month itself has used: what was drawn of credits does not count against its limit.
func (p *Purse) own(c *Counter) int64 {
	if p == nil {
		return c.MonthUsed
	}
	return max(0, c.MonthUsed-p.Drawn)
}

// at is the instant by which a counter judges credits: that of its minute, which never goes back, so that all that was counted in
// a minute was counted with the same credits.
func (c *Counter) at() int64 { return c.Minute * minuteMs }

// left is what can be drawn by a counter.
func (p *Purse) left(c *Counter) int64 {
	if p == nil {
		return 0
	}
	return CreditLeft(p.Credits, c.at())
}

// Drawn is what was taken of one credit.
type Drawn struct {
	ID    ids.Credit
	Units int64
}

// left is what can be drawn at an instant.
func (c Credit) left(at int64) int64 {
	if c.Void || at >= c.Expires {
		return 0
	}
	return max(0, c.Units-c.Used)
}

// Left is what can be drawn at an instant.
func (c Credit) Left(at time.Time) int64 { return c.left(at.UnixMilli()) }

// Last is the last instant at which it can be drawn on, to the millisecond.
func (c Credit) Last() time.Time { return time.UnixMilli(c.Expires - 1).UTC() }

// CreditLeft is what can be drawn of all at an instant.
func CreditLeft(all []Credit, at int64) (sum int64) {
	for _, c := range all {
		sum = plus(sum, c.left(at))
	}
	return sum
}

// need is how many of n units the month has no room for by itself: used is what it counts without them.
func need(l Limit, used, n int64) int64 {
	if l.Amount == Unlimited {
		return 0
	}
	return min(n, max(0, plus(used, n)-l.Amount))
}

// draw takes up to n units from the credits, of which the one that expires first stands first.
func draw(all []Credit, at, n int64) (out []Drawn) {
	for i := range all {
		if take := min(n, all[i].left(at)); take > 0 {
			all[i].Used += take
			n -= take
			out = append(out, Drawn{all[i].ID, take})
		}
	}
	return out
}

// drawing is units that were drawn of a credit in a minute of a counter.
type drawing struct {
	counted
	minute, month int64
	credit        Credit
	units         int64
}

// giveBack finds which of the units that were drawn in the minute and month of a charge come back with n of its units, and takes
// them off. Of what was drawn in one minute the credits come first that give nothing any more: nobody draws on one after its end by
// giving back what was drawn before.
func giveBack(all []drawing, at Charge, n int64) (out []drawing) {
	var mine []int
	for i, d := range all {
		if d.minute == at.Minute && d.month == at.Month && d.units > 0 {
			mine = append(mine, i)
		}
	}
	slices.SortFunc(mine, func(a, b int) int {
		x, y := all[a].credit, all[b].credit
		if x.Void != y.Void {
			if x.Void {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(y.Expires, x.Expires), cmp.Compare(y.ID, x.ID))
	})
	for _, i := range mine {
		if back := min(n, all[i].units); back > 0 {
			all[i].units -= back
			n -= back
			d := all[i]
			d.units = back
			out = append(out, d)
		}
	}
	return out
}
