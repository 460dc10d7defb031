package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
	"bailiwick/internal/usage"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/sending"
)

func (s *Server) usageRoutes() []Route {
	return []Route{
		{Pattern: "GET /a/{account}/usage", Signed: s.usagePage},
		{Pattern: "GET /a/{account}/usage/csv", Signed: s.usageCSV},
		{Pattern: "GET /a/{account}/usage/explain", Signed: s.explainPage},
	}
}

// asked is what of an account a page of usage is about, as its address says.
type asked struct {
	at       string // the path of the tab
	target   quota.Target
	channel  quota.Channel
	grain    quota.Window
	from, to string
}

func askedOf(r *http.Request, account ids.Account) asked {
	v := r.URL.Query()
	a := asked{at: accountPath(account, "/usage"), target: quota.Target{Sub: ids.SubAccount(v.Get("subaccount")), Member: ids.Membership(v.Get("user"))}, channel: quota.Channel(v.Get("channel")), from: v.Get("from"), to: v.Get("to")}
	if a.channel != quota.SMS {
		a.channel = quota.Email
	}
	var known bool
	if a.grain, known = quota.ParseWindow(v.Get("grain")); !known {
		a.grain = quota.Day
	}
	return a
}

// values writes the address back, without what is the default and without the days.
func (a asked) values() url.Values {
	v := url.Values{}
	if a.target.Sub != "" {
		v.Set("subaccount", string(a.target.Sub))
	}
	if a.target.Member != "" {
		v.Set("user", string(a.target.Member))
	}
	if a.channel != quota.Email {
		v.Set("channel", string(a.channel))
	}
	if a.grain != quota.Day {
		v.Set("grain", a.grain.String())
	}
	return v
}

func (a asked) kept() (out []sending.Kept) {
	for name, all := range a.values() {
		out = append(out, sending.Kept{Name: name, Value: all[0]})
	}
	return out
}

// channels are the two channels as a switch, on a page of the address.
func (a asked) channels(p i18n.Printer, path string) (out []part.Tab) {
	for _, c := range quota.Channels() {
		to := a
		to.channel = c
		out = append(out, part.Tab{Label: p.T("usage." + string(c)), Href: withQuery(path, to.values()), Current: c == a.channel})
	}
	return out
}

func (a asked) grains(p i18n.Printer) (out []part.Tab) {
	for _, w := range quota.Windows() {
		to := a
		to.grain = w
		out = append(out, part.Tab{Label: p.T("usage.by_" + w.String()), Href: withQuery(a.at, to.values()), Current: w == a.grain})
	}
	return out
}

func (s *Server) usagePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	_, sc, err := s.mayUsage(r, by)
	if err != nil {
		return err
	}
	a, p := askedOf(r, sc.Account()), i18n.From(r.Context())
	v := sending.Usage{At: a.at, Keep: a.kept(), Grains: a.grains(p), From: a.from, To: a.to, ExplainURL: withQuery(a.at+"/explain", withoutGrain(a).values())}
	series, err := s.Usage.Series(r.Context(), by, sc.Account(), usage.Query{Target: a.target, Channel: a.channel, Grain: a.grain, From: account.Date(a.from), To: account.Date(a.to)})
	status := http.StatusOK
	if err != nil {
		remarks, code, err := remarksOn(p, err)
		if err != nil || remarks.On("from") == "" && remarks.On("to") == "" {
			return orProblem(err, remarks)
		}
		v.Errors, status = remarks.Fields, code
	} else {
		fillUsage(p, series, &v)
		days := url.Values{"from": {string(series.Query.From)}, "to": {string(series.Query.To)}}
		for name, all := range a.values() {
			days[name] = all
		}
		v.CSV = withQuery(a.at+"/csv", days)
	}
	if v.Quota, err = s.quotaCard(r, by, sc, a, a.at); err != nil {
		return err
	}
	if a.target == (quota.Target{}) {
		if v.Parts, err = s.usageParts(r, by, sc, a); err != nil {
			return err
		}
	} else {
		v.Of, v.Back = series.Name, part.Link{Label: p.T("usage.back", "account", sc.Name()), Href: a.at}
	}
	return s.section(w, r, by, status, sc, "usage", v)
}

func withoutGrain(a asked) asked {
	a.grain = quota.Day
	return a
}

// mayUsage refuses who may not see what the account has sent.
func (s *Server) mayUsage(r *http.Request, by authz.Actor) (ids.Account, authz.Scope, error) {
	sc, err := s.seen(r, by)
	if err != nil {
		return "", sc, err
	}
	_, sc, err = s.Ops.Read(r.Context(), by, authz.QuotasView, sc.Account())
	return sc.Account(), sc, err
}

// fillUsage draws and lists a series.
func fillUsage(p i18n.Printer, x usage.Series, v *sending.Usage) {
	v.From, v.To, v.Over, v.Heads = string(x.Query.From), string(x.Query.To), x.Over > 0, p.T("usage.by_"+x.Query.Grain.String()+"_head")
	c := part.Chart{Large: true}
	best := 0
	for i, point := range x.Points {
		if point.Units > x.Points[best].Units {
			best = i
		}
		name := periodName(p, x.Query.Grain, point)
		c.Values, c.Names = append(c.Values, point.Units), append(c.Names, name+": "+p.Number(point.Units))
		v.Rows = append(v.Rows, sending.Row{Period: name, Units: p.Number(point.Units), Over: p.Number(point.Over)})
	}
	c.Axis = axis(p, x)
	c.Label = p.T("usage.chart", "units", x.Units, "most", x.Points[best].Units, "period", periodName(p, x.Query.Grain, x.Points[best]))
	v.Chart, v.Total = c, p.T("usage.total", "n", x.Units)
}

func periodName(p i18n.Printer, grain quota.Window, at usage.Point) string {
	switch grain {
	case quota.Hour:
		return p.T("usage.hour_of", "day", shortDay(p, at.Day), "time", clockOf(p, at.Begin))
	case quota.Month:
		return p.T("usage.month_of", "month", p.T("format.month_"+strconv.Itoa(int(at.Day.Time().Month()))), "year", strconv.Itoa(at.Day.Time().Year()))
	case quota.Day:
	}
	return p.Date(at.Day.Time())
}

// clockOf writes the time of day as it was in the account's own zone.
func clockOf(p i18n.Printer, t time.Time) string { return p.In(t.Location()).Time(t) }

func shortDay(p i18n.Printer, d account.Date) string {
	return p.T("usage.day_of", "day", strconv.Itoa(d.Time().Day()), "month", p.T("format.month_"+strconv.Itoa(int(d.Time().Month()))))
}

// axis are about five marks below a chart.
func axis(p i18n.Printer, x usage.Series) (out []string) {
	n := len(x.Points)
	for i := 0; i < n; i += max(1, (n+3)/4) {
		out = append(out, mark(p, x, i))
	}
	return append(out, mark(p, x, n-1))
}

func mark(p i18n.Printer, x usage.Series, i int) string {
	at := x.Points[i]
	switch {
	case x.Query.Grain == quota.Hour:
		return clockOf(p, at.Begin)
	case x.Query.Grain == quota.Month:
		return periodName(p, quota.Month, at)
	}
	return shortDay(p, at.Day)
}

// usageParts are the departments, sub-accounts and people that have sent most this month.
func (s *Server) usageParts(r *http.Request, by authz.Actor, sc authz.Scope, a asked) (out []sending.Group, err error) {
	parts, err := s.Usage.Parts(r.Context(), by, sc.Account(), a.channel)
	if err != nil || parts.Today == "" { // what sells has no parts
		return nil, err
	}
	p := i18n.From(r.Context())
	for _, g := range []struct {
		id, head string
		all      []usage.Part
		href     func(id string) string
	}{
		{"departments", "usage.department", parts.Departments, func(id string) string { return accountPath(ids.Account(id), "/usage") }},
		{"subaccounts", "usage.subaccount", parts.SubAccounts, func(id string) string {
			to := a
			to.target = quota.Target{Sub: ids.SubAccount(id)}
			return withQuery(a.at, to.values())
		}},
		{"people", "usage.person", parts.People, func(id string) string {
			to := a
			to.target = quota.Target{Member: ids.Membership(id)}
			return withQuery(a.at, to.values())
		}},
	} {
		if len(g.all) == 0 {
			continue
		}
		group := sending.Group{ID: g.id, Title: p.T("usage." + g.id + "_month"), Head: p.T(g.head)}
		for _, x := range g.all {
			group.Rows = append(group.Rows, sending.Share{Name: x.Name, Href: g.href(x.ID), Meter: shareOf(p, x.Name, x.Units, parts.Units)})
		}
		out = append(out, group)
	}
	return out, nil
}

func (s *Server) usageCSV(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, _, err := s.mayUsage(r, by)
	if err != nil {
		return err
	}
	a := askedOf(r, id)
	series, err := s.Usage.Series(r.Context(), by, id, usage.Query{Target: a.target, Channel: a.channel, Grain: a.grain, From: account.Date(a.from), To: account.Date(a.to)})
	if err != nil {
		return err
	}
	body, err := series.CSV()
	if err != nil {
		return err
	}
	attach(w, "usage-"+string(series.Query.From)+"-"+string(series.Query.To)+".csv")
	_, err = w.Write(body)
	return err
}
