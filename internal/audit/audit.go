// Package audit keeps the log of what was done: who, as whom, from where, what, before and after.
//
// An event is written in the transaction that did the thing, and is never changed. Its personal part (names, address,
// changes) lies in a table of its own that can be erased; the event holds that part's salted hash. Afterwards the Sealer
// numbers the events of each account and chains their hashes, so that Verify finds whatever is changed, removed,
// added or put in another order.
package audit

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// Action is one kind of event, listed by the feature that records it. Its text is the catalogue key "activity.<name>".
type Action struct {
	Name string // "account.suspended": noun.past_verb
	Area string // heading in the filter: accounts, people, ...
}

// The results of an event.
const (
	ResultDone    = "done"
	ResultRefused = "refused"
)

// Event is one thing done.
type Event struct {
	Action     string
	TargetType string // "account", "user", ...
	TargetID   string
	Target     string      // its display name now
	Account    ids.Account // whose log it belongs to; "" is the account of the write
	Before     any         // structs with audit tags, see Diff; nil when it was created
	After      any         // nil when it was removed
	Result     string      // "" is ResultDone
}

// anonymous is the kind of an actor nobody has recognised, as in a failed sign-in.
const anonymous = "anonymous"

// event is a row of audit_events.
type event struct {
	ID                           ids.Event
	Account                      ids.Account
	At                           int64
	ActorKind, ActorID, ActingAs string
	Credential, RequestID        string
	Action, TargetType, TargetID string
	Result                       string
	Personal                     []byte // hash of the personal part
}

// personal is a row of audit_personal: the part that can be erased.
type personal struct {
	Salt                           []byte
	ActorName, IP, Target, Changes string
}

// row is an event with its personal part.
type row struct {
	event
	personal
}

// insertAtOnce is how many events one statement stores.
const insertAtOnce = 100

// Record stores events in the transaction of the write that they tell about. account is where those without an account
// of their own belong.
func Record(ctx context.Context, tx *db.Tx, by authz.Actor, account ids.Account, evs []Event) error {
	own := make([]ids.Event, len(evs))
	for i := range own {
		own[i] = ids.NewEvent(tx.Now())
	}
	slices.Sort(own) // the events of one instant keep their order
	rows := make([]row, len(evs))
	for i, e := range evs {
		changes, err := Diff(e.Before, e.After)
		if err != nil {
			return fmt.Errorf("compare before and after of %s: %w", e.Action, err)
		}
		text, err := json.Marshal(changes)
		if err != nil {
			return fmt.Errorf("write the changes of %s: %w", e.Action, err)
		}
		p := personal{salt(), clean(by.Name()), clean(by.IP()), clean(e.Target), clean(string(text))}
		rows[i] = row{event{
			ID: own[i], Account: first(e.Account, account), At: tx.Ms(),
			ActorKind: first(string(by.Kind()), anonymous), ActorID: by.ID(),
			Credential: clean(by.Credential()), RequestID: clean(by.RequestID()),
			Action: e.Action, TargetType: e.TargetType, TargetID: clean(e.TargetID), Result: first(e.Result, ResultDone),
			Personal: p.hash(),
		}, p}
	}
	for part := range slices.Chunk(rows, insertAtOnce) {
		if err := insert(ctx, tx, part); err != nil {
			return fmt.Errorf("record %s: %w", part[0].Action, err)
		}
	}
	return nil
}

// Refused counts a refused attempt: one row for each actor, permission, account and minute, however often it is tried.
func Refused(ctx context.Context, d *db.DB, by authz.Actor, p authz.Perm, account ids.Account) error {
	if err := d.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		return countRefused(ctx, tx, by.ID(), p, account, tx.Now().Unix()/int64(time.Minute/time.Second))
	}); err != nil {
		return fmt.Errorf("count a refused attempt: %w", err)
	}
	return nil
}

const saltSize = 16

func salt() []byte {
	b := make([]byte, saltSize)
	_, _ = rand.Read(b) // crypto/rand.Read never fails (Go 1.24)
	return b
}

// clean makes text that both databases store and give back as it is, for the hash depends on it.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

func first[T ~string](a, b T) T {
	if a != "" {
		return a
	}
	return b
}
