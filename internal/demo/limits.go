package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"bailiwick/internal/quota"
)

// sends is limits per hour, day and month by email and by SMS. A message beyond the hour waits, beyond the rest it is refused.
func sends(email, sms [3]int64) quota.Grid {
	out := quota.Grid{}
	for c, amounts := range map[quota.Channel][3]int64{quota.Email: email, quota.SMS: sms} {
		for i, w := range quota.Windows() {
			action := quota.Reject
			if w == quota.Hour {
				action = quota.Hold
			}
			out = out.With(c, w, quota.Limit{Amount: amounts[i], Action: action})
		}
	}
	return out
}

// groupSends is what each person of some role groups may send.
func groupSends() map[string]quota.Grid {
	return map[string]quota.Grid{
		"Campaign managers": sends([3]int64{2000, 15_000, 200_000}, [3]int64{200, 800, 5000}),
		"Template editors":  sends([3]int64{50, 200, 1000}, [3]int64{5, 20, 100}),
		"Retail staff":      sends([3]int64{100, 500, 5000}, [3]int64{20, 100, 1000}),
	}
}

// limit is one that a client has instead of its package's.
func limit(c quota.Channel, w quota.Window, amount int64, lastDay string) quota.Edit {
	return quota.Edit{Channel: c, Window: w, Limit: quota.Limit{Amount: amount, Action: quota.Reject}, LastDay: lastDay}
}

// overrides are what some clients have instead of limits of their package.
func (l *loader) overrides() map[string]quota.Edit {
	return map[string]quota.Edit{
		"acme":                limit(quota.Email, quota.Day, 120_000, ""),
		"oakfield":            limit(quota.Email, quota.Hour, 12_000, l.day(70)),
		"deepwell":            limit(quota.Email, quota.Month, 1_000_000, ""),
		"tamarindrestaurants": limit(quota.Email, quota.Month, 150_000, l.day(12)),
		"larkspur":            limit(quota.SMS, quota.Month, 18_000, l.day(98)),
	}
}

// makeLimits sets what a client has instead of its package, and what Acme gives to its departments.
func (l *loader) makeLimits(ctx context.Context, s *site) error {
	l.at(9)
	set := func(t quota.Target, at int, edits ...quota.Edit) error {
		by, id := s.above, s.id
		if at >= 0 {
			by, id = s.owner, s.deps[at]
		} else if t != (quota.Target{}) {
			by = s.owner
		}
		if _, err := l.App.Quotas.SetLimits(ctx, by, id, t, edits); err != nil {
			return fmt.Errorf("limits of %s: %w", s.name, err)
		}
		return nil
	}
	if e, ok := l.overrides()[s.domain]; ok {
		if err := set(quota.Target{}, -1, e); err != nil {
			return err
		}
	}
	if s.domain != "acme" {
		return nil
	}
	for _, g := range []quota.Grant{
		{Channel: quota.Email, Units: 100_000, LastDay: l.day(58), Reason: "Autumn campaign", Reference: "R-2041"},
		{Channel: quota.SMS, Units: 5_000, LastDay: l.day(30), Reason: "Part of the renewal"},
	} {
		if _, err := l.App.Quotas.Grant(ctx, s.above, s.id, g); err != nil {
			return fmt.Errorf("credits of %s: %w", s.name, err)
		}
	}
	for i, share := range []int64{900_000, 450_000, 200_000, 120_000} {
		if err := set(quota.Target{}, i, limit(quota.Email, quota.Month, share, "")); err != nil {
			return err
		}
	}
	return set(quota.Target{Sub: s.subs[0]}, 0, limit(quota.Email, quota.Hour, 8000, ""), limit(quota.Email, quota.Day, 60_000, ""))
}

// makePool sets what the platform has to hand out.
func (l *loader) makePool(ctx context.Context) error {
	l.at(1)
	for _, name := range slices.Sorted(maps.Keys(l.resellers)) {
		if _, err := l.App.Quotas.SetLimits(ctx, l.owner, l.resellers[name].id, quota.Target{}, []quota.Edit{limit(quota.Email, quota.Month, 4_000_000, ""), limit(quota.SMS, quota.Month, 250_000, "")}); err != nil {
			return err
		}
	}
	_, err := l.App.Quotas.SetLimits(ctx, l.owner, l.out.Platform, quota.Target{}, []quota.Edit{
		limit(quota.Email, quota.Month, 40_000_000, ""), limit(quota.SMS, quota.Month, 2_000_000, ""),
	})
	return err
}
