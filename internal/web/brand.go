package web

import (
	"context"
	"net/http"
	"strconv"

	"bailiwick/internal/brand"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/web/ui/shell"
)

// look is how pages about an account look; "" is no account. When it cannot be read the page does without: an error
// page must not fail.
func (s *Server) look(ctx context.Context, account ids.Account) brand.Look {
	account = s.sight(ctx, account)
	l, err := s.Brand.Of(ctx, account)
	if err != nil {
		s.Log.WarnContext(ctx, "no brand", "account", account, "error", err)
	}
	if l.Product == "" {
		l.Product = brand.Unnamed
	}
	if l.Colour == "" {
		l.Colour = brand.DefaultColour
	}
	return l
}

func (s *Server) brandOf(ctx context.Context, account ids.Account) shell.Brand {
	l := s.look(ctx, account)
	return shell.Brand{Name: l.Product, LogoURL: l.Logo.URL(), IconURL: l.Icon(), CSSURL: l.Style(), Links: help(l, i18n.From(ctx).T("shell.help"))}
}

// brandFile serves a stylesheet or a picture of a brand. Its name changes with its content, so it may be kept for ever.
func (s *Server) brandFile(w http.ResponseWriter, r *http.Request) error {
	f, err := s.Brand.Show(r.Context(), r.PathValue("file"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Length", strconv.Itoa(len(f.Body)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Security-Policy", pictureOnly)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // programs that read mail in a browser show it
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := w.Write(f.Body); err != nil {
		s.Log.DebugContext(r.Context(), "the browser went away", "error", err)
	}
	return nil
}

// pictureOnly keeps a picture that is opened by itself from doing anything but being seen.
const pictureOnly = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
