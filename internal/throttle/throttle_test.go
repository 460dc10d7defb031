package throttle

import (
	"fmt"
	"testing"
	"time"

	"bailiwick/internal/clock"
)

func TestABucketFillsEvenly(t *testing.T) {
	at := clock.NewFake(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	l := New(60, at.Now)
	for i := range 60 {
		if l.Spent("a") || !l.Take("a").OK {
			t.Fatalf("%d are not allowed", i+1)
		}
	}
	if a := l.Take("a"); a.OK || a.Wait.Round(time.Millisecond) != time.Second || !l.Spent("a") {
		t.Errorf("the 61st: %+v", a)
	}
	if l.Spent("b") {
		t.Error("one key spends for another")
	}
	at.Advance(time.Second)
	if l.Spent("a") || !l.Take("a").OK || l.Take("a").OK {
		t.Error("a second later one is allowed")
	}
	if none := New(0, at.Now); none.Spent("a") || !none.Take("a").OK {
		t.Error("no limit limits")
	}
}

func TestFullBucketsAreForgotten(t *testing.T) {
	at := clock.NewFake(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	l := New(1, at.Now)
	for i := range mostBuckets {
		l.Take(fmt.Sprint("key_", i))
	}
	at.Advance(time.Minute)
	l.Take("one more")
	if n := len(l.buckets); n != 1 {
		t.Errorf("%d buckets are kept", n)
	}
	for i := range mostBuckets + 5 {
		l.Take(fmt.Sprint("other_", i))
	}
	if n := len(l.buckets); n > mostBuckets {
		t.Errorf("%d buckets", n)
	}
}
