package web

import (
	"net/http"
	"net/url"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/obs"
	"bailiwick/internal/secret"
	"bailiwick/internal/web/ui/invitation"
)

// invitation shows the page of a link. Opening it changes nothing: mail scanners open links too.
func (s *Server) invitation(w http.ResponseWriter, r *http.Request) error {
	v, err := s.invitationPage(w, r)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if v.Step == invitation.Dead {
		status = http.StatusConflict
	}
	return s.render(w, r, status, v)
}

func (s *Server) invitationPage(w http.ResponseWriter, r *http.Request) (invitation.Page, error) {
	p := i18n.From(r.Context())
	token := r.PathValue("token")
	self := "/invitation/" + url.PathEscape(token)
	v := invitation.Page{Page: s.plainFrame(w, r, p.T("invitation.browser_title")), Action: self, SignOut: "/sign-out", SignInURL: "/sign-in?next=" + url.QueryEscape(self)}
	o, err := s.offered(r)
	switch errs.KindOf(err) {
	case errs.Conflict, errs.NotFound:
		if err != nil {
			v.Step, v.Problem, v.SignInURL = invitation.Dead, words(p, problemOf(err)), "/sign-in"
			return v, nil
		}
	}
	if err != nil {
		return v, err
	}
	v.Brand = s.brandOf(r.Context(), o.At)
	v.Account, v.Email, v.InvitedBy, v.Expires, v.Name, v.MinLength = o.Account, o.Email, o.InvitedBy, p.Date(o.ExpiresAt), o.Name, o.MinLength
	by, _, err := s.recognise(r)
	if err != nil {
		if o.Known {
			v.Step = invitation.SignIn
		}
		return v, nil //nolint:nilerr // a stranger may open the link
	}
	return v, s.invitationFor(r, by, &v)
}

// offered is the invitation of the link, at the domains where it may be seen.
func (s *Server) offered(r *http.Request) (invite.Opened, error) {
	o, err := s.Invites.Peek(r.Context(), r.PathValue("token"))
	if err == nil && s.sight(r.Context(), o.At) != o.At {
		err = errs.NoSuch("invitation") // it is another brand's
	}
	return o, err
}

// invitationFor fits the page to who is signed in.
func (s *Server) invitationFor(r *http.Request, by authz.Actor, v *invitation.Page) error {
	me, err := s.Authn.Profile(r.Context(), by)
	if err != nil {
		return err
	}
	v.Person, v.Step = me.Name, invitation.Accept
	if ids.Fold(me.Email) != ids.Fold(v.Email) {
		v.Step = invitation.Another
	}
	return nil
}

// acceptInvitation joins whoever is signed in, else makes a person of what was typed. Address and access come from the invitation.
func (s *Server) acceptInvitation(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r, "name", "password", "username")
	if err != nil {
		return err
	}
	if _, err := s.offered(r); err != nil {
		return s.invitationAgain(w, r, f, err)
	}
	by, _, err := s.recognise(r)
	if err == nil {
		return s.acceptSigned(w, r, by)
	}
	from := s.client(r)
	done, err := s.Invites.AcceptNew(r.Context(), invite.Newcomer{
		Token: r.PathValue("token"), Name: f.text("name"), Password: secret.Wrap(f.raw("password")),
		IP: from.IP, RequestID: obs.RequestID(r.Context()),
	})
	if err != nil {
		return s.invitationAgain(w, r, f, err)
	}
	in, err := s.Authn.SignInAs(r.Context(), done.User, from)
	if err != nil {
		return err
	}
	s.keepSession(w, in)
	return seeOther(w, r, accountPath(done.Account, "/home"))
}

func (s *Server) acceptSigned(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	done, err := s.Invites.AcceptExisting(r.Context(), by, r.PathValue("token"))
	if err != nil {
		return s.invitationAgain(w, r, form{r}, err)
	}
	if err := s.Authn.ChooseAccount(r.Context(), by, done.Account); err != nil {
		return err
	}
	return seeOther(w, r, "/")
}

// invitationAgain shows the page once more, with what is to be done about the failure and what was typed.
func (s *Server) invitationAgain(w http.ResponseWriter, r *http.Request, f form, failure error) error {
	switch errs.KindOf(failure) {
	case errs.Invalid, errs.Conflict, errs.Denied, errs.NotFound:
	default:
		return failure
	}
	v, err := s.invitationPage(w, r)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	fields, isForm := fieldErrors(p, failure)
	v.Errors = fields
	if !isForm {
		v.Problem = words(p, problemOf(failure))
	}
	if name := f.text("name"); name != "" {
		v.Name = name
	}
	return s.render(w, r, statusOf(errs.KindOf(failure)), v)
}
