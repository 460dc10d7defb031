package web

import (
	"net/http"
	"net/url"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/web/ui/mailbox"
	"bailiwick/internal/web/ui/part"
)

func (s *Server) capturedMailPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	all, next, err := s.Mailbox.List(r.Context(), by, ids.Mail(r.URL.Query().Get("before")))
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	frame, err := s.frame(w, r, by, place{title: p.T("mailbox.title")})
	if err != nil {
		return err
	}
	page := mailbox.List{Page: frame}
	for _, m := range all {
		page.Rows = append(page.Rows, mailbox.Row{Href: "/captured-mail/" + string(m.ID), Subject: m.Subject, To: m.To, At: p.DateTime(m.At)})
	}
	if next != "" {
		page.Next = "/captured-mail?" + url.Values{"before": {string(next)}}.Encode()
	}
	return s.render(w, r, http.StatusOK, page)
}

// openCapturedMail shows one mail. That it was opened is recorded.
func (s *Server) openCapturedMail(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := ids.ParseMail(r.PathValue("mail"))
	if err != nil {
		return errs.NoSuch("mail")
	}
	m, err := s.Mailbox.Open(r.Context(), by, id)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	frame, err := s.frame(w, r, by, place{title: m.Subject, crumbs: []part.Crumb{{Label: p.T("mailbox.title"), Href: "/captured-mail"}, {Label: m.Subject}}})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, mailbox.Mail{Page: frame, Subject: m.Subject, From: m.From, To: m.To, At: p.DateTime(m.At), Text: m.Text, Link: linkIn(m.Text)})
}

// linkIn finds the portal's own link in the text of a mail, a line that is nothing else, as a path: it is the same at
// each domain.
func linkIn(text string) string {
	for line := range strings.Lines(text) {
		u, err := url.Parse(strings.TrimSpace(line))
		if err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
			return ownPath(u.RequestURI(), "")
		}
	}
	return ""
}
