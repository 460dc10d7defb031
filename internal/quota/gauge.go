package quota

import (
	"context"
	"fmt"
	"slices"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// Gauge is how one subject stands on one channel, without the layers around it.
type Gauge struct {
	Subject string
	Kind    Kind
	Name    string
	Account ids.Account // the account it is, or belongs to
	Parent  ids.Account // above that; "" for none
	Person  ids.User    // of a member
	Channel Channel
	Limits  Limits
	Used    [windows]int64
	Credits int64 // what they add to the month: what was drawn of them in it, and what can still be
	Moment  Moment

	shared string // the package or role group that its limits come from where it has none of its own
}

// Most is how much can be sent in a window: its limit, and of a month the credits as well. It is Unlimited without a limit.
func (g Gauge) Most(w Window) int64 {
	if l := g.Limits[w].Amount; w != Month || l == Unlimited {
		return l
	}
	return plus(g.Limits[w].Amount, g.Credits)
}

// Share is how much of what can be sent in a window is used, in percent rounded down; 0 without a limit, or where it is 0.
func (g Gauge) Share(w Window) int64 {
	l := g.Most(w)
	if l <= 0 {
		return 0
	}
	return min(g.Used[w]/l, 1000)*100 + g.Used[w]%l*100/l
}

// Began tells a period of a window from others: it only grows.
func (g Gauge) Began(w Window) int64 {
	switch w {
	case Day:
		return g.Moment.Day
	case Month:
		return g.Moment.Month
	case Hour:
	}
	return g.Moment.Minute / 60
}

// Gauges reads how accounts, sub-accounts and members stand, each on both channels. Those that are gone are left out. It is for
// work that looks through all of them: whoever shows a gauge to somebody has checked that they may see its subject.
func (e *Engine) Gauges(ctx context.Context, q db.Queryer, subjects []string) ([]Gauge, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	found, err := gauged(ctx, q, subjects)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	var keys []counted
	var limited []string
	for _, g := range found {
		limited = append(limited, g.Subject)
		if g.shared != "" {
			limited = append(limited, g.shared)
		}
		for _, c := range Channels() {
			keys = append(keys, counted{g.Subject, c})
		}
	}
	slices.Sort(limited)
	rows, err := limitsOf(ctx, q, slices.Compact(limited))
	if err != nil {
		return nil, fmt.Errorf("read limits: %w", err)
	}
	leases, err := leasesOf(ctx, q, keys)
	if err != nil {
		return nil, err
	}
	counters, err := countersOf(ctx, q, keys)
	if err != nil {
		return nil, err
	}
	var customers []counted
	for _, g := range found {
		if g.Kind == "customer" {
			customers = append(customers, counted{g.Subject, Email}, counted{g.Subject, SMS})
		}
	}
	purses, err := unspent(ctx, q, customers, leases, e.clock())
	if err != nil {
		return nil, err
	}
	held := map[counted][]leaseRow{}
	for _, l := range leases {
		held[l.counted] = append(held[l.counted], l)
	}
	return e.read(ctx, q, found, rows, counters, held, purses)
}

func (e *Engine) read(ctx context.Context, q db.Queryer, found []Gauge, rows []limitRow, counters map[counted]row, held map[counted][]leaseRow, purses map[counted]*purse) (out []Gauge, err error) {
	now := e.clock()
	if q == db.Queryer(e.db) { // whoever holds a transaction must not wait for another connection
		var accounts []ids.Account
		for _, g := range found {
			accounts = append(accounts, g.Account)
		}
		if err := e.known.Learn(ctx, distinct(accounts)); err != nil {
			return nil, err
		}
	}
	limits := map[counted][]limitRow{}
	for _, r := range rows {
		if r.inForce(now) {
			k := counted{r.subject, r.channel}
			limits[k] = append(limits[k], r)
		}
	}
	calendars := map[ids.Account]Calendar{}
	for _, g := range found {
		cal, known := calendars[g.Account]
		if !known {
			if cal, err = e.Calendar(ctx, q, g.Account); err != nil {
				return nil, err
			}
			calendars[g.Account] = cal
		}
		g.Moment = cal.At(now)
		for _, c := range Channels() {
			g.Channel = c
			k := counted{g.Subject, c}
			g.Limits = over(inForce(limits[counted{g.shared, c}], g.shared), inForce(limits[k], g.Subject))
			counter := counters[k].Counter
			for _, l := range held[k] {
				counter.giveBack(l.Charge, l.size-l.spent)
			}
			counter.turn(g.Moment)
			for _, w := range Windows() {
				g.Used[w] = counter.used(w)
			}
			at := purses[k].of(&counter)
			g.Credits = plus(at.Drawn, at.left(&counter))
			out = append(out, g)
		}
	}
	return out, nil
}
