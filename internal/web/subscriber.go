package web

import (
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"bailiwick/internal/contact"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/obs"
	ui "bailiwick/internal/web/ui/contacts"
	"bailiwick/internal/web/ui/part"
)

// How often, in a minute, one link is followed, and links that do not work are tried from one address.
const (
	linksPerMinute   = 60
	guessesPerMinute = 30
)

// subscriberRoutes are the pages that contacts open by the links in their messages. Nobody is signed in there: the link
// is the authority. Opening a page changes nothing.
func (s *Server) subscriberRoutes() []Route {
	preferences, confirm := contact.PreferencesPath+"/{preferences}", contact.ConfirmPath+"/{confirmation}"
	return []Route{
		{Pattern: "GET " + preferences, Open: s.byLink("preferences", s.preferencesPage)},
		{Pattern: "POST " + preferences, Open: s.byLink("preferences", s.savePreferences)},
		{Pattern: "POST " + preferences + "/stop", Open: s.byLink("preferences", s.stopAll)},
		{Pattern: "POST " + preferences + "/resume", Open: s.byLink("preferences", s.resumeAll)},
		{Pattern: "GET " + unsubscribeRoute, Open: s.byLink("unsubscription", s.unsubscribePage)},
		{Pattern: "POST " + unsubscribeRoute, Open: s.byLink("unsubscription", s.unsubscribe)},
		{Pattern: "GET " + confirm, Open: s.byLink("confirmation", s.confirmPage)},
		{Pattern: "POST " + confirm, Open: s.byLink("confirmation", s.confirmSubscription)},
	}
}

// unsubscribeRoute takes posts of programs of mailboxes, whatever page they come from (RFC 8058).
const unsubscribeRoute = contact.UnsubscribePath + "/{unsubscription}"

// byLink hands a page the link in its address, and answers links that do not work, all alike.
func (s *Server) byLink(param string, fn func(http.ResponseWriter, *http.Request, string) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		link, from := r.PathValue(param), obs.ClientIP(r.Context())
		if s.guesses.Spent(from) || !s.links.Take(link).OK {
			return errs.New(errs.OverQuota, "contact.too_often", "Wait a minute and try again. There were too many requests.")
		}
		err := fn(w, r, link)
		if errs.CodeOf(err) != contact.LinkDead {
			return err
		}
		s.guesses.Take(from)
		p := i18n.From(r.Context())
		return s.render(w, r, http.StatusNotFound, ui.Ask{Page: s.plainFrame(w, r, p.T("subscriber.dead")), Heading: p.T("subscriber.dead"), Text: words(p, problemOf(err))})
	}
}

// elsewhere sends who follows a link of an account at the domain of another brand to that of its own, where the page is shown. The
// domain may have changed since the link was sent; posts of programs work at all of them.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request, account ids.Account) (sent bool, err error) {
	if s.sight(r.Context(), account) == account {
		return false, nil
	}
	base, err := s.Brand.Base(r.Context(), account)
	if err != nil {
		return false, err
	}
	http.Redirect(w, r, base.JoinPath(r.URL.Path).String(), http.StatusSeeOther)
	return true, nil
}

// asGuest puts the language of a contact into the request; one that has no texts leaves the browser's.
func (s *Server) asGuest(r *http.Request, g contact.Guest) *http.Request {
	if !slices.Contains(s.Texts.Langs(), g.Language) {
		return r
	}
	return withPrinter(r, s.Texts.For(g.Language))
}

func (s *Server) preferencesPage(w http.ResponseWriter, r *http.Request, link string) error {
	v, err := s.Contacts.Preferences(r.Context(), link)
	if err != nil {
		return err
	}
	return s.showPreferences(w, s.asGuest(r, v.Guest), http.StatusOK, link, v, part.Remarks{})
}

// showPreferences shows a contact's own page.
func (s *Server) showPreferences(w http.ResponseWriter, r *http.Request, status int, link string, v contact.Preferences, remarks part.Remarks) error {
	if sent, err := s.elsewhere(w, r, v.Account); err != nil || sent {
		return err
	}
	p := i18n.From(r.Context())
	title := p.T("subscriber.title")
	page := ui.Preferences{Page: s.brandedFrame(w, r, v.Account, title), Action: contact.PreferencesPath + "/" + link, Heading: title, Text: p.T("subscriber.text", "account", v.AccountName, "address", v.Address),
		Stopped: v.Stopped, Account: v.AccountName, Problem: remarks.Problem}
	for _, c := range []contact.Part{contact.PartName, contact.PartEmail, contact.PartPhone, contact.PartLanguage} {
		s.addPart(p, &page, v, c, remarks)
	}
	for i, d := range v.Details {
		name := fmt.Sprintf("detail:%d", i)
		if v.Changes(contact.PartDetails) {
			page.Fields = append(page.Fields, part.Field{Name: name, Label: d.Name, Value: d.Value, Error: remarks.Fields["details"], MaxLength: 500, Optional: true})
		} else {
			page.Facts = append(page.Facts, part.Fact{Term: d.Name, Text: d.Value})
		}
	}
	for _, f := range page.Fields {
		if f.Error != "" {
			page.Errors = append(page.Errors, part.FieldError{ID: f.Name, Label: f.Label})
		}
	}
	for _, l := range v.Lists {
		box := ui.ListBox{ID: string(l.ID), Name: l.Name, Note: l.Description, On: l.State != ""}
		if l.State == contact.Pending {
			box.Note = p.T("subscriber.pending")
		}
		page.Lists = append(page.Lists, box)
	}
	return s.render(w, r, status, page)
}

// addPart puts a part of what is known of the contact on the page: as a field, as a fact, or not at all.
func (s *Server) addPart(p i18n.Printer, page *ui.Preferences, v contact.Preferences, c contact.Part, remarks part.Remarks) {
	label, value := p.T("contacts."+string(c)), v.Values[c]
	switch {
	case !v.Sees(c):
	case v.Changes(c):
		f := part.Field{Name: string(c), Label: label, Value: value, Error: remarks.Fields[string(c)], Optional: true}
		switch c {
		case contact.PartLanguage:
			f.Type, f.Options, f.Optional = "select", s.contactLanguages(p, p.T("subscriber.any_language"), value), false
		case contact.PartPhone:
			f.Type, f.Autocomplete, f.MaxLength = "tel", "tel", 40
		case contact.PartName:
			f.Autocomplete, f.MaxLength = "name", 120
		case contact.PartEmail, contact.PartDetails:
		}
		page.Fields = append(page.Fields, f)
	case value != "":
		if c == contact.PartLanguage {
			value = languageName(p, value)
		}
		page.Facts = append(page.Facts, part.Fact{Term: label, Text: value})
	}
}

func (s *Server) savePreferences(w http.ResponseWriter, r *http.Request, link string) error {
	v, err := s.Contacts.Preferences(r.Context(), link)
	if err != nil {
		return err
	}
	r = s.asGuest(r, v.Guest)
	f, err := readForm(w, r, "name", "phone", "language", "lists", "detail:")
	if err != nil {
		return err
	}
	in := contact.Preferred{Name: f.text("name"), Phone: f.text("phone"), Language: f.text("language")}
	for i := range v.Details {
		v.Details[i].Value = f.text(fmt.Sprintf("detail:%d", i))
	}
	in.Details = v.Details
	for _, l := range f.all("lists") {
		in.Lists = append(in.Lists, ids.List(l))
	}
	if err := s.Contacts.ChangePreferences(r.Context(), link, in); err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		maps.Copy(v.Values, map[contact.Part]string{contact.PartName: in.Name, contact.PartPhone: in.Phone, contact.PartLanguage: in.Language})
		return s.showPreferences(w, r, status, link, v, remarks)
	}
	s.setFlash(w, "preferences_saved")
	return seeOther(w, r, contact.PreferencesPath+"/"+link)
}

func (s *Server) stopAll(w http.ResponseWriter, r *http.Request, link string) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	if err := s.Contacts.StopAll(r.Context(), link); err != nil {
		return err
	}
	return seeOther(w, r, contact.PreferencesPath+"/"+link)
}

func (s *Server) resumeAll(w http.ResponseWriter, r *http.Request, link string) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	if err := s.Contacts.Resume(r.Context(), link); err != nil {
		return err
	}
	return seeOther(w, r, contact.PreferencesPath+"/"+link)
}

func (s *Server) unsubscribePage(w http.ResponseWriter, r *http.Request, link string) error {
	u, err := s.Contacts.Unsubscription(r.Context(), link)
	if err != nil {
		return err
	}
	if sent, err := s.elsewhere(w, r, u.Account); err != nil || sent {
		return err
	}
	r = s.asGuest(r, u.Guest)
	p := i18n.From(r.Context())
	what, done := "subscriber.from_account", "subscriber.done_account"
	who := u.AccountName
	switch u.Covers {
	case contact.OfList:
		what, done = "subscriber.from_list", "subscriber.done_list"
	case contact.OfCustomer:
		who = u.Customer
	case contact.OfDepartment:
	}
	v := ui.Ask{Page: s.brandedFrame(w, r, u.Account, p.T("subscriber.unsubscribe")), Heading: p.T("subscriber.unsubscribe"), Text: p.T(what, "account", who, "list", u.List, "address", u.Address), Action: contact.UnsubscribePath + "/" + link, Submit: p.T("subscriber.unsubscribe")}
	if u.Done {
		v.Heading, v.Text, v.Action, v.Done = p.T("subscriber.unsubscribed"), p.T(done, "account", who, "list", u.List, "address", u.Address), "", true
	}
	return s.render(w, r, http.StatusOK, v)
}

// oneClick is the only field of a post by the program of a mailbox (RFC 8058, section 3.2).
const oneClick = "List-Unsubscribe"

// unsubscribe takes the contact off. The program of a mailbox gets no page and is sent nowhere: it only reads the status.
func (s *Server) unsubscribe(w http.ResponseWriter, r *http.Request, link string) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "multipart/form-data" {
		if err := r.ParseMultipartForm(maxForm); err != nil { //nolint:gosec // the body has an end
			return unreadable()
		}
	} else if _, err := readForm(w, r, oneClick); err != nil {
		return err
	}
	if err := s.Contacts.Unsubscribe(r.Context(), link); err != nil {
		return err
	}
	if strings.EqualFold(r.PostForm.Get(oneClick), "One-Click") {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	return seeOther(w, r, contact.UnsubscribePath+"/"+link)
}

func (s *Server) confirmPage(w http.ResponseWriter, r *http.Request, link string) error {
	c, err := s.Contacts.Confirmation(r.Context(), link)
	if err != nil {
		return err
	}
	if sent, err := s.elsewhere(w, r, c.Account); err != nil || sent {
		return err
	}
	r = s.asGuest(r, c.Guest)
	p := i18n.From(r.Context())
	v := ui.Ask{Page: s.brandedFrame(w, r, c.Account, p.T("subscriber.confirm_title")), Heading: p.T("subscriber.confirm_title"), Text: p.T("subscriber.confirm_text", "account", c.AccountName, "address", c.Address), Items: c.Lists,
		Action: contact.ConfirmPath + "/" + link, Submit: p.T("subscriber.confirm")}
	if len(c.Lists) == 0 {
		v.Heading, v.Text, v.Action, v.Done = p.T("subscriber.confirmed_title"), p.T("subscriber.confirmed_text", "account", c.AccountName), "", true
		v.Link = &part.Link{Label: p.T("subscriber.to_preferences"), Href: c.Preferences}
	}
	return s.render(w, r, http.StatusOK, v)
}

func (s *Server) confirmSubscription(w http.ResponseWriter, r *http.Request, link string) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	if err := s.Contacts.Confirm(r.Context(), link); err != nil {
		return err
	}
	return seeOther(w, r, contact.ConfirmPath+"/"+link)
}
