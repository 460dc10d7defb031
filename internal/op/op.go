// Package op runs the operations of features: it checks the permission, opens the transaction, records the
// audit events and queues what follows from them, so that none of it can be forgotten.
package op

import (
	"context"
	"errors"
	"slices"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
)

// Runner is handed to every feature service.
type Runner struct {
	db    *db.DB
	check *authz.Checker
}

// NewRunner makes a Runner.
func NewRunner(d *db.DB, c *authz.Checker) *Runner { return &Runner{d, c} }

// W is a write in progress. Only Runner makes one with a transaction and a scope, so a function that takes a W
// works only inside a transaction and after a permission check.
type W struct {
	tx     *db.Tx
	sc     authz.Scope
	by     authz.Actor
	check  *authz.Checker
	still  bool // also where an account is kept still
	events []audit.Event
	made   []Result // what a request that is sent again hears of first
}

// Tx is the transaction.
func (w *W) Tx() *db.Tx { return w.tx }

// Scope is what the permission check yielded. In WriteSelf it is the zero Scope, which sees nothing.
func (w *W) Scope() authz.Scope { return w.sc }

// By is who writes.
func (w *W) By() authz.Actor { return w.by }

// Audit records that something was done. Every write records at least one event.
func (w *W) Audit(e audit.Event) { w.events = append(w.events, e) }

// Made says what the write made when its events are about something else.
func (w *W) Made(r Result) { w.made = append(w.made, r) }

// Enqueue queues a job that exists only if the write commits.
func (w *W) Enqueue(ctx context.Context, args jobs.Args, o jobs.Options) error {
	return jobs.Enqueue(ctx, w.tx, args, o)
}

// On runs fn in the same write on a second account, after a check of p there. Events join the same list.
func (w *W) On(ctx context.Context, p authz.Perm, on ids.Account, fn func(ctx context.Context, w *W) error) error {
	sc, err := w.check.Check(ctx, w.tx, w.by, p, on)
	if err != nil {
		return err
	}
	if sc.Still(w.tx.Now()) && !(w.still && slices.Contains(sc.Chain(), w.sc.Account())) {
		return errMoving()
	}
	inner := &W{tx: w.tx, sc: sc, by: w.by, check: w.check, still: w.still}
	if err := fn(ctx, inner); err != nil {
		return err
	}
	w.made = append(w.made, inner.made...)
	for _, e := range inner.events {
		if e.Account == "" {
			e.Account = on
		}
		w.events = append(w.events, e)
	}
	return nil
}

var (
	errNoEvent   = errors.New("op: a write recorded no audit event")
	errUnchanged = errors.New("op: nothing to do")
)

// IsMoving reports a refusal that ends by itself: a big move is at work, and nothing in the account is written meanwhile.
func IsMoving(err error) bool { return errs.CodeOf(err) == errs.CodeOf(errMoving()) }

func errMoving() error {
	return errs.New(errs.Conflict, "account.moving", "Try again in a few minutes. The account is being moved, and nothing in it changes until that is done.")
}

// Unchanged ends a write that found nothing to do: it is rolled back, without error and without event.
func (w *W) Unchanged() error { return errUnchanged }

// Write checks that by holds p on the account, then runs fn in one serializable transaction with it.
// fn may run more than once and must have no effect but through w. While the account is being moved it is refused, see IsMoving.
func (r *Runner) Write(ctx context.Context, by authz.Actor, p authz.Perm, on ids.Account, fn func(ctx context.Context, w *W) error) error {
	return r.write(ctx, by, p, on, false, fn)
}

// WriteStill is Write for the move of the account itself and for ending its task: it goes on where the account is kept still.
func (r *Runner) WriteStill(ctx context.Context, by authz.Actor, p authz.Perm, on ids.Account, fn func(ctx context.Context, w *W) error) error {
	return r.write(ctx, by, p, on, true, fn)
}

func (r *Runner) write(ctx context.Context, by authz.Actor, p authz.Perm, on ids.Account, still bool, fn func(ctx context.Context, w *W) error) error {
	err := r.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		sc, err := r.check.Check(ctx, tx, by, p, on)
		if err != nil {
			return err
		}
		if sc.Still(tx.Now()) && !still {
			return errMoving()
		}
		return once(ctx, &W{tx: tx, sc: sc, by: by, check: r.check, still: still}, func(ctx context.Context, w *W) error { return r.run(ctx, w, on, fn) })
	})
	return r.settle(ctx, by, p, on, err)
}

// WriteSelf runs a write about the actor's own identity. It needs no permission, reaches no account's data, and is
// recorded at the account the actor has chosen.
func (r *Runner) WriteSelf(ctx context.Context, by authz.Actor, fn func(ctx context.Context, w *W) error) error {
	if err := inPerson(by); err != nil {
		return err
	}
	err := r.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.run(ctx, &W{tx: tx, by: by, check: r.check}, by.Account(), fn)
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

func (r *Runner) run(ctx context.Context, w *W, on ids.Account, fn func(ctx context.Context, w *W) error) error {
	if err := fn(ctx, w); err != nil {
		return err
	}
	if len(w.events) == 0 {
		return errNoEvent
	}
	return audit.Record(ctx, w.tx, w.by, on, w.events)
}

// settle turns the end of a write into its result, and counts a refusal.
func (r *Runner) settle(ctx context.Context, by authz.Actor, p authz.Perm, on ids.Account, err error) error {
	switch {
	case errors.Is(err, errUnchanged):
		return nil
	case errs.KindOf(err) == errs.Denied:
		if rerr := audit.Refused(ctx, r.db, by, p, on); rerr != nil {
			return errors.Join(err, rerr)
		}
	}
	return err
}

// Read checks that by holds p on the account and returns the pool and the Scope to read with.
func (r *Runner) Read(ctx context.Context, by authz.Actor, p authz.Perm, on ids.Account) (db.Queryer, authz.Scope, error) {
	sc, err := r.check.Check(ctx, r.db, by, p, on)
	if err != nil {
		return nil, authz.Scope{}, r.settle(ctx, by, p, on, err)
	}
	return r.db, sc, nil
}

// See is Read for what everybody who has the account in sight may know.
func (r *Runner) See(ctx context.Context, by authz.Actor, on ids.Account) (db.Queryer, authz.Scope, error) {
	sc, err := r.check.See(ctx, r.db, by, on)
	return r.db, sc, err
}

// ReadSelf returns the pool for reading the actor's own identity.
func (r *Runner) ReadSelf(by authz.Actor) (db.Queryer, ids.User, error) {
	if err := inPerson(by); err != nil {
		return nil, "", err
	}
	return r.db, by.User(), nil
}

// ReadProfile is ReadSelf for a key, too, when it may see the profile of its owner.
func (r *Runner) ReadProfile(ctx context.Context, by authz.Actor) (db.Queryer, ids.User, error) {
	if by.Kind() != authz.Key {
		return r.ReadSelf(by)
	}
	q, _, err := r.Read(ctx, by, authz.ProfileView, by.Account())
	return q, by.User(), err
}

// WriteProfile is WriteSelf for a key, too, when it may change the profile of its owner.
func (r *Runner) WriteProfile(ctx context.Context, by authz.Actor, fn func(ctx context.Context, w *W) error) error {
	if by.Kind() != authz.Key {
		return r.WriteSelf(ctx, by, fn)
	}
	return r.Write(ctx, by, authz.ProfileEdit, by.Account(), func(ctx context.Context, w *W) error {
		self := &W{tx: w.tx, by: w.by, check: w.check}
		err := fn(ctx, self)
		w.events, w.made = append(w.events, self.events...), append(w.made, self.made...)
		return err
	})
}

// inPerson refuses whoever is not a person: a key acts for somebody in one account, and is not them.
func inPerson(by authz.Actor) error {
	switch by.Kind() {
	case authz.Person:
		return nil
	case authz.Key:
		return errs.New(errs.Denied, "auth.key_not_person", "Sign in to the portal for this. A key acts for a person in one account and cannot change who they are.")
	}
	return errs.New(errs.Unauthenticated, "auth.required", "Sign in first.")
}

// Batch runs state and traffic writes, which are not governed data. Its callers are listed in archtest.
func (r *Runner) Batch(ctx context.Context, fn func(ctx context.Context, tx *db.Tx) error) error {
	return r.db.Batch(ctx, fn)
}
