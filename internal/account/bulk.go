package account

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// MostAtOnce is how many clients one bulk action takes.
const MostAtOnce = 100

// BulkActive suspends or resumes clients below root, all or none. An id that is not a client of the actor's below
// root is answered as one that does not exist, and nothing changes.
func (s *Service) BulkActive(ctx context.Context, by authz.Actor, root ids.Account, clients []ids.Account, active bool) error {
	if active {
		return s.each(ctx, by, root, clients, authz.ClientsSuspend, resumeIn)
	}
	return s.each(ctx, by, root, clients, authz.ClientsSuspend, func(ctx context.Context, w *op.W) (bool, error) { return holdIn(ctx, w, "") })
}

// BulkExtend moves the end of memberships to a date, or with "" to never.
func (s *Service) BulkExtend(ctx context.Context, by authz.Actor, root ids.Account, clients []ids.Account, end string, noEnd bool) error {
	end = strings.TrimSpace(end)
	date, err := ParseDate(end)
	if err := (CreateInput{Customer, noEnd, Fields{MembershipEnd: end}}).alsoEnd(toField("membership_end", err)); err != nil {
		return err
	}
	return s.each(ctx, by, root, clients, authz.ClientsEdit, func(ctx context.Context, w *op.W) (bool, error) { return extendIn(ctx, w, date) })
}

func toField(field string, err error) error {
	var c errs.Collector
	note(&c, field, err)
	return c.Err()
}

// BulkClose closes clients. The number of accounts has to be typed.
func (s *Service) BulkClose(ctx context.Context, by authz.Actor, root ids.Account, clients []ids.Account, typed string) error {
	if strings.TrimSpace(typed) != strconv.Itoa(len(unique(clients))) {
		return errs.Field("typed", "account.number_mismatch", "Type the number of clients, {count}.", "count", len(unique(clients)))
	}
	return s.each(ctx, by, root, clients, authz.ClientsClose, closeIn)
}

func unique(in []ids.Account) []ids.Account { return slices.Compact(slices.Sorted(slices.Values(in))) }

// each runs do on every client in one write, after the check of p on each.
func (s *Service) each(ctx context.Context, by authz.Actor, root ids.Account, clients []ids.Account, p authz.Perm, do func(context.Context, *op.W) (bool, error)) error {
	return s.op.Write(ctx, by, authz.ClientsView, root, func(ctx context.Context, w *op.W) error {
		any := false
		err := EachClient(ctx, w, clients, p, func(ctx context.Context, w *op.W) error {
			changed, err := do(ctx, w)
			any = any || changed
			return err
		})
		if err != nil {
			return err
		}
		return orUnchanged(w)(any, nil)
	})
}

// EachClient runs do on each of at most MostAtOnce clients within a write on an account above them, after a check of
// p on each. An id that is not a client of the actor's below it is answered as one that does not exist.
func EachClient(ctx context.Context, w *op.W, clients []ids.Account, p authz.Perm, do func(context.Context, *op.W) error) error {
	clients = unique(clients)
	if err := CheckChosen(clients); err != nil {
		return err
	}
	root := w.Scope().Account()
	for _, id := range clients {
		err := w.On(ctx, p, id, func(ctx context.Context, w *op.W) error {
			if !IsClientWithin(w.Scope(), root) {
				return noAccount()
			}
			return do(ctx, w)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckChosen checks that some clients were chosen, and not too many.
func CheckChosen(clients []ids.Account) error {
	switch {
	case len(clients) == 0:
		return errs.New(errs.Invalid, "list.none_selected", "Select at least one client.")
	case len(clients) > MostAtOnce:
		return errs.New(errs.Invalid, "list.too_many_selected", "Select at most {max} clients at once.", "max", MostAtOnce)
	}
	return nil
}

// IsClientWithin reports whether the scope's account is root itself or below it, and a client.
func IsClientWithin(sc authz.Scope, root ids.Account) bool {
	return sc.Kind() == string(Customer) && slices.Contains(sc.Chain(), root)
}

func extendIn(ctx context.Context, w *op.W, end Date) (bool, error) {
	old, err := get(ctx, w.Tx(), w.Scope(), w.Scope().Account())
	if err != nil || old.MembershipEnd == end {
		return false, err
	}
	if !w.Scope().HeldAbove(authz.ClientsEdit) {
		return false, errs.New(errs.Denied, "account.parents_field", "Ask your provider to change this. Membership dates and references belong to the account above.")
	}
	if end != "" && end < old.MembershipStart {
		return false, errs.Field("membership_end", "account.ends_before_start", "Choose an end date after the membership's start.")
	}
	upd := old
	upd.MembershipEnd, upd.Version, upd.UpdatedAt = end, old.Version+1, w.Tx().Now()
	if err := put(ctx, w.Tx(), w.Scope(), upd); err != nil {
		return false, fmt.Errorf("save %s: %w", upd.ID, err)
	}
	auditUpdate(w, old, upd)
	if err := endChanged(ctx, w, old, upd); err != nil {
		return false, err
	}
	return true, listRow(ctx, w.Tx(), w.Scope())
}
