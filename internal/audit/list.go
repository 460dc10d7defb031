package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Cursor is a place in a list; the zero Cursor is its beginning, the newest event.
type Cursor struct {
	At int64 // Unix milliseconds
	ID ids.Event
}

// Filter says which events to list.
type Filter struct {
	After   Cursor // from here on towards the past
	Limit   int
	Target  string // the target's id
	Actor   string // the actor's id
	Action  string
	Noun    string // all actions of one kind of thing: "account"
	Address string // the client's
	Refused bool   // only what was refused
	From    time.Time
	To      time.Time // not itself in it
	Text    string    // in the names of actor, target and account, or a request id
	Below   bool      // also the logs of the accounts below
}

// Entry is an event as it is shown.
type Entry struct {
	ID          ids.Event
	At          time.Time
	Account     ids.Account
	AccountName string // "" when the account is erased
	ActorKind   string
	ActorID     string
	ActorName   string
	ActingAs    string
	Credential  string
	IP          string
	RequestID   string
	Action      string
	TargetType  string
	TargetID    string
	Target      string
	Result      string
	Changes     []Change
}

const (
	usualPage = 50
	maxPage   = 500
)

// List returns events of the scope's account, newest first, and the cursor of the next page, zero when there is none.
// A search reads a bounded part of the log at a time, so a page may hold fewer than asked for, and none, and yet have a
// next one: the search goes on there.
func List(ctx context.Context, q db.Queryer, sc authz.Scope, f Filter) (page []Entry, next Cursor, err error) {
	if sc.Account() == "" {
		return nil, Cursor{}, nil
	}
	if f.Limit <= 0 {
		f.Limit = usualPage
	}
	f.Limit = min(f.Limit, maxPage)
	if f.After == (Cursor{}) {
		f.After.At = math.MaxInt64
	}
	if !f.To.IsZero() {
		f.After = earliest(f.After, Cursor{At: f.To.UnixMilli()})
	}
	l := lister{q: q, sc: sc, f: f}
	page, next, err = l.list(ctx)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list the log of %s: %w", sc.Account(), err)
	}
	return page, next, nil
}

func earliest(a, b Cursor) Cursor {
	if b.At < a.At {
		return b
	}
	return a
}

// How much of the log one page may read.
const (
	walkRows     = 20_000 // events looked at by their indexed columns
	searchRows   = 2_000  // events whose names are read
	firstRows    = 2_000  // of the whole log, before the accounts below are asked one by one
	fewAccounts  = 5_000  // as many accounts below can be asked
	widenTenfold = 10
)

// lister reads one page.
type lister struct {
	q  db.Queryer
	sc authz.Scope
	f  Filter
}

func (l lister) budget() int {
	if l.f.Text != "" {
		return searchRows
	}
	return walkRows
}

// list chooses the way. One account's log is walked along its own index. A subtree's is walked along the log of
// everything, where a large one fills its page at once; if a small one does not, each of its accounts is asked.
func (l lister) list(ctx context.Context) ([]Entry, Cursor, error) {
	if !l.f.Below {
		return l.walk(ctx, l.budget())
	}
	few, err := atMost(ctx, l.q, l.sc, fewAccounts)
	if err != nil {
		return nil, Cursor{}, err
	}
	if !few {
		return l.walk(ctx, l.budget())
	}
	page, next, err := l.walk(ctx, firstRows)
	if err != nil || next == (Cursor{}) || len(page) == l.f.Limit {
		return page, next, err
	}
	return l.ask(ctx, page, next)
}

// walk reads the next rows of an index, at most budget of them.
func (l lister) walk(ctx context.Context, budget int) ([]Entry, Cursor, error) {
	end, more, err := boundary(ctx, l.q, l.sc, l.f, budget)
	if err != nil {
		return nil, Cursor{}, err
	}
	page, err := walked(ctx, l.q, l.sc, l.f, end)
	if err != nil {
		return nil, Cursor{}, err
	}
	page, next := l.cut(page)
	if next == (Cursor{}) && more {
		next = end
	}
	return page, next, nil
}

// ask reads the logs of the accounts below in stretches that grow tenfold, so that a page takes few of them and none
// holds many more events than the page.
func (l lister) ask(ctx context.Context, page []Entry, from Cursor) ([]Entry, Cursor, error) {
	newest := l.f.After.At
	if newest == math.MaxInt64 {
		first, _, err := boundary(ctx, l.q, l.sc, l.f, 1)
		if err != nil {
			return nil, Cursor{}, err
		}
		newest = first.At
	}
	oldest := l.f.From.UnixMilli()
	if l.f.From.IsZero() {
		oldest = 0
	}
	for width := max(newest-from.At, 1000) * widenTenfold; len(page) < l.f.Limit && from.At > oldest; width *= widenTenfold {
		to := Cursor{At: max(from.At-width, oldest)}
		if width < 0 || width > from.At {
			to.At = oldest
		}
		found, next, err := l.stretch(ctx, from, to)
		if err != nil {
			return nil, Cursor{}, err
		}
		page, from = append(page, found...), to
		if next != (Cursor{}) {
			from = next
			break
		}
	}
	if len(page) > l.f.Limit {
		page = page[:l.f.Limit]
		last := page[l.f.Limit-1]
		return page, Cursor{last.At.UnixMilli(), last.ID}, nil
	}
	if from.At <= oldest {
		return page, Cursor{}, nil
	}
	return page, from, nil
}

// stretch asks the accounts for what lies between two places. With next it ended early.
func (l lister) stretch(ctx context.Context, from, to Cursor) (page []Entry, next Cursor, err error) {
	l.f.After = from
	more := false
	if l.f.checked(true) {
		var end Cursor
		if end, more, err = askedBoundary(ctx, l.q, l.sc, l.f, to, l.budget()); err != nil {
			return nil, Cursor{}, err
		}
		if more {
			to = end
		}
	}
	if page, err = asked(ctx, l.q, l.sc, l.f, to); err != nil {
		return nil, Cursor{}, err
	}
	page, next = l.cut(page)
	if next == (Cursor{}) && more {
		next = to
	}
	return page, next, nil
}

// cut applies the search for text, which both databases would fold differently, and cuts the page to its length.
func (l lister) cut(page []Entry) ([]Entry, Cursor) {
	if text := ids.Fold(l.f.Text); text != "" {
		kept := page[:0]
		for _, e := range page {
			if e.mentions(text) {
				kept = append(kept, e)
			}
		}
		page = kept
	}
	if len(page) <= l.f.Limit {
		return page, Cursor{}
	}
	page = page[:l.f.Limit]
	last := page[l.f.Limit-1]
	return page, Cursor{last.At.UnixMilli(), last.ID}
}

func (e Entry) mentions(folded string) bool {
	for _, s := range []string{e.ActorName, e.Target, e.AccountName, e.IP} {
		if strings.Contains(ids.Fold(s), folded) {
			return true
		}
	}
	return strings.EqualFold(e.RequestID, folded) || strings.EqualFold(string(e.ID), folded)
}

// Place is where an event stands in the chain of its account.
type Place struct {
	Seq    int64 // 0 while it waits to be sealed
	Proven bool  // its hash and that of its personal part are what was sealed
	Erased bool  // its personal part was erased
}

// Find returns one event of the scope's account or of one below, with its place.
func Find(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Event) (Entry, Place, error) {
	e, err := find(ctx, q, sc, id)
	if errors.Is(err, db.ErrNoRows) {
		return Entry{}, Place{}, errs.NoSuch("event")
	}
	if err != nil {
		return Entry{}, Place{}, fmt.Errorf("read event %s: %w", id, err)
	}
	at, err := place(ctx, q, sc, e)
	return e, at, err
}

func place(ctx context.Context, q db.Queryer, sc authz.Scope, e Entry) (Place, error) {
	seq, err := numberOf(ctx, q, sc, e.ID)
	if err != nil || seq == 0 {
		return Place{}, err
	}
	from, err := startOf(ctx, q, e.Account)
	if err != nil {
		return Place{}, err
	}
	r := Report{Account: e.Account, Sealed: from.seq, Head: from.hash}
	if seq > from.seq+1 {
		before, err := chain(ctx, q, e.Account, seq-2, 1)
		if err != nil {
			return Place{}, err
		}
		if len(before) == 1 {
			r.Sealed, r.Head = before[0].seq, before[0].hash
		}
	}
	own, err := chain(ctx, q, e.Account, seq-1, 1)
	if err != nil || len(own) == 0 {
		return Place{}, err
	}
	r.follow(own[0])
	return Place{Seq: seq, Proven: r.Sound(), Erased: r.Erased > 0}, nil
}

func decodeChanges(stored string) (out []Change, err error) {
	if stored == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(stored), &out); err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	return out, nil
}
