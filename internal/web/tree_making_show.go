package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/policy"
	"bailiwick/internal/tuning"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/security"
	ui "bailiwick/internal/web/ui/tree"
	settingsui "bailiwick/internal/web/ui/tuning"
)

// panel is what stands under a tab of the form, and what of it needs attention.
type panel struct {
	body   templ.Component
	errors []part.FieldError
}

// again shows the form in the pane once more, with the tab, without loading the page.
func (m making) again(tab string) part.HX {
	return part.HX{Post: m.t.href(), Target: "#pane", Swap: "outerHTML", Vals: `{"do":"tab:` + tab + `"}`}
}

// button is a button of the form that shows it again in the pane.
func (m making) button() part.HX {
	return part.HX{Post: m.t.href(), Target: "#pane", Swap: "outerHTML"}
}

// showMaking shows the form with one of its tabs.
func (s *Server) showMaking(w http.ResponseWriter, r *http.Request, by authz.Actor, m making, status int, remarks part.Remarks) error {
	p := i18n.From(r.Context())
	shown, err := s.panel(r, by, m, remarks)
	if err != nil {
		return err
	}
	v := ui.Pane{Title: p.T("tree.new_" + string(m.kind) + "_title"), Eyebrow: p.T("tree.in_account", "name", m.in.Name()), Back: m.t.alone().href(), IsFull: m.t.full,
		Form: paneForm, Send: p.T("tree.create_" + string(m.kind)), Errors: shown.errors, Making: &ui.Making{Width: m.width(p)}}
	v.Body = ui.New{ID: paneForm, Action: m.t.href(), Panel: shown.body, Carried: s.carried(m), Tried: m.tried, Unsaved: len(m.r.PostForm) > 0, Errors: shown.errors, Problem: remarks.Problem}
	v.Tabs = &part.Tabs{Label: p.T("tree.tabs", "name", v.Title)}
	n := s.remarked(m, remarks.Fields)
	for _, key := range m.tabs {
		tab := part.Tab{Label: p.T("tree.tab_" + key), Current: key == m.t.tab, Form: paneForm, Value: "tab:" + key, HX: m.button()}
		if n[key] > 0 {
			tab.Tone, tab.Note = part.Danger, p.T("tree.tab_errors", "count", n[key])
			if v.Where == "" {
				v.Where = tab.Label
				if !tab.Current {
					v.Making.Fix = &part.LinkButton{Label: p.T("tree.errors_in", "count", n[key], "tab", tab.Label), Form: paneForm, Name: "do", Value: "fix:" + key, HX: m.button()}
				}
			}
		}
		v.Tabs.Items = append(v.Tabs.Items, tab)
	}
	return s.showTree(w, r, by, status, m.t, v, "")
}

func (m making) width(p i18n.Printer) part.IconButton {
	b := part.IconButton{Label: p.T("tree.full"), Icon: "maximize-2", Small: true, Submit: true, Form: paneForm, Name: "do", Value: "full", HX: m.button()}
	if m.t.full {
		b.Label, b.Icon = p.T("tree.beside"), "minus"
	}
	return b
}

// carried are the fields that were sent and do not stand under the tab that is shown.
func (s *Server) carried(m making) []ui.Sent {
	var out []ui.Sent
	for _, name := range m.sentNames() {
		if name == "do" || name == "tried" || s.tabOf(m, name) == m.t.tab {
			continue
		}
		for _, v := range m.all(name) {
			out = append(out, ui.Sent{Name: name, Value: v})
		}
	}
	return out
}

func (s *Server) panel(r *http.Request, by authz.Actor, m making, remarks part.Remarks) (panel, error) {
	switch m.t.tab {
	case properties:
		return s.propertiesPanel(r, by, m, remarks)
	case quotasSection:
		return s.quotasPanel(r, by, m, remarks)
	}
	return s.settingsPanel(r, by, m, tuning.Tab(m.t.tab), remarks)
}

// focusOn is the field that takes the focus: the first that needs attention, when that is what the person asked for.
func (m making) focusOn(errors []part.FieldError) string {
	if m.fix && len(errors) > 0 {
		return errors[0].ID
	}
	return ""
}

func (s *Server) propertiesPanel(r *http.Request, by authz.Actor, m making, remarks part.Remarks) (panel, error) {
	p := i18n.From(r.Context())
	places, err := s.Accounts.PlacesForNew(r.Context(), by, m.in.Account(), m.kind)
	if err != nil {
		return panel{}, err
	}
	v := ui.Properties{Kind: m.kind, Typed: m.properties(), NoEnd: m.ticked("no_end"), Owner: m.text("owner_email"), Refs: m.raw("refs"), Parent: string(m.in.Account()),
		Zones: zoneOptions(p.T("account.zone_inherit"), m.text("time_zone")), Languages: s.languageOptions(p), Remarks: remarks, Again: m.again(properties)}
	for _, at := range places {
		v.Places = append(v.Places, part.Option{Value: string(at.ID), Label: strings.Repeat("— ", at.Level) + at.Name})
	}
	if !slices.ContainsFunc(v.Places, func(o part.Option) bool { return o.Value == v.Parent }) {
		v.Places = nil // there are more than a list holds
	}
	errors := v.Attention(p)
	if v.Focus = m.focusOn(errors); v.Focus == "" && len(m.r.PostForm) == 0 {
		v.Focus = "name"
	}
	return panel{v, errors}, nil
}

// settingsPanel is the settings of a tab as the account would have them.
func (s *Server) settingsPanel(r *http.Request, by authz.Actor, m making, tab tuning.Tab, remarks part.Remarks) (panel, error) {
	page, err := s.Tuning.ViewNew(r.Context(), by, m.in.Account(), string(m.kind), tab)
	if err != nil {
		return panel{}, err
	}
	v := settingsui.Tab{Remarks: remarks.Fields, Focus: m.focus}
	now := typed(page, m.form)
	s.addCards(i18n.From(r.Context()), page, now, &v)
	focus := strings.TrimPrefix(m.focusOn(v.Errors), "v:")
	for i := range v.Cards {
		for j := range v.Cards[i].Lines {
			l := &v.Cards[i].Lines[j]
			l.Inherit.HX, l.Focus = m.button(), l.Focus || l.Name == focus
		}
	}
	if tab == tuning.Branding {
		return panel{s.branding(r, m.in.Account(), page, now, v).Fields(), v.Errors}, nil
	}
	if tab == tuning.Security {
		return m.securityPanel(i18n.From(r.Context()), v, remarks), nil
	}
	return panel{v.Fields(), v.Errors}, nil
}

// securityPanel is the rules of security with the lists of addresses.
func (m making) securityPanel(p i18n.Printer, v settingsui.Tab, remarks part.Remarks) panel {
	lists, errors := security.Fresh{Errors: remarks.Fields}, v.Errors
	for _, l := range policy.Lists() {
		name, label := "addresses_"+string(l), p.T("allowlist.title_"+string(l))
		lists.Lists = append(lists.Lists, security.FreshList{Name: name, Label: label, Hint: p.T("allowlist.text_" + string(l)), Value: m.raw(name)})
		errors = append(errors, remarks.Errors(name, label)...)
	}
	lists.Focus = m.focusOn(errors)
	return panel{templ.Join(v.Fields(), lists), errors}
}
