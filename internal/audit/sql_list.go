package audit

import (
	"context"
	"strings"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

const entryColumns = eventColumns + `, ` + personalColumns + `, COALESCE(a.name, '')`

const entryTables = ` LEFT JOIN audit_personal p ON p.event_id = e.id LEFT JOIN accounts a ON a.id = e.account_id`

// where is a growing condition.
type where struct {
	conds []string
	args  []any
}

func (w *where) add(cond string, args ...any) {
	w.conds, w.args = append(w.conds, cond), append(w.args, args...)
}

func (w *where) text() string {
	if len(w.conds) == 0 {
		return "1 = 1"
	}
	return strings.Join(w.conds, " AND ")
}

// walked are the conditions that one index answers: a part of one account's log, or of everything.
func (f Filter) walked(sc authz.Scope) (w where) {
	if !f.Below {
		here, args := sc.Here("e.account_id")
		w.add(here, args...)
		f.equal(&w)
	}
	f.span(&w)
	return w
}

// equal adds what an index of one account's log leads with.
func (f Filter) equal(w *where) {
	if f.Target != "" {
		w.add("e.target_id = ?", f.Target)
	}
	if f.Actor != "" {
		w.add("e.actor_id = ?", f.Actor)
	}
}

func (f Filter) span(w *where) {
	w.add("e.at <= ? AND (e.at, e.id) < (?, ?)", f.After.At, f.After.At, f.After.ID) // PostgreSQL reckons with the instants alone
	if !f.From.IsZero() {
		w.add("e.at >= ?", f.From.UnixMilli())
	}
}

// looked are the conditions that are checked row by row.
func (f Filter) looked(w *where) {
	if f.Action != "" {
		w.add("e.action = ?", f.Action)
	}
	if f.Noun != "" {
		w.add(`e.action LIKE ? ESCAPE '\'`, db.EscapeLike(f.Noun)+".%")
	}
	if f.Refused {
		w.add("e.result = ?", ResultRefused)
	}
	if f.Address != "" {
		w.add("p.ip = ?", f.Address)
	}
}

// checked reports whether rows are checked one by one, so that looking must be bounded. When the accounts are asked, being
// below needs no check.
func (f Filter) checked(asking bool) bool {
	return f.Below && !asking || f.Action != "" || f.Noun != "" || f.Refused || f.Address != "" || f.Text != "" || f.Target != "" && f.Actor != ""
}

// boundaryQuery finds the event that is number budget of the walk.
func boundaryQuery(sc authz.Scope, f Filter, budget int) (string, []any) {
	w := f.walked(sc)
	return `SELECT e.at, e.id FROM audit_events e WHERE ` + w.text() + ` ORDER BY e.at DESC, e.id DESC LIMIT 1 OFFSET ?`, append(w.args, budget-1)
}

// boundary returns where a walk of budget events ends, and whether the log goes on there.
func boundary(ctx context.Context, q db.Queryer, sc authz.Scope, f Filter, budget int) (end Cursor, more bool, err error) {
	if !f.checked(false) && budget > 1 {
		return Cursor{}, false, nil
	}
	query, args := boundaryQuery(sc, f, budget)
	found, err := db.All(ctx, q, scanPlace, query, args...)
	if err != nil || len(found) == 0 {
		return Cursor{}, false, err
	}
	return found[0], true, nil
}

// walkedQuery reads the walk down to its end, itself in it.
func walkedQuery(sc authz.Scope, f Filter, end Cursor) (string, []any) {
	w := f.walked(sc)
	if end != (Cursor{}) {
		w.add("e.at >= ? AND (e.at, e.id) >= (?, ?)", end.At, end.At, end.ID)
	}
	if f.Below {
		down, args := sc.Down("e.account_id")
		w.add(down, args...)
		f.equal(&w)
	}
	f.looked(&w)
	return `SELECT ` + entryColumns + ` FROM audit_events e` + entryTables + ` WHERE ` + w.text() + ` ORDER BY e.at DESC, e.id DESC` + f.limit(&w), w.args
}

// limit reads one event more than the page holds, which tells whether there is a next one. With a search for text all
// of the bounded walk is read.
func (f Filter) limit(w *where) string {
	if f.Text != "" {
		return ""
	}
	w.args = append(w.args, f.Limit+1)
	return ` LIMIT ?`
}

func walked(ctx context.Context, q db.Queryer, sc authz.Scope, f Filter, end Cursor) ([]Entry, error) {
	query, args := walkedQuery(sc, f, end)
	return db.All(ctx, q, scanEntry, query, args...)
}

// stretched are the conditions of a stretch of the logs of all accounts below, to itself in it. Queries with it begin with
// the accounts, and order by a sum: that keeps the planner from walking the log of everything for the order.
func (f Filter) stretched(sc authz.Scope, to Cursor) (w where) {
	w.add("t.ancestor_id = ?", sc.Account())
	f.equal(&w)
	w.add("e.at <= ? AND e.at >= ? AND (e.at, e.id) < (?, ?) AND (e.at, e.id) >= (?, ?)", f.After.At, to.At, f.After.At, f.After.ID, to.At, to.ID)
	return w
}

const (
	stretchTables = ` FROM account_tree t JOIN audit_events e ON e.account_id = t.descendant_id`
	stretchOrder  = ` ORDER BY e.at + 0 DESC, e.id DESC`
)

func askedQuery(sc authz.Scope, f Filter, to Cursor) (string, []any) {
	w := f.stretched(sc, to)
	f.looked(&w)
	return `SELECT ` + entryColumns + stretchTables + entryTables + ` WHERE ` + w.text() + stretchOrder + f.limit(&w), w.args
}

// askedBoundary is boundary for a stretch.
func askedBoundary(ctx context.Context, q db.Queryer, sc authz.Scope, f Filter, to Cursor, budget int) (end Cursor, more bool, err error) {
	w := f.stretched(sc, to)
	found, err := db.All(ctx, q, scanPlace, `SELECT e.at, e.id`+stretchTables+` WHERE `+w.text()+stretchOrder+` LIMIT 1 OFFSET ?`, append(w.args, budget-1)...)
	if err != nil || len(found) == 0 {
		return Cursor{}, false, err
	}
	return found[0], true, nil
}

func asked(ctx context.Context, q db.Queryer, sc authz.Scope, f Filter, to Cursor) ([]Entry, error) {
	query, args := askedQuery(sc, f, to)
	return db.All(ctx, q, scanEntry, query, args...)
}

// atMost reports whether no more than n accounts, the scope's own among them, lie in its subtree.
func atMost(ctx context.Context, q db.Queryer, sc authz.Scope, n int) (bool, error) {
	count, err := db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (SELECT 1 FROM account_tree WHERE ancestor_id = ? LIMIT ?) s`, sc.Account(), n+1)
	return count <= n, err
}

func find(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Event) (Entry, error) {
	down, args := sc.Down("e.account_id")
	return db.One(ctx, q, scanEntry, `SELECT `+entryColumns+` FROM audit_events e`+entryTables+` WHERE e.id = ? AND `+down, append([]any{id}, args...)...)
}

// numberOf is the number of an event in its chain, 0 while it has none.
func numberOf(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Event) (int64, error) {
	down, args := sc.Down("s.account_id")
	found, err := db.All(ctx, q, db.Value[int64], `SELECT s.seq FROM audit_seals s WHERE s.event_id = ? AND `+down, append([]any{id}, args...)...)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return found[0], nil
}

func scanPlace(r db.Row) (c Cursor, err error) {
	err = r.Scan(&c.At, &c.ID)
	return c, err
}

func scanEntry(r db.Row) (Entry, error) {
	var e event
	var p personal
	var has ids.Event
	var account string
	if err := r.Scan(append(e.dest(), &has, &p.Salt, &p.ActorName, &p.IP, &p.Target, &p.Changes, &account)...); err != nil {
		return Entry{}, err
	}
	changes, err := decodeChanges(p.Changes)
	return Entry{
		ID: e.ID, At: time.UnixMilli(e.At).UTC(), Account: e.Account, AccountName: account, ActorKind: e.ActorKind, ActorID: e.ActorID, ActorName: p.ActorName,
		ActingAs: e.ActingAs, Credential: e.Credential, IP: p.IP, RequestID: e.RequestID, Action: e.Action, TargetType: e.TargetType, TargetID: e.TargetID,
		Target: p.Target, Result: e.Result, Changes: changes,
	}, err
}
