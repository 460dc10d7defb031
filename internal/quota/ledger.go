package quota

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// item is one message on its way through the ledger.
type item struct {
	ticket Ticket
	mark   Mark // whose request it is; zero for a message that keeps no reserve
	hash   []byte
	of     Sender
	lasts  time.Duration // how long it can be committed or released

	done    chan struct{}
	err     error
	lapsed  []*lease  // leases that had ended: nothing was done, and it is to be tried again
	refused *Decision // nothing was counted
	replay  *promise  // nothing was counted: the key stands for this
	made    Reserve
	over    bool
}

// Mark is a credential's own name for a request.
type Mark struct{ Credential, Key string }

// batch is items that share a transaction. run may run more than once.
type batch struct {
	engine  *Engine
	items   []*item
	refills []refill

	tx      *db.Tx
	began   time.Duration // on the node's stopwatch, before the clock of the ledger was read
	now     time.Time
	leases  map[ids.Lease]leaseRow
	changed map[ids.Lease]bool
	rows    map[counted]*row
	charged map[counted]bool
	moments map[Calendar]Moment
	journal []hourly
	made    []promise
	grants  []grant
}

// grant is a block for a holder of this node.
type grant struct {
	refill
	row leaseRow
}

// run does all items in one transaction: it locks what they need, in one order for everybody, and decides in Go.
func (b *batch) run(ctx context.Context, tx *db.Tx) (err error) {
	b.tx, b.began = tx, b.engine.watch()
	b.changed, b.charged, b.moments = map[ids.Lease]bool{}, map[counted]bool{}, map[Calendar]Moment{}
	b.journal, b.made, b.grants = nil, nil, nil
	for _, it := range b.items {
		it.err, it.lapsed, it.refused, it.replay, it.made, it.over = nil, nil, nil, nil, Reserve{}, false
	}
	if b.now, err = b.engine.ledgerNow(ctx, tx); err != nil {
		return err
	}
	if err := b.replays(ctx); err != nil {
		return err
	}
	if err := b.lock(ctx); err != nil {
		return err
	}
	for _, it := range b.items {
		if it.replay == nil {
			b.decide(it)
		}
	}
	b.lease()
	return b.store(ctx)
}

// replays finds items whose key stands for a reserve already.
func (b *batch) replays(ctx context.Context) error {
	var marks []Mark
	for _, it := range b.items {
		if it.mark.Key != "" {
			marks = append(marks, it.mark)
		}
	}
	old, err := promised(ctx, b.tx, marks)
	if err != nil {
		return fmt.Errorf("read what keys stand for: %w", err)
	}
	for _, it := range b.items {
		for i := range old {
			if it.mark.Key != "" && old[i].mark == it.mark {
				it.replay = &old[i]
			}
		}
	}
	return nil
}

// lock locks the leases and the counters that the items need.
func (b *batch) lock(ctx context.Context) (err error) {
	var leases []ids.Lease
	var counters []counted
	for _, it := range b.items {
		if it.replay != nil {
			continue
		}
		for i := range it.ticket.path.layers {
			if from := it.ticket.taken[i]; from != nil {
				leases = append(leases, from.id)
			} else {
				counters = append(counters, it.ticket.path.key(i))
			}
		}
	}
	for _, r := range b.refills {
		counters = append(counters, r.h.counted)
	}
	slices.Sort(leases)
	if b.leases, err = lockLeases(ctx, b.tx, slices.Compact(leases)); err != nil {
		return err
	}
	slices.SortFunc(counters, counted.compare)
	b.rows, err = lockRows(ctx, b.tx, slices.Compact(counters))
	return err
}

func (b *batch) moment(c Calendar) Moment {
	m, ok := b.moments[c]
	if !ok {
		m = c.At(b.now)
		b.moments[c] = m
	}
	return m
}

// decide decides on one item, whose key may also have been used by one before it.
func (b *batch) decide(it *item) {
	if it.mark.Key != "" {
		for i := range b.made {
			if b.made[i].mark == it.mark {
				it.replay = &b.made[i]
				return
			}
		}
	}
	t := &it.ticket
	var states []State
	var at []int
	for i := range t.path.layers {
		if from := t.taken[i]; from != nil {
			if row, ok := b.leases[from.id]; !ok || row.until <= b.now.UnixMilli() || row.spent > row.size-t.n {
				it.lapsed = append(it.lapsed, from)
			}
			continue
		}
		l := &t.path.layers[i]
		row := b.rows[t.path.key(i)]
		m := b.moment(l.Calendar)
		row.turn(m)
		states, at = append(states, State{Layer: *l, Counter: row.Counter, Moment: m}), append(at, i)
	}
	if it.lapsed != nil {
		return
	}
	d := Decide(states, t.n)
	if !d.Allowed {
		it.refused = d.of(at)
		return
	}
	it.over = d.Action == Overage
	b.charge(it, states, at)
}

// of says which layers of the whole path the decision on some of them is about.
func (d Decision) of(at []int) *Decision {
	if d.Binding.Layer >= 0 {
		d.Binding.Layer = at[d.Binding.Layer]
	}
	for i := range d.All {
		d.All[i].Layer = at[d.All[i].Layer]
	}
	return &d
}

// charge counts an item in every layer.
func (b *batch) charge(it *item, states []State, at []int) {
	t := &it.ticket
	for j := range at { // first see that no counter runs over
		if c := states[j].Counter; max(c.DayUsed, c.MonthUsed, c.Ring[c.Minute%ringSize]) > math.MaxInt64-t.n {
			it.refused = &Decision{Action: Reject, Binding: Standing{Layer: at[j], Limit: free()}}
			return
		}
	}
	p := promise{mark: it.mark, hash: it.hash, created: b.now.UnixMilli(), Reserve: Reserve{
		ID: ids.NewReserve(b.now), Account: it.of.Account, Channel: it.of.Channel, Units: t.n, State: Held, Deadline: b.now.Add(it.lasts),
	}}
	for _, from := range t.taken[:len(t.path.layers)] {
		if from == nil {
			continue
		}
		row := b.leases[from.id]
		row.spent += t.n
		b.leases[from.id], b.changed[from.id] = row, true
		p.charges = append(p.charges, paid{row.subject, row.id, row.Minute, row.Day, row.Month, 0})
	}
	for j, i := range at {
		row := b.rows[t.path.key(i)]
		over := beyond(states[j], t.n)
		c, _ := row.charge(t.n) // it was seen to fit
		b.charged[row.counted] = true
		b.journal = append(b.journal, c.at(row.counted, t.n, over))
		p.charges = append(p.charges, paid{row.subject, "", c.Minute, c.Day, c.Month, over})
	}
	it.made = p.Reserve
	if it.mark.Key != "" {
		b.made = append(b.made, p)
	}
}

// beyond is how many of n units exceed a limit that lets through for billing.
func beyond(s State, n int64) (most int64) {
	for _, w := range Windows() {
		if l := s.Layer.Limits[w]; l.Action == Overage && l.Amount != Unlimited {
			most = max(most, min(n, n-max(0, l.Amount-s.Counter.used(w))))
		}
	}
	return most
}

// lease takes blocks for the holders that are worth one, out of the counters that are locked anyway.
func (b *batch) lease() {
	if !b.engine.leases {
		return
	}
	wanted := map[*holder]*Layer{}
	for _, it := range b.items {
		if it.made.ID == "" {
			continue
		}
		for i, from := range it.ticket.taken[:len(it.ticket.path.layers)] {
			if from == nil {
				wanted[it.ticket.path.holders[i]] = &it.ticket.path.layers[i]
			}
		}
	}
	for h, layer := range wanted {
		if size := h.wants(b.began, false); size > 0 {
			b.grant(h, layer, size)
		}
	}
	for _, r := range b.refills {
		if size := r.h.wants(b.began, true); size > 0 && wanted[r.h] == nil {
			b.grant(r.h, r.layer, size)
		}
	}
}

// grant takes a block of up to size units: never more than a fair share of what is left, and none where little is.
func (b *batch) grant(h *holder, layer *Layer, size int64) {
	row, m := b.rows[h.counted], b.moment(layer.Calendar)
	row.turn(m)
	until := min((m.Minute+2)*minuteMs, m.DayEnds, m.MonthEnds)
	if until-m.At < time.Second.Milliseconds() {
		return
	}
	for _, w := range Windows() {
		within, _ := room(&row.Counter, m, layer.Limits[w], w, 0)
		size = min(size, within/fairShare)
	}
	if size < smallest {
		return
	}
	c, ok := row.charge(size)
	if !ok {
		return
	}
	b.charged[row.counted] = true
	b.grants = append(b.grants, grant{refill{h, layer}, leaseRow{counted: row.counted, Charge: c, id: ids.NewLease(b.now), size: size, until: until}})
}

func (b *batch) store(ctx context.Context) error {
	var spent []leaseRow
	for id := range b.changed {
		spent = append(spent, b.leases[id])
	}
	slices.SortFunc(spent, func(a, b leaseRow) int { return cmp.Compare(a.id, b.id) })
	if err := storeLeases(ctx, b.tx, spent); err != nil {
		return err
	}
	for k := range b.rows {
		if !b.charged[k] {
			delete(b.rows, k)
		}
	}
	if err := storeRows(ctx, b.tx, b.rows); err != nil {
		return err
	}
	var fresh []leaseRow
	for _, g := range b.grants {
		fresh = append(fresh, g.row)
	}
	if err := insertLeases(ctx, b.tx, fresh); err != nil {
		return err
	}
	if err := note(ctx, b.tx, b.journal); err != nil {
		return err
	}
	if fresh, err := insertPromises(ctx, b.tx, b.made); err != nil || !fresh {
		return cmp.Or(err, fmt.Errorf("%w: a key was used on another node", db.ErrRetry))
	}
	return nil
}

// keepGrants has the node spend from what was leased, now that it is certain.
func (b *batch) keepGrants(ctx context.Context) {
	var lost []*lease
	for _, g := range b.grants {
		l := &lease{id: g.row.id, size: g.row.size, until: b.began + time.Duration(g.row.until-b.now.UnixMilli())*time.Millisecond}
		l.left.Store(g.row.size)
		if !g.h.put(l, g.layer.Limits, b.engine.watch()) {
			lost = append(lost, l)
		}
	}
	b.engine.forsake(lost)
}

// reap returns what was not spent of some leases that have ended, and says how many there were.
func (e *Engine) reap(ctx context.Context, tx *db.Tx) (int, error) {
	now, err := e.ledgerNow(ctx, tx)
	if err != nil {
		return 0, err
	}
	ended, err := endedLeases(ctx, tx, now.UnixMilli(), reapAtOnce)
	if err != nil || len(ended) == 0 {
		return 0, err
	}
	var keys []counted
	var all []ids.Lease
	var journal []hourly
	for _, l := range ended {
		keys, all = append(keys, l.counted), append(all, l.id)
		journal = append(journal, l.at(l.counted, l.spent, 0))
	}
	slices.SortFunc(keys, counted.compare)
	rows, err := lockRows(ctx, tx, slices.Compact(keys))
	if err != nil {
		return 0, err
	}
	for _, l := range ended {
		rows[l.counted].giveBack(l.Charge, l.size-l.spent)
	}
	if err := storeRows(ctx, tx, rows); err != nil {
		return 0, err
	}
	if err := note(ctx, tx, journal); err != nil {
		return 0, err
	}
	return len(ended), deleteLeases(ctx, tx, all)
}

// settleReserves commits or releases reserves of a credential, and returns the errors of those that could not be settled.
func (e *Engine) settleReserves(ctx context.Context, tx *db.Tx, credential string, all []ids.Reserve, release bool) (map[ids.Reserve]error, error) {
	now, err := e.ledgerNow(ctx, tx)
	if err != nil {
		return nil, err
	}
	found, err := lockPromises(ctx, tx, credential, all)
	if err != nil {
		return nil, fmt.Errorf("read reserves: %w", err)
	}
	failed := map[ids.Reserve]error{}
	var due []promise
	var named []ids.Reserve
	to := Committed
	if release {
		to = Released
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(all))) {
		p, ok := found[id]
		if err := p.settle(ok, now, to); err != nil {
			failed[id] = err
		} else if p.State == Held {
			due, named = append(due, p), append(named, id)
		}
	}
	if len(due) == 0 {
		return failed, nil
	}
	if release {
		if err := restore(ctx, tx, due); err != nil {
			return nil, err
		}
	}
	return failed, settlePromises(ctx, tx, to, named)
}

// restore takes what reserves counted off again, in every layer.
func restore(ctx context.Context, tx *db.Tx, due []promise) error {
	var leases []ids.Lease
	var keys []counted
	for _, p := range due {
		for _, c := range p.charges {
			keys = append(keys, counted{c.Subject, p.Channel})
			if c.Lease != "" {
				leases = append(leases, c.Lease)
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
	for _, p := range due {
		for _, c := range p.charges {
			k := counted{c.Subject, p.Channel}
			rows[k].giveBack(c.charge(), p.Units)
			if l, ok := live[c.Lease]; ok {
				l.size, l.spent = l.size-p.Units, l.spent-p.Units
				live[c.Lease] = l
			} else {
				journal = append(journal, c.charge().at(k, -p.Units, -c.Over))
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
	return note(ctx, tx, journal)
}
