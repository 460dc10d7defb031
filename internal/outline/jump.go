package outline

import (
	"context"
	"fmt"
	"slices"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// mostJumps is how many nodes of each group are offered to somebody who types a name to go there.
const mostJumps = 5

// Jump finds the first few nodes below an account whose names contain what is typed, of every group that the actor may
// see there. Customers and departments are found as by Find. Of a portal its own people are found by name, those below
// it by the beginning of their address.
func (s *Service) Jump(ctx context.Context, by authz.Actor, root ids.Account, text string) ([]Node, error) {
	q, sc, err := s.op.See(ctx, by, root)
	if err != nil {
		return nil, err
	}
	words := account.Words(text)
	if len(words) == 0 {
		return nil, nil
	}
	var keys []key
	for _, g := range findable(sc) {
		more, err := s.jumps(ctx, q, sc, by, g, words, text)
		if err != nil {
			return nil, fmt.Errorf("search below %s: %w", root, err)
		}
		keys = append(keys, more...)
	}
	out, err := nodes(ctx, q, sc, keys)
	if err != nil {
		return nil, err
	}
	out = slices.DeleteFunc(out, func(n Node) bool { return n.Deactivated })
	return out, withPaths(ctx, q, sc, out)
}

func (s *Service) jumps(ctx context.Context, q db.Queryer, sc authz.Scope, by authz.Actor, g group, words []string, text string) ([]key, error) {
	switch {
	case g == formerPeople || g == invited:
		return nil, nil
	case g == people && sells(sc):
		own, err := ownPeopleNamed(ctx, q, sc, words, mostJumps)
		if err != nil || len(own) == mostJumps {
			return own, err
		}
		below, err := peopleAddressed(ctx, q, sc, words, mostJumps)
		for _, k := range below {
			if len(own) < mostJumps && !slices.ContainsFunc(own, func(o key) bool { return o.id == k.id }) {
				own = append(own, k)
			}
		}
		return own, err
	}
	return s.hits(ctx, q, sc, by, g, words, text, mostJumps)
}
