package demo

import (
	"context"
	"fmt"
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
	size   int64            // of its package: emails a month
	share  float64          // of that, which it uses
	often  bool
}

// shares are how much of their month the clients of the first page have used.
func shares() map[string]float64 {
	return map[string]float64{"acme": .81, "ashgrove": .96, "brightwater": .48, "corvid": .41, "deepwell": .81, "fennelandrye": 0, "juniper": .27, "kestrel": 1,
		"larkspur": .62, "marlowe": .29, "oakfield": .88, "padstow": .55}
}

// sends notes that a client sends.
func (l *loader) sends(s *site) {
	share, named := shares()[s.domain]
	if !named {
		share = .05 + .85*l.rng.Float64()
	}
	if size := l.size(s.client); size > 0 {
		l.senders = append(l.senders, &sender{id: s.id, subs: s.subs, people: s.senders, size: size, share: share, often: named})
	}
}

const (
	sendDays = 92
	busyDays = 31 * 24 * time.Hour // until then less often is enough
	lastDays = 30 * time.Hour
)

// sendMail lets the clients send for some months, as the engine counts it.
func (l *loader) sendMail(ctx context.Context) error {
	l.App.Quota.KeepTime(l.Clock.Now)
	begin := l.Now.AddDate(0, 0, -sendDays)
	for at := time.Date(begin.Year(), begin.Month(), begin.Day(), 8, 5, 0, 0, time.UTC); at.Before(l.Now); {
		l.Clock.Set(at)
		if err := l.App.Quota.Reap(ctx); err != nil {
			return err
		}
		if err := l.sendWave(ctx, at); err != nil {
			return fmt.Errorf("send on %s: %w", at.Format(time.DateOnly), err)
		}
		switch ago := l.Now.Sub(at); {
		case ago < lastDays:
			at = at.Add(time.Hour)
		case ago < busyDays && at.Hour() < 16:
			at = at.Add(4 * time.Hour)
		case ago < busyDays:
			at = at.Add(16 * time.Hour)
		default:
			at = at.Add(24 * time.Hour)
		}
	}
	l.Clock.Set(l.Now)
	if err := l.App.Quota.Return(ctx); err != nil {
		return err
	}
	return usage.Fold(ctx, l.App.DB)
}

// days is how much a client sends at an instant, in days of its usual sending: those of the first page all the time, others less often.
func (l *loader) days(s *sender, at time.Time) float64 {
	switch ago := l.Now.Sub(at); {
	case ago < lastDays && s.often:
		return 1. / 24
	case ago < lastDays && at.Hour()%6 == 2:
		return 1. / 4
	case ago < lastDays:
		return 0
	case ago < busyDays && s.often:
		return 1. / 3
	case ago < busyDays && at.Hour() < 10, s.often:
		return 1
	case at.Weekday() == time.Tuesday:
		return 5
	}
	return 0
}

// sendWave sends what is sent at an instant.
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
		all := int64(float64(s.size) * s.share * rhythm * (.9 + .4*l.rng.Float64()) * l.days(s, at) / float64(month))
		if all == 0 {
			continue
		}
		from := quota.Sender{Account: s.id, Channel: quota.Email}
		if len(s.subs) > 0 {
			from.Sub = s.subs[l.rng.IntN(1+l.rng.IntN(len(s.subs)))]
		}
		if len(s.people) > 0 {
			from.Member = s.people[l.rng.IntN(len(s.people))]
		}
		texts := i%3 == 0
		wg.Go(func() { failed[i] = l.sendSome(ctx, from, all, texts) })
	}
	wg.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// sendSome sends emails, and some texts when told to. What a limit refuses is not sent.
func (l *loader) sendSome(ctx context.Context, from quota.Sender, n int64, texts bool) error {
	if _, err := l.App.Quota.Reserve(ctx, from, quota.Mark{}, n, 0); err != nil {
		return err
	}
	if from.Channel = quota.SMS; texts && n > 40 {
		_, err := l.App.Quota.Reserve(ctx, from, quota.Mark{}, n/40, 0)
		return err
	}
	return nil
}
