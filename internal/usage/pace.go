package usage

import "time"

// Pace is how a limit of a period fares if sending goes on as it has since the period began.
type Pace struct {
	Reached time.Time // when nothing is left; zero when the period ends before
	Early   int       // whole days before the end of the period
}

// paceAfter is how long a period must have run before its pace says anything.
const paceAfter = 24 * time.Hour

// PaceOf says when a limit is reached. used is what was sent between began and now.
func PaceOf(limit, used int64, began, now, ends time.Time) Pace {
	gone, whole := now.Sub(began), ends.Sub(began)
	if limit <= 0 || used <= 0 || used >= limit || gone < paceAfter || gone >= whole {
		return Pace{}
	}
	needs := float64(gone) * float64(limit) / float64(used)
	if needs >= float64(whole) {
		return Pace{}
	}
	at := began.Add(time.Duration(needs))
	return Pace{Reached: at, Early: int(ends.Sub(at) / (24 * time.Hour))}
}
