package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
	"bailiwick/internal/usage"
)

// sender is a client that sends.
type sender struct {
	id     ids.Account
	subs   []ids.SubAccount
	people []ids.Membership // who send with keys of their own
	most   [3]int64         // emails an hour, a day and a month, of its package
	share  float64          // of the month, which it uses
	often  bool

	owed, today, sent int64 // emails that wait, those of today and those of the month
	month             time.Month
}

// shares are how much of their month some clients have used: those of the first page, and some that are near its end.
func shares() map[string]float64 {
	return map[string]float64{"acme": .81, "ashgrove": .96, "brightwater": .48, "corvid": .41, "deepwell": .81, "fennelandrye": 0, "juniper": .27, "kestrel": 1,
		"larkspur": .62, "marlowe": .29, "oakfield": .88, "padstow": .55, "tamarindrestaurants": .92, "thistlewhisky": .93, "tidewatermarine": .91}
}

// sends notes that a client sends.
func (l *loader) sends(s *site) {
	share, named := shares()[s.domain]
	if !named {
		share = .05 + .85*l.rng.Float64()
	}
	if p := l.bought(s.client); p != nil {
		most := [3]int64{}
		for i, w := range quota.Windows() {
			most[i] = p.Sending.Of(quota.Email, w).Amount
		}
		if own, ok := l.overrides()[s.domain]; ok && own.Channel == quota.Email {
			most[slices.Index(quota.Windows(), own.Window)] = own.Limit.Amount
		}
		l.senders = append(l.senders, &sender{id: s.id, subs: s.subs, people: s.senders, most: most, share: share, often: named})
	}
}

const (
	sendDays  = 92
	busyDays  = 31 * 24 * time.Hour // until then less often is enough
	lastDays  = 30 * time.Hour      // when it is sent day and night
	waves     = 70 * time.Minute    // apart, so that each has its hour
	firstWave = 8 * time.Hour       // of a day
	lastWave  = 20 * time.Hour
)

// sendMail lets the clients send for some months, as the engine counts it.
func (l *loader) sendMail(ctx context.Context) error {
	l.App.Quota.KeepTime(l.Clock.Now)
	for at := midnight(l.Now.AddDate(0, 0, -sendDays)).Add(firstWave); at.Before(l.Now); at = l.nextWave(at) {
		l.Clock.Set(at)
		if err := l.App.Quota.Reap(ctx); err != nil {
			return err
		}
		if err := l.sendWave(ctx, at); err != nil {
			return fmt.Errorf("send on %s: %w", at.Format(time.DateOnly), err)
		}
	}
	l.Clock.Set(l.Now)
	if err := l.App.Quota.Return(ctx); err != nil {
		return err
	}
	return usage.Fold(ctx, l.App.DB)
}

func midnight(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
}

// nextWave is when something is sent next: the next morning, when nothing waits or it is late.
func (l *loader) nextWave(at time.Time) time.Time {
	waits := slices.ContainsFunc(l.senders, func(s *sender) bool { return s.owed > 0 })
	if l.Now.Sub(at) < lastDays || waits && at.Sub(midnight(at)) < lastWave {
		return at.Add(waves)
	}
	return midnight(at).Add(24*time.Hour + firstWave)
}

// days is how much a client begins to send at an instant, in days of its usual sending: those of the first page every day, others less often.
func (l *loader) days(s *sender, at time.Time) float64 {
	ago, morning := l.Now.Sub(at), at.Sub(midnight(at)) == firstWave
	switch {
	case ago < lastDays && s.often:
		return waves.Hours() / 24
	case ago < lastDays && at.Hour()%6 == 2:
		return 1. / 4
	case ago < lastDays || !morning:
		return 0
	case ago < busyDays || s.often:
		return 1
	case at.Weekday() == time.Tuesday:
		return 5
	}
	return 0
}

// usualRhythm is what rhythm and chance of sendWave come to in a week.
const usualRhythm = (5 + 2*.4) / 7 * 1.1

// catchUp is what a client sends in each of the waves that are left, to have sent its share of the month when they are over.
func (l *loader) catchUp(s *sender, at time.Time) int64 {
	return max(0, int64(float64(s.most[2])*s.share)-s.sent) / int64(1+l.Now.Sub(at)/waves)
}

// sendWave sends what is sent at an instant: what the hour and the day allow of what waits.
func (l *loader) sendWave(ctx context.Context, at time.Time) error {
	month := 30
	if at.Year() == l.Now.Year() && at.Month() == l.Now.Month() {
		month = max(l.Now.Day(), 10)
	}
	rhythm := .7 + .6*l.rng.Float64()
	if d := at.Weekday(); d == time.Saturday || d == time.Sunday {
		rhythm *= .4
	}
	var wg sync.WaitGroup
	failed := make([]error, len(l.senders))
	for i, s := range l.senders {
		if at.Sub(midnight(at)) < waves || at.Sub(midnight(at)) == firstWave {
			s.today = 0
		}
		if at.Month() != s.month {
			s.month, s.sent = at.Month(), 0
		}
		s.owed += int64(float64(s.most[2]) * s.share * rhythm / usualRhythm * (.9 + .4*l.rng.Float64()) * l.days(s, at) / float64(month))
		if s.often && l.Now.Sub(at) < lastDays {
			s.owed = l.catchUp(s, at)
		}
		n := min(s.owed, s.most[0]*3/4, s.most[1]-s.today)
		if n <= 0 {
			continue
		}
		s.owed, s.today, s.sent = s.owed-n, s.today+n, s.sent+n
		from := quota.Sender{Account: s.id, Channel: quota.Email}
		if len(s.subs) > 0 {
			from.Sub = s.subs[l.rng.IntN(1+l.rng.IntN(len(s.subs)))]
		}
		if len(s.people) > 0 {
			from.Member = s.people[l.rng.IntN(len(s.people))]
		}
		texts := i%3 == 0
		wg.Go(func() { failed[i] = l.sendSome(ctx, from, n, texts) })
	}
	wg.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// byOne is how much of a wave a person sends at most; the rest is sent by programs.
const byOne = 1200

// sendSome sends emails, and some texts when told to.
func (l *loader) sendSome(ctx context.Context, from quota.Sender, n int64, texts bool) error {
	own := int64(0)
	if from.Member != "" {
		own = min(n, byOne)
	}
	program := from
	program.Member = ""
	if err := errors.Join(l.reserve(ctx, from, own), l.reserve(ctx, program, n-own)); err != nil {
		return err
	}
	if program.Channel = quota.SMS; texts && n > 40 {
		return l.reserve(ctx, program, n/40)
	}
	return nil
}

// reserve sends as the account itself what a sub-account or a person may not; what the account may not is not sent.
func (l *loader) reserve(ctx context.Context, from quota.Sender, n int64) error {
	if n == 0 {
		return nil
	}
	out, err := l.App.Quota.Reserve(ctx, from, quota.Mark{}, n, 0)
	if err != nil || out.Refused == nil || from.Sub == "" && from.Member == "" {
		return err
	}
	from.Sub, from.Member = "", ""
	_, err = l.App.Quota.Reserve(ctx, from, quota.Mark{}, n, 0)
	return err
}
