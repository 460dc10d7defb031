package quota

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
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

// Reserve promises n units to a request of a credential, durably, or says why not. The same request again counts nothing.
func (e *Engine) Reserve(ctx context.Context, s Sender, m Mark, n int64, lasts time.Duration) (Outcome, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %d", s.Account, s.Sub, s.Member, s.Channel, n))
	if lasts <= 0 {
		lasts = usualHold
	}
	for range mostTries {
		p, err := e.path(ctx, s)
		if err != nil {
			return Outcome{}, err
		}
		if p.stopped {
			return Outcome{}, errs.New(errs.Denied, "quota.subaccount_suspended", "Resume the sub-account first. While it is suspended nothing is sent with it.")
		}
		it := &item{ticket: Ticket{n: n, path: p}, mark: m, hash: sum[:], of: s, lasts: lasts}
		e.take(ctx, &it.ticket)
		if err := e.settle(ctx, it); err != nil {
			if errors.Is(err, db.ErrUnknownOutcome) {
				return Outcome{}, errUnknown(err)
			}
			return Outcome{}, err
		}
		switch {
		case it.lapsed != nil:
			continue
		case it.replay != nil && !bytes.Equal(it.replay.hash, it.hash):
			return Outcome{}, errs.Field("key", "quota.key_other_request", "Take a new key. This one was used to ask for something else.")
		case it.replay != nil:
			return Outcome{Reserve: it.replay.Reserve, Replayed: true, Layers: p.layers}, nil
		}
		return Outcome{Reserve: it.made, Refused: it.refused, Over: it.over, Layers: p.layers}, nil
	}
	return Outcome{}, errBusy()
}

func errUnknown(err error) error {
	e := errs.New(errs.Unavailable, "quota.unknown", "Send the same request again with the same key. The connection to the database broke, and it is not known whether the units were counted.")
	e.Err = err
	return e
}

// Settle commits or releases reserves of a credential, and returns the error of each that could not be.
func (e *Engine) Settle(ctx context.Context, credential string, all []ids.Reserve, release bool) (map[ids.Reserve]error, error) {
	var failed map[ids.Reserve]error
	err := e.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		failed, err = e.settleReserves(ctx, tx, credential, all, release)
		return err
	})
	return failed, err
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
