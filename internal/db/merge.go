package db

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// SQLite keeps what the middles of texts are found by in parts, one more for each write, and merges them from time to time. Left to
// itself it has whoever writes then do that, at once, which keeps all others from writing for several times as long as a write.
const (
	mergeEvery = 100 * time.Millisecond
	mergePages = 16 // of 4 KiB, in one go
)

// Merge merges the parts of the indexes of search tables, a little at a time between those who write, until ctx ends.
func (d *DB) Merge(ctx context.Context, log *slog.Logger, tables ...string) error {
	if d.dialect != SQLite {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(mergeEvery)
	defer tick.Stop()
	for seen := int64(-1); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			n := d.writes.Load()
			if n == seen {
				continue
			}
			seen = n
			for _, table := range tables {
				if err := d.mergeAll(ctx, table); err != nil && ctx.Err() == nil {
					log.ErrorContext(ctx, "the index of a search table could not be merged", "table", table, "error", err)
				}
			}
		}
	}
}

func (d *DB) mergeAll(ctx context.Context, table string) error {
	for more := true; more; {
		_, err := d.retried(ctx, merging, nil, func(ctx context.Context, tx *Tx) (err error) {
			more, err = mergeSome(ctx, tx, table)
			return err
		})
		if err != nil {
			return fmt.Errorf("merge the index of %s: %w", table, err)
		}
	}
	return nil
}

// mergeSome reports whether there was something to merge.
func mergeSome(ctx context.Context, tx *Tx, table string) (bool, error) {
	before, err := One(ctx, tx, Value[int64], "SELECT total_changes()")
	if err != nil {
		return false, err
	}
	index := table + "_trigrams"
	if _, err := tx.Exec(ctx, "INSERT INTO "+index+" ("+index+", rank) VALUES ('merge', ?)", mergePages); err != nil {
		return false, err
	}
	after, err := One(ctx, tx, Value[int64], "SELECT total_changes()")
	return after-before > 1, err // the statement itself is one
}
