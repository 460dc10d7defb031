package usage

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/jobs"
	"bailiwick/internal/quota"
)

// How long what is kept: an hourly chart reaches two months back, in which a bill is questioned; days two years, so that a month
// can be laid beside that of the year before. Months stay.
const (
	keepHours = 62 * 24 // hours
	keepDays  = 800     // days

	foldEvery   = 10 * time.Minute
	forgetEvery = time.Hour
	foldAtOnce  = 400
	forgetChunk = 500

	// settled is how many hours ago an hour lies that no reserve can return units to any more.
	settled = int64(quota.LongestHold/time.Hour) + 2
)

// RegisterJobs lists the periodic work on what was sent.
func RegisterJobs(w *jobs.Workers, d *db.DB, watcher *Watcher) {
	w.Periodic("usage.fold", foldEvery, func(ctx context.Context) error { return Fold(ctx, d) })
	w.Periodic("usage.forget", forgetEvery, func(ctx context.Context) error { return Forget(ctx, d) })
	w.Periodic("usage.watch", watchEvery, watcher.Watch)
	w.Periodic("usage.forget_alerts", forgetEvery, watcher.Forget)
}

// Fold adds hours that cannot change any more to the sums of their day and month, each once: how far it has come is written in
// the transaction that adds.
func Fold(ctx context.Context, d *db.DB) error {
	for n := foldAtOnce; n == foldAtOnce; {
		err := d.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = fold(ctx, tx)
			return err
		})
		if err != nil {
			return fmt.Errorf("fold what was sent: %w", err)
		}
	}
	return nil
}

// fold folds some rows of the journal and says how many.
func fold(ctx context.Context, tx *db.Tx) (int, error) {
	mark, err := lockFolded(ctx, tx)
	if err != nil {
		return 0, err
	}
	// What a lease has spent is noted in the hour it was taken in, however late it returns.
	before, err := oldestLease(ctx, tx)
	if err != nil {
		return 0, err
	}
	rows, err := journal(ctx, tx, mark, min(before, tx.Now().Unix()/3600-settled), foldAtOnce)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	sums := map[summed]amount{}
	for _, r := range rows {
		for _, k := range []summed{{r.counter, quota.Day.String(), r.day}, {r.counter, quota.Month.String(), monthOf(r.day)}} {
			sums[k] = sums[k].plus(amount{r.units, r.over})
		}
	}
	if err := add(ctx, tx, sums); err != nil {
		return 0, err
	}
	return len(rows), setFolded(ctx, tx, rows[len(rows)-1])
}

// Forget deletes hours and days that are kept no longer. Hours that are not folded stay.
func Forget(ctx context.Context, d *db.DB) error {
	now := d.Now().Unix()
	for _, forget := range []func(context.Context, *db.Tx) (int64, error){
		func(ctx context.Context, tx *db.Tx) (int64, error) { return forgetHours(ctx, tx, now/3600-keepHours) },
		func(ctx context.Context, tx *db.Tx) (int64, error) {
			return forgetDays(ctx, tx, now/daySeconds-keepDays)
		},
	} {
		for n := int64(forgetChunk); n == forgetChunk; {
			err := d.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				n, err = forget(ctx, tx)
				return err
			})
			if err != nil {
				return fmt.Errorf("forget what was sent long ago: %w", err)
			}
		}
	}
	return nil
}
