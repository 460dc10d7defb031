package authz

import "slices"

// always are the modules that no package withholds: without them an account could not be run, or not be paid for.
var always = []string{"account", "profile", "resellers", "clients", "users", "packages", "quotas", "support", "pricing", "payments"}

// Sellable returns the modules that a package may withhold, in the order of the grid.
func Sellable() []Module {
	return slices.DeleteFunc(Offered(), func(m Module) bool { return slices.Contains(always, m.Key) })
}

// Sold is what a package leaves to the people of its customers: the permissions of its modules, and what none withholds.
func Sold(modules Set) Set { return ModuleSet(always...).Union(modules) }

// standing is what a chain does to grants, from the platform down to one of its accounts: each grant is weakened by what
// stands at and above its own account, never by what stands below.
type standing struct {
	held, closed bool
	sold         Set    // of the package, if bound
	bound        bool   // a package withholds something
	by           string // its name
}

func (s *standing) enter(l Link) {
	s.held, s.closed = s.held || l.Held, s.closed || l.Closed
	if !l.Bound {
		return
	}
	if s.bound {
		s.sold = s.sold.Intersect(l.Sold)
	} else {
		s.sold = l.Sold
	}
	s.bound, s.by = true, l.PackageName
}

// within leaves of a set what the package does.
func (s standing) within(set Set) Set {
	if s.bound {
		return set.Intersect(s.sold)
	}
	return set
}
