package audit

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// Report is what Verify found in the log of one account.
type Report struct {
	Account  ids.Account
	Sealed   int64  // number of the last event in the chain
	Deleted  int64  // events that retention deleted from its beginning
	Head     []byte // hash of the last one: kept elsewhere, it proves that nothing was cut off the end
	Erased   int    // events whose personal part was erased
	Unsealed int    // events that wait for the sealer
	Late     int    // those that have waited for over ten seconds
	Problems []Problem
}

// Sound reports whether the log is what was written.
func (r Report) Sound() bool { return len(r.Problems) == 0 }

// Problem is one thing wrong with a log. Seq is 0 for an event outside the chain.
type Problem struct {
	Seq   int64
	Event ids.Event
	What  Fault
}

// Fault says what is wrong.
type Fault string

// The faults.
const (
	MissingSeal     Fault = "missing_seal"     // a number is not there
	MissingEvent    Fault = "missing_event"    // a sealed event is not there
	ChangedEvent    Fault = "changed_event"    // an event, its place or its seal is not what was sealed
	MissingPersonal Fault = "missing_personal" // the personal part was removed, not erased
	ChangedPersonal Fault = "changed_personal" // the personal part is not what was recorded
	OutsideChain    Fault = "outside_chain"    // an event is neither sealed nor waiting for it
)

// Verify recomputes the chain of one account. now is the instant by which events are late.
func Verify(ctx context.Context, q db.Queryer, account ids.Account, now time.Time) (Report, error) {
	r := Report{Account: account}
	from, err := startOf(ctx, q, account)
	if err != nil {
		return r, fmt.Errorf("read the checkpoint of %s: %w", account, err)
	}
	r.Sealed, r.Head, r.Deleted = from.seq, from.hash, from.deleted
	for {
		links, err := chain(ctx, q, account, r.Sealed, verifyStep)
		if err != nil {
			return r, fmt.Errorf("read the log of %s: %w", account, err)
		}
		for _, l := range links {
			r.follow(l)
		}
		if len(links) < verifyStep {
			break
		}
	}
	loose, err := looseEvents(ctx, q, account)
	if err != nil {
		return r, fmt.Errorf("read unsealed events of %s: %w", account, err)
	}
	for _, l := range loose {
		r.loose(l, now)
	}
	return r, nil
}

// VerifyAll verifies the log of every account that has one.
func VerifyAll(ctx context.Context, q db.Queryer, now time.Time) ([]Report, error) {
	accounts, err := accountsWithLog(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list the logs: %w", err)
	}
	out := make([]Report, 0, len(accounts))
	for _, a := range accounts {
		r, err := Verify(ctx, q, a, now)
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

// link is a seal with what it seals.
type link struct {
	head
	sealed   ids.Event
	sealedAt int64
	event    *event
	personal *personal
}

func (r *Report) problem(seq int64, e ids.Event, f Fault) {
	r.Problems = append(r.Problems, Problem{seq, e, f})
}

// follow checks one link. After a fault it goes on from the stored hash, so that each fault is reported once.
func (r *Report) follow(l link) {
	if l.seq != r.Sealed+1 {
		r.problem(r.Sealed+1, "", MissingSeal)
	}
	switch {
	case l.event == nil:
		r.problem(l.seq, l.sealed, MissingEvent)
	case !bytes.Equal(l.event.seal(r.Head, l.seq, l.sealedAt), l.hash) || l.event.Account != r.Account:
		r.problem(l.seq, l.sealed, ChangedEvent)
	}
	if l.event != nil {
		r.checkPersonal(l.seq, *l.event, l.personal)
	}
	r.Sealed, r.Head = l.seq, l.hash
}

func (r *Report) checkPersonal(seq int64, e event, p *personal) {
	switch {
	case p == nil:
		r.problem(seq, e.ID, MissingPersonal)
	case p.erased():
		r.Erased++
	case !bytes.Equal(p.hash(), e.Personal):
		r.problem(seq, e.ID, ChangedPersonal)
	}
}

// erased reports whether nothing is left of the personal part, its salt included.
func (p personal) erased() bool {
	return len(p.Salt) == 0 && p.ActorName == "" && p.IP == "" && p.Target == "" && (p.Changes == "" || p.Changes == "[]")
}

// looseEvent is an event without a seal.
type looseEvent struct {
	event    event
	personal *personal
	waiting  bool
}

func (r *Report) loose(l looseEvent, now time.Time) {
	r.checkPersonal(0, l.event, l.personal)
	if !l.waiting {
		r.problem(0, l.event.ID, OutsideChain)
		return
	}
	r.Unsealed++
	if now.Sub(time.UnixMilli(l.event.At)) > lateSeal {
		r.Late++
	}
}
