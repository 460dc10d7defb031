package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	mrand "math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bailiwick/internal/db"
)

const (
	leaseFor  = time.Minute
	renewAt   = leaseFor / 3
	pollEvery = 250 * time.Millisecond
	stopGrace = 10 * time.Second // how long running jobs may go on after the program was told to stop
	endWithin = 10 * time.Second // for writing down how a job ended
	keepDone  = 7 * 24 * time.Hour
	keepDead  = 30 * 24 * time.Hour
)

const workerGone = "the worker disappeared"

var (
	errStopping = errors.New("the program is stopping")
	errLapsed   = fmt.Errorf("%w: it could not be renewed in time", ErrLost)
)

// Runner runs the jobs of one process.
type Runner struct {
	db      *db.DB
	log     *slog.Logger
	workers *Workers
	owner   string
	queues  []queue
	ended   *prometheus.CounterVec
}

type queue struct {
	name  Queue
	slots int
	wake  chan struct{}
}

// NewRunner makes a runner of the listed workers. The time it goes by is the database's clock.
func NewRunner(d *db.DB, log *slog.Logger, w *Workers) *Runner {
	return &Runner{db: d, log: log, workers: w, owner: rand.Text(), ended: newEnded(), queues: []queue{
		{Mail, 4, make(chan struct{}, 1)},
		{Bulk, 2, make(chan struct{}, 1)},
	}}
}

// Wake makes the runner look for jobs now, without waiting for its next poll. Call it after a commit.
func (r *Runner) Wake() {
	for _, q := range r.queues {
		select {
		case q.wake <- struct{}{}:
		default: // it has been woken already
		}
	}
}

// Run works until ctx ends, then lets running jobs finish for a while and puts back those that do not.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.workers.Check(); err != nil {
		return err
	}
	work, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	var wg sync.WaitGroup
	for _, q := range r.queues {
		wg.Go(func() { r.serve(ctx, work, q) })
	}
	for _, p := range r.periodic() {
		wg.Go(func() { r.repeat(ctx, work, p) })
	}
	<-ctx.Done()
	finished := make(chan struct{})
	go func() {
		wg.Wait()
		close(finished)
	}()
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case <-finished:
	case <-grace.C:
		stop(errStopping)
		<-finished
	}
	return nil
}

// serve claims jobs of one queue until ctx ends; the jobs themselves run under work.
func (r *Runner) serve(ctx, work context.Context, q queue) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	freed, running := make(chan struct{}, q.slots), 0
	for ctx.Err() == nil {
		claimed, err := r.claim(ctx, q.name, q.slots-running)
		if err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "jobs could not be claimed", "queue", q.name, "error", err)
		}
		for _, j := range claimed {
			running++
			wg.Go(func() {
				defer func() { freed <- struct{}{} }()
				r.work(work, j)
			})
		}
		select {
		case <-ctx.Done():
		case <-freed:
			running--
		case <-tick.C:
		case <-q.wake:
		}
	}
}

// Drain runs everything that is due now, one after the other, and returns when nothing is: for tests with a clock that stands.
func (r *Runner) Drain(ctx context.Context) error {
	if err := r.workers.Check(); err != nil {
		return err
	}
	for _, p := range r.periodic() {
		if _, err := r.takeTurn(ctx, ctx, p); err != nil {
			return err
		}
	}
	for found := true; found; {
		found = false
		for _, q := range r.queues {
			claimed, err := r.claim(ctx, q.name, 1)
			if err != nil {
				return err
			}
			for _, j := range claimed {
				found = true
				r.work(ctx, j)
			}
		}
	}
	return ctx.Err()
}

func (r *Runner) claim(ctx context.Context, q Queue, n int) ([]Job, error) {
	if n <= 0 {
		return nil, nil
	}
	if err := r.reclaim(ctx); err != nil {
		return nil, err
	}
	kinds := r.workers.Kinds()
	if some, err := due(ctx, r.db, q, kinds, r.db.Now().UnixMilli()); err != nil || !some {
		return nil, err
	}
	var out []Job
	err := r.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		out, err = r.claimIn(ctx, tx, q, kinds, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim %s jobs: %w", q, err)
	}
	for i := range out {
		out[i].kept = r.kept(out[i])
	}
	return out, nil
}

func (r *Runner) claimIn(ctx context.Context, tx *db.Tx, q Queue, kinds []string, n int) ([]Job, error) {
	until := tx.Now().Add(leaseFor).UnixMilli()
	if q != Bulk {
		return claim(ctx, tx, q, kinds, r.owner, until, n)
	}
	if err := serialise(ctx, tx, q); err != nil {
		return nil, err
	}
	var out []Job
	for range n { // one by one: each statement sees what the one before has set running
		one, err := claim(ctx, tx, q, kinds, r.owner, until, 1)
		if err != nil || len(one) == 0 {
			return out, err
		}
		out = append(out, one...)
	}
	return out, nil
}

// kept is what stays of the arguments when the job is over.
func (r *Runner) kept(j Job) string {
	if r.workers.kinds[j.Kind].secret {
		return "{}"
	}
	return j.args
}

// reclaim takes jobs away from workers that disappeared.
func (r *Runner) reclaim(ctx context.Context) error {
	if some, err := lapsed(ctx, r.db, r.db.Now().UnixMilli()); err != nil || !some {
		return err
	}
	return r.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		exhausted, err := takeLapsed(ctx, tx)
		if err != nil {
			return fmt.Errorf("take over lapsed jobs: %w", err)
		}
		for _, j := range exhausted {
			j.kept = r.kept(j)
			if _, err := bury(ctx, tx, j, workerGone); err != nil {
				return fmt.Errorf("bury job %s: %w", j.ID, err)
			}
		}
		return nil
	})
}

// work runs one claimed job and writes down how it ended.
func (r *Runner) work(ctx context.Context, j Job) {
	w := r.workers.kinds[j.Kind]
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var failure error
	if w.queue == j.Queue {
		stop := r.keep(run, cancel, func(ctx context.Context, tx *db.Tx, until int64) (int64, error) { return renew(ctx, tx, j, until) })
		failure = guard(func() error { return w.run(run, j) })
		stop()
	}
	end, cancelEnd := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancelEnd()
	var how outcome
	if werr := r.db.Batch(end, func(ctx context.Context, tx *db.Tx) error {
		var err error
		how, err = r.end(ctx, tx, j, failure, context.Cause(run))
		return err
	}); werr != nil {
		how = unwritten
		r.log.ErrorContext(ctx, "the end of a job could not be written; it will run again", "job", j.ID, "kind", j.Kind, "error", werr)
	}
	r.ended.WithLabelValues(j.Kind, string(how)).Inc()
}

// end writes down how the worker of j ended: with err, under a context cancelled by cause or by nothing.
func (r *Runner) end(ctx context.Context, tx *db.Tx, j Job, err, cause error) (outcome, error) {
	log := r.log.With("job", j.ID, "kind", j.Kind, "attempt", j.Attempt)
	switch home := r.workers.kinds[j.Kind].queue; {
	case home != j.Queue:
		_, werr := release(ctx, tx, j, home)
		return handed, werr
	case err == nil:
		_, werr := complete(ctx, tx, j) // changes nothing when the worker has completed it itself
		return done, werr
	case errors.Is(cause, ErrLost) || errors.Is(err, ErrLost):
		log.WarnContext(ctx, "a job was lost to another worker", "error", err)
		return lost, nil
	case cause != nil:
		_, werr := release(ctx, tx, j, home)
		return handed, werr
	case isPermanent(err) || j.Attempt >= j.MaxAttempts:
		log.ErrorContext(ctx, "a job is dead", "error", err)
		_, werr := bury(ctx, tx, j, reason(err))
		return dead, werr
	}
	at := tx.Now().Add(backoff(j.Attempt))
	log.WarnContext(ctx, "a job will be tried again", "error", err, "at", at)
	_, werr := postpone(ctx, tx, j, at.UnixMilli(), reason(err))
	return retried, werr
}

const (
	firstPause = 15 * time.Second
	lastPause  = time.Hour
)

// backoff doubles from 15 seconds to an hour; up to a quarter more is added, so that jobs that failed together do not return together.
func backoff(attempt int) time.Duration {
	pause := time.Duration(math.Min(float64(firstPause)*math.Pow(2, float64(attempt-1)), float64(lastPause)))
	return pause + mrand.N(pause/4) //nolint:gosec // spreads retries, guards nothing
}

const maxReason = 1000

func reason(err error) string {
	s := []rune(err.Error())
	return string(s[:min(len(s), maxReason)])
}

// guard turns a panic of a worker into an error, so that one bad job does not stop the program.
func guard(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the worker panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return fn()
}

// keep renews a lease until stop is called, and cancels the work when the lease is lost or could not be renewed in time.
func (r *Runner) keep(ctx context.Context, cancel context.CancelCauseFunc, extend func(context.Context, *db.Tx, int64) (int64, error)) (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	until := r.db.Now().Add(leaseFor)
	go func() {
		defer close(gone)
		tick := time.NewTicker(renewAt)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				next, err := r.extend(ctx, extend)
				switch {
				case errors.Is(err, ErrLost):
					cancel(err)
					return
				case err == nil:
					until = next
				case r.db.Now().After(until):
					cancel(errLapsed)
					return
				}
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
	}
}

// extend renews a lease once and returns until when it holds.
func (r *Runner) extend(ctx context.Context, extend func(context.Context, *db.Tx, int64) (int64, error)) (until time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, renewAt)
	defer cancel()
	err = r.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		until = tx.Now().Add(leaseFor)
		n, err := extend(ctx, tx, until.UnixMilli())
		if err == nil && n == 0 {
			return ErrLost
		}
		return err
	})
	return until, err
}
