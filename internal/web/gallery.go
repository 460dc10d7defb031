package web

import (
	"net/http"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/web/ui/gallery"
)

// componentsPage shows every part of the interface in every state, to those who look after the platform.
func (s *Server) componentsPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	_, sc, err := s.Ops.See(r.Context(), by, by.Account())
	if err != nil {
		return err
	}
	if sc.Kind() != "platform" || !sc.Has(authz.AccountTransfer) {
		return errs.NoSuch("page")
	}
	frame, err := s.frame(w, r, by, place{title: i18n.From(r.Context()).T("gallery.title")})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, gallery.Page(frame))
}
