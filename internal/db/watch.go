package db

import (
	"context"
	"sync"
)

// Watch collects the statements that run under its context, for tests that say how many a page may need.
type Watch struct {
	mu   sync.Mutex
	seen []string
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
	return append([]string(nil), w.seen...)
}

// watched tells the Watch of ctx, if there is one, about a statement.
func watched(ctx context.Context, query string) {
	w, ok := ctx.Value(watchMark{}).(*Watch)
	if !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, query)
}
