package quota

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/setting"
)

// Engine decides on one node what may be sent. It takes blocks of units out of the ledger, which all nodes share, and spends
// them from memory; what it promises is written before it is told. It is safe for concurrent use.
type Engine struct {
	db     *db.DB
	log    *slog.Logger
	clock  clock.Clock
	watch  func() time.Duration // the node's stopwatch, which no setting of the clock moves
	known  *setting.Known
	zone   setting.Key[string]
	paths  *change.Cache[Sender, *path]
	leases bool
	// ledgerNow is the instant by the clock that all nodes share.
	ledgerNow func(context.Context, *db.Tx) (time.Time, error)

	mu      sync.Mutex // guards what follows
	holders map[counted]*holder
	waiting []*item
	settles []*settlement
	refills []refill
	busy    bool      // somebody is at work
	idle    sync.Cond // nobody is any more
	lost    []ids.Lease

	logbook logbook
	metrics metrics
}

// EngineDeps is what an engine stands on.
type EngineDeps struct {
	DB    *db.DB
	Log   *slog.Logger
	Clock clock.Clock
	Known *setting.Known
	Zone  setting.Key[string] // an account's time zone, in which its days begin
	News  *change.Feed
	// NoLeases has every decision made in the ledger itself.
	NoLeases bool
}

// KeepTime has the ledger go by a clock of this process instead of the one that all nodes share, where time is made up.
func (e *Engine) KeepTime(now clock.Clock) {
	e.ledgerNow = func(context.Context, *db.Tx) (time.Time, error) { return now(), nil }
}

// mostPaths are kept in memory, about a kilobyte each.
const mostPaths = 1 << 17

// NewEngine makes the engine of a node.
func NewEngine(d EngineDeps) *Engine {
	e := &Engine{
		db: d.DB, log: d.Log, clock: d.Clock, watch: clock.Elapsed(d.Clock), known: d.Known, zone: d.Zone, leases: !d.NoLeases,
		paths: change.NewCache[Sender, *path](d.News, mostPaths), holders: map[counted]*holder{},
		logbook: logbook{live: map[ids.Lease]*lease{}}, metrics: newMetrics(),
	}
	e.idle.L = &e.mu
	e.ledgerNow = func(ctx context.Context, tx *db.Tx) (time.Time, error) { return tx.ServerNow(ctx) }
	return e
}

// Ticket is units that were taken from the leases of this node for one message.
type Ticket struct {
	n     int64
	path  *path
	taken [mostLayers]*lease // nil where the counter itself must be charged
}

// warm reports whether no counter must be asked.
func (t *Ticket) warm() bool { return !slices.Contains(t.taken[:len(t.path.layers)], nil) }

// Spend takes n units of every layer from memory. It reports false when a layer has no lease with as many; then nothing is
// taken, and the ledger must be asked. What it takes is promised to nobody until it is settled, and returns by itself.
func (e *Engine) Spend(ctx context.Context, s Sender, n int64) (Ticket, bool, error) {
	p, err := e.path(ctx, s)
	if err != nil {
		return Ticket{}, false, err
	}
	t := Ticket{n: n, path: p}
	e.take(ctx, &t, e.watch())
	if !t.warm() {
		t.undo()
		return Ticket{}, false, nil
	}
	return t, true, nil
}

// take takes from each layer that has a lease. now is on the node's stopwatch.
func (e *Engine) take(ctx context.Context, t *Ticket, now time.Duration) {
	for i, h := range t.path.holders {
		from, low := h.take(t.n, now)
		t.taken[i] = from
		if low && h.next.Load() == nil && h.fetch.CompareAndSwap(false, true) {
			e.refill(ctx, refill{h, &t.path.layers[i]})
		}
	}
}

// undo gives back what was taken.
func (t *Ticket) undo() {
	for i, l := range t.taken {
		if l != nil {
			l.giveBack(t.n)
			t.taken[i] = nil
		}
	}
}

// refill is a block that is fetched before the one in use is spent.
type refill struct {
	h     *holder
	layer *Layer
}

func (e *Engine) refill(ctx context.Context, r refill) {
	e.mu.Lock()
	e.refills = append(e.refills, r)
	e.wake(ctx)
	e.mu.Unlock()
}

const (
	settleWithin = 10 * time.Second
	mostTogether = 4096 // items that are settled in one transaction, and as many reserves; of ids with the same beginning there are 1<<16
	mostAhead    = 768  // blocks that are fetched in one
	mostTurns    = 16   // that others get before what waits is written
	mostTries    = 10
)

// write has items written with what they took, and what could not be taken from memory charged. All that meet share a transaction.
func (e *Engine) write(ctx context.Context, all []*item) error {
	w := newWait(len(all))
	for _, it := range all {
		it.wait = w
	}
	e.mu.Lock()
	e.waiting = append(e.waiting, all...)
	e.wake(ctx)
	e.mu.Unlock()
	return w.wait(ctx)
}

func (w *wait) wait(ctx context.Context) error {
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the ledger: %w", ctx.Err())
	}
}

// wake has what is waiting settled. The engine's mutex is held.
func (e *Engine) wake(ctx context.Context) {
	if !e.busy {
		e.busy = true
		go e.work(context.WithoutCancel(ctx))
	}
}

// work settles what waits, until nothing does.
func (e *Engine) work(ctx context.Context) {
	for b := e.next(); b != nil; b = e.next() {
		e.together(ctx, b)
	}
}

// next is what is written next, nil when nothing waits.
func (e *Engine) next() *batch {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gather()
	if len(e.waiting) == 0 && len(e.refills) == 0 && len(e.settles) == 0 {
		e.busy = false
		e.idle.Broadcast()
		return nil
	}
	return &batch{engine: e, items: first(&e.waiting, mostTogether), settles: first(&e.settles, mostTogether/MostTogether), refills: first(&e.refills, mostAhead)}
}

// gather lets all others run who can, as long as more waits after it: a transaction costs far more than what one writes in it. Who
// asks while nobody else does is not kept waiting. The engine's mutex is held, but not meanwhile.
func (e *Engine) gather() {
	for turn, before := 0, 0; turn < mostTurns && len(e.waiting)+len(e.settles) > before; turn++ {
		before = len(e.waiting) + len(e.settles)
		e.mu.Unlock()
		runtime.Gosched()
		e.mu.Lock()
	}
}

// first takes the first few from a list.
func first[T any](all *[]T, most int) []T {
	n := min(len(*all), most)
	out := slices.Clone((*all)[:n])
	*all = slices.Delete(*all, 0, n)
	return out
}

// together writes a batch in one transaction. Whoever waits for it is told when the disk is done; meanwhile the next gathers.
func (e *Engine) together(ctx context.Context, b *batch) {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	e.logbook.mu.Lock()
	lasts, err := e.inLog(ctx, b.run)
	switch {
	case err == nil:
		b.keep()
	case !errors.Is(err, db.ErrUnknownOutcome):
		b.forgo()
	}
	e.metrics.remember(&e.logbook)
	e.logbook.mu.Unlock()
	for _, r := range b.refills {
		r.h.fetch.Store(false)
	}
	if err != nil && len(b.items)+len(b.settles) == 0 {
		e.log.WarnContext(ctx, "no units could be leased ahead", "error", err)
	}
	if err == nil && b.promises() {
		err = lasts()
	}
	e.tell(b, err)
}

// promises reports whether anybody is told of something that must last: what was refused was not counted.
func (b *batch) promises() bool {
	return len(b.settles) > 0 || slices.ContainsFunc(b.items, func(it *item) bool { return it.refused == nil && it.lapsed == nil })
}

// tell answers all who are in a batch.
func (e *Engine) tell(b *batch, err error) {
	for _, it := range b.items {
		if err != nil {
			it.err, it.lapsed, it.refused = err, nil, nil
		}
		if err == nil && (it.refused != nil || it.lapsed != nil || it.replay != nil) ||
			err != nil && !errors.Is(err, db.ErrUnknownOutcome) {
			it.ticket.undo()
		}
		for _, l := range it.lapsed {
			l.close()
		}
	}
	e.metrics.note(b.items)
	for _, it := range b.items {
		it.wait.answered()
	}
	for _, s := range b.settles {
		s.err = err
		s.wait.answered()
	}
}

// Idle waits until nothing is being settled.
func (e *Engine) Idle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.busy {
		e.idle.Wait()
	}
}

// forsake gives leases back that are not used any more. They end with the next reaping.
func (e *Engine) forsake(all []*lease) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range all {
		e.lost = append(e.lost, l.id)
	}
}

const (
	reapAtOnce  = 500
	reapEvery   = time.Second
	keepReserve = 24 * time.Hour
	keepMinutes = time.Hour // after that: a lease of a minute ends in the next but one
	forgetChunk = 100       // rows of the log, of up to a thousand reserves
)

// Reap returns to the ledger what was not spent of leases that have ended, of this node and of those that are no more.
func (e *Engine) Reap(ctx context.Context) error {
	e.mu.Lock()
	lost := e.lost
	e.lost = nil
	e.mu.Unlock()
	if len(lost) > 0 {
		slices.Sort(lost)
		if err := e.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return endLeases(ctx, tx, lost) }); err != nil {
			e.mu.Lock()
			e.lost = append(e.lost, lost...)
			e.mu.Unlock()
			return err
		}
	}
	for n := reapAtOnce; n == reapAtOnce; {
		var err error
		if n, err = e.reapSome(ctx); err != nil {
			return fmt.Errorf("return what was leased: %w", err)
		}
	}
	e.forget()
	return nil
}

func (e *Engine) reapSome(ctx context.Context) (int, error) {
	e.logbook.mu.Lock()
	defer e.logbook.mu.Unlock()
	var ended []ids.Lease
	var at position
	_, err := e.inLog(ctx, func(ctx context.Context, tx *db.Tx, from position) (err error) {
		at, ended, err = e.reap(ctx, tx, from)
		return err
	})
	if err == nil {
		e.logbook.end(ended)
		e.logbook.known = at.seq
	}
	e.metrics.remember(&e.logbook)
	return len(ended), err
}

// Fold has all that was spent stand in the leases, for those who read them.
func (e *Engine) Fold(ctx context.Context) error {
	if at, err := positionOf(ctx, e.db); err != nil || at.folded == at.seq {
		return err
	}
	e.logbook.mu.Lock()
	defer e.logbook.mu.Unlock()
	_, err := e.inLog(ctx, func(ctx context.Context, tx *db.Tx, at position) error {
		at, err := fold(ctx, tx, at)
		if err != nil {
			return err
		}
		return moveLog(ctx, tx, at)
	})
	return err
}

// forget lets go of holders without a lease, when there are many.
func (e *Engine) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.holders) < mostPaths {
		return
	}
	now := e.watch()
	for k, h := range e.holders {
		if l := h.cur.Load(); l == nil || now >= l.until {
			delete(e.holders, k)
		}
	}
}

// Return gives all leases back, when the node stops.
func (e *Engine) Return(ctx context.Context) error {
	e.Idle()
	e.mu.Lock()
	for _, h := range e.holders {
		h.mu.Lock()
		for _, l := range h.drop() {
			e.lost = append(e.lost, l.id)
		}
		h.mu.Unlock()
	}
	e.mu.Unlock()
	return e.Reap(ctx)
}

// Run reaps once a second until ctx ends, and then gives back what this node holds.
func (e *Engine) Run(ctx context.Context) error {
	tick := time.NewTicker(reapEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := e.Reap(ctx); err != nil && ctx.Err() == nil {
			e.log.WarnContext(ctx, "what was leased could not be returned; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	return e.Return(end)
}

// ForgetReserves deletes reserves that are a day old, whose keys stand for nothing any more.
func (e *Engine) ForgetReserves(ctx context.Context) error {
	before := e.db.Now().Add(-keepReserve).UnixMilli()
	for n := int64(forgetChunk); n == forgetChunk; {
		err := e.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = forgetChunks(ctx, tx, before, forgetChunk)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget old reserves: %w", err)
		}
	}
	for n := int64(reapAtOnce); n == reapAtOnce; {
		err := e.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = forgetMinutes(ctx, tx, (before-keepMinutes.Milliseconds())/minuteMs, reapAtOnce)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget when credits were drawn on: %w", err)
		}
	}
	return e.logbook.expire(ctx, e.db)
}

func errBusy() error {
	return errs.New(errs.Unavailable, "quota.busy", "Try again in a moment. The counters are busy; nothing was counted.")
}

// Now is the time of day on this node.
func (e *Engine) Now() time.Time { return e.clock() }
