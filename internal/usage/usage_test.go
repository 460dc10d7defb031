package usage_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
	"bailiwick/internal/usage"
)

// shop is a client whose days end in the middle of an hour.
type shop struct {
	*apptest.World
	t     *testing.T
	acme  ids.Account
	sub   ids.SubAccount
	amara apptest.Person
	key   authz.Actor // hers, of her own
	zone  *time.Location
	sent  int
}

func each(t *testing.T, fn func(t *testing.T, w *shop)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := &shop{World: w, t: t, acme: w.Client(w.Platform, "Acme")}
		s.amara = w.Member(s.acme, "amara@acme.example", apptest.As(authz.Owner))
		var err error
		s.key, err = w.Through(w.Key(s.amara, s.acme, authz.MessagesSend))
		s.must(err)
		s.sub = w.SubAccount(s.acme, "news")
		w.Exec(`INSERT INTO settings (account_id, name, value, updated_at) VALUES (?, ?, '"Asia/Kolkata"', 0)`, s.acme, account.TimeZone.Name)
		s.zone, _ = time.LoadLocation("Asia/Kolkata")
		fn(t, s)
	})
}

func (w *shop) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// send sends n through the sub-account, and returns the reserve.
func (w *shop) send(n int64) ids.Reserve {
	w.t.Helper()
	w.sent++
	out, err := w.Quotas.Reserve(w.t.Context(), w.key, []quota.Ask{{Key: fmt.Sprint(w.sent), Account: w.acme, Sub: w.sub, Channel: quota.Email, Recipients: n, Parts: 1, Lasts: 20 * time.Hour}})
	if err != nil || out[0].Err != nil || out[0].Outcome.Refused != nil {
		w.t.Fatal(err, out)
	}
	w.Quota.Idle()
	return out[0].Outcome.Reserve.ID
}

func (w *shop) series(in usage.Query) usage.Series {
	w.t.Helper()
	in.Channel = quota.Email
	s, err := w.Usage.Series(w.t.Context(), w.amara.Actor, w.acme, in)
	w.must(err)
	return s
}

// byPeriod are the periods in which something was sent.
func byPeriod(s usage.Series) map[account.Date]int64 {
	out := map[account.Date]int64{}
	for _, p := range s.Points {
		if p.Units != 0 {
			out[p.Day] += p.Units
		}
	}
	return out
}

// TestWhatWasSentIsCountedOnceWheneverItIsFolded sends, releases, lets nodes die and folds in any order, and compares every day and
// month with a plain sum.
func TestWhatWasSentIsCountedOnceWheneverItIsFolded(t *testing.T) {
	each(t, func(t *testing.T, w *shop) {
		r := rand.New(rand.NewPCG(7, 11))
		want, held := map[account.Date]int64{}, map[ids.Reserve]struct {
			day account.Date
			n   int64
			at  time.Time
		}{}
		for range 160 {
			switch now := w.Clock.Now(); r.IntN(9) {
			default:
				n := r.Int64N(40) + 1
				id, day := w.send(n), account.DateIn(now, w.zone)
				want[day] += n
				held[id] = struct {
					day account.Date
					n   int64
					at  time.Time
				}{day, n, now}
			case 4:
				for id, h := range held {
					if now.Sub(h.at) < 20*time.Hour {
						_, err := w.Quotas.Settle(t.Context(), w.key, []ids.Reserve{id}, true)
						w.must(err)
						want[h.day] -= h.n
					}
					delete(held, id)
					break
				}
			case 5:
				w.Clock.Advance(time.Duration(r.IntN(40)) * time.Minute)
			case 6:
				w.Clock.Advance(time.Duration(r.IntN(30)) * time.Hour)
			case 7:
				w.must(w.Quota.Reap(t.Context()))
			case 8:
				w.must(usage.Fold(t.Context(), w.DB))
			}
		}
		for range 2 { // and once more when nothing is open
			for day, n := range want {
				if n == 0 {
					delete(want, day)
				}
			}
			month := map[account.Date]int64{}
			for day, n := range want {
				month[day[:8]+"01"] += n
			}
			for _, target := range []quota.Target{{}, {Sub: w.sub}, {Member: w.amara.Member}} {
				s := w.series(usage.Query{Target: target, Grain: quota.Day, From: "2026-11-01", To: "2027-11-30"})
				if diff := cmp.Diff(want, byPeriod(s)); diff != "" {
					t.Fatalf("the days of %+v: %s", target, diff)
				}
				s = w.series(usage.Query{Target: target, Grain: quota.Month, From: "2026-11-01", To: "2027-11-30"})
				if diff := cmp.Diff(month, byPeriod(s)); diff != "" {
					t.Fatalf("the months of %+v: %s", target, diff)
				}
			}
			w.Clock.Advance(80 * time.Hour)
			w.must(w.Quota.Return(t.Context()))
			w.must(usage.Fold(t.Context(), w.DB))
			w.must(usage.Fold(t.Context(), w.DB))
			if n := w.Count("quota_sums WHERE grain = 'day'"); n == 0 {
				t.Error("nothing was folded")
			}
		}
	})
}

// TestSumsThatAreWrongAreFoundAndAddedUpAnew damages sums one by one. What nothing is kept of any more is left alone.
func TestSumsThatAreWrongAreFoundAndAddedUpAnew(t *testing.T) {
	each(t, func(t *testing.T, w *shop) {
		for range 3 {
			w.send(7)
			w.Clock.Advance(26 * 24 * time.Hour)
		}
		w.send(5)
		w.Clock.Advance(60 * time.Hour)
		w.must(w.Quota.Return(t.Context()))
		w.must(usage.Fold(t.Context(), w.DB))
		w.must(usage.Forget(t.Context(), w.DB))
		w.send(3) // in no sum yet
		check := func() []usage.WrongSum {
			t.Helper()
			wrong, err := usage.CheckSums(t.Context(), w.DB)
			w.must(err)
			return wrong
		}
		if wrong := check(); len(wrong) != 0 || w.Count("quota_sums WHERE grain = 'month'") < 6 {
			t.Fatalf("before anything was damaged: %v", wrong)
		}
		const lastDay = `(SELECT MAX(period) FROM quota_sums WHERE grain = 'day')`
		for name, c := range map[string]struct {
			damage string
			wrong  int
		}{
			"a day":            {`UPDATE quota_sums SET units = units + 1 WHERE grain = 'day' AND period = ` + lastDay, 8}, // of the four subjects, and their months
			"a day less":       {`DELETE FROM quota_sums WHERE grain = 'day' AND period = ` + lastDay, 8},
			"a month":          {`UPDATE quota_sums SET units = 0 WHERE grain = 'month' AND subject = '` + string(w.acme) + `' AND period = (SELECT MIN(period) FROM quota_sums)`, 1},
			"a month too many": {`INSERT INTO quota_sums (subject, channel, grain, period, units, over) SELECT subject, 'sms', grain, period, units, over FROM quota_sums WHERE grain = 'month' AND subject = '` + string(w.acme) + `' AND period = (SELECT MIN(period) FROM quota_sums)`, 1},
		} {
			before := w.series(usage.Query{Grain: quota.Month, From: "2026-11-01", To: "2027-11-30"}).Units
			w.Exec(c.damage)
			wrong := check()
			if len(wrong) != c.wrong {
				t.Errorf("%s: %v", name, wrong)
			}
			w.must(usage.MendSums(t.Context(), w.DB, wrong))
			if wrong := check(); len(wrong) != 0 {
				t.Errorf("%s, mended: %v", name, wrong)
			}
			if after := w.series(usage.Query{Grain: quota.Month, From: "2026-11-01", To: "2027-11-30"}).Units; after != before || after != 29 {
				t.Errorf("%s, mended: %d instead of %d", name, after, before)
			}
		}
		w.Clock.Advance(900 * 24 * time.Hour)
		w.must(usage.Forget(t.Context(), w.DB))
		w.Exec(`UPDATE quota_sums SET units = 0 WHERE grain = 'month'`)
		if wrong := check(); len(wrong) != 0 {
			t.Errorf("of what no days are kept: %v", wrong)
		}
	})
}

func TestWhatWasSentIsSeenAtOnceAndHourByHour(t *testing.T) {
	each(t, func(t *testing.T, w *shop) {
		w.send(3)
		w.send(4) // from a lease
		w.Clock.Advance(time.Hour)
		w.send(5)
		s := w.series(usage.Query{Grain: quota.Hour})
		var got []string
		for _, p := range s.Points {
			if p.Units > 0 {
				got = append(got, fmt.Sprint(s.Query.Label(p), " ", p.Units))
			}
		}
		if diff := cmp.Diff([]string{"2026-11-23T14:30+05:30 7", "2026-11-23T15:30+05:30 5"}, got); diff != "" {
			t.Error(diff)
		}
		if s.Units != 12 || s.Name != "Acme" {
			t.Errorf("%d by %s", s.Units, s.Name)
		}
		parts, err := w.Usage.Parts(t.Context(), w.amara.Actor, w.acme, quota.Email)
		w.must(err)
		if len(parts.SubAccounts) != 1 || parts.SubAccounts[0].Units != 12 || len(parts.People) != 1 || parts.People[0].Units != 12 || len(parts.Departments) != 0 {
			t.Errorf("%+v", parts)
		}
	})
}

func TestHoursAndDaysAreForgottenAndMonthsStay(t *testing.T) {
	each(t, func(t *testing.T, w *shop) {
		w.send(6)
		w.Clock.Advance(70 * 24 * time.Hour)
		w.must(usage.Forget(t.Context(), w.DB))
		if n := w.Count("quota_usage"); n == 0 {
			t.Fatal("hours that are not folded yet were forgotten")
		}
		w.must(w.Quota.Return(t.Context()))
		w.must(usage.Fold(t.Context(), w.DB))
		w.send(2)
		w.Clock.Advance(60 * time.Hour)
		w.must(w.Quota.Return(t.Context()))
		w.must(usage.Fold(t.Context(), w.DB))
		w.must(usage.Forget(t.Context(), w.DB))
		s := w.series(usage.Query{Grain: quota.Hour, From: "2026-11-22", To: "2026-11-24"})
		if s.Units != 0 {
			t.Errorf("%d stand in hours of two months ago", s.Units)
		}
		if s = w.series(usage.Query{Grain: quota.Day, From: "2026-11-01", To: "2027-02-28"}); s.Units != 8 {
			t.Errorf("the days have %d", s.Units)
		}
		w.Clock.Advance(900 * 24 * time.Hour)
		w.must(usage.Forget(t.Context(), w.DB))
		if s = w.series(usage.Query{Grain: quota.Day, From: "2026-11-01", To: "2027-02-28"}); s.Units != 0 {
			t.Errorf("the days of years ago have %d", s.Units)
		}
		if s = w.series(usage.Query{Grain: quota.Month, From: "2026-11-01", To: "2027-02-28"}); s.Units != 8 || len(s.Points) != 4 {
			t.Errorf("the months have %d in %d", s.Units, len(s.Points))
		}
	})
}

func TestUsageOfOthersAndOfTooMuchIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *shop) {
		bolt := w.Client(w.Platform, "Bolt")
		for name, c := range map[string]struct {
			at   ids.Account
			in   usage.Query
			code string
		}{
			"another client":            {bolt, usage.Query{Channel: quota.Email}, "account.not_found"},
			"a sub-account of another":  {w.acme, usage.Query{Channel: quota.Email, Target: quota.Target{Sub: w.SubAccount(bolt, "other")}}, "subaccount.not_found"},
			"a channel that is none":    {w.acme, usage.Query{Channel: "fax"}, "quota.channel_unknown"},
			"a day that is none":        {w.acme, usage.Query{Channel: quota.Email, From: "2026-02-30"}, "usage.day"},
			"the wrong order":           {w.acme, usage.Query{Channel: quota.Email, From: "2026-11-30", To: "2026-11-01"}, "usage.order"},
			"years of hours":            {w.acme, usage.Query{Channel: quota.Email, Grain: quota.Hour, From: "2024-11-30", To: "2026-11-01"}, "usage.too_long"},
			"centuries of days":         {w.acme, usage.Query{Channel: quota.Email, Grain: quota.Day, From: "1926-11-30", To: "2026-11-01"}, "usage.too_long"},
			"two things at once to see": {w.acme, usage.Query{Channel: quota.Email, Target: quota.Target{Sub: w.sub, Member: w.amara.Member}}, "quota.two_targets"},
		} {
			if _, err := w.Usage.Series(t.Context(), w.amara.Actor, c.at, c.in); errs.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
	})
}
