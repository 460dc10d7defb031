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
}

type shard[K comparable, V any] struct {
	mu           sync.RWMutex
	held         map[uint64]*held[K, V] // by the hashes of their keys; of two with the same one is held
	hits, misses atomic.Uint64
}

// held is never changed once it is in a shard.
type held[K comparable, V any] struct {
	key   K
	value V
	of    Stamp
}

// NewCache makes a cache of up to most values.
func NewCache[K comparable, V any](f *Feed, most int) *Cache[K, V] {
	c := &Cache[K, V]{feed: f, perShard: max(1, most/shards)}
	for i := range c.shards {
		c.shards[i].held = map[uint64]*held[K, V]{}
	}
	return c
}

// Get returns what is kept under k if nothing has changed since it was read, on any node.
func (c *Cache[K, V]) Get(ctx context.Context, k K) (v V, ok bool) {
	fresh := c.feed.Refresh(ctx)
	hash, s := c.place(k)
	s.mu.RLock()
	h := s.held[hash]
	s.mu.RUnlock()
	if !fresh || h == nil || h.key != k || !c.feed.Stands(h.of) {
		s.misses.Add(1)
		return v, false
	}
	s.hits.Add(1)
	return h.value, true
}

// Hits is how often Get knew an answer.
func (c *Cache[K, V]) Hits() (n uint64) {
	for i := range c.shards {
		n += c.shards[i].hits.Load()
	}
	return n
}

// Misses is how often Get knew none.
func (c *Cache[K, V]) Misses() (n uint64) {
	for i := range c.shards {
		n += c.shards[i].misses.Load()
	}
	return n
}

// Told is to be asked before something is read that will be Put.
func (c *Cache[K, V]) Told() uint64 { return c.feed.Told() }

// Put keeps what was read after told was asked for, unless there was news meanwhile. A full shard lets go of any other value.
func (c *Cache[K, V]) Put(told uint64, k K, v V, of ...Subject) {
	stamp, ok := c.feed.Since(told, of)
	if !ok {
		return
	}
	hash, s := c.place(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.held[hash]; !there && len(s.held) >= c.perShard {
		for other := range s.held {
			delete(s.held, other)
			break
		}
	}
	s.held[hash] = &held[K, V]{k, v, stamp}
}

// place is the hash of a key and the shard where it is held.
func (c *Cache[K, V]) place(k K) (uint64, *shard[K, V]) {
	hash := maphash.Comparable(c.feed.seed, k)
	return hash, &c.shards[hash%shards]
}
