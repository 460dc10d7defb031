package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"

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
	h.Add("Vary", "Accept-Encoding")
	body := b.Bytes()
	if len(body) > worthPacking && acceptsGzip(r) {
		packed, err := pack(body)
		if err != nil {
			return err
		}
		body = packed
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := w.Write(body); err != nil {
		s.Log.DebugContext(r.Context(), "the browser went away", "error", err)
	}
	return nil
}

// worthPacking is the size in bytes from which a page is sent gzipped.
const worthPacking = 1400

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3); a weight of zero refuses.
func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) == "gzip" && strings.Trim(weight, " q=0.") == "" {
			return weight == ""
		}
		if strings.TrimSpace(coding) == "gzip" {
			return true
		}
	}
	return false
}

func pack(page []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(page); err != nil {
		return nil, fmt.Errorf("pack a page: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack a page: %w", err)
	}
	return b.Bytes(), nil
}

// fragment reports whether the browser asks for the element with the given id alone. Everything else, history
// restores included, gets the whole page.
func fragment(r *http.Request, id string) bool {
	h := r.Header
	return h.Get("HX-Request") == "true" && h.Get("HX-History-Restore-Request") != "true" && strings.HasSuffix(h.Get("HX-Target"), "#"+id) // "form#clients": htmx names the element, too
}

// seeOther sends the browser to a page of ours after a change was made.
func seeOther(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
