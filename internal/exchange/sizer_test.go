package exchange

import (
	"fmt"
	"testing"
	"time"
)

// TestWritesFitIntoTheirTime lets the sizer choose for machines of different speed: a write stays near the time that it
// should take, and is not smaller than it has to be.
func TestWritesFitIntoTheirTime(t *testing.T) {
	const of = 8 * time.Millisecond
	for _, line := range []time.Duration{50 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond, time.Millisecond} {
		t.Run(fmt.Sprint(line), func(t *testing.T) {
			z := newSizer()
			for n := range 20 {
				worked := time.Duration(z.lines) * line
				if worked > of && z.lines > stepRows {
					t.Fatalf("write %d of %d lines takes %s", n, z.lines, worked)
				}
				z.took(z.lines, worked, of)
			}
			if more := time.Duration(z.lines+stepRows) * line; z.lines < mostRows && more < of {
				t.Errorf("writes of %d lines take only %s", z.lines, time.Duration(z.lines)*line)
			}
		})
	}
	t.Run("a slow write makes the next one small, a short last batch does not", func(t *testing.T) {
		z := newSizer()
		for range 20 {
			z.took(z.lines, time.Millisecond, of)
		}
		if z.lines != mostRows {
			t.Fatalf("%d lines on a fast machine", z.lines)
		}
		z.took(3, time.Microsecond, of)
		if z.lines != mostRows {
			t.Errorf("%d lines after a short batch", z.lines)
		}
		z.took(z.lines, time.Second, of)
		if z.lines != mostRows/2 {
			t.Errorf("%d lines after a write that took long", z.lines)
		}
		for range 5 {
			z.took(z.lines, time.Second, of)
		}
		if z.lines != stepRows {
			t.Errorf("%d lines after several", z.lines)
		}
	})
}
