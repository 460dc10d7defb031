package account

import (
	"context"
	"errors"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/task"
)

// MoveLimits say how many accounts move in which way.
type MoveLimits struct {
	AtOnce int // up to so many move within the request
	ByTask int // up to so many by a task; more by the operator's command line
}

var usualMoves = MoveLimits{AtOnce: 5000, ByTask: 50_000}

// MoveWay is how a move is carried out.
type MoveWay string

// The ways. While ByTask and OnServer are at work, everything below is kept still: it can be read and not written.
const (
	AtOnce   MoveWay = "at_once"
	ByTask   MoveWay = "by_task"
	OnServer MoveWay = "on_server" // by the operator's command line
)

func (l MoveLimits) way(accounts int) MoveWay {
	switch {
	case accounts <= l.AtOnce:
		return AtOnce
	case accounts <= l.ByTask:
		return ByTask
	}
	return OnServer
}

// perSecond is how many accounts a slow machine moves in a second.
const perSecond = 3000

func takes(accounts int) time.Duration {
	return time.Duration(1+accounts/perSecond) * time.Second
}

// stillFor is how long an account is kept still for a move at most: who moves it renews that, or has disappeared.
func stillFor(expected time.Duration) time.Duration { return 2*time.Minute + 3*expected }

// MoveTask is the kind of the tasks that move accounts.
const MoveTask = "move_account"

// MoveExpected is what a task of the kind MoveTask knows: how long its move takes once it is at work.
type MoveExpected struct{ Seconds int }

// begin starts the task that moves the account that w is on.
func (p intended) begin(ctx context.Context, w *op.W, in MoveInput) (ids.Task, error) {
	if w.By().Kind() == authz.Key {
		return "", errs.New(errs.Conflict, "account.move_in_person", "Sign in to the portal to move it. {count} accounts move by a task, and a key moves only what moves at once.", "count", p.Accounts)
	}
	w.Audit(p.log("account.move_begun", p.account))
	return task.StartIn(ctx, w, task.New{Kind: MoveTask, Perm: p.account.Kind.Perm(move), Subject: p.account.Name, Args: in, Total: int64(p.Accounts)})
}

// TaskKinds are what the tasks of accounts do.
func TaskKinds(s *Service) []task.Kind {
	return []task.Kind{{Name: MoveTask, Run: s.moveByTask}, {Name: ReassignTask, Run: s.reassignByTask}}
}

// moveByTask keeps the account still and moves it in one transaction, which also ends the task and lets the account go.
func (s *Service) moveByTask(ctx context.Context, r *task.Run) (task.End, error) {
	var in MoveInput
	if err := r.Args(&in); err != nil {
		return task.End{}, err
	}
	kind, err := s.kindOf(ctx, r.By, r.Account)
	if err != nil {
		return task.End{}, err
	}
	expected := takes(int(r.Total))
	step := task.Step{Position: "still", Total: r.Total, Summary: MoveExpected{int(expected.Seconds())}}
	err = r.Save(ctx, step, func(ctx context.Context, tx *db.Tx) error {
		return keepStill(ctx, tx, r.Account, r.ID, tx.Now().Add(stillFor(expected)))
	})
	if err != nil {
		return task.End{}, err
	}
	there := false // already
	err = s.op.WriteStill(ctx, r.By, kind.Perm(move), r.Account, func(ctx context.Context, w *op.W) error {
		a, err := get(ctx, w.Tx(), w.Scope(), r.Account)
		if err != nil {
			return err
		}
		if there = a.Parent == in.To; there {
			return w.Unchanged()
		}
		if err := s.moveStill(ctx, w, kind, in, r.ID); err != nil {
			return err
		}
		return r.EndIn(ctx, w.Tx(), task.End{State: task.Done})
	})
	switch {
	case op.IsMoving(err):
		return task.End{}, errMovesMeet()
	case err == nil && there:
		return task.End{State: task.Done}, nil
	}
	return task.End{}, err
}

// moveStill moves the account that w is on, which is kept still, and lets it go.
func (s *Service) moveStill(ctx context.Context, w *op.W, kind Kind, in MoveInput, by ids.Task) error {
	m, err := s.planIn(ctx, w, kind, in)
	if err != nil {
		return err
	}
	if err := m.carryOut(ctx, w, in); err != nil {
		return err
	}
	return letGo(ctx, w.Tx(), m.account.ID, by)
}

func errMovesMeet() error {
	return errs.New(errs.Conflict, "account.moves_meet", "Wait until the other move is done, then start this one again. Another account that it touches is being moved.")
}

// moveOnServer moves any number of accounts, for the operator's command line. The account is kept still until an instant, so that it is
// free again when the program is killed.
func (s *Service) moveOnServer(ctx context.Context, by authz.Actor, kind Kind, id ids.Account, in MoveInput) error {
	p, err := s.PreviewMove(ctx, by, id, in.To)
	if err != nil {
		return err
	}
	if err := p.possible(in); err != nil {
		return err
	}
	err = s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		return keepStill(ctx, tx, id, "", tx.Now().Add(stillFor(p.Takes)))
	})
	if err != nil {
		return err
	}
	err = s.op.WriteStill(ctx, by, kind.Perm(move), id, func(ctx context.Context, w *op.W) error { return s.moveStill(ctx, w, kind, in, "") })
	if op.IsMoving(err) {
		err = errMovesMeet()
	}
	// A move that failed or found nothing to do was rolled back with what let the account go.
	return errors.Join(err, s.op.Batch(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error { return letGo(ctx, tx, id, "") }))
}
