// Package notice keeps what people are told by the bell: that a membership ends, that a limit is nearly used, that a task is done.
//
// A feature tells it in the transaction of what it tells of. What is told to an account is one row, however many people it has:
// who of them sees it is decided when they look, by what they may do then, so that nobody reads on about what was taken from them.
package notice

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// New is something to be told.
type New struct {
	Kind    Kind
	Account ids.Account       // whose people are told, or which one person's notice is about
	Person  ids.User          // the one person it is for, of a kind for one person
	Target  string            // the id of what it leads to, see Kind
	Facts   map[string]string // see Kind
	By      authz.Actor       // who did it, and is not told; the zero Actor for nobody
	Once    string            // a second notice to the account under the same word is not told; "" tells each
}

// Tell keeps a notice in the transaction of what it tells of. The people of the account see it once that commits.
func Tell(ctx context.Context, tx *db.Tx, n New) error {
	if err := n.check(); err != nil {
		return err
	}
	facts, err := json.Marshal(n.Facts)
	if err != nil {
		return fmt.Errorf("write the facts of a notice: %w", err)
	}
	id := ids.NewNotice(tx.Now())
	if n.Once == "" {
		n.Once = string(id)
	}
	if err := insert(ctx, tx, id, n, string(facts)); err != nil {
		return fmt.Errorf("tell of %s: %w", n.Kind, err)
	}
	return nil
}

// check finds mistakes of the program.
func (n New) check() error {
	r, known := kinds[n.Kind]
	switch {
	case !known:
		return fmt.Errorf("notice: there is no kind %q", n.Kind)
	case n.Account == "" || r.single != (n.Person != ""):
		return fmt.Errorf("notice: %s for the account %q and the person %q", n.Kind, n.Account, n.Person)
	case len(n.Facts) != len(r.facts):
		return fmt.Errorf("notice: %s has the facts %v, not %v", n.Kind, r.facts, n.Facts)
	}
	for _, f := range r.facts {
		if _, ok := n.Facts[f]; !ok {
			return fmt.Errorf("notice: %s lacks %q", n.Kind, f)
		}
	}
	return nil
}

// Notice is one notice as its reader sees it.
type Notice struct {
	ID      ids.Notice
	Kind    Kind
	Account ids.Account // what it is about, "" when that is out of the reader's sight
	Target  string
	Facts   map[string]string
	At      time.Time
	Read    bool
}

// number is a fact that is written in digits, 0 for any other.
func (n Notice) number(fact string) int {
	v, _ := strconv.Atoi(n.Facts[fact]) //nolint:errcheck // see above
	return v
}

// Query says which notices are wanted.
type Query struct {
	Unread bool
	Topic  Topic        // "" for all
	Before ids.Notice   // go on behind this one
	Limit  int          // up to PageSize, which 0 means
	only   []ids.Notice // just these, when there are any
}

// Page is a page of notices, the latest first.
type Page struct {
	Notices []Notice
	Next    ids.Notice // where the next page goes on; "" at the end
}

// PageSize is how many notices a page has.
const PageSize = 50

func (q Query) limit() int {
	if q.Limit <= 0 || q.Limit > PageSize {
		return PageSize
	}
	return q.Limit
}

// among are the topics of a query that the reader wants by the bell.
func (q Query) among(wanted []Topic) []Topic {
	if q.Topic == "" {
		return wanted
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(t Topic) bool { return t != q.Topic })
}
