package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/page"
	"bailiwick/internal/quota"
	"bailiwick/internal/web/ui/packages"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/shell"
)

// Clients that the cards beside the packages show.
const (
	overridesShown = 5
	nearShown      = 5
)

// overrideSoon is within how many days a limit ends that is said to end soon.
const overrideSoon = 14

// everyOverride asks for the first page of all of them.
const everyOverride = "all"

// addPool adds to the list of packages what there is to give out, who has limits of their own, and who is close to one.
func (s *Server) addPool(r *http.Request, by authz.Actor, sc authz.Scope, v *packages.List) error {
	if !sells(sc) || !sc.Has(authz.QuotasView) {
		return nil
	}
	var err error
	if v.Pool, err = s.poolCard(r, by, sc, v.Base); err != nil || !sc.Has(authz.ClientsView) {
		return err
	}
	v.ShowOthers = true
	if overridesClients(sc) {
		v.OverrideURL = v.Base + overridePath
	}
	if err := s.addOverrides(r, by, sc, v); err != nil {
		return err
	}
	return s.addNear(r, by, sc, v)
}

func (s *Server) poolCard(r *http.Request, by authz.Actor, sc authz.Scope, base string) (*packages.Pool, error) {
	channel := quota.Channel(r.URL.Query().Get("channel"))
	if channel != quota.SMS {
		channel = quota.Email
	}
	pool, err := s.Quotas.Pool(r.Context(), by, sc.Account(), channel, 0)
	if err != nil {
		return nil, err
	}
	p := i18n.From(r.Context())
	month := p.T("usage.month_of", "month", p.T("format.month_"+strconv.Itoa(int(pool.Began.Month()))), "year", strconv.Itoa(pool.Began.Year()))
	v := &packages.Pool{Title: p.T("packages.pool", "name", sc.Name(), "month", month), Limit: pool.Limit, Sent: pool.Sent, Given: pool.Given, Left: pool.Left()}
	for _, c := range quota.Channels() {
		v.Channels = append(v.Channels, part.Tab{Label: p.T("limits.channel_" + string(c)), Href: withQuery(base, url.Values{"channel": {string(c)}}), Current: c == channel})
	}
	return v, nil
}

func (s *Server) addOverrides(r *http.Request, by authz.Actor, sc authz.Scope, v *packages.List) error {
	most, bind, after := overridesShown, cursorOf(by, sc.Account(), "overrides", nil), []string(nil)
	at := func(turn string) string { return withQuery(v.Base, url.Values{"overrides": {turn}}) + "#overrides" }
	turn := r.URL.Query().Get("overrides")
	if turn != "" {
		most = page.Size
	}
	if turn != "" && turn != everyOverride {
		c, err := s.Cursors.Open(bind, turn, quota.OverridesKeyed)
		if err != nil {
			return err
		}
		after, v.OverridesPager.Prev = c.Key, at(everyOverride)
	}
	all, next, err := s.Quotas.Overrides(r.Context(), by, sc.Account(), after, most)
	switch {
	case err != nil:
		return err
	case next != nil && turn == "":
		v.OverridesURL = at(everyOverride)
	case next != nil:
		v.OverridesPager.Next = at(s.Cursors.Seal(bind, page.Cursor{Key: next}))
	}
	p := i18n.From(r.Context())
	for _, o := range all {
		row := packages.Override{Client: o.Name, Href: accountPath(o.Account, "/"+quotasSection), Limit: slot{o.Channel, o.Window}.label(p), Package: amountText(p, o.Package.Amount), Amount: amountText(p, o.Limit.Amount)}
		if o.LastDay != "" {
			last := account.Date(o.LastDay)
			row.Until = p.Date(last.Time())
			if left := account.DateIn(s.Clock(), time.UTC).DaysUntil(last); left >= 0 && left <= overrideSoon {
				row.Soon = p.T("clients.days_left", "count", left)
			}
		}
		v.Overrides = append(v.Overrides, row)
	}
	return nil
}

func (s *Server) addNear(r *http.Request, by authz.Actor, sc authz.Scope, v *packages.List) error {
	q := account.Query{Use: account.NearLimit, Sort: account.ByUse, Desc: true}
	first := q
	first.Limit = nearShown
	found, err := s.Accounts.List(r.Context(), by, sc.Account(), first)
	if err != nil {
		return err
	}
	months, err := s.monthsOf(r, by, sc.Account(), found.Rows)
	if err != nil {
		return err
	}
	if found.Next != "" {
		v.NearURL = withQuery(accountPath(sc.Account(), "/clients"), queryValues(q))
	}
	p := i18n.From(r.Context())
	for _, c := range found.Rows {
		m, limited := months[c.ID]
		if !limited {
			continue // its limit went away since it was listed
		}
		limit := slot{m.Channel, quota.Month}.label(p)
		v.Near = append(v.Near, packages.Near{ID: string(c.ID), Client: c.Name, Href: accountPath(c.ID, "/"+quotasSection), Limit: limit,
			Meter: &part.Meter{Label: p.T("packages.used_by", "limit", limit, "name", c.Name), Used: m.Used, Limit: m.Limit}})
	}
	return nil
}

// poolAge is how old the meter at the foot of the navigation may be.
const poolAge = 30 * time.Second

// sidePool is the meter at the foot of the navigation: of a platform or reseller what it has given out of a month's emails, of a client
// or department what it has sent of them; nil without a limit.
func (s *Server) sidePool(r *http.Request, p i18n.Printer, by authz.Actor, sc authz.Scope) (*shell.Pool, error) {
	if !sc.Has(authz.QuotasView) {
		return nil, nil
	}
	pool, err := s.Quotas.Pool(r.Context(), by, sc.Account(), quota.Email, poolAge)
	if err != nil || pool.Limit <= 0 {
		return nil, err
	}
	v := &shell.Pool{Label: p.T("shell.month"), Href: accountPath(sc.Account(), "/usage"), Meter: part.Meter{Used: pool.Sent, Limit: pool.Limit, Bar: true}}
	said := "shell.month_sent"
	if sells(sc) {
		v.Label, said = p.T("shell.pool"), "shell.pool_given"
		v.Meter.Used, v.Meter.Calm = max(pool.Given, pool.Sent), true
		if sc.Has(authz.PackagesView) {
			v.Href = accountPath(sc.Account(), "/packages")
		}
	}
	v.Meter.Label = p.T(said)
	return v, nil
}
