package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/db"
)

const (
	lookEvery  = time.Second
	afterError = time.Minute // a periodic job that failed is tried again this much later, if its interval is longer
)

// periodic lists the periodic jobs with the queue's own.
func (r *Runner) periodic() []periodic {
	return append([]periodic{{"jobs.sweep", time.Hour, r.sweep}}, r.workers.periodic...)
}

// repeat takes every turn of one periodic job until ctx ends.
func (r *Runner) repeat(ctx, work context.Context, p periodic) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var next time.Time
	for ctx.Err() == nil {
		if !r.db.Now().Before(next) {
			var err error
			if next, err = r.takeTurn(ctx, work, p); err != nil && ctx.Err() == nil {
				r.log.ErrorContext(ctx, "a periodic job could not be started", "name", p.name, "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// takeTurn runs p if it is due and nobody else runs it. It returns when to look again.
func (r *Runner) takeTurn(ctx, work context.Context, p periodic) (time.Time, error) {
	t, err := readTurn(ctx, r.db, p.name)
	if err != nil {
		return time.Time{}, fmt.Errorf("look for %s: %w", p.name, err)
	}
	started := r.db.Now()
	if again := time.UnixMilli(max(t.until, t.next)); again.After(started) {
		return earlier(again, started.Add(leaseFor)), nil
	}
	got := false
	err = r.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		got, err = takeTurn(ctx, tx, p.name, r.owner, tx.Now().Add(leaseFor).UnixMilli())
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("take the turn of %s: %w", p.name, err)
	}
	if !got {
		return time.Time{}, nil
	}
	return r.runTurn(work, p, started)
}

func (r *Runner) runTurn(ctx context.Context, p periodic, started time.Time) (time.Time, error) {
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := r.keep(run, cancel, func(ctx context.Context, tx *db.Tx, until int64) (int64, error) {
		return renewTurn(ctx, tx, p.name, r.owner, until)
	})
	err := guard(func() error { return p.run(run) })
	stop()
	next := started.Add(p.every)
	if err != nil {
		next = earlier(next, started.Add(afterError))
		r.log.ErrorContext(ctx, "a periodic job failed", "name", p.name, "error", err, "again", next)
	}
	if errors.Is(context.Cause(run), ErrLost) {
		return next, nil
	}
	end, done := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer done()
	if err := r.db.Batch(end, func(ctx context.Context, tx *db.Tx) error {
		_, err := endTurn(ctx, tx, p.name, r.owner, next.UnixMilli())
		return err
	}); err != nil {
		return next, fmt.Errorf("end the turn of %s: %w", p.name, err)
	}
	return next, nil
}

// sweep deletes jobs that ended long ago, in small pieces.
func (r *Runner) sweep(ctx context.Context) error {
	now := r.db.Now()
	for state, before := range map[string]time.Time{"done": now.Add(-keepDone), "dead": now.Add(-keepDead)} {
		for n := int64(sweepSize); n == sweepSize; {
			if err := r.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				n, err = sweep(ctx, tx, state, before.UnixMilli())
				return err
			}); err != nil {
				return fmt.Errorf("delete old %s jobs: %w", state, err)
			}
		}
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
