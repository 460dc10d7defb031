// Package throttle lets each of many askers ask so many times a minute. Each process counts for itself.
package throttle

import (
	"sync"
	"time"

	"bailiwick/internal/clock"
)

// Limiter gives each key a bucket that holds a minute's worth and fills evenly.
type Limiter struct {
	perMinute int // 0: no limit
	now       clock.Clock

	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	left float64
	at   time.Time
}

// mostBuckets bounds the memory of the limiter; full buckets are forgotten first, for they say nothing.
const mostBuckets = 10_000

// New makes a Limiter of so many a minute; 0 is no limit.
func New(perMinute int, now clock.Clock) *Limiter {
	return &Limiter{perMinute: perMinute, now: now, buckets: map[string]*bucket{}}
}

// PerMinute is how many times a key may ask in a minute, 0 without a limit.
func (l *Limiter) PerMinute() int { return l.perMinute }

// Allowance is what a key has left after it asked.
type Allowance struct {
	OK   bool
	Left int
	Wait time.Duration // until it may ask again, or until its bucket is full
}

// Take takes one out of the bucket of a key.
func (l *Limiter) Take(key string) Allowance {
	if l.perMinute == 0 {
		return Allowance{OK: true}
	}
	now, rate := l.now(), l.rate()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		l.makeRoom(now)
		b = &bucket{left: float64(l.perMinute), at: now}
		l.buckets[key] = b
	}
	b.fill(now, rate, float64(l.perMinute))
	if b.left < 1 {
		return Allowance{Wait: time.Duration((1 - b.left) / rate)}
	}
	b.left--
	return Allowance{true, int(b.left), time.Duration((float64(l.perMinute) - b.left) / rate)}
}

// Spent reports whether a key has nothing left, and takes nothing.
func (l *Limiter) Spent(key string) bool {
	if l.perMinute == 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		return false
	}
	b.fill(l.now(), l.rate(), float64(l.perMinute))
	return b.left < 1
}

func (l *Limiter) rate() float64 { return float64(l.perMinute) / float64(time.Minute) }

func (b *bucket) fill(now time.Time, rate, most float64) {
	if past := now.Sub(b.at); past > 0 {
		b.left, b.at = min(most, b.left+float64(past)*rate), now
	}
}

func (l *Limiter) makeRoom(now time.Time) {
	if len(l.buckets) < mostBuckets {
		return
	}
	for key, b := range l.buckets {
		if b.fill(now, l.rate(), float64(l.perMinute)); b.left >= float64(l.perMinute) {
			delete(l.buckets, key)
		}
	}
	for key := range l.buckets {
		if len(l.buckets) < mostBuckets {
			return
		}
		delete(l.buckets, key)
	}
}
