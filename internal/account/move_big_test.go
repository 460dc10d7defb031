package account_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bailiwick/internal/account"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
	"bailiwick/internal/secret"
	"bailiwick/internal/task"
)

// movers is a world in which five accounts move at once, up to twelve by a task and more by the command line.
type movers struct {
	*world
	tasks   *task.Service
	jobs    *jobs.Runner
	console authz.Actor
}

func eachMovers(t *testing.T, fn func(w movers)) {
	t.Helper()
	each(t, func(w *world) {
		box, err := secret.NewBox(secret.NewKey())
		w.ok(err)
		r := op.NewRunner(w.db, &authz.Checker{})
		files := file.NewStore(r, w.db, box)
		m := movers{world: w, tasks: task.NewService(r, w.db, files, page.NewSealer(box), nil)}
		w.accounts = account.NewService(account.Deps{Ops: r, Cursors: page.NewSealer(box), Clock: w.clock.Now, Mail: w.mail, Moves: account.MoveLimits{AtOnce: 5, ByTask: 12}})
		list := jobs.NewWorkers()
		m.tasks.Register(list, account.TaskKinds(w.accounts)...)
		files.Register(list)
		m.jobs = jobs.NewRunner(w.db, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})), list)
		m.console = authn.ConsoleActor(w.root, authz.AccountView, authz.ResellersMove, authz.ClientsMove, authz.DepartmentsMove)
		fn(m)
	})
}

// filled makes a reseller with so many clients below.
func (w movers) filled(parent ids.Account, name string, clients int) ids.Account {
	w.t.Helper()
	r := w.reseller(parent, name)
	for i := range clients {
		w.client(r, name+" client "+string(rune('a'+i)))
	}
	return r
}

func (w movers) drain() {
	w.t.Helper()
	w.ok(w.jobs.Drain(w.t.Context()))
}

// begin asks for a move that is a task.
func (w movers) begin(by authz.Actor, id ids.Account, in account.MoveInput) ids.Task {
	w.t.Helper()
	begun, err := w.accounts.Move(w.t.Context(), by, id, in)
	w.ok(err)
	if begun == "" {
		w.t.Fatal("the move was no task")
	}
	return begun
}

func (w movers) state(at ids.Account, id ids.Task) task.State {
	w.t.Helper()
	got, err := w.tasks.Get(w.t.Context(), w.operator, at, id)
	w.ok(err)
	return got.State
}

func (w movers) parentOf(id ids.Account) ids.Account {
	w.t.Helper()
	p, err := db.One(w.t.Context(), w.db, db.Value[ids.Account], `SELECT parent_id FROM accounts WHERE id = ?`, id)
	w.ok(err)
	return p
}

// powerCut leaves what a worker leaves that is killed after it began: its task and job at work, the account kept still.
func (w movers) powerCut(at ids.Account, id ids.Task) {
	w.t.Helper()
	now := w.clock.Now()
	w.exec(`UPDATE tasks SET state = 'running', attempt = 1, position = 'still' WHERE id = ?`, id)
	w.exec(`UPDATE jobs SET state = 'running', owner = 'gone', attempt = 1, lease_until = ? WHERE unique_key LIKE ? || '/%'`, now.Add(time.Minute).UnixMilli(), id)
	w.exec(`INSERT INTO account_moves (account_id, task_id, still_until) VALUES (?, ?, ?)`, at, id, now.Add(time.Hour).UnixMilli())
}

// rename is a write of any kind.
func (w movers) rename(by authz.Actor, id ids.Account) error {
	w.t.Helper()
	d := w.get(by, id)
	return w.accounts.Update(w.t.Context(), by, id, account.UpdateInput{Version: d.Version, NoEnd: true, Fields: account.Fields{Name: d.Name + "!"}})
}

func TestABigMoveIsATask(t *testing.T) {
	eachMovers(t, func(w movers) {
		north, south := w.filled(w.root, "North", 6), w.reseller(w.root, "South")
		p, err := w.accounts.PreviewMove(w.t.Context(), w.operator, north, south)
		w.ok(err)
		if p.Way != account.ByTask || p.Accounts != 7 || p.Takes <= 0 {
			w.t.Errorf("the preview says %s, %d accounts, %s", p.Way, p.Accounts, p.Takes)
		}
		role := w.group(w.root, "Looks", authz.ClientsView)
		uma := w.person("Uma", north, authz.Role(role))
		id := w.begin(w.operator, north, account.MoveInput{To: south})
		if w.parentOf(north) != w.root || w.state(north, id) != task.Waiting {
			w.t.Error("it moved before its task was at work")
		}
		w.ok(w.rename(w.operator, north)) // still free
		w.drain()
		if w.parentOf(north) != south || w.state(north, id) != task.Done {
			w.t.Errorf("the parent is %s, the task %s", w.parentOf(north), w.state(north, id))
		}
		w.ok(w.rename(w.operator, north))
		w.treeIsTrue()
		if sc := w.scope(uma, north); !sc.Has(authz.ClientsView) {
			w.t.Error("Uma lost what she holds by a group from above both places")
		}
		for _, action := range []string{"account.move_begun", "account.moved"} {
			if !w.has(`SELECT 1 FROM audit_events WHERE action = ? AND actor_id = ?`, action, w.operator.ID()) {
				w.t.Errorf("no event %s", action)
			}
		}
	})
}

func TestWhileAnAccountMovesItIsReadAndNotWritten(t *testing.T) {
	eachMovers(t, func(w movers) {
		north, south := w.filled(w.root, "North", 6), w.reseller(w.root, "South")
		east := w.client(south, "East")
		id := w.begin(w.operator, north, account.MoveInput{To: south})
		below := w.list(w.operator, north, account.Query{}).Rows[0].ID
		w.powerCut(north, id)
		_, err := w.accounts.Create(w.t.Context(), w.operator, north, account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{Name: "New"}})
		w.refused(err, "account.moving")
		w.refused(w.rename(w.operator, north), "account.moving")
		w.refused(w.rename(w.operator, below), "account.moving")
		w.refused(w.accounts.Hold(w.t.Context(), w.operator, below, ""), "account.moving")
		w.refused(w.accounts.BulkActive(w.t.Context(), w.operator, w.root, []ids.Account{east, below}, false), "account.moving")
		w.refused(w.move(w.operator, east, north), "account.moving")
		w.refused(w.move(w.operator, below, south), "account.moving")
		if err := w.accounts.Hold(w.t.Context(), w.operator, below, ""); errs.KindOf(err) != errs.Conflict {
			w.t.Errorf("%v is no conflict", err)
		}
		if got := len(w.list(w.operator, north, account.Query{}).Rows); got != 6 {
			w.t.Errorf("%d of 6 clients can be read", got)
		}
		w.ok(w.rename(w.operator, east)) // beside it
		w.ok(w.rename(w.operator, south))

		w.t.Run("and the worker that takes over ends it", func(t *testing.T) {
			w.t = t
			w.drain()
			if w.state(north, id) != task.Running {
				t.Fatal("somebody took the task from a worker that may live")
			}
			w.clock.Advance(2 * time.Minute)
			w.drain()
			if w.parentOf(north) != south || w.state(north, id) != task.Done {
				t.Errorf("the parent is %s, the task %s", w.parentOf(north), w.state(north, id))
			}
			w.ok(w.rename(w.operator, below))
			w.treeIsTrue()
		})
	})
}

func TestACancelledMoveSetsTheAccountFree(t *testing.T) {
	eachMovers(t, func(w movers) {
		north, south := w.filled(w.root, "North", 6), w.reseller(w.root, "South")
		id := w.begin(w.operator, north, account.MoveInput{To: south})
		w.powerCut(north, id)
		w.ok(w.tasks.Cancel(w.t.Context(), w.operator, north, id))
		w.ok(w.rename(w.operator, north))
		w.clock.Advance(2 * time.Minute)
		w.drain()
		if w.parentOf(north) != w.root || w.state(north, id) != task.Cancelled {
			w.t.Errorf("the parent is %s, the task %s", w.parentOf(north), w.state(north, id))
		}
	})
}

func TestAMoveByTaskLooksAgainAtWhatMayBeDone(t *testing.T) {
	eachMovers(t, func(w movers) {
		north, south := w.filled(w.root, "North", 6), w.reseller(w.root, "South")
		adam := w.person("Adam", w.root, authz.Admin)
		id := w.begin(adam, north, account.MoveInput{To: south})
		w.exec(`UPDATE memberships SET role = 'guest' WHERE user_id = ?`, adam.User())
		w.drain()
		got, err := w.tasks.Get(w.t.Context(), w.operator, north, id)
		w.ok(err)
		if got.State != task.Failed || got.Problem == nil || got.Problem.Code != "auth.denied" || w.parentOf(north) != w.root {
			w.t.Errorf("%s %+v below %s", got.State, got.Problem, w.parentOf(north))
		}
		w.ok(w.rename(w.operator, north))
	})
}

func TestAVeryBigMoveIsTheOperators(t *testing.T) {
	eachMovers(t, func(w movers) {
		north, south := w.filled(w.root, "North", 14), w.reseller(w.root, "South")
		p, err := w.accounts.PreviewMove(w.t.Context(), w.operator, north, south)
		w.ok(err)
		if p.Way != account.OnServer {
			w.t.Errorf("the preview says %s", p.Way)
		}
		w.refused(w.move(w.operator, north, south), "account.move_too_big")

		ctx, stop := context.WithCancel(w.t.Context())
		in := account.MoveInput{To: south, Tell: func(int, int) { stop() }} // in the middle
		if _, err := w.accounts.Move(ctx, w.console, north, in); err == nil {
			w.t.Error("a move that was stopped went through")
		}
		if w.parentOf(north) != w.root {
			w.t.Error("a part of it was moved")
		}
		w.treeIsTrue()
		w.ok(w.rename(w.operator, north))

		var told []int
		in.Tell = func(done, total int) { told = append(told, done, total) }
		_, err = w.accounts.Move(w.t.Context(), w.console, north, in)
		w.ok(err)
		if d := cmp.Diff([]int{15, 15}, told); d != "" {
			w.t.Errorf("progress (-want +got):\n%s", d)
		}
		if w.parentOf(north) != south {
			w.t.Error("it did not move")
		}
		w.treeIsTrue()
		w.ok(w.rename(w.operator, north))
	})
}

// TestAKilledCommandLineLeavesNoAccountBehind: nobody takes over from it, so what it kept still is free after a while.
func TestAKilledCommandLineLeavesNoAccountBehind(t *testing.T) {
	eachMovers(t, func(w movers) {
		north := w.reseller(w.root, "North")
		w.exec(`INSERT INTO account_moves (account_id, task_id, still_until) VALUES (?, '', ?)`, north, w.clock.Now().Add(time.Minute).UnixMilli())
		w.refused(w.rename(w.operator, north), "account.moving")
		w.clock.Advance(time.Minute)
		w.ok(w.rename(w.operator, north))
	})
}

// TestMovesOfAnySizeDecideAsTheParentsSay moves at random in each way, and compares what people see with a walk over parents.
func TestMovesOfAnySizeDecideAsTheParentsSay(t *testing.T) {
	eachMovers(t, func(w movers) {
		all := []ids.Account{w.root}
		resellers := []ids.Account{w.root}
		people := map[ids.Account]authz.Actor{}
		for _, name := range []string{"North", "South", "East", "West"} {
			r := w.filled(w.root, name, 5)
			resellers = append(resellers, r)
			for i, row := range w.list(w.operator, r, account.Query{}).Rows {
				if all = append(all, row.ID); i == 0 {
					people[row.ID] = w.person("Somebody", row.ID, authz.Admin)
				}
			}
			people[r] = w.person("Somebody", r, authz.Admin)
		}
		all = append(all, resellers[1:]...)
		ways := map[account.MoveWay]int{}
		rapid.Check(w.t, func(t *rapid.T) {
			from, to := rapid.SampledFrom(append(all, resellers...)).Draw(t, "account"), rapid.SampledFrom(resellers).Draw(t, "to")
			by := rapid.SampledFrom([]authz.Actor{w.operator, w.console}).Draw(t, "by")
			p, err := w.accounts.PreviewMove(w.t.Context(), w.operator, from, to)
			if err != nil {
				return // it can never be
			}
			begun, err := w.accounts.Move(w.t.Context(), by, from, account.MoveInput{To: to})
			if err != nil && errs.CodeOf(err) != "account.move_too_big" {
				t.Fatalf("move %s below %s: %v", from, to, err)
			}
			if ways[p.Way]++; begun != "" {
				w.drain()
				if got := w.state(from, begun); got != task.Done {
					t.Fatalf("the task of moving %s below %s is %s", from, to, got)
				}
			}
			w.treeIsTrue()
			w.wordsAreTrue()
			w.decidesByParents(people)
		})
		w.t.Log(ways)
	})
}

func (w movers) decidesByParents(people map[ids.Account]authz.Actor) {
	w.t.Helper()
	type child struct{ id, parent ids.Account }
	all, err := db.All(w.t.Context(), w.db, func(r db.Row) (c child, err error) { return c, r.Scan(&c.id, &c.parent) }, `SELECT id, parent_id FROM accounts WHERE parent_id IS NOT NULL`)
	w.ok(err)
	parent := map[ids.Account]ids.Account{}
	for _, c := range all {
		parent[c.id] = c.parent
	}
	for at, p := range people {
		for on := range people {
			within := false
			for up := on; up != "" && !within; up = parent[up] {
				within = up == at
			}
			_, err := (&authz.Checker{}).Check(w.t.Context(), w.db, p, authz.UsersEdit, on)
			if (err == nil) != within {
				w.t.Fatalf("an admin of %s on %s: %v, and the parents say %t", at, on, err, within)
			}
		}
	}
}

// wordsAreTrue compares the words under which clients are found above them with those they have themselves.
func (w movers) wordsAreTrue() {
	w.t.Helper()
	const stray = `SELECT 1 FROM client_words c WHERE NOT EXISTS (SELECT 1 FROM account_tree t WHERE t.ancestor_id = c.ancestor_id AND t.descendant_id = c.customer_id)
		OR NOT EXISTS (SELECT 1 FROM client_words o WHERE o.ancestor_id = c.customer_id AND o.customer_id = c.customer_id AND o.word = c.word)`
	const missing = `SELECT 1 FROM client_words c JOIN account_tree t ON t.descendant_id = c.customer_id WHERE c.ancestor_id = c.customer_id
		AND NOT EXISTS (SELECT 1 FROM client_words o WHERE o.ancestor_id = t.ancestor_id AND o.customer_id = c.customer_id AND o.word = c.word)`
	if w.has(stray) || w.has(missing) {
		w.t.Fatal("clients are found where they are not, or not found where they are")
	}
}
