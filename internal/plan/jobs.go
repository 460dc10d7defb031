package plan

import (
	"context"
	"errors"
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
	var failed []error
	for after := ids.Account(""); ; {
		over, err := ended(ctx, d, s.now(), after)
		if err != nil {
			return err
		}
		for _, id := range over {
			by := jobs.Actor("package_override_end", id, authz.AccountView)
			err := s.op.Write(ctx, by, authz.AccountView, id, s.endIn)
			if err != nil && errs.KindOf(err) != errs.NotFound && !op.IsMoving(err) {
				failed = append(failed, fmt.Errorf("end the overrides of %s: %w", id, err))
			}
		}
		if len(over) < endAtOnce || ctx.Err() != nil {
			return errors.Join(append(failed, ctx.Err())...)
		}
		after = over[len(over)-1]
	}
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
