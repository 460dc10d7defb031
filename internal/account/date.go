package account

import (
	"time"

	"bailiwick/internal/errs"
)

// Date is a day as YYYY-MM-DD, or "" for none. Dates order as text.
type Date string

const dateForm = "2006-01-02"

// ParseDate reads a day; "" is none.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return "", nil
	}
	d, err := time.Parse(dateForm, s)
	if err != nil || d.Year() < 1900 || d.Year() > 9990 {
		return "", errs.New(errs.Invalid, "date.unreadable", "Write the date as year-month-day, like 2027-03-31.")
	}
	return Date(s), nil
}

// DateIn is the day that it is at an instant in a zone.
func DateIn(at time.Time, zone *time.Location) Date { return Date(at.In(zone).Format(dateForm)) }

// Time is the day's midnight in UTC, for formatting; the zero time for none.
func (d Date) Time() time.Time {
	t, err := time.Parse(dateForm, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Plus is the day n days later, "" for none.
func (d Date) Plus(n int) Date {
	if d == "" {
		return ""
	}
	return Date(d.Time().AddDate(0, 0, n).Format(dateForm))
}

// DaysUntil counts the days from d to later; negative when later is before d.
func (d Date) DaysUntil(later Date) int {
	return int(later.Time().Sub(d.Time()) / (24 * time.Hour)) // both are midnights in UTC, where every day has 24 hours
}

// endSort is how an end date is sorted: none comes after every date.
const noEndSort = "9999-12-31"
