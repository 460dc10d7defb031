package jobs

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// outcome is how a job ended, as operators see it.
type outcome string

const (
	done      outcome = "done"
	retried   outcome = "retried"   // it failed and will be tried again
	dead      outcome = "dead"      // it gave up
	lost      outcome = "lost"      // another worker took it over
	handed    outcome = "handed_on" // put back because the program stops, or moved to its own queue
	unwritten outcome = "unwritten" // its end could not be written
)

func newEnded() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bailiwick_jobs_ended_total", Help: "Runs of background jobs that ended, by kind and result.",
	}, []string{"kind", "result"})
}

// Metrics lists what the runner measures of itself.
func (r *Runner) Metrics() []prometheus.Collector { return []prometheus.Collector{r.ended} }

// Waiting is how many jobs of a queue are in a state.
type Waiting struct {
	Queue Queue
	State string // ready, running or dead
	Jobs  int
}

// Waiting counts the jobs that have not ended well.
func (r *Runner) Waiting(ctx context.Context) ([]Waiting, error) {
	all, err := waiting(ctx, r.db)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	return all, nil
}
