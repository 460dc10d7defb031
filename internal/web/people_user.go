package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

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
