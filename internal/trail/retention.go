package trail

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
	"bailiwick/internal/setting"
)

// RetentionDays is how long events are kept, on the whole installation: only the platform's own value counts.
var RetentionDays = setting.Key[int]{Name: "audit.retention_days", Default: 400, Merge: setting.Override[int], Check: retentionDays}

// The shortest and longest time to keep events, in days.
const (
	LeastDays = 30
	MostDays  = 3650
)

func retentionDays(n int) error {
	if n < LeastDays || n > MostDays {
		return errs.Field("days", "audit.retention_range", "Write a number of days from {low} to {high}.", "low", LeastDays, "high", MostDays)
	}
	return nil
}

const trimEvery = 24 * time.Hour

// RegisterJobs lists the periodic work of the audit log.
func RegisterJobs(w *jobs.Workers, s *Service, d *db.DB) {
	w.Periodic("audit.retention", trimEvery, func(ctx context.Context) error { return s.trim(ctx, d) })
}

// Retention returns for how many days events are kept. Whoever may read the log may know.
func (s *Service) Retention(ctx context.Context, by authz.Actor, account ids.Account) (days int, err error) {
	q, sc, err := s.op.Read(ctx, by, authz.AuditView, account)
	if err != nil {
		return 0, err
	}
	return setting.Enforced(ctx, q, sc.Chain()[0], RetentionDays)
}

// SetRetention changes for how many days events are kept. It is the Owner's of the platform: less time destroys evidence.
func (s *Service) SetRetention(ctx context.Context, by authz.Actor, platform ids.Account, days int) error {
	return s.op.Write(ctx, by, authz.AccountTransfer, platform, func(ctx context.Context, w *op.W) error {
		if w.Scope().Kind() != "platform" {
			return errs.New(errs.Denied, "audit.retention_denied", "Ask an Owner of the platform. Only they decide how long the log is kept.")
		}
		c, err := setting.Set(ctx, w.Tx(), w.Scope(), RetentionDays, days, false)
		if err != nil {
			return err
		}
		if c.Nothing() {
			return w.Unchanged()
		}
		w.Audit(audit.Event{Action: "audit.retention_changed", TargetType: "account", TargetID: string(platform), Target: w.Scope().Name(), Before: c.Before, After: c.After})
		return nil
	})
}

// trimmed is what the log says about what was deleted from it.
type trimmed struct {
	Before string `audit:"show"`
	Events int    `audit:"show"`
}

// trim deletes the events that were kept long enough, and records how many.
func (s *Service) trim(ctx context.Context, d *db.DB) error {
	root, err := rootOf(ctx, d)
	if err != nil || root == "" {
		return err
	}
	days, err := setting.Enforced(ctx, d, root, RetentionDays)
	if err != nil {
		return fmt.Errorf("read how long events are kept: %w", err)
	}
	before := d.Now().AddDate(0, 0, -days)
	n, err := audit.Trim(ctx, d, before)
	if n == 0 {
		return err
	}
	werr := s.op.Write(ctx, jobs.Actor("audit.retention", root, authz.AuditView), authz.AuditView, root, func(_ context.Context, w *op.W) error {
		w.Audit(audit.Event{Action: "audit.trimmed", TargetType: "account", TargetID: string(root), Target: w.Scope().Name(), After: trimmed{day(before), n}})
		return nil
	})
	if err == nil {
		err = werr
	}
	return err
}
