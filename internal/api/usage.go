package api

import (
	"context"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/quota"
	"bailiwick/internal/usage"
)

func (a *API) usageOperations() {
	add(a, operation{id: "getUsage", route: "GET /accounts/{account}/usage", tag: "Quotas", perm: authz.QuotasView, about: "What an account, a sub-account or a person has sent, by hour, day or month",
		more: "Units are counted within a second of the answer that promised them. Days and hours are those of the account's time zone; a month is one of the calendar, as bills need it, also where the month of the limits begins on another day. " +
			"Periods without anything are there with 0. Hours are kept for 62 days, days for 800, months for good."}, a.getUsage)
}

type getUsageIn struct {
	LimitsOf
	Channel string `query:"channel" enum:"email,sms" default:"email"`
	Grain   string `query:"grain" enum:"hour,day,month" default:"day"`
	From    string `query:"from" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"The first day. Without it: 2 days of hours, 30 days, 12 months."`
	To      string `query:"to" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"The last day; today without it. At most 31 days of hours, 800 days, 10 years of months."`
}

// Usage is what was sent.
type Usage struct {
	Name     string        `json:"name" doc:"Of the account, sub-account or person."`
	Channel  string        `json:"channel" enum:"email,sms"`
	Grain    string        `json:"grain" enum:"hour,day,month"`
	From     string        `json:"from"`
	To       string        `json:"to"`
	TimeZone string        `json:"time_zone"`
	Units    int64         `json:"units" doc:"In all periods together."`
	Overage  int64         `json:"overage" doc:"Of them, those beyond a limit that lets through for billing."`
	Periods  []UsagePeriod `json:"periods"`
}

// UsagePeriod is what was sent in one hour, day or month.
type UsagePeriod struct {
	Period   string     `json:"period" doc:"2026-11, 2026-11-30, or the moment at which an hour begins." example:"2026-11-30"`
	BeginsAt *time.Time `json:"begins_at,omitempty" doc:"Of an hour."`
	Units    int64      `json:"units"`
	Overage  int64      `json:"overage"`
}

func (a *API) getUsage(ctx context.Context, by authz.Actor, in *getUsageIn) (*Answer[Usage], error) {
	grain, _ := quota.ParseWindow(in.Grain) // one of the three, by the contract
	s, err := a.Usage.Series(ctx, by, in.Account, usage.Query{Target: in.target(), Channel: quota.Channel(in.Channel), Grain: grain, From: account.Date(in.From), To: account.Date(in.To)})
	if err != nil {
		return nil, err
	}
	out := Usage{Name: s.Name, Channel: in.Channel, Grain: in.Grain, From: string(s.Query.From), To: string(s.Query.To), TimeZone: s.Zone.String(), Units: s.Units, Overage: s.Over, Periods: make([]UsagePeriod, len(s.Points))}
	for i, p := range s.Points {
		out.Periods[i] = UsagePeriod{Period: s.Query.Label(p), Units: p.Units, Overage: p.Over}
		if !p.Begin.IsZero() {
			out.Periods[i].BeginsAt = &s.Points[i].Begin
		}
	}
	return &Answer[Usage]{out}, nil
}
