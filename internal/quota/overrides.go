package quota

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
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

	bought  string
	ends    time.Time
	changed int64 // Unix milliseconds
}

// OverridesKeyed is how many values there are in the key of an override, by which a list of them goes on.
const OverridesKeyed = 4

func (o Overridden) key() []string {
	return []string{strconv.FormatInt(o.changed, 10), string(o.Account), string(o.Channel), o.Window.String()}
}

// Overrides lists the limits that clients at the account and below have instead of those of their packages, the latest first: up to
// most after the one with a key, nil for the first ones. next is the key of the last when there are more.
func (s *Service) Overrides(ctx context.Context, by authz.Actor, account ids.Account, after []string, most int) (all []Overridden, next []string, err error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, account)
	if err != nil {
		return nil, nil, err
	}
	now := s.engine.clock()
	if all, err = overridesBelow(ctx, q, sc, now, after, most+1); err != nil {
		return nil, nil, fmt.Errorf("list the overrides below %s: %w", account, err)
	}
	if len(all) > most {
		all = all[:most]
		next = all[most-1].key()
	}
	return all, next, s.besidePackages(ctx, q, all, now)
}

// besidePackages adds to overrides what the packages say, and their last days.
func (s *Service) besidePackages(ctx context.Context, q db.Queryer, all []Overridden, now time.Time) error {
	if len(all) == 0 {
		return nil
	}
	bought := make([]string, len(all))
	accounts := make([]ids.Account, len(all))
	for i, o := range all {
		bought[i], accounts[i] = o.bought, o.Account
	}
	if err := s.engine.known.Learn(ctx, distinct(accounts)); err != nil {
		return err
	}
	slices.Sort(bought)
	rows, err := limitsOf(ctx, q, slices.Compact(bought))
	if err != nil {
		return fmt.Errorf("read the limits of packages: %w", err)
	}
	for i := range all {
		o := &all[i]
		cal, err := s.engine.Calendar(ctx, q, o.Account)
		if err != nil {
			return err
		}
		o.LastDay, o.Package = lastDay(o.ends, cal.Zone), inForce(alive(rows, o.Channel, now), o.bought)[o.Window]
	}
	return nil
}
