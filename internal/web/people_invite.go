package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
)

// inviteDialog shows the dialog by which people are invited.
func (s *Server) inviteDialog(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.inviting(r, by)
	if err != nil {
		return err
	}
	access := user.Access{Role: offered(sc)[0], AllSubs: true}
	if asked := authz.Role(r.URL.Query().Get("role")); asked.IsGroup() { // from the page of a role group
		access.Role = asked
	}
	return s.showInvite(w, r, by, sc, inviteState{access: access, status: http.StatusOK})
}

// inviting is seen for those who may invite.
func (s *Server) inviting(r *http.Request, by authz.Actor) (authz.Scope, error) {
	id, err := accountOf(r)
	if err != nil {
		return authz.Scope{}, err
	}
	_, sc, err := s.Ops.Read(r.Context(), by, authz.UsersInvite, id)
	return sc, err
}

// inviteState is what the dialog shows besides its choices.
type inviteState struct {
	addresses string
	rows      map[string]string // what was chosen for one address alone
	verdicts  []invite.Verdict
	checked   bool
	access    user.Access
	failure   error
	notice    string
	status    int
}

func (s *Server) showInvite(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, st inviteState) error {
	p := i18n.From(r.Context())
	v := people.Invite{Account: sc.Name(), Base: accountPath(sc.Account(), "/users"), Addresses: st.addresses, Problem: st.notice, MailOff: s.MailOff}
	if st.checked {
		v.Verdicts = s.verdicts(p, sc, st)
		if err := s.offerRows(r, by, sc, &v.Verdicts); err != nil {
			return err
		}
	}
	if st.failure != nil {
		fields, isForm := fieldErrors(p, st.failure)
		v.Errors = fields
		if !isForm {
			v.Problem = words(p, problemOf(st.failure))
		}
		st.status = statusOf(errs.KindOf(st.failure))
	}
	var err error
	if v.Access, err = s.accessForm(r, by, sc, st.access, v.Errors); err != nil {
		return err
	}
	at, err := s.peoplePlace(r, by, sc, p.T("users.invite"), part.Crumb{Label: p.T("users.invite")})
	if err != nil {
		return err
	}
	if v.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	return s.render(w, r, st.status, v)
}

var verdictParts = map[invite.Why]part.Verdict{
	invite.Malformed: part.Malformed, invite.AlreadyUser: part.AlreadyUser, invite.Deactivated: part.Deactivated,
	invite.AlreadyInvited: part.Invited, invite.Disposable: part.Disposable, invite.Duplicate: part.Twice,
}

// verdicts are what becomes of each address, with a way out where there is one.
func (s *Server) verdicts(p i18n.Printer, sc authz.Scope, st inviteState) people.Verdicts {
	base := accountPath(sc.Account(), "/users")
	out := people.Verdicts{Checked: len(st.verdicts) > 0, Seen: digest(st.addresses), MailOff: s.MailOff}
	for _, v := range st.verdicts {
		if v.Why == invite.OK {
			out.Ready = append(out.Ready, people.Ready{Email: v.Email, Field: rowPrefix + v.Email, Role: st.rows[ids.Fold(v.Email)]})
			continue
		}
		o := part.Outcome{Address: v.Email, Verdict: verdictParts[v.Why], Reason: p.T("invite.why_" + string(v.Why))}
		if o.Address == "" {
			o.Address = v.Raw
		}
		switch v.Why {
		case invite.AlreadyUser, invite.Deactivated:
			o.Action = &part.Button{Label: p.T("invite.view_user"), Href: base + "/" + string(v.Membership), Small: true, Kind: part.Ghost}
		case invite.AlreadyInvited:
			o.Action = &part.Button{Label: p.T("invite.view_pending"), Href: base + "?tab=pending", Small: true, Kind: part.Ghost}
		}
		out.Left = append(out.Left, o)
	}
	return out
}

// rowPrefix begins the name of the field by which one address gets a role of its own.
const rowPrefix = "row:"

// readRows reads the roles chosen for single addresses, by folded address.
func readRows(f form) map[string]string {
	out := map[string]string{}
	for name, values := range f.r.PostForm {
		if email, ok := strings.CutPrefix(name, rowPrefix); ok && values[0] != "" {
			out[ids.Fold(email)] = values[0]
		}
	}
	return out
}

// rowAccess is what the addresses with a role of their own get. Modules and sub-accounts are those chosen for all.
func rowAccess(rows map[string]string, all user.Access) map[string]user.Access {
	out := map[string]user.Access{}
	for email, role := range rows {
		a := all
		if a.Role = authz.Role(role); a.Role != all.Role && a.Role != authz.User {
			a.Perms = authz.Set{}
		}
		out[email] = a
	}
	return out
}

// offerRows lists the roles that one address can be given instead of the one for all.
func (s *Server) offerRows(r *http.Request, by authz.Actor, sc authz.Scope, v *people.Verdicts) error {
	p := i18n.From(r.Context())
	v.Roles = []part.Option{{Value: "", Label: p.T("invite.row_same")}}
	for _, role := range offered(sc) {
		if role != authz.Support { // its access list is ticked for all alone
			v.Roles = append(v.Roles, part.Option{Value: string(role), Label: p.T("role." + string(role))})
		}
	}
	groups, err := s.groupOptions(r, by, sc)
	v.Roles = append(v.Roles, groups...)
	return err
}

// digest tells whether the addresses are still those whose verdicts the reader has seen.
func digest(addresses string) string {
	sum := sha256.Sum256([]byte(strings.ReplaceAll(addresses, "\r", ""))) // forms and scripts end lines differently
	return hex.EncodeToString(sum[:8])
}

var inviteNames = append([]string{"addresses", "seen", rowPrefix}, accessNames...)

// checkInvite says what would become of each address. It changes nothing.
func (s *Server) checkInvite(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.inviting(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, inviteNames...)
	if err != nil {
		return err
	}
	all, err := s.Invites.Check(r.Context(), by, sc.Account(), f.raw("addresses"))
	st := inviteState{addresses: f.raw("addresses"), rows: readRows(f), verdicts: all, checked: true, access: readAccess(offerOf(r.Context()), f, sc), status: http.StatusOK}
	if fragment(r, people.VerdictsID) && err == nil {
		v := s.verdicts(i18n.From(r.Context()), sc, st)
		if err := s.offerRows(r, by, sc, &v); err != nil {
			return err
		}
		return s.render(w, r, http.StatusOK, v)
	}
	if errs.KindOf(err) == errs.Invalid {
		st.failure = err
	} else if err != nil {
		return err
	}
	return s.showInvite(w, r, by, sc, st)
}

// sendInvites invites every address that can be. When some cannot, and the reader has not been told, it tells first.
func (s *Server) sendInvites(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.inviting(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, inviteNames...)
	if err != nil {
		return err
	}
	st := inviteState{addresses: f.raw("addresses"), rows: readRows(f), access: readAccess(offerOf(r.Context()), f, sc), checked: true, status: http.StatusUnprocessableEntity}
	st.verdicts, err = s.Invites.Check(r.Context(), by, sc.Account(), st.addresses)
	if err == nil && left(st.verdicts) > 0 && left(st.verdicts) < len(st.verdicts) && f.text("seen") != digest(st.addresses) {
		st.notice = i18n.From(r.Context()).T("invite.read_verdicts")
		return s.showInvite(w, r, by, sc, st)
	}
	var res invite.Result
	if err == nil {
		res, err = s.Invites.Invite(r.Context(), by, sc.Account(), invite.Input{Addresses: st.addresses, Access: st.access, Rows: rowAccess(st.rows, st.access)})
	}
	if err != nil {
		if !shown(err) {
			return err
		}
		st.failure = err
		return s.showInvite(w, r, by, sc, st)
	}
	done := "invites_sent"
	if s.MailOff {
		done = "invites_made"
	}
	s.setFlash(w, done, "count", strconv.Itoa(len(res.Sent)))
	return seeOther(w, r, accountPath(sc.Account(), "/users?tab=pending"))
}

// shown reports whether a failure is shown in its form, rather than on a page of its own.
func shown(err error) bool {
	var e *errs.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case errs.Invalid, errs.Conflict, errs.OverQuota, errs.Denied:
		return true
	}
	return false
}

func left(all []invite.Verdict) int {
	n := 0
	for _, v := range all {
		if v.Why != invite.OK {
			n++
		}
	}
	return n
}

// createUserPage shows the form by which a user is created directly.
func (s *Server) createUserPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.inviting(r, by)
	if err != nil {
		return err
	}
	return s.showCreate(r, by, sc, s.creatingPage(w, r, by, sc), firstCreate(sc), nil)
}

// firstCreate is the form of a new user before anything is typed.
func firstCreate(sc authz.Scope) invite.Create {
	return invite.Create{Access: user.Access{Role: offered(sc)[0], AllSubs: true}}
}

func (s *Server) showCreate(r *http.Request, by authz.Actor, sc authz.Scope, on surface, in invite.Create, failure error) error {
	p := i18n.From(r.Context())
	v := people.CreateForm{ID: on.form, Action: on.at(newUser), Back: on.back, Name: in.Name, Email: in.Email}
	status := http.StatusOK
	if failure != nil {
		fields, isForm := fieldErrors(p, failure)
		v.Errors = maps.Clone(fields)
		if !isForm {
			v.Problem = words(p, problemOf(failure))
		}
		status = statusOf(errs.KindOf(failure))
	}
	var err error
	if v.Access, err = s.accessForm(r, by, sc, in.Access, v.Errors); err != nil {
		return err
	}
	return on.show(status, newUser, v)
}

// newUser is the section of a user who is being created.
const newUser = "user"

// creatingPage is the page of the form of a new user by itself.
func (s *Server) creatingPage(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope) surface {
	list := accountPath(sc.Account(), "/users")
	return surface{
		account: sc.Account(), back: list,
		at:   func(string) string { return list + "/new" },
		done: func(string) string { return list },
		show: func(status int, _ string, body templ.Component) error {
			form, _ := body.(people.CreateForm)
			v := people.Create{Account: sc.Name(), CreateForm: form}
			title := i18n.From(r.Context()).T("users.create")
			at, err := s.peoplePlace(r, by, sc, title, part.Crumb{Label: title})
			if err != nil {
				return err
			}
			if v.Page, err = s.frame(w, r, by, at); err != nil {
				return err
			}
			return s.render(w, r, status, v)
		},
	}
}

// createUser makes a person a user without asking them first; the answer is the same for an address that is known.
func (s *Server) createUser(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.inviting(r, by)
	if err != nil {
		return err
	}
	return s.createUserOn(w, r, by, sc, s.creatingPage(w, r, by, sc))
}

func (s *Server) createUserOn(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, on surface) error {
	f, err := readForm(w, r, append([]string{"name", "email"}, accessNames...)...)
	if err != nil {
		return err
	}
	in := invite.Create{Name: f.text("name"), Email: f.text("email"), Access: readAccess(offerOf(r.Context()), f, sc)}
	if err := s.Invites.CreateUser(r.Context(), by, sc.Account(), in); err != nil {
		if !shown(err) {
			return err
		}
		return s.showCreate(r, by, sc, on, in, err)
	}
	s.setFlash(w, "user_created", "email", in.Email)
	return seeOther(w, r, on.done(newUser))
}
