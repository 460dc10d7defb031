package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/a-h/templ"
)

// render writes a whole page. It is made in memory first, so that a failure in a template can still become an error page.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(r.Context(), &b); err != nil {
		return fmt.Errorf("render %s: %w", routeOf(r), err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		s.Log.DebugContext(r.Context(), "the browser went away", "error", err)
	}
	return nil
}

// fragment reports whether the browser asks for the element with the given id alone. Everything else, history
// restores included, gets the whole page.
func fragment(r *http.Request, id string) bool {
	h := r.Header
	return h.Get("HX-Request") == "true" && h.Get("HX-History-Restore-Request") != "true" && h.Get("HX-Target") == id
}

// seeOther sends the browser to a page of ours after a change was made.
func seeOther(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
