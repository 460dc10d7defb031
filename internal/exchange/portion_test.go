package exchange

import (
	"context"
	"errors"
	"testing"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/op"
)

// counting brings lines in and notes how many came at once; the line it refuses is counted from the beginning.
type counting struct {
	loader
	seen   []int
	refuse int // -1 for none
}

func (c *counting) apply(_ context.Context, _ *op.W, rows []any) ([]fate, error) {
	for i, r := range rows {
		if r == c.refuse {
			return nil, &account.RowError{Row: i, Err: &errs.Error{Kind: errs.Conflict}}
		}
	}
	c.seen = append(c.seen, len(rows))
	return make([]fate, len(rows)), nil
}

func linesOf(n int) (c chunk) {
	for i := range n {
		c.batch, c.rows, c.from = append(c.batch, line{number: i + 1}), append(c.rows, i), append(c.from, i)
	}
	c.fates = make([]fate, n)
	return c
}

// TestAWriteEndsWhenItsTimeIsOver brings lines in by a clock of the test: the write takes ten at once, at least once, and leaves
// to the next what it has no time for.
func TestAWriteEndsWhenItsTimeIsOver(t *testing.T) {
	some := db.Portion{For: 4 * time.Millisecond, Rows: 10}
	for _, tt := range []struct {
		name  string
		each  time.Duration // ten lines take so long
		lines int
		want  int
	}{
		{"a fast machine does all", time.Microsecond, 500, 500},
		{"a slower one does a part", time.Millisecond, 500, 40},
		{"a very slow one does ten", time.Second, 500, 10},
		{"fewer than ten", time.Second, 3, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, c := &counting{refuse: -1}, linesOf(tt.lines)
			if _, err := c.apply(t.Context(), nil, l, some, func() time.Duration { return time.Duration(len(l.seen)) * tt.each }); err != nil {
				t.Fatal(err)
			}
			if len(c.batch) != tt.want || len(c.fates) != tt.want {
				t.Errorf("%d lines were done with %d fates, want %d", len(c.batch), len(c.fates), tt.want)
			}
			sum := 0
			for _, n := range l.seen {
				sum += n
			}
			if sum != tt.want {
				t.Errorf("%d lines were brought in, want %d", sum, tt.want)
			}
		})
	}
	t.Run("the line that is refused is named by its place in all", func(t *testing.T) {
		l, c := &counting{refuse: 23}, linesOf(50)
		_, err := c.apply(t.Context(), nil, l, some, func() time.Duration { return 0 })
		var one *account.RowError
		if !errors.As(err, &one) || one.Row != 23 {
			t.Errorf("refused %+v, want the line 23", err)
		}
	})
}
