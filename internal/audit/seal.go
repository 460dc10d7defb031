package audit

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

const (
	sealEvery  = 200 * time.Millisecond
	sealChunk  = 200 // small, so that the writer is never held for long
	lastSeal   = 5 * time.Second
	lateSeal   = 10 * time.Second
	verifyStep = 1000
)

// Sealer numbers and hashes recorded events. Every process may run one; they wait for each other.
type Sealer struct {
	db  *db.DB
	log *slog.Logger
}

// NewSealer makes a Sealer.
func NewSealer(d *db.DB, log *slog.Logger) *Sealer { return &Sealer{d, log} }

// Run seals until ctx ends, and then what is left.
func (s *Sealer) Run(ctx context.Context) error {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSeal)
			defer cancel()
			_, err := s.SealOnce(last)
			return err
		case <-tick.C:
			if _, err := s.SealOnce(ctx); err != nil && ctx.Err() == nil {
				s.log.ErrorContext(ctx, "audit events could not be sealed", "error", err)
			}
		}
	}
}

// SealOnce seals everything recorded so far and returns how many events that were.
func (s *Sealer) SealOnce(ctx context.Context) (int, error) {
	total := 0
	for {
		waiting, err := anyUnsealed(ctx, s.db)
		if err != nil {
			return total, fmt.Errorf("look for unsealed events: %w", err)
		}
		if !waiting {
			return total, nil
		}
		n := 0
		err = s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
			var err error
			n, err = sealSome(ctx, tx)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("seal events: %w", err)
		}
		if n == 0 { // another sealer was faster
			return total, nil
		}
		total += n
	}
}

// Backlog returns how many events wait to be sealed and how long the oldest has waited.
func (s *Sealer) Backlog(ctx context.Context) (int, time.Duration, error) {
	n, oldest, err := backlog(ctx, s.db)
	if err != nil {
		return 0, 0, fmt.Errorf("count unsealed events: %w", err)
	}
	if n == 0 {
		return 0, 0, nil
	}
	return n, max(0, s.db.Now().Sub(time.UnixMilli(oldest))), nil
}

// sealSome seals up to sealChunk events. The lease row makes sealers take turns: the next one reads after this one's commit.
func sealSome(ctx context.Context, tx *db.Tx) (int, error) {
	if err := takeTurn(ctx, tx); err != nil {
		return 0, err
	}
	events, err := unsealed(ctx, tx)
	if err != nil {
		return 0, err
	}
	if len(events) == 0 {
		return 0, nil
	}
	if _, err := tx.Bulk(ctx); err != nil {
		return 0, err
	}
	last, err := heads(ctx, tx, accountsOf(events))
	if err != nil {
		return 0, err
	}
	seals := make([]newSeal, 0, len(events))
	for _, e := range events {
		h := last[e.Account]
		h = head{h.seq + 1, e.seal(h.hash, h.seq+1, tx.Ms())}
		seals = append(seals, newSeal{e.Account, e.ID, h})
		last[e.Account] = h
	}
	if err := insertSeals(ctx, tx, seals); err != nil {
		return 0, err
	}
	return len(events), deleteUnsealed(ctx, tx, events)
}

// accountsOf lists the accounts of events, which are in their order, each once.
func accountsOf(events []event) (out []ids.Account) {
	for _, e := range events {
		if len(out) == 0 || out[len(out)-1] != e.Account {
			out = append(out, e.Account)
		}
	}
	return out
}
