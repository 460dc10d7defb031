package db

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Watch collects the statements that run under its context, and how long its writing transactions took, for tests
// that say how many a page may need and for how long work may keep the others from writing.
type Watch struct {
	mu   sync.Mutex
	seen []Run
	held []time.Duration
}

// Run is a statement that has run, with what it was asked for.
type Run struct {
	Query string
	Args  []any
}

type watchMark struct{}

// Watched returns a context whose statements w collects.
func (w *Watch) Watched(ctx context.Context) context.Context {
	return context.WithValue(ctx, watchMark{}, w)
}

// Statements returns what has run so far.
func (w *Watch) Statements() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, r := range w.seen {
		out = append(out, r.Query)
	}
	return out
}

// Runs returns what has run so far, for tests that have it explained.
func (w *Watch) Runs() []Run {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

// Writes returns how long writing transactions took from begin to end, the longest last.
func (w *Watch) Writes() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(slices.Values(w.held))
}

// wrote tells the Watch of ctx, if there is one, how long a writing transaction took.
func wrote(ctx context.Context, held time.Duration) {
	w, ok := ctx.Value(watchMark{}).(*Watch)
	if !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, held)
}

// watched tells the Watch of ctx, if there is one, about a statement.
func watched(ctx context.Context, query string, args []any) {
	w, ok := ctx.Value(watchMark{}).(*Watch)
	if !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, Run{query, args})
}
