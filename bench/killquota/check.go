package main

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/quota"
)

type inPeriod struct {
	subject string
	period  int64
}

// check counts in how many windows of how many layers more was promised than the limit, and how many counters hold something
// else than what was promised and what is leased. It looks at one state of the database while others go on.
func (s scenario) check(ctx context.Context, d *db.DB) (total int64, err error) {
	err = d.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		all, unfolded, err := quota.AllWritten(ctx, q)
		if err != nil {
			return err
		}
		minutes, days, months, spent := map[inPeriod]int64{}, map[inPeriod]int64{}, map[inPeriod]int64{}, map[inPeriod]int64{}
		for _, p := range all {
			if p.State == quota.Released {
				continue
			}
			for _, c := range p.Counted {
				minutes[inPeriod{c.Subject, c.Minute}] += c.Units
				days[inPeriod{c.Subject, c.Day}] += c.Units
				months[inPeriod{c.Subject, c.Month}] += c.Units
			}
		}
		for _, c := range unfolded {
			spent[inPeriod{c.Subject, c.Month}] += c.Units
		}
		drawn, over, err := drawnOf(ctx, q)
		if err != nil {
			return err
		}
		over += s.exceeded(minutes, days, months, drawn)
		type counter struct {
			month      inPeriod
			used, held int64
		}
		counters, err := db.All(ctx, q, func(r db.Row) (c counter, err error) {
			return c, r.Scan(&c.month.subject, &c.month.period, &c.used, &c.held)
		}, `SELECT l.subject, l.month, l.month_used, (SELECT COALESCE(SUM(s.size - s.spent), 0) FROM quota_leases s WHERE s.subject = l.subject AND s.channel = l.channel AND s.month = l.month) FROM quota_ledger l`)
		if err != nil {
			return err
		}
		for _, c := range counters {
			c.held -= spent[c.month]
			if month := s.month(c.month.subject); month >= 0 {
				over += report(c.month.subject, "month, leases included", c.used-drawn[c.month], month)
			}
			if want := months[c.month] + c.held; c.used != want {
				fmt.Printf("%s counts %d; %d were promised and %d are leased\n", c.month.subject, c.used, months[c.month], c.held)
				over++
			}
		}
		total = over
		return nil
	})
	return total, err
}

// month is the limit per month of a subject, -1 without one.
func (s scenario) month(subject string) int64 {
	for _, l := range s.limits {
		if l.subject == subject {
			return l.windows[quota.Month]
		}
	}
	return -1
}

// exceeded counts the windows of limited layers in which more was promised than the limit. An hour is any 62 minutes in a row:
// what was charged to a minute is spent by the end of the next. A month goes on for as much as was drawn of credits.
func (s scenario) exceeded(minutes, days, months, drawn map[inPeriod]int64) (over int64) {
	limits := map[string][3]int64{}
	for _, l := range s.limits {
		limits[l.subject] = l.windows
	}
	for k := range minutes {
		l, limited := limits[k.subject]
		if !limited || l[0] < 0 {
			continue
		}
		sum := int64(0)
		for m := k.period - 61; m <= k.period; m++ {
			sum += minutes[inPeriod{k.subject, m}]
		}
		over += report(k.subject, "hour", sum, l[0])
	}
	for w, all := range []map[inPeriod]int64{days, months} {
		for k, n := range all {
			l, limited := limits[k.subject]
			if limited && w == 1 && l[2] >= 0 {
				l[2] += drawn[k]
			}
			if limited {
				over += report(k.subject, []string{"day", "month"}[w], n, l[w+1])
			}
		}
	}
	return over
}

func report(subject, window string, n, limit int64) int64 {
	if limit < 0 || n <= limit {
		return 0
	}
	fmt.Printf("%s: %d of %d in a %s\n", subject, n, limit, window)
	return 1
}

// settled lets the time of all leases go by and returns what has not returned by then.
func (s scenario) settled(ctx context.Context, d *db.DB) (int64, error) {
	e, err := open(d, s.fast(func() time.Duration { return 30 * time.Minute }))
	if err != nil {
		return 0, err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for try := 0; ; try++ { // PostgreSQL may still be at what a killed process asked of it last
		if err := e.Reap(ctx); err != nil {
			return 0, err
		}
		left, err := db.One(ctx, d, db.Value[int64], `SELECT CAST(COALESCE(SUM(size - spent), 0) AS BIGINT) + COUNT(*) FROM quota_leases`)
		if err != nil || left == 0 || try == 200 {
			return left, err
		}
		<-tick.C
	}
}

// missing counts reserves that were acknowledged and are not there.
func missing(ctx context.Context, d *db.DB, told map[string]bool) (lost int64, err error) {
	all, _, err := quota.AllWritten(ctx, d)
	if err != nil {
		return 0, err
	}
	there := make(map[string]bool, len(all))
	for _, p := range all {
		there[string(p.ID)] = true
	}
	for id := range told {
		if !there[id] {
			lost++
		}
	}
	return lost, nil
}
