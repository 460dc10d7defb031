package invite

import (
	"context"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// Placed is what becomes of the addresses in one of several clients.
type Placed struct {
	Client   ids.Account
	Name     string
	Verdicts []Verdict
}

// CheckInto says what would become of each address in each of the clients below root, and changes nothing.
func (s *Service) CheckInto(ctx context.Context, by authz.Actor, root ids.Account, clients []ids.Account, text string) ([]Placed, error) {
	if _, _, err := s.op.Read(ctx, by, authz.ClientsView, root); err != nil {
		return nil, err
	}
	if err := account.CheckChosen(clients); err != nil {
		return nil, err
	}
	var out []Placed
	for _, id := range clients {
		q, sc, err := s.op.Read(ctx, by, authz.UsersInvite, id)
		if err != nil {
			return nil, err
		}
		if !account.IsClientWithin(sc, root) {
			return nil, errs.NoSuch("account")
		}
		all, err := verdicts(ctx, q, sc, text, s.db.Now().UnixMilli())
		if err != nil {
			return nil, err
		}
		out = append(out, Placed{id, sc.Name(), all})
	}
	return out, few(out)
}

// few bounds what one action sends, as one invitation dialog does.
func few(all []Placed) error {
	n := 0
	for _, p := range all {
		n += len(p.Verdicts)
	}
	if n > BatchMax {
		return errs.Field("addresses", "invite.too_many_in_all", "Choose fewer clients or addresses. They make {count} invitations, and {max} can go at once.", "count", n, "max", BatchMax)
	}
	return nil
}

// InviteInto invites every address that can be into each of the clients below root, all in one transaction, and
// returns what became of each. When one client refuses what is given, nobody is invited anywhere.
func (s *Service) InviteInto(ctx context.Context, by authz.Actor, root ids.Account, clients []ids.Account, in Input) (out []Placed, err error) {
	in.Rows = nil
	err = s.op.Write(ctx, by, authz.ClientsView, root, func(ctx context.Context, w *op.W) error {
		out = nil
		sent := 0
		err := account.EachClient(ctx, w, clients, authz.UsersInvite, func(ctx context.Context, w *op.W) error {
			all, err := verdicts(ctx, w.Tx(), w.Scope(), in.Addresses, w.Tx().Ms())
			if err != nil {
				return err
			}
			out = append(out, Placed{w.Scope().Account(), w.Scope().Name(), all})
			good := ready(all)
			sent += len(good)
			if len(good) == 0 {
				return nil
			}
			return s.inviteAll(ctx, w, good, in)
		})
		if err != nil {
			return err
		}
		if sent == 0 {
			return errNobody()
		}
		return few(out)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ready are the addresses that can be invited.
func ready(all []Verdict) (out []Address) {
	for _, v := range all {
		if v.Why == OK {
			out = append(out, v.Address)
		}
	}
	return out
}

func errNobody() error {
	return errs.Field("addresses", "invite.none", "Add at least one address that can be invited.")
}
