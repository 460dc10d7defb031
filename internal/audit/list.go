package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// Cursor is a place in a list; the zero Cursor is its beginning, the newest event.
type Cursor struct {
	At int64
	ID ids.Event
}

// Filter says which events to list.
type Filter struct {
	After  Cursor // from here on towards the past
	Limit  int
	Target string // the target's id
	Actor  string // the actor's id
	Action string
	Below  bool // also the logs of the accounts below
}

// Entry is an event as it is shown.
type Entry struct {
	ID         ids.Event
	At         time.Time
	Account    ids.Account
	ActorKind  string
	ActorID    string
	ActorName  string
	ActingAs   string
	Credential string
	IP         string
	RequestID  string
	Action     string
	TargetType string
	TargetID   string
	Target     string
	Result     string
	Changes    []Change
}

const (
	usualPage = 50
	maxPage   = 500
)

// List returns events of the scope's account, newest first, and the cursor of the next page, zero when there is none.
func List(ctx context.Context, q db.Queryer, sc authz.Scope, f Filter) (page []Entry, next Cursor, err error) {
	if f.Limit <= 0 {
		f.Limit = usualPage
	}
	f.Limit = min(f.Limit, maxPage)
	page, err = list(ctx, q, sc, f)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list the log of %s: %w", sc.Account(), err)
	}
	if len(page) > f.Limit {
		page = page[:f.Limit]
		last := page[f.Limit-1]
		next = Cursor{last.At.UnixMilli(), last.ID}
	}
	return page, next, nil
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
