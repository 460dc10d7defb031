package demo

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/user"
)

func acmeDepartments() []string {
	return split(`Acme Retail EU, Acme Wholesale, Acme Home, Acme Careers, Acme Foundation, Acme Garden, Acme Kids, Acme Outlet, Acme Trade`)
}

// acmeInDepartments is how many people each department has; most of them are in the client as well.
func acmeInDepartments() []int { return []int{41, 22, 33, 9, 4, 6, 5, 3, 8} }

// acmeSubs are Acme's sub-accounts and the departments that own them, -1 for those of Acme itself. The first ones send most.
func acmeSubs() []owned {
	of := func(name string, purpose subaccount.Purpose, department int) owned {
		return owned{subaccount.Input{Name: name, Purpose: purpose}, department}
	}
	return []owned{
		of("retail-eu-newsletters", subaccount.Marketing, 0), of("retail-eu-order-updates", subaccount.Transactional, 0), of("trade-price-lists", subaccount.Marketing, 1),
		of("retail-eu-texts", subaccount.Marketing, 0), of("wholesale-offers", subaccount.Marketing, 1), of("home-catalogue", subaccount.Marketing, 2),
		of("job-alerts", subaccount.Marketing, 3), of("receipts", subaccount.Transactional, -1), of("password-mails", subaccount.Transactional, -1),
		of("delivery-notes", subaccount.Transactional, 2), of("returns", subaccount.Transactional, 8), of("loyalty-statements", subaccount.Transactional, -1),
		of("store-alerts", subaccount.Transactional, 0), of("invoices", subaccount.Transactional, -1),
	}
}

// Acme's people: 131 in the client and 17 in its departments alone, 12 invited, 5 deactivated.
const (
	acmeDirect = 131
	acmeInside = 17
)

func (l *loader) acmePeople(ctx context.Context, s *site) error {
	l.at(s.created * 7 / 10)
	for _, g := range []group{
		{"Retail staff", "Everybody who works in a shop.", []authz.Perm{authz.LocationsView, authz.SubAccountsView}},
		{"Store managers", "Run one shop.", []authz.Perm{authz.LocationsView, authz.LocationsEdit, authz.UsersView}},
	} {
		if err := l.group(ctx, s.owner, s.id, g); err != nil {
			return err
		}
	}
	named := l.acmeNamed(s)
	for len(named) < acmeDirect-1 {
		named = append(named, l.somebody(s.domain, s.subs))
	}
	got, err := l.enrol(ctx, s.owner, s.id, named[:60])
	if err != nil {
		return err
	}
	l.at(s.created * 4 / 10)
	more, err := l.enrol(ctx, s.owner, s.id, named[60:])
	if err != nil {
		return err
	}
	for _, e := range got[:6] {
		s.senders = append(s.senders, e.Membership)
	}
	return l.acmeDepartments(ctx, s, named, append(got, more...))
}

// acmeNamed are the people of the design.
func (l *loader) acmeNamed(s *site) []user.Newcomer {
	in := func(g string, subs ...int) user.Access {
		a := user.Access{Role: authz.Role(l.groups[g]), AllSubs: len(subs) == 0}
		for _, i := range subs {
			a.Subs = append(a.Subs, s.subs[i])
		}
		return a
	}
	all := []user.Newcomer{
		l.person("Daniel Whitlock", s.domain, user.Access{Role: authz.Admin}),
		l.person("Elif Yıldırım", s.domain, user.Access{Role: authz.Admin}),
		l.person("Tomasz Wieczorek", s.domain, in("Campaign managers", 0, 1, 3)),
		l.person("Ines Carvalho", s.domain, in("Campaign managers", 0, 1, 2, 3, 4)),
		l.person("Jonas Lindqvist", s.domain, in("SMS operators", 2, 8)),
		l.person("Mária Kováčová", s.domain, in("Reporting")),
		l.person("Rhiannon Pugh", s.domain, in("Support agents", 7)),
		l.person("Samuel Achterberg", s.domain, in("Template editors", 0, 3, 4, 6)),
		l.person("Luca Bianchi", s.domain, in("Retail staff")),
		l.person("Aisha Rahman", s.domain, in("Store managers")),
		l.person("Noor Haddad", s.domain, user.Access{Role: authz.Guest}),
	}
	guest := &all[len(all)-1]
	guest.PasswordHash = l.hash
	l.logins("Guest of the client "+s.name, guest.Email)
	for i, minutes := range []int{60, 115, 12, 26 * 60, 28 * 60, 6 * 24 * 60, 9 * 24 * 60, 11 * 24 * 60, 40 * 60, 3 * 60, 9} {
		all[i].LastActive = l.Now.Add(-time.Duration(minutes) * time.Minute)
	}
	for _, i := range []int{4, 6} { // an Owner lets single people read messages
		all[i].Perms = authz.SetOf(authz.MessagesViewBody)
	}
	return all
}

func (l *loader) acmeDepartments(ctx context.Context, s *site, people []user.Newcomer, made []user.Enrolled) error {
	next := 2 // behind the two Admins, who reach the departments anyway
	for i, n := range acmeInDepartments() {
		var in []user.Newcomer
		for k := range n {
			if k < 2 && i < acmeInside-len(acmeInDepartments()) || k == 0 {
				fresh := l.somebody(s.domain, nil)
				fresh.AllSubs, fresh.Subs = true, nil
				in = append(in, fresh)
				continue
			}
			p := people[next%len(people)]
			p.Person.ID, p.Access = made[next%len(made)].User, user.Access{Role: authz.User, Perms: authz.ModuleSet("locations"), AllSubs: true}
			in = append(in, p)
			next++
		}
		if _, err := l.enrol(ctx, s.owner, s.deps[i], in); err != nil {
			return err
		}
	}
	l.daniel, l.elif = made[0].User, made[1].User
	return nil
}

// acmeInvitations are sent on several days by several people; two have run out.
func (l *loader) acmeInvitations(ctx context.Context, s *site) error {
	daniel, err := l.as(ctx, l.daniel)
	if err != nil {
		return err
	}
	elif, err := l.as(ctx, l.elif)
	if err != nil {
		return err
	}
	some := func(n int) user.Access {
		return user.Access{Role: authz.User, Perms: authz.ModuleSet("subaccounts", "locations"), AllSubs: n == 0, Subs: s.subs[:n]}
	}
	for _, i := range []struct {
		ago int
		by  authz.Actor
		a   user.Access
		to  string
	}{
		{9, elif, some(1), "h.stoltz, m.ferrante"},
		{6, elif, some(2), "oriol.puig"},
		{5, s.owner, user.Access{Role: authz.Admin}, "k.mbeki"},
		{5, s.owner, some(2), "y.tanaka, e.santos"},
		{5, s.owner, some(0), "r.iyer"},
		{4, daniel, some(3), "b.okonjo, l.haugen"},
		{4, daniel, some(5), "d.petrov"},
		{4, daniel, some(0), "s.lindgren"},
		{0, daniel, some(3), "freya.nolan"},
	} {
		l.at(i.ago)
		var to []string
		for _, n := range split(i.to) {
			to = append(to, n+"@acme.example.com")
		}
		if err := l.send(ctx, i.by, s.id, i.a, to...); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) acmeDeactivated(ctx context.Context, s *site) error {
	for _, p := range []struct {
		name string
		role authz.Role
		ago  int
	}{
		{"Hanne Vos", authz.Admin, 59}, {"Paul Adeyemi", authz.Admin, 53}, {"Lucía Ferrer", authz.Guest, 34}, {"Georg Brandt", authz.Admin, 20}, {"Signe Dahl", authz.Guest, 71},
	} {
		l.at(s.created / 2)
		got, err := l.enrol(ctx, s.owner, s.id, []user.Newcomer{l.person(p.name, s.domain, user.Access{Role: p.role})})
		if err != nil {
			return err
		}
		l.at(p.ago)
		if err := l.App.Users.Deactivate(ctx, s.owner, s.id, got[0].Membership); err != nil {
			return fmt.Errorf("deactivate %s: %w", p.name, err)
		}
	}
	return nil
}

// acmeToday lets its people be there today, and closes a department that is no longer needed.
func (l *loader) acmeToday(ctx context.Context, s *site) error {
	for i, who := range []ids.User{s.owner.User(), l.daniel, l.elif} {
		l.Clock.Set(l.Now.Add(-time.Duration(6+55*i) * time.Minute))
		if _, err := l.as(ctx, who); err != nil {
			return err
		}
	}
	l.at(14)
	return l.App.Accounts.Close(ctx, s.owner, s.deps[len(s.deps)-2], "Acme Outlet")
}
