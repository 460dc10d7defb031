package policy

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

// BeginIn gives an account that is made in the same write a list that is in force at once: an address or range a line, each with
// its note after it. What is wrong is said of field. Whoever makes the account belongs to one above it, so that no list of it
// locks them out.
func (s *Service) BeginIn(ctx context.Context, w *op.W, l List, field, lines string) error {
	k, err := l.key()
	if err != nil {
		return err
	}
	if !w.Scope().Has(authz.SecurityEdit) {
		return authz.Denied()
	}
	list := Networks{On: true}
	for line := range strings.Lines(lines) {
		network, note, _ := strings.Cut(strings.TrimSpace(line), " ")
		if network == "" {
			continue
		}
		e, err := list.add(l, network, note)
		if err != nil {
			return errs.Under(field, err)
		}
		w.Audit(e)
	}
	if len(list.Entries) == 0 {
		return nil
	}
	if _, err := setting.Set(ctx, w.Tx(), w.Scope(), k, list, false); err != nil {
		var e *errs.Error
		if errors.As(err, &e) && (e.Kind == errs.Invalid || e.Kind == errs.Conflict) {
			err = errs.Field(field, e.Code, e.Msg, e.Args...)
		}
		return err
	}
	w.Audit(event(ActionSwitchedOn, l, netip.Prefix{}))
	return tellOf(ctx, w, k)
}
