package web

import (
	"net/http"
	"strconv"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
)

// inviteIntoNames are the fields of the page that invites people into several clients.
var inviteIntoNames = append([]string{"addresses", "seen", "check"}, accessNames...)

// inviteInto invites people into the clients chosen in the list. It shows the page first, and again when an address
// cannot be invited somewhere and the reader has not been told.
func (s *Server) inviteInto(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, f form, chosen []ids.Account) error {
	in := invite.Input{Addresses: f.raw("addresses"), Access: readAccess(offerOf(r.Context()), f, sc)}
	st := inviteState{addresses: in.Addresses, access: in.Access, status: http.StatusOK, checked: f.text("check") != ""}
	if f.text("sure") == "" {
		st.access = user.Default()
		return s.showInviteInto(w, r, by, sc, chosen, st)
	}
	all, err := s.Invites.CheckInto(r.Context(), by, sc.Account(), chosen, in.Addresses)
	if err == nil && !st.checked && leftOut(all) && f.text("seen") != digest(in.Addresses) {
		st.checked, st.notice, st.status = true, i18n.From(r.Context()).T("invite.read_verdicts"), http.StatusUnprocessableEntity
	}
	if err == nil && st.checked {
		return s.showInviteInto(w, r, by, sc, chosen, st)
	}
	if err == nil {
		all, err = s.Invites.InviteInto(r.Context(), by, sc.Account(), chosen, in)
	}
	if err != nil {
		if !shown(err) {
			return err
		}
		st.failure = err
		return s.showInviteInto(w, r, by, sc, chosen, st)
	}
	done, sent := "invites_sent", 0
	for _, c := range all {
		sent += len(c.Verdicts) - left(c.Verdicts)
	}
	if s.MailOff {
		done = "invites_made"
	}
	s.setFlash(w, done, "count", strconv.Itoa(sent))
	return seeOther(w, r, accountPath(sc.Account(), "/clients"))
}

// leftOut reports whether some address cannot be invited into some client, and others can.
func leftOut(all []invite.Placed) bool {
	out, in := 0, 0
	for _, c := range all {
		out += left(c.Verdicts)
		in += len(c.Verdicts) - left(c.Verdicts)
	}
	return out > 0 && in > 0
}

func (s *Server) showInviteInto(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, chosen []ids.Account, st inviteState) error {
	p := i18n.From(r.Context())
	v := people.BulkInvite{Action: accountPath(sc.Account(), "/clients/bulk"), Back: accountPath(sc.Account(), "/clients"), Addresses: st.addresses, Problem: st.notice, MailOff: s.MailOff}
	if st.failure != nil {
		fields, isForm := fieldErrors(p, st.failure)
		v.Errors = fields
		if !isForm {
			v.Problem = words(p, problemOf(st.failure))
		}
		st.status = statusOf(errs.KindOf(st.failure))
	}
	text := ""
	if st.checked {
		text, v.Checked, v.Seen = st.addresses, true, digest(st.addresses)
	}
	all, err := s.Invites.CheckInto(r.Context(), by, sc.Account(), chosen, text)
	if err != nil {
		return err
	}
	for _, c := range all {
		one := people.Placed{ID: string(c.Client), Name: c.Name}
		shown := s.verdicts(p, sc, inviteState{verdicts: c.Verdicts})
		one.Ready, one.Left = len(shown.Ready), shown.Left
		for i := range one.Left {
			one.Left[i].Action = nil
		}
		v.Ready += one.Ready
		v.Clients = append(v.Clients, one)
	}
	if v.Access, err = s.accessForm(r, by, sc, st.access, v.Errors); err != nil {
		return err
	}
	v.Access = forClients(v.Access)
	if v.Page, err = s.frame(w, r, by, place{title: p.T("bulk_invite.crumb"), nav: "clients"}); err != nil {
		return err
	}
	return s.render(w, r, st.status, v)
}

// forClients leaves out what no client has: Support, and what each client has of its own, sub-accounts and bodies.
func forClients(a people.Access) people.Access {
	roles := make([]part.RadioCard, 0, len(a.Roles))
	for _, role := range a.Roles {
		if role.Value != string(authz.Support) {
			roles = append(roles, role)
		}
	}
	a.Roles, a.Subs, a.Bodies = roles, nil, nil
	return a
}
