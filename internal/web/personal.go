package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/setting"
	"bailiwick/internal/tuning"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/me"
	"bailiwick/internal/web/ui/part"
	ui "bailiwick/internal/web/ui/tuning"
)

// personal is where the settings of a person in an account are shown and saved: by an admin, or by the person.
type personal struct {
	own    bool // the reader's own
	action string
	done   string
	try    string // the preview of messages as sent by the person, "" without
	show   func(status int, tab ui.Tab) error
	save   func(version int64, edits map[string]tuning.Edit) error
}

func (s *Server) personalPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, on, err := s.personalSurface(w, r, by)
	if err != nil {
		return err
	}
	return s.openPersonal(w, r, by, sc, m, on)
}

func (s *Server) savePersonal(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, on, err := s.personalSurface(w, r, by)
	if err != nil {
		return err
	}
	return s.savePersonalOn(w, r, by, sc, m, on)
}

func (s *Server) personalSurface(w http.ResponseWriter, r *http.Request, by authz.Actor) (authz.Scope, user.Member, surface, error) {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return sc, m, surface{}, err
	}
	who, err := s.identityOf(r, by, sc, m)
	return sc, m, s.personPages(w, r, by, sc, m, who), err
}

func (s *Server) openPersonal(_ http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, on surface) error {
	page, err := s.Users.Settings(r.Context(), by, sc.Account(), m.ID)
	if err != nil {
		return err
	}
	return s.showPersonal(r, http.StatusOK, page, stored(page), ui.Tab{}, s.personalOf(r, by, sc, m, on))
}

func (s *Server) savePersonalOn(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, on surface) error {
	page, err := s.Users.Settings(r.Context(), by, sc.Account(), m.ID)
	if err != nil {
		return err
	}
	if !page.CanEdit {
		return authz.Denied()
	}
	return s.keepPersonal(w, r, page, s.personalOf(r, by, sc, m, on))
}

// personalOf are the settings of a member as an admin changes them.
func (s *Server) personalOf(r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, on surface) personal {
	v := personal{
		action: on.at(personalSection), done: on.done(personalSection),
		show: func(status int, tab ui.Tab) error { return on.show(status, personalSection, tab) },
		save: func(version int64, edits map[string]tuning.Edit) error {
			return s.Users.SaveSettings(r.Context(), by, sc.Account(), m.ID, version, edits)
		},
	}
	if sc.Has(authz.SettingsView) {
		v.try = previewPath(sc.Account()) + "?" + url.Values{sentAs: {string(m.ID)}}.Encode()
	}
	return v
}

func (s *Server) ownSettingsPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	page, ok, err := s.Users.OwnSettings(r.Context(), by)
	if err != nil {
		return err
	}
	if !ok {
		return seeOther(w, r, "/me")
	}
	return s.showPersonal(r, http.StatusOK, page, stored(page), ui.Tab{}, s.ownPersonal(w, r, by, page))
}

func (s *Server) saveOwnSettings(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	page, ok, err := s.Users.OwnSettings(r.Context(), by)
	if err != nil {
		return err
	}
	if !ok {
		return errs.NoSuch("user")
	}
	return s.keepPersonal(w, r, page, s.ownPersonal(w, r, by, page))
}

// ownPersonal are the settings that somebody changes for themselves.
func (s *Server) ownPersonal(w http.ResponseWriter, r *http.Request, by authz.Actor, page tuning.Page) personal {
	return personal{
		own: true, action: "/me/settings", done: "/me/settings",
		show: func(status int, tab ui.Tab) error {
			frame, err := s.frame(w, r, by, place{title: i18n.From(r.Context()).T("me.settings")})
			if err != nil {
				return err
			}
			return s.render(w, r, status, me.Settings{Page: frame, Account: page.Name, Tab: tab})
		},
		save: func(version int64, edits map[string]tuning.Edit) error {
			return s.Users.SaveOwnSettings(r.Context(), by, version, edits)
		},
	}
}

// keepPersonal saves the form, or shows it again with one more setting overridden or reset, or with what is to be done about it.
func (s *Server) keepPersonal(w http.ResponseWriter, r *http.Request, page tuning.Page, of personal) error {
	f, err := readForm(w, r, "version", "do", "own:", "v:")
	if err != nil {
		return err
	}
	now := typed(page, f)
	version, _ := strconv.ParseInt(f.text("version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	do, name, _ := strings.Cut(f.text("do"), ":")
	if do == "override" || do == "reset" {
		d, ok := now[name]
		if !ok {
			return errs.NoSuch("setting")
		}
		if d.own = do == "override"; !d.own {
			d = draft{values: above(page, name)}
		}
		now[name] = d
		return s.showPersonal(r, http.StatusOK, page, now, ui.Tab{Version: version, Unsaved: true, Focus: name}, of)
	}
	edits, _, err := editsOf(page, now)
	if err == nil {
		err = of.save(version, edits)
	}
	if err == nil {
		s.setFlash(w, "settings_saved")
		return seeOther(w, r, of.done)
	}
	remarks, status, rerr := remarksOn(i18n.From(r.Context()), err)
	if rerr != nil {
		return rerr
	}
	v := ui.Tab{Version: version, Unsaved: true, Problem: remarks.Problem, Remarks: remarks.Fields}
	var stale *tuning.Stale
	if errors.As(err, &stale) {
		page, v.Version = stale.Theirs, stale.Theirs.Version
	}
	return s.showPersonal(r, status, page, now, v, of)
}

func (s *Server) showPersonal(r *http.Request, status int, page tuning.Page, now drafts, v ui.Tab, of personal) error {
	p := i18n.From(r.Context())
	v.Action, v.CanEdit = of.action, page.CanEdit
	if v.Version == 0 {
		v.Version = page.Version
	}
	for _, g := range page.Groups {
		card := ui.Card{ID: g.Name, Title: p.T("setting.group_" + g.Name)}
		if g.Name == "messages" && of.try != "" {
			card.Action = &part.Link{Label: p.T("preview.open"), Href: of.try}
		}
		for _, f := range g.Fields {
			l := settingLine(p, f, now[f.Name])
			l.Note = s.mailNote(p, f)
			l.Last, l.Focus = true, v.Focus == f.Name
			if own := setting.TextKey(f.Name) + "_own"; of.own && p.Has(own) {
				l.Label = p.T(own)
			}
			if f.Name == account.Language.Name {
				l = inLanguages(p, f, l, s.languages(p))
			} else if f.Control.Kind == setting.Choice && !slices.Contains(f.Control.Options, l.First()) { // what is inherited need not be among what a person may choose
				l.Options = append(l.Options, part.Option{Value: l.First(), Label: settingOption(p, f.Name, l.First())})
			}
			if l.Error = v.Remarks[f.Name]; l.Error != "" {
				v.Errors = append(v.Errors, part.FieldError{ID: "v:" + f.Name, Label: l.Label})
			}
			card.Lines = append(card.Lines, l)
		}
		v.Cards = append(v.Cards, card)
	}
	return of.show(status, v)
}

// inLanguages is the line of a language, with the languages in words.
func inLanguages(p i18n.Printer, f tuning.Field, l ui.Line, all []part.Option) ui.Line {
	l.Control.Kind, l.Options = setting.Choice, all
	if l.Inherit.State != part.SetHere {
		return l
	}
	above := f.Control.Show(f.Above)
	for _, o := range all {
		if slices.Contains(above, o.Value) {
			l.Inherit.ParentValue = o.Label
		}
	}
	if f.AboveFrom.IsDefault() {
		l.Inherit.Note = p.T("setting.set_here_default", "value", l.Inherit.ParentValue)
	}
	return l
}
