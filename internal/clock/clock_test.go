package clock_test

import (
	"testing"
	"time"

	"bailiwick/internal/clock"
)

func TestElapsedGoesByTheClockItIsGiven(t *testing.T) {
	c := clock.NewFake(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	since := clock.Elapsed(c.Now)
	for _, by := range []time.Duration{90 * time.Second, -time.Hour} {
		before := since()
		c.Advance(by)
		if got := since() - before; got != by {
			t.Errorf("%v have gone by, not %v", got, by)
		}
	}
}
