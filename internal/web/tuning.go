package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/setting"
	"bailiwick/internal/tuning"
	"bailiwick/internal/web/ui/part"
	ui "bailiwick/internal/web/ui/tuning"
)

// tuningRoutes are the tabs on which the settings of an account stand.
func (s *Server) tuningRoutes() []Route {
	out := []Route{{Pattern: "GET /a/{account}/settings/{setting}", Signed: s.settingPage}}
	for _, tab := range []tuning.Tab{tuning.Settings, tuning.Security, tuning.Branding, tuning.Contacts} {
		at := "/a/{account}/" + string(tab)
		out = append(out,
			Route{Pattern: "GET " + at, Signed: s.settingsPage(tab)},
			Route{Pattern: "POST " + at, Signed: s.saveSettings(tab)},
			Route{Pattern: "GET " + at + "/below", Signed: s.belowPage(tab)},
			Route{Pattern: "POST " + at + "/below", Signed: s.applyBelow(tab)},
			Route{Pattern: "GET " + at + "/below/compare", Signed: s.comparePage(tab)},
		)
	}
	return out
}

// draft is a setting as it stands in the form.
type draft struct {
	own    bool // a value of the account's own
	locked bool
	values []string
}

// drafts are the settings of a page by name.
type drafts map[string]draft

func (s *Server) settingsPage(tab tuning.Tab) func(http.ResponseWriter, *http.Request, authz.Actor) error {
	return func(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
		on, err := s.accountPages(w, r, by)
		if err != nil {
			return err
		}
		return s.openSettings(r, by, on, tab)
	}
}

// openSettings shows the settings of a tab as they are stored.
func (s *Server) openSettings(r *http.Request, by authz.Actor, on surface, tab tuning.Tab) error {
	page, err := s.Tuning.View(r.Context(), by, on.account, tab)
	if err != nil {
		return err
	}
	return s.showSettings(r, by, on, http.StatusOK, page, stored(page), ui.Tab{})
}

func (s *Server) tuned(r *http.Request, by authz.Actor, tab tuning.Tab) (tuning.Page, error) {
	id, err := accountOf(r)
	if err != nil {
		return tuning.Page{}, err
	}
	return s.Tuning.View(r.Context(), by, id, tab)
}

// stored is the form as it stands before anything is typed.
func stored(page tuning.Page) drafts {
	out := drafts{}
	for _, f := range page.Fields() {
		d := draft{own: f.Own != nil && f.CanEdit, locked: f.OwnLocked, values: f.Control.Show(f.Value)}
		if d.own {
			d.values = f.Control.Show(f.Own)
		}
		out[f.Name] = d
	}
	return out
}

// typed is the form as it was sent.
func typed(page tuning.Page, f form) drafts {
	out := stored(page)
	for _, field := range page.Fields() {
		if !field.CanEdit {
			continue
		}
		d := draft{own: f.ticked("own:" + field.Name), locked: f.ticked("lock:" + field.Name), values: f.all("v:" + field.Name)}
		if !d.own {
			d = draft{values: field.Control.Show(field.Above)}
		}
		out[field.Name] = d
	}
	return out
}

func (s *Server) saveSettings(tab tuning.Tab) func(http.ResponseWriter, *http.Request, authz.Actor) error {
	return func(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
		on, err := s.accountPages(w, r, by)
		if err != nil {
			return err
		}
		return s.saveSettingsOn(w, r, by, on, tab)
	}
}

// saveSettingsOn saves the form, or shows it again with one more setting overridden or reset.
func (s *Server) saveSettingsOn(w http.ResponseWriter, r *http.Request, by authz.Actor, on surface, tab tuning.Tab) error {
	page, err := s.Tuning.View(r.Context(), by, on.account, tab)
	if err != nil {
		return err
	}
	f, err := readFiles(w, r, mostPictures, "version", "do", "confirmed", "own:", "v:", "lock:")
	if err != nil {
		return err
	}
	now := typed(page, f)
	refused, err := s.keepPictures(r, by, page.Account, page, now)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(f.text("version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	do, name, _ := strings.Cut(f.text("do"), ":")
	switch do {
	case "override", "reset":
		d, ok := now[name]
		if !ok {
			return errs.NoSuch("setting")
		}
		d.own = do == "override"
		if !d.own {
			d = draft{values: above(page, name)}
		}
		now[name] = d
		return s.showSettings(r, by, on, http.StatusOK, page, now, ui.Tab{Version: version, Unsaved: true, Focus: name})
	}
	if refused != nil {
		return s.settingsAgain(r, by, on, page, now, version, refused)
	}
	return s.keepSettings(w, r, by, on, page, now, version, f.ticked("confirmed"))
}

func above(page tuning.Page, name string) []string {
	for _, f := range page.Fields() {
		if f.Name == name {
			return f.Control.Show(f.Above)
		}
	}
	return nil
}

// keepSettings saves what was typed. What a new lock does is shown first.
func (s *Server) keepSettings(w http.ResponseWriter, r *http.Request, by authz.Actor, on surface, page tuning.Page, now drafts, version int64, confirmed bool) error {
	edits, locks, err := editsOf(page, now)
	if err == nil && !confirmed {
		var warn []string
		if warn, err = s.reached(r, by, page, locks); err != nil {
			return err
		}
		people, err := s.consequences(r, by, page, edits)
		if err != nil {
			return err
		}
		if len(warn)+len(people) > 0 {
			return s.showSettings(r, by, on, http.StatusUnprocessableEntity, page, now, ui.Tab{Version: version, Unsaved: true, Locking: warn, Concerned: people})
		}
	}
	if err == nil {
		err = s.Tuning.Save(r.Context(), by, page.Account, page.Tab, version, edits)
	}
	if err == nil {
		s.setFlash(w, "settings_saved")
		return seeOther(w, r, on.done(string(page.Tab)))
	}
	return s.settingsAgain(r, by, on, page, now, version, err)
}

// settingsAgain shows what was typed once more, with what is to be done about it.
func (s *Server) settingsAgain(r *http.Request, by authz.Actor, on surface, page tuning.Page, now drafts, version int64, err error) error {
	remarks, status, rerr := remarksOn(i18n.From(r.Context()), err)
	if rerr != nil {
		return rerr
	}
	v := ui.Tab{Version: version, Unsaved: true, Problem: remarks.Problem, Remarks: remarks.Fields}
	var stale *tuning.Stale
	if errors.As(err, &stale) {
		page, v.Version = stale.Theirs, stale.Theirs.Version
	}
	return s.showSettings(r, by, on, status, page, now, v)
}

// editsOf are the changes that the form asks for, and the settings that it locks anew.
func editsOf(page tuning.Page, now drafts) (edits map[string]tuning.Edit, locks []tuning.Field, err error) {
	edits = map[string]tuning.Edit{}
	var refused errs.Collector
	for _, f := range page.Fields() {
		d := now[f.Name]
		switch {
		case !f.CanEdit && !d.own:
		case d.own:
			value, err := f.Control.Read(d.values)
			if err != nil {
				var e *errs.Error
				if !errors.As(err, &e) {
					return nil, nil, err
				}
				refused.Add(f.Name, e.Code, e.Msg, e.Args...)
				continue
			}
			if string(value) != string(f.Own) || d.locked != f.OwnLocked {
				edits[f.Name] = tuning.Edit{Value: value, Locked: d.locked}
			}
			if d.locked && !f.OwnLocked {
				locks = append(locks, f)
			}
		case f.Own != nil:
			edits[f.Name] = tuning.Edit{Inherit: true}
		}
	}
	return edits, locks, refused.Err()
}

// reached says whose own values new locks put out of force.
func (s *Server) reached(r *http.Request, by authz.Actor, page tuning.Page, locks []tuning.Field) ([]string, error) {
	p := i18n.From(r.Context())
	var out []string
	for _, f := range locks {
		b, err := s.Tuning.Below(r.Context(), by, page.Account, page.Tab, f.Name)
		if err != nil {
			return nil, err
		}
		if b.Own > 0 {
			out = append(out, p.T("setting.locks", "setting", settingLabel(p, f.Name), "count", b.Own))
		}
	}
	return out, nil
}

func (s *Server) showSettings(r *http.Request, by authz.Actor, on surface, status int, page tuning.Page, now drafts, v ui.Tab) error {
	p := i18n.From(r.Context())
	v.Action, v.CanEdit = on.at(string(page.Tab)), page.CanEdit
	if page.CanEdit {
		v.Below = accountPath(page.Account, "/"+string(page.Tab)+"/below")
	}
	if v.Version == 0 {
		v.Version = page.Version
	}
	s.addCards(p, page, now, &v)
	for i := range v.Cards {
		if v.Cards[i].ID == "messages" {
			v.Cards[i].Action = &part.Link{Label: p.T("preview.open"), Href: previewPath(page.Account)}
		}
		for j := range v.Cards[i].Lines {
			l := &v.Cards[i].Lines[j]
			l.Href = accountPath(page.Account, "/settings/"+l.Name)
		}
	}
	if page.Tab == tuning.Contacts && on.form == "" {
		var err error
		if v.Before, err = s.contactsAbove(r, by, page.Account); err != nil {
			return err
		}
	}
	if page.Tab == tuning.Security {
		if err := s.addSecurity(r, by, page, &v); err != nil {
			return err
		}
	}
	if page.Tab == tuning.Branding {
		return s.showBranding(r, by, on, status, page, now, v)
	}
	return on.show(status, string(page.Tab), v)
}

// addCards puts the settings of a page into a tab, each with what is remarked on it.
func (s *Server) addCards(p i18n.Printer, page tuning.Page, now drafts, v *ui.Tab) {
	for _, g := range page.Groups {
		card := ui.Card{ID: g.Name, Title: p.T("setting.group_" + g.Name)}
		for _, f := range g.Fields {
			l := settingLine(p, f, now[f.Name])
			if l.Error = v.Remarks[f.Name]; l.Error != "" {
				v.Errors = append(v.Errors, part.FieldError{ID: "v:" + f.Name, Label: l.Label})
			}
			l.Note, l.Focus = s.mailNote(p, f), v.Focus == f.Name
			card.Lines = append(card.Lines, l)
		}
		v.Cards = append(v.Cards, card)
	}
}

// mailNote says of a setting of mails that none are sent; "" where they are, and of others.
func (s *Server) mailNote(p i18n.Printer, f tuning.Field) string {
	if !s.MailOff || !f.Control.Mails {
		return ""
	}
	return p.T("setting.mail_off")
}

func settingLine(p i18n.Printer, f tuning.Field, d draft) ui.Line {
	l := ui.Line{Name: f.Name, Label: settingLabel(p, f.Name), Hint: settingHint(p, f.Name), Control: f.Control, Values: d.values, Own: d.own && f.CanEdit, Lock: d.locked, Options: settingOptions(p, f)}
	if f.Control.Unit != "" {
		l.Unit = p.T("setting.unit_" + f.Control.Unit)
	}
	if f.Control.Kind == setting.Optional {
		l.On = settingOption(p, f.Name, "on")
	}
	l.Inherit = part.Inherit{State: part.Inherited, From: providerName(p, f.From.Name)}
	switch {
	case l.Own:
		l.Inherit = part.Inherit{State: part.SetHere, From: providerName(p, f.AboveFrom.Name), ParentValue: settingText(p, f, f.Above), Name: "do", Value: "reset:" + f.Name}
		if f.AboveFrom.IsDefault() {
			l.Inherit.Note = p.T("setting.set_here_default", "value", l.Inherit.ParentValue)
		}
	case f.From.LockedAbove():
		l.Inherit = part.Inherit{State: part.Locked, From: providerName(p, f.From.LockedBy.Name)}
	case f.ParentField:
		l.Inherit.Note = p.T("setting.parents_note")
	case f.CanEdit:
		l.Inherit.Name, l.Inherit.Value = "do", "override:"+f.Name
	}
	if l.Inherit.State == part.Inherited && f.From.IsDefault() && l.Inherit.Note == "" {
		l.Inherit.Note = p.T("setting.is_default")
	}
	return l
}
