package web

import (
	"net/http"
	"net/url"
	"slices"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/tuning"
	"bailiwick/internal/web/ui/part"
	ui "bailiwick/internal/web/ui/tuning"
)

// belowPage offers to apply settings to accounts below.
func (s *Server) belowPage(tab tuning.Tab) func(http.ResponseWriter, *http.Request, authz.Actor) error {
	return func(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
		page, err := s.tuned(r, by, tab)
		if err != nil {
			return err
		}
		return s.showBelow(w, r, by, http.StatusOK, page, ui.Below{}, nil)
	}
}

func (s *Server) showBelow(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, page tuning.Page, v ui.Below, chosen []string) error {
	p := i18n.From(r.Context())
	v.Back, v.Search = accountPath(page.Account, "/"+string(page.Tab)), r.URL.Query().Get("q")
	v.Action = v.Back + "/below"
	for _, f := range page.Fields() {
		if f.Value != nil {
			v.Settings = append(v.Settings, part.Option{Value: f.Name, Label: p.T("part.pair", "name", settingLabel(p, f.Name), "value", settingText(p, f, f.Value))})
		}
	}
	_, sc, err := s.Ops.See(r.Context(), by, page.Account)
	if err != nil {
		return err
	}
	if v.Searched = sc.Kind() == string(account.Platform) || sc.Kind() == string(account.Reseller); v.Searched {
		err = s.clientsBelow(r, by, sc, page, &v)
	} else {
		err = s.departmentsBelow(r, by, sc, page, &v)
	}
	if err != nil {
		return err
	}
	for i := range v.Rows {
		v.Rows[i].Checked = slices.Contains(chosen, v.Rows[i].ID)
	}
	return s.section(w, r, by, status, sc, string(page.Tab), v)
}

func (s *Server) clientsBelow(r *http.Request, by authz.Actor, sc authz.Scope, page tuning.Page, v *ui.Below) error {
	if !sc.Has(authz.ClientsView) {
		return nil
	}
	list, err := s.Accounts.List(r.Context(), by, page.Account, account.Query{Search: v.Search, Cursor: r.URL.Query().Get("cursor")})
	if err != nil {
		return err
	}
	for _, c := range list.Rows {
		v.Rows = append(v.Rows, belowRow(i18n.From(r.Context()), v.Action, c.ID, c.Name, account.Customer))
	}
	if list.Next != "" {
		v.Next = v.Action + "?" + url.Values{"q": {v.Search}, "cursor": {list.Next}}.Encode()
	}
	return nil
}

func (s *Server) departmentsBelow(r *http.Request, by authz.Actor, sc authz.Scope, page tuning.Page, v *ui.Below) error {
	if !sc.Has(authz.DepartmentsView) {
		return nil
	}
	rows, next, err := s.Accounts.Departments(r.Context(), by, page.Account, r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	for _, d := range rows {
		v.Rows = append(v.Rows, belowRow(i18n.From(r.Context()), v.Action, d.ID, d.Name, account.Department))
	}
	v.Next = cursorLink(v.Action, next)
	return nil
}

func belowRow(p i18n.Printer, at string, id ids.Account, name string, kind account.Kind) ui.BelowRow {
	return ui.BelowRow{ID: string(id), Name: name, Kind: p.T("kind." + string(kind)), Compare: at + "/compare?with=" + string(id)}
}

// applyBelow gives the chosen accounts the values in force here.
func (s *Server) applyBelow(tab tuning.Tab) func(http.ResponseWriter, *http.Request, authz.Actor) error {
	return func(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
		page, err := s.tuned(r, by, tab)
		if err != nil {
			return err
		}
		f, err := readForm(w, r, "name", "to")
		if err != nil {
			return err
		}
		var to []ids.Account
		for _, text := range f.all("to") {
			id, err := ids.ParseAccount(text)
			if err != nil {
				return err
			}
			to = append(to, id)
		}
		err = s.Tuning.Apply(r.Context(), by, page.Account, tab, f.all("name"), to)
		if err == nil {
			s.setFlash(w, "settings_applied")
			return seeOther(w, r, accountPath(page.Account, "/"+string(tab)+"/below"))
		}
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showBelow(w, r, by, status, page, ui.Below{Chosen: f.all("name"), Remarks: remarks.Fields, Problem: remarks.Problem}, f.all("to"))
	}
}

// comparePage puts the tab of two accounts side by side.
func (s *Server) comparePage(tab tuning.Tab) func(http.ResponseWriter, *http.Request, authz.Actor) error {
	return func(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
		page, err := s.tuned(r, by, tab)
		if err != nil {
			return err
		}
		one, with := page.Account, r.URL.Query().Get("with")
		if with == "" {
			return seeOther(w, r, accountPath(one, "/"+string(tab)+"/below"))
		}
		other, err := ids.ParseAccount(with)
		if err != nil {
			return err
		}
		c, err := s.Tuning.Compare(r.Context(), by, one, other, tab)
		if err != nil {
			return err
		}
		p, at := i18n.From(r.Context()), accountPath(one, "/"+string(tab))
		v := ui.Compared{Back: at + "/below", One: part.Link{Label: c.One.Name}, Other: part.Link{Label: c.Other.Name}}
		for _, pair := range c.Pairs {
			v.Rows = append(v.Rows, ui.ComparedRow{Label: settingLabel(p, pair.Name), One: fieldText(p, pair.One), Other: fieldText(p, pair.Other), Same: pair.Same})
			if !pair.Same {
				v.Differ++
			}
		}
		_, sc, err := s.Ops.See(r.Context(), by, one)
		if err != nil {
			return err
		}
		return s.section(w, r, by, http.StatusOK, sc, string(tab), v)
	}
}

func fieldText(p i18n.Printer, f *tuning.Field) string {
	if f == nil {
		return p.T("setting.not_there")
	}
	return settingText(p, *f, f.Value)
}
