package api

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/throttle"
)

func TestLimitOfAKey(t *testing.T) {
	at := clock.NewFake(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	l := throttle.New(60, at.Now)
	h := http.Header{}
	for i := range 60 {
		if err := limit(l, h, "key_a"); err != nil {
			t.Fatalf("request %d: %v", i+1, err)
		}
	}
	if got := h.Get("RateLimit"); got != `"key";r=0;t=60` {
		t.Errorf("RateLimit: %s", got)
	}
	if got := h.Get("RateLimit-Policy"); got != `"key";q=60;w=60` {
		t.Errorf("RateLimit-Policy: %s", got)
	}
	err := limit(l, h, "key_a")
	var p *Problem
	if !errors.As(err, &p) || p.Status != http.StatusTooManyRequests || p.header.Get("Retry-After") != "1" {
		t.Fatalf("the 61st request: %v", err)
	}
	if err := limit(l, h, "key_b"); err != nil {
		t.Errorf("another key: %v", err)
	}
	at.Advance(time.Second)
	if err := limit(l, h, "key_a"); err != nil {
		t.Errorf("a second later: %v", err)
	}
	if err := limit(l, h, "key_a"); err == nil {
		t.Error("two requests in the second after")
	}
}
