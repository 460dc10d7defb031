package role

import (
	"context"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/quota"
)

// Holder is somebody who has a group, or is invited with it.
type Holder struct {
	Account     ids.Account
	AccountName string
	Membership  ids.Membership // "" for an invitation
	Name        string
	Email       string
}

// HolderLimit is how many holders are listed.
const HolderLimit = 100

// Holders lists who has a group at the account and below, the first hundred by name.
func (s *Service) Holders(ctx context.Context, by authz.Actor, account ids.Account, id ids.Role) ([]Holder, error) {
	q, sc, err := s.op.Read(ctx, by, authz.RolesView, account)
	if err != nil {
		return nil, err
	}
	if _, err := get(ctx, q, sc, id); err != nil || !sc.Has(authz.UsersView) {
		return nil, err
	}
	return holders(ctx, q, sc, id)
}

// Reassign gives everyone who has a group, or is invited with it, another group of the same account or above, or
// the role Guest.
func (s *Service) Reassign(ctx context.Context, by authz.Actor, account ids.Account, id ids.Role, to authz.Role) error {
	return s.op.Write(ctx, by, authz.RolesManage, account, func(ctx context.Context, w *op.W) error {
		sc := w.Scope()
		if !sc.Has(authz.RolesAssign) || !sc.Has(authz.UsersEdit) {
			return errs.New(errs.Denied, "role.assign_denied", "Ask an admin of the account. Changing the role of people is not part of yours.")
		}
		g, err := getHere(ctx, w.Tx(), sc, id)
		if err != nil {
			return err
		}
		if err := mayHold(sc, g.Perms); err != nil {
			return err
		}
		name, err := target(ctx, w, id, to)
		if err != nil {
			return err
		}
		if err := asMuch(ctx, w, g, to); err != nil {
			return err
		}
		n, err := reassign(ctx, w.Tx(), sc, id, to)
		if err != nil {
			return err
		}
		if n == 0 {
			return w.Unchanged()
		}
		w.Audit(audit.Event{
			Action: "role.reassigned", TargetType: "role", TargetID: string(id), Target: g.Name,
			Before: reassigned{g.Name, n}, After: reassigned{name, n},
		})
		return nil
	})
}

// asMuch checks that the people of a group may send no more with another than whoever gives it.
func asMuch(ctx context.Context, w *op.W, g Group, to authz.Role) error {
	was, next := authz.Role(g.ID), Group{}
	if !g.Perms.Has(authz.MessagesSend) {
		was = ""
	}
	if to.IsGroup() {
		var err error
		if next, err = get(ctx, w.Tx(), w.Scope(), ids.Role(to)); err != nil {
			return err
		}
	}
	if !next.Perms.Has(authz.MessagesSend) {
		return nil
	}
	return quota.Given(ctx, w.Tx(), w.Scope(), w.By(), was, to)
}

type reassigned struct {
	Role   string `audit:"show"`
	People int64  `audit:"show"`
}

// target checks that the role that takes a group's place exists here, is another, and confers nothing above the actor.
func target(ctx context.Context, w *op.W, from ids.Role, to authz.Role) (string, error) {
	if to == authz.Guest {
		return string(to), nil
	}
	if !to.IsGroup() || to == authz.Role(from) {
		return "", errs.Field("to", "role.reassign_target", "Choose another role group, or Guest.")
	}
	g, err := get(ctx, w.Tx(), w.Scope(), ids.Role(to))
	if errs.KindOf(err) == errs.NotFound {
		return "", errs.Field("to", "role.reassign_target", "Choose another role group, or Guest.")
	}
	if err != nil {
		return "", err
	}
	return g.Name, mayHold(w.Scope(), g.Perms)
}
