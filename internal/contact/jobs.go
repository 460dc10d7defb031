package contact

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/jobs"
)

// KeepRemoved is how long the messages that a removed contact has got let it unsubscribe. Its address is kept for that, and nothing else of it.
const KeepRemoved = 180 * 24 * time.Hour

const (
	forgetEvery = 24 * time.Hour
	forgetChunk = 500
)

// RegisterJobs lists the periodic work of the service.
func RegisterJobs(w *jobs.Workers, s *Service) {
	w.Periodic("contact.forget", forgetEvery, func(ctx context.Context) error { return Forget(ctx, s) })
}

// Forget deletes the addresses of contacts that were removed long ago, in small pieces.
func Forget(ctx context.Context, s *Service) error {
	before := s.DB.Now().Add(-KeepRemoved).UnixMilli()
	for n := int64(forgetChunk); n == forgetChunk; {
		err := s.Ops.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = forgetRemoved(ctx, tx, before, forgetChunk)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget contacts that were removed: %w", err)
		}
	}
	return nil
}
