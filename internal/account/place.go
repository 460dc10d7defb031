package account

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// PlacesForNew lists where somebody who makes an account of a kind in the account at may put it instead: under the resellers
// in their sight, or, for a department, in the same client. At is among them.
func (s *Service) PlacesForNew(ctx context.Context, by authz.Actor, at ids.Account, kind Kind) ([]Place, error) {
	q, sc, err := s.op.Read(ctx, by, kind.Perm(create), at)
	if err != nil {
		return nil, err
	}
	chain, err := path(ctx, q, sc)
	if err != nil {
		return nil, err
	}
	between := Reseller
	if kind == Department {
		between = Department
	}
	for _, c := range chain {
		if !c.Kind.MayContain(kind) {
			continue
		}
		_, there, err := s.op.See(ctx, by, c.ID)
		if err != nil {
			return nil, err
		}
		if !there.Has(kind.Perm(create)) {
			continue
		}
		below, err := placesBelow(ctx, q, there, c.ID, between)
		return append([]Place{{c.ID, c.Name, 0}}, below...), err
	}
	return nil, errs.NoSuch("account")
}
