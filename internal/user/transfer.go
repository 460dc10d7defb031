package user

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
)

// Transfer says who becomes an Owner.
type Transfer struct {
	To   ids.Membership
	Keep bool // the present Owners stay; else the Owner who acts, or all when someone from above acts, become Admins
}

func mayTransfer(sc authz.Scope) bool {
	return sc.Has(authz.AccountTransfer) || sc.HeldAbove(authz.ClientsCreate)
}

// TransferOwnership makes a person of the account its Owner. An Owner may do it, and those above who may create
// the account. Owners who are replaced become Admins and are told.
func (s *Service) TransferOwnership(ctx context.Context, by authz.Actor, account ids.Account, in Transfer) error {
	return s.op.Write(ctx, by, authz.AccountView, account, func(ctx context.Context, w *op.W) error {
		if !mayTransfer(w.Scope()) {
			return errs.New(errs.Denied, "account.transfer_denied", "Ask an Owner of the account. Only Owners hand it over.")
		}
		to, err := load(ctx, w.Tx(), w.Scope(), in.To)
		if err != nil {
			return err
		}
		if !to.Active() {
			return errs.Field("to", "user.transfer_inactive", "Choose an active person, or reactivate this one first.")
		}
		if to.User == w.By().User() {
			if err := w.Scope().MayTake(authz.Grant{Role: authz.Owner}); err != nil {
				return err
			}
		}
		former, err := replaced(ctx, w, in)
		if err != nil {
			return err
		}
		if to.Role == authz.Owner && len(former) == 0 {
			return w.Unchanged()
		}
		if to.Role != authz.Owner {
			if err := s.setRole(ctx, w, to, authz.Owner); err != nil {
				return err
			}
			if err := notice.Tell(ctx, w.Tx(), notice.New{Kind: notice.OwnerChanged, Account: account, Target: string(to.ID), Facts: map[string]string{"person": to.Name}, By: by}); err != nil {
				return err
			}
		}
		for _, m := range former {
			if err := s.setRole(ctx, w, m, authz.Admin); err != nil {
				return err
			}
			if err := s.tellFormer(ctx, w, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// replaced returns the Owners who step down.
func replaced(ctx context.Context, w *op.W, in Transfer) ([]Member, error) {
	if in.Keep {
		return nil, nil
	}
	all, err := owners(ctx, w.Tx(), w.Scope())
	if err != nil {
		return nil, err
	}
	var others, self []Member
	for _, m := range all {
		switch {
		case m.ID == in.To:
		case m.User == w.By().User():
			self = append(self, m)
		default:
			others = append(others, m)
		}
	}
	if len(self) > 0 {
		return self, nil
	}
	if !w.Scope().HeldAbove(authz.ClientsCreate) {
		return nil, nil
	}
	return others, nil
}

func (s *Service) setRole(ctx context.Context, w *op.W, m Member, r authz.Role) error {
	after := m
	after.Access = Access{Role: r, Perms: m.Perms.Intersect(authz.Grantable(r)), AllSubs: true}
	after.RoleName, after.Group = "", authz.Set{}
	if err := update(ctx, w.Tx(), w.Scope(), after); err != nil {
		return err
	}
	e := m.event("user.ownership_transferred")
	e.Before, e.After = m.logged(), after.logged()
	w.Audit(e)
	return nil
}

func (s *Service) tellFormer(ctx context.Context, w *op.W, m Member) error {
	name, err := accountName(ctx, w.Tx(), w.Scope())
	if err != nil {
		return err
	}
	return s.mail.Queue(ctx, w.Tx(), notify.Mail{
		To: m.Email, Name: m.Name, Template: notify.OwnerReplaced, Account: m.Account,
		Link: secret.Wrap("/a/" + string(m.Account) + "/users"), Data: []any{"account", name, "by", w.By().Name()},
	})
}
