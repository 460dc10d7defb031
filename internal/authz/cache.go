package authz

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"bailiwick/internal/change"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// question is what a decision answers: what a person holds on an account, or one of their keys. The account comes
// first: no two accounts share an answer.
type question struct {
	account    ids.Account
	user       ids.User
	membership ids.Membership // of a key
	scopes     Set            // of a key
}

// ask is the question whether by may do something on the account. It reports false for an actor whose answers are not kept.
func ask(by Actor, on ids.Account) (question, bool) {
	switch by.is.Kind {
	case Person:
		return question{account: on, user: by.is.User}, true
	case Key:
		return question{on, by.is.User, by.is.Membership, by.is.Perms}, true
	case Machine, Console:
	}
	return question{}, false
}

// decision is an answer with what it was read from. It is never changed once it is held.
type decision struct {
	scope Scope
	seen  bool
	of    change.Stamp
}

const (
	shards   = 64
	perShard = 1024 // half a kilobyte each
)

// cache holds decisions about persons and keys, and a bounded number of them.
type cache struct {
	seed   maphash.Seed
	shards [shards]shard
	hits   atomic.Uint64
	misses atomic.Uint64
}

type shard struct {
	mu   sync.RWMutex
	held map[question]*decision
}

func newCache() *cache {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].held = map[question]*decision{}
	}
	return c
}

func (c *cache) shard(q question) *shard { return &c.shards[maphash.Comparable(c.seed, q)%shards] }

func (c *cache) get(q question) *decision {
	s := c.shard(q)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.held[q]
}

// put holds a decision; a full shard lets go of any other.
func (c *cache) put(q question, d *decision) {
	s := c.shard(q)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.held[q]; !there && len(s.held) >= perShard {
		for other := range s.held {
			delete(s.held, other)
			break
		}
	}
	s.held[q] = d
}

// decide answers what by holds on the account: from memory when the pool is asked about a person or key and nothing
// the answer depends on has changed, else from q. Inside a transaction the facts are always the transaction's own.
func (c *Checker) decide(ctx context.Context, q db.Queryer, by Actor, on ids.Account) (Scope, bool, error) {
	asked, kept := ask(by, on)
	if !kept || c.feed == nil || q != db.Queryer(c.pool) {
		f, err := c.facts(ctx, q, by, on)
		if err != nil {
			return Scope{}, false, err
		}
		sc, seen := Decide(f)
		return sc, seen, nil
	}
	fresh := c.feed.Refresh(ctx)
	if d := c.cache.get(asked); fresh && d != nil && c.feed.Stands(d.of) {
		c.cache.hits.Add(1)
		return d.scope, d.seen, nil
	}
	c.cache.misses.Add(1)
	return c.decideAnew(ctx, by, asked)
}

// Metrics lists what the checker measures of itself: how often it knew the answer.
func (c *Checker) Metrics() []prometheus.Collector {
	if c.cache == nil {
		return nil
	}
	count := func(answered string, n *atomic.Uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "bailiwick_access_decisions_total", Help: "Decisions on what somebody holds on an account, by where the answer came from: memory or database.",
			ConstLabels: prometheus.Labels{"answered": answered},
		}, func() float64 { return float64(n.Load()) })
	}
	return []prometheus.Collector{count("memory", &c.cache.hits), count("database", &c.cache.misses)}
}

func (c *Checker) decideAnew(ctx context.Context, by Actor, asked question) (Scope, bool, error) {
	told := c.feed.Told()
	f, err := c.facts(ctx, c.pool, by, asked.account)
	if err != nil {
		return Scope{}, false, err
	}
	sc, seen := Decide(f)
	if len(f.Chain) == 0 { // no account: when it is made, nobody is told
		return sc, seen, nil
	}
	if of, ok := c.feed.Since(told, f.subjects(asked.user)); ok {
		c.cache.put(asked, &decision{sc, seen, of})
	}
	return sc, seen, nil
}

// subjects are all that the facts about a person were read from.
func (f Facts) subjects(user ids.User) []change.Subject {
	out := []change.Subject{{Kind: change.User, ID: string(user)}}
	for _, l := range f.Chain {
		out = append(out, change.Subject{Kind: change.Account, ID: string(l.Account)})
		if l.Role.IsGroup() {
			out = append(out, change.Subject{Kind: change.Role, ID: string(l.Role)})
		}
	}
	return out
}
