package account

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

// Sizes are how many clients that are not closed lie below an account, how many active people it has, and how many role
// groups can be used there: each at most Most+1, and Unknown to those who may not see them.
type Sizes struct{ Clients, People, Roles int }

// Sizes returns how much there is of what the navigation leads to.
func (s *Service) Sizes(ctx context.Context, by authz.Actor, id ids.Account) (Sizes, error) {
	out := Sizes{Unknown, Unknown, Unknown}
	q, sc, err := s.op.See(ctx, by, id)
	if err != nil {
		return out, err
	}
	k, now := listed{root: id}, s.now()
	sells := Kind(sc.Kind()) == Platform || Kind(sc.Kind()) == Reseller
	clients := sells && sc.Has(authz.ClientsView)
	if clients && s.long.has(k, now) {
		out.Clients, clients = Most+1, false
	}
	if err := sizes(ctx, q, sc, clients, &out); err != nil {
		return out, err
	}
	if clients && out.Clients > Most {
		s.long.add(k, now)
	}
	return out, nil
}
