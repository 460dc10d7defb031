// Package clock is the only place that reads the time of day.
package clock

import (
	"reflect"
	"sync"
	"time"
)

// Clock returns the current instant.
type Clock func() time.Time

// System is the computer's clock in UTC.
func System() time.Time { return time.Now().UTC() }

// Stopwatch starts to measure and returns how long that has been. It tells how long work takes, also where a Fake
// stands still, and never what time it is.
func Stopwatch() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

// Elapsed starts to measure by a clock. By System it goes by the monotonic clock, which nobody sets and which is read in a fraction
// of the time.
func Elapsed(now Clock) func() time.Duration {
	if reflect.ValueOf(now).Pointer() == reflect.ValueOf(System).Pointer() {
		return Stopwatch()
	}
	began := now()
	return func() time.Duration { return now().Sub(began) }
}

// Fake is a clock that stands where it is put: in tests, and while made-up data is dated back. Its zero value is not usable; see NewFake.
type Fake struct {
	mu sync.Mutex
	at time.Time
}

// NewFake makes a clock that stands at the given instant.
func NewFake(at time.Time) *Fake { return &Fake{at: at.UTC()} }

// Now returns the instant the clock stands at; it is a Clock.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// Advance moves the clock forward.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.at.Add(d)
}

// Set puts the clock at an instant.
func (f *Fake) Set(at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = at.UTC()
}
