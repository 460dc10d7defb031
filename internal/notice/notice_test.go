package notice_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/setting"
	"bailiwick/internal/user"
	"bailiwick/internal/user/usertest"
)

// world is a reseller with two customers, a department and their people, who are told things.
type world struct {
	*usertest.World
	Bell  *notice.Service
	t     *testing.T
	at    *clock.Fake
	staff usertest.Person // of the department
	guest usertest.Person // of the customer
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
		known, err := setting.NewKnown(d, change.New(d, at.Now, slog.New(slog.DiscardHandler)), notice.Settings())
		if err != nil {
			t.Fatal(err)
		}
		w := &world{World: u, Bell: notice.NewService(u.Op, known, at.Now), t: t, at: at}
		w.staff = u.Member(u.Department, "staff@acme.example", user.Access{Role: authz.Admin, AllSubs: true})
		w.guest = u.Member(u.Customer, "guest@acme.example", user.Access{Role: authz.Guest})
		at.Advance(time.Second)
		fn(t, w)
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// tell tells something a second later than the last.
func (w *world) tell(n notice.New) {
	w.t.Helper()
	w.at.Advance(time.Second)
	w.Tx(func(ctx context.Context, tx *db.Tx) error { return notice.Tell(ctx, tx, n) })
}

// sees are the kinds that somebody finds, the latest first, those unread with a star.
func (w *world) sees(by authz.Actor, in notice.Query) string {
	w.t.Helper()
	p, err := w.Bell.List(w.t.Context(), by, in)
	w.must(err)
	out := []string{}
	for _, n := range p.Notices {
		star := "*"
		if n.Read {
			star = ""
		}
		out = append(out, string(n.Kind)+star)
	}
	return strings.Join(out, " ")
}

func (w *world) want(by authz.Actor, in notice.Query, want string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.sees(by, in)); diff != "" {
		w.t.Errorf("%s: %s", by.Name(), diff)
	}
}

func (w *world) wantCount(by authz.Actor, want int) {
	w.t.Helper()
	n, err := w.Bell.Count(w.t.Context(), by)
	w.must(err)
	if n != want {
		w.t.Errorf("%s has %d unread, not %d", by.Name(), n, want)
	}
}

func TestWhoIsToldWhat(t *testing.T) {
	each(t, func(_ *testing.T, w *world) {
		w.tell(notice.New{Kind: notice.AccountHeld, Account: w.Customer, By: w.Seller.Actor})
		w.tell(notice.New{Kind: notice.RuleChanged, Account: w.Platform, Facts: map[string]string{"setting": "password.min_length"}, By: w.Root.Actor})
		w.tell(notice.New{Kind: notice.QuotaNear, Account: w.Customer, Facts: map[string]string{"limit": "email_day", "percent": "80", "of": ""}})
		w.tell(notice.New{Kind: notice.TaskDone, Account: w.Department, Person: w.Owner.User(), Target: "tsk_1", Facts: map[string]string{"task": "export", "subject": ""}})
		w.tell(notice.New{Kind: notice.MembershipExpired, Account: w.Other, Facts: map[string]string{"date": "2026-12-01"}})

		w.want(w.Owner.Actor, notice.Query{}, "task_done* quota_near* rule_changed* account_held*")
		w.want(w.staff.Actor, notice.Query{}, "rule_changed* account_held*") // what binds those below, too
		w.want(w.guest.Actor, notice.Query{}, "account_held*")               // a guest may not see the rest
		w.want(w.OtherOwner.Actor, notice.Query{}, "membership_expired* rule_changed*")
		w.want(w.Seller.Actor, notice.Query{}, "rule_changed*") // what binds a client is not about the reseller
		w.want(w.Root.Actor, notice.Query{}, "")                // whoever did it knows
		w.want(w.Owner.Actor, notice.Query{Topic: notice.Quota}, "quota_near*")
		w.wantCount(w.Owner.Actor, 4)
		w.wantCount(w.guest.Actor, 1)
	})
}

// TEN: what was told stays in its account, and says nothing of accounts out of sight.
func TestANoticeNamesNoAccountAboveTheProvider(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.tell(notice.New{Kind: notice.RuleChanged, Account: w.Platform, Facts: map[string]string{"setting": "password.min_length"}})
		w.tell(notice.New{Kind: notice.RuleChanged, Account: w.Customer, Facts: map[string]string{"setting": "password.min_length"}})
		p, err := w.Bell.List(t.Context(), w.Owner.Actor, notice.Query{})
		w.must(err)
		if len(p.Notices) != 2 || p.Notices[0].Account != w.Customer || p.Notices[1].Account != "" {
			t.Errorf("%+v", p.Notices)
		}
		for _, n := range p.Notices {
			if err := w.Bell.Read(t.Context(), w.guest.Actor, n.ID); errs.KindOf(err) != errs.NotFound {
				t.Errorf("somebody read a notice that is not theirs: %v", err)
			}
		}
		if err := w.Bell.Read(t.Context(), w.OtherOwner.Actor, p.Notices[0].ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("somebody read a notice of another account: %v", err)
		}
	})
}

func TestWhoIsDemotedReadsNoMore(t *testing.T) {
	each(t, func(_ *testing.T, w *world) {
		w.tell(notice.New{Kind: notice.QuotaReached, Account: w.Customer, Facts: map[string]string{"limit": "email_day", "of": ""}})
		w.tell(notice.New{Kind: notice.InvitationAccepted, Account: w.Department, Person: w.Owner.User(), Target: "mem_1", Facts: map[string]string{"person": "Ann", "account": "Marketing"}})
		w.want(w.Owner.Actor, notice.Query{}, "invitation_accepted* quota_reached*")
		w.Exec("UPDATE memberships SET role = 'guest' WHERE id = ?", w.Owner.Member)
		w.want(w.Owner.Actor, notice.Query{}, "")
		w.wantCount(w.Owner.Actor, 0)
	})
}

func TestWhoJoinsIsNotToldOfEarlierThings(t *testing.T) {
	each(t, func(_ *testing.T, w *world) {
		held := notice.New{Kind: notice.AccountHeld, Account: w.Customer}
		w.tell(held)
		w.at.Advance(time.Second)
		late := w.Member(w.Customer, "late@acme.example", user.Access{Role: authz.Owner, AllSubs: true})
		w.want(late.Actor, notice.Query{}, "")
		w.tell(held)
		w.want(late.Actor, notice.Query{}, "account_held*")
	})
}

func TestWhatIsReadStaysRead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		held := notice.New{Kind: notice.AccountHeld, Account: w.Customer}
		task := notice.New{Kind: notice.TaskFailed, Account: w.Customer, Person: w.Owner.User(), Facts: map[string]string{"task": "export", "subject": ""}}
		w.tell(held)
		w.tell(task)
		p, err := w.Bell.List(t.Context(), w.Owner.Actor, notice.Query{})
		w.must(err)
		for range 2 {
			w.must(w.Bell.Read(t.Context(), w.Owner.Actor, p.Notices[1].ID))
		}
		w.want(w.Owner.Actor, notice.Query{}, "task_failed* account_held")
		w.want(w.Owner.Actor, notice.Query{Unread: true}, "task_failed*")
		w.wantCount(w.guest.Actor, 1) // somebody else's reading is their own
		w.must(w.Bell.Read(t.Context(), w.Owner.Actor, p.Notices[0].ID))
		w.wantCount(w.Owner.Actor, 0)

		w.tell(held)
		w.at.Advance(time.Hour)
		w.tell(held)
		w.tell(task)
		w.wantCount(w.Owner.Actor, 3)
		w.must(w.Bell.ReadAll(t.Context(), w.Owner.Actor))
		w.wantCount(w.Owner.Actor, 0)
		w.want(w.Owner.Actor, notice.Query{}, "task_failed account_held account_held task_failed account_held")
		w.tell(held)
		w.wantCount(w.Owner.Actor, 1)
		w.wantCount(w.guest.Actor, 4)
	})
}

func TestPagesFollowEachOther(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i := range 7 {
			n := notice.New{Kind: notice.AccountResumed, Account: w.Customer}
			if i%2 == 0 {
				n = notice.New{Kind: notice.TaskDone, Account: w.Customer, Person: w.Owner.User(), Facts: map[string]string{"task": "export", "subject": ""}}
			}
			w.tell(n)
		}
		seen, in := []ids.Notice{}, notice.Query{Limit: 3}
		for {
			p, err := w.Bell.List(t.Context(), w.Owner.Actor, in)
			w.must(err)
			for _, n := range p.Notices {
				if len(seen) > 0 && n.ID >= seen[len(seen)-1] {
					t.Errorf("%s comes after %s", n.ID, seen[len(seen)-1])
				}
				seen = append(seen, n.ID)
			}
			if in.Before = p.Next; p.Next == "" {
				break
			}
		}
		if len(seen) != 7 {
			t.Errorf("%d of 7 were shown", len(seen))
		}
	})
}

func TestTheSameIsToldOnce(t *testing.T) {
	each(t, func(_ *testing.T, w *world) {
		n := notice.New{Kind: notice.QuotaReached, Account: w.Customer, Facts: map[string]string{"limit": "email_day", "of": ""}, Once: "quota:1"}
		w.tell(n)
		w.tell(n)
		n.Account = w.Other
		w.tell(n)
		w.wantCount(w.Owner.Actor, 1)
		w.wantCount(w.OtherOwner.Actor, 1)
	})
}

func TestWhoIsErasedIsNotTold(t *testing.T) {
	each(t, func(_ *testing.T, w *world) {
		done := notice.New{Kind: notice.TaskDone, Account: w.Customer, Person: ids.NewUser(w.at.Now()), Facts: map[string]string{"task": "export", "subject": ""}}
		w.tell(done)
		done.Account, done.Person = ids.NewAccount(w.at.Now()), w.Owner.User()
		w.tell(done)
		w.tell(notice.New{Kind: notice.AccountClosed, Account: done.Account})
		w.wantCount(w.Owner.Actor, 0)
	})
}

func TestManyAreCountedToAHundred(t *testing.T) {
	each(t, func(_ *testing.T, w *world) {
		w.Tx(func(ctx context.Context, tx *db.Tx) error {
			for range 120 {
				if err := notice.Tell(ctx, tx, notice.New{Kind: notice.AccountResumed, Account: w.Customer}); err != nil {
					return err
				}
			}
			return nil
		})
		w.wantCount(w.Owner.Actor, notice.MostCounted)
	})
}

func TestMistakesOfTheProgramAreNotTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, n := range map[string]notice.New{
			"an unknown kind":       {Kind: "x", Account: w.Customer},
			"a fact less":           {Kind: notice.QuotaReached, Account: w.Customer, Facts: map[string]string{"limit": "x"}},
			"another fact":          {Kind: notice.RuleChanged, Account: w.Customer, Facts: map[string]string{"rule": "x"}},
			"for everybody":         {Kind: notice.OwnQuotaReached, Account: w.Customer, Facts: map[string]string{"limit": "x"}},
			"for one person":        {Kind: notice.AccountResumed, Account: w.Customer, Person: w.Owner.User()},
			"an account that isn't": {Kind: notice.AccountResumed},
		} {
			if err := w.DB.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return notice.Tell(ctx, tx, n) }); err == nil {
				t.Errorf("%s was told", name)
			}
		}
	})
}

func TestOldNoticesAreForgotten(t *testing.T) {
	each(t, func(_ *testing.T, w *world) {
		n := notice.New{Kind: notice.AccountResumed, Account: w.Customer}
		w.tell(n)
		w.at.Advance(89 * 24 * time.Hour)
		w.tell(n)
		w.must(notice.Forget(w.t.Context(), w.Bell))
		w.wantCount(w.Owner.Actor, 2)
		w.at.Advance(2 * 24 * time.Hour)
		w.must(notice.Forget(w.t.Context(), w.Bell))
		w.wantCount(w.Owner.Actor, 1)
	})
}
