package quota

import "math"

// ringSize is how many minutes the rolling hour counts over. What is charged to a minute may be spent until the end of the
// next one, so all that is spent within any 60 minutes was charged within 62.
const ringSize = 62

// Counter is what one layer has used of one channel. It never moves backwards: when a clock does, it stays where it was.
type Counter struct {
	Minute    int64 // the newest minute of the ring
	Ring      [ringSize]int64
	Day       int64
	DayUsed   int64
	Month     int64
	MonthUsed int64
}

// Charge is where units were counted, so that they can be given back.
type Charge struct{ Minute, Day, Month int64 }

// turn moves the counter on to m. Periods that are over count nothing more.
func (c *Counter) turn(m Moment) {
	if m.Minute > c.Minute {
		if m.Minute-c.Minute >= ringSize {
			clear(c.Ring[:])
		} else {
			for at := c.Minute + 1; at <= m.Minute; at++ {
				c.Ring[at%ringSize] = 0
			}
		}
		c.Minute = m.Minute
	}
	if m.Day > c.Day {
		c.Day, c.DayUsed = m.Day, 0
	}
	if m.Month > c.Month {
		c.Month, c.MonthUsed = m.Month, 0
	}
}

// used is what counts against the limit of a window.
func (c *Counter) used(w Window) int64 {
	switch w {
	case Day:
		return c.DayUsed
	case Month:
		return c.MonthUsed
	case Hour:
	}
	sum := int64(0)
	for _, n := range c.Ring {
		sum = plus(sum, n)
	}
	return sum
}

// empties is when the last of what is in the ring counts no more, in Unix milliseconds, 0 for an empty one.
func (c *Counter) empties() int64 {
	for at := c.Minute; at > max(c.Minute-ringSize, -1); at-- {
		if c.Ring[at%ringSize] > 0 {
			return (at + ringSize) * minuteMs
		}
	}
	return 0
}

// charge counts n units now. It reports false, and counts nothing, when a counter would run over.
func (c *Counter) charge(n int64) (Charge, bool) {
	at := &c.Ring[c.Minute%ringSize]
	if n < 0 || max(*at, c.DayUsed, c.MonthUsed) > math.MaxInt64-n {
		return Charge{}, false
	}
	*at, c.DayUsed, c.MonthUsed = *at+n, c.DayUsed+n, c.MonthUsed+n
	return Charge{c.Minute, c.Day, c.Month}, true
}

// giveBack takes n units off again, in those of their periods that are not over.
func (c *Counter) giveBack(at Charge, n int64) {
	if at.Minute <= c.Minute && at.Minute > c.Minute-ringSize {
		i := at.Minute % ringSize
		c.Ring[i] = max(0, c.Ring[i]-n)
	}
	if at.Day == c.Day {
		c.DayUsed = max(0, c.DayUsed-n)
	}
	if at.Month == c.Month {
		c.MonthUsed = max(0, c.MonthUsed-n)
	}
}
