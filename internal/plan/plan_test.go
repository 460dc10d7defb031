package plan_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/apikey"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/contact"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/page"
	"bailiwick/internal/plan"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/user"
	"bailiwick/internal/user/usertest"
)

// world is an Acme that buys from a reseller, with everything that a package limits.
type world struct {
	*usertest.World
	*plan.Service
	t        *testing.T
	at       *clock.Fake
	Accounts *account.Service
	Invites  *invite.Service
	Subs     *subaccount.Service
	Keys     *apikey.Service
	Contacts *contact.Service
	Brands   *brand.Service
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		at := clock.NewFake(usertest.Start)
		d, err := db.Open(t.Context(), dsn, at.Now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
		u := usertest.New(t, d)
		box, err := secret.NewBox(secret.NewKey())
		if err != nil {
			t.Fatal(err)
		}
		news := change.New(d, at.Now, slog.New(slog.DiscardHandler))
		known, err := setting.NewKnown(d, news, slices.Concat(contact.Pages(), contact.Consent(), contact.Privacy()))
		if err != nil {
			t.Fatal(err)
		}
		fn(t, &world{
			World: u, Service: plan.NewService(u.Op, at.Now, account.TimeZone), t: t, at: at,
			Accounts: account.NewService(account.Deps{Ops: u.Op, Cursors: page.NewSealer(box), Clock: at.Now, Mail: u.Mail}),
			Invites:  invite.NewService(invite.Deps{DB: d, Op: u.Op, Check: u.Check, Mail: u.Mail, Hasher: u.Hash}),
			Subs:     subaccount.NewService(u.Op),
			Keys:     apikey.NewService(d, u.Op, nil, u.Mail),
			Contacts: contact.NewService(contact.Deps{DB: d, Ops: u.Op, Known: known, Cursors: page.NewSealer(box), Mail: u.Mail, Box: box}),
			Brands:   brand.NewService(brand.Deps{DB: d, Ops: u.Op, Known: known, News: news, Base: &url.URL{Scheme: "https", Host: "platform.example"}}),
		})
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantCode(err error, code string) {
	w.t.Helper()
	if errs.CodeOf(err) != code {
		w.t.Errorf("got %v, want %q", err, code)
	}
}

// sold makes a package at the reseller.
func (w *world) sold(in plan.Input) ids.Package {
	w.t.Helper()
	id, err := w.Create(w.t.Context(), w.Seller.Actor, w.Reseller, in)
	w.must(err)
	return id
}

func (w *world) edit(id ids.Package, change func(*plan.Input)) error {
	p, err := w.Get(w.t.Context(), w.Seller.Actor, w.Reseller, id)
	w.must(err)
	in := plan.Input{Name: p.Name, PriceNote: p.PriceNote, All: p.All, Modules: p.Modules, Role: p.Role, Terms: p.Terms}
	change(&in)
	return w.Edit(w.t.Context(), w.Seller.Actor, w.Reseller, id, p.Version, in)
}

func TestAPackageIsMadeWhereItIsSoldAndUsedBelow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.sold(plan.Input{Name: " Starter ", PriceNote: "29 EUR", All: true, Terms: plan.Terms{plan.Users: 5, plan.Keys: plan.Unlimited}})
		p, err := w.Get(ctx, w.Seller.Actor, w.Reseller, id)
		w.must(err)
		if p.Name != "Starter" || !p.All || !cmp.Equal(p.Terms, plan.Terms{plan.Users: 5}) || p.Customers != 0 {
			t.Errorf("%+v", p)
		}
		_, err = w.Create(ctx, w.Seller.Actor, w.Reseller, plan.Input{Name: "STARTER"})
		w.wantCode(err, "package.name_taken")
		_, err = w.Create(ctx, w.Seller.Actor, w.Reseller, plan.Input{Name: "Odd", Terms: plan.Terms{plan.Users: -2}})
		w.wantCode(err, "package.amount")
		_, err = w.Create(ctx, w.Seller.Actor, w.Reseller, plan.Input{Name: "Odd", Terms: plan.Terms{"wings": 2}})
		w.wantCode(err, "package.term_unknown")
		_, err = w.Create(ctx, w.Owner.Actor, w.Customer, plan.Input{Name: "Mine"})
		w.wantCode(err, "package.place")
		_, err = w.Get(ctx, w.Root.Actor, w.Platform, id)
		w.wantCode(err, "package.not_found")
		_, err = w.Get(ctx, w.Owner.Actor, w.Customer, id)
		w.wantCode(err, "package.not_found") // a client sees the one that it has
		w.must(w.Accounts.Assign(ctx, w.Seller.Actor, w.Customer, id))
		got, err := w.Get(ctx, w.Owner.Actor, w.Customer, id)
		if err != nil || got.AccountName != "" || got.Customers != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		w.wantCode(w.Delete(ctx, w.Seller.Actor, w.Reseller, id), "package.in_use")
		copied, err := w.Copy(ctx, w.Seller.Actor, w.Reseller, id, "Starter plus")
		w.must(err)
		w.must(w.Retire(ctx, w.Seller.Actor, w.Reseller, id, true))
		w.wantCode(w.Accounts.Assign(ctx, w.Seller.Actor, w.Other, id), "package.retired")
		_, err = w.Accounts.Reassign(ctx, w.Seller.Actor, w.Reseller, id, copied)
		w.must(err)
		w.must(w.Delete(ctx, w.Seller.Actor, w.Reseller, id))
		b, err := w.Bought(ctx, w.Owner.Actor, w.Customer)
		if err != nil || b.Package == nil || b.Package.ID != copied || b.CanEdit {
			t.Errorf("%+v, %v", b, err)
		}
	})
}

func TestAPackageIsTheParentsToGive(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.sold(plan.Input{Name: "Starter", All: true})
		w.wantCode(w.Accounts.Assign(ctx, w.Owner.Actor, w.Customer, id), "account.package_parents")
		w.wantCode(w.Override(ctx, w.Owner.Actor, w.Customer, []plan.Override{{Term: plan.Users, Amount: 1000}}), "account.package_parents")
		w.wantCode(w.Accounts.Assign(ctx, w.Seller.Actor, w.Department, id), "package.not_client")
		_, err := w.Accounts.Reassign(ctx, w.OtherOwner.Actor, w.Other, id, "")
		w.wantCode(err, "package.not_found")
		clerk := w.Member(w.Reseller, "clerk@reseller.example", user.Access{Role: authz.Role(w.Role(w.Reseller, "Clerks", "clients.view", "clients.edit", "clients.create")), AllSubs: true})
		w.wantCode(w.Accounts.Update(ctx, clerk.Actor, w.Customer, account.UpdateInput{Version: 1, NoEnd: true, Fields: account.Fields{Name: "Acme", Package: &id}}), "account.package_parents")
		_, err = w.Accounts.Create(ctx, clerk.Actor, w.Reseller, account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{Name: "New", Package: &id}})
		if errs.KindOf(err) != errs.Denied {
			t.Errorf("a clerk who gives no packages made a client with one: %v", err)
		}
		made, err := w.Accounts.Create(ctx, w.Seller.Actor, w.Reseller, account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{Name: "New", Package: &id}})
		w.must(err)
		l, err := w.Accounts.List(ctx, w.Seller.Actor, w.Reseller, account.Query{Package: id, Sort: account.ByPackage})
		if err != nil || len(l.Rows) != 1 || l.Rows[0].ID != made.ID || l.Rows[0].PackageName != "Starter" {
			t.Errorf("%+v, %v", l.Rows, err)
		}
	})
}

func TestThePackageWithholdsModulesFromEverybodyInTheClient(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.sold(plan.Input{Name: "Starter", Modules: authz.ModuleSet("locations", "roles")})
		w.must(w.Accounts.Assign(ctx, w.Seller.Actor, w.Customer, id))
		_, err := w.Subs.Create(ctx, w.Owner.Actor, w.Customer, subaccount.Input{Name: "shop", Purpose: "marketing"})
		w.wantCode(err, "auth.package_withholds")
		_, err = w.Subs.Create(ctx, w.Seller.Actor, w.Customer, subaccount.Input{Name: "shop", Purpose: "marketing"})
		w.wantCode(err, "") // people from above are bound by what stands above them
		_, err = w.Invites.Invite(ctx, w.Owner.Actor, w.Customer, invite.Input{Addresses: "a@x.example", Access: user.Access{Role: authz.Admin, AllSubs: true}})
		w.wantCode(err, "") // an Owner goes on making Admins, who are bound as well
		w.must(w.edit(id, func(in *plan.Input) { in.Modules = authz.ModuleSet("locations", "subaccounts") }))
		_, err = w.Subs.Create(ctx, w.Owner.Actor, w.Customer, subaccount.Input{Name: "news", Purpose: "marketing"})
		w.wantCode(err, "")
	})
}

// makes are the ways to make one more of each term, as the Owner of the client. An account has one domain: see below.
func (w *world) makes() map[plan.Term]func(i int) error {
	ctx := w.t.Context()
	return map[plan.Term]func(int) error{
		plan.Users: func(i int) error {
			_, err := w.Invites.Invite(ctx, w.Owner.Actor, w.Customer, invite.Input{Addresses: fmt.Sprintf("p%d@x.example", i)})
			return err
		},
		plan.Departments: func(i int) error {
			_, err := w.Accounts.Create(ctx, w.Owner.Actor, w.Customer, account.CreateInput{Kind: account.Department, Fields: account.Fields{Name: fmt.Sprint("Dept ", i)}})
			return err
		},
		plan.SubAccounts: func(i int) error {
			_, err := w.Subs.Create(ctx, w.Owner.Actor, w.Customer, subaccount.Input{Name: fmt.Sprint("sub", i), Purpose: "marketing"})
			return err
		},
		plan.Locations: func(i int) error {
			_, err := w.Accounts.AddLocation(ctx, w.Owner.Actor, w.Department, account.LocationInput{Name: fmt.Sprint("Place ", i)})
			return err
		},
		plan.Contacts: func(i int) error {
			_, err := w.Contacts.Create(ctx, w.Owner.Actor, w.Department, contact.Input{Email: fmt.Sprintf("c%d@x.example", i)})
			return err
		},
		plan.Keys: func(i int) error {
			_, err := w.Keys.Create(ctx, w.Owner.Actor, w.Customer, apikey.Input{Name: fmt.Sprint("Key ", i), Scopes: authz.SetOf(authz.UsersView)})
			return err
		},
	}
}

func TestEachLimitStopsWhatItLimits(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		terms := plan.Terms{}
		for term := range w.makes() {
			terms[term] = 2
		}
		id := w.sold(plan.Input{Name: "Two of each", All: true, Terms: terms})
		w.must(w.Accounts.Assign(ctx, w.Seller.Actor, w.Customer, id))
		for term, another := range w.makes() {
			b, err := w.Bought(ctx, w.Owner.Actor, w.Customer)
			w.must(err)
			i := 0
			for _, a := range b.Amounts {
				if a.Term == term {
					i = int(a.Used)
				}
			}
			for ; i < 2; i++ {
				if err := another(i); err != nil {
					t.Fatalf("%s: number %d of 2: %v", term, i+1, err)
				}
			}
			code := "cap." + string(term) + "_reached"
			if term == plan.Users {
				code = "invite.none" // each address says why
			}
			if err := another(2); errs.CodeOf(err) != code {
				t.Errorf("%s: a third one: %v, want %s", term, err, code)
			}
			w.must(w.Override(ctx, w.Seller.Actor, w.Customer, []plan.Override{{Term: term, Amount: 3}}))
			if err := another(3); err != nil {
				t.Errorf("%s: a third one, allowed for this client: %v", term, err)
			}
			w.must(w.Override(ctx, w.Seller.Actor, w.Customer, []plan.Override{{Term: term, Reset: true}}))
			if err := another(4); err == nil {
				t.Errorf("%s: a fourth one was made, with two in the package", term)
			}
		}
	})
}

func TestDomainsOfAClientAndItsDepartmentsAreLimited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.must(w.Accounts.Assign(ctx, w.Seller.Actor, w.Customer, w.sold(plan.Input{Name: "One domain", All: true, Terms: plan.Terms{plan.Domains: 1}})))
		var wg sync.WaitGroup
		failed := make([]error, 2)
		for i, at := range []ids.Account{w.Customer, w.Department} {
			wg.Go(func() { failed[i] = w.Brands.AskDomain(ctx, w.Owner.Actor, at, fmt.Sprintf("mail%d.acme.example", i)) })
		}
		wg.Wait()
		has, other := w.Customer, w.Department
		if failed[0] != nil {
			has, other = other, has
			failed[0], failed[1] = failed[1], failed[0]
		}
		w.wantCode(failed[0], "")
		w.wantCode(failed[1], "cap.domains_reached")
		w.wantCode(w.Brands.AskDomain(ctx, w.Owner.Actor, has, "post.acme.example"), "") // one for another
		w.must(w.Brands.RemoveDomain(ctx, w.Owner.Actor, has))
		w.wantCode(w.Brands.AskDomain(ctx, w.Owner.Actor, other, "post.acme.example"), "")
	})
}

func TestALimitBelowWhatIsUsedTakesNothingAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.sold(plan.Input{Name: "Starter", All: true})
		w.must(w.Accounts.Assign(ctx, w.Seller.Actor, w.Customer, id))
		w.must(w.makes()[plan.Locations](1))
		w.must(w.edit(id, func(in *plan.Input) { in.Terms = plan.Terms{plan.Locations: 0} }))
		b, err := w.Bought(ctx, w.Seller.Actor, w.Customer)
		w.must(err)
		for _, a := range b.Amounts {
			if a.Term == plan.Locations && (!a.Below() || a.Used != 1) {
				t.Errorf("%+v", a)
			}
		}
		w.wantCode(w.makes()[plan.Locations](2), "cap.locations_reached")
	})
}

func TestAnOverrideEndsToTheSecond(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.sold(plan.Input{Name: "Starter", All: true, Terms: plan.Terms{plan.Locations: 0}})
		w.must(w.Accounts.Assign(ctx, w.Seller.Actor, w.Customer, id))
		w.Exec(`INSERT INTO settings (account_id, name, value, updated_at) VALUES (?, 'account.time_zone', '"Asia/Tokyo"', 0)`, w.Customer)
		w.wantCode(w.Override(ctx, w.Seller.Actor, w.Customer, []plan.Override{{Term: plan.Locations, Amount: 9, LastDay: "2026-11-21"}}), "package.until_past")
		w.must(w.Override(ctx, w.Seller.Actor, w.Customer, []plan.Override{{Term: plan.Locations, Amount: 9, LastDay: "2026-11-22"}}))
		midnight := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC) // in Tokyo
		w.at.Advance(midnight.Sub(w.at.Now()) - time.Second)
		w.wantCode(w.makes()[plan.Locations](1), "")
		w.at.Advance(time.Second)
		w.wantCode(w.makes()[plan.Locations](2), "cap.locations_reached")
		w.must(plan.EndOverrides(ctx, w.Service, w.DB))
		w.must(plan.EndOverrides(ctx, w.Service, w.DB))
		if n := w.Count("package_overrides"); n != 0 {
			t.Errorf("%d overrides are left", n)
		}
		if n := w.Count("audit_events WHERE action = 'package.override_ended'"); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

func TestOfManyAddressesTheLastHaveNoSeat(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.sold(plan.Input{Name: "Three seats", All: true, Terms: plan.Terms{plan.Users: 3}}) // the Owner has one
		w.must(w.Accounts.Assign(ctx, w.Seller.Actor, w.Customer, id))
		text := "a@x.example, nobody, b@x.example, c@x.example"
		all, err := w.Invites.Check(ctx, w.Owner.Actor, w.Customer, text)
		w.must(err)
		res, err := w.Invites.Invite(ctx, w.Owner.Actor, w.Customer, invite.Input{Addresses: text})
		w.must(err)
		if len(res.Sent) != 2 || len(res.Left) != 2 || res.Left[1].Why != invite.NoSeat || all[3].Why != invite.NoSeat {
			t.Errorf("%+v, before: %+v", res, all)
		}
		w.wantCode(w.Invites.CreateUser(ctx, w.Owner.Actor, w.Customer, invite.Create{Name: "D", Email: "d@x.example"}), "cap.users_reached")
		guest := w.Member(w.Customer, "gone@x.example", user.Access{Role: authz.Guest})
		w.must(w.Users.Deactivate(ctx, w.Owner.Actor, w.Customer, guest.Member))
		w.wantCode(w.Users.Reactivate(ctx, w.Owner.Actor, w.Customer, guest.Member), "cap.users_reached")
	})
}

func TestINV10AnInvitationWaitsForASeat(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.sold(plan.Input{Name: "Starter", All: true})
		w.must(w.Accounts.Assign(ctx, w.Seller.Actor, w.Customer, id))
		_, err := w.Invites.Invite(ctx, w.Owner.Actor, w.Customer, invite.Input{Addresses: "a@x.example"})
		w.must(err)
		mails := w.Mails()
		token := strings.TrimPrefix(mails[len(mails)-1].Link.Reveal(), "/invitation/")
		w.must(w.edit(id, func(in *plan.Input) { in.Terms = plan.Terms{plan.Users: 1} }))
		who := invite.Newcomer{Token: token, Name: "Ann", Password: secret.Wrap("a fine Passphrase of 2026")}
		_, err = w.Invites.AcceptNew(ctx, who)
		w.wantCode(err, "invitation.no_seat")
		w.must(w.edit(id, func(in *plan.Input) { in.Terms = plan.Terms{plan.Users: 2} }))
		_, err = w.Invites.AcceptNew(ctx, who)
		w.wantCode(err, "") // the link was not used up
	})
}

func TestWhoIsMadeAUserWithoutARoleGetsThatOfThePackage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		senders := w.Role(w.Reseller, "Senders", "locations.view")
		id := w.sold(plan.Input{Name: "Starter", All: true, Role: senders})
		_, err := w.Create(ctx, w.Seller.Actor, w.Reseller, plan.Input{Name: "Odd", Role: w.Role(w.Other, "Foreign", "locations.view")})
		w.wantCode(err, "package.role_unknown")
		w.must(w.Accounts.Assign(ctx, w.Seller.Actor, w.Customer, id))
		w.must(w.Invites.CreateUser(ctx, w.Owner.Actor, w.Customer, invite.Create{Name: "D", Email: "d@x.example"}))
		if n := w.Count("memberships WHERE role = ? AND account_id = ?", senders, w.Customer); n != 1 {
			t.Errorf("%d people have the role", n)
		}
	})
}

// TestTwoAtOnceNeverPassALimit lets writers compete for the last places of each term.
func TestTwoAtOnceNeverPassALimit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		terms := plan.Terms{}
		for term := range w.makes() {
			terms[term] = 4
		}
		id := w.sold(plan.Input{Name: "Four of each", All: true, Terms: terms})
		w.must(w.Accounts.Assign(ctx, w.Seller.Actor, w.Customer, id))
		for _, another := range w.makes() {
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					if err := another(i); err != nil && errs.KindOf(err) == errs.Internal {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		b, err := w.Bought(ctx, w.Seller.Actor, w.Customer)
		w.must(err)
		for _, a := range b.Amounts {
			if w.makes()[a.Term] != nil && a.Used != 4 {
				t.Errorf("%s: %d of 4", a.Term, a.Used)
			}
		}
	})
}

func TestEditingAPackageNeedsItsLatestVersion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.sold(plan.Input{Name: "Starter", All: true})
		w.wantCode(w.Edit(t.Context(), w.Seller.Actor, w.Reseller, id, 7, plan.Input{Name: "Other"}), "package.stale")
		w.must(w.Accounts.Assign(t.Context(), w.Seller.Actor, w.Customer, id))
		w.must(w.edit(id, func(in *plan.Input) { in.Name = "Beginner" }))
		if n := w.Count("client_list WHERE customer_id = ? AND package_fold = 'beginner'", w.Customer); n == 0 {
			t.Error("the list of clients has the old name")
		}
	})
}
