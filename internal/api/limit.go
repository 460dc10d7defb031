package api

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"bailiwick/internal/clock"
)

// limiter lets each key make so many requests a minute: a bucket that holds a minute's worth and fills evenly. Each
// process counts for itself.
type limiter struct {
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

func newLimiter(perMinute int, now clock.Clock) *limiter {
	return &limiter{perMinute: perMinute, now: now, buckets: map[string]*bucket{}}
}

// allowance is what a key has left after a request.
type allowance struct {
	ok   bool
	left int
	wait time.Duration // until the next request is allowed, or until the bucket is full
}

// take takes one request out of the bucket of a key.
func (l *limiter) take(key string) allowance {
	now := l.now()
	rate := float64(l.perMinute) / float64(time.Minute)
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		l.makeRoom(now, rate)
		b = &bucket{left: float64(l.perMinute), at: now}
		l.buckets[key] = b
	}
	b.fill(now, rate, float64(l.perMinute))
	if b.left < 1 {
		return allowance{wait: time.Duration((1 - b.left) / rate)}
	}
	b.left--
	return allowance{true, int(b.left), time.Duration((float64(l.perMinute) - b.left) / rate)}
}

func (b *bucket) fill(now time.Time, rate, most float64) {
	if past := now.Sub(b.at); past > 0 {
		b.left, b.at = min(most, b.left+float64(past)*rate), now
	}
}

func (l *limiter) makeRoom(now time.Time, rate float64) {
	if len(l.buckets) < mostBuckets {
		return
	}
	for key, b := range l.buckets {
		if b.fill(now, rate, float64(l.perMinute)); b.left >= float64(l.perMinute) {
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

// limit counts a request and tells the client what is left (draft-ietf-httpapi-ratelimit-headers-10).
func (l *limiter) limit(h http.Header, key string) error {
	if l.perMinute == 0 {
		return nil
	}
	a := l.take(key)
	seconds := int(math.Ceil(a.wait.Seconds()))
	h.Set("RateLimit-Policy", fmt.Sprintf(`"key";q=%d;w=60`, l.perMinute))
	h.Set("RateLimit", fmt.Sprintf(`"key";r=%d;t=%d`, a.left, seconds))
	if a.ok {
		return nil
	}
	return refusal(http.StatusTooManyRequests, "request.too_many", "Wait as long as Retry-After says. This key has used up its requests for now.").
		with("Retry-After", strconv.Itoa(max(1, seconds)))
}
