package web

import (
	"net/http"
	"sync"

	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/web/ui/apidocs"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/shell"
)

const docsPath = "/api/docs"

// reference reads the description of the API once, when first asked for: it does not change while the program runs.
func (d Deps) reference() func() ([]apidocs.Group, error) {
	return sync.OnceValues(func() ([]apidocs.Group, error) {
		text, err := d.Contract()
		if err != nil {
			return nil, err
		}
		return readContract(text, d.BaseURL)
	})
}

// docsIndex lists all operations of the API. Anybody may read it, as they may read the description itself.
func (s *Server) docsIndex(w http.ResponseWriter, r *http.Request) error {
	groups, err := s.docs()
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	return s.render(w, r, http.StatusOK, apidocs.Index{Page: s.docsFrame(w, r, p.T("apidocs.title")), Groups: groups, BaseURL: s.BaseURL.JoinPath("/api/v1").String()})
}

// docsGroup tells everything about the operations of one group.
func (s *Server) docsGroup(w http.ResponseWriter, r *http.Request) error {
	groups, err := s.docs()
	if err != nil {
		return err
	}
	for i, g := range groups {
		if g.Slug == r.PathValue("group") {
			title := g.Name + " · " + i18n.From(r.Context()).T("apidocs.title")
			return s.render(w, r, http.StatusOK, apidocs.Operations{Page: s.docsFrame(w, r, title), Groups: groups, Current: groups[i]})
		}
	}
	return errs.NoSuch("page")
}

func (s *Server) docsFrame(w http.ResponseWriter, r *http.Request, title string) shell.Page {
	page := s.plainFrame(w, r, title)
	page.Brand.Links = []part.Link{{Label: i18n.From(r.Context()).T("apidocs.my_keys"), Href: "/me/keys"}}
	return page
}
