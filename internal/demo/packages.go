package demo

import (
	"context"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	packages "bailiwick/internal/plan"
)

// sold is a package that the platform sells.
type sold struct {
	packages.Input
	id ids.Package
}

// offers are the packages from the smallest up.
func offers() []sold {
	of := func(name, price string, email, sms [3]int64, users, departments, subs, locations, keys int64) sold {
		return sold{Input: packages.Input{Name: name, PriceNote: price, All: true, Sending: sends(email, sms), Terms: packages.Terms{
			packages.Users: users, packages.Departments: departments, packages.SubAccounts: subs, packages.Locations: locations, packages.Keys: keys,
		}}}
	}
	all := []sold{
		of("Starter 25k", "EUR 29 a month", [3]int64{500, 2500, 25_000}, [3]int64{50, 250, 1000}, 25, 4, 3, 8, 5),
		of("Growth 100k", "EUR 99 a month", [3]int64{5000, 20_000, 100_000}, [3]int64{500, 1000, 5000}, 40, 5, 5, 15, 10),
		of("Scale 250k", "EUR 199 a month", [3]int64{6000, 30_000, 250_000}, [3]int64{800, 2000, 12_500}, 90, 10, 10, 30, 20),
		of("Business 500k", "EUR 349 a month", [3]int64{8000, 50_000, 500_000}, [3]int64{1000, 4000, 20_000}, 160, 15, 15, 60, 40),
		of("Enterprise 2M", "By agreement", [3]int64{10_000, 80_000, 2_000_000}, [3]int64{2000, 8000, 60_000}, 1000, packages.Unlimited, packages.Unlimited, packages.Unlimited, packages.Unlimited),
	}
	all[0].All, all[0].Modules = false, authz.ModuleSet("departments", "subaccounts", "locations", "credentials", "messages", "contacts", "suppressions", "settings", "security", "audit")
	return all
}

// makePackages makes what the clients buy.
func (l *loader) makePackages(ctx context.Context) (err error) {
	l.at(1700)
	l.packages = offers()
	for i := range l.packages {
		p := &l.packages[i]
		if p.id, err = l.App.Plans.Create(ctx, l.owner, l.out.Platform, p.Input); err != nil {
			return err
		}
	}
	return nil
}

// bought is the package of a client, nil for none.
func (l *loader) bought(c client) *sold {
	id := l.buys(c)
	i := slices.IndexFunc(l.packages, func(p sold) bool { return id != nil && p.id == *id })
	if i < 0 {
		return nil
	}
	return &l.packages[i]
}

// buys is the smallest package that a client fits into.
func (l *loader) buys(c client) *ids.Package {
	for i := range l.packages {
		p := &l.packages[i]
		fits := func(t packages.Term, n int) bool {
			most := p.Terms.Of(t)
			return most == packages.Unlimited || int64(n) <= most
		}
		if fits(packages.Users, c.users+c.users/8+6) && fits(packages.Departments, c.departments) && fits(packages.SubAccounts, c.subs) && fits(packages.Locations, c.locations) {
			return &p.id
		}
	}
	return nil
}
