package user

import (
	"context"
	"slices"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
)

// BulkMax is how many people one action takes.
const BulkMax = 100

// effect is what one step of a bulk action came to.
type effect uint8

const (
	nothing effect = iota
	changed
	ownerWent // an active Owner went
)

// Deactivate ends what people may do in the account by these memberships, at once. Their other accounts stay.
func (s *Service) Deactivate(ctx context.Context, by authz.Actor, at ids.Account, who ...ids.Membership) error {
	return s.each(ctx, by, authz.UsersDeactivate, at, who, func(ctx context.Context, w *op.W, m Member) (effect, error) {
		if !m.Active() {
			return nothing, nil
		}
		after := m
		after.DeactivatedAt = w.Tx().Now()
		e := m.event("user.deactivated")
		e.Before, e.After = m.logged(), after.logged()
		w.Audit(e)
		return goes(m), setActive(ctx, w.Tx(), w.Scope(), m.ID, false)
	})
}

// Reactivate puts memberships in force again, as they were; that they read message bodies is an Owner's to give anew.
func (s *Service) Reactivate(ctx context.Context, by authz.Actor, at ids.Account, who ...ids.Membership) error {
	return s.each(ctx, by, authz.UsersDeactivate, at, who, func(ctx context.Context, w *op.W, m Member) (effect, error) {
		if m.Active() {
			return nothing, nil
		}
		if err := w.Scope().MayGive(authz.Grant{Role: m.Role, Extra: m.Perms.Without(bodies), Group: m.Group, AllSubs: m.AllSubs}); err != nil {
			return nothing, err
		}
		after := m
		after.DeactivatedAt = time.Time{}
		if after.Perms.Has(authz.MessagesViewBody) && !ownerOf(w.Scope()) {
			after.Perms = after.Perms.Without(bodies)
			if err := update(ctx, w.Tx(), w.Scope(), after); err != nil {
				return nothing, err
			}
		}
		e := m.event("user.reactivated")
		e.Before, e.After = m.logged(), after.logged()
		w.Audit(e)
		if err := setActive(ctx, w.Tx(), w.Scope(), m.ID, true); err != nil {
			return nothing, err
		}
		return changed, plan.Fits(ctx, w.Tx(), w.Scope(), plan.Users)
	})
}

// Remove ends memberships for good. What the people did stays in the log, and they can be invited again.
func (s *Service) Remove(ctx context.Context, by authz.Actor, at ids.Account, who ...ids.Membership) error {
	return s.each(ctx, by, authz.UsersRemove, at, who, func(ctx context.Context, w *op.W, m Member) (effect, error) {
		e := m.event("user.removed")
		e.Before = m.logged()
		w.Audit(e)
		return goes(m), remove(ctx, w.Tx(), w.Scope(), m.ID)
	})
}

func goes(m Member) effect {
	if m.Role == authz.Owner && m.Active() {
		return ownerWent
	}
	return changed
}

// each runs step on people of the account, all or none. One who is not of this account is not found, whoever they are.
func (s *Service) each(ctx context.Context, by authz.Actor, p authz.Perm, at ids.Account, who []ids.Membership, step func(context.Context, *op.W, Member) (effect, error)) error {
	switch {
	case len(who) == 0:
		return errs.New(errs.Invalid, "user.none_chosen", "Choose at least one person.")
	case len(who) > BulkMax:
		return errs.New(errs.Invalid, "user.too_many_chosen", "Choose at most {max} people at once.", "max", BulkMax)
	}
	who = slices.Compact(slices.Sorted(slices.Values(who)))
	return s.op.Write(ctx, by, p, at, func(ctx context.Context, w *op.W) error {
		most := nothing
		for _, id := range who {
			m, err := loadManaged(ctx, w, id)
			if err != nil {
				return err
			}
			did, err := step(ctx, w, m)
			if err != nil {
				return err
			}
			most = max(most, did)
		}
		switch most {
		case nothing:
			return w.Unchanged()
		case ownerWent:
			if err := keepOwner(ctx, w); err != nil {
				return err
			}
		}
		return account.CountsChanged(ctx, w.Tx(), w.Scope())
	})
}
