package usage_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/mail/mailtest"
	"bailiwick/internal/quota"
)

// limit sets what the client may send in a window.
func (w *shop) limit(t quota.Target, window quota.Window, n int64) {
	w.t.Helper()
	_, err := w.Quotas.SetLimits(w.t.Context(), w.Root, w.acme, t, []quota.Edit{{Channel: quota.Email, Window: window, Limit: quota.Limit{Amount: n}}})
	w.must(err)
}

// mails are whom all mail went to.
func (w *shop) mails() (out []string) {
	w.t.Helper()
	w.Drain()
	for n := range w.Count("captured_mail") {
		_, to, _ := strings.Cut(w.Text("SELECT rcpt FROM captured_mail ORDER BY id LIMIT 1 OFFSET "+fmt.Sprint(n)), "<")
		out = append(out, strings.TrimSuffix(to, ">"))
	}
	return out
}

// TestPeopleAreToldOncePerPeriodThatALimitIsNearlyUsedAndUsedUp looks from several nodes at once, again and again.
func TestPeopleAreToldOncePerPeriodThatALimitIsNearlyUsedAndUsedUp(t *testing.T) {
	each(t, func(t *testing.T, w *shop) {
		w.limit(quota.Target{}, quota.Day, 100)
		w.limit(quota.Target{Sub: w.sub}, quota.Month, 1000)
		told := func(want ...string) {
			t.Helper()
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					if err := w.Watcher.Watch(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			var got []string
			for n := range w.Count("quota_alerts") {
				got = append(got, w.Text("SELECT period || ' ' || percent || ' ' || CASE WHEN subject = '"+string(w.acme)+"' THEN 'acme' ELSE 'other' END FROM quota_alerts ORDER BY told_at, period, percent LIMIT 1 OFFSET "+fmt.Sprint(n)))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after %d messages: %s", w.sent, diff)
			}
		}
		w.send(79)
		told()
		w.send(1)
		told("day 80 acme")
		if n := w.Count("notices WHERE kind = 'quota_near'"); n != 2 {
			t.Errorf("%d notices: the client and who is above are told", n)
		}
		told("day 80 acme")
		w.Clock.Advance(time.Minute)
		w.send(20)
		told("day 80 acme", "day 100 acme")
		if n := w.Count("notices WHERE kind = 'quota_reached'"); n != 2 {
			t.Errorf("%d notices", n)
		}
		w.Clock.Advance(24 * time.Hour)
		told("day 80 acme", "day 100 acme")
		w.send(100)
		told("day 80 acme", "day 100 acme", "day 100 acme")
		w.Clock.Advance(80 * 24 * time.Hour)
		w.must(w.Watcher.Forget(t.Context()))
		told()
	})
}

func TestWhoIsMailedAboutALimit(t *testing.T) {
	each(t, func(t *testing.T, w *shop) {
		w.Member(w.acme, "adam@acme.example", apptest.As(authz.Admin))
		ada := w.Member(w.Platform, "ada@halyard.example", apptest.As(authz.Admin))
		quiet := w.Member(w.acme, "quiet@acme.example", apptest.As(authz.Owner))
		w.Member(w.Platform, "gus@halyard.example", apptest.As(authz.Guest))
		w.Exec(`INSERT INTO member_settings (membership_id, name, value, updated_at) VALUES (?, 'notices.mail', '["people"]', 0)`, quiet.Member)
		w.limit(quota.Target{}, quota.Day, 100)
		w.Drain()
		before := w.mails()
		w.send(85)
		for range 2 {
			w.must(w.Watcher.Watch(t.Context()))
		}
		got := slices.DeleteFunc(w.mails(), func(to string) bool { return slices.Contains(before, to) })
		slices.Sort(got)
		want := []string{ada.Email, w.amara.Email}
		if !slices.Contains(before, apptest.OwnerEmail) {
			want = append(want, apptest.OwnerEmail)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestALimitPerHourThatIsNearAllDayIsMailedOnce lets one hour after another be nearly used.
func TestALimitPerHourThatIsNearAllDayIsMailedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *shop) {
		w.limit(quota.Target{}, quota.Hour, 100)
		w.Drain()
		before := w.Count("captured_mail")
		hours := func(n int) {
			t.Helper()
			for range n {
				w.send(85)
				w.must(w.Watcher.Watch(t.Context()))
				w.Clock.Advance(65 * time.Minute)
			}
		}
		hours(3)
		w.mails()
		if rung, mailed := w.Count("notices WHERE kind = 'quota_near' AND account_id = ?", w.acme), w.Count("captured_mail")-before; rung != 3 || mailed != 2 {
			t.Errorf("in three hours the bell rang %d times, and %d mails were sent to the Owner and above", rung, mailed)
		}
		w.send(100)
		w.must(w.Watcher.Watch(t.Context()))
		w.mails()
		if mailed := w.Count("captured_mail") - before; mailed != 4 {
			t.Errorf("%d mails once the limit is used up", mailed)
		}
		w.Clock.Advance(24 * time.Hour)
		hours(1)
		w.mails()
		if mailed := w.Count("captured_mail") - before; mailed != 6 {
			t.Errorf("%d mails on the next day", mailed)
		}
	})
}

// TestMailsOfLimitsGoThroughAMailServerToWhoWantsThem is the way of a mail from the counter to the server of the operator.
func TestMailsOfLimitsGoThroughAMailServerToWhoWantsThem(t *testing.T) {
	server := mailtest.Start(t)
	w := &shop{World: apptest.New(t, dbtest.SQLiteDSN(t), func(c *config.Config) {
		c.SMTP = config.SMTP{Host: server.Host, Port: server.Port, TLS: "none", From: "portal@halyard.example", FromName: "Halyard Messaging"}
	}), t: t}
	w.acme = w.Client(w.Platform, "Acme Holdings")
	w.amara = w.Member(w.acme, "amara@acme.example", apptest.As(authz.Owner))
	var err error
	w.key, err = w.Through(w.Key(w.amara, w.acme, authz.MessagesSend))
	w.must(err)
	quiet := w.Member(w.acme, "quiet@acme.example", apptest.As(authz.Owner))
	w.Exec(`INSERT INTO member_settings (membership_id, name, value, updated_at) VALUES (?, 'notices.mail', '[]', 0)`, quiet.Member)
	w.Exec(`INSERT INTO settings (account_id, name, value, updated_at) VALUES (?, 'notices.mail', '["membership"]', 0)`, w.Platform)
	w.Exec(`INSERT INTO settings (account_id, name, value, updated_at) VALUES (?, 'notices.mail', '["quota"]', 0)`, w.acme)
	w.limit(quota.Target{}, quota.Day, 100)
	w.send(90)
	w.must(w.Watcher.Watch(t.Context()))
	w.Drain()
	all := server.Wait(t.Context(), t, 1)
	if len(all) != 1 || all[0].To != w.amara.Email || !strings.Contains(all[0].Text, "100") {
		t.Errorf("%+v", all)
	}
}

func TestTheListOfClientsFollowsTheirUse(t *testing.T) {
	each(t, func(t *testing.T, w *shop) {
		w.limit(quota.Target{}, quota.Month, 100)
		listed := func(want int64) {
			t.Helper()
			for range 2 {
				w.must(w.Watcher.Watch(t.Context()))
			}
			if n := w.Count("client_list WHERE customer_id = ? AND use_share = ?", w.acme, want); n != 2 {
				t.Errorf("%d rows say %d percent", n, want)
			}
		}
		listed(0)
		w.send(81)
		listed(81)
		l, err := w.Accounts.List(t.Context(), w.Root, w.Platform, account.Query{Sort: account.ByUse, Desc: true})
		w.must(err)
		if len(l.Rows) != 1 || !strings.HasPrefix(l.Rows[0].Name, "Acme") {
			t.Errorf("%+v", l.Rows)
		}
		w.Clock.Advance(10 * 24 * time.Hour) // into December
		listed(0)
	})
}
