package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/notice"
	"bailiwick/internal/op"
)

// Kind is one kind of task and the function that does its work. The function is called again after a crash and starts
// where the task's position says.
type Kind struct {
	Name string
	Run  func(ctx context.Context, r *Run) (End, error)
}

// End is how a task's function ends when nothing went wrong: in Done or Confirm. The zero End says that EndIn has ended it.
type End struct {
	State   State
	Result  ids.File // "" for none
	Summary any      // what is shown; JSON
}

// Run is a task at work.
type Run struct {
	Task
	By    authz.Actor // whoever asked, with what they may do now
	Files *file.Store
	s     *Service
}

// Position is where to go on, "" at the beginning.
func (r *Run) Position() string { return r.position }

// Step is how far a task is.
type Step struct {
	Position string
	Done     int64
	Total    int64
	Summary  any // nil leaves it as it is
}

// errOver says that the task was cancelled, or that another worker has it.
var errOver = errors.New("the task is not this worker's any more")

// SaveIn keeps the progress in the transaction that made it. It fails when the task was cancelled or is another worker's, or when the
// key that it works for is not in force, and nothing of the transaction counts then.
func (r *Run) SaveIn(ctx context.Context, tx *db.Tx, st Step) error {
	if err := r.recognise(ctx, tx); err != nil {
		return err
	}
	summary := r.summary
	if st.Summary != nil {
		text, err := json.Marshal(st.Summary)
		if err != nil {
			return fmt.Errorf("write the summary of %s: %w", r.ID, err)
		}
		summary = string(text)
	}
	return orOver(save(ctx, tx, r.ID, r.attempt, st, summary))
}

// recognise finds as whom the task acts, by what q sees. A key that is not in force any more is an error that ends it.
func (r *Run) recognise(ctx context.Context, q db.Queryer) error {
	if r.Key == "" {
		r.By = jobs.OnBehalf(ids.User(r.Owner), r.OwnerName, r.Account)
		return nil
	}
	by, err := r.s.keys(ctx, q, r.Key)
	switch {
	case errs.KindOf(err) == errs.Unauthenticated || err == nil && by.ID() != r.Owner:
		return errs.New(errs.Denied, "task.key_gone", "Start it again with a key that is in force. The one that started it was revoked or has expired, or its owner has left the account.")
	case err != nil:
		return fmt.Errorf("look for whom %s is done: %w", r.ID, err)
	}
	r.By = by
	return nil
}

// plainly is why a task ends, when that is that whoever asked for it has left.
func (r *Run) plainly(ctx context.Context, err error) error {
	if errs.CodeOf(err) != "account.not_found" {
		return err
	}
	if gone := r.recognise(ctx, r.s.db); gone != nil {
		return gone
	}
	return errs.New(errs.Denied, "task.owner_gone", "Start it again as somebody who belongs to the account. Whoever started it does not any more, or the account was closed.")
}

// Saved takes over a step that was committed.
func (r *Run) Saved(st Step) { r.position, r.Done, r.Total = st.Position, st.Done, st.Total }

// Save keeps progress that stands by itself, with a part of a file that was written for it.
func (r *Run) Save(ctx context.Context, st Step, also func(ctx context.Context, tx *db.Tx) error) error {
	err := r.s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		if also != nil {
			if err := also(ctx, tx); err != nil {
				return err
			}
		}
		return r.SaveIn(ctx, tx, st)
	})
	if err == nil {
		r.Saved(st)
	}
	return err
}

// EndIn ends the task in the transaction that made its last step, so that neither is without the other. It fails as SaveIn does.
func (r *Run) EndIn(ctx context.Context, tx *db.Tx, e End) error {
	if err := r.recognise(ctx, tx); err != nil {
		return err
	}
	return r.finish(ctx, tx, e, r.summary, "")
}

// finish ends the task and tells whoever asked for it, if that is a person.
func (r *Run) finish(ctx context.Context, tx *db.Tx, e End, summary, problem string) error {
	if err := orOver(finish(ctx, tx, r.Task, e, summary, problem)); err != nil {
		return err
	}
	k, told := bell[e.State]
	asked, err := ids.ParseUser(r.Owner)
	if err != nil || !told || r.Key != "" {
		return nil //nolint:nilerr // a program looks for itself
	}
	return notice.Tell(ctx, tx, notice.New{Kind: k, Account: r.Account, Person: asked, Target: string(r.ID), Facts: map[string]string{"task": r.Kind, "subject": r.Subject}})
}

// bell is what the bell tells of the ends of tasks.
var bell = map[State]notice.Kind{Done: notice.TaskDone, Failed: notice.TaskFailed, Confirm: notice.TaskConfirm}

func orOver(n int64, err error) error {
	if err == nil && n == 0 {
		return errOver
	}
	return err
}

const sweepEvery = time.Hour

// Register lists the work of tasks.
func (s *Service) Register(w *jobs.Workers, kinds ...Kind) {
	byName := map[string]Kind{}
	for _, k := range kinds {
		byName[k.Name] = k
	}
	jobs.Register(w, jobs.Bulk, func(ctx context.Context, j jobs.Job, in run) error { return s.work(ctx, j, byName, in.Task) })
	w.Periodic("task.sweep", sweepEvery, s.sweep)
}

// work runs one attempt at a task.
func (s *Service) work(ctx context.Context, j jobs.Job, kinds map[string]Kind, id ids.Task) error {
	t, err := s.begin(ctx, id)
	if errors.Is(err, db.ErrNoRows) {
		return nil // cancelled, done, or gone with its account
	}
	if err != nil {
		return err
	}
	kind, known := kinds[t.Kind]
	if !known {
		return fmt.Errorf("nothing does tasks of kind %q", t.Kind)
	}
	r := &Run{Task: t, Files: s.files, s: s}
	var end End
	if err = r.recognise(ctx, s.db); err == nil {
		end, err = kind.Run(ctx, r)
	}
	if err == nil && end.State != "" {
		err = s.end(ctx, r, end, nil)
	}
	switch {
	case errors.Is(err, errOver):
		return nil
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return err // the program stops; it goes on at the next start
	case op.IsMoving(err) && j.Attempt < j.MaxAttempts:
		return err // it goes on when the account has moved
	}
	var told *errs.Error
	if errors.As(r.plainly(ctx, err), &told) && told.Kind != errs.Internal && told.Kind != errs.Unavailable {
		return s.end(ctx, r, End{State: Failed}, &told.Problem)
	}
	if j.Attempt >= j.MaxAttempts {
		return errors.Join(jobs.Permanent(err), s.end(ctx, r, End{State: Failed}, &errs.Problem{Code: "task.failed", Msg: "Start it again. Something went wrong on our side; the operator finds the reason in the log."}))
	}
	return err
}

// begin marks the task as this worker's.
func (s *Service) begin(ctx context.Context, id ids.Task) (t Task, err error) {
	err = s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err = take(ctx, tx, id)
		return err
	})
	return t, err
}

func (s *Service) end(ctx context.Context, r *Run, e End, why *errs.Problem) error {
	summary, problem := r.summary, ""
	for _, f := range []struct {
		in  any
		out *string
		set bool
	}{{e.Summary, &summary, e.Summary != nil}, {why, &problem, why != nil}} {
		if !f.set {
			continue
		}
		text, err := json.Marshal(f.in)
		if err != nil {
			return fmt.Errorf("write the end of %s: %w", r.ID, err)
		}
		*f.out = string(text)
	}
	err := s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		if e.State != Failed {
			if err := r.recognise(ctx, tx); err != nil {
				return err
			}
		}
		return r.finish(ctx, tx, e, summary, problem)
	})
	if errors.Is(err, errOver) {
		return nil
	}
	return err
}

// sweep removes tasks whose time is over; their files follow.
func (s *Service) sweep(ctx context.Context) error {
	for more := true; more; {
		err := s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			more, err = removeExpired(ctx, tx)
			return err
		})
		if err != nil {
			return fmt.Errorf("remove old tasks: %w", err)
		}
	}
	return nil
}
