package web

import (
	"net/http"
	"net/url"
	"strconv"

	"bailiwick/internal/authz"
	"bailiwick/internal/contact"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	ui "bailiwick/internal/web/ui/contacts"
	"bailiwick/internal/web/ui/part"
)

// filled are those of some pairs of a query that have a value.
func filled(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

func (s *Server) contactLists(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	all, err := s.Contacts.Lists(r.Context(), by, sc.Account())
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	v := ui.Lists{Views: contactViews(p, sc, "lists"), Base: accountPath(sc.Account(), "/contact-lists"), CanEdit: sc.Has(authz.ContactsEdit)}
	for _, l := range all {
		row := ui.ListRow{Name: l.Name, Description: l.Description, Public: l.Public, Count: p.Number(int64(l.Contacts)), Contacts: withQuery(accountPath(sc.Account(), "/contacts"), filled("list", string(l.ID)))}
		if v.CanEdit {
			row.Href = v.Base + "/" + string(l.ID)
		}
		v.Rows = append(v.Rows, row)
	}
	return s.section(w, r, by, http.StatusOK, sc, contactSection, v)
}

func listOf(r *http.Request) (ids.Account, ids.List, error) {
	at, err := accountOf(r)
	if err != nil {
		return "", "", err
	}
	id, err := ids.ParseList(r.PathValue("list"))
	if err != nil {
		return "", "", errs.NoSuch("contact_list")
	}
	return at, id, nil
}

func (s *Server) newContactList(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, err := accountOf(r)
	if err != nil {
		return err
	}
	if _, err := s.Contacts.Lists(r.Context(), by, at); err != nil {
		return err
	}
	return s.showContactList(w, r, by, http.StatusOK, "", contact.ListInput{}, part.Remarks{})
}

func (s *Server) contactListPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, id, err := listOf(r)
	if err != nil {
		return err
	}
	l, err := s.Contacts.List(r.Context(), by, at, id)
	if err != nil {
		return err
	}
	return s.showContactList(w, r, by, http.StatusOK, id, contact.ListInput{Name: l.Name, Description: l.Description, Public: l.Public, Version: l.Version}, part.Remarks{})
}

// showContactList shows the form of a list; id is "" for a new one.
func (s *Server) showContactList(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, id ids.List, in contact.ListInput, remarks part.Remarks) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	if !sc.Has(authz.ContactsEdit) {
		return authz.Denied()
	}
	back := accountPath(sc.Account(), "/contact-lists")
	v := ui.ListForm{Action: back + "/" + string(id), Back: back, New: id == "", Version: in.Version, Name: in.Name, Description: in.Description, Public: in.Public, Errors: remarks.Fields, Problem: remarks.Problem}
	if v.New {
		v.Action = back + "/new"
	}
	return s.section(w, r, by, status, sc, contactSection, v)
}

func readContactList(w http.ResponseWriter, r *http.Request) (in contact.ListInput, err error) {
	f, err := readForm(w, r, "version", "name", "description", "public")
	if err != nil {
		return in, err
	}
	in = contact.ListInput{Name: f.text("name"), Description: f.text("description"), Public: f.ticked("public")}
	in.Version, _ = strconv.ParseInt(f.text("version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	return in, nil
}

func (s *Server) createContactList(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, err := accountOf(r)
	if err != nil {
		return err
	}
	in, err := readContactList(w, r)
	if err != nil {
		return err
	}
	_, err = s.Contacts.AddList(r.Context(), by, at, in)
	return s.contactListDone(w, r, by, at, "", in, err)
}

func (s *Server) saveContactList(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, id, err := listOf(r)
	if err != nil {
		return err
	}
	in, err := readContactList(w, r)
	if err != nil {
		return err
	}
	return s.contactListDone(w, r, by, at, id, in, s.Contacts.EditList(r.Context(), by, at, id, in))
}

func (s *Server) contactListDone(w http.ResponseWriter, r *http.Request, by authz.Actor, at ids.Account, id ids.List, in contact.ListInput, err error) error {
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showContactList(w, r, by, status, id, in, remarks)
	}
	s.setFlash(w, "contact_list_saved")
	return seeOther(w, r, accountPath(at, "/contact-lists"))
}

func (s *Server) removeContactList(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	at, id, err := listOf(r)
	if err != nil {
		return err
	}
	if err := s.Contacts.RemoveList(r.Context(), by, at, id); err != nil {
		return err
	}
	s.setFlash(w, "contact_list_removed")
	return seeOther(w, r, accountPath(at, "/contact-lists"))
}

func (s *Server) suppressionsPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	p, q := i18n.From(r.Context()), r.URL.Query()
	base := accountPath(sc.Account(), "/suppressions")
	in := contact.SuppressionQuery{Search: q.Get("q"), Reason: contact.Reason(q.Get("reason")), Cursor: q.Get("cursor")}
	found, err := s.Contacts.Suppressions(r.Context(), by, sc.Account(), in)
	if err != nil {
		return err
	}
	v := ui.Suppressions{Views: contactViews(p, sc, "suppressions"), Base: base, Search: in.Search, Reason: string(in.Reason), Masked: found.Masked != contact.MaskNothing,
		Can: ui.Can{Edit: sc.Has(authz.SuppressionsEdit), Import: sc.Has(authz.SuppressionsImport), Export: sc.Has(authz.SuppressionsExport)}}
	v.Filter = part.Filter{Label: p.T("suppressions.reason"), Menu: "reasons"}
	for _, reason := range contact.Reasons() {
		label := p.T("suppressions.reason_" + string(reason))
		if reason == in.Reason {
			v.Filter = part.Filter{Label: v.Filter.Label, Value: label, Href: withQuery(base, filled("q", in.Search))}
		}
		v.Reasons = append(v.Reasons, part.MenuItem{Label: label, Href: withQuery(base, filled("q", in.Search, "reason", string(reason)))})
	}
	for _, x := range found.Suppressions {
		row := ui.StopRow{Address: x.Address, Covers: s.covers(p, x), Reason: p.T("suppressions.reason_" + string(x.Reason)), Added: p.Date(x.At)}
		if v.Can.Edit {
			row.Lift = base + "/" + string(x.ID) + "/lift"
		}
		v.Rows = append(v.Rows, row)
	}
	if found.Next != "" {
		v.Pager.Next = withQuery(base, filled("q", in.Search, "reason", v.Reason, "cursor", found.Next))
	}
	if in.Cursor != "" {
		v.Pager.Prev = withQuery(base, filled("q", in.Search, "reason", v.Reason))
	}
	return s.section(w, r, by, http.StatusOK, sc, contactSection, v)
}

func (s *Server) newSuppression(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showSuppress(w, r, by, http.StatusOK, contact.SuppressInput{}, part.Remarks{})
}

func (s *Server) showSuppress(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, in contact.SuppressInput, remarks part.Remarks) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	switch {
	case !sc.Has(authz.SuppressionsEdit):
		return authz.Denied()
	case !owns(sc):
		return errs.NoSuch("page")
	}
	p := i18n.From(r.Context())
	back := accountPath(sc.Account(), "/suppressions")
	v := ui.StopForm{Action: back + "/new", Back: back, Address: in.Address, List: string(in.List), Errors: remarks.Fields, Problem: remarks.Problem,
		Lists: []part.Option{{Label: p.T("suppressions.covers_all", "account", sc.Name())}}}
	if sc.Has(authz.ContactsView) {
		all, err := s.Contacts.Lists(r.Context(), by, sc.Account())
		if err != nil {
			return err
		}
		for _, l := range all {
			v.Lists = append(v.Lists, part.Option{Value: string(l.ID), Label: p.T("suppressions.covers_list", "list", l.Name)})
		}
	}
	return s.section(w, r, by, status, sc, contactSection, v)
}

func (s *Server) addSuppression(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "address", "list")
	if err != nil {
		return err
	}
	in := contact.SuppressInput{Address: f.text("address"), List: ids.List(f.text("list"))}
	if _, err := s.Contacts.Suppress(r.Context(), by, at, in); err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showSuppress(w, r, by, status, in, remarks)
	}
	s.setFlash(w, "suppression_added")
	return seeOther(w, r, accountPath(at, "/suppressions"))
}

func (s *Server) liftSuppression(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	at, err := accountOf(r)
	if err != nil {
		return err
	}
	id, err := ids.ParseSuppressed(r.PathValue("suppression"))
	if err != nil {
		return errs.NoSuch("suppression")
	}
	if err := s.Contacts.Lift(r.Context(), by, at, id); err != nil {
		return err
	}
	s.setFlash(w, "suppression_lifted")
	return seeOther(w, r, accountPath(at, "/suppressions"))
}
