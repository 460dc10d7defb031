package quota

import (
	"context"

	"bailiwick/internal/ids"
)

// recalled is units that a lease of this node had left, and that went back into their counter.
type recalled struct {
	from  *lease
	units int64
}

// weigh decides on units of a ticket that no lease has. Before they are refused, or counted beyond a limit, what lies idle in this
// node's own leases of those layers goes back into the counters.
func (b *batch) weigh(t *Ticket, states []State, at []int) Decision {
	d := Decide(states, t.n)
	if d.Allowed && d.Action != Overage {
		return d
	}
	var back []recalled
	var undrawn []drawing
	purses := make([]*purse, len(at))
	for j, i := range at {
		h := t.path.holders[i]
		purses[j] = b.purses[h.counted].clone()
		for _, l := range []*lease{h.cur.Load(), h.next.Load()} {
			if l == nil || l.ended {
				continue
			}
			if n := l.rest(); n > 0 {
				states[j].Counter.giveBack(l.Charge, n)
				back = append(back, recalled{l, n})
				if purses[j] != nil {
					undrawn = append(undrawn, purses[j].recall(l.Charge, n)...)
				}
			}
		}
		states[j].Purse = purses[j].of(&states[j].Counter)
	}
	if back == nil {
		return d
	}
	if d = Decide(states, t.n); !d.Allowed {
		give(back)
		return d
	}
	for j, i := range at {
		row := b.rows[t.path.key(i)]
		row.Counter = states[j].Counter
		b.charged[row.counted] = true
		if purses[j] != nil {
			b.purses[row.counted] = purses[j]
		}
	}
	b.back, b.undrawn = append(b.back, back...), append(b.undrawn, undrawn...)
	return d
}

// give returns units to the leases that they were recalled from.
func give(all []recalled) {
	for _, r := range all {
		r.from.giveBack(r.units)
	}
}

// forgo undoes what a transaction recalled that came to nothing.
func (b *batch) forgo() {
	give(b.back)
	b.back = nil
}

// shrink writes how much smaller leases have become.
func (b *batch) shrink(ctx context.Context) error {
	by := map[ids.Lease]int64{}
	for _, r := range b.back {
		by[r.from.id] += r.units
	}
	return shrinkLeases(ctx, b.tx, by)
}
