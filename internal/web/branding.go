package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/setting"
	"bailiwick/internal/tuning"
	"bailiwick/internal/web/ui/part"
	ui "bailiwick/internal/web/ui/tuning"
)

// mostPictures is how large the pictures of a form may be together, in bytes; what is larger is refused by the brand.
const mostPictures = 4 << 20

// keepPictures takes in the pictures that were chosen in a form, and puts their names into the drafts. What is wrong
// with them is told together. They are kept by the account at: that of the page, or the one above it for one that is made.
func (s *Server) keepPictures(r *http.Request, by authz.Actor, at ids.Account, page tuning.Page, now drafts) (refused, err error) {
	var all errs.Collector
	for _, f := range page.Fields() {
		if f.Control.Kind != setting.Image || !f.CanEdit {
			continue
		}
		chosen, err := form{r}.file("file:" + f.Name)
		if err != nil {
			return nil, fmt.Errorf("open a picture: %w", err)
		}
		if chosen == nil {
			continue
		}
		name, err := s.Brand.KeepPicture(r.Context(), by, at, brand.Slot(f.Name), chosen)
		if err = errors.Join(err, chosen.Close()); err != nil {
			var e *errs.Error
			if !errors.As(err, &e) || e.Kind != errs.Invalid {
				return nil, err
			}
			all.Add(f.Name, e.Code, e.Msg, e.Args...)
			continue
		}
		d := now[f.Name]
		now[f.Name] = draft{own: true, locked: d.locked, values: []string{string(name)}}
	}
	return all.Err(), nil
}

// brandingRoutes are the forms of the branding tab besides that of its settings.
func (s *Server) brandingRoutes() []Route {
	return []Route{
		{Pattern: "POST /a/{account}/branding/domain", Signed: s.askDomain},
		{Pattern: "POST /a/{account}/branding/domain/check", Signed: s.checkDomain},
		{Pattern: "POST /a/{account}/branding/domain/remove", Signed: s.removeDomain},
	}
}

// showBranding shows the brand of an account with its domain.
func (s *Server) showBranding(r *http.Request, by authz.Actor, on surface, status int, page tuning.Page, now drafts, t ui.Tab) error {
	card, ok := t.After.(ui.Domain)
	if !ok {
		card = ui.Domain{}
	}
	d, err := s.Brand.Domain(r.Context(), by, page.Account)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	card.Action, card.CanEdit, card.From = accountPath(page.Account, "/branding/domain"), d.CanEdit, d.From
	card.Host, card.URL, card.Record, card.Value = d.Host, d.URL, d.Record, d.Value
	if !d.Verified.IsZero() {
		card.Verified = p.Date(d.Verified)
	}
	if !d.Checked.IsZero() {
		card.Checked = p.DateTime(d.Checked)
	}
	if !d.Missing.IsZero() {
		card.Missing = p.DateTime(d.Missing)
	}
	if card.Typed == "" {
		card.Typed = d.Host
	}
	t.After = card
	t.Links = append(t.Links, part.Link{Label: p.T("domain.title"), Href: "#domain"})
	return on.show(status, string(page.Tab), s.branding(r, page.Account, page, now, t))
}

// domainForm reads a form about the domain of an account, after finding that the person may change it.
func (s *Server) domainForm(w http.ResponseWriter, r *http.Request, by authz.Actor, fields ...string) (tuning.Page, form, error) {
	page, err := s.tuned(r, by, tuning.Branding)
	if err != nil {
		return page, form{}, err
	}
	if !page.CanEdit {
		return page, form{}, errs.New(errs.Denied, "brand.not_yours", "Ask somebody who may change the branding of this account.")
	}
	f, err := readForm(w, r, fields...)
	return page, f, err
}

func (s *Server) askDomain(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	page, f, err := s.domainForm(w, r, by, "host")
	if err != nil {
		return err
	}
	if err = s.Brand.AskDomain(r.Context(), by, page.Account, f.text("host")); err != nil {
		return s.domainAgain(w, r, by, page, f.text("host"), err)
	}
	s.setFlash(w, "domain_asked")
	return seeOther(w, r, accountPath(page.Account, "/branding#domain"))
}

func (s *Server) checkDomain(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	page, _, err := s.domainForm(w, r, by)
	if err != nil {
		return err
	}
	found, err := s.Brand.CheckDomain(r.Context(), by, page.Account)
	if err == nil && !found {
		err = errs.Field("host", "brand.domain_not_found", "Add the record and check again. It was not found yet; a new record can take an hour to be seen everywhere.")
	}
	if err != nil {
		return s.domainAgain(w, r, by, page, "", err)
	}
	s.setFlash(w, "domain_verified")
	return seeOther(w, r, accountPath(page.Account, "/branding#domain"))
}

func (s *Server) removeDomain(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	page, _, err := s.domainForm(w, r, by)
	if err != nil {
		return err
	}
	if err := s.Brand.RemoveDomain(r.Context(), by, page.Account); err != nil {
		return err
	}
	s.setFlash(w, "domain_removed")
	to := accountPath(page.Account, "/branding#domain")
	if brand.Visited(r.Context()) == page.Account { // the address is no longer served
		http.Redirect(w, r, s.BaseURL.Scheme+"://"+s.BaseURL.Host+to, http.StatusSeeOther)
		return nil
	}
	return seeOther(w, r, to)
}

// domainAgain shows the tab once more, with what is to be done about the domain.
func (s *Server) domainAgain(w http.ResponseWriter, r *http.Request, by authz.Actor, page tuning.Page, typed string, failure error) error {
	remarks, status, err := remarksOn(i18n.From(r.Context()), failure)
	if err != nil {
		return err
	}
	on, err := s.accountPages(w, r, by)
	if err != nil {
		return err
	}
	card := ui.Domain{Typed: typed, Remarks: remarks}
	return s.showSettings(r, by, on, status, page, stored(page), ui.Tab{After: card})
}

// branding makes the form of a brand of the lines of its tab, with a preview of what was typed over the look of an account.
func (s *Server) branding(r *http.Request, at ids.Account, page tuning.Page, now drafts, t ui.Tab) ui.Branding {
	p := i18n.From(r.Context())
	look := s.look(r.Context(), at)
	first := func(key, otherwise string) string {
		if v := now[key].values; len(v) > 0 && strings.TrimSpace(v[0]) != "" {
			return v[0]
		}
		return otherwise
	}
	v := ui.Branding{Tab: t, Preview: ui.BrandPreview{Product: first("brand.product", look.Product), Colour: string(look.Colour)}}
	colour := look.Colour
	if c, err := brand.ParseColour(first("brand.colour", string(look.Colour))); err == nil {
		colour = c
	}
	v.Preview.Colour, v.Preview.Style = string(colour), brand.Prefix+colour.PreviewStyle()
	v.Preview.Logo = stored(page).picture(string(brand.Logo), now)
	for _, c := range brand.Palette() {
		v.Palette = append(v.Palette, string(c))
	}
	standing := map[string]string{"brand.product": look.Product, "brand.sender_name": look.SenderName, "brand.sender_address": look.Sender}
	if look.SenderName == "" {
		standing["brand.sender_name"] = look.Product
	}
	for i := range v.Cards {
		for j := range v.Cards[i].Lines {
			switch l := &v.Cards[i].Lines[j]; l.Control.Kind {
			case setting.Image:
				l.Picture = pictureOf(p, stored(page).picture(l.Name, now), brand.Image(first(l.Name, "")))
			case setting.Colour:
				l.Contrast = fmt.Sprintf("%.1f", brand.Contrast(colour, colour.On()))
			default:
				if !l.Own && len(l.Values) > 0 && l.Values[0] == "" {
					l.Values = []string{standing[l.Name]}
				}
			}
		}
	}
	return v
}

// picture is the address of the picture in a draft. One that was uploaded just now is not served before it is saved.
func (saved drafts) picture(name string, now drafts) string {
	v := now[name].values
	if len(v) == 0 || len(saved[name].values) == 0 || v[0] != saved[name].values[0] {
		return ""
	}
	return brand.Image(v[0]).URL()
}

func pictureOf(p i18n.Printer, url string, name brand.Image) ui.Picture {
	if name == "" {
		return ui.Picture{Text: p.T("branding.no_image")}
	}
	return ui.Picture{Name: string(name), URL: url, Text: pictureText(p, name)}
}

// pictureText says a picture's kind and size.
func pictureText(p i18n.Printer, name brand.Image) string {
	w, h := name.Size()
	kind := map[string]string{"png": "PNG", "jpg": "JPEG", "svg": "SVG"}[name.Kind()]
	return p.T("branding.image", "kind", kind, "width", w, "height", h)
}

// help is a link to whom the brand names for help.
func help(l brand.Look, label string) (links []part.Link) {
	if l.SupportEmail != "" {
		links = append(links, part.Link{Label: l.SupportEmail, Href: "mailto:" + l.SupportEmail})
	}
	if l.SupportLink != "" {
		links = append(links, part.Link{Label: label, Href: l.SupportLink})
	}
	return links
}
