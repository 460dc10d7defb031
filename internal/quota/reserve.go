package quota

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// The states of a reserve. One that is held until its deadline passes counts as spent.
const (
	Held      = "held"
	Committed = "committed"
	Released  = "released"
)

// Reserve is units that are promised to a message.
type Reserve struct {
	ID       ids.Reserve
	Account  ids.Account
	Channel  Channel
	Units    int64
	State    string
	Deadline time.Time // until then it can be committed or released
}

// Outcome is what became of a request for units.
type Outcome struct {
	Reserve  Reserve // when they were promised
	Replayed bool    // by an earlier request with the same key
	Over     bool    // beyond a limit that lets through for billing
	Refused  *Decision
	Layers   []Layer // those that the decision is about
}

// How long a reserve can be settled.
const (
	usualHold    = 15 * time.Minute
	LongestHold  = 24 * time.Hour // the longest that can be asked for
	LongestKey   = 200            // bytes of a key
	MostTogether = 100            // requests in one call
)

// Request is one of many that ask for units.
type Request struct {
	Sender
	Mark
	Units int64
	Lasts time.Duration // how long they can be committed or released; 0 for a quarter of an hour
}

// token tells a credential's key from all others.
func (m Mark) token() token {
	b := make([]byte, 0, 256)
	b = append(append(append(b, m.Credential...), 0), m.Key...)
	return hashed(b)
}

// hash tells what was asked for from everything else.
func (r *Request) hash() token {
	b := make([]byte, 0, 256)
	for _, s := range []string{string(r.Account), string(r.Sub), string(r.Member), string(r.Channel)} {
		b = append(append(b, s...), 0)
	}
	return hashed(binary.BigEndian.AppendUint64(b, uint64(r.Units))) //nolint:gosec // any number will do
}

// hold is how long what was asked for can be settled.
func (r *Request) hold() time.Duration {
	if r.Lasts <= 0 {
		return usualHold
	}
	return r.Lasts
}

func hashed(b []byte) (t token) {
	sum := sha256.Sum256(b)
	copy(t[:], sum[:])
	return t
}

// Reserve promises n units to a request of a credential, durably, or says why not. The same request again counts nothing.
func (e *Engine) Reserve(ctx context.Context, s Sender, m Mark, n int64, lasts time.Duration) (Outcome, error) {
	out, failed := e.ReserveAll(ctx, []Request{{s, m, n, lasts}})
	return out[0], failed[0]
}

// ReserveAll is Reserve for many requests, which are written together. They must not be changed afterwards: if ctx ends first, they
// are still to be written.
func (e *Engine) ReserveAll(ctx context.Context, all []Request) ([]Outcome, []error) {
	out, failed := make([]Outcome, len(all)), make([]error, len(all))
	items := make([]item, len(all))
	open := make([]int, len(all)) // those that are not answered
	for i := range all {
		r := &all[i]
		items[i] = item{asked: r, token: r.token(), hash: r.hash(), ticket: Ticket{n: r.Units}}
		open[i] = i
	}
	for range mostTries {
		asks, err := e.prepare(ctx, items, open, failed)
		if err != nil {
			for _, i := range open {
				failed[i] = err
			}
			return out, failed
		}
		if len(asks) == 0 {
			return out, failed
		}
		err = e.write(ctx, asks)
		again := open[:0]
		for _, i := range open {
			switch it := &items[i]; {
			case failed[i] != nil:
			case err != nil:
				failed[i] = err // the item is the ledger's from here on
			case it.err == nil && it.lapsed != nil:
				again = append(again, i)
			default:
				out[i], failed[i] = it.outcome()
			}
		}
		if open = again; err != nil || len(open) == 0 {
			return out, failed
		}
	}
	for _, i := range open {
		failed[i] = errBusy()
	}
	return out, failed
}

// prepare takes from memory what some of the items need, and returns those that are to be written.
func (e *Engine) prepare(ctx context.Context, items []item, open []int, failed []error) ([]*item, error) {
	senders := make([]Sender, len(open))
	for j, i := range open {
		senders[j] = items[i].asked.Sender
	}
	paths, err := e.pathsOf(ctx, senders)
	if err != nil {
		return nil, err
	}
	asks, now := make([]*item, 0, len(open)), e.watch()
	for j, i := range open {
		p, it := paths[j], &items[i]
		switch {
		case p.err != nil:
			failed[i] = p.err
		case p.path.stopped:
			failed[i] = errs.New(errs.Denied, "quota.subaccount_suspended", "Resume the sub-account first. While it is suspended nothing is sent with it.")
		default:
			it.ticket = Ticket{n: it.ticket.n, path: p.path}
			e.take(ctx, &it.ticket, now)
			asks = append(asks, it)
		}
	}
	return asks, nil
}

// outcome is what became of an item that was answered.
func (it *item) outcome() (Outcome, error) {
	layers := it.ticket.path.layers
	switch {
	case errors.Is(it.err, db.ErrUnknownOutcome):
		return Outcome{}, errUnknown(it.err)
	case it.err != nil:
		return Outcome{}, it.err
	case it.replay != nil && it.replay.hash != it.hash:
		return Outcome{}, errs.Field("key", "quota.key_other_request", "Take a new key. This one was used to ask for something else.")
	case it.replay != nil:
		return Outcome{Reserve: it.replay.Reserve, Replayed: true, Layers: layers}, nil
	}
	return Outcome{Reserve: it.made, Refused: it.refused, Over: it.over, Layers: layers}, nil
}

func errUnknown(err error) error {
	e := errs.New(errs.Unavailable, "quota.unknown", "Send the same request again with the same key. The connection to the database broke, and it is not known whether the units were counted.")
	e.Err = err
	return e
}

// Settle commits or releases reserves of a credential, and returns the error of each that could not be.
func (e *Engine) Settle(ctx context.Context, credential string, all []ids.Reserve, release bool) (map[ids.Reserve]error, error) {
	s := &settlement{credential: credential, all: all, release: release, wait: newWait(1)}
	e.mu.Lock()
	e.settles = append(e.settles, s)
	e.wake(ctx)
	e.mu.Unlock()
	if err := s.wait.wait(ctx); err != nil {
		return nil, err
	}
	return s.failed, s.err
}

// settle says why a reserve cannot be brought into a state; nil when it is in it already.
func (p promise) settle(found bool, now time.Time, to string) error {
	switch {
	case !found:
		return errs.NoSuch("reserve")
	case p.State == to:
		return nil
	case p.State != Held:
		return errs.New(errs.Conflict, "quota.reserve_settled", "Leave it as it is. The reserve was {state} before.", "state", p.State)
	case !now.Before(p.Deadline):
		return errs.New(errs.Conflict, "quota.reserve_expired", "Reserve again for the next message. This reserve was neither committed nor released in time, so its units count as spent.")
	}
	return nil
}
