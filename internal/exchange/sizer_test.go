package exchange

import (
	"fmt"
	"testing"
	"time"
)

// TestWritesFitIntoTheirTime lets the sizer choose for machines of different speed: a write that costs something to
// begin and something for each line stays below 20 ms, and is not smaller than it has to be.
func TestWritesFitIntoTheirTime(t *testing.T) {
	for _, c := range []struct{ begin, line time.Duration }{
		{200 * time.Microsecond, 50 * time.Microsecond},
		{time.Millisecond, 200 * time.Microsecond},
		{2 * time.Millisecond, 500 * time.Microsecond},
		{4 * time.Millisecond, time.Millisecond},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			z := newSizer()
			var held time.Duration
			for n := range 200 {
				held = c.begin + time.Duration(z.lines)*c.line
				if held > 20*time.Millisecond {
					t.Fatalf("write %d of %d lines takes %s", n, z.lines, held)
				}
				z.took(z.lines, held)
			}
			if fits := c.begin + time.Duration(z.lines+5)*c.line; z.lines < mostRows && fits < writeFor {
				t.Errorf("writes of %d lines take only %s", z.lines, held)
			}
		})
	}
	t.Run("a slow write makes the next one small, a short last batch does not", func(t *testing.T) {
		z := newSizer()
		for range 20 {
			z.took(z.lines, time.Millisecond)
		}
		if z.lines != mostRows {
			t.Fatalf("%d lines on a fast machine", z.lines)
		}
		z.took(3, time.Microsecond)
		if z.lines != mostRows {
			t.Errorf("%d lines after a short batch", z.lines)
		}
		z.took(z.lines, time.Second)
		if z.lines != leastRows {
			t.Errorf("%d lines after a long write", z.lines)
		}
	})
}
