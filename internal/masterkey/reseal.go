package masterkey

import (
	"context"
	"errors"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/jobs"
	"bailiwick/internal/secret"
)

const (
	resealEvery = time.Hour
	resealSome  = 8 // parts of files are large, and a write is short
)

// RegisterJobs lists the background work.
func RegisterJobs(w *jobs.Workers, k *Keeper) { w.Periodic("master_key.reseal", resealEvery, k.Reseal) }

// Reseal seals anew, with the key that seals now, what lies under older ones. It goes on from wherever it was stopped, for what
// was done lies under an older key no more.
func (k *Keeper) Reseal(ctx context.Context) error {
	var failed []error
	for _, older := range k.box.Older() {
		for _, c := range []Column{k.all.Authenticators, k.all.Files, k.all.Captured} {
			failed = append(failed, jobs.Pages(ctx, resealSome,
				func(after secret.Stored) ([]secret.Stored, error) {
					return c.SealedUnder(ctx, older, after, resealSome)
				},
				func(page []secret.Stored) error { return k.anew(ctx, c, page) }))
		}
	}
	return errors.Join(failed...)
}

// anew seals some values in one write. What does not open now will not do so later either: it is told of and left as it is.
func (k *Keeper) anew(ctx context.Context, c Column, page []secret.Stored) error {
	fresh := make([][]byte, len(page))
	for i, v := range page {
		var err error
		if fresh[i], err = k.box.Anew(v); err != nil {
			k.log.ErrorContext(ctx, "a stored value could not be sealed anew", "what", v.Purpose, "of", v.Subject, "error", err)
		}
	}
	return k.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		for i, v := range page {
			if fresh[i] == nil {
				continue
			}
			if err := c.ReplaceSealed(ctx, tx, v, fresh[i]); err != nil {
				return err
			}
		}
		return nil
	})
}
