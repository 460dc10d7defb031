package audit

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

const (
	trimLook  = 500 // old events looked at at once
	trimChunk = 100 // events deleted in one transaction: the writer is held for a moment only
)

// Trim deletes the events from before an instant, oldest first, and returns how many. Of each chain it takes the beginning
// and keeps a checkpoint of the last number and hash, from which Verify goes on. An event is kept while one before it in
// its chain is younger.
func Trim(ctx context.Context, d *db.DB, before time.Time) (deleted int, err error) {
	for after := (Cursor{}); ; {
		old, err := oldest(ctx, d, after, before.UnixMilli(), trimLook)
		if err != nil {
			return deleted, fmt.Errorf("look for old events: %w", err)
		}
		done := map[ids.Account]bool{}
		for _, o := range old {
			after = o.Cursor
			if done[o.account] {
				continue
			}
			done[o.account] = true
			n, err := trimAccount(ctx, d, o.account, before.UnixMilli())
			if deleted += n; err != nil {
				return deleted, fmt.Errorf("delete old events of %s: %w", o.account, err)
			}
		}
		if len(old) < trimLook || ctx.Err() != nil {
			return deleted, ctx.Err()
		}
	}
}

func trimAccount(ctx context.Context, d *db.DB, account ids.Account, before int64) (deleted int, err error) {
	for {
		n := 0
		err := d.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
			start, err := startOf(ctx, tx, account)
			if err != nil {
				return err
			}
			links, err := firstLinks(ctx, tx, account, trimChunk)
			if err != nil {
				return err
			}
			n = 0
			for n < len(links) && links[n].at < before {
				n++
			}
			if n == 0 {
				return nil
			}
			return cutOff(ctx, tx, account, links[:n], start.deleted+int64(n))
		})
		if deleted += n; err != nil || n < trimChunk {
			return deleted, err
		}
	}
}
