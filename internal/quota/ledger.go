package quota

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// item is one message on its way through the ledger.
type item struct {
	ticket Ticket
	asked  *Request // without a mark it is a message that keeps no reserve
	token  token
	hash   token

	wait    *wait
	err     error
	lapsed  []*lease  // leases that had ended: nothing was done, and it is to be tried again
	refused *Decision // nothing was counted
	replay  *promise  // nothing was counted: the key stands for this
	made    Reserve
	done    bool // it was counted
	over    bool
}

// Mark is a credential's own name for a request.
type Mark struct{ Credential, Key string }

// wait ends when all that were asked together are answered.
type wait struct {
	left atomic.Int64
	done chan struct{}
}

func newWait(n int) *wait {
	w := &wait{done: make(chan struct{})}
	w.left.Store(int64(n))
	return w
}

func (w *wait) answered() {
	if w.left.Add(-1) == 0 {
		close(w.done)
	}
}

// batch is items that share a transaction. run may run more than once.
type batch struct {
	engine  *Engine
	items   []*item
	settles []*settlement
	refills []refill

	tx      *db.Tx
	at      position
	began   time.Duration // on the node's stopwatch, before the clock of the ledger was read
	now     time.Time
	rows    map[counted]*row
	charged map[counted]bool
	moments map[Calendar]Moment
	journal []hourly
	purses  map[counted]*purse
	drawn   []drawing // of them
	undrawn []drawing // with units that were recalled
	grants  []grant
	writing writing
	ids     ids.Reserves
	made    map[token]*item
	moved   bool // the log was folded
	back    []recalled
}

// grant is a block for a holder of this node.
type grant struct {
	refill
	row leaseRow
}

// run does all items in one transaction, which holds the log: it settles, locks the counters that it needs, and decides in Go.
func (b *batch) run(ctx context.Context, tx *db.Tx, at position) (err error) {
	b.tx, b.at, b.began = tx, at, b.engine.watch()
	b.forgo()
	b.drawn, b.undrawn = nil, nil
	b.charged, b.moments, b.journal, b.grants, b.made, b.moved = map[counted]bool{}, map[Calendar]Moment{}, nil, nil, make(map[token]*item, len(b.items)), false
	for _, it := range b.items {
		it.err, it.lapsed, it.refused, it.replay, it.made, it.over, it.done = nil, nil, nil, nil, Reserve{}, false, false
	}
	if b.now, err = b.engine.ledgerNow(ctx, tx); err != nil {
		return err
	}
	b.ids, b.writing = ids.NewReserves(b.now), b.engine.logbook.begin()
	if err := b.settle(ctx); err != nil {
		return err
	}
	if err := b.replays(ctx); err != nil {
		return err
	}
	if err := b.lock(ctx); err != nil {
		return err
	}
	if err := b.lockPurses(ctx); err != nil {
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
	var chunks []int64
	asks := map[token][]*item{}
	for _, it := range b.items {
		if it.asked.Key == "" {
			continue
		}
		if n := len(chunks); n < len(b.engine.logbook.find(it.token.print(), &chunks)) {
			asks[it.token] = append(asks[it.token], it)
		}
	}
	if len(chunks) == 0 {
		return nil
	}
	slices.Sort(chunks)
	found, err := chunksAt(ctx, b.tx, slices.Compact(chunks))
	if err != nil {
		return err
	}
	for i := range found {
		some, err := found[i].promises(func(_ int, t token) bool { return asks[t] != nil })
		if err != nil {
			return err
		}
		for n, p := range some {
			p.State = found[i].state(n)
			for _, it := range asks[p.token] {
				it.replay = &p
			}
		}
	}
	return nil
}

// lock locks the counters that the items need.
func (b *batch) lock(ctx context.Context) (err error) {
	var counters []counted
	for _, it := range b.items {
		if it.replay != nil {
			continue
		}
		for i := range it.ticket.path.layers {
			if it.ticket.taken[i] == nil {
				counters = append(counters, it.ticket.path.key(i))
			}
		}
	}
	for _, r := range b.refills {
		counters = append(counters, r.h.counted)
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
	if first := b.made[it.token]; first != nil && it.asked.Key != "" {
		it.replay = &promise{Reserve: first.made, hash: first.hash}
		return
	}
	t := &it.ticket
	var states []State
	var at []int
	for i := range t.path.layers {
		if from := t.taken[i]; from != nil {
			if from.ended || from.ends <= b.now.UnixMilli() {
				it.lapsed = append(it.lapsed, from)
			}
			continue
		}
		l := &t.path.layers[i]
		row := b.rows[t.path.key(i)]
		m := b.moment(l.Calendar)
		row.turn(m)
		states, at = append(states, State{Layer: *l, Counter: row.Counter, Moment: m, Purse: b.purses[row.counted].of(&row.Counter)}), append(at, i)
	}
	if it.lapsed != nil {
		return
	}
	if len(states) > 0 {
		d := b.weigh(t, states, at)
		if !d.Allowed {
			it.refused = d.of(at)
			return
		}
		it.over = d.Action == Overage
	}
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
	w, keeps := &b.writing, it.asked.Key != ""
	if keeps {
		it.made = Reserve{
			ID: b.ids.Nth(uint16(w.count)), Account: it.asked.Account, Channel: it.asked.Channel, Units: t.n, State: Held, Deadline: b.now.Add(it.asked.hold()), //nolint:gosec // see mostTogether
		}
		b.made[it.token] = it
		w.add(t.path, &it.made, it.asked.Credential, it.token, it.hash, b.now)
		w.layers(len(t.path.layers))
	}
	it.done = true
	for _, from := range t.taken[:len(t.path.layers)] {
		if from == nil {
			continue
		}
		if place := w.spend(from, t.n); keeps {
			w.leased(place)
		}
	}
	for j, i := range at {
		row := b.rows[t.path.key(i)]
		over := beyond(states[j], t.n)
		b.draw(row, states[j].Layer.Limits[Month], t.n)
		c, _ := row.charge(t.n) // it was seen to fit
		b.charged[row.counted] = true
		b.journal = append(b.journal, c.at(row.counted, t.n, over))
		if keeps {
			w.charged(row.subject, c, over)
		}
	}
}

// beyond is how many of n units exceed a limit that lets through for billing.
func beyond(s State, n int64) (most int64) {
	for _, w := range Windows() {
		if l := s.Layer.Limits[w]; l.Action == Overage && l.Amount != Unlimited {
			within, _ := room(&s.Counter, s.Moment, l, w, &s.Purse)
			most = max(most, n-within)
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
		if !it.done {
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
	purse, month := b.purses[h.counted], layer.Limits[Month]
	at := purse.of(&row.Counter)
	for _, w := range Windows() {
		within, _ := room(&row.Counter, m, layer.Limits[w], w, &at)
		size = min(size, within/fairShare)
	}
	until := purse.usable(&row.Counter, month, size, min((m.Minute+2)*minuteMs, m.DayEnds, m.MonthEnds))
	if size < smallest || until-m.At < time.Second.Milliseconds() {
		return
	}
	b.draw(row, month, size)
	c, ok := row.charge(size)
	if !ok {
		return
	}
	b.charged[row.counted] = true
	b.grants = append(b.grants, grant{refill{h, layer}, leaseRow{counted: row.counted, Charge: c, id: ids.NewLease(b.now), size: size, until: until}})
}

// How much is folded at once: a small group as it is written, so that what was spent stands in the leases, unless it follows others
// that are not folded; of those many together, or within a second.
const (
	foldBelow = 8   // items of a group
	foldAt    = 128 // chunks
)

func (b *batch) store(ctx context.Context) error {
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
	if err := b.shrink(ctx); err != nil {
		return err
	}
	if err := addDrawings(ctx, b.tx, b.drawn); err != nil {
		return err
	}
	if err := returnDrawn(ctx, b.tx, b.undrawn); err != nil {
		return err
	}
	before := b.at
	if w := &b.writing; w.count > 0 || len(w.leases) > 0 {
		b.at.seq++
		c := w.finish(chunk{seq: b.at.seq, id: b.ids, at: b.now.UnixMilli()})
		b.engine.logbook.spare = w.entries
		if err := insertChunk(ctx, b.tx, c); err != nil {
			return err
		}
	}
	if b.at.seq-b.at.folded >= foldAt || before.seq == before.folded && len(b.items) < foldBelow {
		if err := b.fold(ctx); err != nil {
			return err
		}
	}
	if b.at == before && !b.moved {
		return nil
	}
	return moveLog(ctx, b.tx, b.at)
}

func (b *batch) fold(ctx context.Context) (err error) {
	before := b.at
	b.at, err = fold(ctx, b.tx, b.at)
	b.moved = b.moved || b.at != before
	return err
}

// fold brings what was spent from the log into the leases.
func fold(ctx context.Context, tx *db.Tx, at position) (position, error) {
	if at.folded == at.seq {
		return at, nil
	}
	all, err := spentAfter(ctx, tx, at.folded)
	if err != nil {
		return at, fmt.Errorf("read what was spent: %w", err)
	}
	sums := map[ids.Lease]int64{}
	for _, b := range all {
		some, err := spendings(b)
		if err != nil {
			return at, err
		}
		for _, s := range some {
			sums[s.lease] += s.units
		}
	}
	return position{at.seq, at.seq}, foldLeases(ctx, tx, sums)
}

// keep has the node remember what it wrote, and spend from what was leased, now that it is certain.
func (b *batch) keep() {
	if r := &b.engine.logbook; b.at.seq > r.known {
		for keys := b.writing.keys; len(keys) >= 8; keys = keys[8:] {
			r.keys.add(binary.BigEndian.Uint64(keys), b.at.seq)
		}
		r.known = b.at.seq
	}
	var lost []*lease
	for _, g := range b.grants {
		l := &lease{id: g.row.id, counted: g.row.counted, Charge: g.row.Charge, size: g.row.size, ends: g.row.until,
			until: b.began + time.Duration(g.row.until-b.now.UnixMilli())*time.Millisecond}
		l.left.Store(g.row.size)
		b.engine.logbook.live[l.id] = l
		if !g.h.put(l, g.layer.terms(), b.engine.watch()) {
			lost = append(lost, l)
		}
	}
	b.engine.forsake(lost)
}

// reap returns what was not spent of some leases that have ended, and says which.
func (e *Engine) reap(ctx context.Context, tx *db.Tx, at position) (position, []ids.Lease, error) {
	before := at
	now, err := e.ledgerNow(ctx, tx)
	if err != nil {
		return at, nil, err
	}
	if at, err = fold(ctx, tx, at); err != nil {
		return at, nil, err
	}
	ended, err := endedLeases(ctx, tx, now.UnixMilli(), reapAtOnce)
	if err != nil {
		return at, nil, err
	}
	var all []ids.Lease
	if len(ended) > 0 {
		if all, err = returnLeases(ctx, tx, ended); err != nil {
			return at, nil, err
		}
		at = position{at.seq + 1, at.seq + 1}
		if err := insertChunk(ctx, tx, chunk{seq: at.seq, id: ids.NewReserves(now), at: now.UnixMilli(), ended: all}); err != nil {
			return at, nil, err
		}
	}
	if at == before {
		return at, all, nil
	}
	return at, all, moveLog(ctx, tx, at)
}

// returnLeases gives back to their counters what was not spent of leases, and ends them.
func returnLeases(ctx context.Context, tx *db.Tx, ended []leaseRow) (all []ids.Lease, err error) {
	var keys []counted
	var journal []hourly
	for _, l := range ended {
		keys, all = append(keys, l.counted), append(all, l.id)
		journal = append(journal, l.at(l.counted, l.spent, 0))
	}
	slices.SortFunc(keys, counted.compare)
	rows, err := lockRows(ctx, tx, slices.Compact(keys))
	if err != nil {
		return nil, err
	}
	back := make([]refund, len(ended))
	for i, l := range ended {
		rows[l.counted].giveBack(l.Charge, l.size-l.spent)
		back[i] = refund{l.counted, l.Charge, l.size - l.spent}
	}
	if err := storeRows(ctx, tx, rows); err != nil {
		return nil, err
	}
	if err := restoreCredits(ctx, tx, back); err != nil {
		return nil, err
	}
	if err := note(ctx, tx, journal); err != nil {
		return nil, err
	}
	return all, deleteLeases(ctx, tx, all)
}
