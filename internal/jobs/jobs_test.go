package jobs

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

type hello struct{ To string }

func (hello) Kind() string { return "hello" }

type secretHello struct{ Token string }

func (secretHello) Kind() string { return "secret_hello" }

func enqueue(t *testing.T, d *db.DB, a Args, o Options) {
	t.Helper()
	if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return Enqueue(ctx, tx, a, o) }); err != nil {
		t.Fatal(err)
	}
}

type stored struct {
	ID, Queue, State, Args, LastError string
	Attempt                           int
	RunAt                             int64
}

func all(t *testing.T, d *db.DB) []stored {
	t.Helper()
	out, err := db.All(t.Context(), d, func(r db.Row) (s stored, err error) {
		err = r.Scan(&s.ID, &s.Queue, &s.State, &s.Args, &s.LastError, &s.Attempt, &s.RunAt)
		return s, err
	}, `SELECT id, queue, state, args, last_error, attempt, run_at FROM jobs ORDER BY created_at, id`)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func only(t *testing.T, d *db.DB) stored {
	t.Helper()
	got := all(t, d)
	if len(got) != 1 {
		t.Fatalf("%d jobs, want 1: %v", len(got), got)
	}
	return got[0]
}

func drain(t *testing.T, r *Runner) {
	t.Helper()
	if err := r.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAJobExistsExactlyWhenItsTransactionCommits(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		boom := errors.New("boom")
		err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(Enqueue(ctx, tx, hello{"a"}, Options{}), boom)
		})
		if !errors.Is(err, boom) || len(all(t, d)) != 0 {
			t.Fatalf("%v; a job outlived its transaction: %v", err, all(t, d))
		}
		var got []string
		w := NewWorkers()
		Register(w, Mail, func(_ context.Context, _ Job, a hello) error { got = append(got, a.To); return nil })
		enqueue(t, d, hello{"b"}, Options{Queue: Mail})
		drain(t, NewRunner(d, quiet(), w))
		if diff := cmp.Diff([]string{"b"}, got); diff != "" || only(t, d).State != "done" {
			t.Errorf("%s %v", diff, all(t, d))
		}
	})
}

func TestEightWorkersNeverRunTheSameJob(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		const n = 60
		for range n {
			enqueue(t, d, hello{"x"}, Options{Queue: Mail})
		}
		var mu sync.Mutex
		runs := map[ids.Job]int{}
		w := NewWorkers()
		Register(w, Mail, func(_ context.Context, j Job, _ hello) error {
			mu.Lock()
			defer mu.Unlock()
			runs[j.ID]++
			return nil
		})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := NewRunner(d, quiet(), w).Drain(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(runs) != n {
			t.Errorf("%d jobs ran, want %d", len(runs), n)
		}
		for id, times := range runs {
			if times != 1 {
				t.Errorf("%s ran %d times", id, times)
			}
		}
	})
}

func TestBulkRunsOneJobOfAnAccountAtATime(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		a, b := ids.NewAccount(now.Now()), ids.NewAccount(now.Now())
		for _, acc := range []ids.Account{a, a, a, b, "", ""} {
			enqueue(t, d, hello{string(acc)}, Options{Account: acc})
		}
		w := NewWorkers()
		Register(w, Bulk, func(context.Context, Job, hello) error { return nil })
		var mu sync.Mutex
		claimed := map[ids.Account][]Job{}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				got, err := NewRunner(d, quiet(), w).claim(t.Context(), Bulk, 2)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, j := range got {
					claimed[j.Account] = append(claimed[j.Account], j)
				}
			})
		}
		wg.Wait()
		if len(claimed[a]) != 1 || len(claimed[b]) != 1 || len(claimed[""]) != 2 {
			t.Errorf("running at once: %d of a, %d of b, %d of nobody", len(claimed[a]), len(claimed[b]), len(claimed[""]))
		}
	})
}

func TestTheLeaseOfACrashedWorkerPassesOn(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		var runs int
		w := NewWorkers()
		Register(w, Mail, func(context.Context, Job, hello) error { runs++; return nil })
		crashed, next := NewRunner(d, quiet(), w), NewRunner(d, quiet(), w)
		enqueue(t, d, hello{}, Options{Queue: Mail})
		old, err := crashed.claim(t.Context(), Mail, 1)
		if err != nil || len(old) != 1 {
			t.Fatal(old, err)
		}
		now.Advance(leaseFor - time.Second)
		if drain(t, next); runs != 0 {
			t.Fatal("a job was taken from a living worker")
		}
		if _, err := crashed.extend(t.Context(), func(ctx context.Context, tx *db.Tx, until int64) (int64, error) { return renew(ctx, tx, old[0], until) }); err != nil {
			t.Fatal(err)
		}
		now.Advance(leaseFor - time.Second)
		if drain(t, next); runs != 0 {
			t.Fatal("a renewed lease did not hold")
		}
		now.Advance(time.Second)
		if drain(t, next); runs != 1 || only(t, d).Attempt != 2 {
			t.Fatalf("ran %d times, %v", runs, all(t, d))
		}
		t.Run("and the crashed worker can no longer finish it", func(t *testing.T) {
			err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return CompleteTx(ctx, tx, old[0]) })
			if !errors.Is(err, ErrLost) {
				t.Error(err)
			}
			if _, err := crashed.extend(t.Context(), func(ctx context.Context, tx *db.Tx, until int64) (int64, error) { return renew(ctx, tx, old[0], until) }); !errors.Is(err, ErrLost) {
				t.Error(err)
			}
		})
	})
}

func TestAJobThatKillsItsWorkerDies(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		w := NewWorkers()
		Register(w, Mail, func(context.Context, Job, secretHello) error { return nil }, Secret)
		r := NewRunner(d, quiet(), w)
		enqueue(t, d, secretHello{"sealed"}, Options{Queue: Mail, MaxAttempts: 2})
		for range 2 {
			if got, err := r.claim(t.Context(), Mail, 1); err != nil || len(got) != 1 {
				t.Fatal(got, err)
			}
			now.Advance(leaseFor)
		}
		drain(t, r)
		if j := only(t, d); j.State != "dead" || j.LastError != workerGone || j.Args != "{}" {
			t.Errorf("%+v", j)
		}
	})
}

func TestFailedJobsReturnLaterAndLater(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		runs := 0
		w := NewWorkers()
		Register(w, Mail, func(context.Context, Job, hello) error { runs++; return errors.New("server is down") })
		r := NewRunner(d, quiet(), w)
		enqueue(t, d, hello{}, Options{Queue: Mail, MaxAttempts: 11})
		pause := firstPause
		for attempt := 1; attempt < 11; attempt++ {
			drain(t, r)
			j := only(t, d)
			wait := time.UnixMilli(j.RunAt).Sub(now.Now())
			if j.State != "ready" || j.LastError != "server is down" || runs != attempt || wait < pause || wait > pause+pause/4 {
				t.Fatalf("attempt %d: %+v, waits %v, want %v or up to a quarter more", attempt, j, wait, pause)
			}
			now.Advance(wait - time.Millisecond)
			if drain(t, r); runs != attempt {
				t.Fatal("it ran too early")
			}
			now.Advance(time.Millisecond)
			pause = min(2*pause, lastPause)
		}
		drain(t, r)
		if j := only(t, d); j.State != "dead" || runs != 11 {
			t.Errorf("%+v after %d runs", j, runs)
		}
	})
}

func TestHowAJobEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		work    func(context.Context, Job, secretHello) error
		state   string
		args    string
		message string
	}{
		{"done, its secret is erased", func(context.Context, Job, secretHello) error { return nil }, "done", "{}", ""},
		{"a permanent error, dead and erased", func(context.Context, Job, secretHello) error { return Permanent(errors.New("no such mailbox")) }, "dead", "{}", "no such mailbox"},
		{"a passing error, kept for the next attempt", func(context.Context, Job, secretHello) error { return errors.New("busy") }, "ready", `{"Token":"s"}`, "busy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
				w := NewWorkers()
				Register(w, Mail, c.work, Secret)
				enqueue(t, d, secretHello{"s"}, Options{Queue: Mail})
				drain(t, NewRunner(d, quiet(), w))
				if j := only(t, d); j.State != c.state || j.Args != c.args || j.LastError != c.message {
					t.Errorf("%+v", j)
				}
			})
		})
	}
	t.Run("a panic is an error, unreadable arguments are the end", func(t *testing.T) {
		each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
			w := NewWorkers()
			Register(w, Mail, func(context.Context, Job, hello) error { panic("oh") })
			Register(w, Mail, func(context.Context, Job, wrongHello) error { return nil })
			enqueue(t, d, hello{}, Options{Queue: Mail})
			enqueue(t, d, wrongHello("not an object"), Options{Queue: Mail})
			if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE jobs SET args = '{' WHERE kind = 'wrong_hello'`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			drain(t, NewRunner(d, quiet(), w))
			states := map[string]int{}
			for _, j := range all(t, d) {
				states[j.State]++
			}
			if diff := cmp.Diff(map[string]int{"ready": 1, "dead": 1}, states); diff != "" {
				t.Error(diff)
			}
		})
	})
}

type wrongHello string

func (wrongHello) Kind() string { return "wrong_hello" }

func TestAWorkerCompletesItsJobInItsOwnTransaction(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		boom := errors.New("boom")
		fail := true
		w := NewWorkers()
		Register(w, Mail, func(ctx context.Context, j Job, _ hello) error {
			return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
				if err := CompleteTx(ctx, tx, j); err != nil {
					return err
				}
				if fail {
					return boom
				}
				return nil
			})
		})
		r := NewRunner(d, quiet(), w)
		enqueue(t, d, hello{}, Options{Queue: Mail})
		if drain(t, r); only(t, d).State != "ready" {
			t.Fatal("the job ended though its work was rolled back")
		}
		fail = false
		now.Advance(time.Hour)
		if drain(t, r); only(t, d).State != "done" {
			t.Errorf("%+v", all(t, d))
		}
	})
}

func TestAUniqueJobIsNotAddedTwice(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		w := NewWorkers()
		Register(w, Mail, func(context.Context, Job, hello) error { return nil })
		for range 3 {
			enqueue(t, d, hello{}, Options{Queue: Mail, UniqueKey: "k"})
		}
		enqueue(t, d, hello{}, Options{Queue: Mail, UniqueKey: "other"})
		if n := len(all(t, d)); n != 2 {
			t.Fatalf("%d jobs, want 2", n)
		}
		drain(t, NewRunner(d, quiet(), w))
		enqueue(t, d, hello{}, Options{Queue: Mail, UniqueKey: "k"})
		if n := len(all(t, d)); n != 3 {
			t.Fatalf("%d jobs: the key is free again once the job is over", n)
		}
	})
}

func TestAJobInTheWrongQueueMovesToItsOwn(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		w := NewWorkers()
		Register(w, Mail, func(context.Context, Job, hello) error { return nil })
		enqueue(t, d, hello{}, Options{Queue: Bulk})
		drain(t, NewRunner(d, quiet(), w))
		if j := only(t, d); j.State != "done" || j.Queue != "mail" || j.Attempt != 1 {
			t.Errorf("%+v", j)
		}
	})
}

func TestAJobWaitsForItsTimeAndForAProgramThatKnowsIt(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		enqueue(t, d, hello{}, Options{Queue: Mail, RunAt: now.Now().Add(time.Hour)})
		w := NewWorkers()
		Register(w, Mail, func(context.Context, Job, hello) error { return nil })
		if drain(t, NewRunner(d, quiet(), w)); only(t, d).State != "ready" {
			t.Error("it ran too early")
		}
		now.Advance(time.Hour)
		if drain(t, NewRunner(d, quiet(), NewWorkers())); only(t, d).State != "ready" {
			t.Error("a program that does not know the kind took the job")
		}
		if drain(t, NewRunner(d, quiet(), w)); only(t, d).State != "done" {
			t.Error("it did not run")
		}
	})
}

func TestPeriodicJobsHaveOneOwner(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		var runs atomic.Int32
		w := NewWorkers()
		w.Periodic("count", time.Hour, func(context.Context) error { runs.Add(1); return nil })
		round := func() {
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if err := NewRunner(d, quiet(), w).Drain(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		round()
		now.Advance(time.Hour - time.Millisecond)
		if round(); runs.Load() != 1 {
			t.Fatalf("%d runs in the first hour", runs.Load())
		}
		now.Advance(time.Millisecond)
		if round(); runs.Load() != 2 {
			t.Errorf("%d runs after an hour", runs.Load())
		}
	})
}

func TestAFailedPeriodicJobComesBackSoon(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		runs := 0
		w := NewWorkers()
		w.Periodic("count", 24*time.Hour, func(context.Context) error { runs++; return errors.New("no") })
		r := NewRunner(d, quiet(), w)
		drain(t, r)
		now.Advance(afterError)
		if drain(t, r); runs != 2 {
			t.Errorf("%d runs", runs)
		}
	})
}

func TestOldJobsAreSweptAndDeadOnesStayLonger(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		w := NewWorkers()
		Register(w, Mail, func(context.Context, Job, hello) error { return nil })
		Register(w, Mail, func(context.Context, Job, wrongHello) error { return Permanent(errors.New("no")) })
		r := NewRunner(d, quiet(), w)
		enqueue(t, d, hello{}, Options{Queue: Mail})
		enqueue(t, d, wrongHello(""), Options{Queue: Mail})
		drain(t, r)
		for _, step := range []struct {
			after time.Duration
			left  int
		}{{keepDone, 2}, {time.Hour, 1}, {keepDead - keepDone - time.Hour, 1}, {time.Hour, 0}} {
			now.Advance(step.after)
			if drain(t, r); len(all(t, d)) != step.left {
				t.Fatalf("after %v more: %v", step.after, all(t, d))
			}
		}
	})
}

func TestTheRunningProgramWakesWorksAndStops(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		ran, let := make(chan string), make(chan struct{})
		w := NewWorkers()
		Register(w, Mail, func(ctx context.Context, _ Job, a hello) error {
			ran <- a.To
			<-let
			return ctx.Err()
		})
		r := NewRunner(d, quiet(), w)
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		go func() { stopped <- r.Run(ctx) }()
		enqueue(t, d, hello{"a"}, Options{Queue: Mail})
		r.Wake()
		select {
		case got := <-ran:
			if got != "a" {
				t.Error(got)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the job did not start")
		}
		stop() // the job still runs, and its own context goes on
		close(let)
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if j := only(t, d); j.State != "done" {
			t.Errorf("%+v", j)
		}
	})
}

func TestAJobCutShortByTheStopIsPutBackUncounted(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		w := NewWorkers()
		ctx, stop := context.WithCancelCause(t.Context())
		Register(w, Mail, func(ctx context.Context, _ Job, _ hello) error {
			stop(errStopping)
			<-ctx.Done()
			return ctx.Err()
		})
		r := NewRunner(d, quiet(), w)
		enqueue(t, d, hello{}, Options{Queue: Mail})
		got, err := r.claim(ctx, Mail, 1)
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		r.work(ctx, got[0])
		if j := only(t, d); j.State != "ready" || j.Attempt != 0 {
			t.Errorf("%+v", j)
		}
	})
}

func TestWrongListsAreRefused(t *testing.T) {
	nothing := func(context.Context, Job, hello) error { return nil }
	for name, fill := range map[string]func(w *Workers){
		"a kind twice":         func(w *Workers) { Register(w, Mail, nothing); Register(w, Mail, nothing) },
		"an unknown queue":     func(w *Workers) { Register(w, "fast", nothing) },
		"a periodic job twice": func(w *Workers) { w.Periodic("a", 1, nil); w.Periodic("a", 1, nil) },
		"no interval":          func(w *Workers) { w.Periodic("a", 0, nil) },
	} {
		w := NewWorkers()
		if fill(w); w.Check() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
