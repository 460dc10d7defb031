package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/op"
)

const (
	endsEvery  = 10 * time.Minute
	endsAtOnce = 200
)

// RegisterJobs lists the periodic work of accounts.
func RegisterJobs(w *jobs.Workers, s *Service, d *db.DB) {
	w.Periodic("account.membership_end", endsEvery, func(ctx context.Context) error { return CheckEnds(ctx, s, d) })
	w.Periodic("account.erase", eraseEvery, func(ctx context.Context) error { return EraseClosed(ctx, s, d) })
}

// CheckEnds does what is due for every membership: reminders, notices of grace, and the hold at its end.
func CheckEnds(ctx context.Context, s *Service, d *db.DB) error {
	root, err := Root(ctx, d)
	if err != nil || root == "" {
		return err
	}
	q, sc, err := s.op.Read(ctx, jobs.Actor("membership_end", root, authz.AccountView), authz.AccountView, root)
	if err != nil {
		return err
	}
	ahead, err := longestReminder(ctx, q, sc)
	if err != nil {
		return err
	}
	until := DateIn(s.now(), time.UTC).Plus(ahead + 1) // somewhere it is tomorrow already
	return jobs.Walk(ctx, endsAtOnce, func(after ending) ([]ending, error) { return endings(ctx, q, sc, until, after, endsAtOnce) }, func(e ending) error {
		if err := s.checkEnd(ctx, e.id); err != nil {
			return fmt.Errorf("membership of %s: %w", e.id, err)
		}
		return nil
	})
}

// checkEnd looks first and writes only when a step is due, so that the many that are not cost no write.
func (s *Service) checkEnd(ctx context.Context, id ids.Account) error {
	by := jobs.Actor("membership_end", id, authz.AccountView)
	q, sc, err := s.op.Read(ctx, by, authz.AccountView, id)
	if errs.KindOf(err) == errs.NotFound {
		return nil // gone since
	}
	if err != nil {
		return err
	}
	a, err := get(ctx, q, sc, id)
	if err != nil {
		return err
	}
	st, err := s.stageOf(ctx, q, sc, a)
	if err != nil || st.Step == "" {
		return err
	}
	done, err := stepDone(ctx, q, sc, a, st.Step)
	if err != nil || done && st.Phase != Ended {
		return err
	}
	if err = s.op.Write(ctx, by, authz.AccountView, id, s.reach); op.IsMoving(err) {
		return nil // the next round finds it
	}
	return err
}

// ending is a place in the walk over memberships by end date.
type ending struct {
	end Date
	id  ids.Account
}

// longestReminder is how many days ahead anybody is reminded.
func longestReminder(ctx context.Context, q db.Queryer, sc authz.Scope) (int, error) {
	all, err := reminderSettings(ctx, q, sc)
	if err != nil {
		return 0, err
	}
	longest := slices.Max(ReminderDays.Default)
	for _, days := range all {
		for _, n := range days {
			longest = max(longest, n)
		}
	}
	return longest, nil
}
