package account

import (
	"context"
	"fmt"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/task"
)

// reassigned is what the log says about all clients of a package.
type reassigned struct {
	Package string `audit:"show"`
	Clients int64  `audit:"show"`
}

// reassignment is what a task of the kind ReassignTask is told.
type reassignment struct{ From, To ids.Package }

// ReassignTask is the kind of the tasks that give the clients of a package another one.
const ReassignTask = "reassign_package"

// Reassign gives all clients that have a package made at the account another one, or with "" none, and tells the people of each. Up to
// MostAtOnce get it at once, all of them or none; more of them get it one after the other, by the task whose id is returned.
func (s *Service) Reassign(ctx context.Context, by authz.Actor, at ids.Account, from, to ids.Package) (id ids.Task, err error) {
	in := reassignment{from, to}
	err = s.op.Write(ctx, by, authz.PackagesAssign, at, func(ctx context.Context, w *op.W) error {
		id = ""
		old, next, err := in.packages(ctx, w)
		if err != nil {
			return err
		}
		n, err := countBuyers(ctx, w.Tx(), w.Scope(), from)
		if err != nil {
			return fmt.Errorf("count the clients of %s: %w", from, err)
		}
		if n == 0 {
			return w.Unchanged()
		}
		w.Audit(audit.Event{Action: "package.reassigned", TargetType: "package", TargetID: string(from), Target: old.Name, Before: reassigned{old.Name, n}, After: reassigned{next.Name, n}})
		if n > MostAtOnce {
			id, err = task.StartIn(ctx, w, task.New{Kind: ReassignTask, Perm: authz.PackagesAssign, Subject: old.Name, Args: in, Total: n})
			return err
		}
		if _, err := in.some(ctx, w, next, MostAtOnce, func() bool { return false }); err != nil {
			return err
		}
		_, err = replacePackage(ctx, w.Tx(), w.Scope(), from, next, true)
		return err
	})
	return id, err
}

// packages finds the package that clients lose, which is made where w is, and the one that they get.
func (in reassignment) packages(ctx context.Context, w *op.W) (old, next plan.Package, err error) {
	if old, err = plan.Made(ctx, w.Tx(), w.Scope(), in.From); err != nil {
		return old, next, err
	}
	if in.From == in.To {
		return old, next, errs.Field("to", "package.reassign_target", "Choose another package.")
	}
	if in.To != "" {
		next, err = plan.Find(ctx, w.Tx(), w.Scope(), in.To)
	}
	return old, next, errs.Under("to", err)
}

// some gives up to most open clients the package, until it has taken its time, and returns how many had it.
func (in reassignment) some(ctx context.Context, w *op.W, next plan.Package, most int, over func() bool) (n int64, err error) {
	clients, err := buyers(ctx, w.Tx(), w.Scope(), in.From, most)
	if err != nil {
		return 0, fmt.Errorf("list the clients of %s: %w", in.From, err)
	}
	for _, id := range clients {
		err := w.On(ctx, authz.PackagesAssign, id, func(ctx context.Context, w *op.W) error {
			old, err := get(ctx, w.Tx(), w.Scope(), id)
			if err != nil {
				return err
			}
			return giveIn(ctx, w, old, next)
		})
		if err != nil {
			return n, err
		}
		if n++; over() {
			break
		}
	}
	return n, nil
}

// reassignByTask gives clients another package in short writes. Whoever has got it has left the list of those that have the old one, so that
// it goes on after a crash with who is left, and ends when nobody is.
func (s *Service) reassignByTask(ctx context.Context, r *task.Run) (task.End, error) {
	var in reassignment
	if err := r.Args(&in); err != nil {
		return task.End{}, err
	}
	for {
		var step task.Step
		var n int64
		err := s.op.Write(ctx, r.By, authz.PackagesAssign, r.Account, func(ctx context.Context, w *op.W) (err error) {
			taken := clock.Stopwatch()
			portion, err := w.Tx().Bulk(ctx)
			if err != nil {
				return err
			}
			_, next, err := in.packages(ctx, w)
			if err != nil {
				return err
			}
			if n, err = in.some(ctx, w, next, portion.Rows, func() bool { return taken() >= portion.For }); err != nil {
				return err
			}
			if n == 0 {
				return in.last(ctx, w, next)
			}
			step = task.Step{Done: r.Done + n, Total: max(r.Total, r.Done+n)}
			return r.SaveIn(ctx, w.Tx(), step)
		})
		if err != nil || n == 0 {
			return task.End{State: task.Done}, err
		}
		r.Saved(step)
	}
}

// last gives closed clients the package, of which nobody is told.
func (in reassignment) last(ctx context.Context, w *op.W, next plan.Package) error {
	n, err := replacePackage(ctx, w.Tx(), w.Scope(), in.From, next, true)
	if err != nil {
		return fmt.Errorf("give the closed clients of %s another package: %w", in.From, err)
	}
	if n == 0 {
		return w.Unchanged()
	}
	w.Audit(audit.Event{Action: "package.reassigned", TargetType: "package", TargetID: string(in.From), Target: next.Name, After: reassigned{next.Name, n}})
	return nil
}
