package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/user"
)

// site is a client that is being made.
type site struct {
	client
	id      ids.Account
	above   authz.Actor // who runs the account above
	owner   authz.Actor
	deps    []ids.Account
	subs    []ids.SubAccount
	leaving []user.Enrolled  // are deactivated later
	senders []ids.Membership // send with keys of their own
}

func (l *loader) makeClients(ctx context.Context) error {
	for i, c := range l.plan {
		if err := l.makeClient(ctx, c); err != nil {
			return fmt.Errorf("client %s: %w", c.name, err)
		}
		if i == 1 || i%32 == 8 {
			if err := l.App.DB.Analyze(ctx); err != nil {
				return err
			}
		}
	}
	return l.App.DB.Analyze(ctx)
}

func (l *loader) makeClient(ctx context.Context, c client) error {
	s := &site{client: c, above: l.owner}
	parent := l.out.Platform
	if r, ok := l.resellers[c.reseller]; ok {
		parent, s.above = r.id, r.owner
	}
	l.at(c.created)
	in := account.CreateInput{Kind: account.Customer, NoEnd: c.noEnd, Fields: account.Fields{
		Name: c.name, LegalName: c.name + " Ltd", Email: "office@" + c.domain + ".example.com", Website: "https://" + c.domain + ".example.com",
		Industry: c.industry, TimeZone: c.zone, Package: l.buys(c), MembershipStart: l.day(-c.created),
		Refs: []account.Ref{{Source: "billing", Reference: "C-" + strings.ToUpper(c.domain)}},
	}}
	if !c.noEnd {
		in.MembershipEnd = l.day(c.end)
	}
	a, err := l.App.Accounts.Create(ctx, s.above, parent, in)
	if err != nil {
		return err
	}
	s.id = a.ID
	l.progress(1)
	steps := []func(context.Context, *site) error{l.giveOwner, l.makeDepartments, l.makeSubs, l.makePeople, l.makeLocations, l.makeContacts, l.inviteSome, l.deactivateSome, l.makeLimits, l.hold}
	if c.domain == "acme" {
		steps = []func(context.Context, *site) error{l.giveOwner, l.makeDepartments, l.makeSubs, l.acmePeople, l.makeLocations, l.makeContacts, l.acmeInvitations, l.acmeDeactivated, l.makeLimits, l.acmeToday}
	}
	for _, step := range steps {
		if err := step(ctx, s); err != nil {
			return err
		}
	}
	l.sends(s)
	return nil
}

// giveOwner puts the first person in and lets them sign in.
func (l *loader) giveOwner(ctx context.Context, s *site) error {
	first, last := firsts(), lasts()
	name := first[l.rng.IntN(len(first))] + " " + last[l.rng.IntN(len(last))]
	if s.domain == "acme" {
		name = "Amara Okafor"
	}
	n := l.person(name, s.domain, user.Access{Role: authz.Owner})
	n.JobTitle, n.LastActive = "Managing director", l.Now.Add(-time.Duration(6+l.rng.IntN(6000))*time.Minute)
	if s.domain == "acme" {
		n.PasswordHash, n.LastActive = l.hash, l.Now.Add(-6*time.Minute)
		l.out.Acme = s.id
		l.logins("Owner of the client "+s.name, n.Email)
	}
	got, err := l.enrol(ctx, s.above, s.id, []user.Newcomer{n})
	if err != nil {
		return err
	}
	s.senders = append(s.senders, got[0].Membership)
	s.owner, err = l.as(ctx, got[0].User)
	return err
}

func (l *loader) makeDepartments(ctx context.Context, s *site) error {
	names := departments()
	if s.domain == "acme" {
		names = acmeDepartments()
	}
	l.at(s.created * 9 / 10)
	for i := range s.departments {
		a, err := l.App.Accounts.Create(ctx, s.owner, s.id, account.CreateInput{Kind: account.Department, Fields: account.Fields{Name: names[i]}})
		if err != nil {
			return fmt.Errorf("department %s: %w", names[i], err)
		}
		s.deps = append(s.deps, a.ID)
	}
	l.progress(s.departments)
	return nil
}

// owned is a sub-account and which of its client's departments owns it, -1 for none.
type owned struct {
	subaccount.Input
	department int
}

// usualSubs are the sub-accounts of most clients, some of departments.
func (s *site) usualSubs() []owned {
	out := []owned{{subaccount.Input{Name: "newsletters", Purpose: subaccount.Marketing}, -1}, {subaccount.Input{Name: "order-updates", Purpose: subaccount.Transactional}, -1},
		{subaccount.Input{Name: "texts", Purpose: subaccount.Transactional}, -1}, {subaccount.Input{Name: "password-mails", Purpose: subaccount.Transactional}, -1}}
	if n := len(s.deps); n > 0 {
		out[1].department = 1 % n
	}
	return out
}

// makeSubs gives the client its sub-accounts.
func (l *loader) makeSubs(ctx context.Context, s *site) error {
	subs := s.usualSubs()
	if s.domain == "acme" {
		subs = acmeSubs()
	}
	l.at(s.created * 8 / 10)
	for _, sub := range subs[:s.client.subs] {
		on := s.id
		if sub.department >= 0 {
			on = s.deps[sub.department]
		}
		id, err := l.App.Subs.Create(ctx, s.owner, on, sub.Input)
		if err != nil {
			return fmt.Errorf("sub-account %s: %w", sub.Name, err)
		}
		s.subs = append(s.subs, id)
	}
	l.progress(len(s.subs))
	return nil
}

// makePeople spreads the client's people over the years and over its departments.
func (l *loader) makePeople(ctx context.Context, s *site) error {
	var here []user.Newcomer
	inside := make([][]user.Newcomer, len(s.deps))
	for i := 1; i < s.users+s.deactivated; i++ {
		n := l.somebody(s.domain, s.subs)
		if d := l.rng.IntN(10); i < s.users && d < 3 && d < len(s.deps) {
			n.AllSubs, n.Subs = true, nil
			inside[d] = append(inside[d], n)
			continue
		}
		here = append(here, n)
	}
	for i := range 2 {
		l.at(s.created * (7 - 5*i) / 10)
		var part []user.Newcomer
		part, here = cut(here, len(here)/(2-i))
		got, err := l.enrol(ctx, s.owner, s.id, part)
		if err != nil {
			return err
		}
		if i == 1 && s.deactivated > 0 {
			s.leaving = got[max(0, len(got)-s.deactivated):]
		}
	}
	for i, dep := range s.deps {
		if _, err := l.enrol(ctx, s.owner, dep, inside[i]); err != nil {
			return err
		}
	}
	return nil
}

func cut[T any](all []T, n int) (head, tail []T) { return slices.Clone(all[:n]), all[n:] }

func (l *loader) makeLocations(ctx context.Context, s *site) error {
	where, what := towns(), places()
	l.at(s.created * 6 / 10)
	at := map[ids.Account][]account.LocationInput{}
	for i := range s.locations {
		t, street := where[(i*7+s.created)%len(where)], what[(i*3+s.users)%len(what)]
		on := s.id
		if d := i % 5; d < len(s.deps) && i%2 == 1 {
			on = s.deps[d]
		}
		at[on] = append(at[on], account.LocationInput{Name: t.name + ", " + street, Address: fmt.Sprintf("%d %s\n%s", 1+i*13%90, street, t.name), Country: t.country})
	}
	for _, on := range append([]ids.Account{s.id}, s.deps...) {
		if len(at[on]) == 0 {
			continue
		}
		if _, err := l.App.Accounts.AddLocations(ctx, s.owner, on, at[on]); err != nil {
			return fmt.Errorf("locations: %w", err)
		}
	}
	l.progress(s.locations)
	return nil
}

func (l *loader) inviteSome(ctx context.Context, s *site) error {
	if s.invited == 0 || s.end < 0 && !s.noEnd {
		return nil
	}
	l.at(l.rng.IntN(6))
	var to []string
	for range s.invited {
		to = append(to, l.somebody(s.domain, nil).Email)
	}
	return l.send(ctx, s.owner, s.id, user.Access{Role: authz.User, Perms: authz.ModuleSet("locations"), AllSubs: true}, to...)
}

func (l *loader) send(ctx context.Context, by authz.Actor, on ids.Account, a user.Access, to ...string) error {
	_, err := l.App.Invites.Invite(ctx, by, on, invite.Input{Addresses: strings.Join(to, "\n"), Access: a})
	if err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	return nil
}

func (l *loader) deactivateSome(ctx context.Context, s *site) error {
	if len(s.leaving) == 0 {
		return nil
	}
	l.at(s.created * 2 / 100)
	var who []ids.Membership
	for _, e := range s.leaving {
		who = append(who, e.Membership)
	}
	return l.App.Users.Deactivate(ctx, l.owner, s.id, who...)
}

func (l *loader) hold(ctx context.Context, s *site) error {
	by, reason := s.above, "Unpaid invoices since the end of last quarter."
	switch {
	case s.ownHold:
		by, reason = s.owner, "Closed for the season."
	case !s.held:
		return nil
	}
	l.at(3 + l.rng.IntN(20))
	return l.App.Accounts.Hold(ctx, by, s.id, reason)
}
