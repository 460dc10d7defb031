package quota

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/op"
)

const (
	endEvery  = 10 * time.Minute
	endAtOnce = 200
)

// RegisterJobs lists the periodic work of limits.
func RegisterJobs(w *jobs.Workers, s *Service, d *db.DB) {
	w.Periodic("quota.limits_end", endEvery, func(ctx context.Context) error { return EndLimits(ctx, s, d) })
}

// EndLimits clears away the limits whose last day is over, and says so in the log. They are out of force before it comes by.
func EndLimits(ctx context.Context, s *Service, d *db.DB) error {
	return jobs.Walk(ctx, endAtOnce, func(after ids.Account) ([]ids.Account, error) { return ended(ctx, d, s.engine.clock(), after) }, func(id ids.Account) error {
		err := s.op.Write(ctx, jobs.Actor("quota_limits_end", id, authz.AccountView), authz.AccountView, id, endIn)
		if err != nil && errs.KindOf(err) != errs.NotFound && !op.IsMoving(err) {
			return fmt.Errorf("end the limits of %s: %w", id, err)
		}
		return nil
	})
}

// endIn clears away what has ended of the limits of the account that w is on, and of its sub-accounts and people.
func endIn(ctx context.Context, w *op.W) error {
	over, err := endedHere(ctx, w.Tx(), w.Scope())
	if err != nil || len(over) == 0 {
		return orUnchanged(w, err)
	}
	var subjects []string
	bySubject := map[string][]Set{}
	for _, l := range over {
		if err := removeLimit(ctx, w.Tx(), w.Scope(), l); err != nil {
			return err
		}
		subjects = append(subjects, l.subject)
		bySubject[l.subject] = append(bySubject[l.subject], Set{Limit: l.Limit, Channel: l.channel, Window: l.window, Ends: l.ends})
	}
	slices.Sort(subjects)
	subjects = slices.Compact(subjects)
	found, err := gauged(ctx, w.Tx(), subjects)
	if err != nil {
		return err
	}
	for _, g := range found {
		w.Audit(audit.Event{Action: ActionEnded, TargetType: targetType(g.Kind), TargetID: g.Subject, Target: g.Name, Before: record(bySubject[g.Subject])})
	}
	return nil
}

func orUnchanged(w *op.W, err error) error {
	if err != nil {
		return err
	}
	return w.Unchanged()
}
