package web

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"bailiwick/internal/authz"
	"bailiwick/internal/contact"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/tuning"
	ui "bailiwick/internal/web/ui/contacts"
	"bailiwick/internal/web/ui/part"
)

// contactRoutes are the pages about the contacts of an account.
func (s *Server) contactRoutes() []Route {
	return []Route{
		{Pattern: "GET /a/{account}/contacts", Signed: s.contactsPage},
		{Pattern: "GET /a/{account}/contacts/new", Signed: s.newContact},
		{Pattern: "POST /a/{account}/contacts/new", Signed: s.createContact},
		{Pattern: "GET /a/{account}/contacts/{contact}", Signed: s.contactPage},
		{Pattern: "POST /a/{account}/contacts/{contact}", Signed: s.saveContact},
		{Pattern: "POST /a/{account}/contacts/{contact}/ask", Signed: s.askContact},
		{Pattern: "POST /a/{account}/contacts/{contact}/remove", Signed: s.removeContact},

		{Pattern: "GET /a/{account}/contact-lists", Signed: s.contactLists},
		{Pattern: "GET /a/{account}/contact-lists/new", Signed: s.newContactList},
		{Pattern: "POST /a/{account}/contact-lists/new", Signed: s.createContactList},
		{Pattern: "GET /a/{account}/contact-lists/{list}", Signed: s.contactListPage},
		{Pattern: "POST /a/{account}/contact-lists/{list}", Signed: s.saveContactList},
		{Pattern: "POST /a/{account}/contact-lists/{list}/remove", Signed: s.removeContactList},

		{Pattern: "GET /a/{account}/suppressions", Signed: s.suppressionsPage},
		{Pattern: "GET /a/{account}/suppressions/new", Signed: s.newSuppression},
		{Pattern: "POST /a/{account}/suppressions/new", Signed: s.addSuppression},
		{Pattern: "POST /a/{account}/suppressions/{suppression}/lift", Signed: s.liftSuppression},
	}
}

// contactSection is the tab under which all pages about contacts stand.
const contactSection = "contacts"

// contactsHome is where the section begins for somebody, "" when nothing of it is theirs to see.
func contactsHome(has func(authz.Perm) bool, owns bool) string {
	switch {
	case owns && has(authz.ContactsView):
		return "/contacts"
	case owns && has(authz.SuppressionsView):
		return "/suppressions"
	case has(authz.SettingsView):
		return "/" + string(tuning.Contacts)
	}
	return ""
}

// contactsAbove is the way from the settings of contacts to the contacts themselves.
func (s *Server) contactsAbove(r *http.Request, by authz.Actor, account ids.Account) (templ.Component, error) {
	_, sc, err := s.Ops.See(r.Context(), by, account)
	if err != nil || !owns(sc) {
		return nil, err
	}
	p := i18n.From(r.Context())
	return part.Segmented{Label: p.T("contacts.views"), Items: contactViews(p, sc, "settings")}, nil
}

// contactViews are the parts of the section that somebody may see.
func contactViews(p i18n.Printer, sc authz.Scope, current string) ui.Views {
	at := accountPath(sc.Account(), "/")
	var out ui.Views
	add := func(show bool, key, path string) {
		if show {
			out = append(out, part.Tab{Label: p.T("contacts.view_" + key), Href: at + path, Current: key == current})
		}
	}
	add(owns(sc) && sc.Has(authz.ContactsView), "contacts", "contacts")
	add(owns(sc) && sc.Has(authz.ContactsView), "lists", "contact-lists")
	add(owns(sc) && sc.Has(authz.SuppressionsView), "suppressions", "suppressions")
	add(sc.Has(authz.SettingsView), "settings", string(tuning.Contacts))
	return out
}

func (s *Server) contactsPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	p, q := i18n.From(r.Context()), r.URL.Query()
	base := accountPath(sc.Account(), "/contacts")
	in := contact.Query{Search: q.Get("q"), Cursor: q.Get("cursor")}
	v := ui.List{Views: contactViews(p, sc, "contacts"), Base: base, Search: in.Search, Can: ui.Can{Edit: sc.Has(authz.ContactsEdit), Import: sc.Has(authz.ContactsImport), Export: sc.Has(authz.ContactsExport)}}
	all, err := s.Contacts.Lists(r.Context(), by, sc.Account())
	if err != nil {
		return err
	}
	names := map[ids.List]string{}
	for _, l := range all {
		names[l.ID] = l.Name
	}
	if id := ids.List(q.Get("list")); id != "" {
		if names[id] == "" {
			return errs.NoSuch("contact_list")
		}
		in.List, v.List, v.ListID = id, names[id], string(id)
	}
	found, err := s.Contacts.Find(r.Context(), by, sc.Account(), in)
	if err != nil {
		return err
	}
	v.Masked = found.Masked != contact.MaskNothing
	for _, c := range found.Contacts {
		row := ui.Row{ID: string(c.ID), Title: c.Title(), Href: base + "/" + string(c.ID), Phone: c.Phone, Language: languageName(p, c.Language), Created: p.Date(c.CreatedAt)}
		if c.Name != "" {
			row.Sub = c.Email
		}
		var on []string
		for _, l := range found.On[c.ID] {
			on = append(on, names[l])
		}
		row.Lists = strings.Join(on, p.T("part.comma")+" ")
		v.Rows = append(v.Rows, row)
	}
	if found.Next != "" {
		v.Pager.Next = withQuery(base, filled("q", in.Search, "list", v.ListID, "cursor", found.Next))
	}
	if in.Cursor != "" {
		v.Pager.Prev = withQuery(base, filled("q", in.Search, "list", v.ListID))
	}
	return s.section(w, r, by, http.StatusOK, sc, contactSection, v)
}

// languageName is a language in the reader's, "" for none.
func languageName(p i18n.Printer, tag string) string {
	if tag == "" {
		return ""
	}
	names := display.Tags(language.Make(p.Lang()))
	if names == nil {
		names = display.Tags(language.English)
	}
	return cmp.Or(names.Name(language.Make(tag)), tag)
}

// contactLanguages are the languages of the catalogue, and the one that was chosen.
func (s *Server) contactLanguages(p i18n.Printer, none, chosen string) []part.Option {
	out := []part.Option{{Value: "", Label: none}}
	known := chosen == ""
	for _, tag := range s.Texts.Langs() {
		known = known || tag == chosen
		out = append(out, part.Option{Value: tag, Label: languageName(p, tag)})
	}
	if !known {
		out = append(out, part.Option{Value: chosen, Label: languageName(p, chosen)})
	}
	return out
}

func contactOf(r *http.Request) (ids.Account, ids.Contact, error) {
	at, err := accountOf(r)
	if err != nil {
		return "", "", err
	}
	id, err := ids.ParseContact(r.PathValue("contact"))
	if err != nil {
		return "", "", errs.NoSuch("contact")
	}
	return at, id, nil
}

func (s *Server) newContact(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showContact(w, r, by, http.StatusOK, contact.Record{}, nil, part.Remarks{})
}

func (s *Server) contactPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, id, err := contactOf(r)
	if err != nil {
		return err
	}
	c, err := s.Contacts.Get(r.Context(), by, at, id)
	if err != nil {
		return err
	}
	return s.showContact(w, r, by, http.StatusOK, c, nil, part.Remarks{})
}

// showContact shows a contact; one without id is new. typed is given when the form was sent and has to be attended to.
func (s *Server) showContact(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, c contact.Record, typed *contact.Input, remarks part.Remarks) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	all, err := s.Contacts.Lists(r.Context(), by, sc.Account())
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	back := accountPath(sc.Account(), "/contacts")
	v := ui.Form{Action: back + "/" + string(c.ID), Back: back, New: c.ID == "", Title: c.Title(), Version: c.Version, Can: ui.Can{Edit: sc.Has(authz.ContactsEdit)}, Errors: remarks.Fields, Problem: remarks.Problem}
	if v.New {
		v.Action, v.Title = back+"/new", p.T("contacts.new")
		if !v.Can.Edit {
			return authz.Denied()
		}
	}
	v.Masked = c.Masked == contact.MaskAddresses || c.Masked == contact.MaskAll
	v.NameHides = c.Masked == contact.MaskAll
	if v.Masked || !v.Can.Edit {
		v.Facts = contactFacts(p, c)
	}
	in := typed
	if in == nil {
		in = &contact.Input{Name: c.Name, Email: c.Email, Phone: c.Phone, Language: c.Language, Details: c.Details}
		if v.Masked {
			in.Email, in.Phone = "", ""
		}
		if v.NameHides {
			in.Name = ""
		}
		for _, l := range c.Lists {
			in.Lists = append(in.Lists, l.List)
		}
	} else {
		v.Version = in.Version
	}
	v.Name, v.Email, v.Phone, v.Language, v.Details = in.Name, in.Email, in.Phone, in.Language, detailLines(in.Details)
	v.Languages = s.contactLanguages(p, p.T("contacts.language_account"), v.Language)
	for _, l := range all {
		box := ui.ListBox{ID: string(l.ID), Name: l.Name}
		for _, on := range in.Lists {
			box.On = box.On || on == l.ID
		}
		for _, on := range c.Lists {
			if on.List == l.ID && on.State == contact.Pending {
				box.Note, v.Waits = p.T("contacts.pending"), true
			}
		}
		v.Lists = append(v.Lists, box)
	}
	for _, x := range c.Stops {
		v.Stops = append(v.Stops, ui.Stop{What: s.covers(p, x), Why: p.T("suppressions.reason_" + string(x.Reason)), At: p.Date(x.At)})
	}
	return s.section(w, r, by, status, sc, contactSection, v)
}

// covers says what a suppression stops.
func (s *Server) covers(p i18n.Printer, x contact.Suppression) string {
	if x.List != "" {
		return p.T("suppressions.covers_list", "list", x.ListName)
	}
	return p.T("suppressions.covers_all", "account", x.AccountName)
}

func contactFacts(p i18n.Printer, c contact.Record) (out []part.Fact) {
	add := func(key, text string) {
		if text != "" {
			out = append(out, part.Fact{Term: p.T("contacts." + key), Text: text})
		}
	}
	add("name", c.Name)
	add("email", c.Email)
	add("phone", c.Phone)
	add("language", languageName(p, c.Language))
	for _, d := range c.Details {
		out = append(out, part.Fact{Term: d.Name, Text: d.Value})
	}
	var on []string
	for _, l := range c.Lists {
		on = append(on, l.Name)
	}
	add("lists", strings.Join(on, p.T("part.comma")+" "))
	return out
}

// detailLines are further details as they are typed: a line each, "City: Paris".
func detailLines(all []contact.Detail) string {
	var b strings.Builder
	for _, d := range all {
		if d.Name != "" {
			b.WriteString(d.Name + ": ")
		}
		b.WriteString(d.Value + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func readContact(w http.ResponseWriter, r *http.Request) (in contact.Input, err error) {
	f, err := readForm(w, r, "version", "name", "email", "phone", "language", "details", "lists")
	if err != nil {
		return in, err
	}
	in = contact.Input{Name: f.text("name"), Email: f.text("email"), Phone: f.text("phone"), Language: f.text("language")}
	in.Version, _ = strconv.ParseInt(f.text("version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	for line := range strings.Lines(f.text("details")) {
		name, value, found := strings.Cut(line, ":")
		if !found {
			name, value = "", line
		}
		if strings.TrimSpace(line) != "" {
			in.Details = append(in.Details, contact.Detail{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
		}
	}
	for _, l := range f.all("lists") {
		in.Lists = append(in.Lists, ids.List(l))
	}
	return in, nil
}

func (s *Server) createContact(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, err := accountOf(r)
	if err != nil {
		return err
	}
	in, err := readContact(w, r)
	if err != nil {
		return err
	}
	if _, err := s.Contacts.Create(r.Context(), by, at, in); err != nil {
		return s.contactAgain(w, r, by, contact.Record{}, in, err)
	}
	s.setFlash(w, "contact_saved")
	return seeOther(w, r, accountPath(at, "/contacts"))
}

func (s *Server) saveContact(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, id, err := contactOf(r)
	if err != nil {
		return err
	}
	c, err := s.Contacts.Get(r.Context(), by, at, id)
	if err != nil {
		return err
	}
	in, err := readContact(w, r)
	if err != nil {
		return err
	}
	if err := s.Contacts.Edit(r.Context(), by, at, id, in); err != nil {
		return s.contactAgain(w, r, by, c, in, err)
	}
	s.setFlash(w, "contact_saved")
	return seeOther(w, r, accountPath(at, "/contacts/"+string(id)))
}

func (s *Server) contactAgain(w http.ResponseWriter, r *http.Request, by authz.Actor, c contact.Record, in contact.Input, err error) error {
	remarks, status, err := remarksOn(i18n.From(r.Context()), err)
	if err != nil {
		return err
	}
	return s.showContact(w, r, by, status, c, &in, remarks)
}

func (s *Server) askContact(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	at, id, err := contactOf(r)
	if err != nil {
		return err
	}
	if err := s.Contacts.AskAgain(r.Context(), by, at, id); err != nil {
		remarks, status, rerr := remarksOn(i18n.From(r.Context()), err)
		if rerr != nil {
			return rerr
		}
		c, err := s.Contacts.Get(r.Context(), by, at, id)
		if err != nil {
			return err
		}
		return s.showContact(w, r, by, status, c, nil, remarks)
	}
	s.setFlash(w, "contact_asked")
	return seeOther(w, r, accountPath(at, "/contacts/"+string(id)))
}

func (s *Server) removeContact(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	at, id, err := contactOf(r)
	if err != nil {
		return err
	}
	if err := s.Contacts.Remove(r.Context(), by, at, id); err != nil {
		return err
	}
	s.setFlash(w, "contact_removed")
	return seeOther(w, r, accountPath(at, "/contacts"))
}
