package matrix_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/role"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
)

// village is a client in its surroundings with its people, for trying to give rights in it.
type village struct {
	*apptest.World
	t                                           *testing.T
	reseller, client, department, beside, south ids.Account    // south is another reseller
	owner, admin, colleague                     apptest.Person // of the client; the colleague has the small group
	small, everything                           ids.Role       // of the reseller
	actors                                      []rank
}

// rank is somebody who tries.
type rank struct {
	name string
	apptest.Person
}

func newVillage(t *testing.T) *village {
	t.Helper()
	w := apptest.OnSQLite(t)
	v := &village{World: w, t: t}
	v.reseller = w.Reseller(w.Platform, "Northwind")
	v.client = w.Client(v.reseller, "Acme")
	v.department = w.Department(v.client, "Marketing")
	v.beside = w.Client(v.reseller, "Bolt")
	v.south = w.Reseller(w.Platform, "Southwind")
	v.owner = w.Member(v.client, "owner@acme.example", apptest.As(authz.Owner))
	v.admin = w.Member(v.client, "admin@acme.example", apptest.As(authz.Admin))
	w.Member(v.department, "owner@acme.example", apptest.As(authz.Owner))
	w.Member(v.reseller, "chief@northwind.example", apptest.As(authz.Owner)) // so that no Owner who tries is the last
	w.Member(v.beside, "owner@bolt.example", apptest.As(authz.Owner))
	v.small = w.RoleGroup(v.reseller, "Small", authz.LocationsView)
	v.everything = w.RoleGroup(v.reseller, "Everything", authz.GroupGrantable().List()...)
	v.colleague = w.Member(v.client, "colleague@acme.example", apptest.As(authz.Role(v.small)))
	people := w.RoleGroup(v.reseller, "People", append(authz.ModuleSet("users", "roles").List(), authz.LocationsView)...)
	sellers := w.RoleGroup(v.reseller, "Sellers", append(authz.ModuleSet("users", "roles", "clients", "departments").List(), authz.LocationsView)...)
	limited := apptest.As(authz.Role(people))
	for _, at := range []struct {
		where string
		id    ids.Account
	}{{"inside", v.client}, {"above", v.reseller}, {"beside", v.beside}, {"below", v.department}} {
		for _, r := range []struct {
			name   string
			access user.Access
		}{
			{"Owner", apptest.As(authz.Owner)}, {"Admin", apptest.As(authz.Admin)}, {"User", apptest.AllModules()}, {"Guest", apptest.As(authz.Guest)},
			{"Support", apptest.As(authz.Support, authz.Grantable(authz.Support).List()...)}, {"People group", limited}, {"Sellers group", apptest.As(authz.Role(sellers))},
		} {
			switch {
			case r.name == "Support" && at.where != "above": // it exists at platforms and resellers
				continue
			case at.where == "beside" && r.name != "Owner", at.where == "below" && r.name != "Owner" && r.name != "People group",
				at.where == "above" && (r.name == "User" || r.name == "Guest"):
				continue // one without rights there is like another
			}
			who := w.Member(at.id, fmt.Sprintf("%s-%s@try.example", ids.Fold(r.name)[:4], at.where), r.access)
			v.actors = append(v.actors, rank{r.name + " " + at.where, who})
		}
	}
	w.Exec("UPDATE accounts SET created_at = 0") // young accounts send few invitations
	w.Exec("CREATE TABLE kept AS SELECT * FROM memberships")
	w.Exec("CREATE TABLE kept_roles AS SELECT * FROM roles")
	w.Exec("CREATE TABLE kept_list AS SELECT * FROM member_list")
	return v
}

// restore brings the people back as they were in the beginning.
func (v *village) restore() {
	v.t.Helper()
	v.Write(func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{
			"DELETE FROM memberships", "INSERT INTO memberships SELECT * FROM kept", "INSERT INTO member_list SELECT * FROM kept_list",
			"DELETE FROM roles", "INSERT INTO roles SELECT * FROM kept_roles", "DELETE FROM invitations", "DELETE FROM invitation_allowance",
			"DELETE FROM identities WHERE email LIKE 'new@try%'",
		} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
}

// rights are what each of some people holds at each of some accounts.
type rights map[string]map[ids.Account]authz.Set

func (v *village) rights(people map[string]apptest.Person) rights {
	out := rights{}
	for name, p := range people {
		out[name] = map[ids.Account]authz.Set{}
		for _, at := range []ids.Account{v.reseller, v.client, v.department} {
			out[name][at] = v.Held(p.Actor, at)
		}
	}
	return out
}

// giver is who tried, with what sets them apart at some accounts.
type giver struct {
	name   string
	mayOwn map[ids.Account]bool // holds clients.create above: may give it an Owner, to somebody else
	owns   map[ids.Account]bool // is its Owner: may let people read message bodies there and below
}

var bodies = authz.SetOf(authz.MessagesViewBody)

// risen are remarks on everybody who ended with more than the giver held, and on superiors who were touched.
func risen(before, after rights, by giver, mended bool) (remarks []string) {
	for who := range after {
		for at, now := range after[who] {
			was, held := before[who][at], before[by.name][at]
			gained, lost := now.Without(was), was.Without(now)
			if by.owns[at] {
				gained = gained.Without(bodies)
			}
			over := gained.Without(held)
			if !over.Empty() && (!by.mayOwn[at] || who == by.name) {
				remarks = append(remarks, fmt.Sprintf("%s holds %v at %s now; %s held no such thing", who, over.Names(), at, by.name))
			}
			if !lost.Empty() && !held.Covers(was.Without(bodies)) && !(by.mayOwn[at] && mended) && who != by.name {
				remarks = append(remarks, fmt.Sprintf("%s, who holds more than %s at %s, lost %v", who, by.name, at, lost.Names()))
			}
		}
	}
	slices.Sort(remarks)
	return remarks
}

// gift is what is given.
type gift struct {
	name   string
	access user.Access
}

func (v *village) gifts() []gift {
	return []gift{
		{"Owner", apptest.As(authz.Owner)}, {"Admin", apptest.As(authz.Admin)}, {"Admin with payments", apptest.As(authz.Admin, authz.PaymentsView, authz.PaymentsEdit)},
		{"User with everything", apptest.AllModules()}, {"User with bodies", apptest.As(authz.User, authz.LocationsView, authz.MessagesViewBody)},
		{"Support", apptest.As(authz.Support, authz.Grantable(authz.Support).List()...)}, {"group with everything", apptest.As(authz.Role(v.everything))},
		{"small group", apptest.As(authz.Role(v.small))}, {"Guest", apptest.As(authz.Guest)},
	}
}

// try is one cell of the matrix: somebody, and what they try to give.
type try struct {
	*village
	ctx    context.Context
	by     rank
	gift   user.Access
	undo   func()
	people map[string]apptest.Person // whose rights are compared; the giver's own included
}

// way is one way to give rights at the client. prepare arranges what it needs and returns the attempt.
type way struct {
	name    string
	prepare func(c *try) func() error
	mends   bool // former Owners may lose their place by it
	once    bool // it gives the same whatever the gift
}

var ways = []way{
	{name: "invite a newcomer", prepare: func(c *try) func() error {
		return func() error { return c.invited("new@try.example", nil) }
	}},
	{name: "invite somebody known", prepare: func(c *try) func() error {
		known := c.Member(c.beside, "known@try.example", apptest.As(authz.Guest))
		c.people["known"] = known
		return func() error { return c.invited(known.Email, &known) }
	}},
	{name: "invite oneself", prepare: func(c *try) func() error {
		return func() error { return c.invited(c.by.Email, &c.by.Person) }
	}},
	{name: "resend an invitation whose sender goes", prepare: func(c *try) func() error {
		if _, err := c.Invites.Invite(c.ctx, c.owner.Actor, c.client, invite.Input{Addresses: "new@try.example", Access: c.gift}); err != nil {
			return func() error { return err }
		}
		id := ids.Invitation(c.Text("SELECT id FROM invitations"))
		return func() error {
			if err := c.Invites.Resend(c.ctx, c.by.Actor, c.client, id); err != nil {
				return err
			}
			c.Exec("UPDATE memberships SET deactivated_at = 1 WHERE id = ?", c.owner.Member)
			delete(c.people, "the Owner")
			return c.accept("new@try.example", nil)
		}
	}},
	{name: "create a user", prepare: func(c *try) func() error {
		return func() error {
			err := c.Invites.CreateUser(c.ctx, c.by.Actor, c.client, invite.Create{Name: "Newcomer", Email: "new@try.example", Access: c.gift})
			if err == nil {
				c.people["newcomer"] = c.newcomer("new@try.example")
			}
			return err
		}
	}},
	{name: "edit a Guest", prepare: func(c *try) func() error {
		guest := c.guest("guest")
		return func() error { return c.edit(guest.Member, c.gift) }
	}},
	{name: "edit a colleague", prepare: func(c *try) func() error {
		return func() error { return c.edit(c.colleague.Member, c.gift) }
	}},
	{name: "edit the Admin", prepare: func(c *try) func() error {
		return func() error { return c.edit(c.admin.Member, c.gift) }
	}},
	{name: "edit the Owner", mends: true, prepare: func(c *try) func() error {
		return func() error { return c.edit(c.owner.Member, c.gift) }
	}},
	{name: "edit oneself", prepare: func(c *try) func() error {
		own := c.own()
		return func() error { return c.edit(own, c.gift) }
	}},
	{name: "promote a Guest", once: true, prepare: func(c *try) func() error {
		guest := c.guest("guest")
		return func() error {
			return c.Users.Promote(c.ctx, c.by.Actor, c.client, guest.Member, c.version(guest.Member))
		}
	}},
	{name: "transfer to a Guest", once: true, mends: true, prepare: func(c *try) func() error {
		guest := c.guest("guest")
		return func() error {
			return c.Users.TransferOwnership(c.ctx, c.by.Actor, c.client, user.Transfer{To: guest.Member})
		}
	}},
	{name: "transfer to oneself", once: true, mends: true, prepare: func(c *try) func() error {
		own := c.own()
		return func() error { return c.Users.TransferOwnership(c.ctx, c.by.Actor, c.client, user.Transfer{To: own}) }
	}},
	{name: "become an Owner beside the Owner", once: true, prepare: func(c *try) func() error {
		own := c.own()
		return func() error {
			return c.Users.TransferOwnership(c.ctx, c.by.Actor, c.client, user.Transfer{To: own, Keep: true})
		}
	}},
	{name: "reactivate", prepare: func(c *try) func() error {
		who := c.Member(c.client, "former@try.example", c.gift)
		c.Exec("UPDATE memberships SET deactivated_at = 1 WHERE id = ?", who.Member)
		c.people["former"] = who
		return func() error { return c.Users.Reactivate(c.ctx, c.by.Actor, c.client, who.Member) }
	}},
	{name: "create a group and take it", prepare: func(c *try) func() error {
		own := c.own()
		return func() error {
			id, err := c.Roles.Create(c.ctx, c.by.Actor, c.client, role.Input{Name: c.fresh(), Perms: c.perms()})
			if err != nil {
				return err
			}
			return c.edit(own, apptest.As(authz.Role(id)))
		}
	}},
	{name: "edit a group that somebody has", prepare: func(c *try) func() error {
		id := c.RoleGroup(c.client, c.fresh(), authz.LocationsView)
		c.people["holder"] = c.Member(c.client, "holder@try.example", apptest.As(authz.Role(id)))
		return func() error {
			return c.Roles.Edit(c.ctx, c.by.Actor, c.client, id, 1, role.Input{Name: c.fresh(), Perms: c.perms()})
		}
	}},
	{name: "edit the group of the reseller", prepare: func(c *try) func() error {
		return func() error {
			return c.Roles.Edit(c.ctx, c.by.Actor, c.reseller, c.small, 1, role.Input{Name: "Small", Perms: c.perms()})
		}
	}},
	{name: "reassign a group", prepare: func(c *try) func() error {
		id := c.RoleGroup(c.client, c.fresh(), authz.LocationsView)
		c.people["holder"] = c.Member(c.client, "holder@try.example", apptest.As(authz.Role(id)))
		return func() error { return c.Roles.Reassign(c.ctx, c.by.Actor, c.client, id, c.gift.Role) }
	}},
	{name: "invite into a department", prepare: func(c *try) func() error {
		return func() error {
			_, err := c.Invites.Invite(c.ctx, c.by.Actor, c.department, invite.Input{Addresses: "new@try.example", Access: c.gift})
			if err != nil {
				return err
			}
			return c.accept("new@try.example", nil)
		}
	}},
	{name: "move the client to a reseller of one's own", once: true, prepare: func(c *try) func() error {
		c.Member(c.south, c.by.Email, apptest.As(authz.Owner))
		return func() error {
			all := map[ids.Role]authz.Role{}
			p, err := c.Accounts.PreviewMove(c.ctx, c.Root, c.client, c.south)
			if err != nil {
				return err
			}
			for _, s := range p.Stranded {
				all[s.Group] = authz.Guest
			}
			_, err = c.Accounts.Move(c.ctx, c.by.Actor, c.client, account.MoveInput{To: c.south, Roles: all})
			if err == nil {
				c.undo = func() {
					if _, err := c.Accounts.Move(c.ctx, c.Root, c.client, account.MoveInput{To: c.reseller}); err != nil {
						c.t.Fatal(err)
					}
				}
			}
			return err
		}
	}},
	{name: "deactivate the Owner", once: true, mends: true, prepare: func(c *try) func() error {
		return func() error { return c.Users.Deactivate(c.ctx, c.by.Actor, c.client, c.owner.Member) }
	}},
	{name: "remove the Owner", once: true, mends: true, prepare: func(c *try) func() error {
		return func() error { return c.Users.Remove(c.ctx, c.by.Actor, c.client, c.owner.Member) }
	}},
	{name: "deactivate the Admin", once: true, prepare: func(c *try) func() error {
		return func() error { return c.Users.Deactivate(c.ctx, c.by.Actor, c.client, c.admin.Member) }
	}},
	{name: "remove the Admin", once: true, prepare: func(c *try) func() error {
		return func() error { return c.Users.Remove(c.ctx, c.by.Actor, c.client, c.admin.Member) }
	}},
}

// guest makes a Guest of the client whose rights are compared.
func (c *try) guest(name string) apptest.Person {
	c.people[name] = c.Member(c.client, name+"@try.example", apptest.As(authz.Guest))
	return c.people[name]
}

// own is the giver's membership of the client, as a Guest when they had none.
func (c *try) own() ids.Membership {
	if c.Count("memberships WHERE account_id = ? AND user_id = ?", c.client, c.by.User()) == 0 {
		c.Member(c.client, c.by.Email, apptest.As(authz.Guest))
	}
	return ids.Membership(c.Text("SELECT id FROM memberships WHERE account_id = ? AND user_id = ?", c.client, c.by.User()))
}

func (c *try) version(m ids.Membership) int64 {
	n, err := strconv.ParseInt(c.Text("SELECT CAST(version AS TEXT) FROM memberships WHERE id = ?", m), 10, 64)
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

func (c *try) edit(m ids.Membership, g user.Access) error {
	return c.Users.Edit(c.ctx, c.by.Actor, c.client, m, c.version(m), user.Input{Access: g})
}

// fresh is a name that is not in use.
func (c *try) fresh() string { return "G" + string(ids.NewView(c.Clock.Now()))[10:] }

// perms is what a role group that confers the gift would hold.
func (c *try) perms() authz.Set {
	group := authz.Set{}
	if c.gift.Role == authz.Role(c.everything) {
		group = authz.GroupGrantable()
	}
	return authz.RoleSet(c.gift.Role, c.gift.Perms, group).Intersect(authz.GroupGrantable())
}

// newcomer is the person of an address.
func (c *try) newcomer(email string) apptest.Person {
	u := ids.User(c.Text("SELECT id FROM identities WHERE email = ?", email))
	return apptest.Person{Actor: authz.Mint(authz.Identity{Kind: authz.Person, User: u}), Email: email}
}

func (c *try) invited(email string, known *apptest.Person) error {
	_, err := c.Invites.Invite(c.ctx, c.by.Actor, c.client, invite.Input{Addresses: email, Access: c.gift})
	if err != nil {
		return err
	}
	return c.accept(email, known)
}

func (c *try) accept(email string, known *apptest.Person) error {
	token := c.Link(email, "/invitation/")
	if known != nil {
		_, err := c.Invites.AcceptExisting(c.ctx, known.Actor, token)
		return err
	}
	_, err := c.Invites.AcceptNew(c.ctx, invite.Newcomer{Token: token, Name: "Newcomer", Password: secret.Wrap(apptest.Password)})
	if err == nil {
		c.people["newcomer"] = c.newcomer(email)
	}
	return err
}

// TestGrantMatrix tries every way to give every kind of rights as everybody: nobody ends with more than the giver
// held, and superiors are untouched.
func TestGrantMatrix(t *testing.T) {
	t.Parallel()
	v := newVillage(t)
	given, refused := map[string]int{}, map[string]int{}
	for _, by := range v.actors {
		held := v.Held(by.Actor, v.client)
		mayTry := held.Has(authz.UsersInvite) || held.Has(authz.UsersEdit) || held.Has(authz.RolesManage)
		for _, way := range ways {
			for _, g := range v.gifts() {
				if way.once && g.name != "Guest" || !mayTry && g.name != "Owner" && g.name != "Guest" {
					continue
				}
				ok, remarks := v.attempt(by, way, g)
				for _, r := range remarks {
					t.Errorf("%s: %s (%s): %s", by.name, way.name, g.name, r)
				}
				if ok {
					given[way.name]++
				} else {
					refused[way.name]++
				}
			}
		}
	}
	for _, way := range ways {
		if given[way.name] == 0 || refused[way.name] == 0 {
			t.Errorf("%s: given %d times, refused %d times; one of the two proves nothing", way.name, given[way.name], refused[way.name])
		}
	}
}

func (v *village) attempt(by rank, way way, g gift) (given bool, remarks []string) {
	v.t.Helper()
	v.restore()
	c := &try{village: v, ctx: v.t.Context(), by: by, gift: g.access, people: map[string]apptest.Person{
		"the giver": by.Person, "the Owner": v.owner, "the Admin": v.admin, "the colleague": v.colleague,
	}}
	act := way.prepare(c)
	before := v.rights(c.people)
	giver := giver{"the giver", map[ids.Account]bool{}, map[ids.Account]bool{}}
	for _, at := range []ids.Account{v.reseller, v.client, v.department} {
		sc, err := (&authz.Checker{}).See(c.ctx, v.DB, by.Actor, at)
		giver.mayOwn[at] = err == nil && sc.HeldAbove(authz.ClientsCreate)
		giver.owns[at] = v.Count("memberships WHERE account_id = ? AND user_id = ? AND role = 'owner'", at, by.User()) > 0
	}
	giver.owns[v.department] = giver.owns[v.department] || giver.owns[v.client]
	err := act()
	if errs.KindOf(err) == errs.Internal && err != nil {
		v.t.Errorf("%s: %s (%s): %v", by.name, way.name, g.name, err)
	}
	remarks = risen(before, v.rights(c.people), giver, way.mends)
	if c.undo != nil {
		c.undo()
	}
	return err == nil, remarks
}

// TestTheGrantMatrixCanFail gives rights by hand, as a service without its checks would.
func TestTheGrantMatrixCanFail(t *testing.T) {
	v := newVillage(t)
	admin := v.actors[slices.IndexFunc(v.actors, func(r rank) bool { return r.name == "Admin inside" })]
	seller := v.actors[slices.IndexFunc(v.actors, func(r rank) bool { return r.name == "Owner above" })]
	set := func(c *try, m ids.Membership, r authz.Role) func() error {
		return func() error { c.Exec("UPDATE memberships SET role = ? WHERE id = ?", r, m); return nil }
	}
	for _, tt := range []struct {
		name    string
		by      rank
		prepare func(c *try) func() error
		want    bool
	}{
		{"an Admin makes an Owner", admin, func(c *try) func() error { return set(c, c.guest("guest").Member, authz.Owner) }, true},
		{"an Admin becomes an Owner", admin, func(c *try) func() error { return set(c, c.own(), authz.Owner) }, true},
		{"an Admin demotes an Owner", admin, func(c *try) func() error { return set(c, c.owner.Member, authz.Guest) }, true},
		{"somebody above becomes an Owner", seller, func(c *try) func() error { return set(c, c.own(), authz.Owner) }, false}, // an Owner above holds all that anyway
		{"an Admin makes an Admin", admin, func(c *try) func() error { return set(c, c.guest("guest").Member, authz.Admin) }, false},
	} {
		_, remarks := v.attempt(tt.by, way{name: tt.name, prepare: tt.prepare}, gift{"Guest", apptest.As(authz.Guest)})
		if len(remarks) > 0 != tt.want {
			t.Errorf("%s: remarks %q", tt.name, remarks)
		}
	}
}
