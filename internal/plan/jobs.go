package plan

import (
	"context"
	"fmt"
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

// RegisterJobs lists the periodic work of packages.
func RegisterJobs(w *jobs.Workers, s *Service, d *db.DB) {
	w.Periodic("package.override_end", endEvery, func(ctx context.Context) error { return EndOverrides(ctx, s, d) })
}

// EndOverrides clears away the overrides whose last day is over, and says so in the log. They are out of force before it comes by.
func EndOverrides(ctx context.Context, s *Service, d *db.DB) error {
	return jobs.Walk(ctx, endAtOnce, func(after ids.Account) ([]ids.Account, error) { return ended(ctx, d, s.now(), after) }, func(id ids.Account) error {
		err := s.op.Write(ctx, jobs.Actor("package_override_end", id, authz.AccountView), authz.AccountView, id, s.endIn)
		if err != nil && errs.KindOf(err) != errs.NotFound && !op.IsMoving(err) {
			return fmt.Errorf("end the overrides of %s: %w", id, err)
		}
		return nil
	})
}

func (s *Service) endIn(ctx context.Context, w *op.W) error {
	all, err := overrides(ctx, w.Tx(), w.Scope(), time.UnixMilli(0))
	if err != nil {
		return err
	}
	live, err := overrides(ctx, w.Tx(), w.Scope(), w.Tx().Now())
	if err != nil {
		return err
	}
	any := false
	for _, term := range AllTerms() {
		o, there := all[term]
		if _, lives := live[term]; !there || lives {
			continue
		}
		any = true
		if err := putOverride(ctx, w.Tx(), w.Scope(), Override{Term: term, Reset: true}, 0); err != nil {
			return err
		}
		w.Audit(audit.Event{Action: "package.override_ended", TargetType: "account", TargetID: string(w.Scope().Account()), Target: w.Scope().Name(),
			Before: change{string(term), o.amount, o.lastDay}})
	}
	if !any {
		return w.Unchanged()
	}
	return nil
}
