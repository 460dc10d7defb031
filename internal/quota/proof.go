package quota

import (
	"context"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// Written is a reserve of the last day as it stands in the database, for programs that prove that nothing is lost or exceeded.
type Written struct {
	ID      ids.Reserve
	Units   int64
	State   string
	Counted []Counted
}

// Counted is units of a subject and where they were counted.
type Counted struct {
	Subject string
	Charge
	Units int64
}

// AllWritten reads every reserve, and what was spent of leases and does not stand in them yet.
func AllWritten(ctx context.Context, q db.Queryer) (all []Written, spent []Counted, err error) {
	at, err := positionOf(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	chunks, err := allChunks(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	for i := range chunks {
		c := &chunks[i]
		some, err := c.promises(func(int, token) bool { return true })
		if err != nil {
			return nil, nil, err
		}
		for n, p := range some {
			w := Written{ID: p.ID, Units: p.Units, State: c.state(n)}
			for _, at := range p.charges {
				w.Counted = append(w.Counted, Counted{at.subject, at.Charge, p.Units})
			}
			all = append(all, w)
		}
		if c.seq <= at.folded {
			continue
		}
		sums, err := spendings(c.leases)
		if err != nil {
			return nil, nil, err
		}
		for _, s := range sums {
			spent = append(spent, Counted{s.subject, s.Charge, s.units})
		}
	}
	return all, spent, nil
}
