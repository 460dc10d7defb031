package jobs

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// numbers reads the numbers from 1 to last, at most some at once.
func numbers(last, most int) func(after int) ([]int, error) {
	return func(after int) (page []int, _ error) {
		for n := after + 1; n <= last && len(page) < most; n++ {
			page = append(page, n)
		}
		return page, nil
	}
}

func TestAWalkReachesEverythingOnce(t *testing.T) {
	for last := range 8 {
		var seen []int
		err := Walk(t.Context(), 3, numbers(last, 3), func(n int) error {
			seen = append(seen, n)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var want []int
		for n := range last {
			want = append(want, n+1)
		}
		if !slices.Equal(seen, want) {
			t.Errorf("a walk over %d came by %v", last, seen)
		}
	}
}

func TestWhatFailsKeepsNothingElseFromBeingDone(t *testing.T) {
	two, five := errors.New("two"), errors.New("five")
	done := 0
	err := Walk(t.Context(), 3, numbers(7, 3), func(n int) error {
		switch n {
		case 2:
			return two
		case 5:
			return five
		}
		done++
		return nil
	})
	if done != 5 || !errors.Is(err, two) || !errors.Is(err, five) {
		t.Errorf("%d were done: %v", done, err)
	}
}

func TestAWalkEndsWhereReadingFails(t *testing.T) {
	two, unread := errors.New("two"), errors.New("unread")
	err := Walk(t.Context(), 3, func(after int) ([]int, error) {
		if after > 0 {
			return nil, unread
		}
		return []int{1, 2, 3}, nil
	}, func(n int) error {
		if n == 2 {
			return two
		}
		return nil
	})
	if !errors.Is(err, two) || !errors.Is(err, unread) {
		t.Error(err)
	}
}

func TestAWalkStopsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	done := 0
	err := Walk(ctx, 3, numbers(100, 3), func(int) error {
		done++
		stop()
		return nil
	})
	if done != 3 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d were done: %v", done, err)
	}
}
