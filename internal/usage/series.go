package usage

import (
	"context"
	"fmt"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
	"bailiwick/internal/sheet"
)

// Series says what an account, or a sub-account or a person of it, has sent in each period.
func (s *Service) Series(ctx context.Context, by authz.Actor, at ids.Account, in Query) (Series, error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, at)
	if err != nil {
		return Series{}, err
	}
	subject, name, err := quota.Subject(ctx, q, sc, in.Target)
	if err != nil {
		return Series{}, err
	}
	cal, err := s.engine.Calendar(ctx, q, sc.Account())
	if err != nil {
		return Series{}, err
	}
	if in.Channel != quota.Email && in.Channel != quota.SMS {
		return Series{}, errs.Field("channel", "quota.channel_unknown", "Name a channel: email or sms.")
	}
	out := Series{Name: name, Zone: cal.Zone, Today: account.DateIn(s.engine.Now(), cal.Zone), MonthDay: cal.MonthDay}
	if err := in.fill(out.Today); err != nil {
		return Series{}, err
	}
	out.Query, out.Points = in, in.periods(cal.Zone)
	var sent map[int64]amount
	if in.Grain == quota.Hour {
		from, to := hoursOf(in, cal.Zone)
		sent, err = hours(ctx, q, sc, counter{subject, in.Channel}, from, to)
	} else {
		sent, err = s.days(ctx, q, sc, counter{subject, in.Channel}, in)
	}
	if err != nil {
		return Series{}, fmt.Errorf("read what %s has sent: %w", subject, err)
	}
	for i := range out.Points {
		p := &out.Points[i]
		at := number(p.Day)
		if in.Grain == quota.Hour {
			at = p.Begin.Unix() / 3600
		}
		p.Units, p.Over = sent[at].units, sent[at].over
		out.Units, out.Over = out.Units+p.Units, out.Over+p.Over
	}
	return out, nil
}

// CSV is a series as a table for spreadsheets and billing systems: heads, then a row for each period.
func (s Series) CSV() ([]byte, error) {
	head, err := sheet.Head([]string{"account", "channel", s.Query.Grain.String(), "units", "overage_units"})
	if err != nil {
		return nil, err
	}
	rows := make([][]string, len(s.Points))
	for i, p := range s.Points {
		rows[i] = []string{s.Name, string(s.Query.Channel), s.Query.Label(p), fmt.Sprint(p.Units), fmt.Sprint(p.Over)}
	}
	lines, err := sheet.Lines(rows)
	return append(head, lines...), err
}

// Label names the period of a point for programs: 2026-11, 2026-11-30, or the instant at which an hour begins.
func (q Query) Label(p Point) string {
	switch q.Grain {
	case quota.Hour:
		return p.Begin.Format("2006-01-02T15:04Z07:00")
	case quota.Month:
		return string(p.Day)[:len("2006-01")]
	case quota.Day:
	}
	return string(p.Day)
}

// Filled is how much of the limit of its month a client has used, on the channel that is fuller.
type Filled struct {
	Channel     quota.Channel
	Used, Limit int64
}

// Months says how much clients below an account have used of their month. Those without a limit are left out.
func (s *Service) Months(ctx context.Context, by authz.Actor, at ids.Account, clients []ids.Account) (map[ids.Account]Filled, error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, at)
	if err != nil || len(clients) == 0 {
		return nil, err
	}
	own, err := below(ctx, q, sc, clients)
	if err != nil {
		return nil, err
	}
	all, err := s.engine.Gauges(ctx, q, own)
	if err != nil {
		return nil, fmt.Errorf("read the months of clients: %w", err)
	}
	out := map[ids.Account]Filled{}
	fullest := map[ids.Account]int64{}
	for _, g := range all {
		if _, other := out[g.Account]; g.Most(quota.Month) == quota.Unlimited || other && g.Share(quota.Month) <= fullest[g.Account] {
			continue
		}
		out[g.Account], fullest[g.Account] = Filled{g.Channel, g.Used[quota.Month], g.Most(quota.Month)}, g.Share(quota.Month)
	}
	return out, nil
}
