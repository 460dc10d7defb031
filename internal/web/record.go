package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"bailiwick/internal/account"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/tuning"
	"bailiwick/internal/web/ui/clients"
	"bailiwick/internal/web/ui/part"
)

// record renders a tab of one account's page in the frame that all its tabs share.
func (s *Server) record(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, d account.Details, tab string, body templ.Component) error {
	subs, err := s.subCount(r, by, d)
	if err != nil {
		return err
	}
	return s.recordWith(w, r, by, status, d, subs, tab, body)
}

// recordWith is record for who has counted the sub-accounts already.
func (s *Server) recordWith(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, d account.Details, subs int, tab string, body templ.Component) error {
	p := i18n.From(r.Context())
	crumbs, err := s.accountCrumbs(r, by, d.ID)
	if err != nil {
		return err
	}
	frame, err := s.frame(w, r, by, place{title: d.Name, nav: navOf(by, d, tab), crumbs: crumbs})
	if err != nil {
		return err
	}
	banners, err := s.banners(r, by, d)
	if err != nil {
		return err
	}
	v := clients.Record{Page: frame, At: accountPath(d.ID, ""), Account: d, Banners: banners, Tabs: recordTabs(p, by, d, subs, tab), Body: body}
	v.Actions, v.Menu = recordActions(p, d)
	return s.render(w, r, status, v)
}

// section renders a tab of one account's page, or a page by itself for somebody who may open the section alone.
func (s *Server) section(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, sc authz.Scope, tab string, body templ.Component) error {
	d, err := s.Accounts.Get(r.Context(), by, sc.Account(), account.DepartmentCount)
	if err == nil {
		return s.record(w, r, by, status, d, tab, body)
	}
	if errs.KindOf(err) != errs.Denied {
		return err
	}
	title := i18n.From(r.Context()).T("account.tab_" + tab)
	frame, err := s.frame(w, r, by, place{title: title, nav: tab})
	if err != nil {
		return err
	}
	return s.render(w, r, status, clients.Section{Page: frame, Title: title, Account: sc.Name(), Body: body})
}

// navOf is the item of the navigation under which a tab of the account is found.
func navOf(by authz.Actor, d account.Details, tab string) string {
	switch {
	case d.ID == by.Account() && (tab == string(tuning.Settings) || tab == string(tuning.Security)):
		return tab
	case d.ID == by.Account():
		return "account"
	case d.Kind == account.Reseller:
		return "resellers"
	}
	return "clients"
}

// accountCrumbs lead from the list that the person works in down to the account.
func (s *Server) accountCrumbs(r *http.Request, by authz.Actor, id ids.Account) ([]part.Crumb, error) {
	p := i18n.From(r.Context())
	path, err := s.Accounts.Path(r.Context(), by, id)
	if err != nil {
		return nil, err
	}
	var out []part.Crumb
	if i := slices.IndexFunc(path, func(c account.Crumb) bool { return c.ID == by.Account() }); i >= 0 && i < len(path)-1 {
		if k := path[i].Kind; k == account.Platform || k == account.Reseller {
			out = append(out, part.Crumb{Label: p.T("nav.clients"), Href: accountPath(by.Account(), "/clients")})
		} else {
			out = append(out, part.Crumb{Label: path[i].Name, Href: accountPath(path[i].ID, "")})
		}
		path = path[i+1:]
	}
	for i, c := range path {
		crumb := part.Crumb{Label: c.Name}
		if i < len(path)-1 {
			crumb.Href = accountPath(c.ID, "")
		}
		out = append(out, crumb)
	}
	return out, nil
}

func recordTabs(p i18n.Printer, by authz.Actor, d account.Details, subs int, current string) []part.Tab {
	at := accountPath(d.ID, "")
	var out []part.Tab
	add := func(show bool, key, path, count string) {
		if show {
			out = append(out, part.Tab{Label: p.T("account.tab_" + key), Href: at + path, Count: count, Current: key == current || key == contactSection && current == string(tuning.Contacts)})
		}
	}
	count := func(n int64) string {
		if d.Kind != account.Customer {
			return ""
		}
		return p.Number(n)
	}
	below := d.Kind == account.Customer || d.Kind == account.Department
	sells := d.Kind == account.Platform || d.Kind == account.Reseller
	add(true, "overview", "", "")
	add(sells && d.Can(authz.ClientsView), "clients", "/clients", "")
	add(d.Can(authz.UsersView), "users", "/users", count(d.Users))
	add(below && d.Can(authz.DepartmentsView), "departments", "/departments", p.Number(d.Departments))
	add(below && d.Can(authz.SubAccountsView), "subaccounts", "/subaccounts", p.Number(int64(subs)))
	add(below && d.Can(authz.LocationsView), "locations", "/locations", count(d.Locations))
	add(contactsHome(d.Can, below) != "", contactSection, contactsHome(d.Can, below), "")
	add(hasQuotas(d), quotasSection, "/quotas", "")
	add(d.Can(authz.QuotasView), "usage", "/usage", "")
	add(d.Can(authz.BrandingView), "branding", "/branding", "")
	add(d.Can(authz.SettingsView), "settings", "/settings", "")
	add(d.Can(authz.SecurityView), "security", "/security", "")
	add(d.Can(authz.AuditView), "activity", "/activity", "")
	add(d.Kind != account.Platform, "status", "/status", "")
	add(d.ID != by.Account() && d.Can(authz.CredentialsView), "keys", "/keys", "")
	return out
}

func recordActions(p i18n.Printer, d account.Details) (buttons []part.Button, menu []part.MenuItem) {
	at := accountPath(d.ID, "")
	if d.CanAct("edit") {
		buttons = append(buttons, part.Button{Label: p.T("account.edit"), Icon: "pencil", Href: at + "/edit"})
	}
	if d.Can(authz.UsersInvite) && !d.Closed() {
		buttons = append(buttons, part.Button{Label: p.T("clients.invite"), Icon: "user-plus", Kind: part.Primary, Href: at + "/users/invite"})
	}
	if d.Kind == account.Platform {
		return buttons, nil
	}
	if d.CanAct("suspend") {
		menu = append(menu, part.MenuItem{Label: p.T("clients.status_and_holds"), Icon: "circle-pause", Href: at + "/status"})
	}
	if d.CanAct("move") && !d.Closed() {
		menu = append(menu, part.MenuItem{Label: p.T("account.move"), Icon: "folder-input", Href: at + "/move"})
	}
	if d.CanClose() {
		label := "account.close"
		if d.Closed() {
			label = "account.reopen"
		}
		menu = append(menu, part.MenuItem{Label: p.T(label), Icon: "circle-x", Href: at + "/close", Danger: !d.Closed()})
	}
	return buttons, menu
}

// banners say what stands in the way of the account: closing, holds, and a membership near or past its end.
func (s *Server) banners(r *http.Request, by authz.Actor, d account.Details) ([]part.Alert, error) {
	p := i18n.From(r.Context())
	switch d.Standing.Status {
	case account.Closed:
		return []part.Alert{{Tone: part.Danger, Title: p.T("account.banner_closed"), Text: p.T("account.banner_closed_text", "date", p.Date(d.Closing.Until))}}, nil
	case account.Suspended:
		return []part.Alert{{Tone: part.Warning, Title: p.T("account.banner_suspended"), Text: holdText(p, d.Standing.Holds[0])}}, nil
	case account.Active:
	}
	st, err := s.Accounts.Stage(r.Context(), by, d.ID)
	if err != nil {
		return nil, err
	}
	switch st.Phase {
	case account.Ending:
		return []part.Alert{{Tone: part.Info, Title: p.T("account.banner_ending", "date", p.Date(d.MembershipEnd.Time())), Text: p.T("account.banner_ending_text")}}, nil
	case account.InGrace:
		return []part.Alert{{Tone: part.Warning, Title: p.T("account.banner_grace", "date", p.Date(d.MembershipEnd.Time())), Text: p.T("account.banner_grace_text", "count", st.Days)}}, nil
	case account.Ended:
	}
	return nil, nil
}

// holdText says who set a hold, as far as the reader may know, and who can lift it.
func holdText(p i18n.Printer, h account.Hold) string {
	from := h.SetFromName
	if from == "" {
		from = p.T("hold.your_provider")
	}
	text := p.T("hold.by_"+string(h.Source), "from", from, "date", p.Date(h.At))
	if h.Reason != "" {
		text += " " + p.T("hold.because", "reason", h.Reason)
	}
	if !h.CanLift {
		text += " " + p.T("hold.ask", "from", from)
	}
	return text
}

// details reads the account in the address for its page.
func (s *Server) details(r *http.Request, by authz.Actor) (account.Details, error) {
	id, err := accountOf(r)
	if err != nil {
		return account.Details{}, err
	}
	return s.Accounts.Get(r.Context(), by, id, account.DepartmentCount)
}

func (s *Server) departmentsPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	rows, next, err := s.Accounts.Departments(r.Context(), by, sc.Account(), r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	at := accountPath(sc.Account(), "")
	return s.section(w, r, by, http.StatusOK, sc, "departments", clients.Departments{At: at, Rows: rows, Subs: sc.Has(authz.SubAccountsView), Next: cursorLink(at+"/departments", next), CanNew: sc.Has(authz.DepartmentsCreate)})
}

func cursorLink(path, cursor string) string {
	if cursor == "" {
		return ""
	}
	return path + "?cursor=" + cursor
}

func (s *Server) activityPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	f := audit.Filter{After: parseAuditCursor(r.URL.Query().Get("after"))}
	events, next, err := s.activity(r, by, sc.Account(), f)
	if err != nil {
		return err
	}
	return s.section(w, r, by, http.StatusOK, sc, "activity", clients.Activity{Events: events, Next: next, Log: accountPath(sc.Account(), "/audit")})
}

// parseAuditCursor reads a place in the log; its parts are no secret and open nothing that the scope does not.
func parseAuditCursor(text string) audit.Cursor {
	at, id, _ := strings.Cut(text, "-")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return audit.Cursor{}
	}
	return audit.Cursor{At: ms, ID: ids.Event(id)}
}

// activity reads what happened to an account, in words.
func (s *Server) activity(r *http.Request, by authz.Actor, id ids.Account, f audit.Filter) ([]part.Event, string, error) {
	p := i18n.From(r.Context())
	q, sc, err := s.Ops.Read(r.Context(), by, authz.AuditView, id)
	if err != nil {
		return nil, "", err
	}
	entries, next, err := audit.List(r.Context(), q, sc, f)
	if err != nil {
		return nil, "", err
	}
	out := make([]part.Event, 0, len(entries))
	for _, e := range entries {
		out = append(out, activityEvent(p, e))
	}
	link := ""
	if next != (audit.Cursor{}) {
		link = accountPath(id, "/activity") + "?after=" + strconv.FormatInt(next.At, 10) + "-" + string(next.ID)
	}
	return out, link, nil
}

func (s *Server) statusPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	d, err := s.details(r, by)
	if err != nil {
		return err
	}
	return s.showStatus(w, r, by, http.StatusOK, d, "", part.Remarks{})
}

func (s *Server) showStatus(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, d account.Details, reason string, remarks part.Remarks) error {
	p := i18n.From(r.Context())
	v := clients.Status{At: accountPath(d.ID, ""), Account: d, Reason: reason, Errors: remarks.Fields}
	for _, h := range d.Standing.Holds {
		row := clients.HoldRow{Hold: h, Title: p.T("hold.source_" + string(h.Source)), Text: holdText(p, h)}
		if h.CanLift {
			row.Lift = accountPath(d.ID, "/holds/"+string(h.ID)+"/lift")
		}
		v.Holds = append(v.Holds, row)
	}
	own, err := s.Accounts.OwnLevel(r.Context(), by, d.ID)
	if err != nil {
		return err
	}
	v.Toggle, v.OwnHold = own.May && !d.Closed(), own.Held
	v.CanHold = own.May && !d.Closed()
	return s.record(w, r, by, status, d, "status", v)
}

func (s *Server) holdAccount(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "reason")
	if err != nil {
		return err
	}
	if err := s.Accounts.Hold(r.Context(), by, id, f.text("reason")); err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil || remarks.Problem != "" {
			return orProblem(err, remarks)
		}
		d, err := s.details(r, by)
		if err != nil {
			return err
		}
		return s.showStatus(w, r, by, status, d, f.text("reason"), remarks)
	}
	s.setFlash(w, "account_suspended")
	return seeOther(w, r, accountPath(id, "/status"))
}

func (s *Server) liftHold(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	hold, err := ids.ParseHold(r.PathValue("hold"))
	if err != nil {
		return errs.NoSuch("hold")
	}
	if err := s.Accounts.Lift(r.Context(), by, id, hold); err != nil {
		return err
	}
	s.setFlash(w, "hold_lifted")
	return seeOther(w, r, accountPath(id, "/status"))
}

func (s *Server) closePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showClose(w, r, by, http.StatusOK, "", part.Remarks{})
}

func (s *Server) showClose(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, typed string, remarks part.Remarks) error {
	d, err := s.details(r, by)
	if err != nil {
		return err
	}
	if !d.CanClose() {
		return errs.New(errs.Denied, "account.close_denied", "Ask an Owner of the account, or its provider. Your role does not include this.")
	}
	p := i18n.From(r.Context())
	v := clients.Close{At: accountPath(d.ID, ""), Account: d, Until: p.Date(d.Closing.Until), Reopen: d.Closed() && d.Closing.With == d.ID, Typed: typed, Errors: remarks.Fields, Problem: remarks.Problem}
	return s.record(w, r, by, status, d, "", v)
}

func (s *Server) closeAccount(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "typed")
	if err != nil {
		return err
	}
	if err := s.Accounts.Close(r.Context(), by, id, f.text("typed")); err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showClose(w, r, by, status, f.text("typed"), remarks)
	}
	s.setFlash(w, "account_closed")
	return seeOther(w, r, accountPath(id, "/close"))
}

func (s *Server) reopenAccount(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	if err := s.Accounts.Reopen(r.Context(), by, id); err != nil {
		var e *errs.Error
		if errors.As(err, &e) && e.Kind == errs.Conflict {
			return s.showClose(w, r, by, http.StatusConflict, "", part.Remarks{Problem: words(i18n.From(r.Context()), e.Problem)})
		}
		return err
	}
	s.setFlash(w, "account_reopened")
	return seeOther(w, r, accountPath(id, ""))
}

// toggleActive is the Active switch: it sets or lifts the hold of the person's own level and says what remains.
func (s *Server) toggleActive(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "active")
	if err != nil {
		return err
	}
	left, err := s.Accounts.SetActive(r.Context(), by, id, f.ticked("active"))
	if err != nil {
		return err
	}
	switch {
	case !f.ticked("active"):
		s.setFlash(w, "account_suspended")
	case left.Status == account.Suspended:
		s.setFlash(w, "account_still_suspended")
	default:
		s.setFlash(w, "account_active")
	}
	return seeOther(w, r, accountPath(id, "/status"))
}
