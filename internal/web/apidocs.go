package web

import (
	"net/http"
	"slices"
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

// docsPage lists all operations of the API, or tells everything about those of one group. Anybody may read it, as they
// may read the description itself.
func (s *Server) docsPage(w http.ResponseWriter, r *http.Request) error {
	groups, err := s.docs()
	if err != nil {
		return err
	}
	title, slug := i18n.From(r.Context()).T("apidocs.title"), r.URL.Query().Get("group")
	if slug == "" {
		return s.render(w, r, http.StatusOK, apidocs.Index{Page: s.docsFrame(w, r, title), Groups: groups, BaseURL: s.origin(r) + "/api/v1"})
	}
	at := slices.IndexFunc(groups, func(g apidocs.Group) bool { return g.Slug == slug })
	if at < 0 {
		return errs.NoSuch("page")
	}
	return s.render(w, r, http.StatusOK, apidocs.Operations{Page: s.docsFrame(w, r, groups[at].Name+" · "+title), Groups: groups, Current: groups[at]})
}

func (s *Server) docsFrame(w http.ResponseWriter, r *http.Request, title string) shell.Page {
	page := s.plainFrame(w, r, title)
	page.Brand.Links = []part.Link{{Label: i18n.From(r.Context()).T("apidocs.my_keys"), Href: "/me/keys"}}
	return page
}
