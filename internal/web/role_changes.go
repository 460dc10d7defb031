package web

import (
	"net/http"

	"github.com/a-h/templ"

	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
	"bailiwick/internal/web/ui/roles"
)

// roleChanges says what saving the form of a role group would change, and for how many people. It saves nothing.
func (s *Server) roleChanges(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, g, err := s.roleOf(r, by)
	if err != nil {
		return err
	}
	if _, _, err := s.Ops.Read(r.Context(), by, authz.RolesManage, sc.Account()); err != nil {
		return err
	}
	in, _, err := readRole(w, r, sc, g)
	if err != nil {
		return err
	}
	var would role.Change
	if err = in.parse(); err == nil {
		would, err = s.Roles.Preview(r.Context(), by, sc.Account(), g.ID, in.Input)
	}
	if err != nil && !shown(err) {
		return err
	}
	if err == nil {
		in.changes = changesShown(offerOf(r.Context()), would)
	}
	if fragment(r, roles.ChangesID) {
		return s.renewChanges(w, r, by, sc, g, in, err)
	}
	return s.showRole(w, r, by, sc, g, in, err)
}

// renewChanges answers while somebody fills in the form: what would change, and below it how much is not saved.
func (s *Server) renewChanges(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, g role.Group, in typedRole, failure error) error {
	p := i18n.From(r.Context())
	form := roles.Edit{Unsaved: in.unsaved(g)}
	form.Errors, _ = fieldErrors(p, failure)
	form.Sending = in.sending.fields(p, form.Errors)
	if err := s.addAllowed(r, by, sc, &form.Sending); err != nil {
		return err
	}
	state := form.State(p)
	state.Anew = true
	v := roles.Changes{Wrong: failure != nil}
	if in.changes != nil {
		v = *in.changes
	}
	for _, f := range form.Remarks(p) {
		v.Lines = append(v.Lines, roles.Line{Icon: "circle-alert", Tone: part.Danger, What: f.Label, Whom: form.Errors[f.ID]})
	}
	for _, c := range form.Sending.Warnings() {
		v.Lines = append(v.Lines, roles.Line{Icon: "triangle-alert", Tone: part.Warning, What: c.Full, Whom: c.Warn})
	}
	v.Action = accountPath(sc.Account(), "/roles/"+string(g.ID)+"/changes")
	return s.render(w, r, http.StatusOK, templ.Join(v, state))
}

// unsaved counts what of the form is not as it is saved.
func (t typedRole) unsaved(g role.Group) int {
	n := len(t.Perms.Without(g.Perms).List()) + len(g.Perms.Without(t.Perms).List())
	if t.Name != g.Name {
		n++
	}
	if t.Description != g.Description {
		n++
	}
	for _, s := range slots() {
		if !t.sending[s].says(s, g.Sending.Of(s.channel, s.window)) {
			n++
		}
	}
	return n
}

// markSaved lets a grid show what is not ticked as it is saved.
func markSaved(g *people.Grid, saved authz.Set) {
	g.Marks = true
	for _, group := range g.Groups {
		for _, row := range group.Rows {
			for _, c := range row.Cells {
				if c != nil {
					c.Saved = saved.Has(authz.Perm(c.Perm))
				}
			}
			for k := range row.More {
				row.More[k].Saved = saved.Has(authz.Perm(row.More[k].Perm))
			}
		}
	}
}

// changesShown puts into words what a change of a role group does.
func changesShown(o offer, would role.Change) *roles.Changes {
	v := &roles.Changes{Asked: true}
	people := would.People + would.Invited
	for _, perm := range o.perms() {
		switch {
		case would.Gained.Has(perm):
			v.Lines = append(v.Lines, roles.Line{Icon: "plus", Tone: part.Success, What: o.permName(perm), Whom: o.T("roles.gain", "count", people)})
		case would.Lost.Has(perm):
			v.Lines = append(v.Lines, roles.Line{Icon: "minus", Tone: part.Danger, What: o.permName(perm), Whom: o.T("roles.lose", "count", people)})
		}
	}
	for _, l := range would.Limits {
		v.Lines = append(v.Lines, roles.Line{Icon: "pencil", Tone: part.Neutral, What: slot{l.Channel, l.Window}.label(o.Printer), Whom: o.T("roles.limit_change", "was", limitWords(o.Printer, l.Was), "is", limitWords(o.Printer, l.Is)) + " " + o.T("roles.binds", "count", people-l.Apart)})
	}
	return v
}

// limitWords writes a limit for people, with what happens at it.
func limitWords(p i18n.Printer, l quota.Limit) string {
	if l.Amount == quota.Unlimited {
		return p.T("packages.unlimited")
	}
	if l.Action == quota.Reject && !l.Paced {
		return p.Number(l.Amount)
	}
	return p.T("part.pair", "name", p.Number(l.Amount), "value", typedFrom(p, l, "").atLimit(p))
}
