package account

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// MostMoved is how many accounts are moved in one step.
const MostMoved = 20

// PreviewTogether says what moving accounts of one kind under another would do, each by itself. It changes nothing.
func (s *Service) PreviewTogether(ctx context.Context, by authz.Actor, accounts []ids.Account, to ids.Account) ([]Move, error) {
	if _, err := s.alike(ctx, by, accounts); err != nil {
		return nil, err
	}
	var out []Move
	for _, id := range unique(accounts) {
		m, err := s.PreviewMove(ctx, by, id, to)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// alike is the kind that all of some accounts have.
func (s *Service) alike(ctx context.Context, by authz.Actor, accounts []ids.Account) (Kind, error) {
	switch {
	case len(accounts) == 0:
		return "", errs.New(errs.Invalid, "account.none_chosen", "Select at least one account.")
	case len(accounts) > MostMoved:
		return "", errs.New(errs.Invalid, "account.too_many_chosen", "Select at most {max} accounts to move at once.", "max", MostMoved)
	}
	var kind Kind
	for i, id := range accounts {
		k, err := s.kindOf(ctx, by, id)
		if err != nil {
			return "", err
		}
		if i > 0 && k != kind {
			return "", errs.New(errs.Invalid, "account.kinds_mixed", "Select accounts of one kind. Resellers, customers and departments go to different places.")
		}
		kind = k
	}
	return kind, nil
}

// MoveTogether moves accounts of one kind below root under another account, all of them or none. Those that are there
// already stay.
func (s *Service) MoveTogether(ctx context.Context, by authz.Actor, root ids.Account, accounts []ids.Account, in MoveInput) error {
	kind, err := s.alike(ctx, by, accounts)
	if err != nil {
		return err
	}
	return s.op.Write(ctx, by, kind.Perm(move), root, func(ctx context.Context, w *op.W) error {
		moved := 0
		for _, id := range unique(accounts) {
			err := w.On(ctx, kind.Perm(move), id, func(ctx context.Context, w *op.W) error {
				n, err := s.moveOneOf(ctx, w, kind, root, in)
				moved += n
				return err
			})
			if err != nil {
				return err
			}
		}
		switch {
		case moved == 0:
			return w.Unchanged()
		case s.moves.way(moved) != AtOnce:
			return errs.New(errs.Conflict, "account.move_too_big_together", "Move them one by one. {count} accounts are too many for one step.", "count", moved)
		}
		return nil
	})
}

// moveOneOf moves the account that w is on, and returns how many accounts that were.
func (s *Service) moveOneOf(ctx context.Context, w *op.W, kind Kind, root ids.Account, in MoveInput) (int, error) {
	if !slices.Contains(w.Scope().Chain(), root) {
		return 0, noAccount()
	}
	a, err := get(ctx, w.Tx(), w.Scope(), w.Scope().Account())
	if err != nil || a.Parent == in.To {
		return 0, err
	}
	m, err := s.planIn(ctx, w, kind, in)
	if err != nil {
		return 0, err
	}
	if m.Way != AtOnce {
		return 0, errs.New(errs.Conflict, "account.move_alone", "Move {name} by itself. {count} accounts move with it.", "name", a.Name, "count", m.Accounts)
	}
	return m.Accounts, m.carryOut(ctx, w, in)
}

// JoinStranded adds the role groups of another move that happens in the same step: a group has one replacement in all.
func JoinStranded(all, more []Stranded) []Stranded {
	for _, m := range more {
		i := slices.IndexFunc(all, func(s Stranded) bool { return s.Group == m.Group })
		if i < 0 {
			all = append(all, m)
			continue
		}
		all[i].Members, all[i].Invitations = all[i].Members+m.Members, all[i].Invitations+m.Invitations
		all[i].Choices = slices.DeleteFunc(slices.Clone(all[i].Choices), func(r Replacement) bool { return !slices.Contains(m.Choices, r) })
	}
	return all
}

// JoinPackages does for packages what JoinStranded does for role groups.
func JoinPackages(all, more []StrandedPackage) []StrandedPackage {
	for _, m := range more {
		i := slices.IndexFunc(all, func(s StrandedPackage) bool { return s.Package == m.Package })
		if i < 0 {
			all = append(all, m)
			continue
		}
		all[i].Clients += m.Clients // both go to the same place, where the same is offered
	}
	return all
}

// CloseTogether closes accounts of any kind below root, all of them or none. Their number has to be typed.
func (s *Service) CloseTogether(ctx context.Context, by authz.Actor, root ids.Account, accounts []ids.Account, typed string) error {
	accounts = unique(accounts)
	if len(accounts) == 0 || len(accounts) > MostAtOnce {
		return errs.New(errs.Invalid, "account.close_number", "Select from 1 to {max} accounts to close.", "max", MostAtOnce)
	}
	return s.op.Write(ctx, by, authz.AccountView, root, func(ctx context.Context, w *op.W) error {
		closed := false
		for _, id := range accounts {
			err := w.On(ctx, authz.AccountView, id, func(ctx context.Context, w *op.W) error {
				if !slices.Contains(w.Scope().Chain(), root) {
					return noAccount()
				}
				did, err := closeIn(ctx, w)
				closed = closed || did
				return err
			})
			if err != nil {
				return err
			}
		}
		if strings.TrimSpace(typed) != strconv.Itoa(len(accounts)) {
			return errs.Field("typed", "account.count_mismatch", "Type the number of accounts, {count}.", "count", len(accounts))
		}
		return orUnchanged(w)(closed, nil)
	})
}
