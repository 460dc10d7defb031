package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
)

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
