package usage_test

import (
	"testing"
	"time"

	"bailiwick/internal/usage"
)

func TestPace(t *testing.T) {
	november := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		limit, used int64
		now         time.Time
		reached     time.Time
		early       int
	}{
		"a third too fast":       {1000, 500, november(12, 0), november(23, 0), 8},
		"just enough":            {1000, 500, november(16, 0), time.Time{}, 0},
		"within the last day":    {1000, 990, november(30, 12), november(30, 19), 0},
		"nothing sent":           {1000, 0, november(16, 0), time.Time{}, 0},
		"used up":                {1000, 1000, november(16, 0), time.Time{}, 0},
		"no limit":               {-1, 1000, november(16, 0), time.Time{}, 0},
		"the first hours":        {1000, 999, november(1, 23), time.Time{}, 0},
		"numbers near the edge":  {1 << 50, 1 << 49, november(12, 0), november(23, 0), 8},
		"a clock behind a month": {1000, 500, time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC), time.Time{}, 0},
	} {
		got := usage.PaceOf(c.limit, c.used, november(1, 0), c.now, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
		if !got.Reached.Truncate(time.Hour).Equal(c.reached) || got.Early != c.early {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
