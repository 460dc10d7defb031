// Package task keeps long work that people ask for: how far it is, how to go on after a crash, and its files.
//
// A feature starts a task inside its own write and registers the function that does the work. The function works in
// short writes; each saves its progress with what it did, so that nothing is done twice and nothing is lost. It acts
// as the person who asked, with what that person may do now, or as the API key that asked: with its scopes, and only
// while the key is in force. A step of a key that is not does not commit, and the task ends.
package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
)

// State is where a task stands.
type State string

// The states. Confirm waits for a person to look at what was found and to go on.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Confirm   State = "confirm"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Open reports whether the task still has something to do.
func (s State) Open() bool { return s == Waiting || s == Running || s == Confirm }

// Keep is how long a task and its files stay after the last change of it.
const Keep = 7 * 24 * time.Hour

// Task is one piece of long work.
type Task struct {
	ID        ids.Task
	Account   ids.Account
	Kind      string
	Perm      authz.Perm // what its owner needs to go on with it and to take its result
	State     State
	Subject   string // what it is about: a file's name, the name of an account
	Done      int64
	Total     int64 // 0 while nobody knows
	Problem   *errs.Problem
	Upload    ids.File
	Result    ids.File
	Owner     string  // actor id
	Key       ids.Key // the API key that put it to work, "" for the owner in person
	OwnerName string
	CreatedAt time.Time
	UpdatedAt time.Time
	ExpiresAt time.Time

	ownerKind     authz.ActorKind
	args, summary string
	position      string
	attempt       int64
}

// Args reads what the task was told.
func (t Task) Args(into any) error { return read(t.args, into) }

// Summary reads what came of the task so far; a task without one leaves into as it is.
func (t Task) Summary(into any) error { return read(t.summary, into) }

func read(text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("read a task: %w", err)
	}
	return nil
}

// Percent is how far the task is, 0 to 100.
func (t Task) Percent() int {
	switch {
	case t.State == Done:
		return 100
	case t.Total <= 0:
		return 0
	}
	return int(min(100, 100*t.Done/t.Total))
}

// New is a task to be started.
type New struct {
	Kind    string
	Perm    authz.Perm
	Subject string
	Args    any
	Total   int64
	Upload  ids.File
}

// run is the job that works on a task.
type run struct{ Task ids.Task }

// Kind names the job.
func (run) Kind() string { return "task.run" }

// StartIn starts a task on the account that w is on, in the write that asks for it. The caller records the event.
func StartIn(ctx context.Context, w *op.W, in New) (ids.Task, error) {
	args, err := json.Marshal(in.Args)
	if err != nil {
		return "", fmt.Errorf("write the arguments of %s: %w", in.Kind, err)
	}
	now := w.Tx().Now()
	t := Task{
		ID: ids.NewTask(now), Account: w.Scope().Account(), Kind: in.Kind, Perm: in.Perm, State: Waiting, Subject: in.Subject, Total: in.Total, Upload: in.Upload,
		Owner: w.By().ID(), Key: keyOf(w.By()), OwnerName: w.By().Name(), ownerKind: w.By().Kind(), args: string(args),
	}
	if err := insert(ctx, w.Tx(), w.Scope(), t); err != nil {
		return "", fmt.Errorf("start %s: %w", in.Kind, err)
	}
	w.Made(op.Result{Type: "task", ID: string(t.ID), Name: t.Subject})
	return t.ID, enqueue(ctx, w, t)
}

// keyOf is the key by which an actor acts, "" for none.
func keyOf(by authz.Actor) ids.Key {
	if by.Kind() == authz.Key {
		return ids.Key(by.Credential())
	}
	return ""
}

// enqueue has the task worked on. The job of the part before may not have been noted as done yet: it is another one.
func enqueue(ctx context.Context, w *op.W, t Task) error {
	return w.Enqueue(ctx, run{t.ID}, jobs.Options{UniqueKey: fmt.Sprintf("%s/%d", t.ID, t.attempt), Account: w.Scope().Account()})
}

// GoOnIn puts a task that waits to be confirmed to work again, with new arguments, as whoever confirms it. The caller
// records the event.
func GoOnIn(ctx context.Context, w *op.W, id ids.Task, args any) error {
	t, err := GetIn(ctx, w, id)
	if err != nil {
		return err
	}
	if t.State != Confirm {
		return errs.New(errs.Conflict, "task.not_waiting", "Start it again. This task is not waiting to be confirmed any more.")
	}
	text, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("write the arguments of %s: %w", t.Kind, err)
	}
	if err := goOn(ctx, w.Tx(), w.Scope(), id, w.By(), string(text)); err != nil {
		return err
	}
	return enqueue(ctx, w, t)
}

// GetIn returns a task of the account that w is on, if the actor may see it.
func GetIn(ctx context.Context, w *op.W, id ids.Task) (Task, error) {
	return visible(ctx, w.Tx(), w.Scope(), w.By(), id)
}

// Service shows tasks to people, and ends them.
type Service struct {
	op      *op.Runner
	db      *db.DB
	files   *file.Store
	cursors *page.Sealer
	keys    Keys
}

// Keys finds for whom a key acts by what q sees, or says that it is not in force.
type Keys func(ctx context.Context, q db.Queryer, id ids.Key) (authz.Actor, error)

// NewService makes a Service.
func NewService(r *op.Runner, d *db.DB, files *file.Store, cursors *page.Sealer, keys Keys) *Service {
	return &Service{r, d, files, cursors, keys}
}

// Offered reports whether the actor may ask for anything that takes a while, or see what others asked for.
func Offered(sc authz.Scope) bool {
	return slices.ContainsFunc([]authz.Perm{authz.ClientsExport, authz.ClientsImport, authz.ClientsMove, authz.ResellersMove, authz.PackagesAssign, authz.UsersView, authz.LocationsView, authz.ContactsExport, authz.ContactsImport, authz.SuppressionsExport, authz.SuppressionsImport, authz.AuditView, authz.AuditExport}, sc.Has)
}

// read is how every look at tasks begins.
func (s *Service) read(ctx context.Context, by authz.Actor, account ids.Account) (db.Queryer, authz.Scope, error) {
	q, sc, err := s.op.Read(ctx, by, authz.AccountView, account)
	if err == nil && !Offered(sc) {
		err = authz.Denied()
	}
	return q, sc, err
}

// seesAll reports whether the actor sees the tasks of everybody in the account: those who may read what others did.
func seesAll(sc authz.Scope) bool { return sc.Has(authz.AuditView) }

// sees reports whether the actor sees a task: their own, and a key those of its owner for which it has the scope.
func sees(sc authz.Scope, by authz.Actor, t Task) bool {
	return seesAll(sc) || t.Owner == by.ID() && (by.Kind() != authz.Key || sc.Has(t.Perm))
}

func visible(ctx context.Context, q db.Queryer, sc authz.Scope, by authz.Actor, id ids.Task) (Task, error) {
	t, err := get(ctx, q, sc, id)
	if errors.Is(err, db.ErrNoRows) || err == nil && !sees(sc, by, t) {
		return Task{}, errs.NoSuch("task")
	}
	return t, err
}

// Page is one page of tasks, the newest first.
type Page struct {
	Tasks []Task
	Prev  string // cursors, "" at the ends
	Next  string
	All   bool // everybody's tasks are shown
}

// List returns tasks of an account: the actor's own, or everybody's for those who may see what others did.
func (s *Service) List(ctx context.Context, by authz.Actor, account ids.Account, cursor string) (Page, error) {
	q, sc, err := s.read(ctx, by, account)
	if err != nil {
		return Page{}, err
	}
	bind := page.Binding{Actor: by.ID(), Root: string(account), Query: "tasks"}
	out := Page{All: seesAll(sc)}
	var at page.Cursor
	if cursor != "" {
		if at, err = s.cursors.Open(bind, cursor, 2); err != nil {
			return Page{}, err
		}
	}
	rows, err := list(ctx, q, sc, whoseOf(sc, by), at, page.Size+1)
	if err != nil {
		return Page{}, fmt.Errorf("list the tasks of %s: %w", account, err)
	}
	more := len(rows) > page.Size
	rows = rows[:min(len(rows), page.Size)]
	if at.Back {
		slices.Reverse(rows)
	}
	out.Tasks = rows
	if len(rows) == 0 {
		return out, nil
	}
	if more || at.Back {
		out.Next = s.cursors.Seal(bind, page.Cursor{Key: rows[len(rows)-1].key()})
	}
	if at.Back && more || !at.Back && cursor != "" {
		out.Prev = s.cursors.Seal(bind, page.Cursor{Back: true, Key: rows[0].key()})
	}
	return out, nil
}

// whose are the tasks that an actor sees; the zero value is everybody's.
type whose struct {
	owner string
	perms []string // only those for which one of these is needed; nil for all
}

func whoseOf(sc authz.Scope, by authz.Actor) whose {
	switch {
	case seesAll(sc):
		return whose{}
	case by.Kind() == authz.Key:
		return whose{by.ID(), sc.Perms().Names()}
	}
	return whose{owner: by.ID()}
}

func (t Task) key() []string { return []string{fmt.Sprint(t.CreatedAt.UnixMilli()), string(t.ID)} }

// Get returns one task of an account.
func (s *Service) Get(ctx context.Context, by authz.Actor, account ids.Account, id ids.Task) (Task, error) {
	q, sc, err := s.read(ctx, by, account)
	if err != nil {
		return Task{}, err
	}
	return visible(ctx, q, sc, by, id)
}

func (t Task) event(action string) audit.Event {
	return audit.Event{Action: action, TargetType: "task", TargetID: string(t.ID), Target: t.Subject}
}

// Cancel ends a task where it stands. What it did so far stays. A key ends those of its owner alone.
func (s *Service) Cancel(ctx context.Context, by authz.Actor, account ids.Account, id ids.Task) error {
	return s.op.WriteStill(ctx, by, authz.AccountView, account, func(ctx context.Context, w *op.W) error {
		t, err := GetIn(ctx, w, id)
		if err != nil {
			return err
		}
		switch {
		case t.Owner != by.ID() && (!w.Scope().Has(t.Perm) || by.Kind() == authz.Key):
			return errs.New(errs.Denied, "task.cancel_denied", "Ask whoever started it, or an admin who may do the same. You may not end this task.")
		case !t.State.Open():
			return w.Unchanged()
		}
		w.Audit(t.event("task.cancelled"))
		return cancel(ctx, w.Tx(), w.Scope(), id)
	})
}

// Result opens the file that a task left, after another look at what the actor may do now. That it was taken is recorded.
func (s *Service) Result(ctx context.Context, by authz.Actor, account ids.Account, id ids.Task) (*file.Reader, error) {
	t, err := s.Get(ctx, by, account, id)
	if err != nil {
		return nil, err
	}
	if t.Result == "" {
		return nil, errs.NoSuch("file")
	}
	err = s.op.Write(ctx, by, t.Perm, account, func(_ context.Context, w *op.W) error {
		w.Audit(t.event("task.downloaded"))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.files.Open(ctx, t.Result)
}
