// Package usage says what was sent: by an account, a sub-account or a person, hour by hour, day by day and month by month.
//
// The engine of quotas notes each hour of a counter in the transaction that makes its units durable. Fold adds hours that
// nothing can change any more to the sums of their day and month, so that a year reads few rows; what is not folded yet, and
// what leases that still run have spent, is added when it is read.
package usage

import (
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/errs"
	"bailiwick/internal/op"
	"bailiwick/internal/quota"
)

// Service answers what was sent.
type Service struct {
	op     *op.Runner
	engine *quota.Engine
}

// NewService makes a Service.
func NewService(r *op.Runner, e *quota.Engine) *Service { return &Service{r, e} }

// Query asks for what a subject has sent in each period of a stretch of time.
type Query struct {
	quota.Target
	Channel  quota.Channel
	Grain    quota.Window // Hour, Day or Month; a month is one of the calendar, whenever that of the limits begins
	From, To account.Date // the first and the last day, in the account's zone; "" for those that suit the grain
}

// Point is what was sent in one period.
type Point struct {
	Day   account.Date // the day, the first of the month, or the day of the hour
	Begin time.Time    // with Hour
	Units int64
	Over  int64 // of them, those beyond a limit that lets through for billing
}

// Series is the periods of a stretch of time, in order, those without anything included.
type Series struct {
	Name     string // of the subject
	Query    Query  // with its days filled in
	Zone     *time.Location
	Today    account.Date
	MonthDay int // on which the month of the limits begins
	Points   []Point
	Units    int64
	Over     int64
}

// How much of the past can be asked for at once, in days. Hours and days that lie further back than they are kept are empty.
const (
	mostHourDays  = 31
	mostDays      = 800
	mostMonthDays = 3660
)

func (q *Query) fill(today account.Date) error {
	most, usual := mostDays, -29
	switch q.Grain {
	case quota.Hour:
		most, usual = mostHourDays, -1
	case quota.Month:
		most, usual = mostMonthDays, -334 // twelve months with this one
	case quota.Day:
	}
	var err error
	if q.To == "" {
		q.To = today
	} else if q.To, err = account.ParseDate(string(q.To)); err != nil {
		return errs.Field("to", "usage.day", "Write the day like 2026-11-30.")
	}
	if q.From == "" {
		q.From = q.To.Plus(usual)
	} else if q.From, err = account.ParseDate(string(q.From)); err != nil {
		return errs.Field("from", "usage.day", "Write the day like 2026-11-30.")
	}
	switch {
	case q.From > q.To:
		return errs.Field("from", "usage.order", "Choose a first day that is not after the last.")
	case number(q.To)-number(q.From) >= int64(most):
		return errs.Field("from", "usage.too_long", "Ask for {days} days at most at once.", "days", most)
	}
	return nil
}

// number is how many days after 1970-01-01 a day is, as the ledger counts them.
func number(d account.Date) int64 { return d.Time().Unix() / daySeconds }

const daySeconds = 24 * 60 * 60

func dateOf(number int64) account.Date {
	return account.Date(time.Unix(number*daySeconds, 0).UTC().Format(time.DateOnly))
}

// monthOf is the number of the first day of a day's month.
func monthOf(day int64) int64 {
	t := time.Unix(day*daySeconds, 0).UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC).Unix() / daySeconds
}

// periods are the empty points of a query.
func (q Query) periods(zone *time.Location) (out []Point) {
	switch q.Grain {
	case quota.Hour:
		from, to := hoursOf(q, zone)
		for h := from; h < to; h++ {
			at := time.Unix(h*3600, 0).In(zone)
			out = append(out, Point{Day: account.Date(at.Format(time.DateOnly)), Begin: at})
		}
	case quota.Day:
		for d := number(q.From); d <= number(q.To); d++ {
			out = append(out, Point{Day: dateOf(d)})
		}
	case quota.Month:
		for d := monthOf(number(q.From)); d <= number(q.To); d = monthOf(d + 31) {
			out = append(out, Point{Day: dateOf(d)})
		}
	}
	return out
}

// hoursOf are the Unix hours in which the days of a query lie, the last one excluded.
func hoursOf(q Query, zone *time.Location) (from, to int64) {
	began := func(d account.Date) int64 {
		t := d.Time()
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, zone).Unix()
	}
	return began(q.From) / 3600, (began(q.To.Plus(1)) + 3599) / 3600
}
