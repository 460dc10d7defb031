package change

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

const shards = 64

// Cache keeps what was read, for as long as the feed tells nothing about what it depends on, and a bounded number of
// it. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	feed     *Feed
	perShard int
	shards   [shards]shard[K, V]

	// How often Get knew an answer, and how often it did not.
	Hits, Misses atomic.Uint64
}

type shard[K comparable, V any] struct {
	mu   sync.RWMutex
	held map[K]*held[V]
}

// held is never changed once it is in a shard.
type held[V any] struct {
	value V
	of    Stamp
}

// NewCache makes a cache of up to most values.
func NewCache[K comparable, V any](f *Feed, most int) *Cache[K, V] {
	c := &Cache[K, V]{feed: f, perShard: max(1, most/shards)}
	for i := range c.shards {
		c.shards[i].held = map[K]*held[V]{}
	}
	return c
}

// Get returns what is kept under k if nothing has changed since it was read, on any node.
func (c *Cache[K, V]) Get(ctx context.Context, k K) (v V, ok bool) {
	fresh := c.feed.Refresh(ctx)
	s := c.shard(k)
	s.mu.RLock()
	h := s.held[k]
	s.mu.RUnlock()
	if !fresh || h == nil || !c.feed.Stands(h.of) {
		c.Misses.Add(1)
		return v, false
	}
	c.Hits.Add(1)
	return h.value, true
}

// Told is to be asked before something is read that will be Put.
func (c *Cache[K, V]) Told() uint64 { return c.feed.Told() }

// Put keeps what was read after told was asked for, unless there was news meanwhile. A full shard lets go of any other value.
func (c *Cache[K, V]) Put(told uint64, k K, v V, of ...Subject) {
	stamp, ok := c.feed.Since(told, of)
	if !ok {
		return
	}
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.held[k]; !there && len(s.held) >= c.perShard {
		for other := range s.held {
			delete(s.held, other)
			break
		}
	}
	s.held[k] = &held[V]{v, stamp}
}

func (c *Cache[K, V]) shard(k K) *shard[K, V] {
	return &c.shards[maphash.Comparable(c.feed.seed, k)%shards]
}
