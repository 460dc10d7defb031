package nodes_test

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/role"
	"bailiwick/internal/user"
)

// node is what another node decides with.
type node struct {
	pool  *db.DB
	feed  *change.Feed
	check *authz.Checker
}

func newNode(t *testing.T, w *apptest.World, dsn string) node {
	t.Helper()
	d, err := db.Open(t.Context(), dsn, w.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	f := change.New(d, w.Clock.Now, slog.New(slog.DiscardHandler))
	return node{d, f, authz.NewChecker(d, f, nil)}
}

// town is a small installation in which anything may happen.
type town struct {
	*apptest.World
	t        *testing.T
	accounts []ids.Account
	people   []apptest.Person
	groups   []ids.Role
	invited  int
}

func build(t *testing.T, w *apptest.World, nth int) *town {
	v := &town{World: w, t: t}
	named := func(name string) string { return fmt.Sprintf("%s %d", name, nth) }
	r, s := w.Reseller(w.Platform, "North"), w.Reseller(w.Platform, "South")
	c, x := w.Client(r, "Acme"), w.Client(s, "Other")
	d, e := w.Department(c, "Marketing"), w.Department(c, "Sales")
	v.accounts = []ids.Account{w.Platform, r, s, c, x, d, e}
	v.groups = []ids.Role{w.RoleGroup(c, "Editors", authz.UsersView), w.RoleGroup(r, "Sellers", authz.ClientsView), w.RoleGroup(w.Platform, named("Readers"), authz.UsersView)}
	for i, m := range []struct {
		at ids.Account
		as authz.Role
	}{{r, authz.Owner}, {c, authz.Owner}, {c, authz.Owner}, {c, authz.Role(v.groups[0])}, {r, authz.Role(v.groups[1])}, {x, authz.Admin}, {d, authz.Guest}, {e, authz.Role(v.groups[2])}} {
		v.people = append(v.people, w.Member(m.at, fmt.Sprintf("p%d-%d@example.com", i, nth), apptest.As(m.as)))
	}
	v.people = append(v.people, v.Member(x, v.people[0].Email, apptest.AllModules()))
	return v
}

func anyOf[T any](t *rapid.T, of []T, label string) T { return rapid.SampledFrom(of).Draw(t, label) }

// role is any that somebody may be given.
func (v *town) role(t *rapid.T) authz.Role {
	all := authz.BuiltIn()
	for _, g := range v.groups {
		all = append(all, authz.Role(g))
	}
	return anyOf(t, all, "role")
}

func somePerms(t *rapid.T) authz.Set {
	return authz.SetOf(rapid.SliceOfN(rapid.SampledFrom([]authz.Perm{authz.UsersView, authz.UsersEdit, authz.ClientsView, authz.ClientsEdit, authz.DepartmentsView}), 1, 3).Draw(t, "perms")...)
}

// writes are the ways in which somebody's rights become others. Each may be refused.
var writes = map[string]func(t *rapid.T, v *town) error{
	"rename": func(t *rapid.T, v *town) error {
		at := anyOf(t, v.accounts, "account")
		d, err := v.Accounts.Get(v.t.Context(), v.Root, at)
		if err != nil {
			return err
		}
		fields := account.Fields{Name: anyOf(t, []string{"Acme", "Bolt", "Crane"}, "name")}
		return v.Accounts.Update(v.t.Context(), v.Root, at, account.UpdateInput{Version: d.Version, NoEnd: true, Fields: fields})
	},
	"suspend": func(t *rapid.T, v *town) error {
		_, err := v.Accounts.SetActive(v.t.Context(), v.Root, anyOf(t, v.accounts, "account"), false)
		return err
	},
	"resume": func(t *rapid.T, v *town) error {
		_, err := v.Accounts.SetActive(v.t.Context(), v.Root, anyOf(t, v.accounts, "account"), true)
		return err
	},
	"close": func(t *rapid.T, v *town) error {
		at := anyOf(t, v.accounts, "account")
		d, err := v.Accounts.Get(v.t.Context(), v.Root, at)
		if err != nil {
			return err
		}
		return v.Accounts.Close(v.t.Context(), v.Root, at, d.Name)
	},
	"reopen": func(t *rapid.T, v *town) error {
		return v.Accounts.Reopen(v.t.Context(), v.Root, anyOf(t, v.accounts, "account"))
	},
	"move": func(t *rapid.T, v *town) error {
		in := account.MoveInput{To: anyOf(t, v.accounts, "to"), Roles: map[ids.Role]authz.Role{}}
		for _, g := range v.groups {
			in.Roles[g] = authz.Guest
		}
		_, err := v.Accounts.Move(v.t.Context(), v.Root, anyOf(t, v.accounts, "account"), in)
		return err
	},
	"edit a role group": func(t *rapid.T, v *town) error {
		id := anyOf(t, v.groups, "group")
		for _, at := range v.accounts {
			if g, err := v.Roles.Get(v.t.Context(), v.Root, at, id); err == nil && g.Account == at {
				return v.Roles.Edit(v.t.Context(), v.Root, at, id, g.Version, role.Input{Name: g.Name, Perms: somePerms(t)})
			}
		}
		return nil
	},
	"reassign a role group": func(t *rapid.T, v *town) error {
		return v.Roles.Reassign(v.t.Context(), v.Root, anyOf(t, v.accounts, "account"), anyOf(t, v.groups, "group"), authz.Guest)
	},
	"edit the access of a person": func(t *rapid.T, v *town) error {
		p := anyOf(t, v.people, "person")
		m, err := v.Users.Get(v.t.Context(), v.Root, p.Account(), p.Member)
		if err != nil {
			return err
		}
		return v.Users.Edit(v.t.Context(), v.Root, p.Account(), p.Member, m.Version, user.Input{Access: apptest.As(v.role(t))})
	},
	"deactivate": func(t *rapid.T, v *town) error {
		p := anyOf(t, v.people, "person")
		return v.Users.Deactivate(v.t.Context(), v.Root, p.Account(), p.Member)
	},
	"reactivate": func(t *rapid.T, v *town) error {
		p := anyOf(t, v.people, "person")
		return v.Users.Reactivate(v.t.Context(), v.Root, p.Account(), p.Member)
	},
	"remove": func(t *rapid.T, v *town) error {
		p := anyOf(t, v.people, "person")
		return v.Users.Remove(v.t.Context(), v.Root, p.Account(), p.Member)
	},
	"transfer ownership": func(t *rapid.T, v *town) error {
		p := anyOf(t, v.people, "person")
		return v.Users.TransferOwnership(v.t.Context(), v.Root, p.Account(), user.Transfer{To: p.Member})
	},
	"invite and accept": func(t *rapid.T, v *town) error {
		v.invited++
		who, at := anyOf(t, v.people, "person"), anyOf(t, v.accounts, "account")
		if v.Count("memberships WHERE user_id = ? AND account_id = ?", who.User(), at) > 0 || v.Count("accounts WHERE id = ? AND closed_at IS NULL", at) == 0 || v.Count("identities WHERE id = ?", who.User()) == 0 {
			return nil
		}
		_, err := v.Invites.AcceptExisting(v.t.Context(), who.Actor, v.Invite(v.Root, at, who.Email, apptest.As(authz.Admin)).Token)
		return err
	},
	"let jobs end memberships and erase what was closed": func(_ *rapid.T, v *town) error {
		v.Clock.Advance(40 * 24 * time.Hour)
		v.Drain()
		return nil
	},
}

// TestCachedDecisionsEqualFreshOnes warms the memory of the node that writes and of another, writes at random through
// the services, and compares every decision with one that is read anew.
func TestCachedDecisionsEqualFreshOnes(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		w := apptest.New(t, dsn)
		other := newNode(t, w, dsn)
		here := authz.NewChecker(w.DB, w.News, nil)
		v, towns, happened := build(t, w, 0), 0, map[string]int{}
		rapid.Check(t, func(t *rapid.T) {
			if v.Count("accounts WHERE closed_at IS NULL AND id IN "+db.In(len(v.accounts)), db.Args(v.accounts...)...) < len(v.accounts)-2 {
				towns++
				v = build(v.t, w, towns)
			}
			v.compare(t, here, other, "before")
			name := anyOf(t, slices.Sorted(maps.Keys(writes)), "write")
			err := writes[name](t, v)
			if errs.KindOf(err) == errs.Internal && err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err == nil {
				happened[name]++
			}
			if err := other.feed.Read(v.t.Context()); err != nil {
				t.Fatal(err)
			}
			v.compare(t, here, other, "after "+name)
		})
		if t.Log(happened); len(happened) < len(writes)/2 {
			t.Error("most kinds of writes did not happen once")
		}
	})
}

func (v *town) compare(t *rapid.T, here *authz.Checker, other node, when string) {
	cold := &authz.Checker{}
	for _, p := range append(v.people, apptest.Person{Actor: v.Root}) {
		for _, at := range v.accounts {
			want := decided(cold.See(v.t.Context(), v.DB, p.Actor, at))
			if got := decided(here.See(v.t.Context(), v.DB, p.Actor, at)); got != want {
				t.Fatalf("%s, %s on %s: this node says\n%s, and afresh it is\n%s", when, p.Email, at, got, want)
			}
			if got := decided(other.check.See(v.t.Context(), other.pool, p.Actor, at)); got != want {
				t.Fatalf("%s, %s on %s: the other node says\n%s, and afresh it is\n%s", when, p.Email, at, got, want)
			}
		}
	}
}

func decided(sc authz.Scope, err error) string { return fmt.Sprintf("%+v %v", sc, err) }
