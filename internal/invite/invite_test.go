package invite_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/notify"
	"bailiwick/internal/policy"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
	"bailiwick/internal/user/usertest"
)

type world struct {
	*usertest.World
	*invite.Service
	t     *testing.T
	clock *clock.Fake
}

// each runs fn in a fresh world on both databases.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	for _, open := range []struct {
		name string
		db   func(testing.TB, clock.Clock) *db.DB
	}{{"SQLite", dbtest.SQLite}, {"PostgreSQL", dbtest.Postgres}} {
		t.Run(open.name, func(t *testing.T) {
			at := clock.NewFake(usertest.Start)
			w := usertest.New(t, open.db(t, at.Now))
			fn(t, &world{w, invite.NewService(invite.Deps{DB: w.DB, Op: w.Op, Check: w.Check, Mail: w.Mail, Hasher: w.Hash}), t, at})
		})
	}
}

var modules = user.Access{Role: authz.User, Perms: authz.ModuleSet("reports"), AllSubs: true}

func (w *world) invite(by authz.Actor, addresses string, a user.Access) invite.Result {
	w.t.Helper()
	res, err := w.Invite(w.t.Context(), by, w.Customer, invite.Input{Addresses: addresses, Access: a})
	if err != nil {
		w.t.Fatalf("invite %s: %v", addresses, err)
	}
	return res
}

// token returns the token of the latest mail to an address.
func (w *world) token(email string) string {
	w.t.Helper()
	out := ""
	for _, m := range w.Mails() {
		if m.To == email && m.Template == notify.Invitation {
			out = strings.TrimPrefix(m.Link.Reveal(), "/invitation/")
		}
	}
	if out == "" {
		w.t.Fatalf("no invitation was mailed to %s", email)
	}
	return out
}

func (w *world) acceptNew(token string) (invite.Accepted, error) {
	return w.AcceptNew(w.t.Context(), invite.Newcomer{Token: token, Name: "Nora New", Password: secret.Wrap("several quiet green lamps")})
}

func (w *world) wantCode(err error, code string) {
	w.t.Helper()
	if errs.CodeOf(err) != code {
		w.t.Errorf("got %v, want %s", err, code)
	}
}

func TestEachAddressGetsItsVerdict(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		gone := w.Member(w.Customer, "gone@acme.example", modules)
		if err := w.Users.Deactivate(t.Context(), w.Owner.Actor, w.Customer, gone.Member); err != nil {
			t.Fatal(err)
		}
		w.invite(w.Owner.Actor, "waits@acme.example", modules)
		text := "new@acme.example, OWNER@acme.example; gone@acme.example waits@acme.example\nx@mailinator.com, Jane <NEW@acme.example>, not-an-address, owner@other.example"
		got, err := w.Service.Check(t.Context(), w.Owner.Actor, w.Customer, text)
		if err != nil {
			t.Fatal(err)
		}
		var short []invite.Why
		for _, v := range got {
			short = append(short, v.Why)
		}
		want := []invite.Why{invite.OK, invite.AlreadyUser, invite.Deactivated, invite.AlreadyInvited, invite.Disposable, invite.Duplicate, invite.Malformed, invite.OK}
		if d := cmp.Diff(want, short); d != "" {
			t.Error(d)
		}
		if got[2].Membership != gone.Member {
			t.Error("the deactivated person cannot be reactivated from the verdict")
		}
		res := w.invite(w.Owner.Actor, text, modules)
		if d := cmp.Diff([]string{"new@acme.example", "owner@other.example"}, res.Sent); d != "" || len(res.Left) != 6 {
			t.Errorf("sent: %s, left out %d", d, len(res.Left))
		}
		w.clock.Advance(8 * 24 * time.Hour)
		got, err = w.Service.Check(t.Context(), w.Owner.Actor, w.Customer, "waits@acme.example")
		if err != nil || got[0].Why != invite.OK {
			t.Errorf("an expired invitation counts as %v, %v", got, err)
		}
		w.invite(w.Owner.Actor, "waits@acme.example", modules)
	})
}

func TestInvitingThousandAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var b strings.Builder
		for i := range invite.BatchMax {
			fmt.Fprintf(&b, "person%d@acme.example\n", i)
		}
		if res := w.invite(w.Owner.Actor, b.String(), user.Access{}); len(res.Sent) != invite.BatchMax {
			t.Errorf("sent %d", len(res.Sent))
		}
		if n := w.Count("invitations WHERE role = 'guest'"); n != invite.BatchMax {
			t.Errorf("%d invitations as Guest: a quick invite gives no more", n)
		}
	})
}

func TestAUserNeedsAModule(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.Invite(t.Context(), w.Owner.Actor, w.Customer, invite.Input{Addresses: "a@acme.example", Access: user.Access{Role: authz.User, AllSubs: true}})
		w.wantCode(err, "user.needs_module")
		if n := w.Count("invitations"); n != 0 {
			t.Errorf("%d invitations were made", n)
		}
	})
}

func TestRowsMayDiffer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.Invite(t.Context(), w.Owner.Actor, w.Customer, invite.Input{
			Addresses: "a@acme.example, B@acme.example", Access: modules,
			Rows: map[string]user.Access{"b@acme.example": {Role: authz.Admin}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := w.Count("invitations WHERE role = 'admin' AND email_fold = 'b@acme.example'"); n != 1 {
			t.Error("the row's own role was not used")
		}
	})
}

func TestAcceptingAsANewPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.invite(w.Owner.Actor, "new@acme.example", modules)
		o, err := w.Peek(t.Context(), w.token("new@acme.example"))
		if err != nil || o.Known || o.Account != "Acme" || o.Email != "new@acme.example" {
			t.Fatalf("Peek = %+v, %v", o, err)
		}
		_, err = w.AcceptNew(t.Context(), invite.Newcomer{Token: w.token("new@acme.example"), Password: secret.Wrap("short")})
		if f := fields(err); !cmp.Equal(f, []string{"name", "password"}) {
			t.Errorf("fields %v: %v", f, err)
		}
		done, err := w.acceptNew(w.token("new@acme.example"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := w.Users.Get(t.Context(), w.Owner.Actor, w.Customer, done.Membership)
		if err != nil || m.Role != authz.User || m.Perms != modules.Perms || !m.EmailVerified || m.Name != "Nora New" || !m.Active() {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

func fields(err error) (out []string) {
	var e *errs.Error
	if errors.As(err, &e) {
		for _, f := range []string{"name", "password", "email", "addresses"} {
			if _, has := e.Fields[f]; has {
				out = append(out, f)
			}
		}
	}
	return out
}

func TestAcceptingAsSomebodyKnown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.invite(w.Owner.Actor, "owner@other.example", modules)
		token := w.token("owner@other.example")
		if o, err := w.Peek(t.Context(), token); err != nil || !o.Known {
			t.Errorf("Peek = %+v, %v", o, err)
		}
		_, err := w.acceptNew(token)
		w.wantCode(err, "invitation.sign_in_first")
		_, err = w.AcceptExisting(t.Context(), w.Seller.Actor, token)
		w.wantCode(err, "invitation.other_person")
		if _, err := w.AcceptExisting(t.Context(), w.OtherOwner.Actor, token); err != nil {
			t.Fatal(err)
		}
		_, err = w.AcceptExisting(t.Context(), w.OtherOwner.Actor, token)
		w.wantCode(err, "invitation.used")
	})
}

func TestINV01UnknownAlteredAndCutTokensAreAnsweredAlike(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.invite(w.Owner.Actor, "new@acme.example", modules)
		token := w.token("new@acme.example")
		for _, bad := range []string{"", "x", token[:len(token)-1], token + "a", strings.ToUpper(token), "a" + token[1:]} {
			if bad == token {
				continue
			}
			_, err := w.acceptNew(bad)
			w.wantCode(err, "invitation.not_found")
			_, err = w.Peek(t.Context(), bad)
			w.wantCode(err, "invitation.not_found")
		}
		for range 3 {
			if _, err := w.Peek(t.Context(), token); err != nil {
				t.Errorf("opening the link changed something: %v", err)
			}
		}
		if n := w.Count("jobs WHERE args LIKE ?", "%"+token+"%"); n != 0 {
			t.Error("the token lies readable in the queue")
		}
	})
}

func TestINV03ExpiryToTheSecond(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.invite(w.Owner.Actor, "new@acme.example", modules)
		token := w.token("new@acme.example")
		w.clock.Set(usertest.Start.AddDate(0, 0, 7).Add(-time.Second))
		if _, err := w.Peek(t.Context(), token); err != nil {
			t.Error(err)
		}
		w.clock.Set(usertest.Start.AddDate(0, 0, 7))
		_, err := w.acceptNew(token)
		w.wantCode(err, "invitation.expired")
	})
}

func TestINV04ForeignInvitationsDoNotExist(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.invite(w.Owner.Actor, "new@acme.example", modules)
		page, err := w.List(t.Context(), w.Owner.Actor, w.Customer, nil)
		if err != nil || len(page.Invitations) != 1 {
			t.Fatal(page, err)
		}
		id := page.Invitations[0].ID
		_, err = w.Service.Get(t.Context(), w.OtherOwner.Actor, w.Other, id)
		w.wantCode(err, "invitation.not_found")
		w.wantCode(w.Resend(t.Context(), w.OtherOwner.Actor, w.Other, id), "invitation.not_found")
		w.wantCode(w.Revoke(t.Context(), w.OtherOwner.Actor, w.Other, id), "invitation.not_found")
		w.wantCode(w.Revoke(t.Context(), w.OtherOwner.Actor, w.Customer, id), "account.not_found")
	})
}

func TestINV07FiftyParallelAcceptsMakeOneMember(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.invite(w.Owner.Actor, "new@acme.example", modules)
		token := w.token("new@acme.example")
		var wg sync.WaitGroup
		results := make([]error, 50)
		for i := range results {
			wg.Go(func() { _, results[i] = w.acceptNew(token) })
		}
		wg.Wait()
		good := 0
		for _, err := range results {
			if err == nil {
				good++
				continue
			}
			if c := errs.CodeOf(err); c != "invitation.used" && c != "invitation.sign_in_first" && c != "database.busy" {
				t.Error(err)
			}
		}
		if n := w.Count("memberships m JOIN identities i ON i.id = m.user_id WHERE i.email_fold = 'new@acme.example'"); good != 1 || n != 1 {
			t.Errorf("%d accepted, %d members", good, n)
		}
		if n := w.Count("audit_events WHERE action = 'invitation.accepted'"); n != 1 {
			t.Errorf("%d events", n)
		}
		members := list(t, w, "new@acme.example")
		if err := w.Users.Remove(t.Context(), w.Owner.Actor, w.Customer, members[0]); err != nil {
			t.Fatal(err)
		}
		_, err := w.acceptNew(token)
		w.wantCode(err, "invitation.used")
	})
}

func list(t *testing.T, w *world, search string) (out []ids.Membership) {
	t.Helper()
	p, err := w.Users.List(t.Context(), w.Owner.Actor, w.Customer, user.Query{Search: search})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range p.Members {
		out = append(out, m.ID)
	}
	return out
}

func TestINV10EverythingIsCheckedAgainAtAcceptance(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin := w.Member(w.Customer, "admin@acme.example", user.Access{Role: authz.Admin, AllSubs: true})
		w.invite(admin.Actor, "held@acme.example closed@acme.example demoted@acme.example", user.Access{Role: authz.Admin})
		w.Hold(w.Reseller)
		_, err := w.acceptNew(w.token("held@acme.example"))
		w.wantCode(err, "invitation.account_inactive")
		w.Exec("DELETE FROM holds")
		if _, err := w.acceptNew(w.token("held@acme.example")); err != nil {
			t.Errorf("the link was used up by a hold: %v", err)
		}
		w.Exec("UPDATE accounts SET closed_at = 1 WHERE id = ?", w.Reseller)
		_, err = w.acceptNew(w.token("closed@acme.example"))
		w.wantCode(err, "invitation.account_inactive")
		w.Exec("UPDATE accounts SET closed_at = NULL WHERE id = ?", w.Reseller)

		w.Exec("UPDATE memberships SET role = 'user', perms = '[\"reports.view\"]' WHERE id = ?", admin.Member)
		_, err = w.acceptNew(w.token("demoted@acme.example"))
		w.wantCode(err, "invitation.inviter_rights")
		var told []string
		for _, m := range w.Mails() {
			if m.Template == notify.InviteFailedRights {
				told = append(told, m.To)
			}
		}
		slices.Sort(told)
		if d := cmp.Diff([]string{"held@acme.example", "owner@acme.example"}, told); d != "" {
			t.Error("the admins are not told: " + d)
		}
		_, err = w.acceptNew(w.token("demoted@acme.example"))
		w.wantCode(err, "invitation.revoked")
		if n := w.Count("identities WHERE email_fold = 'demoted@acme.example'"); n != 0 {
			t.Error("a refused person has an identity")
		}
	})
}

func TestARoleGroupOrSubAccountThatIsGoneStopsAcceptance(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		group := w.Role(w.Customer, "Reporting", "reports.view")
		sub := w.SubAccount(w.Customer, "news")
		w.invite(w.Owner.Actor, "a@acme.example", user.Access{Role: authz.Role(group), AllSubs: true})
		w.invite(w.Owner.Actor, "b@acme.example", user.Access{Role: authz.User, Perms: modules.Perms, Subs: []ids.SubAccount{sub}})
		w.Exec("DELETE FROM roles")
		w.Exec("DELETE FROM subaccounts")
		for _, email := range []string{"a@acme.example", "b@acme.example"} {
			_, err := w.acceptNew(w.token(email))
			w.wantCode(err, "invitation.outdated")
		}
	})
}

func TestDIS02AnInvitationDoesNotLiftADeactivation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.invite(w.Owner.Actor, "owner@other.example", modules)
		m := w.Member(w.Customer, "owner@other.example", modules)
		if err := w.Users.Deactivate(t.Context(), w.Owner.Actor, w.Customer, m.Member); err != nil {
			t.Fatal(err)
		}
		_, err := w.AcceptExisting(t.Context(), w.OtherOwner.Actor, w.token("owner@other.example"))
		w.wantCode(err, "invitation.deactivated")
	})
}

func TestResendingKillsTheOldLinkAndChangesTheInviter(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.invite(w.Owner.Actor, "new@acme.example", modules)
		old := w.token("new@acme.example")
		page, err := w.List(t.Context(), w.Owner.Actor, w.Customer, nil)
		if err != nil {
			t.Fatal(err)
		}
		id := page.Invitations[0].ID
		w.clock.Advance(6 * 24 * time.Hour)
		if err := w.Resend(t.Context(), w.Seller.Actor, w.Customer, id); err != nil {
			t.Fatal(err)
		}
		_, err = w.acceptNew(old)
		w.wantCode(err, "invitation.not_found")
		got, err := w.Service.Get(t.Context(), w.Owner.Actor, w.Customer, id)
		if err != nil || got.InvitedBy != w.Seller.Name() || !got.ExpiresAt.Equal(w.clock.Now().AddDate(0, 0, 7)) {
			t.Errorf("%+v, %v", got, err)
		}
		if err := w.Revoke(t.Context(), w.Owner.Actor, w.Customer, id); err != nil {
			t.Fatal(err)
		}
		_, err = w.acceptNew(w.token("new@acme.example"))
		w.wantCode(err, "invitation.revoked")
	})
}

func TestINV06InvitingByRank(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		inviting := w.Role(w.Customer, "Inviters", "users.view", "users.invite", "reports.view")
		by := map[string]usertest.Person{
			"owner": w.Owner,
			"admin": w.Member(w.Customer, "admin@acme.example", user.Access{Role: authz.Admin, AllSubs: true}),
			"user":  w.Member(w.Customer, "user@acme.example", user.Access{Role: authz.User, Perms: authz.ModuleSet("reports", "contacts"), AllSubs: true}),
			"guest": w.Member(w.Customer, "guest@acme.example", user.Default()),
			"group": w.Member(w.Customer, "group@acme.example", user.Access{Role: authz.Role(inviting), AllSubs: true}),
			"above": w.Seller, "beside": w.OtherOwner,
			"below": w.Member(w.Department, "dept@acme.example", user.Access{Role: authz.Owner, AllSubs: true}),
		}
		bodies := authz.SetOf(authz.MessagesViewBody)
		for i, c := range []struct {
			who  string
			give user.Access
			want string
		}{
			{"owner", user.Access{Role: authz.Owner}, ""},
			{"owner", user.Access{Role: authz.Admin, Perms: authz.ModuleSet("payments")}, ""},
			{"owner", user.Access{Role: authz.User, Perms: modules.Perms.Union(bodies), AllSubs: true}, ""},
			{"owner", user.Access{Role: authz.Support, AllSubs: true}, "role.support_here"},
			{"owner", user.Access{Role: authz.User, Perms: authz.ModuleSet("payments"), AllSubs: true}, "role.not_grantable"},
			{"owner", user.Access{Role: "king", AllSubs: true}, "role.gone"},
			{"admin", user.Access{Role: authz.Owner}, "role.above_yours"},
			{"admin", user.Access{Role: authz.Admin}, ""},
			{"admin", user.Access{Role: authz.Admin, Perms: authz.ModuleSet("payments")}, "role.above_yours"},
			{"admin", user.Access{Role: authz.User, Perms: modules.Perms.Union(bodies), AllSubs: true}, "role.view_body_owner_only"},
			{"group", user.Default(), ""},
			{"group", user.Access{Role: authz.User, Perms: authz.SetOf("reports.view"), AllSubs: true}, ""},
			{"group", modules, "role.above_yours"},
			{"group", user.Access{Role: authz.Admin}, "role.assign_denied"},
			{"user", user.Default(), "auth.denied"},
			{"guest", user.Default(), "auth.denied"},
			{"above", user.Access{Role: authz.Owner}, ""},
			{"above", user.Access{Role: authz.User, Perms: modules.Perms.Union(bodies), AllSubs: true}, "role.view_body_owner_only"},
			{"beside", user.Default(), "account.not_found"},
			{"below", user.Default(), "account.not_found"},
		} {
			_, err := w.Invite(t.Context(), by[c.who].Actor, w.Customer, invite.Input{Addresses: fmt.Sprintf("p%d@acme.example", i), Access: c.give})
			if errs.CodeOf(err) != c.want {
				t.Errorf("%s gives %s: %v, want %q", c.who, c.give.Role, err, c.want)
			}
		}
	})
}

func TestWhoIsLimitedToSubAccountsGivesNoMore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, theirs := w.SubAccount(w.Customer, "mine"), w.SubAccount(w.Customer, "theirs")
		foreign := w.SubAccount(w.Other, "foreign")
		group := w.Role(w.Customer, "Inviters", "users.view", "users.invite", "reports.view")
		who := w.Member(w.Customer, "group@acme.example", user.Access{Role: authz.Role(group), Subs: []ids.SubAccount{mine}})
		give := func(by authz.Actor, email string, all bool, subs ...ids.SubAccount) error {
			_, err := w.Invite(t.Context(), by, w.Customer, invite.Input{Addresses: email, Access: user.Access{Role: authz.User, Perms: authz.SetOf("reports.view"), AllSubs: all, Subs: subs}})
			return err
		}
		w.wantCode(give(who.Actor, "a@acme.example", true), "user.subaccounts_above_yours")
		w.wantCode(give(who.Actor, "b@acme.example", false, theirs), "user.subaccount_gone")
		w.wantCode(give(who.Actor, "c@acme.example", false, mine), "")
		w.wantCode(give(w.Owner.Actor, "d@acme.example", false, foreign), "user.subaccount_gone")
		w.wantCode(give(w.Owner.Actor, "e@acme.example", false), "user.needs_subaccount")
	})
}

func TestTheDailyAllowance(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		young := w.Account(w.Reseller, "customer", "Young")
		w.Exec("UPDATE accounts SET created_at = ? WHERE id = ?", w.clock.Now().AddDate(0, 0, -6).UnixMilli(), young)
		send := func(n, from int) error {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, "p%d@acme.example ", from+i)
			}
			_, err := w.Invite(t.Context(), w.Seller.Actor, young, invite.Input{Addresses: b.String()})
			return err
		}
		w.wantCode(send(101, 0), "invite.allowance")
		w.wantCode(send(60, 0), "")
		w.wantCode(send(41, 60), "invite.allowance")
		w.wantCode(send(40, 60), "")
		w.wantCode(send(1, 100), "invite.allowance")
		w.clock.Advance(24 * time.Hour)
		w.wantCode(send(101, 100), "")
	})
}

func TestCreatingAUserDirectly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		create := func(email string) error {
			return w.CreateUser(t.Context(), w.Owner.Actor, w.Customer, invite.Create{Name: "Nora New", Email: email, Access: modules})
		}
		if err := create("new@acme.example"); err != nil {
			t.Fatal(err)
		}
		if err := create("owner@other.example"); err != nil {
			t.Fatalf("an address with an identity is answered differently: %v", err)
		}
		var got []notify.Template
		for _, m := range w.Mails() {
			got = append(got, m.Template)
		}
		slices.Sort(got)
		if d := cmp.Diff([]notify.Template{notify.Invitation, notify.Welcome}, got); d != "" {
			t.Error(d)
		}
		if len(list(t, w, "new@acme.example")) != 1 || len(list(t, w, "owner@other.example")) != 0 {
			t.Error("who was asked, and who was not, is wrong")
		}
		w.wantCode(create("new@acme.example"), "invite.already_user")
		w.wantCode(create("owner@other.example"), "invite.already_invited")
		w.wantCode(create("nobody"), "invite.malformed")
	})
}

func TestAcceptingAsksForThePasswordLengthOfTheAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.Exec("INSERT INTO settings (account_id, name, value, updated_at) VALUES (?, ?, '30', 0)", w.Reseller, policy.PasswordLength.Name)
		w.invite(w.Owner.Actor, "new@acme.example", modules)
		token := w.token("new@acme.example")
		o, err := w.Peek(t.Context(), token)
		if err != nil || o.MinLength != 30 {
			t.Fatalf("the page asks for %d characters, %v", o.MinLength, err)
		}
		accept := func(password string) error {
			_, err := w.AcceptNew(t.Context(), invite.Newcomer{Token: token, Name: "Nora New", Password: secret.Wrap(password)})
			return err
		}
		w.wantCode(accept("twenty-nine quiet green lamps"), "password.too_short")
		w.wantCode(accept("thirty or more quiet green lamps"), "")
	})
}

func TestPendingInvitationsTurnBothWays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var b strings.Builder
		for i := range 2*invite.PageSize + 7 {
			fmt.Fprintf(&b, "p%d@acme.example ", i)
		}
		w.invite(w.Owner.Actor, b.String(), modules)
		turn := func(after *invite.After) invite.Page {
			p, err := w.List(t.Context(), w.Owner.Actor, w.Customer, after)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		addresses := func(p invite.Page) (out []string) {
			for _, i := range p.Invitations {
				out = append(out, i.Email)
			}
			return out
		}
		first := turn(nil)
		second := turn(first.Next)
		third := turn(second.Next)
		if len(third.Invitations) != 7 || third.Next != nil || first.Prev != nil {
			t.Fatalf("the third page has %d", len(third.Invitations))
		}
		back := turn(third.Prev)
		if d := cmp.Diff(addresses(second), addresses(back)); d != "" {
			t.Error(d)
		}
		back = turn(back.Prev)
		if d := cmp.Diff(addresses(first), addresses(back)); d != "" || back.Prev != nil {
			t.Errorf("%v %s", back.Prev, d)
		}
	})
}
