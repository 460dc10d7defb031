package web

import (
	"net/http"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/outline"
	"bailiwick/internal/web/ui/shell"
)

const findPath = "/find"

// mostSuggested is how many actions are offered before anything is typed.
const mostSuggested = 4

// findRoutes are the pages that lead to other pages: the palette and the list of shortcuts.
func (s *Server) findRoutes() []Route {
	return []Route{
		{Pattern: "GET " + findPath, Signed: s.find},
		{Pattern: "GET /shortcuts", Signed: s.shortcutsPage},
		{Pattern: "POST /me/keyboard", Signed: s.saveKeyboard},
	}
}

// find answers with what is named like the words in q: actions, accounts, people and pages. The palette asks for the list alone.
func (s *Server) find(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	p := i18n.From(r.Context())
	frame, err := s.frame(w, r, by, place{title: p.T("find.title")})
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "HX-Request, HX-Target")
	v := shell.Palette{Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	if v.Groups, err = s.found(r, by, frame, v.Query); err != nil {
		return err
	}
	if fragment(r, shell.PaletteID) {
		return s.render(w, r, http.StatusOK, v)
	}
	return s.render(w, r, http.StatusOK, shell.Find{Page: frame, Palette: v})
}

// found is what is named like the text, in groups. Without a text it is what there is to do and where to go.
func (s *Server) found(r *http.Request, by authz.Actor, frame shell.Page, text string) ([]shell.FoundGroup, error) {
	p := i18n.From(r.Context())
	words := account.Words(text)
	var out []shell.FoundGroup
	add := func(label string, items []shell.Found) {
		if len(items) > 0 {
			out = append(out, shell.FoundGroup{Label: p.T("find." + label), Items: items})
		}
	}
	if by.Account() != "" {
		_, sc, err := s.Ops.See(r.Context(), by, by.Account())
		switch k := errs.KindOf(err); {
		case k == errs.NotFound || k == errs.Denied: // as in the frame: what is left are the person's own pages
		case err != nil:
			return nil, err
		default:
			deeds := matching(s.deeds(p, sc), words)
			if len(words) == 0 {
				deeds = deeds[:min(len(deeds), mostSuggested)]
			}
			add("actions", deeds)
			nodes, err := s.Outline.Jump(r.Context(), by, sc.Account(), text)
			if err != nil {
				return nil, err
			}
			for _, g := range []struct {
				label string
				kind  account.Kind
			}{{"clients", account.Customer}, {"resellers", account.Reseller}, {"departments", account.Department}, {"users", ""}} {
				add(g.label, nodesOf(nodes, g.kind))
			}
		}
	}
	add("pages", matching(pagesOf(p, frame), words))
	return out, nil
}

// matching are the items whose labels contain every word.
func matching(items []shell.Found, words []string) []shell.Found {
	var out []shell.Found
next:
	for _, f := range items {
		for _, w := range words {
			if !strings.Contains(ids.Fold(f.Label), w) {
				continue next
			}
		}
		out = append(out, f)
	}
	return out
}

// deeds are what somebody may do in an account, as the pages there offer it.
func (s *Server) deeds(p i18n.Printer, sc authz.Scope) (out []shell.Found) {
	at := accountPath(sc.Account(), "")
	add := func(show bool, key, icon, path string) {
		if show {
			out = append(out, shell.Found{Label: p.T(key), Icon: icon, Href: at + path})
		}
	}
	sells := sells(sc)
	add(sells && sc.Has(authz.ClientsCreate), "find.new_client", "building-2", "/clients/new")
	add(sc.Has(authz.UsersInvite), "find.invite", "user-plus", "/users/invite")
	add(sells && sc.Has(authz.ResellersCreate), "find.new_reseller", "building", "/resellers/new")
	add(!sells && sc.Has(authz.DepartmentsCreate), "find.new_department", "network", "/departments/new")
	add(sc.Has(authz.UsersInvite) && !s.MailOff, "find.new_user", "circle-user", "/users/new")
	add(!sells && sc.Has(authz.SubAccountsCreate) && sc.AllSubs() && owns(sc), "find.new_subaccount", "send", "/subaccounts/new")
	add(!sells && sc.Has(authz.LocationsCreate), "find.new_location", "building", "/locations/new")
	add(sc.Has(authz.RolesManage), "find.new_role", "key-round", "/roles/new")
	add(sells && sc.Has(authz.ClientsImport), "find.import_clients", "upload", "/clients/import")
	out = append(out, shell.Found{Label: p.T("find.new_key"), Icon: "bot", Href: "/me/keys/new"})
	return out
}

// pagesOf are the pages of the portal that the frame leads to.
func pagesOf(p i18n.Printer, frame shell.Page) (out []shell.Found) {
	for _, g := range frame.Nav {
		for _, i := range g.Items {
			f := shell.Found{Label: i.Label, Icon: i.Icon, Href: i.Href}
			if !frame.KeysOff {
				f.Key = i.Key
			}
			out = append(out, f)
		}
	}
	if b := frame.Bell; b != nil {
		f := shell.Found{Label: p.T("notices.title"), Icon: "bell", Href: b.Href}
		if !frame.KeysOff {
			f.Key = b.Key
		}
		out = append(out, f)
	}
	out = append(out, shell.Found{Label: p.T("shell.profile"), Icon: "circle-user", Href: "/me"})
	for _, m := range frame.User.Menu {
		if m.Href != "" && !leadsTo(out, m.Href) {
			out = append(out, shell.Found{Label: m.Label, Icon: m.Icon, Href: m.Href})
		}
	}
	return append(out, shell.Found{Label: p.T("find.switch"), Icon: "chevrons-up-down", Href: "/switch"},
		shell.Found{Label: p.T("shell.shortcuts"), Icon: "keyboard", Href: "/shortcuts"})
}

func leadsTo(list []shell.Found, href string) bool {
	for _, f := range list {
		if f.Href == href {
			return true
		}
	}
	return false
}

// nodeIcon is the icon of accounts of a kind, or of people.
func nodeIcon(kind account.Kind) string {
	switch kind {
	case account.Customer:
		return "building-2"
	case account.Reseller:
		return "network"
	case account.Department:
		return "folder"
	case account.Platform:
	}
	return "circle-user"
}

// nodesOf are the accounts of a kind, or the people when there is none, each with where it lies.
func nodesOf(nodes []outline.Node, kind account.Kind) (out []shell.Found) {
	for _, n := range nodes {
		if n.Kind != kind {
			continue
		}
		f := shell.Found{Label: n.Name, Sub: strings.Join(n.Path, " / "), Icon: nodeIcon(kind), Href: accountPath(n.Account, ""), Name: true}
		if n.Person() {
			f.Href = accountPath(n.Account, "/users/"+string(n.Member))
		}
		out = append(out, f)
	}
	return out
}

// shortcutsPage lists what the keys do, for those without scripts and for those who look it up.
func (s *Server) shortcutsPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	frame, err := s.frame(w, r, by, place{title: i18n.From(r.Context()).T("shell.shortcuts")})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, shell.Shortcuts{Page: frame})
}

// saveKeyboard switches the shortcuts of single keys on or off (WCAG 2.2, 2.1.4).
func (s *Server) saveKeyboard(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "single_keys")
	if err != nil {
		return err
	}
	if err := s.Authn.UseKeys(r.Context(), by, f.ticked("single_keys")); err != nil {
		return err
	}
	s.setFlash(w, "keyboard_saved")
	return seeOther(w, r, "/me#keyboard")
}
