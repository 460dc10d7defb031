package apikey

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
)

// The owner of a key is told a week and a day before it ends.
const (
	day      = 24 * time.Hour
	firstDay = 7
	lastDay  = 1
)

const (
	remindEvery  = time.Hour
	remindAtOnce = 200
)

// Soon reports whether the key ends within the week in which its owner is told.
func (k Key) Soon(at time.Time) bool { return toldAt(k.Expires, at) != 0 && !k.Expired(at) }

// toldAt is which reminder is due at an instant, 0 for none.
func toldAt(expires, at time.Time) int {
	switch left := expires.Sub(at); {
	case expires.IsZero() || left > firstDay*day:
		return 0
	case left > lastDay*day:
		return firstDay
	}
	return lastDay
}

// RegisterJobs lists the periodic work of keys.
func RegisterJobs(w *jobs.Workers, s *Service) {
	w.Periodic("key.expiry", remindEvery, s.remind)
}

// remind tells the owners of keys that end soon, once for each reminder however often it runs.
func (s *Service) remind(ctx context.Context) error {
	soon := func(after ending) ([]ending, error) { return endings(ctx, s.db, s.db.Now(), after, remindAtOnce) }
	return jobs.Walk(ctx, remindAtOnce, soon, func(e ending) error {
		by := jobs.Actor("key.expiry", e.account, authz.AccountView)
		err := s.op.Write(ctx, by, authz.AccountView, e.account, func(ctx context.Context, w *op.W) error { return s.tell(ctx, w, e.id) })
		if err != nil {
			return fmt.Errorf("tell of the end of %s: %w", e.id, err)
		}
		return nil
	})
}

// ending is a key in the walk over keys by their end.
type ending struct {
	at      int64 // Unix milliseconds
	id      ids.Key
	account ids.Account
}

// told is what the log says about a reminder.
type told struct {
	Days    int       `audit:"show"`
	Expires time.Time `audit:"show"`
}

func (s *Service) tell(ctx context.Context, w *op.W, id ids.Key) error {
	k, err := get(ctx, w.Tx(), w.Scope(), id)
	if err != nil {
		return err
	}
	step := toldAt(k.Expires, w.Tx().Now())
	fresh, err := markTold(ctx, w.Tx(), w.Scope(), id, step)
	if err != nil {
		return err
	}
	if step == 0 || !fresh {
		return w.Unchanged()
	}
	e := k.event(ActionExpiring)
	e.After = told{step, k.Expires}
	w.Audit(e)
	to, err := ownerOf(ctx, w.Tx(), w.Scope(), k.Membership)
	if err != nil {
		return err
	}
	return s.mail.Queue(ctx, w.Tx(), notify.Mail{
		To: k.Email, Name: k.Owner, Template: notify.KeyExpiring, Language: to.language, Account: k.Account, Link: secret.Wrap("/me/keys"),
		Data: []any{"key", k.Name, "account", to.account, "count", step, "date", k.Expires.Add(-time.Millisecond)},
	})
}

// owner is what a mail to the owner of a key needs besides the key.
type owner struct{ language, account string }
