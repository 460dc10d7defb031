package quota

import (
	"cmp"
	"context"
	"slices"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// settlement is a request to commit or release reserves of a credential.
type settlement struct {
	credential string
	all        []ids.Reserve
	release    bool

	wait   *wait
	err    error
	failed map[ids.Reserve]error // why some could not be settled
}

// settle commits and releases what was asked for, in the order of the requests.
func (b *batch) settle(ctx context.Context) error {
	found, err := b.named(ctx)
	if err != nil || len(b.settles) == 0 {
		return err
	}
	var due []promise
	changed := map[ids.Reserves]bool{}
	for _, s := range b.settles {
		s.failed = map[ids.Reserve]error{}
		to := Committed
		if s.release {
			to = Released
		}
		for _, id := range slices.Compact(slices.Sorted(slices.Values(s.all))) {
			of, n, _ := id.Among()
			c := found[of]
			p, ok := promise{}, false
			if c != nil {
				if p, ok = c.promises[n]; ok {
					p.State = c.state(int(n))
				}
			}
			if err := p.settle(ok && p.credential == s.credential, b.now, to); err != nil {
				s.failed[id] = err
			} else if p.State == Held {
				c.settle(int(n), to)
				changed[of] = true
				if s.release {
					due = append(due, p)
				}
			}
		}
	}
	if len(due) > 0 {
		if err := b.fold(ctx); err != nil { // what is taken off again must stand there
			return err
		}
		if err := restore(ctx, b.tx, due); err != nil {
			return err
		}
	}
	var all []*stored
	for of := range changed {
		all = append(all, &found[of].stored)
	}
	slices.SortFunc(all, func(a, b *stored) int { return cmp.Compare(a.seq, b.seq) })
	return storeStates(ctx, b.tx, all)
}

// opened is a chunk with those of its reserves that are to be settled.
type opened struct {
	stored
	promises map[uint16]promise
}

// named reads the reserves that are to be settled.
func (b *batch) named(ctx context.Context) (map[ids.Reserves]*opened, error) {
	wanted := map[ids.Reserves]map[uint16]bool{}
	var firsts []ids.Reserve
	for _, s := range b.settles {
		for _, id := range s.all {
			of, n, ok := id.Among()
			if !ok {
				continue
			}
			if wanted[of] == nil {
				wanted[of] = map[uint16]bool{}
				firsts = append(firsts, of.Nth(0))
			}
			wanted[of][n] = true
		}
	}
	chunks, err := chunksBy(ctx, b.tx, "c.id", firsts)
	if err != nil {
		return nil, err
	}
	out := make(map[ids.Reserves]*opened, len(chunks))
	for _, c := range chunks {
		if out[c.id], err = c.open(wanted[c.id]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c stored) open(wanted map[uint16]bool) (*opened, error) {
	o := &opened{c, make(map[uint16]promise, len(wanted))}
	all, err := c.chunk.promises(func(n int, _ token) bool { return wanted[uint16(n)] }) //nolint:gosec // see mostTogether
	for n, p := range all {
		o.promises[uint16(n)] = p //nolint:gosec // see mostTogether
	}
	return o, err
}

// restore takes what reserves counted off again, in every layer.
func restore(ctx context.Context, tx *db.Tx, due []promise) error {
	var leases []ids.Lease
	var keys []counted
	for _, p := range due {
		for _, c := range p.charges {
			keys = append(keys, counted{c.subject, p.Channel})
			if c.lease != "" {
				leases = append(leases, c.lease)
			}
		}
	}
	slices.Sort(leases)
	live, err := lockLeases(ctx, tx, slices.Compact(leases))
	if err != nil {
		return err
	}
	slices.SortFunc(keys, counted.compare)
	rows, err := lockRows(ctx, tx, slices.Compact(keys))
	if err != nil {
		return err
	}
	var journal []hourly
	var back []refund
	for _, p := range due {
		for _, c := range p.charges {
			k := counted{c.subject, p.Channel}
			rows[k].giveBack(c.Charge, p.Units)
			back = append(back, refund{k, c.Charge, p.Units})
			if l, ok := live[c.lease]; ok {
				l.size, l.spent = l.size-p.Units, l.spent-p.Units
				live[c.lease] = l
			} else {
				journal = append(journal, c.at(k, -p.Units, -c.over))
			}
		}
	}
	var changed []leaseRow
	for _, l := range live {
		changed = append(changed, l)
	}
	slices.SortFunc(changed, func(a, b leaseRow) int { return cmp.Compare(a.id, b.id) })
	if err := storeLeases(ctx, tx, changed); err != nil {
		return err
	}
	if err := storeRows(ctx, tx, rows); err != nil {
		return err
	}
	if err := restoreCredits(ctx, tx, back); err != nil {
		return err
	}
	return note(ctx, tx, journal)
}
