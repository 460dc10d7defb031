package web

import (
	"net/http"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/obs"
	"bailiwick/internal/outline"
	"bailiwick/internal/task"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/shell"
)

func errSignIn() error { return errs.New(errs.Unauthenticated, "auth.required", "Sign in first.") }

// place is where a page stands in the portal.
type place struct {
	title  string
	nav    string // the item of the navigation that is current
	crumbs []part.Crumb
}

// frame makes the frame of a signed-in person's page: navigation by what they may do in the account they chose.
func (s *Server) frame(w http.ResponseWriter, r *http.Request, by authz.Actor, at place) (shell.Page, error) {
	p := i18n.From(r.Context())
	page := s.brandedFrame(w, r, by.Account(), at.title)
	page.Crumbs = at.crumbs
	if len(page.Crumbs) == 0 {
		page.Crumbs = []part.Crumb{{Label: at.title}}
	}
	page.User = &shell.User{ID: string(by.User()), Name: by.Name(), ProfileURL: "/me", SignOutURL: "/sign-out", ThemeURL: "/theme"}
	page.FindURL, page.KeysOff = findPath, r.Context().Value(keysOff{}) != nil
	page.User.Menu = []part.MenuItem{
		{Label: p.T("nav.my_security"), Icon: "shield-check", Href: "/me/security"},
		{Label: p.T("nav.my_sessions"), Icon: "monitor", Href: "/me/sessions"},
		{Label: p.T("nav.my_keys"), Icon: "key-round", Href: "/me/keys"},
	}
	if by.Account() == "" {
		return page, nil
	}
	_, sc, err := s.Ops.See(r.Context(), by, by.Account())
	if k := errs.KindOf(err); k == errs.NotFound || k == errs.Denied {
		return page, nil // the membership is gone, or its account's rules keep the person out; the switcher offers what is left
	}
	if err != nil {
		return shell.Page{}, err
	}
	page.Scope = shell.Scope{Name: sc.Name(), Kind: p.T("kind." + sc.Kind()), SwitchURL: "/switch"}
	sizes, err := s.sizes(r, p, by, sc)
	if err != nil {
		return shell.Page{}, err
	}
	page.Nav = navigation(p, sc, at.nav, sizes)
	if page.Pool, err = s.sidePool(r, p, by, sc); err != nil {
		return shell.Page{}, err
	}
	if page.Bell, err = s.bell(r, p, by); err != nil {
		return shell.Page{}, err
	}
	if outline.Offered(sc) {
		page.User.Menu = append([]part.MenuItem{{Label: treeName(p, sc), Icon: "network", Href: accountPath(sc.Account(), "/tree")}}, page.User.Menu...)
	}
	if own := moduleLinks(offerOf(r.Context()), sc); len(own) > 0 {
		page.Nav = append(page.Nav, shell.NavGroup{Label: p.T("nav.group_modules"), Items: own})
	}
	if sc.Kind() == "platform" && sc.Has(authz.AccountTransfer) && s.CapturesMail {
		page.User.Menu = append(page.User.Menu, part.MenuItem{Label: p.T("nav.captured_mail"), Icon: "mail", Href: "/captured-mail"})
	}
	return page, nil
}

// plainFrame is the frame of a page that anybody may open.
func (s *Server) plainFrame(w http.ResponseWriter, r *http.Request, title string) shell.Page {
	return s.brandedFrame(w, r, "", title)
}

// brandedFrame is the frame of a page about an account, which anybody may open who has its link.
func (s *Server) brandedFrame(w http.ResponseWriter, r *http.Request, account ids.Account, title string) shell.Page {
	page := shell.Page{Title: title, Brand: s.brandOf(r.Context(), account), Theme: shell.Theme(r)}
	if text := takeFlash(w, r, i18n.From(r.Context())); text != "" {
		page.Flash = []part.Toast{{Text: text, Tone: part.Success}}
	}
	return page
}

// sizes are the numbers beside items of the navigation, by their names: how many clients, people and role groups there are.
func (s *Server) sizes(r *http.Request, p i18n.Printer, by authz.Actor, sc authz.Scope) (map[string]string, error) {
	n, err := s.Accounts.Sizes(r.Context(), by, sc.Account())
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for key, n := range map[string]int{"clients": n.Clients, "users": n.People, "roles": n.Roles} {
		if n != account.Unknown {
			out[key] = capped(p, n)
		}
	}
	return out, nil
}

// navigation lists what the person may open in the account they chose.
func navigation(p i18n.Printer, sc authz.Scope, current string, sizes map[string]string) []shell.NavGroup {
	at := "/a/" + string(sc.Account())
	sells := sells(sc)
	item := func(show bool, key, icon, letter, href string) []shell.NavItem {
		if !show {
			return nil
		}
		return []shell.NavItem{{Name: key, Label: p.T("nav." + key), Icon: icon, Href: href, Key: letter, Current: key == current, Count: sizes[key]}}
	}
	var accounts, governance []shell.NavItem
	accounts = append(accounts, item(!sells || !sc.Has(authz.ClientsView), "home", "house", "h", at+"/home")...)
	accounts = append(accounts, item(sells && sc.Has(authz.ClientsView), "clients", "building-2", "c", at+"/clients")...)
	if outline.Offered(sc) {
		accounts = append(accounts, shell.NavItem{Name: "tree", Label: treeName(p, sc), Icon: "network", Href: at + "/tree", Key: "m", Current: current == "tree"})
	}
	accounts = append(accounts, item(sells && sc.Has(authz.ResellersView), "resellers", "building", "p", at+"/resellers")...)
	accounts = append(accounts, item(!sells && ownAccount(sc), "account", "building-2", "o", at)...)
	alone := !sells && !ownAccount(sc) // else they are tabs of the overview
	accounts = append(accounts, item(alone && sc.Has(authz.DepartmentsView), "departments", "network", "d", at+"/departments")...)
	accounts = append(accounts, item(alone && sc.Has(authz.SubAccountsView), "subaccounts", "send", "b", at+"/subaccounts")...)
	accounts = append(accounts, item(alone && sc.Has(authz.LocationsView), "locations", "building", "l", at+"/locations")...)
	accounts = append(accounts, item(alone && (sc.Has(authz.ContactsView) || sc.Has(authz.SuppressionsView)), contactSection, "contact", "n", at+contactsHome(sc.Has, true))...)
	accounts = append(accounts, item(sc.Has(authz.UsersView), "users", "users", "u", at+"/users")...)
	accounts = append(accounts, item(sc.Has(authz.RolesView), "roles", "key-round", "r", at+"/roles")...)
	accounts = append(accounts, item(sells && sc.Has(authz.PackagesView), "packages", "package", "g", at+"/packages")...)
	governance = append(governance, item(sc.Has(authz.CredentialsView), "keys", "bot", "k", at+"/keys")...)
	governance = append(governance, item(task.Offered(sc), "tasks", "list-checks", "t", at+"/tasks")...)
	governance = append(governance, item(sc.Has(authz.AuditView), "audit", "scroll-text", "a", at+"/audit")...)
	governance = append(governance, item(sc.Has(authz.SettingsView), "settings", "sliders-horizontal", "e", at+"/settings")...)
	governance = append(governance, item(sc.Has(authz.SecurityView), "security", "shield-check", "s", at+"/security")...)
	var groups []shell.NavGroup
	for _, g := range []shell.NavGroup{{Label: p.T("nav.group_accounts"), Items: accounts}, {Label: p.T("nav.group_governance"), Items: governance}} {
		if len(g.Items) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// treeName is what the tree of an account is called.
func treeName(p i18n.Printer, sc authz.Scope) string {
	if sells(sc) {
		return p.T("tree.customers")
	}
	return p.T("tree.departments")
}

// ownAccount reports whether the person may open the page of their customer or department.
func ownAccount(sc authz.Scope) bool {
	return sc.Kind() == "customer" && sc.Has(authz.ClientsView) || sc.Kind() == "department" && sc.Has(authz.DepartmentsView)
}

// accountOf reads the account in the path. What cannot be an id is answered like an id that does not exist.
func accountOf(r *http.Request) (ids.Account, error) {
	id, err := ids.ParseAccount(r.PathValue("account"))
	if err != nil {
		return "", errs.NoSuch("account")
	}
	return id, nil
}

// renderError writes the page for a request that cannot be answered, in the portal's frame when somebody is signed in.
func (s *Server) renderError(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, problem errs.Problem) error {
	p := i18n.From(r.Context())
	page := s.plainFrame(w, r, "")
	if by.Known() && status < http.StatusInternalServerError {
		if framed, err := s.frame(w, r, by, place{}); err == nil {
			page = framed
			page.Crumbs = nil
		}
	}
	e := shell.Error{Page: page, Status: status, RequestID: obs.RequestID(r.Context()), Back: "/", Read: r.Method == http.MethodGet || r.Method == http.MethodHead}
	if status != http.StatusNotFound && status != http.StatusInternalServerError {
		e.Detail = words(p, problem)
	}
	return s.render(w, r, status, e)
}
