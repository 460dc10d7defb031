package quota

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"bailiwick/internal/ids"
)

// lease is units that this node has taken out of a counter and may spend without asking.
type lease struct {
	id ids.Lease
	counted
	Charge
	size  int64
	until time.Duration // on the node's stopwatch
	ends  int64         // Unix milliseconds, by the ledger's clock
	left  atomic.Int64  // far below 0 when the lease is not to be used any more

	// What follows is known to whoever holds the log.
	ended   bool   // its rest has returned to the counter
	writing uint64 // the chunk in which it has a place
	place   int
}

const gone = math.MinInt64 / 2

// take takes n units, unless there are not as many or the lease has ended.
func (l *lease) take(n int64, now time.Duration) (left int64, ok bool) {
	if now >= l.until {
		return 0, false
	}
	if left = l.left.Add(-n); left < 0 {
		l.left.Add(n)
		return left, false
	}
	return left, true
}

func (l *lease) giveBack(n int64) { l.left.Add(n) }

// rest takes all that is left.
func (l *lease) rest() int64 {
	for {
		left := l.left.Load()
		if left <= 0 {
			return 0
		}
		if l.left.CompareAndSwap(left, 0) {
			return left
		}
	}
}

// close has nobody take from the lease again.
func (l *lease) close() { l.left.Store(gone) }

// How many units a node takes at once. Blocks grow while they are used up fast and shrink while they are not. A counter that
// is asked seldom is charged for each message, so that a mostly idle tree strands nothing.
const (
	upperBlock   = 256
	leafBlock    = 16
	largestBlock = 1 << 22
	smallest     = 4                // less is charged as it comes
	fairShare    = 8                // of what is left, so that other nodes find some too
	busyWithin   = 10 * time.Second // a leaf that is asked twice in this time is worth a lease
	usedUpFast   = 2 * time.Second
	usedUpSlow   = 30 * time.Second
	refillBelow  = 4 // a quarter
)

// holder is the leases of one counter on this node.
type holder struct {
	counted
	upper bool
	cur   atomic.Pointer[lease]
	next  atomic.Pointer[lease]
	fetch atomic.Bool // a block is being fetched

	mu      sync.Mutex
	terms   terms         // those that the leases were taken under
	block   int64         // how large the next one should be; 0 until it is worth one
	missed  time.Duration // when the counter was last asked for without a lease
	granted time.Duration
}

func newHolder(k counted, kind Kind, under terms) *holder {
	h := &holder{counted: k, terms: under, missed: -time.Hour}
	if kind == "platform" || kind == "reseller" {
		h.upper, h.block = true, upperBlock
	}
	return h
}

// take takes n units from the leases at hand. low says that another block should be fetched.
func (h *holder) take(n int64, now time.Duration) (from *lease, low bool) {
	l := h.cur.Load()
	if l != nil {
		if left, ok := l.take(n, now); ok {
			return l, left < l.size/refillBelow
		}
	}
	next := h.next.Load()
	if next == nil {
		return nil, false
	}
	if h.next.CompareAndSwap(next, nil) {
		h.cur.Store(next)
	}
	if _, ok := next.take(n, now); ok {
		return next, false
	}
	return nil, false
}

// wants is how large a block to lease; 0 for none. ahead says that it is to follow one that is nearly spent, otherwise it would
// stand beside a charge that found no lease.
func (h *holder) wants(now time.Duration, ahead bool) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	often, lasted := now-h.missed < busyWithin, now-h.granted
	if !ahead {
		h.missed = now
	}
	switch {
	case h.block == 0 && often:
		h.block = leafBlock
	case h.block > 0 && (ahead || often) && lasted < usedUpFast:
		h.block = min(4*h.block, largestBlock)
	case h.block > leafBlock && lasted > usedUpSlow:
		h.block /= 2
	case !ahead && !often && !h.upper:
		h.block = 0
	}
	return h.block
}

// put has a lease used from now on. It reports false when the terms have become others meanwhile.
func (h *holder) put(l *lease, under terms, now time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.terms != under {
		return false
	}
	h.granted = now
	if cur := h.cur.Load(); cur != nil && cur.left.Load() > 0 && now < cur.until {
		if h.next.Load() == nil {
			h.next.Store(l)
			return true
		}
	}
	h.cur.Store(l)
	return true
}

// adopt takes other terms and returns the leases that were taken under those before, which are not used any more.
func (h *holder) adopt(under terms) []*lease {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.terms == under {
		return nil
	}
	h.terms = under
	return h.drop()
}

// drop lets go of all leases.
func (h *holder) drop() (out []*lease) {
	for _, p := range []*atomic.Pointer[lease]{&h.cur, &h.next} {
		if l := p.Swap(nil); l != nil {
			l.close()
			out = append(out, l)
		}
	}
	return out
}
