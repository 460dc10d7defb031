package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/a-h/templ"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/quota"
	"bailiwick/internal/usage"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/sending"
)

// subject is what of the account is asked about.
func (a asked) subject(sc authz.Scope) string {
	switch {
	case a.target.Sub != "":
		return string(a.target.Sub)
	case a.target.Member != "":
		return string(a.target.Member)
	}
	return string(sc.Account())
}

func (a asked) question(units int64) quota.Question {
	return quota.Question{Sub: a.target.Sub, Member: a.target.Member, Nobody: a.target.Member == "", Channel: a.channel, Units: units}
}

// quotaCard shows how somebody stands in each window. path is the page that its switch of channels leads to.
func (s *Server) quotaCard(r *http.Request, by authz.Actor, sc authz.Scope, a asked, path string) (*sending.Quota, error) {
	x, err := s.Quotas.Explain(r.Context(), by, sc.Account(), a.question(1))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(x.Layers, func(l quota.Shown) bool { return l.Subject == a.subject(sc) })
	if i < 0 {
		return nil, nil
	}
	l, p := x.Layers[i], i18n.From(r.Context())
	now := s.Clock()
	began := account.DateIn(l.Began(quota.Month), l.Calendar.Zone)
	read := func(grain quota.Window, from account.Date) (usage.Series, error) {
		return s.Usage.Series(r.Context(), by, sc.Account(), usage.Query{Target: a.target, Channel: a.channel, Grain: grain, From: from})
	}
	hours, err := read(quota.Hour, "")
	if err != nil {
		return nil, err
	}
	days, err := read(quota.Day, began)
	if err != nil {
		return nil, err
	}
	v := &sending.Quota{Channels: a.channels(p, path)}
	for _, w := range quota.Windows() {
		v.Windows = append(v.Windows, quotaWindow(p, l, w, now))
	}
	recent := hours.Points[max(0, hoursUntil(hours, now)-24):hoursUntil(hours, now)]
	v.Windows[quota.Hour].Chart.Values, v.Windows[quota.Hour].Chart.Axis = unitsOf(recent), []string{clockOf(p, recent[0].Begin), clockOf(p, recent[len(recent)/3].Begin), clockOf(p, recent[len(recent)*2/3].Begin), p.T("usage.now")}
	v.Windows[quota.Day].Chart.Values, v.Windows[quota.Day].Chart.Axis = unitsOf(days.Points), []string{shortDay(p, began), p.T("usage.today")}
	fillMonth(p, l, days, now, v)
	for i := range v.Windows {
		c := &v.Windows[i].Chart
		c.Label = p.T("usage.chart_"+quota.Window(i).String(), "most", slices.Max(c.Values))
	}
	return v, nil
}

// overviewQuota is the card of the first tab of an account; nil where there is none.
func (s *Server) overviewQuota(r *http.Request, by authz.Actor, d account.Details) (templ.Component, error) {
	_, sc, err := s.Ops.See(r.Context(), by, d.ID)
	if err != nil {
		return nil, err
	}
	a := withoutGrain(askedOf(r, d.ID))
	a.target = quota.Target{}
	card, err := s.quotaCard(r, by, sc, a, accountPath(d.ID, ""))
	if card == nil || err != nil {
		return nil, err
	}
	card.UsageURL = withQuery(a.at, a.values())
	if quota.MaySet(sc, quota.Target{}) {
		card.EditURL = accountPath(d.ID, "/"+quotasSection)
	}
	return card, nil
}

// hoursUntil is how many hours of a series have begun.
func hoursUntil(x usage.Series, now time.Time) int {
	n := slices.IndexFunc(x.Points, func(p usage.Point) bool { return p.Begin.After(now) })
	if n < 0 {
		return len(x.Points)
	}
	return max(n, 1)
}

func unitsOf(all []usage.Point) []int64 {
	out := make([]int64, len(all))
	for i, p := range all {
		out[i] = p.Units
	}
	return out
}

// quotaWindow is the meter of a window, and when it resets.
func quotaWindow(p i18n.Printer, l quota.Shown, w quota.Window, now time.Time) sending.Window {
	limit := l.Most(w, now)
	v := sending.Window{ID: "quota-" + w.String(), Title: p.T("usage." + w.String()), Note: p.T("usage.rolling"), Unbound: limit == quota.Unlimited,
		Meter: part.Meter{Label: p.T("usage.meter_" + w.String()), Used: l.Used[w], Limit: limit}}
	if w != quota.Hour {
		v.Note = p.T("usage.resets", "when", resetText(p, l, w, now))
	}
	if n := l.Credits(now); w == quota.Month && n > 0 && limit != quota.Unlimited {
		v.Credits = p.T("credits.within", "n", p.Number(n))
	}
	if limit > 0 {
		v.Chart = part.Chart{Limit: limit, LimitText: p.Compact(limit)}
	}
	return v
}

// resetText says when a window ends: the time of an hour or day, the date of a month, by the account's clock.
func resetText(p i18n.Printer, l quota.Shown, w quota.Window, now time.Time) string {
	ends := time.UnixMilli(l.Ends[w]).In(l.Calendar.Zone)
	if w != quota.Month && ends.Sub(now) < 24*time.Hour {
		return clockOf(p, ends)
	}
	return p.Date(account.DateIn(ends, l.Calendar.Zone).Time())
}

// fillMonth draws how the month has grown, and how it goes on at this pace.
func fillMonth(p i18n.Printer, l quota.Shown, days usage.Series, now time.Time, v *sending.Quota) {
	w := &v.Windows[quota.Month]
	began, ends := l.Began(quota.Month), time.UnixMilli(l.Ends[quota.Month])
	c := &w.Chart
	c.Total, c.Slots = true, int(ends.Sub(began)/(24*time.Hour))
	c.Values = []int64{0}
	for i, d := range days.Points {
		c.Values = append(c.Values, c.Values[i]+d.Units)
	}
	c.Axis = []string{shortDay(p, account.DateIn(began, l.Calendar.Zone)), shortDay(p, account.DateIn(began.Add(ends.Sub(began)/2), l.Calendar.Zone)), shortDay(p, account.DateIn(ends.Add(-time.Hour), l.Calendar.Zone))}
	pace := usage.PaceOf(l.Most(quota.Month, now), l.Used[quota.Month], began, now, ends)
	if pace.Reached.IsZero() {
		return
	}
	c.Reaches = float64(pace.Reached.Sub(began)) / float64(24*time.Hour)
	if pace.Early > 0 {
		w.Warn, w.Note = true, p.T("usage.reached", "date", shortDay(p, account.DateIn(pace.Reached, l.Calendar.Zone)))
		v.Early = p.T("usage.early", "name", l.Name, "count", pace.Early)
	}
}

func (s *Server) explainPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	_, sc, err := s.mayUsage(r, by)
	if err != nil {
		return err
	}
	a, p := withoutGrain(askedOf(r, sc.Account())), i18n.From(r.Context())
	at := a.at + "/explain"
	v := sending.Explain{At: at, Keep: a.kept(), Channels: a.channels(p, at), Units: r.URL.Query().Get("units"), Back: part.Link{Label: p.T("usage.back_usage"), Href: withQuery(a.at, a.values())}}
	units, status := int64(0), http.StatusOK
	if v.Units != "" {
		n, ok := i18n.ParseNumber(v.Units)
		if units = n; !ok || units < 1 || units > quota.MostUnits {
			v.Errors, status, units = map[string]string{"units": p.T("usage.units_wrong", "most", int64(quota.MostUnits))}, http.StatusUnprocessableEntity, 0
		}
	}
	x, err := s.Quotas.Explain(r.Context(), by, sc.Account(), a.question(units))
	if err != nil {
		return err
	}
	if a.target != (quota.Target{}) {
		v.Of = x.Layers[0].Name
	}
	now := s.Clock()
	if units > 0 {
		v.Verdict = verdict(p, x, units, now)
	}
	for i, l := range x.Layers {
		v.Layers = append(v.Layers, layerShown(p, x, i, l, now))
	}
	return s.section(w, r, by, status, sc, "usage", v)
}

func verdict(p i18n.Printer, x quota.Explanation, n int64, now time.Time) part.Alert {
	d := x.Decision
	if d.Allowed {
		return part.Alert{Tone: part.Success, Title: p.T("usage.can_send", "n", n)}
	}
	out := part.Alert{Tone: part.Warning, Title: p.T("usage.cannot_send", "n", n)}
	who := p.T("usage.provider")
	if b := d.Binding; b.Layer >= 0 && !x.Layers[b.Layer].Hidden {
		who = x.Layers[b.Layer].Name
	}
	if d.OpensAt == 0 {
		out.Tone, out.Text = part.Danger, p.T("usage.never_opens", "name", who)
		return out
	}
	opens := time.UnixMilli(d.OpensAt).In(x.Layers[0].Calendar.Zone)
	out.Text = p.T("usage.opens", "name", who, "when", p.In(opens.Location()).DateTime(opens))
	if opens.Sub(now) < 24*time.Hour {
		out.Text = p.T("usage.opens", "name", who, "when", clockOf(p, opens))
	}
	return out
}

func layerShown(p i18n.Printer, x quota.Explanation, i int, l quota.Shown, now time.Time) sending.Layer {
	if l.Hidden {
		return sending.Layer{Name: p.T("usage.provider"), Hidden: true}
	}
	out := sending.Layer{Name: l.Name, Kind: p.T("usage.kind_" + string(l.Kind))}
	for _, w := range quota.Windows() {
		limit := l.Limits[w]
		st := sending.Standing{Window: p.T("usage.per_" + w.String()), Unbound: limit.Amount == quota.Unlimited, Meter: part.Meter{Label: p.T("usage.meter_" + w.String()), Used: l.Used[w], Limit: l.Most(w, now)}, Resets: p.T("usage.rolling"), Reset: p.T("usage.rolling")}
		if l.Ends[w] != 0 {
			st.Resets = resetText(p, l, w, now)
			st.Reset = p.T("usage.resets", "when", st.Resets)
		}
		if !st.Unbound {
			st.From, st.Action = p.T("usage.source_"+string(limit.Source)), p.T("usage.action_"+string(limit.Action))
		}
		if n := l.Credits(now); w == quota.Month && n > 0 && !st.Unbound {
			st.Credits = p.T("credits.within", "n", p.Number(n))
			if c, ok := l.Next(now); ok {
				st.NextCredit = p.T("credits.next", "day", p.Date(account.DateIn(c.Last(), l.Calendar.Zone).Time()))
			}
		}
		for _, s := range x.Decision.All {
			if s.Layer == i && s.Window == w {
				st.Remaining, st.Binds = p.Number(s.Remaining), x.Decision.Binding.Layer == i && x.Decision.Binding.Window == w
			}
		}
		out.Windows = append(out.Windows, st)
	}
	return out
}
