package web

import (
	"net/http"

	"github.com/a-h/templ"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/outline"
	"bailiwick/internal/tuning"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/part"
	ui "bailiwick/internal/web/ui/tree"
)

// accountSection is a tab of the pane of an account. Its functions show and save it on a surface.
type accountSection struct {
	key  string
	has  func(account.Details) bool
	open func(*Server, http.ResponseWriter, *http.Request, authz.Actor, account.Details, surface) error
	save func(*Server, http.ResponseWriter, *http.Request, authz.Actor, account.Details, surface) error
}

// accountSections are the tabs of the pane of an account, in their order.
func accountSections() []accountSection {
	return []accountSection{
		{properties, func(account.Details) bool { return true }, (*Server).openProperties, (*Server).saveProperties},
		tuned(tuning.Branding, authz.BrandingView),
		{quotasSection, func(d account.Details) bool { return d.Kind != account.Department && hasQuotas(d) }, (*Server).openQuotas, (*Server).saveQuotasIn},
		tuned(tuning.Settings, authz.SettingsView),
		tuned(tuning.Security, authz.SecurityView),
		tuned(tuning.Contacts, authz.SettingsView),
	}
}

// tuned is the section of a tab of settings.
func tuned(tab tuning.Tab, view authz.Perm) accountSection {
	return accountSection{
		key: string(tab),
		has: func(d account.Details) bool { return d.Can(view) },
		open: func(s *Server, _ http.ResponseWriter, r *http.Request, by authz.Actor, _ account.Details, on surface) error {
			return s.openSettings(r, by, on, tab)
		},
		save: func(s *Server, w http.ResponseWriter, r *http.Request, by authz.Actor, _ account.Details, on surface) error {
			return s.saveSettingsOn(w, r, by, on, tab)
		},
	}
}

// openProperties shows the fields of an account, to be changed by who may.
func (s *Server) openProperties(_ http.ResponseWriter, r *http.Request, by authz.Actor, d account.Details, on surface) error {
	if !d.CanAct("edit") {
		return on.show(http.StatusOK, properties, ui.ReadOnly{Facts: accountFacts(i18n.From(r.Context()), d, nil)})
	}
	return s.showEdit(r, by, on, http.StatusOK, d, typedOf(d), part.Remarks{}, nil)
}

func (s *Server) openQuotas(_ http.ResponseWriter, r *http.Request, by authz.Actor, _ account.Details, on surface) error {
	return s.showQuotas(r, by, on, typedQuotas{status: http.StatusOK})
}

func (s *Server) saveQuotasIn(w http.ResponseWriter, r *http.Request, by authz.Actor, _ account.Details, on surface) error {
	return s.saveQuotasOn(w, r, by, on)
}

// showPane opens what the address names in the pane.
func (s *Server) showPane(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState) error {
	return s.inPane(w, r, by, t, false)
}

// savePane saves the form in the pane.
func (s *Server) savePane(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	t := treeStateOf(id, r.URL.Query())
	if t.kind != "" {
		return s.create(w, r, by, t)
	}
	if t.pane == "" {
		return errs.NoSuch("page")
	}
	return s.inPane(w, r, by, t, true)
}

// inPane finds the section that the address names, and shows or saves it.
func (s *Server) inPane(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState, saving bool) error {
	switch {
	case t.kind != "":
		return s.showNewInPane(w, r, by, t)
	case t.pane == "":
		return s.showTree(w, r, by, http.StatusOK, t, nil, "")
	}
	id, member, err := outline.ParseRef(t.pane)
	if err != nil {
		return err
	}
	if member != "" {
		return s.personInPane(w, r, by, t, id, member, saving)
	}
	d, err := s.Accounts.Get(r.Context(), by, id)
	if err != nil {
		return err
	}
	var tabs []accountSection
	for _, sec := range accountSections() {
		if sec.has(d) {
			tabs = append(tabs, sec)
		}
	}
	for i, sec := range tabs {
		if sec.key == t.tab || t.tab == "" && i == 0 {
			run := sec.open
			if saving {
				run = sec.save
			}
			return run(s, w, r, by, d, s.accountPane(w, r, by, t, d, tabs))
		}
	}
	return errs.NoSuch("page")
}

// paneForm is the id of the form that the foot of the pane sends.
const paneForm = "pane-form"

// accountPane is the pane of an account as the surface of its sections.
func (s *Server) accountPane(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState, d account.Details, tabs []accountSection) surface {
	p := i18n.From(r.Context())
	at := func(section string) string { return t.showing(string(d.ID), section).href() }
	return surface{account: d.ID, form: paneForm, at: at, done: at, show: func(status int, section string, body templ.Component) error {
		v := ui.Pane{Title: d.Name, Page: accountPath(d.ID, "")}
		if d.ParentName != "" {
			v.Eyebrow = p.T("tree.in_account", "name", d.ParentName)
		}
		keys := make([]string, len(tabs))
		for i, sec := range tabs {
			keys[i] = sec.key
		}
		if section == properties && d.CanAct("edit") {
			v.Form, v.Send = paneForm, p.T("account.save")
		}
		return s.showInPane(w, r, by, status, t.showing(string(d.ID), section), v, keys, at, body)
	}}
}

// attentive is a form that says what has to be attended to before it can be saved.
type attentive interface {
	Attention(p i18n.Printer) []part.FieldError
}

// showInPane renders the pane with its tabs beside the tree. The tab with errors carries a dot and their number.
func (s *Server) showInPane(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, t treeState, v ui.Pane, keys []string, at func(string) string, body templ.Component) error {
	p := i18n.From(r.Context())
	v.Body, v.Back, v.IsFull = body, t.alone().href(), t.full
	other := t
	other.full = !t.full
	v.Full = other.href()
	if a, ok := body.(attentive); ok {
		v.Errors = a.Attention(p)
	}
	v.Tabs = &part.Tabs{Label: p.T("tree.tabs", "name", v.Title)}
	for _, key := range keys {
		tab := part.Tab{Label: p.T("tree.tab_" + key), Href: at(key), Current: key == t.tab}
		if tab.Current {
			v.Where = tab.Label
			if len(v.Errors) > 0 {
				tab.Tone, tab.Note = part.Danger, p.T("tree.tab_errors", "count", len(v.Errors))
			}
		}
		v.Tabs.Items = append(v.Tabs.Items, tab)
	}
	return s.showTree(w, r, by, status, t, v, "")
}

// personSection is a tab of the pane of a person.
type personSection struct {
	key  string
	page string // the section of the person's own pages
	open func(*Server, http.ResponseWriter, *http.Request, authz.Actor, authz.Scope, user.Member, surface) error
	save func(*Server, http.ResponseWriter, *http.Request, authz.Actor, authz.Scope, user.Member, surface) error
}

// personSections are the tabs of the pane of a person, in their order.
func personSections() []personSection {
	return []personSection{
		{properties, profileSection,
			func(s *Server, _ http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, on surface) error {
				return s.openProfile(r, by, sc, m, nil, on)
			},
			func(s *Server, w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, on surface) error {
				return s.saveProfileOn(w, r, by, sc, m, nil, on)
			}},
		{"settings", personalSection, (*Server).openPersonal, (*Server).savePersonalOn},
		{"access", accessSection, (*Server).openRights, (*Server).saveRightsOn},
	}
}

func (s *Server) personInPane(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState, id ids.Account, member ids.Membership, saving bool) error {
	_, sc, err := s.Ops.See(r.Context(), by, id)
	if err != nil {
		return err
	}
	m, err := s.Users.Get(r.Context(), by, id, member)
	if err != nil {
		return err
	}
	for i, sec := range personSections() {
		if sec.key == t.tab || t.tab == "" && i == 0 {
			run := sec.open
			if saving {
				run = sec.save
			}
			return run(s, w, r, by, sc, m, s.personPane(w, r, by, t, sc, m))
		}
	}
	return errs.NoSuch("page")
}

// personPane is the pane of a person as the surface of their sections.
func (s *Server) personPane(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState, sc authz.Scope, m user.Member) surface {
	p := i18n.From(r.Context())
	var keys []string
	tabOf := map[string]string{}
	for _, sec := range personSections() {
		keys = append(keys, sec.key)
		tabOf[sec.page] = sec.key
	}
	at := func(tab string) string { return t.showing(t.pane, tab).href() }
	section := func(page string) string { return at(tabOf[page]) }
	return surface{account: sc.Account(), at: section, done: section, show: func(status int, page string, body templ.Component) error {
		v := ui.Pane{Title: m.Name, Eyebrow: p.T("tree.in_account", "name", sc.Name()), Page: personPath(sc, m)}
		return s.showInPane(w, r, by, status, t.showing(t.pane, tabOf[page]), v, keys, at, body)
	}}
}
