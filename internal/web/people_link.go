package web

import (
	"net/http"

	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
)

// newInviteLink answers with the link of an invitation itself: it is shown once, so there is no page to lead to.
func (s *Server) newInviteLink(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, id ids.Invitation) error {
	i, path, err := s.Invites.NewLink(r.Context(), by, sc.Account(), id)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	return s.showNewLink(w, r, by, sc, path, people.NewLink{Title: p.T("link.invite_title", "email", i.Email),
		Text: p.T("link.invite_text", "date", p.Date(i.ExpiresAt)), Back: accountPath(sc.Account(), "/users?tab=pending")})
}

// newResetLink answers with a link by which a person sets a new password, likewise.
func (s *Server) newResetLink(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	if _, err := readForm(w, r); err != nil {
		return err
	}
	path, err := s.Authn.ResetLink(r.Context(), by, sc.Account(), m.ID)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	return s.showNewLink(w, r, by, sc, path, people.NewLink{Title: p.T("link.reset_title", "name", m.Name), Text: p.T("link.reset_text"), Back: personPath(sc, m)})
}

func (s *Server) showNewLink(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, path secret.String, v people.NewLink) error {
	at, err := s.peoplePlace(r, by, sc, v.Title, part.Crumb{Label: i18n.From(r.Context()).T("link.crumb")})
	if err != nil {
		return err
	}
	if v.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	base, err := s.Brand.Base(r.Context(), sc.Account())
	if err != nil {
		return err
	}
	v.URL = base.Scheme + "://" + base.Host + path.Reveal()
	return s.render(w, r, http.StatusOK, v)
}
