package user_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/user"
	"bailiwick/internal/user/usertest"
)

type world struct {
	*usertest.World
	*user.Service
	t     *testing.T
	clock *clock.Fake
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	at := clock.NewFake(usertest.Start)
	dbtest.EachAt(t, at.Now, func(t *testing.T, d *db.DB) {
		w := usertest.New(t, d)
		fn(t, &world{w, w.Users, t, at})
	})
}

func (w *world) wantCode(err error, code string) {
	w.t.Helper()
	if errs.CodeOf(err) != code {
		w.t.Errorf("got %v, want %q", err, code)
	}
}

func (w *world) get(m ids.Membership) user.Member {
	w.t.Helper()
	got, err := w.Get(w.t.Context(), w.Root.Actor, w.Customer, m)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

var (
	asAdmin = user.Access{Role: authz.Admin, AllSubs: true}
	asUser  = user.Access{Role: authz.User, Perms: authz.ModuleSet("reports"), AllSubs: true}
	asOwner = user.Access{Role: authz.Owner, AllSubs: true}
)

func (w *world) edit(by authz.Actor, id ids.Membership, a user.Access) error {
	m := w.get(id)
	return w.Edit(w.t.Context(), by, w.Customer, id, m.Version, user.Input{Access: a, JobTitle: m.JobTitle, Phone: m.Phone})
}

func TestEditingIsBoundByRank(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin := w.Member(w.Customer, "admin@acme.example", asAdmin)
		rich := w.Member(w.Customer, "rich@acme.example", user.Access{Role: authz.Admin, Perms: authz.ModuleSet("payments"), AllSubs: true})
		plain := w.Member(w.Customer, "plain@acme.example", asUser)
		editors := w.Role(w.Customer, "Editors", "users.view", "users.edit", "reports.view")
		editor := w.Member(w.Customer, "editor@acme.example", user.Access{Role: authz.Role(editors), AllSubs: true})
		bodies := authz.SetOf(authz.MessagesViewBody)
		for _, c := range []struct {
			title string
			by    usertest.Person
			on    ids.Membership
			give  user.Access
			want  string
		}{
			{"an admin does not touch an Owner", admin, w.Owner.Member, asUser, "user.above_you"},
			{"an admin does not touch an admin with more", admin, rich.Member, asUser, "user.above_you"},
			{"an admin does not raise themselves", admin, admin.Member, asOwner, "role.above_yours"},
			{"an admin does not take billing", admin, admin.Member, user.Access{Role: authz.Admin, Perms: authz.ModuleSet("payments")}, "role.above_yours"},
			{"an admin promotes", admin, plain.Member, asAdmin, ""},
			{"an admin demotes", admin, plain.Member, asUser, ""},
			{"an editor assigns no roles", editor, plain.Member, user.Default(), "user.above_you"},
			{"an Owner grants billing", w.Owner, admin.Member, user.Access{Role: authz.Admin, Perms: authz.ModuleSet("payments")}, ""},
			{"an Owner lets read bodies", w.Owner, plain.Member, user.Access{Role: authz.User, Perms: asUser.Perms.Union(bodies), AllSubs: true}, ""},
			{"who is above does not let read bodies", w.Root, w.Owner.Member, user.Access{Role: authz.Owner, Perms: bodies}, "role.view_body_owner_only"},
			{"another admin keeps what the Owner gave", admin, plain.Member, user.Access{Role: authz.User, Perms: asUser.Perms.Union(bodies).Union(authz.ModuleSet("contacts")), AllSubs: true}, ""},
			{"an admin takes bodies away", admin, plain.Member, asUser, ""},
			{"and does not give them back", admin, plain.Member, user.Access{Role: authz.User, Perms: asUser.Perms.Union(bodies), AllSubs: true}, "role.view_body_owner_only"},
			{"a foreign Owner", w.OtherOwner, plain.Member, asUser, "account.not_found"},
			{"a User needs a module", w.Owner, plain.Member, user.Access{Role: authz.User, AllSubs: true}, "user.needs_module"},
		} {
			if err := w.edit(c.by.Actor, c.on, c.give); errs.CodeOf(err) != c.want {
				t.Errorf("%s: %v, want %q", c.title, err, c.want)
			}
		}
	})
}

func TestAStaleSaveCarriesTheSavedVersion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.Member(w.Customer, "plain@acme.example", asUser)
		in := user.Input{Access: asUser, JobTitle: "Writer"}
		if err := w.Edit(t.Context(), w.Owner.Actor, w.Customer, m.Member, 1, in); err != nil {
			t.Fatal(err)
		}
		in.JobTitle = "Editor"
		w.wantCode(w.Edit(t.Context(), w.Owner.Actor, w.Customer, m.Member, 1, in), "user.stale")
		if got := w.get(m.Member); got.JobTitle != "Writer" {
			t.Errorf("%q was saved over", got.JobTitle)
		}
	})
}

func TestDeactivatingActsAtOnceAndElsewhereNothingChanges(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.Member(w.Customer, "both@acme.example", asAdmin)
		w.Member(w.Other, "both@acme.example", asAdmin)
		if err := w.Deactivate(t.Context(), w.Owner.Actor, w.Customer, m.Member); err != nil {
			t.Fatal(err)
		}
		_, err := w.List(t.Context(), m.Actor, w.Customer, user.Query{})
		w.wantCode(err, "account.not_found")
		_, err = w.List(t.Context(), m.Actor, w.Department, user.Query{})
		w.wantCode(err, "account.not_found")
		_, err = w.List(t.Context(), m.Actor, w.Other, user.Query{})
		w.wantCode(err, "")
		if err := w.Reactivate(t.Context(), w.Owner.Actor, w.Customer, m.Member); err != nil {
			t.Fatal(err)
		}
		_, err = w.List(t.Context(), m.Actor, w.Customer, user.Query{})
		w.wantCode(err, "")
	})
}

func TestTEN03BulkWithForeignPeopleChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine := w.Member(w.Customer, "mine@acme.example", asUser)
		theirs := w.Member(w.Other, "theirs@other.example", asUser)
		for name, do := range map[string]func() error{
			"deactivate": func() error {
				return w.Deactivate(t.Context(), w.Owner.Actor, w.Customer, mine.Member, theirs.Member)
			},
			"remove":     func() error { return w.Remove(t.Context(), w.Owner.Actor, w.Customer, theirs.Member, mine.Member) },
			"reactivate": func() error { return w.Reactivate(t.Context(), w.Owner.Actor, w.Customer, theirs.Member) },
		} {
			if err := do(); errs.CodeOf(err) != "user.not_found" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if !w.get(mine.Member).Active() {
			t.Error("half of the bulk was done")
		}
	})
}

func TestESC11TheLastOwnerStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		second := w.Member(w.Customer, "second@acme.example", asOwner)
		var wg sync.WaitGroup
		results := make([]error, 2)
		wg.Go(func() { results[0] = w.edit(w.Owner.Actor, second.Member, asAdmin) })
		wg.Go(func() { results[1] = w.edit(second.Actor, w.Owner.Member, asAdmin) })
		wg.Wait()
		owners, err := w.Owners(t.Context(), w.Root.Actor, w.Customer)
		if err != nil || len(owners) != 1 {
			t.Fatalf("%d owners remain (%v), %v", len(owners), results, err)
		}
		last := owners[0].ID
		w.wantCode(w.edit(w.Root.Actor, last, asAdmin), "user.last_owner")
		w.wantCode(w.Deactivate(t.Context(), w.Root.Actor, w.Customer, last), "user.last_owner")
		w.wantCode(w.Remove(t.Context(), w.Root.Actor, w.Customer, last), "user.last_owner")

		head := w.Member(w.Department, "head@acme.example", asOwner)
		w.wantCode(w.Remove(t.Context(), w.Root.Actor, w.Department, head.Member), "") // a department needs none
	})
}

// TestESC04DemotionAndUpdateNeverCross demotes admins while each of them promotes somebody: whatever comes first, no
// one who is an admin no longer has changed anything after that.
func TestESC04DemotionAndUpdateNeverCross(t *testing.T) {
	const pairs, atOnce = 100, 10
	each(t, func(t *testing.T, w *world) {
		var admins, plain [pairs]usertest.Person
		for i := range pairs {
			admins[i] = w.Member(w.Customer, fmt.Sprintf("admin%d@acme.example", i), asAdmin)
			plain[i] = w.Member(w.Customer, fmt.Sprintf("plain%d@acme.example", i), asUser)
		}
		var demoted, promoted [pairs]error
		for first := 0; first < pairs; first += atOnce {
			var wg sync.WaitGroup
			for i := first; i < first+atOnce; i++ {
				wg.Go(func() { demoted[i] = w.edit(w.Owner.Actor, admins[i].Member, asUser) })
				wg.Go(func() { promoted[i] = w.edit(admins[i].Actor, plain[i].Member, asAdmin) })
			}
			wg.Wait()
		}
		demotedFirst := 0
		for i := range pairs {
			w.wantCode(demoted[i], "")
			if c := errs.CodeOf(promoted[i]); promoted[i] != nil {
				demotedFirst++
				if c != "auth.denied" {
					t.Errorf("pair %d: %v", i, promoted[i])
				}
			}
			if got, want := w.get(plain[i].Member).Role == authz.Admin, promoted[i] == nil; got != want {
				t.Errorf("pair %d: promoted %v, and the answer was %v", i, got, promoted[i])
			}
			if i%atOnce == 0 {
				w.wantCode(w.edit(admins[i].Actor, plain[i].Member, asAdmin), "auth.denied")
			}
		}
		t.Logf("%d of %d came too late", demotedFirst, pairs)
	})
}

// TestRankCountsSubAccounts lets somebody who is limited to a sub-account manage and give within it, and no further.
func TestRankCountsSubAccounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, theirs := w.SubAccount(w.Customer, "mine"), w.SubAccount(w.Customer, "theirs")
		only := func(role authz.Role, subs ...ids.SubAccount) user.Access {
			return user.Access{Role: role, Perms: authz.SetOf("reports.view"), Subs: subs}
		}
		group := authz.Role(w.Role(w.Customer, "Desk", "users.view", "users.edit", "users.deactivate", "users.remove", "reports.view"))
		desk := w.Member(w.Customer, "desk@acme.example", user.Access{Role: group, Subs: []ids.SubAccount{mine}})
		inside := w.Member(w.Customer, "inside@acme.example", only(authz.User, mine))
		beside := w.Member(w.Customer, "beside@acme.example", only(authz.User, mine, theirs))
		everywhere := w.Member(w.Customer, "everywhere@acme.example", user.Access{Role: authz.User, Perms: authz.SetOf("reports.view"), AllSubs: true})
		guest := w.Member(w.Customer, "guest@acme.example", user.Default())
		titled := func(m ids.Membership) error {
			got := w.get(m)
			return w.Edit(t.Context(), desk.Actor, w.Customer, m, got.Version, user.Input{Access: got.Access, JobTitle: "Clerk"})
		}
		for _, c := range []struct {
			who  usertest.Person
			want string
		}{{inside, ""}, {guest, ""}, {beside, "user.above_you"}, {everywhere, "user.above_you"}} {
			if err := titled(c.who.Member); errs.CodeOf(err) != c.want {
				t.Errorf("the desk edits %s: %v, want %q", c.who.Email, err, c.want)
			}
			can, err := w.CanOn(t.Context(), desk.Actor, w.Customer, w.get(c.who.Member))
			if err != nil || can.Edit != (c.want == "") || can.Remove != can.Edit {
				t.Errorf("the page of %s offers %+v, %v", c.who.Email, can, err)
			}
		}
		w.wantCode(w.edit(desk.Actor, inside.Member, user.Access{Role: authz.User, Perms: authz.SetOf("reports.view"), AllSubs: true}), "user.subaccounts_above_yours")
		w.wantCode(w.edit(desk.Actor, inside.Member, only(authz.User, mine, theirs)), "user.subaccount_gone")
		w.wantCode(w.Deactivate(t.Context(), desk.Actor, w.Customer, everywhere.Member), "user.above_you")
		w.wantCode(w.Remove(t.Context(), desk.Actor, w.Customer, beside.Member), "user.above_you")
		w.wantCode(w.Deactivate(t.Context(), desk.Actor, w.Customer, inside.Member), "")
		w.wantCode(w.Reactivate(t.Context(), desk.Actor, w.Customer, inside.Member), "")

		// A Guest of the account above comes in there and no more: it widens nobody's reach below.
		w.Member(w.Reseller, desk.Email, user.Default())
		w.wantCode(titled(everywhere.Member), "user.above_you")
	})
}

func TestTransferringOwnership(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin := w.Member(w.Customer, "admin@acme.example", asAdmin)
		w.wantCode(w.TransferOwnership(t.Context(), admin.Actor, w.Customer, user.Transfer{To: admin.Member}), "account.transfer_denied")
		w.wantCode(w.TransferOwnership(t.Context(), w.Owner.Actor, w.Customer, user.Transfer{To: w.OtherOwner.Member}), "user.not_found")
		w.wantCode(w.TransferOwnership(t.Context(), w.OtherOwner.Actor, w.Customer, user.Transfer{To: admin.Member}), "account.not_found")
		if err := w.TransferOwnership(t.Context(), w.Owner.Actor, w.Customer, user.Transfer{To: admin.Member}); err != nil {
			t.Fatal(err)
		}
		if w.get(admin.Member).Role != authz.Owner || w.get(w.Owner.Member).Role != authz.Admin {
			t.Error("the Owner did not change")
		}
		if err := w.TransferOwnership(t.Context(), w.Seller.Actor, w.Customer, user.Transfer{To: w.Owner.Member}); err != nil {
			t.Fatal(err)
		}
		if w.get(admin.Member).Role != authz.Admin || w.get(w.Owner.Member).Role != authz.Owner {
			t.Error("who may create the account did not replace its Owner")
		}
		told := 0
		for _, m := range w.Mails() {
			if m.Template == notify.OwnerReplaced {
				told++
			}
		}
		if told != 2 {
			t.Errorf("%d former owners were told", told)
		}
	})
}

func TestLeadersAreOwnersThenAdminsByHowLongTheyAreThere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		join := func(email string, a user.Access) ids.Membership {
			w.clock.Advance(time.Minute)
			return w.Member(w.Customer, email, a).Member
		}
		first, gone := join("zoe@acme.example", asAdmin), join("gone@acme.example", asAdmin)
		join("uma@acme.example", asUser)
		second, third := join("adam@acme.example", asAdmin), join("bea@acme.example", asAdmin)
		owner := join("omar@acme.example", asOwner)
		if err := w.Deactivate(t.Context(), w.Owner.Actor, w.Customer, gone); err != nil {
			t.Fatal(err)
		}
		for limit, want := range map[int][]ids.Membership{3: {w.Owner.Member, owner, first}, 9: {w.Owner.Member, owner, first, second, third}} {
			got, err := w.Leaders(t.Context(), w.Owner.Actor, w.Customer, limit)
			if err != nil || !slices.Equal(members(user.Page{Members: got}), want) {
				t.Errorf("%d at most: %+v, %v, want %v", limit, got, err, want)
			}
		}
	})
}

func members(p user.Page) (out []ids.Membership) {
	for _, m := range p.Members {
		out = append(out, m.ID)
	}
	return out
}

func TestTheListPagesSearchesAndFilters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if _, err := w.List(t.Context(), w.Owner.Actor, w.Customer, user.Query{Sort: "password"}); errs.CodeOf(err) != "list.sort_unknown" {
			t.Errorf("by a column that there is not: %v", err)
		}
		for i := range 70 {
			w.Member(w.Customer, fmt.Sprintf("é%02d@acme.example", i), asUser)
		}
		for _, sort := range []user.Sort{user.ByName, user.ByEmail, user.ByCreated} {
			for _, desc := range []bool{false, true} {
				var pages [][]ids.Membership
				in := user.Query{Sort: sort, Desc: desc, Limit: 20}
				turn := func() user.Page {
					p, err := w.List(t.Context(), w.Owner.Actor, w.Customer, in)
					if err != nil {
						t.Fatal(err)
					}
					return p
				}
				p := turn()
				for pages = append(pages, members(p)); p.Next != nil; pages = append(pages, members(p)) {
					in.After = p.Next
					p = turn()
				}
				for k := len(pages) - 2; k >= 0; k-- {
					if in.After = p.Prev; in.After == nil {
						t.Fatalf("by %s: page %d has none before it", sort, k+2)
					}
					if p = turn(); !slices.Equal(members(p), pages[k]) || p.Next == nil {
						t.Errorf("by %s: turned back, page %d shows other rows", sort, k+1)
					}
				}
				if p.Prev != nil {
					t.Errorf("by %s: the first page has one before it", sort)
				}
				got := slices.Concat(pages...)
				if n := len(slices.Compact(slices.Sorted(slices.Values(got)))); n != 71 || len(got) != 71 {
					t.Errorf("by %s: %d rows, %d of them different", sort, len(got), n)
				}
			}
		}
		for in, want := range map[user.Query]int{{Search: "É0"}: 10, {Search: "%"}: 0, {Search: "ACME.example"}: 50, {Role: authz.Owner}: 1, {Deactivated: true}: 0} {
			p, err := w.List(t.Context(), w.Owner.Actor, w.Customer, in)
			if err != nil || len(p.Members) != want {
				t.Errorf("%+v: %d, %v", in, len(p.Members), err)
			}
		}
		c, err := w.Service.Count(t.Context(), w.Owner.Actor, w.Customer)
		if err != nil || c != (user.Counts{Active: 71}) {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func TestExplainNamesOnlyWhatTheReaderSees(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.Member(w.Customer, "both@acme.example", asUser)
		w.Member(w.Reseller, "both@acme.example", asAdmin)
		x, err := w.Explain(t.Context(), w.Owner.Actor, w.Customer, m.Member, "clients.edit", w.Customer)
		if err != nil || !x.Allowed {
			t.Fatalf("%+v, %v", x, err)
		}
		for _, s := range x.Steps {
			if s.Name == "Reseller" {
				t.Error("the reseller's name reached its customer")
			}
		}
		_, err = w.Explain(t.Context(), w.Owner.Actor, w.Customer, m.Member, "clients.edit", w.Other)
		w.wantCode(err, "account.not_found")
		_, err = w.Explain(t.Context(), w.Owner.Actor, w.Customer, m.Member, "clients.edit", w.Reseller)
		w.wantCode(err, "account.not_found")
	})
}
