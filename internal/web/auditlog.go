package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"bailiwick/internal/audit"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/trail"
	"bailiwick/internal/web/ui/auditlog"
	"bailiwick/internal/web/ui/part"
)

// auditRoutes are the pages of the audit log.
func (s *Server) auditRoutes() []Route {
	return []Route{
		{Pattern: "GET /a/{account}/audit", Signed: s.auditPage},
		{Pattern: "GET /a/{account}/audit/live", Signed: s.auditLive},
		{Pattern: "POST /a/{account}/audit/export", Signed: s.exportAudit},
		{Pattern: "GET /a/{account}/audit/retention", Signed: s.retentionPage},
		{Pattern: "POST /a/{account}/audit/retention", Signed: s.saveRetention},
	}
}

// auditFields are the names by which an address or a form carries a query of the log.
var auditFields = []string{"q", "within", "from", "to", "noun", "action", "actor", "target", "at", "address", "refused", "here"}

// auditQuery reads the query of the log. Without "here" the accounts below belong to it.
func auditQuery(v url.Values) trail.Query {
	return trail.Query{
		Text: v.Get("q"), Within: v.Get("within"), From: v.Get("from"), To: v.Get("to"), Noun: v.Get("noun"), Action: v.Get("action"),
		Actor: v.Get("actor"), Target: v.Get("target"), At: ids.Account(v.Get("at")), Address: v.Get("address"),
		Refused: v.Get("refused") != "", Below: v.Get("here") == "", Cursor: v.Get("cursor"),
	}
}

// auditAddress is the part of an address that a page of the log keeps, so that its links lead to the same list.
type auditAddress struct {
	at     string
	values url.Values
}

func auditAddressOf(r *http.Request, id ids.Account) auditAddress {
	a := auditAddress{accountPath(id, "/audit"), url.Values{}}
	for _, name := range auditFields {
		if v := r.URL.Query().Get(name); v != "" {
			a.values.Set(name, v)
		}
	}
	return a
}

// with is the list with values set or, when empty, taken away.
func (a auditAddress) with(pairs ...string) string {
	v := url.Values{}
	for name, values := range a.values {
		v[name] = values
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Del(pairs[i])
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return withQuery(a.at, v)
}

func (a auditAddress) hidden(but ...string) []auditlog.Hidden {
	var out []auditlog.Hidden
	for _, name := range auditFields {
		if v := a.values.Get(name); v != "" && !slices.Contains(but, name) {
			out = append(out, auditlog.Hidden{Name: name, Value: v})
		}
	}
	return out
}

// auditPage lists the log, with one event beside it when the address names one.
func (s *Server) auditPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	list, err := s.Trail.List(r.Context(), by, id, auditQuery(query))
	if err != nil {
		return err
	}
	days, err := s.Trail.Retention(r.Context(), by, id)
	if err != nil {
		return err
	}
	_, sc, err := s.Ops.See(r.Context(), by, id)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	a, cursor, open := auditAddressOf(r, id), query.Get("cursor"), query.Get("event")
	v := auditlog.List{
		At: a.at, Text: p.T("audit.text", "count", days), Search: query.Get("q"), Hidden: a.hidden("q"), Filtered: len(a.values) > 0,
		Filters: auditFilters(p, a, sc, list.Events), Days: s.auditDays(p, a, cursor, open, list.Events), Refresh: a.with(),
		Short: list.Next != "" && len(list.Events) < auditPageSize, CanExport: sc.Has(authz.AuditExport),
		Export: &auditlog.Export{Shown: query.Get("export") != "", Open: a.with("export", "1"), Back: a.with(), Action: a.at + "/export", Hidden: a.hidden()},
	}
	if list.Next != "" {
		v.Older = a.with("cursor", list.Next)
	}
	if cursor != "" {
		v.First = a.with()
	} else {
		v.Live = auditAddress{a.at + "/live", a.values}.with()
	}
	if sc.Kind() == "platform" && sc.Has(authz.AccountTransfer) {
		v.Retention = a.at + "/retention"
	}
	at := place{title: p.T("audit.title"), nav: "audit"}
	if open != "" {
		pane, err := s.auditEvent(r, by, id, a, list.Events)
		if err != nil {
			return err
		}
		at.crumbs = []part.Crumb{{Label: p.T("audit.title"), Href: pane.Back}, {Label: pane.Title}}
		at.title = pane.Title
		if v.Page, err = s.auditFrame(w, r, by, sc, at); err != nil {
			return err
		}
		v.Pane = pane
		return s.render(w, r, http.StatusOK, v)
	}
	if v.Page, err = s.auditFrame(w, r, by, sc, at); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}

// auditPageSize is how many events a page holds.
const auditPageSize = 50

// auditDays puts the events of a page under their days.
func (s *Server) auditDays(p i18n.Printer, a auditAddress, cursor, open string, events []audit.Entry) []auditlog.Day {
	var out []auditlog.Day
	today := p.Date(s.Clock())
	yesterday := p.Date(s.Clock().AddDate(0, 0, -1))
	for _, e := range events {
		label := p.Date(e.At)
		switch label {
		case today:
			label = p.T("audit.today", "date", label)
		case yesterday:
			label = p.T("audit.yesterday", "date", label)
		}
		if len(out) == 0 || out[len(out)-1].Label != label {
			out = append(out, auditlog.Day{Label: label})
		}
		row := auditRow(p, e)
		row.Href, row.Current = a.with("cursor", cursor, "event", string(e.ID)), open == string(e.ID)
		last := &out[len(out)-1]
		last.Rows = append(last.Rows, row)
	}
	return out
}

// auditRow is one line of the log, in words.
func auditRow(p i18n.Printer, e audit.Entry) auditlog.Row {
	row := auditlog.Row{
		ID: string(e.ID), Who: activityActor(p, e), WhoID: e.ActorID, Text: trail.What(p, e), Area: auditArea(p, nounOf(e.Action)), Time: p.Time(e.At),
	}
	row.Sub = row.Who
	if e.AccountName != "" {
		row.Sub = p.T("audit.who_where", "who", row.Who, "account", e.AccountName)
	}
	switch {
	case e.ActorID == authn.Visitor, e.ActorName == "":
		row.Icon = "circle-alert"
	case e.ActorKind != string(authz.Person) && e.ActorKind != string(authz.Key):
		row.Icon = "bot"
	}
	if e.Result == audit.ResultRefused {
		row.Refused = p.T("audit.refused")
	}
	return row
}

// auditArea names the kind of thing that an action is about.
func auditArea(p i18n.Printer, noun string) string {
	if key := "area." + noun; p.Has(key) {
		return p.T(key)
	}
	return noun
}

// auditNouns are the areas to choose from, in the order of the menu.
var auditNouns = []string{"account", "clients", "membership", "location", "subaccount", "user", "invitation", "role", "module", "session", "password", "second_factor", "recovery_codes", "email_change", "key", "task", "audit", "view", "mail", "platform"}

// auditFilters are the filters with their choices: of people, accounts and addresses those on the page.
func auditFilters(p i18n.Printer, a auditAddress, sc authz.Scope, events []audit.Entry) []auditlog.Filter {
	var out []auditlog.Filter
	menu := func(name, label string, choices ...part.MenuItem) {
		if len(choices) > 0 {
			out = append(out, auditlog.Filter{Filter: part.Filter{Label: p.T("audit." + label), Menu: "filter-" + name}, Choices: choices})
		}
	}
	on := func(label, value string, without ...string) {
		out = append(out, auditlog.Filter{Filter: part.Filter{Label: p.T("audit." + label), Value: value, Href: a.with(without...)}})
	}
	var within, people, accounts, areas []part.MenuItem
	for _, span := range trail.Withins() {
		within = append(within, part.MenuItem{Label: p.T("audit.within_" + span), Href: a.with("within", span)})
	}
	names, places := map[string]string{}, map[string]string{}
	for _, e := range events {
		if _, known := names[e.ActorID]; !known && e.ActorName != "" {
			names[e.ActorID] = activityActor(p, e)
			people = append(people, part.MenuItem{Label: names[e.ActorID], Href: a.with("actor", e.ActorID)})
		}
		if _, known := places[string(e.Account)]; !known && e.AccountName != "" {
			places[string(e.Account)] = e.AccountName
			accounts = append(accounts, part.MenuItem{Label: e.AccountName, Href: a.with("at", string(e.Account))})
		}
	}
	for _, noun := range auditNouns {
		areas = append(areas, part.MenuItem{Label: auditArea(p, noun), Href: a.with("noun", noun)})
	}
	name := func(known map[string]string, id string) string {
		if n := known[id]; n != "" {
			return n
		}
		return id
	}
	v := a.values
	switch {
	case v.Get("within") != "":
		on("date", p.T("audit.within_"+v.Get("within")), "within", "")
	case v.Get("from") != "" || v.Get("to") != "":
		on("date", v.Get("from")+" – "+v.Get("to"), "from", "", "to", "")
	default:
		menu("date", "date", within...)
	}
	if id := v.Get("actor"); id != "" {
		on("person", name(names, id), "actor", "")
	} else {
		menu("person", "person", people...)
	}
	if id := v.Get("at"); id != "" {
		on("account", name(places, id), "at", "")
	} else if v.Get("here") == "" && len(accounts) > 1 {
		menu("account", "account", accounts...)
	}
	if noun := v.Get("noun"); noun != "" {
		on("area", auditArea(p, noun), "noun", "")
	} else {
		menu("area", "area", areas...)
	}
	for _, f := range []struct{ name, label string }{{"action", "action"}, {"target", "about"}, {"address", "address"}} {
		if value := v.Get(f.name); value != "" {
			if f.name == "action" {
				value = p.T("activity."+value, "target", "…")
			}
			on(f.label, value, f.name, "")
		}
	}
	if v.Get("refused") != "" {
		on("result", p.T("audit.refused"), "refused", "")
	} else {
		menu("result", "result", part.MenuItem{Label: p.T("audit.only_refused"), Href: a.with("refused", "1")})
	}
	if v.Get("here") != "" {
		on("below", p.T("audit.below_off", "account", sc.Name()), "here", "")
	} else if v.Get("at") == "" {
		menu("below", "below", part.MenuItem{Label: p.T("audit.below_off", "account", sc.Name()), Href: a.with("here", "1")})
	}
	return out
}

// exportAudit starts to write the log as the list shows it, or whole chains of it for verification.
func (s *Server) exportAudit(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, append([]string{"form"}, auditFields...)...)
	if err != nil {
		return err
	}
	id, err := s.Trail.Export(r.Context(), by, at, auditQuery(r.PostForm), trail.Form(f.text("form")), i18n.From(r.Context()).Lang())
	if err != nil {
		return err
	}
	return seeOther(w, r, taskPath(at, id))
}

func (s *Server) retentionPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	days, err := s.Trail.Retention(r.Context(), by, id)
	if err != nil {
		return err
	}
	return s.showRetention(w, r, by, strconv.Itoa(days), nil)
}

func (s *Server) showRetention(w http.ResponseWriter, r *http.Request, by authz.Actor, days string, failure error) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	_, sc, err := s.Ops.Read(r.Context(), by, authz.AccountTransfer, id)
	if err != nil {
		return err
	}
	if sc.Kind() != "platform" {
		return errs.New(errs.Denied, "audit.retention_denied", "Ask an Owner of the platform. Only they decide how long the log is kept.")
	}
	p := i18n.From(r.Context())
	back := accountPath(id, "/audit")
	v := auditlog.Retention{Back: back, Action: back + "/retention", Days: days}
	status := http.StatusOK
	if failure != nil {
		fields, isForm := fieldErrors(p, failure)
		if !isForm {
			v.Problem = words(p, problemOf(failure))
		}
		v.Errors, status = fields, statusOf(errs.KindOf(failure))
	}
	at := place{title: p.T("audit.retention_title"), nav: "audit", crumbs: []part.Crumb{{Label: p.T("audit.title"), Href: back}, {Label: p.T("audit.retention_title")}}}
	if v.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

func (s *Server) saveRetention(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "days")
	if err != nil {
		return err
	}
	days, _ := strconv.Atoi(f.text("days")) //nolint:errcheck // 0 days is refused
	if err := s.Trail.SetRetention(r.Context(), by, id, days); err != nil {
		if !shown(err) {
			return err
		}
		return s.showRetention(w, r, by, f.text("days"), err)
	}
	s.setFlash(w, "audit_retention_saved")
	return seeOther(w, r, accountPath(id, "/audit"))
}
