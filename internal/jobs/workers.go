package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Workers lists what the program can run: one worker for each kind of job, and the periodic jobs.
type Workers struct {
	kinds    map[string]worker
	periodic []periodic
	problems []error
}

type worker struct {
	queue  Queue
	secret bool
	run    func(ctx context.Context, j Job) error
}

type periodic struct {
	name  string
	every time.Duration
	run   func(ctx context.Context) error
}

// NewWorkers makes an empty list.
func NewWorkers() *Workers { return &Workers{kinds: map[string]worker{}} }

// Mark says something about a kind of job.
type Mark uint8

// Secret marks a kind whose arguments carry a sealed secret: they are erased when the job is over.
const Secret Mark = iota + 1

// Register lists fn as the worker of the jobs whose arguments are a T. A job enqueued elsewhere is moved to queue.
func Register[T Args](w *Workers, queue Queue, fn func(ctx context.Context, j Job, args T) error, marks ...Mark) {
	var zero T
	kind := zero.Kind()
	if _, taken := w.kinds[kind]; taken {
		w.problems = append(w.problems, fmt.Errorf("job kind %q is registered twice", kind))
		return
	}
	if queue != Mail && queue != Bulk {
		w.problems = append(w.problems, fmt.Errorf("job kind %q is registered for an unknown queue %q", kind, queue))
		return
	}
	w.kinds[kind] = worker{queue, slices.Contains(marks, Secret), func(ctx context.Context, j Job) error {
		var args T
		if err := json.Unmarshal([]byte(j.args), &args); err != nil {
			return Permanent(fmt.Errorf("read the arguments: %w", err))
		}
		return fn(ctx, j, args)
	}}
}

// Periodic lists fn to run once every interval, in one process at a time. The first run is due at once.
func (w *Workers) Periodic(name string, every time.Duration, fn func(ctx context.Context) error) {
	if every <= 0 || slices.ContainsFunc(w.periodic, func(p periodic) bool { return p.name == name }) {
		w.problems = append(w.problems, fmt.Errorf("periodic job %q is listed twice or has no interval", name))
		return
	}
	w.periodic = append(w.periodic, periodic{name, every, fn})
}

// Kinds lists the kinds that have a worker.
func (w *Workers) Kinds() []string { return slices.Sorted(maps.Keys(w.kinds)) }

// Check reports kinds and periodic jobs that were listed wrongly.
func (w *Workers) Check() error { return errors.Join(w.problems...) }
