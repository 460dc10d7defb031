package quota

import "time"

// Calendar is how a layer counts days and months.
type Calendar struct {
	Zone     *time.Location
	MonthDay int // 1 to 31: the day on which a month begins; where a month is shorter, its last
}

// Moment is an instant with the periods that it lies in. Instants are Unix milliseconds.
type Moment struct {
	At         int64
	Minute     int64 // Unix minutes
	Day, Month int64 // days since 1970 of the day, and of the first of the month: they tell periods apart and only grow
	DayEnds    int64
	MonthEnds  int64
	DayBegan   int64
	MonthBegan int64
}

const minuteMs = 60_000

// At finds the periods of an instant. Days tile time: each instant is in exactly one, whatever the zone does with its clocks.
func (c Calendar) At(t time.Time) Moment {
	ms := t.UnixMilli()
	m := Moment{At: ms, Minute: floorDiv(ms, minuteMs)}
	day := dayOf(t, c.Zone)
	m.Day, m.DayBegan, m.DayEnds = day.number(), day.begins(c.Zone).UnixMilli(), day.next().begins(c.Zone).UnixMilli()
	first := c.monthOf(day)
	m.Month, m.MonthBegan, m.MonthEnds = first.number(), first.begins(c.Zone).UnixMilli(), c.monthAfter(first).begins(c.Zone).UnixMilli()
	return m
}

func floorDiv(a, b int64) int64 {
	if q := a / b; a%b >= 0 {
		return q
	}
	return a/b - 1
}

// date is a day of the calendar.
type date struct {
	year  int
	month time.Month
	day   int
}

// dayOf is the day that an instant belongs to: the last one that has begun. That matters where clocks go back over
// midnight and the date of yesterday comes again.
func dayOf(t time.Time, zone *time.Location) date {
	y, m, d := t.In(zone).Date()
	day := date{y, m, d}
	for after := day.next(); !t.Before(after.begins(zone)); after = day.next() {
		day = after
	}
	return day
}

func (d date) utc() time.Time { return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC) }

func (d date) next() date {
	y, m, n := d.utc().AddDate(0, 0, 1).Date()
	return date{y, m, n}
}

// number is how many days after 1970-01-01 the day is.
func (d date) number() int64 { return floorDiv(d.utc().Unix(), 24*60*60) }

// begins is the first instant at which a clock of the zone shows the day or a later one. Where clocks go forward over
// midnight, that is when they do.
func (d date) begins(zone *time.Location) time.Time {
	midnight := d.utc()
	t := midnight.Add(-30 * time.Hour) // before any zone's midnight, also where a day is left out
	for {
		in := t.In(zone)
		_, offset := in.Zone()
		_, end := in.ZoneBounds()
		at := midnight.Add(-time.Duration(offset) * time.Second)
		if at.Before(t) {
			at = t // clocks have been put forward over it
		}
		if end.IsZero() || at.Before(end) {
			return at.UTC()
		}
		t = end
	}
}

// monthOf is the day on which the month of a day began.
func (c Calendar) monthOf(d date) date {
	if first := c.firstOf(d.year, d.month); d.day >= first.day {
		return first
	}
	return c.firstOf(d.year, d.month-1)
}

// monthAfter is the day on which the month after the one that began on first begins.
func (c Calendar) monthAfter(first date) date { return c.firstOf(first.year, first.month+1) }

func (c Calendar) firstOf(year int, month time.Month) date {
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC) // which also brings month 0 and 13 into their year
	return date{last.Year(), last.Month(), min(max(c.MonthDay, 1), last.Day())}
}
