package web

import (
	"net/http"
	"strconv"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/module"
	"bailiwick/internal/web/ui/modules"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/shell"
)

// moduleRoutes are the pages of the operator's own modules.
func (s *Server) moduleRoutes() []Route {
	return []Route{
		{Pattern: "GET /a/{account}/modules", Signed: s.modulesPage},
		{Pattern: "GET /a/{account}/modules/new", Signed: s.newModulePage},
		{Pattern: "POST /a/{account}/modules/new", Signed: s.addModule},
		{Pattern: "GET /a/{account}/modules/{module}", Signed: s.modulePage},
		{Pattern: "POST /a/{account}/modules/{module}", Signed: s.saveModule},
		{Pattern: "POST /a/{account}/modules/{module}/remove", Signed: s.removeModule},
	}
}

// keepsModules is the scope of the platform for those who keep its modules.
func (s *Server) keepsModules(r *http.Request, by authz.Actor) (authz.Scope, error) {
	id, err := accountOf(r)
	if err != nil {
		return authz.Scope{}, err
	}
	_, sc, err := s.Ops.Read(r.Context(), by, authz.RolesManage, id)
	if err == nil && sc.Kind() != "platform" {
		err = errs.New(errs.Denied, "module.platform_only", "Ask an admin of the platform. Modules belong to the whole platform.")
	}
	return sc, err
}

func (s *Server) modulesPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.keepsModules(r, by)
	if err != nil {
		return err
	}
	v := modules.List{Base: accountPath(sc.Account(), "/modules")}
	for _, m := range offerOf(r.Context()).own {
		var names []string
		for _, a := range m.Actions {
			names = append(names, a.Name)
		}
		v.Rows = append(v.Rows, modules.Row{Name: m.Name, Key: m.Key, Icon: m.Icon, Href: v.Base + "/" + m.Key, Actions: strings.Join(names, i18n.From(r.Context()).T("part.comma")+" "), Link: m.Link})
	}
	if v.Page, err = s.modulesFrame(w, r, by, v.Base); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}

func (s *Server) modulesFrame(w http.ResponseWriter, r *http.Request, by authz.Actor, base string, more ...part.Crumb) (shell.Page, error) {
	p := i18n.From(r.Context())
	at := place{title: p.T("modules.title"), nav: "roles", crumbs: []part.Crumb{{Label: p.T("roles.title"), Href: strings.TrimSuffix(base, "modules") + "roles"}, {Label: p.T("modules.title"), Href: base}}}
	at.crumbs = append(at.crumbs, more...)
	at.title = at.crumbs[len(at.crumbs)-1].Label
	at.crumbs[len(at.crumbs)-1].Href = ""
	return s.frame(w, r, by, at)
}

func (s *Server) newModulePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showModule(w, r, by, module.Module{Icon: module.Icons()[0]}, "", nil)
}

func (s *Server) modulePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := s.keepsModules(r, by); err != nil {
		return err
	}
	m, found := offerOf(r.Context()).find(r.PathValue("module"))
	if !found {
		return errs.NoSuch("module")
	}
	return s.showModule(w, r, by, m, m.Key, nil)
}

// showModule shows the form of a module; of a new one key is "".
func (s *Server) showModule(w http.ResponseWriter, r *http.Request, by authz.Actor, m module.Module, key string, failure error) error {
	sc, err := s.keepsModules(r, by)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	base := accountPath(sc.Account(), "/modules")
	v := modules.Edit{
		Base: base, Action: base + "/new", Title: p.T("modules.new_title"), New: key == "", Key: m.Key, Name: m.Name, Link: m.Link,
		Version: strconv.FormatInt(m.Version, 10), Actions: actionLines(m.Actions),
	}
	for _, icon := range module.Icons() {
		v.Icons = append(v.Icons, modules.Icon{Name: icon, Label: p.T("modules.icon_" + strings.ReplaceAll(icon, "-", "_")), Checked: icon == m.Icon})
	}
	if key != "" {
		v.Action, v.Title = base+"/"+key, m.Name
		uses, err := s.Modules.Uses(r.Context(), by, sc.Account(), key)
		if err != nil {
			return err
		}
		for _, u := range uses {
			v.Uses = append(v.Uses, p.T("modules.use_"+u.Kind, "name", u.Name, "account", u.AccountName))
		}
	}
	status := http.StatusOK
	if failure != nil {
		fields, isForm := fieldErrors(p, failure)
		if !isForm {
			v.Problem = words(p, problemOf(failure))
		}
		v.Errors, status = fields, statusOf(errs.KindOf(failure))
	}
	if v.Page, err = s.modulesFrame(w, r, by, base, part.Crumb{Label: v.Title}); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

// actionLines writes actions as they are typed: one a line, the key before the name.
func actionLines(actions []module.Action) string {
	lines := make([]string, len(actions))
	for i, a := range actions {
		lines[i] = a.Key + " " + a.Name
	}
	return strings.Join(lines, "\n")
}

func readModule(w http.ResponseWriter, r *http.Request) (module.Input, int64, error) {
	f, err := readForm(w, r, "version", "key", "name", "icon", "link", "actions")
	if err != nil {
		return module.Input{}, 0, err
	}
	in := module.Input{Key: f.text("key"), Name: f.text("name"), Icon: f.text("icon"), Link: f.text("link")}
	for line := range strings.Lines(f.text("actions")) {
		if key, name, _ := strings.Cut(strings.TrimSpace(line), " "); key != "" {
			in.Actions = append(in.Actions, module.Action{Key: key, Name: name})
		}
	}
	version, _ := strconv.ParseInt(f.text("version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	return in, version, nil
}

func (s *Server) addModule(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.keepsModules(r, by)
	if err != nil {
		return err
	}
	in, _, err := readModule(w, r)
	if err != nil {
		return err
	}
	if err := s.Modules.Add(r.Context(), by, sc.Account(), in); err != nil {
		if !shown(err) {
			return err
		}
		return s.showModule(w, r, by, module.Module{Key: in.Key, Name: in.Name, Icon: in.Icon, Link: in.Link, Actions: in.Actions}, "", err)
	}
	s.setFlash(w, "module_added")
	return seeOther(w, r, accountPath(sc.Account(), "/modules"))
}

func (s *Server) saveModule(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.keepsModules(r, by)
	if err != nil {
		return err
	}
	in, version, err := readModule(w, r)
	if err != nil {
		return err
	}
	key := r.PathValue("module")
	if err := s.Modules.Edit(r.Context(), by, sc.Account(), key, version, in); err != nil {
		if !shown(err) {
			return err
		}
		return s.showModule(w, r, by, module.Module{Key: key, Name: in.Name, Icon: in.Icon, Link: in.Link, Actions: in.Actions, Version: version}, key, err)
	}
	s.setFlash(w, "module_saved")
	return seeOther(w, r, accountPath(sc.Account(), "/modules"))
}

func (s *Server) removeModule(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.keepsModules(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "take_away")
	if err != nil {
		return err
	}
	if err := s.Modules.Remove(r.Context(), by, sc.Account(), r.PathValue("module"), f.ticked("take_away")); err != nil {
		return err
	}
	s.setFlash(w, "module_removed")
	return seeOther(w, r, accountPath(sc.Account(), "/modules"))
}

// moduleLinks are the operator's modules that a person may use in the account they chose.
func moduleLinks(o offer, sc authz.Scope) []shell.NavItem {
	var out []shell.NavItem
	for _, m := range o.own {
		if m.Link != "" && !sc.Perms().Intersect(m.Perms()).Empty() {
			out = append(out, shell.NavItem{Label: m.Name, Icon: m.Icon, Href: m.Link})
		}
	}
	return out
}
