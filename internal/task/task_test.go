package task_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
	"bailiwick/internal/secret"
	"bailiwick/internal/task"
)

// world is a platform with an Owner, an Admin and a User, and one kind of task.
type world struct {
	t                  *testing.T
	db                 *db.DB
	ops                *op.Runner
	clock              *clock.Fake
	files              *file.Store
	tasks              *task.Service
	jobs               *jobs.Runner
	root               ids.Account
	owner, admin, user authz.Actor
	work               func(ctx context.Context, r *task.Run) (task.End, error)
	inForce            map[ids.Key]authz.Actor
}

// keyed knows the keys that are in force.
func (w *world) keyed(_ context.Context, _ db.Queryer, id ids.Key) (authz.Actor, error) {
	by, ok := w.inForce[id]
	if !ok {
		return by, errs.New(errs.Unauthenticated, "auth.key_refused", "Use a key that is in force.")
	}
	return by, nil
}

// key is a key of somebody with scopes.
func (w *world) key(of authz.Actor, scopes ...authz.Perm) authz.Actor {
	w.t.Helper()
	m, err := db.One(w.t.Context(), w.db, db.Value[ids.Membership], "SELECT id FROM memberships WHERE user_id = ?", of.User())
	if err != nil {
		w.t.Fatal(err)
	}
	id := ids.NewKey(w.clock.Now())
	by := authz.Mint(authz.Identity{Kind: authz.Key, User: of.User(), Name: of.Name(), Membership: m, Account: w.root, Perms: authz.SetOf(scopes...), Credential: string(id)})
	w.inForce[id] = by
	return by
}

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	fake := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	dbtest.EachAt(t, fake.Now, func(t *testing.T, d *db.DB) {
		fake.Set(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
		box, err := secret.NewBox(secret.NewKey())
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, inForce: map[ids.Key]authz.Actor{}, db: d, ops: op.NewRunner(d, &authz.Checker{}), clock: fake}
		w.files = file.NewStore(w.ops, d, box)
		w.tasks = task.NewService(w.ops, d, w.files, page.NewSealer(box), w.keyed)
		w.write(func(ctx context.Context, tx *db.Tx) error {
			a, err := account.CreateRoot(ctx, tx, "Halyard Messaging")
			w.root = a.ID
			return err
		})
		w.owner, w.admin, w.user = w.person("Olivia", authz.Owner), w.person("Adam", authz.Admin), w.person("Ursula", authz.User)
		list := jobs.NewWorkers()
		w.tasks.Register(list, task.Kind{Name: "count", Run: func(ctx context.Context, r *task.Run) (task.End, error) { return w.work(ctx, r) }})
		w.files.Register(list)
		w.jobs = jobs.NewRunner(d, slog.New(slog.DiscardHandler), list)
		fn(w)
	})
}

func (w *world) write(fn func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.InTx(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(name string, role authz.Role) authz.Actor {
	w.t.Helper()
	now := w.clock.Now()
	id := ids.NewUser(now)
	email := string(id) + "@example.com"
	w.write(func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)`,
			id, email, email, email, email, name, ids.Fold(name)); err != nil {
			return err
		}
		ticked := authz.Set{}
		if role == authz.User {
			ticked = authz.SetOf(authz.LocationsView) // whose list can be exported
		}
		_, err := tx.Exec(ctx, `INSERT INTO memberships (id, account_id, user_id, role, perms, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 0, 0)`, ids.NewMembership(now), w.root, id, role, ticked.Encode())
		return err
	})
	return authz.Mint(authz.Identity{Kind: authz.Person, User: id, Name: name, Account: w.root, Credential: "session"})
}

type told struct{ To int64 }

// start starts a task that counts to ten.
func (w *world) start(by authz.Actor) (id ids.Task) {
	w.t.Helper()
	err := w.ops.Write(w.t.Context(), by, authz.AccountView, w.root, func(ctx context.Context, ow *op.W) (err error) {
		ow.Audit(audit.Event{Action: "clients.exported", TargetType: "account", TargetID: string(w.root)})
		id, err = task.StartIn(ctx, ow, task.New{Kind: "count", Perm: authz.AccountView, Subject: "ten", Args: told{10}, Total: 10})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) get(by authz.Actor, id ids.Task) task.Task {
	w.t.Helper()
	t, err := w.tasks.Get(w.t.Context(), by, w.root, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) drain() {
	w.t.Helper()
	if err := w.jobs.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

var errCrash = errors.New("the power is gone")

// counting counts on from where the task stands, and stops with err after a number.
func counting(seen *[]int64, stopAt int64, err error) func(context.Context, *task.Run) (task.End, error) {
	return func(ctx context.Context, r *task.Run) (task.End, error) {
		var in told
		if err := r.Args(&in); err != nil {
			return task.End{}, err
		}
		for r.Done < in.To {
			if r.Done == stopAt {
				return task.End{}, err
			}
			n := r.Done + 1
			if err := r.Save(ctx, task.Step{Position: string(rune('a' + n)), Done: n, Total: in.To}, nil); err != nil {
				return task.End{}, err
			}
			*seen = append(*seen, n)
		}
		return task.End{State: task.Done, Summary: map[string]int64{"counted": r.Done}}, nil
	}
}

func TestATaskGoesOnWhereItStopped(t *testing.T) {
	each(t, func(w *world) {
		var seen []int64
		w.work = counting(&seen, 4, errCrash)
		id := w.start(w.owner)
		w.drain()
		if got := w.get(w.owner, id); got.State != task.Running || got.Done != 4 || got.Percent() != 40 {
			w.t.Fatalf("after the crash: %+v", got)
		}
		w.work = counting(&seen, -1, nil)
		w.clock.Advance(time.Hour)
		w.drain()
		got := w.get(w.owner, id)
		sum := map[string]int64{}
		if err := got.Summary(&sum); err != nil || got.State != task.Done || sum["counted"] != 10 {
			w.t.Errorf("%+v %v %v", got, sum, err)
		}
		if diff := cmp.Diff([]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, seen); diff != "" {
			w.t.Errorf("steps done twice or left out: %s", diff)
		}
	})
}

func TestWhatAPersonCanActOnFailsAtOnceAndSaysWhy(t *testing.T) {
	each(t, func(w *world) {
		runs := 0
		w.work = func(context.Context, *task.Run) (task.End, error) {
			runs++
			return task.End{}, errs.New(errs.Denied, "auth.denied", "Ask an admin of {account}.", "account", "Acme")
		}
		id := w.start(w.owner)
		w.drain()
		got := w.get(w.owner, id)
		if runs != 1 || got.State != task.Failed || got.Problem == nil || got.Problem.Text() != "Ask an admin of Acme." {
			w.t.Errorf("%d runs, %+v %+v", runs, got, got.Problem)
		}
	})
}

func TestACancelledTaskDoesNothingMore(t *testing.T) {
	each(t, func(w *world) {
		var id ids.Task
		steps := 0
		w.work = func(ctx context.Context, r *task.Run) (task.End, error) {
			if err := w.tasks.Cancel(ctx, w.owner, w.root, id); err != nil {
				w.t.Error(err)
			}
			err := r.Save(ctx, task.Step{Done: 1}, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE accounts SET legal_name = 'changed'`)
				return err
			})
			if err == nil {
				steps++
			}
			return task.End{State: task.Done}, err
		}
		id = w.start(w.owner)
		w.drain()
		changed, err := db.Exists(w.t.Context(), w.db, `SELECT 1 FROM accounts WHERE legal_name = 'changed'`)
		if err != nil || changed || steps != 0 || w.get(w.owner, id).State != task.Cancelled {
			w.t.Errorf("it went on: %t, %d steps, %v, %v", changed, steps, w.get(w.owner, id).State, err)
		}
	})
}

func TestTwoWorkersNeverWriteTheSameTask(t *testing.T) {
	each(t, func(w *world) {
		var first *task.Run
		w.work = func(_ context.Context, r *task.Run) (task.End, error) {
			first = r
			return task.End{}, errCrash // as if it hung: another takes over
		}
		id := w.start(w.owner)
		w.drain()
		var seen []int64
		w.work = counting(&seen, -1, nil)
		w.clock.Advance(time.Hour)
		w.drain()
		if err := first.Save(w.t.Context(), task.Step{Done: 3}, nil); err == nil {
			w.t.Error("the worker that was given up wrote its progress")
		}
		if got := w.get(w.owner, id); got.State != task.Done || got.Done != 10 {
			w.t.Errorf("%+v", got)
		}
	})
}

func TestWhoSeesATask(t *testing.T) {
	each(t, func(w *world) {
		w.work = func(ctx context.Context, r *task.Run) (task.End, error) {
			out, err := r.Files.Writer(ctx, r.Account, "result.csv")
			if err != nil {
				return task.End{}, err
			}
			if _, err := io.WriteString(out, "id,name\n"); err != nil {
				return task.End{}, err
			}
			return task.End{State: task.Done, Result: out.ID()}, out.Close()
		}
		mine, theirs := w.start(w.user), w.start(w.admin)
		w.drain()
		names := func(by authz.Actor) (out []ids.Task) {
			w.t.Helper()
			p, err := w.tasks.List(w.t.Context(), by, w.root, "")
			if err != nil {
				w.t.Fatal(err)
			}
			for _, x := range p.Tasks {
				out = append(out, x.ID)
			}
			return out
		}
		if diff := cmp.Diff([]ids.Task{mine}, names(w.user)); diff != "" {
			w.t.Errorf("a user's list: %s", diff)
		}
		if n := len(names(w.owner)); n != 2 {
			w.t.Errorf("the Owner sees %d tasks", n)
		}
		for _, look := range map[string]func() error{
			"get":      func() error { _, err := w.tasks.Get(w.t.Context(), w.user, w.root, theirs); return err },
			"cancel":   func() error { return w.tasks.Cancel(w.t.Context(), w.user, w.root, theirs) },
			"download": func() error { _, err := w.tasks.Result(w.t.Context(), w.user, w.root, theirs); return err },
		} {
			if err := look(); errs.KindOf(err) != errs.NotFound {
				w.t.Errorf("a stranger's task: %v", err)
			}
		}
		r, err := w.tasks.Result(w.t.Context(), w.user, w.root, mine)
		if err != nil {
			w.t.Fatal(err)
		}
		if body, err := io.ReadAll(r); err != nil || string(body) != "id,name\n" || r.Name != "result.csv" {
			w.t.Errorf("%q %q %v", r.Name, body, err)
		}
		if n, err := db.One(w.t.Context(), w.db, db.Value[int], `SELECT count(*) FROM audit_events WHERE action = 'task.downloaded'`); err != nil || n != 1 {
			w.t.Errorf("%d downloads are recorded, %v", n, err)
		}
		w.t.Run("and its file goes after a week", func(t *testing.T) {
			w.t = t
			w.clock.Advance(task.Keep + time.Hour)
			w.drain()
			w.clock.Advance(time.Hour)
			w.drain()
			if _, err := w.tasks.Get(t.Context(), w.user, w.root, mine); errs.KindOf(err) != errs.NotFound {
				t.Error(err)
			}
			if n, err := db.One(t.Context(), w.db, db.Value[int], `SELECT count(*) FROM file_part`); err != nil || n != 0 {
				t.Errorf("%d parts are left, %v", n, err)
			}
		})
	})
}

func TestAFileWrittenPageByPageLosesNothingInACrash(t *testing.T) {
	each(t, func(w *world) {
		crashed := false
		w.work = func(ctx context.Context, r *task.Run) (task.End, error) {
			out, err := r.Pages(ctx, func(_ context.Context, place string) (task.Part, error) {
				if place == "xxx" && !crashed {
					crashed = true
					return task.Part{}, errCrash
				}
				p := task.Part{Body: []byte(place + "|"), Rows: 1, Next: place + "x"}
				if len(p.Next) > 5 {
					p.Next = ""
				}
				return p, nil
			})
			return task.End{State: task.Done, Result: out}, err
		}
		id := w.start(w.owner)
		w.drain()
		w.clock.Advance(time.Hour)
		w.drain()
		got := w.get(w.owner, id)
		if !crashed || got.State != task.Done || got.Done != 6 {
			t.Fatalf("%+v", got)
		}
		f, err := w.tasks.Result(t.Context(), w.owner, w.root, id)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(f)
		if want := "|x|xx|xxx|xxxx|xxxxx|"; err != nil || string(body) != want {
			t.Errorf("%q, %v, want %q", body, err, want)
		}
	})
}

// TestESC06AKeysTaskIsTheKeys: its steps are done as the key, and none once it is not in force.
func TestESC06AKeysTaskIsTheKeys(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.owner, authz.ClientsView, authz.LocationsView)
		var as []authz.Actor
		revokeAt := int64(-1)
		w.work = func(ctx context.Context, r *task.Run) (task.End, error) {
			for n := r.Done + 1; n <= 10; n++ {
				as = append(as, r.By)
				if n == revokeAt {
					delete(w.inForce, ids.Key(key.Credential()))
				}
				if err := r.Save(ctx, task.Step{Done: n, Total: 10}, nil); err != nil {
					return task.End{}, err
				}
			}
			return task.End{State: task.Done}, nil
		}
		done := w.start(key)
		w.drain()
		if got := w.get(w.owner, done); got.State != task.Done || got.Key != ids.Key(key.Credential()) || got.Owner != w.owner.ID() {
			w.t.Errorf("%+v", got)
		}
		for _, by := range as {
			if by.Kind() != authz.Key || by.Credential() != key.Credential() {
				w.t.Errorf("a step as %s %s", by.Kind(), by.Credential())
			}
		}
		revokeAt = 4
		half := w.start(key)
		w.drain()
		if got := w.get(w.owner, half); got.State != task.Failed || got.Done != 3 || got.Problem == nil || got.Problem.Code != "task.key_gone" {
			w.t.Errorf("after the key was revoked: %+v %+v", got, got.Problem)
		}
		key = w.key(w.owner, authz.LocationsView)
		never := w.start(key)
		delete(w.inForce, ids.Key(key.Credential()))
		ran := len(as)
		w.drain()
		if got := w.get(w.owner, never); got.State != task.Failed || got.Problem.Code != "task.key_gone" || len(as) != ran {
			w.t.Errorf("a key that was revoked before: %+v", got)
		}
	})
}

// TestWhoConfirmsATaskIsWhoDoesTheRest: a key confirms with its own rights, whoever began.
func TestWhoConfirmsATaskIsWhoDoesTheRest(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.owner, authz.LocationsView)
		var last authz.Actor
		w.work = func(_ context.Context, r *task.Run) (task.End, error) {
			last = r.By
			return task.End{State: task.Confirm}, nil
		}
		confirm := func(by authz.Actor, id ids.Task) {
			w.t.Helper()
			err := w.ops.Write(w.t.Context(), by, authz.AccountView, w.root, func(ctx context.Context, ow *op.W) error {
				ow.Audit(audit.Event{Action: "import.confirmed", TargetType: "task", TargetID: string(id)})
				return task.GoOnIn(ctx, ow, id, told{10})
			})
			if err != nil {
				w.t.Fatal(err)
			}
			w.drain()
		}
		id := w.start(w.owner)
		w.drain()
		if last.Kind() != authz.Person {
			w.t.Errorf("begun by a person, done as %s", last.Kind())
		}
		confirm(key, id)
		if last.Kind() != authz.Key || w.get(w.owner, id).Key == "" {
			w.t.Errorf("confirmed by a key, done as %s", last.Kind())
		}
		confirm(w.owner, id)
		if last.Kind() != authz.Person || w.get(w.owner, id).Key != "" {
			w.t.Errorf("confirmed by a person, done as %s", last.Kind())
		}
	})
}

// TestAKeySeesTheTasksOfItsScopes: those of its owner alone, and only where its scopes reach.
func TestAKeySeesTheTasksOfItsScopes(t *testing.T) {
	each(t, func(w *world) {
		w.work = func(context.Context, *task.Run) (task.End, error) { return task.End{State: task.Confirm}, nil }
		start := func(by authz.Actor, p authz.Perm) (id ids.Task) {
			w.t.Helper()
			err := w.ops.Write(w.t.Context(), by, authz.AccountView, w.root, func(ctx context.Context, ow *op.W) (err error) {
				ow.Audit(audit.Event{Action: "clients.exported", TargetType: "account", TargetID: string(w.root)})
				id, err = task.StartIn(ctx, ow, task.New{Kind: "count", Perm: p, Args: told{10}})
				return err
			})
			if err != nil {
				w.t.Fatal(err)
			}
			return id
		}
		clients, places, others := start(w.admin, authz.ClientsImport), start(w.admin, authz.LocationsView), start(w.owner, authz.LocationsView)
		w.drain()
		key := w.key(w.admin, authz.LocationsView)
		p, err := w.tasks.List(w.t.Context(), key, w.root, "")
		if err != nil || len(p.Tasks) != 1 || p.Tasks[0].ID != places || p.All {
			w.t.Errorf("%+v %v", p, err)
		}
		for name, id := range map[string]ids.Task{"beyond the scopes": clients, "another's": others} {
			if _, err := w.tasks.Get(w.t.Context(), key, w.root, id); errs.KindOf(err) != errs.NotFound {
				w.t.Errorf("%s: %v", name, err)
			}
			if err := w.tasks.Cancel(w.t.Context(), key, w.root, id); errs.KindOf(err) != errs.NotFound {
				w.t.Errorf("cancel %s: %v", name, err)
			}
		}
		auditor := w.key(w.admin, authz.LocationsView, authz.AuditView)
		if err := w.tasks.Cancel(w.t.Context(), auditor, w.root, others); errs.KindOf(err) != errs.Denied {
			w.t.Errorf("cancel what is seen in the log: %v", err)
		}
		if err := w.tasks.Cancel(w.t.Context(), key, w.root, places); err != nil {
			w.t.Error(err)
		}
	})
}

// TestATaskConfirmedAtOnceGoesOn: the job of its first half may not have been noted as done yet.
func TestATaskConfirmedAtOnceGoesOn(t *testing.T) {
	each(t, func(w *world) {
		done := 0
		w.work = func(context.Context, *task.Run) (task.End, error) {
			if done++; done > 1 {
				return task.End{State: task.Done}, nil
			}
			return task.End{State: task.Confirm}, nil
		}
		id := w.start(w.owner)
		w.drain()
		noted := func(state string) {
			w.write(func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE jobs SET state = ? WHERE state IN ('done', 'running')`, state)
				return err
			})
		}
		noted("running")
		err := w.ops.Write(t.Context(), w.owner, authz.AccountView, w.root, func(ctx context.Context, ow *op.W) error {
			ow.Audit(audit.Event{Action: "import.confirmed", TargetType: "task", TargetID: string(id)})
			return task.GoOnIn(ctx, ow, id, told{10})
		})
		if err != nil {
			w.t.Fatal(err)
		}
		noted("done")
		w.drain()
		if got := w.get(w.owner, id).State; got != task.Done {
			w.t.Errorf("it is %s", got)
		}
	})
}
