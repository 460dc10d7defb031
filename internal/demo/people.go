package demo

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/role"
	"bailiwick/internal/user"
)

// group is a role group of the platform, which every account below can use.
type group struct {
	name, about string
	perms       []authz.Perm
}

func groups() []group {
	return []group{
		{"Campaign managers", "Plan and send what their sub-accounts allow.", []authz.Perm{authz.SubAccountsView, authz.SubAccountsEdit, authz.LocationsView}},
		{"SMS operators", "Run the text message lines.", []authz.Perm{authz.SubAccountsView, authz.SubAccountsSuspend}},
		{"Reporting", "Read figures, change nothing.", []authz.Perm{authz.SubAccountsView, authz.LocationsView, authz.AuditView}},
		{"Support agents", "Answer questions of colleagues.", []authz.Perm{authz.UsersView, authz.DepartmentsView, authz.SubAccountsView}},
		{"Template editors", "Write what others send.", []authz.Perm{authz.SubAccountsView}},
		{"Location keepers", "Look after shops and offices.", []authz.Perm{authz.LocationsView, authz.LocationsCreate, authz.LocationsEdit, authz.LocationsClose}},
		{"People team", "Invite colleagues and see who they are.", []authz.Perm{authz.UsersView, authz.UsersInvite, authz.RolesView}},
		{"Department leads", "Run one department.", []authz.Perm{authz.DepartmentsView, authz.DepartmentsEdit, authz.UsersView, authz.UsersInvite, authz.UsersEdit, authz.SubAccountsView}},
		{"Auditors", "Read who did what.", []authz.Perm{authz.AuditView, authz.AuditExport, authz.UsersView}},
		{"Developers", "Keep the sub-accounts of programs.", []authz.Perm{authz.SubAccountsView, authz.SubAccountsCreate, authz.SubAccountsEdit}},
	}
}

// makeGroups defines the role groups of the platform and invites its staff.
func (l *loader) makeGroups(ctx context.Context) error {
	l.at(1770)
	for _, g := range groups() {
		if err := l.group(ctx, l.owner, l.out.Platform, g); err != nil {
			return err
		}
	}
	l.at(1700)
	staff := []user.Newcomer{
		l.person("Marcus Webb", "halyard", user.Access{Role: authz.Admin}),
		l.person("Sofia Marchetti", "halyard", user.Access{Role: authz.Admin}),
		l.person("Jude Tamsin", "halyard", support()),
		l.person("Li Wen", "halyard", support()),
		l.person("Oluwaseun Balogun", "halyard", support()),
		l.person("Greta Holm", "halyard", user.Access{Role: authz.Role(l.groups["Auditors"]), AllSubs: true}),
		l.person("Tobias Frank", "halyard", user.Access{Role: authz.Guest}),
	}
	for i := range staff {
		staff[i].LastActive = l.Now.Add(-time.Duration(i*i*7+1) * time.Hour)
	}
	_, err := l.enrol(ctx, l.owner, l.out.Platform, staff)
	return err
}

func support() user.Access {
	return user.Access{Role: authz.Support, AllSubs: true, Perms: authz.SetOf(authz.ClientsView, authz.DepartmentsView, authz.UsersView)}
}

func (l *loader) group(ctx context.Context, by authz.Actor, on ids.Account, g group) error {
	id, err := l.App.Roles.Create(ctx, by, on, role.Input{Name: g.name, Description: g.about, Perms: authz.SetOf(g.perms...), Sending: groupSends()[g.name]})
	if err != nil {
		return fmt.Errorf("role group %s: %w", g.name, err)
	}
	l.groups[g.name] = id
	return nil
}

// person is somebody with an address at a domain. An address is given once.
func (l *loader) person(name, domain string, a user.Access) user.Newcomer {
	email := slug(name, ".") + "@" + domain + ".example.com"
	for n := 2; l.used[email]; n++ {
		email = fmt.Sprintf("%s%d@%s.example.com", slug(name, "."), n, domain)
	}
	l.used[email] = true
	return user.Newcomer{Person: user.Person{Name: name, Email: email, Verified: true, PasswordHash: l.nobody}, Access: a}
}

// somebody is a person of no special name, as the many are.
func (l *loader) somebody(domain string, subs []ids.SubAccount) user.Newcomer {
	first, last, all := firsts(), lasts(), titles()
	n := l.person(first[l.rng.IntN(len(first))]+" "+last[l.rng.IntN(len(last))], domain, l.access(subs))
	if l.rng.IntN(3) > 0 {
		n.JobTitle = all[l.rng.IntN(len(all))]
	}
	if l.rng.IntN(4) == 0 {
		n.Phone = fmt.Sprintf("+44 117 496 %04d", l.rng.IntN(10000))
	}
	if l.rng.IntN(8) > 0 {
		hours := 1 + l.rng.IntN(24*4)
		if l.rng.IntN(3) == 0 {
			hours *= 12
		}
		n.LastActive = l.Now.Add(-time.Duration(hours)*time.Hour - time.Duration(l.rng.IntN(3600))*time.Second)
	}
	return n
}

// access is what the many have: mostly Users, some by a role group, few Admins and Guests.
func (l *loader) access(subs []ids.SubAccount) user.Access {
	a := user.Access{AllSubs: true}
	switch n := l.rng.IntN(100); {
	case n < 5:
		a.Role = authz.Admin
		return a
	case n < 14:
		a.Role = authz.Guest
		return a
	case n < 50:
		all := groups()
		a.Role = authz.Role(l.groups[all[l.rng.IntN(len(all))].name])
	case n < 70:
		a.Role, a.Perms = authz.User, authz.ModuleSet("subaccounts", "locations")
	case n < 85:
		a.Role, a.Perms = authz.User, authz.SetOf(authz.SubAccountsView, authz.LocationsView)
	default:
		a.Role, a.Perms = authz.User, authz.ModuleSet("locations")
	}
	if len(subs) > 1 && l.rng.IntN(3) == 0 {
		a.AllSubs, a.Subs = false, subs[:1+len(subs)/3]
	}
	return a
}

// reseller is an account between the platform and some of its clients.
type reseller struct {
	id    ids.Account
	owner authz.Actor
}

func (l *loader) makeResellers(ctx context.Context) error {
	for _, r := range []struct {
		name, domain, owner, admin string
		ago, people                int
	}{
		{meridian, "meridian", "Henrik Solberg", "Camille Laurent", 1620, 8},
		{sadeem, "sadeem", "Nadia Farouk", "Khalid Al Harbi", 1540, 6},
	} {
		l.at(r.ago)
		a, err := l.App.Accounts.Create(ctx, l.owner, l.out.Platform, account.CreateInput{Kind: account.Reseller,
			Fields: account.Fields{Name: r.name, Email: "hello@" + r.domain + ".example.com", Website: "https://" + r.domain + ".example.com"}})
		if err != nil {
			return fmt.Errorf("reseller %s: %w", r.name, err)
		}
		team := []user.Newcomer{l.person(r.owner, r.domain, user.Access{Role: authz.Owner}), l.person(r.admin, r.domain, user.Access{Role: authz.Admin})}
		if r.name == meridian {
			team[1].PasswordHash = l.hash
			l.logins("Admin of the reseller "+r.name, team[1].Email)
		}
		team = append(team, l.person("Service Desk", r.domain, support()))
		for len(team) < r.people {
			team = append(team, l.person(firsts()[l.rng.IntN(40)]+" "+lasts()[l.rng.IntN(40)], r.domain, user.Access{Role: authz.Admin}))
		}
		for i := range team {
			team[i].LastActive = l.Now.Add(-time.Duration(i*19+2) * time.Hour)
		}
		got, err := l.enrol(ctx, l.owner, a.ID, team)
		if err != nil {
			return err
		}
		by, err := l.as(ctx, got[0].User)
		if err != nil {
			return err
		}
		l.resellers[r.name] = reseller{a.ID, by}
	}
	return nil
}
