package web

import (
	"net/http"
	"net/url"

	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/web/ui/me"
)

// switchPage lists the accounts a person belongs to; a person in thousands searches or pages.
func (s *Server) switchPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	q := authn.PlacesQuery{Search: r.URL.Query().Get("q"), After: r.URL.Query().Get("after")}
	places, err := s.Authn.Places(r.Context(), by, q)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	frame, err := s.frame(w, r, by, place{title: p.T("switch.title")})
	if err != nil {
		return err
	}
	page := me.Switch{Page: frame, Search: q.Search}
	for _, a := range places.Rows {
		role := a.Group
		if role == "" {
			role = p.T("role." + string(a.Role))
		}
		page.List = append(page.List, me.Place{ID: string(a.Account), Name: a.Name, Kind: p.T("kind." + a.Kind), Role: role, Closed: a.Closed, Current: a.Current})
	}
	if places.Elsewhere != "" {
		base, err := s.Brand.Base(r.Context(), places.Elsewhere)
		if err != nil {
			return err
		}
		page.Elsewhere, page.ElsewhereHost = base.String(), base.Hostname()
	}
	if places.Next != "" {
		page.Next = "/switch?" + url.Values{"q": {q.Search}, "after": {places.Next}}.Encode()
	}
	return s.render(w, r, http.StatusOK, page)
}

func (s *Server) switchTo(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	if err := s.Authn.ChooseAccount(r.Context(), by, id); err != nil {
		return err
	}
	return seeOther(w, r, "/")
}
