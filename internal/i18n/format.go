package i18n

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// In returns a printer that writes instants as they are in a time zone.
func (p Printer) In(zone *time.Location) Printer {
	p.zone = zone
	return p
}

// there is an instant in the printer's time zone. A day of the calendar stands in UTC and is the same day everywhere.
func (p Printer) there(t time.Time) time.Time {
	if p.zone == nil || t.Location() == time.UTC {
		return t
	}
	return t.In(p.zone)
}

// Date writes the day: 31 Mar 2027.
func (p Printer) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = p.there(t)
	month := p.T("format.month_" + strconv.Itoa(int(t.Month())))
	return p.Fill(p.T("format.date"), []any{"day", strconv.Itoa(t.Day()), "month", month, "year", strconv.Itoa(t.Year())})
}

// Time writes the time of day: 14:05.
func (p Printer) Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = p.there(t)
	return p.Fill(p.T("format.time"), []any{"hour", fmt.Sprintf("%02d", t.Hour()), "minute", fmt.Sprintf("%02d", t.Minute())})
}

// DateTime writes day and time: 31 Mar 2027, 14:05.
func (p Printer) DateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return p.Fill(p.T("format.date_time"), []any{"date", p.Date(t), "time", p.Time(t)})
}

// Zone writes the time zone that times are written in at an instant: CET, UTC, +03.
func (p Printer) Zone(t time.Time) string {
	name, _ := p.there(t).Zone()
	return name
}

// Relative writes the distance from now: up to a day back, up to a week ahead, else the date.
func (p Printer) Relative(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	d := t.Sub(now)
	switch {
	case d <= -24*time.Hour, d > 7*24*time.Hour:
		return p.Date(t)
	case d > -time.Minute && d < time.Minute:
		return p.T("format.now")
	case d < 0:
		return p.span("ago", -d)
	}
	return p.span("in", d)
}

// span writes a whole number of minutes, hours or days before or after now.
func (p Printer) span(side string, d time.Duration) string {
	switch {
	case d < time.Hour:
		return p.T("format."+side+"_minutes", "count", int(d/time.Minute))
	case d < 24*time.Hour:
		return p.T("format."+side+"_hours", "count", int(d/time.Hour))
	}
	return p.T("format."+side+"_days", "count", int(d/(24*time.Hour)))
}

// Number writes a whole number with its groups: 1,620,400.
func (p Printer) Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	if len(digits) <= 3 {
		return sign + digits
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(p.T("format.group"))
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Compact writes a large number in three figures: 96.4k, 1.62M.
func (p Printer) Compact(n int64) string {
	abs := n
	if abs < 0 {
		abs = -abs
	}
	for _, unit := range []struct {
		size int64
		key  string
	}{{1_000_000_000, "format.billions"}, {1_000_000, "format.millions"}, {1_000, "format.thousands"}} {
		// 999,950 is 1M, not 1000k: the unit is chosen after rounding.
		if abs >= unit.size-unit.size/2000 {
			return p.Fill(p.T(unit.key), []any{"n", p.figures(float64(n) / float64(unit.size))})
		}
	}
	return p.Number(n)
}

// figures writes a number below a thousand with three significant figures and no trailing zeros.
func (p Printer) figures(v float64) string {
	s := strconv.FormatFloat(v, 'g', 3, 64)
	if strings.Contains(s, "e") {
		s = strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strings.Replace(s, ".", p.T("format.point"), 1)
}
