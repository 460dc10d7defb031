package quota

import (
	"context"
	"sync"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// logbook is what a node knows of the log: which keys were used, by whomever, and which of its leases have not ended.
type logbook struct {
	mu     sync.Mutex // held by whoever writes to the log, before the row of quota_log is
	loaded bool
	known  int64 // the newest chunk that it has seen
	keys   keySet
	live   map[ids.Lease]*lease
	serial uint64
	spare  []byte // memory for the reserves of a chunk, which are copied as it is finished
}

// begin is a new chunk.
func (r *logbook) begin() writing {
	r.serial++
	return writing{serial: r.serial, at: map[string]int{}, entries: r.spare[:0]}
}

// find appends the chunks in which a key may stand, and returns them all.
func (r *logbook) find(print uint64, to *[]int64) []int64 {
	*to = r.keys.find(print, *to)
	return *to
}

// readAtOnce is how many chunks are read in one statement.
const readAtOnce = 256

// inLog runs fn while nobody else writes to the log, and this node knows all that stands in it. fn may run more than once. Nobody is
// to be told of what it wrote before lasts returns nil; who tells nobody need not ask.
func (e *Engine) inLog(ctx context.Context, fn func(ctx context.Context, tx *db.Tx, at position) error) (lasts func() error, err error) {
	r := &e.logbook
	if !r.loaded { // the day that has gone by is read without keeping others waiting
		for more := true; more; {
			before := r.known
			if err := r.read(ctx, e.db); err != nil {
				return nil, err
			}
			more = r.known > before
		}
		r.loaded = true
	}
	return e.db.Ahead(ctx, func(ctx context.Context, tx *db.Tx) error {
		at, err := lockLog(ctx, tx)
		if err != nil {
			return err
		}
		if at.seq < r.known { // the database is an older one than it was
			r.forget()
		}
		for before := int64(-1); r.known > before && r.known < at.seq; {
			before = r.known
			if err := r.read(ctx, tx); err != nil {
				return err
			}
		}
		r.known = at.seq
		return fn(ctx, tx, at)
	})
}

// read reads some of what has been written since it was looked at last.
func (r *logbook) read(ctx context.Context, q db.Queryer) error {
	all, err := newsAfter(ctx, q, r.known, readAtOnce)
	if err != nil {
		return err
	}
	for _, n := range all {
		for _, print := range n.keys {
			r.keys.add(print, n.seq)
		}
		r.end(n.ended)
		r.known = n.seq
	}
	return nil
}

// end has nothing spent from leases whose rest has returned to their counters.
func (r *logbook) end(all []ids.Lease) {
	for _, id := range all {
		if l := r.live[id]; l != nil {
			l.ended = true
			l.close()
			delete(r.live, id)
		}
	}
}

// forget forgets everything.
func (r *logbook) forget() {
	for id, l := range r.live {
		l.ended = true
		l.close()
		delete(r.live, id)
	}
	r.known, r.keys = 0, keySet{}
}

// expire lets go of keys whose chunks are no more.
func (r *logbook) expire(ctx context.Context, q db.Queryer) error {
	oldest, err := oldestChunk(ctx, q)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys.forget(oldest - 1)
	return nil
}
