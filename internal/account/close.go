package account

import (
	"context"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/quota"
	"bailiwick/internal/setting"
)

// Closing says how a closed account can come back.
type Closing struct {
	With  ids.Account // the account whose closing closed this one; itself when closed alone
	Until time.Time   // final after this instant
}

// mayClose reports whether the actor may close or reopen: by a grant above, or as the account's own Owner.
func mayClose(sc authz.Scope, kind Kind) bool {
	return kind != Platform && (sc.HeldAbove(kind.Perm(shut)) || sc.Has(authz.AccountClose))
}

func checkClose(sc authz.Scope, a Account) error {
	if !mayClose(sc, a.Kind) {
		return errs.New(errs.Denied, "account.close_denied", "Ask an Owner of the account, or its provider. Your role does not include this.")
	}
	return nil
}

// Close closes the account and everything below it. The account's name has to be typed.
func (s *Service) Close(ctx context.Context, by authz.Actor, id ids.Account, typed string) error {
	return s.op.Write(ctx, by, authz.AccountView, id, func(ctx context.Context, w *op.W) error {
		a, err := get(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		if ids.Fold(typed) != ids.Fold(a.Name) {
			if err := checkClose(w.Scope(), a); err != nil {
				return err
			}
			return errs.Field("typed", "account.name_mismatch", "Type the account's name, {name}, as it is shown.", "name", a.Name)
		}
		return orUnchanged(w)(closeIn(ctx, w))
	})
}

// closeIn closes the account that w is on and everything below it. It reports whether it was open.
func closeIn(ctx context.Context, w *op.W) (bool, error) {
	a, err := get(ctx, w.Tx(), w.Scope(), w.Scope().Account())
	if err != nil {
		return false, err
	}
	if err := checkClose(w.Scope(), a); err != nil || a.Closed() {
		return false, err
	}
	n, err := closeBelow(ctx, w.Tx(), w.Scope())
	if err != nil {
		return false, err
	}
	w.Audit(audit.Event{Action: "account.closed", TargetType: "account", TargetID: string(a.ID), Target: a.Name, After: closed{n}})
	if err := tellAccount(ctx, w, notice.AccountClosed, nil); err != nil {
		return false, err
	}
	return true, listClosed(ctx, w.Tx(), w.Scope())
}

// closed is what the log says about a closing or reopening.
type closed struct {
	Accounts int64 `audit:"show"`
}

// Reopen restores what the closing of this account closed.
func (s *Service) Reopen(ctx context.Context, by authz.Actor, id ids.Account) error {
	return s.op.Write(ctx, by, authz.AccountView, id, func(ctx context.Context, w *op.W) error {
		a, err := get(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		if err := checkClose(w.Scope(), a); err != nil {
			return err
		}
		switch {
		case !a.Closed():
			return w.Unchanged()
		case a.ClosedWith != a.ID:
			return errClosedAbove()
		}
		if err := openAbove(ctx, w); err != nil {
			return err
		}
		end, err := closing(ctx, w.Tx(), w.Scope(), a)
		if err != nil {
			return err
		}
		if !w.Tx().Now().Before(end.Until) {
			return errs.New(errs.Conflict, "account.final", "Create the account anew. It was closed too long ago and is being erased.")
		}
		n, err := reopenBelow(ctx, w.Tx(), w.Scope())
		if err != nil {
			return err
		}
		if err := quota.Reopened(ctx, w.Tx(), w.Scope()); err != nil {
			return err
		}
		if a.Kind == Department {
			if err := plan.Fits(ctx, w.Tx(), w.Scope(), plan.Departments); err != nil {
				return err
			}
		}
		w.Audit(audit.Event{Action: "account.reopened", TargetType: "account", TargetID: string(a.ID), Target: a.Name, After: closed{n}})
		if err := tellAccount(ctx, w, notice.AccountReopened, nil); err != nil {
			return err
		}
		return listClosed(ctx, w.Tx(), w.Scope())
	})
}

// openAbove checks that the parent is open: an account closed by itself may lie below one closed later.
func openAbove(ctx context.Context, w *op.W) error {
	shut, err := closedAbove(ctx, w.Tx(), w.Scope())
	if err != nil {
		return err
	}
	if shut {
		return errClosedAbove()
	}
	return nil
}

func closing(ctx context.Context, q db.Queryer, sc authz.Scope, a Account) (Closing, error) {
	set, err := setting.Read(ctx, q, sc, RetentionDays)
	if err != nil {
		return Closing{}, err
	}
	return closingOf(set, a)
}

// closingOf is closing for whoever has read the settings.
func closingOf(set setting.Chain, a Account) (Closing, error) {
	days, _, err := setting.Of(RetentionDays, set)
	if err != nil {
		return Closing{}, err
	}
	return Closing{a.ClosedWith, a.ClosedAt.AddDate(0, 0, days)}, nil
}

func errClosedAbove() error {
	return errs.New(errs.Conflict, "account.closed_above", "Reopen the account above first. This one lies below it.")
}
