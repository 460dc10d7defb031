package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/audit"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
)

// memberOf reads the person of the path.
func (s *Server) memberOf(r *http.Request, by authz.Actor) (authz.Scope, user.Member, error) {
	sc, err := s.seen(r, by)
	if err != nil {
		return sc, user.Member{}, err
	}
	id, err := ids.ParseMembership(r.PathValue("membership"))
	if err != nil {
		return sc, user.Member{}, errs.NoSuch("user")
	}
	m, err := s.Users.Get(r.Context(), by, sc.Account(), id)
	return sc, m, err
}

// userPage is the page of a person with its head and tabs; body is what stands below. Who is given when the reader
// may change the person's identity.
func (s *Server) userPage(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, who *authn.Identity, tab string, status int, body people.Body) error {
	p := i18n.From(r.Context())
	can, err := s.Users.CanOn(r.Context(), by, sc.Account(), m)
	if err != nil {
		return err
	}
	list := accountPath(sc.Account(), "/users")
	v := people.User{
		ID: string(m.ID), List: list, Base: list + "/" + string(m.ID), Active: m.Active(), Body: body,
		Buttons: people.UserButtons{Reset: can.Edit && m.Active() && !s.MailOff, Link: who != nil && m.Active() && s.MailOff, Deactivate: can.Deactivate, Remove: can.Remove, Transfer: can.Transfer && m.Active() && m.Role != authz.Owner},
	}
	state := part.Badge{Label: p.T("user.active"), Tone: part.Success, Icon: "circle-check"}
	if !m.Active() {
		state = part.Badge{Label: p.T("user.deactivated"), Tone: part.Warning, Icon: "circle-pause"}
	}
	label, _ := roleLabel(p, m.Role, m.RoleName)
	v.Head = part.RecordHead{Avatar: part.Avatar{ID: string(m.ID), Name: m.Name, Size: "lg"}, Title: m.Name, Badges: state, Facts: []string{m.Email, label, s.lastActive(p, m)}}
	v.Tabs = part.Tabs{Label: m.Name, Items: []part.Tab{
		{Label: p.T("user.tab_profile"), Href: v.Base, Current: tab == "profile"},
		{Label: p.T("user.tab_settings"), Href: v.Base + "/settings", Current: tab == personalSection}, {Label: p.T("user.tab_access"), Href: v.Base + "/access", Current: tab == "access"},
	}}
	if sc.Has(authz.QuotasView) {
		v.Tabs.Items = append(v.Tabs.Items, part.Tab{Label: p.T("account.tab_quotas"), Href: v.Base + "/quotas", Current: tab == quotasSection})
	}
	if who != nil {
		v.Tabs.Items = append(v.Tabs.Items, part.Tab{Label: p.T("user.tab_sessions"), Href: v.Base + "/sessions", Count: p.Number(int64(len(who.Sessions))), Current: tab == "sessions"})
	}
	if sc.Has(authz.AuditView) {
		v.Tabs.Items = append(v.Tabs.Items, part.Tab{Label: p.T("user.tab_activity"), Href: v.Base + "/activity", Current: tab == "activity"})
	}
	at, err := s.peoplePlace(r, by, sc, m.Name, part.Crumb{Label: m.Name})
	if err != nil {
		return err
	}
	if v.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

func (s *Server) lastActive(p i18n.Printer, m user.Member) string {
	if m.LastActive.IsZero() {
		return p.T("user.never_active")
	}
	return p.T("user.last_active", "when", p.Relative(m.LastActive, s.Clock()))
}

func (s *Server) userProfile(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	who, err := s.identityOf(r, by, sc, m)
	if err != nil {
		return err
	}
	return s.openProfile(r, by, sc, m, who, s.personPages(w, r, by, sc, m, who))
}

func (s *Server) openProfile(r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, who *authn.Identity, on surface) error {
	v, err := s.profileOf(r, by, sc, m, who, on)
	if err != nil {
		return err
	}
	return on.show(http.StatusOK, profileSection, v)
}

func (s *Server) profileOf(r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, who *authn.Identity, on surface) (people.Profile, error) {
	p := i18n.From(r.Context())
	can, err := s.Users.CanOn(r.Context(), by, sc.Account(), m)
	yes := map[bool]string{true: p.T("users.two_step_on"), false: p.T("users.two_step_off")}
	proven := map[bool]string{true: p.T("user.verified"), false: p.T("user.unverified")}
	email := part.Fact{Term: p.T("create_user.email"), Text: m.Email + " · " + proven[m.EmailVerified]}
	rest := []part.Fact{{Term: p.T("users.col_two_step"), Text: yes[m.TwoFactor]}, {Term: p.T("user.since"), Text: p.Date(m.CreatedAt)}}
	v := people.Profile{
		Action: on.at(profileSection), JobTitle: m.JobTitle, Phone: m.Phone, Version: strconv.FormatInt(m.Version, 10), Edit: can.Edit,
	}
	if who != nil {
		v.Person = s.identityForms(p, v.Action, who.Profile)
		v.Facts.Items = append([]part.Fact{email}, rest...)
		return v, err
	}
	v.Facts.Items = append([]part.Fact{{Term: p.T("create_user.name"), Text: m.Name}, email, {Term: p.T("user.username"), Text: m.Username}}, rest...)
	return v, err
}

// saveUserProfile saves what an admin says of a person here.
func (s *Server) saveUserProfile(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	who, err := s.identityOf(r, by, sc, m)
	if err != nil {
		return err
	}
	return s.saveProfileOn(w, r, by, sc, m, who, s.personPages(w, r, by, sc, m, who))
}

func (s *Server) saveProfileOn(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, who *authn.Identity, on surface) error {
	f, err := readForm(w, r, "version", "job_title", "phone")
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(f.text("version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	in := user.Input{Access: m.Access, JobTitle: f.text("job_title"), Phone: f.text("phone")}
	err = s.Users.Edit(r.Context(), by, sc.Account(), m.ID, version, in)
	if err == nil {
		s.setFlash(w, "user_saved")
		return seeOther(w, r, on.done(profileSection))
	}
	if !shown(err) {
		return err
	}
	p := i18n.From(r.Context())
	v, perr := s.profileOf(r, by, sc, m, who, on)
	if perr != nil {
		return perr
	}
	v.JobTitle, v.Phone = in.JobTitle, in.Phone
	fields, isForm := fieldErrors(p, err)
	v.Errors = fields
	if !isForm {
		v.Problem = words(p, problemOf(err))
	}
	if stale := (*user.Stale)(nil); errors.As(err, &stale) {
		v.Theirs = []part.Fact{{Term: p.T("user.job_title"), Text: stale.Theirs.JobTitle}, {Term: p.T("user.phone"), Text: stale.Theirs.Phone}}
	}
	return on.show(statusOf(errs.KindOf(err)), profileSection, v)
}

func (s *Server) userAccess(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	who, err := s.identityOf(r, by, sc, m)
	if err != nil {
		return err
	}
	return s.openRights(w, r, by, sc, m, s.personPages(w, r, by, sc, m, who))
}

func (s *Server) openRights(_ http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, on surface) error {
	v, err := s.rightsOf(r, by, sc, m, m.Access, nil, on)
	if err != nil {
		return err
	}
	return on.show(http.StatusOK, accessSection, v)
}

func (s *Server) rightsOf(r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, a user.Access, fields map[string]string, on surface) (people.Rights, error) {
	v := people.Rights{Action: on.at(accessSection), Version: strconv.FormatInt(m.Version, 10), Name: m.Name}
	can, err := s.Users.CanOn(r.Context(), by, sc.Account(), m)
	if err != nil {
		return v, err
	}
	if v.Assign = can.Edit; v.Assign {
		if v.Access, err = s.accessForm(r, by, sc, a, fields); err != nil {
			return v, err
		}
		grid := grantGrid(offerOf(r.Context()), sc, a)
		v.Access.Grid = &grid
		if v.Access.Bodies == nil && a.Perms.Has(authz.MessagesViewBody) {
			on := true // whoever manages the person may take it away
			v.Access.Bodies = &on
		}
	}
	held, err := s.Users.Effective(r.Context(), by, sc.Account(), m.ID)
	if err != nil {
		return v, err
	}
	v.Holds = heldBy(offerOf(r.Context()), held)
	return v, s.explain(r, by, sc, m, &v)
}

// explain answers the question in the address: may this person do that here, and why.
func (s *Server) explain(r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, v *people.Rights) error {
	p := i18n.From(r.Context())
	o := offerOf(r.Context())
	for _, perm := range o.perms() {
		v.Ask = append(v.Ask, part.Option{Value: string(perm), Label: o.permName(perm)})
	}
	on, err := s.askedPlace(r, by, sc, v)
	if err != nil {
		return err
	}
	asked := authz.Perm(r.URL.Query().Get("can"))
	if !slices.Contains(o.perms(), asked) {
		return nil
	}
	x, err := s.Users.Explain(r.Context(), by, sc.Account(), m.ID, asked, on.Account())
	if err != nil {
		return err
	}
	v.Asked, v.Yes = string(asked), x.Allowed
	verdict := "user.no"
	if x.Allowed {
		verdict = "user.yes"
	}
	v.Verdict = p.T(verdict, "name", m.Name, "what", o.permName(asked), "account", on.Name())
	for _, step := range x.Steps {
		name := step.Name
		if name == "" {
			name = p.T("user.your_provider")
		}
		label := ""
		if step.Role != "" {
			group := ""
			if step.Role == m.Role {
				group = m.RoleName
			}
			label, _ = roleLabel(p, step.Role, group)
		}
		e := part.Event{Icon: "minus", Tone: part.Neutral, Text: p.T("explain."+step.Code, "role", label, "account", name, "package", step.Package)}
		switch step.Verdict {
		case authz.Grants:
			e.Icon, e.Tone = "check", part.Success
		case authz.Blocks:
			e.Icon, e.Tone = "ban", part.Danger
		case authz.Neutral:
		}
		v.Why.Events = append(v.Why.Events, e)
	}
	return nil
}

// askedPlace is the account that the question is about: the person's own, or one below it that the address names.
func (s *Server) askedPlace(r *http.Request, by authz.Actor, sc authz.Scope, v *people.Rights) (authz.Scope, error) {
	below, err := s.Users.Places(r.Context(), by, sc.Account())
	if err != nil || len(below) == 0 {
		return sc, err
	}
	v.Places = []part.Option{{Value: string(sc.Account()), Label: sc.Name()}}
	for _, b := range below {
		v.Places = append(v.Places, part.Option{Value: string(b.ID), Label: b.Name})
	}
	v.Place = string(sc.Account())
	named := r.URL.Query().Get("in")
	if named == "" {
		return sc, nil
	}
	on, err := ids.ParseAccount(named)
	if err != nil {
		return sc, errs.NoSuch("account")
	}
	_, there, err := s.Ops.See(r.Context(), by, on)
	if err != nil {
		return sc, err
	}
	if v.Place = named; !slices.ContainsFunc(v.Places, func(o part.Option) bool { return o.Value == named }) {
		v.Places = append(v.Places, part.Option{Value: named, Label: there.Name()})
	}
	return there, nil
}

// heldBy sums up a set, module by module.
func heldBy(o offer, set authz.Set) []people.Held {
	var out []people.Held
	for _, m := range o.modules() {
		var actions []string
		for _, a := range m.Actions {
			if set.Has(authz.Perm(m.Key + "." + a)) {
				actions = append(actions, o.actionName(authz.Perm(m.Key+"."+a)))
			}
		}
		if len(actions) > 0 {
			out = append(out, people.Held{Module: o.moduleName(m.Key), Actions: strings.Join(actions, o.T("part.comma")+" ")})
		}
	}
	return out
}

// grantGrid is what can be ticked for a membership: the modules of a User, the access list of Support, and what an
// Owner adds to an Admin.
func grantGrid(o offer, sc authz.Scope, a user.Access) people.Grid {
	may := authz.Grantable(authz.User).Union(authz.Grantable(authz.Admin))
	if sc.Kind() == "platform" || sc.Kind() == "reseller" {
		may = may.Union(authz.Grantable(authz.Support))
	}
	return permGrid(o, may.Intersect(sc.Perms()).Without(bodiesPerm), a.Perms, func(m authz.Module) string {
		if note := withheldNote(o, sc, m); note != "" {
			return note
		}
		switch m.Ceiling {
		case authz.ForAnyone:
			return ""
		case authz.ForOwners:
			return o.T("grid.for_admin")
		}
		return o.T("grid.for_support")
	})
}

// withheldNote says that the client's package withholds a module from whoever is given it here, "" where it does not.
func withheldNote(o offer, sc authz.Scope, m authz.Module) string {
	if withheld, by := sc.Withheld(o.set(m)); !withheld.Empty() {
		return o.T("grid.withheld", "package", by)
	}
	return ""
}

// gridColumns are the actions that have a column of their own; a module's others stand beside them.
var gridColumns = []string{"view", "create", "edit", "export"}

// permGrid shows the permissions of a set by module, with what is ticked.
func permGrid(o offer, may, ticked authz.Set, note func(authz.Module) string) people.Grid {
	g := people.Grid{Caption: o.T("grid.caption")}
	for _, a := range gridColumns {
		g.Columns = append(g.Columns, o.T("perm.action_"+a))
	}
	group := ""
	for _, m := range o.modules() {
		row := gridRow(o, m, may, ticked)
		if row == nil {
			continue
		}
		row.Note = note(m)
		if m.Group != group {
			group = m.Group
			g.Groups = append(g.Groups, people.GridGroup{Label: o.T("perm.group_" + group)})
		}
		last := &g.Groups[len(g.Groups)-1]
		last.Rows = append(last.Rows, *row)
	}
	return g
}

// gridRow is the row of a module, nil when nothing in it can be ticked.
func gridRow(o offer, m authz.Module, may, ticked authz.Set) *people.GridRow {
	if o.set(m).Intersect(may).Empty() {
		return nil
	}
	row := people.GridRow{Label: o.moduleName(m.Key), Cells: make([]*people.GridCell, len(gridColumns))}
	for _, a := range m.Actions {
		perm := authz.Perm(m.Key + "." + a)
		if !may.Has(perm) {
			continue
		}
		c := people.GridCell{Perm: string(perm), Label: o.actionName(perm), Checked: ticked.Has(perm)}
		if i := slices.Index(gridColumns, a); i >= 0 {
			row.Cells[i] = &c
		} else {
			row.More = append(row.More, c)
		}
	}
	return &row
}

// saveUserAccess changes what a person may do here, in force at once.
func (s *Server) saveUserAccess(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	who, err := s.identityOf(r, by, sc, m)
	if err != nil {
		return err
	}
	return s.saveRightsOn(w, r, by, sc, m, s.personPages(w, r, by, sc, m, who))
}

func (s *Server) saveRightsOn(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, on surface) error {
	f, err := readForm(w, r, append([]string{"version", "perm"}, accessNames...)...)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(f.text("version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	a := readAccess(offerOf(r.Context()), f, sc)
	a.Perms = permsOf(f).Intersect(authz.Grantable(a.Role)).Without(bodiesPerm).Union(a.Perms.Intersect(bodiesPerm))
	err = s.Users.Edit(r.Context(), by, sc.Account(), m.ID, version, user.Input{Access: a, JobTitle: m.JobTitle, Phone: m.Phone})
	if err == nil {
		s.setFlash(w, "user_saved")
		return seeOther(w, r, on.done(accessSection))
	}
	if !shown(err) {
		return err
	}
	p := i18n.From(r.Context())
	fields, isForm := fieldErrors(p, err)
	v, perr := s.rightsOf(r, by, sc, m, a, fields, on)
	if perr != nil {
		return perr
	}
	if !isForm {
		v.Problem = words(p, problemOf(err))
	}
	if stale := (*user.Stale)(nil); errors.As(err, &stale) {
		label, _ := roleLabel(p, stale.Theirs.Role, stale.Theirs.RoleName)
		v.Theirs = []part.Fact{{Term: p.T("access.permission"), Text: label}, {Term: p.T("access.modules"), Text: modulesOf(offerOf(r.Context()), stale.Theirs.Grant())}}
	}
	return on.show(statusOf(errs.KindOf(err)), accessSection, v)
}

// permsOf reads the permissions ticked in a grid. Names that do not exist grant nothing.
func permsOf(f form) authz.Set {
	var out authz.Set
	for _, v := range f.all("perm") {
		out = out.Union(authz.SetOf(authz.Perm(v)))
	}
	return out
}

// sendUserReset mails the person a link to set a new password, to their own address.
func (s *Server) sendUserReset(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	if err := s.Authn.SendReset(r.Context(), by, sc.Account(), m.User); err != nil {
		return err
	}
	s.setFlash(w, "user_reset_sent")
	return seeOther(w, r, personPath(sc, m))
}

// userActivity lists what was done to a person here.
func (s *Server) userActivity(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	q, log, err := s.Ops.Read(r.Context(), by, authz.AuditView, sc.Account())
	if err != nil {
		return err
	}
	f := audit.Filter{Target: string(m.ID)}
	bind := page.Binding{Actor: by.ID(), Root: string(sc.Account()), Query: "user-activity:" + string(m.ID)}
	if text := r.URL.Query().Get("after"); text != "" {
		c, err := s.Cursors.Open(bind, text, 2)
		if err != nil {
			return err
		}
		at, err := strconv.ParseInt(c.Key[0], 10, 64)
		if err != nil {
			return errs.NoSuch("page")
		}
		f.After = audit.Cursor{At: at, ID: ids.Event(c.Key[1])}
	}
	entries, next, err := audit.List(r.Context(), q, log, f)
	if err != nil {
		return err
	}
	v := people.Log{}
	for _, e := range entries {
		v.Timeline.Events = append(v.Timeline.Events, activityEvent(p, e))
	}
	if next.ID != "" {
		key := []string{strconv.FormatInt(next.At, 10), string(next.ID)}
		v.More = r.URL.Path + "?after=" + url.QueryEscape(s.Cursors.Seal(bind, page.Cursor{Key: key}))
	}
	who, err := s.identityOf(r, by, sc, m)
	if err != nil {
		return err
	}
	return s.userPage(w, r, by, sc, m, who, "activity", http.StatusOK, v)
}

func (s *Server) transferPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	return s.showTransfer(w, r, by, sc, user.Transfer{To: ids.Membership(r.URL.Query().Get("to"))}, nil)
}

func (s *Server) showTransfer(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, in user.Transfer, failure error) error {
	p := i18n.From(r.Context())
	if !sc.Has(authz.AccountTransfer) && !sc.HeldAbove(authz.ClientsCreate) {
		return errs.New(errs.Denied, "account.transfer_denied", "Ask an Owner of the account. Only Owners hand it over.")
	}
	v := people.Transfer{Account: sc.Name(), Base: accountPath(sc.Account(), "/users"), To: string(in.To), Keep: in.Keep, Text: p.T("transfer.text")}
	owners, err := s.Users.Owners(r.Context(), by, sc.Account())
	if err != nil {
		return err
	}
	var names []string
	for _, o := range owners {
		names = append(names, o.Name)
	}
	v.Owners = strings.Join(names, p.T("part.comma")+" ")
	if v.Owners == "" {
		v.Owners = p.T("transfer.no_owner")
	}
	list, err := s.Users.List(r.Context(), by, sc.Account(), user.Query{})
	if err != nil {
		return err
	}
	offer := list.Members
	if m, err := s.Users.Get(r.Context(), by, sc.Account(), in.To); err == nil && list.Next != nil {
		offer = append([]user.Member{m}, offer...)
	}
	for _, m := range offer {
		if m.Role != authz.Owner && m.Active() {
			v.People = append(v.People, part.Option{Value: string(m.ID), Label: m.Name + " (" + m.Email + ")"})
		}
	}
	status := http.StatusOK
	if failure != nil {
		fields, isForm := fieldErrors(p, failure)
		v.Errors, status = fields, statusOf(errs.KindOf(failure))
		if !isForm {
			v.Problem = words(p, problemOf(failure))
		}
	}
	at, err := s.peoplePlace(r, by, sc, p.T("users.transfer"), part.Crumb{Label: p.T("users.transfer")})
	if err != nil {
		return err
	}
	if v.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

func (s *Server) transferOwnership(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "to", "keep")
	if err != nil {
		return err
	}
	in := user.Transfer{To: ids.Membership(f.text("to")), Keep: f.ticked("keep")}
	if err := s.Users.TransferOwnership(r.Context(), by, sc.Account(), in); err != nil {
		if !shown(err) {
			return err
		}
		return s.showTransfer(w, r, by, sc, in, err)
	}
	s.setFlash(w, "ownership_transferred")
	return seeOther(w, r, accountPath(sc.Account(), "/users"))
}
