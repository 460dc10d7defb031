package account

import (
	"context"
	"sync"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// longLists remembers for a while which lists have more clients than are counted, so that not every page of them counts
// again. One that has become shorter meanwhile still reads "10,000+".
type longLists struct {
	mu    sync.Mutex
	until map[listed]time.Time
}

// listed names the clients below an account, those that are closed or all others.
type listed struct {
	root   ids.Account
	closed bool
}

const (
	longFor  = time.Minute
	mostLong = 1000 // lists remembered
)

func (l *longLists) has(k listed, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Before(l.until[k])
}

func (l *longLists) add(k listed, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil || len(l.until) >= mostLong {
		l.until = map[listed]time.Time{}
	}
	l.until[k] = now.Add(longFor)
}

// count counts all clients of the filter's list, to Most+1.
func (s *Service) count(ctx context.Context, q db.Queryer, sc authz.Scope, f filter) (int, error) {
	k, now := listed{f.root, f.closed}, s.now()
	if f.nothing {
		return 0, nil
	}
	if s.long.has(k, now) {
		return Most + 1, nil
	}
	n, err := countListed(ctx, q, sc, f)
	if err == nil && n > Most {
		s.long.add(k, now)
	}
	return n, err
}
