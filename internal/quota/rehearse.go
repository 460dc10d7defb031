package quota

import (
	"container/heap"
	"math"
	"time"
)

// Trial is messages that somebody would send at one instant, in a rehearsal.
type Trial struct {
	At      time.Time
	Sender  string
	Through []int // the layers it passes, as indexes of the rehearsal's, the lowest first
	Units   int64
}

// Fate is what became of a trial.
type Fate struct {
	Trial  Trial
	Action Action    // "" when it was sent at once; hold, reject or overage
	Layer  int       // that refused it, or held it first; -1 for none
	Window Window    // of that layer
	Sent   time.Time // zero when it was rejected
}

// Rehearse replays trials against layers that have used so much already, with the arithmetic of the engine and nothing else. What is
// held is tried again when its window opens; of the same instant, what was there first goes first. Fates are in the order of trials.
func Rehearse(layers []Layer, used [][windows]int64, from time.Time, trials []Trial) []Fate {
	counters := make([]Counter, len(layers))
	for i := range layers {
		m := layers[i].Calendar.At(from)
		counters[i].turn(m)
		counters[i].Ring[m.Minute%ringSize], counters[i].DayUsed, counters[i].MonthUsed = used[i][Hour], used[i][Day], used[i][Month]
	}
	fates := make([]Fate, len(trials))
	waiting := make(turns, 0, len(trials))
	for i, t := range trials {
		fates[i] = Fate{Trial: t, Layer: -1}
		waiting = append(waiting, turn{t.At.UnixMilli(), i})
	}
	heap.Init(&waiting)
	for len(waiting) > 0 {
		next := heap.Pop(&waiting).(turn) //nolint:forcetypeassert // nothing else is in it
		f, now := &fates[next.trial], time.UnixMilli(next.at).UTC()
		states := make([]State, len(f.Trial.Through))
		for j, l := range f.Trial.Through {
			m := layers[l].Calendar.At(now)
			counters[l].turn(m)
			states[j] = State{Layer: layers[l], Counter: counters[l], Moment: m}
		}
		d := Decide(states, f.Trial.Units)
		if !d.Allowed && f.Action != Hold {
			f.Action, f.Layer, f.Window = d.Action, f.Trial.Through[d.Binding.Layer], d.Binding.Window
		}
		switch {
		case d.Allowed && fits(states, f.Trial.Units):
			for _, l := range f.Trial.Through {
				counters[l].charge(f.Trial.Units)
			}
			f.Sent = now
			if f.Action == "" {
				f.Action = d.Action
			}
		case d.Action == Hold && d.OpensAt > next.at && d.OpensAt-f.Trial.At.UnixMilli() <= longestHold.Milliseconds():
			heap.Push(&waiting, turn{d.OpensAt, next.trial})
		default:
			f.Action = Reject
		}
	}
	return fates
}

// fits reports whether no counter would run over.
func fits(states []State, n int64) bool {
	for _, s := range states {
		if c := s.Counter; max(c.DayUsed, c.MonthUsed, c.Ring[c.Minute%ringSize]) > math.MaxInt64-n {
			return false
		}
	}
	return true
}

// turn is when a trial is decided on.
type turn struct {
	at    int64
	trial int
}

// turns is a heap, the earliest first.
type turns []turn

func (t turns) Len() int { return len(t) }
func (t turns) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].trial < t[j].trial
}
func (t turns) Swap(i, j int) { t[i], t[j] = t[j], t[i] }

// Push adds a turn; it is for container/heap.
func (t *turns) Push(x any) { *t = append(*t, x.(turn)) } //nolint:forcetypeassert // Rehearse pushes nothing else

// Pop takes the last turn away; it is for container/heap.
func (t *turns) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

// Check says what is wrong with a limit.
func (l Limit) Check() error { return Edit{Channel: Email, Limit: l}.check() }
