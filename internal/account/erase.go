package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/op"
)

const (
	eraseEvery  = time.Hour
	eraseAtOnce = 20 // accounts of one write, which stays short
)

// EraseClosed erases the accounts whose time to be reopened is over, with everything below them and the people who
// belong nowhere else. It goes on where it stopped; what is left of the log holds no personal values.
func EraseClosed(ctx context.Context, s *Service, d *db.DB) error {
	root, err := Root(ctx, d)
	if err != nil || root == "" {
		return err
	}
	q, sc, err := s.op.Read(ctx, jobs.Actor("erase", root, authz.AccountView), authz.AccountView, root)
	if err != nil {
		return err
	}
	closed, err := closedAlone(ctx, q, sc, s.now().AddDate(0, 0, -1).UnixMilli())
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range closed {
		if err := s.erase(ctx, id); err != nil {
			failed = append(failed, fmt.Errorf("erase %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

func (s *Service) erase(ctx context.Context, id ids.Account) error {
	by := jobs.Actor("erase", id, authz.AccountView)
	for more := true; more; {
		err := s.op.Write(ctx, by, authz.AccountView, id, func(ctx context.Context, w *op.W) (err error) {
			more, err = s.eraseSome(ctx, w)
			return err
		})
		if errs.KindOf(err) == errs.NotFound {
			return nil // erased meanwhile
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// eraseSome erases the deepest accounts that are left. It reports whether more are.
func (s *Service) eraseSome(ctx context.Context, w *op.W) (more bool, err error) {
	a, err := get(ctx, w.Tx(), w.Scope(), w.Scope().Account())
	if err != nil {
		return false, err
	}
	end, err := closing(ctx, w.Tx(), w.Scope(), a)
	if err != nil {
		return false, err
	}
	if !a.Closed() || a.ClosedWith != a.ID || w.Tx().Now().Before(end.Until) {
		return false, w.Unchanged()
	}
	left, err := countBelow(ctx, w.Tx(), w.Scope())
	if err != nil {
		return false, err
	}
	deepest, err := deepestBelow(ctx, w.Tx(), w.Scope(), eraseAtOnce)
	if err != nil {
		return false, err
	}
	for _, id := range deepest {
		if err := eraseAccount(ctx, w.Tx(), w.Scope(), id); err != nil {
			return false, err
		}
	}
	left -= len(deepest)
	// The event lies at the parent and names nobody: it stays when everything else is gone.
	w.Audit(audit.Event{Action: "account.erased", Account: a.Parent, TargetType: "account", TargetID: string(a.ID), After: closed{int64(len(deepest))}})
	return left > 0, noteErased(ctx, w.Tx(), w.Scope(), a, left, len(deepest))
}
