package quota_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
)

// group makes a role group of acme whose people send so much a day.
func (w market) group(name string, sends quota.Grid, perms ...authz.Perm) ids.Role {
	w.t.Helper()
	id, err := w.Roles.Create(w.t.Context(), w.amara.Actor, w.acme, role.Input{Name: name, Perms: authz.SetOf(perms...), Sending: sends})
	w.must(err)
	return id
}

// TestNobodyGivesARoleThatSendsMoreThanTheyMay is the delegation ceiling of limits: what is given by a role is under it as what is set.
func TestNobodyGivesARoleThatSendsMoreThanTheyMay(t *testing.T) {
	each(t, func(w market) {
		runs := []authz.Perm{authz.MessagesSend, authz.UsersView, authz.UsersInvite, authz.UsersEdit, authz.RolesView, authz.RolesAssign, authz.RolesManage, authz.QuotasView, authz.QuotasEdit}
		leads := w.group("Leads", daily(100), runs...)
		few, many, free := w.group("Few", daily(50), authz.MessagesSend), w.group("Many", daily(500), authz.MessagesSend), w.group("Free", nil, authz.MessagesSend)
		reads := w.group("Reads", daily(500), authz.UsersView)
		as := func(r ids.Role) user.Access { return user.Access{Role: authz.Role(r), AllSubs: true} }
		lead := w.Member(w.acme, "lead@acme.example", as(leads))
		invites := func(a user.Access) error {
			_, err := w.Invites.Invite(t.Context(), lead.Actor, w.acme, invite.Input{Addresses: "new@acme.example", Access: a})
			return err
		}
		for name, r := range map[string]ids.Role{"more than the own limit": many, "without a limit": free} {
			w.refused("invite into a group "+name, invites(as(r)), "role.sends_more")
		}
		w.must(invites(as(few)))
		staff := w.Member(w.acme, "staff@acme.example", as(few))
		gives := func(to user.Access) error {
			m, err := w.Users.Get(t.Context(), w.Root, w.acme, staff.Member)
			w.must(err)
			return w.Users.Edit(t.Context(), lead.Actor, w.acme, staff.Member, m.Version, user.Input{Access: to})
		}
		w.refused("give a higher group", gives(as(many)), "role.sends_more")
		w.must(gives(as(reads)))
		w.refused("let somebody begin to send", gives(as(free)), "role.sends_more")
		w.must(gives(as(few)))
		w.refused("reassign into it", w.Roles.Reassign(t.Context(), lead.Actor, w.acme, few, authz.Role(many)), "role.sends_more")
		w.must(w.set(w.amara.Actor, w.acme, quota.Target{Member: lead.Member}, day(900)))
		w.must(gives(as(many)))
		w.must(w.set(w.amara.Actor, w.acme, quota.Target{Member: lead.Member}, day(200)))
		g, err := w.Roles.Get(t.Context(), lead.Actor, w.acme, reads)
		w.must(err)
		err = w.Roles.Edit(t.Context(), lead.Actor, w.acme, reads, g.Version, role.Input{Name: g.Name, Perms: authz.SetOf(authz.UsersView, authz.MessagesSend), Sending: g.Sending})
		w.refused("let a group begin to send", err, "quota.above_yours")
	})
}

// TestAnInvitationGivesNoMoreThanItsInviterMaySendThen lowers the limit of an inviter before the invitation is accepted.
func TestAnInvitationGivesNoMoreThanItsInviterMaySendThen(t *testing.T) {
	each(t, func(w market) {
		many := w.group("Many", daily(500), authz.MessagesSend)
		i := w.Invite(w.amara.Actor, w.acme, "new@acme.example", user.Access{Role: authz.Role(many), AllSubs: true})
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{Member: w.amara.Member}, day(10)))
		_, err := w.Invites.AcceptNew(t.Context(), invite.Newcomer{Token: i.Token, Name: "New", Password: secret.Wrap(apptest.Password)})
		w.refused("accept", err, "invitation.inviter_rights")
	})
}

// TestESC02AMoveFitsWhatTheNewPlaceHasLeft holds limits that move against those of the new place, as if they were set there.
func TestESC02AMoveFitsWhatTheNewPlaceHasLeft(t *testing.T) {
	each(t, func(w market) {
		south := w.Reseller(w.Platform, "South")
		w.must(w.set(w.Root, south, quota.Target{}, day(1000)))
		other := w.Client(south, "Other")
		w.must(w.set(w.Root, other, quota.Target{}, day(600)))
		move := func(id, to ids.Account) error {
			_, err := w.Accounts.Move(t.Context(), w.Root, id, account.MoveInput{To: to})
			return err
		}
		shown := func(id, to ids.Account) (out []string) {
			t.Helper()
			p, err := w.Accounts.PreviewMove(t.Context(), w.Root, id, to)
			w.must(err)
			for _, l := range p.Limits {
				out = append(out, l.Name+" "+l.Why.Code)
			}
			if p.Changeable != (out == nil) {
				t.Errorf("changeable: %t, %v", p.Changeable, out)
			}
			return out
		}
		w.must(w.set(w.Root, w.acme, quota.Target{}, day(401)))
		if diff := cmp.Diff([]string{"email_day quota.handed_out"}, shown(w.acme, south)); diff != "" {
			t.Error(diff)
		}
		w.refused("more than is left", move(w.acme, south), "account.move_obstacles")
		w.must(w.set(w.Root, w.bolt, quota.Target{}, day(1001)))
		if diff := cmp.Diff([]string{"email_day quota.above_parent"}, shown(w.bolt, south)); diff != "" {
			t.Error(diff)
		}
		west := w.Reseller(w.Platform, "West")
		inner := w.Client(west, "Inner")
		w.must(w.set(w.Root, inner, quota.Target{}, day(2000)))
		if diff := cmp.Diff([]string{"email_day quota.above_parent"}, shown(west, south)); diff != "" {
			t.Errorf("a limit below what moves: %s", diff)
		}
		err := w.Accounts.MoveTogether(t.Context(), w.Root, w.Platform, []ids.Account{inner, w.acme}, account.MoveInput{To: south})
		w.refused("together", err, "account.move_obstacles")
		if n := w.Count("accounts WHERE parent_id = ?", south); n != 1 {
			t.Errorf("%d accounts hang there", n)
		}
		w.must(w.set(w.Root, w.acme, quota.Target{}, day(400)))
		w.must(move(w.acme, south))
		w.must(move(w.acme, w.north)) // and away again: it takes what it has along
	})
}

func TestALimitWhoseLastDayIsOverIsClearedAwayAndLogged(t *testing.T) {
	each(t, func(w market) {
		ends := day(5)
		ends.Ends = w.Clock.Now().Add(time.Hour)
		month := quota.Edit{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: 9}}
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, ends, month))
		w.must(w.set(w.amara.Actor, w.acme, quota.Target{Member: w.amara.Member}, ends))
		clear := func() { w.must(quota.EndLimits(t.Context(), w.Quotas, w.DB)) }
		clear()
		if n := w.Count("quota_limits"); n != 3 {
			t.Errorf("%d limits before the day is over", n)
		}
		w.Clock.Advance(2 * time.Hour)
		for range 2 {
			clear()
		}
		if n, logged := w.Count("quota_limits"), w.Count("audit_events WHERE action = ?", quota.ActionEnded); n != 1 || logged != 2 {
			t.Errorf("%d limits are left, %d events", n, logged)
		}
	})
}

// TestLimitsGoWithTheirPeopleAndCountForNobodyWhileClosed looks at the rows of those who are gone.
func TestLimitsGoWithTheirPeopleAndCountForNobodyWhileClosed(t *testing.T) {
	each(t, func(w market) {
		staff := w.Member(w.acme, "staff@acme.example", apptest.As(authz.Guest))
		w.must(w.set(w.amara.Actor, w.acme, quota.Target{Member: staff.Member}, day(5)))
		w.must(w.Users.Remove(t.Context(), w.amara.Actor, w.acme, staff.Member))
		if n := w.Count("quota_limits"); n != 0 {
			t.Errorf("%d limits of somebody who is gone", n)
		}
		w.must(w.set(w.Root, w.north, quota.Target{}, day(1000)))
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, day(900)))
		w.refused("beside the other", w.set(w.nils.Actor, w.bolt, quota.Target{}, day(200)), "quota.handed_out")
		w.Close(w.acme)
		w.must(w.set(w.nils.Actor, w.bolt, quota.Target{}, day(200)))
		if n := w.Count("quota_limits WHERE subject = ?", w.acme); n != 1 {
			t.Error("a closed client lost its limit, and would have none when it is reopened")
		}
		w.refused("reopened where others have its share", w.Accounts.Reopen(t.Context(), w.Root, w.acme), "account.reopen_limits")
		w.must(w.set(w.nils.Actor, w.bolt, quota.Target{}, day(100)))
		w.must(w.Accounts.Reopen(t.Context(), w.Root, w.acme))
		w.must(w.set(w.Root, w.north, quota.Target{}, day(10)))
		without := w.Client(w.north, "Without limits")
		w.Close(without)
		w.must(w.Accounts.Reopen(t.Context(), w.Root, without)) // it takes nothing of what its reseller lacks
	})
}

func TestThePoolSaysWhatIsGivenAndSent(t *testing.T) {
	each(t, func(w market) {
		month := func(n int64) quota.Edit {
			return quota.Edit{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: n}}
		}
		pool := func(by authz.Actor, id ids.Account, within time.Duration) quota.Pool {
			t.Helper()
			p, err := w.Quotas.Pool(t.Context(), by, id, quota.Email, within)
			w.must(err)
			p.Began = time.Time{}
			return p
		}
		w.must(w.set(w.Root, w.north, quota.Target{}, month(1000)))
		w.Exec(`INSERT INTO settings (account_id, name, value, updated_at) VALUES (?, ?, '150', 0)`, w.north, quota.Oversell.Name)
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, month(400)))
		w.send(w.amara.Actor, w.acme, "a", 30)
		want := quota.Pool{Limit: 1000, Most: 1500, Given: 400, Sent: 30}
		if diff := cmp.Diff(want, pool(w.nils.Actor, w.north, 0)); diff != "" {
			t.Error(diff)
		}
		w.must(w.set(w.nils.Actor, w.bolt, quota.Target{}, month(100)))
		if got := pool(w.nils.Actor, w.north, time.Minute); got.Given != 400 {
			t.Errorf("%+v was read again within a minute", got)
		}
		w.Clock.Advance(2 * time.Minute)
		if got := pool(w.nils.Actor, w.north, time.Minute); got.Given != 500 || got.Left() != 1000 {
			t.Errorf("%+v", got)
		}
		if got := pool(w.amara.Actor, w.acme, 0); got.Limit != 400 || got.Sent != 30 || got.Given != 0 {
			t.Errorf("of a client: %+v", got)
		}
		if _, err := w.Quotas.Pool(t.Context(), w.amara.Actor, w.north, quota.Email, time.Hour); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a client sees the pool of its reseller: %v", err)
		}
	})
}

func TestOverridesAreThoseOfClientsBelow(t *testing.T) {
	each(t, func(w market) {
		p := w.sells("Starter", 10)
		w.must(w.Accounts.Assign(t.Context(), w.nils.Actor, w.acme, p))
		until := day(20)
		until.LastDay = w.Clock.Now().Format(time.DateOnly)
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, until))
		w.must(w.set(w.amara.Actor, w.acme, quota.Target{Member: w.amara.Member}, day(5)))
		south := w.Reseller(w.Platform, "South")
		far := w.Client(south, "Far")
		w.Clock.Advance(time.Minute)
		w.must(w.set(w.Root, far, quota.Target{}, day(7)))
		list := func(by authz.Actor, at ids.Account, most int) (out []string) {
			t.Helper()
			all, _, err := w.Quotas.Overrides(t.Context(), by, at, nil, most)
			w.must(err)
			for _, o := range all {
				out = append(out, o.Name+" "+quota.Set{Limit: o.Limit, Window: o.Window}.String()+" "+quota.Set{Limit: o.Package, Window: o.Window}.String()+" "+o.LastDay)
			}
			return out
		}
		acme := "Acme day 20 reject day 10 reject " + until.LastDay
		if diff := cmp.Diff([]string{acme}, list(w.nils.Actor, w.north, 5)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"Far day 7 reject day -1 reject ", acme}, list(w.Root, w.Platform, 5)); diff != "" {
			t.Error(diff)
		}
		var turned []string
		for after, more := []string(nil), true; more; more = after != nil {
			one, next, err := w.Quotas.Overrides(t.Context(), w.Root, w.Platform, after, 1)
			w.must(err)
			for _, o := range one {
				turned = append(turned, o.Name)
			}
			after = next
		}
		if diff := cmp.Diff([]string{"Far", "Acme"}, turned); diff != "" {
			t.Errorf("one by one: %s", diff)
		}
		w.Clock.Advance(48 * time.Hour)
		if got := list(w.nils.Actor, w.north, 5); got != nil {
			t.Errorf("its last day is over: %v", got)
		}
	})
}
