package quota

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

// Overridden is a limit that a client has instead of that of its package.
type Overridden struct {
	Account ids.Account
	Name    string
	Channel Channel
	Window  Window
	Limit   Limit
	Package Limit
	LastDay string // YYYY-MM-DD in the client's zone on which it stands for the last time, "" for good

	bought string
	ends   time.Time
}

// MostOverrides is how many overrides a list of them holds.
const MostOverrides = 200

// Overrides lists the limits that clients at the account and below have instead of those of their packages, the latest first, up to most.
func (s *Service) Overrides(ctx context.Context, by authz.Actor, account ids.Account, most int) ([]Overridden, error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, account)
	if err != nil {
		return nil, err
	}
	now := s.engine.clock()
	all, err := overridesBelow(ctx, q, sc, now, min(most, MostOverrides))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	bought := make([]string, len(all))
	accounts := make([]ids.Account, len(all))
	for i, o := range all {
		bought[i], accounts[i] = o.bought, o.Account
	}
	if err := s.engine.known.Learn(ctx, distinct(accounts)); err != nil {
		return nil, err
	}
	slices.Sort(bought)
	rows, err := limitsOf(ctx, q, slices.Compact(bought))
	if err != nil {
		return nil, fmt.Errorf("read the limits of packages: %w", err)
	}
	for i := range all {
		o := &all[i]
		cal, err := s.engine.Calendar(ctx, q, o.Account)
		if err != nil {
			return nil, err
		}
		o.LastDay, o.Package = lastDay(o.ends, cal.Zone), inForce(alive(rows, o.Channel, now), o.bought)[o.Window]
	}
	return all, nil
}
