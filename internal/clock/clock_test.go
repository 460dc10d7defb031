package clock_test

import (
	"testing"
	"time"

	"bailiwick/internal/clock"
)

func TestElapsedGoesByTheClockItIsGiven(t *testing.T) {
	c := clock.NewFake(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	since := clock.Elapsed(c.Now)
	c.Advance(90 * time.Second)
	if got := since(); got != 90*time.Second {
		t.Errorf("%v have gone by, not 90s", got)
	}
}

func TestElapsedByTheSystemGoesOn(t *testing.T) {
	since := clock.Elapsed(clock.System)
	for before := since(); since() <= before; { // ends when time goes on
	}
	if got := since(); got < 0 || got > time.Minute {
		t.Errorf("%v have gone by", got)
	}
}
