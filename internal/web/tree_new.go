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
	"bailiwick/internal/web/ui/part"
	ui "bailiwick/internal/web/ui/tree"
)

// newKindsInTree are the accounts that are made in the pane, in the order of the menu.
var newKindsInTree = []account.Kind{account.Reseller, account.Customer, account.Department}

// newAt is where what is made next goes: the account in the pane, or the one that the person in it belongs to, else the
// root of the tree.
func (t treeState) newAt() ids.Account {
	if id, _, err := outline.ParseRef(t.pane); err == nil && t.pane != "" {
		return id
	}
	if id, err := ids.ParseAccount(t.in); err == nil {
		return id
	}
	return t.root
}

// newItems are the choices of New. A button sends what is selected along, so that the new one goes there.
func newItems(p i18n.Printer, sc authz.Scope) []part.MenuItem {
	icons := map[account.Kind]string{account.Reseller: "network", account.Customer: "building-2", account.Department: "folder-plus"}
	var out []part.MenuItem
	for _, k := range newKindsInTree {
		if sc.Has(k.Perm("create")) && (sells(sc) || k == account.Department) {
			out = append(out, part.MenuItem{Label: p.T("tree.new_" + string(k)), Icon: icons[k], Form: "tree", Name: "do", Value: "new-" + string(k)})
		}
	}
	if sc.Has(authz.UsersInvite) {
		out = append(out, part.MenuItem{Label: p.T("tree.new_user"), Icon: "user-plus", Form: "tree", Name: "do", Value: "new-user"})
	}
	return out
}

// newUserPane is the pane of the form of a new user, as a surface.
func (s *Server) newUserPane(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState, in authz.Scope) surface {
	p := i18n.From(r.Context())
	at := func(string) string { return t.href() }
	return surface{account: in.Account(), form: paneForm, at: at, done: func(string) string {
		made := t.alone()
		return made.opened(string(in.Account())).href()
	}, show: func(status int, _ string, body templ.Component) error {
		v := ui.Pane{Title: p.T("tree.new_user_title"), Eyebrow: p.T("tree.in_account", "name", in.Name()), Form: paneForm, Send: p.T("tree.create_user")}
		t.tab = properties
		return s.showInPane(w, r, by, status, t, v, []string{properties}, at, body)
	}}
}

// opened is the state with a node open, unless it is the root.
func (t treeState) opened(id string) treeState {
	for _, o := range t.open {
		if o == id {
			return t
		}
	}
	if id == string(t.root) {
		return t
	}
	return t.twisted(id)
}

// makingIn reads what is to be made where, and checks that the person may.
func (s *Server) makingIn(r *http.Request, by authz.Actor, t treeState) (authz.Scope, error) {
	id, err := ids.ParseAccount(t.in)
	if err != nil {
		return authz.Scope{}, errs.NoSuch("account")
	}
	perm := authz.UsersInvite
	if t.kind != newUser {
		if !account.Kind(t.kind).Known() || t.kind == string(account.Platform) {
			return authz.Scope{}, errs.NoSuch("page")
		}
		perm = account.Kind(t.kind).Perm("create")
	}
	_, sc, err := s.Ops.Read(r.Context(), by, perm, id)
	if err == nil && t.kind != newUser && !account.Kind(sc.Kind()).MayContain(account.Kind(t.kind)) {
		return sc, errs.NoSuch("page")
	}
	return sc, err
}

func (s *Server) showNewInPane(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState) error {
	sc, err := s.makingIn(r, by, t)
	if err != nil {
		return err
	}
	if t.kind == newUser {
		return s.showCreate(r, by, sc, s.newUserPane(w, r, by, t, sc), firstCreate(sc), nil)
	}
	m := newMaking(t, sc)
	if !m.has(m.t.tab) {
		return errs.NoSuch("page")
	}
	return s.showMaking(w, r, by, m, http.StatusOK, part.Remarks{})
}

// create makes what the form in the pane says, below the account that the address names.
func (s *Server) create(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState) error {
	sc, err := s.makingIn(r, by, t)
	if err != nil {
		return err
	}
	if t.kind == newUser {
		return s.createUserOn(w, r, by, sc, s.newUserPane(w, r, by, t, sc))
	}
	return s.createAccount(w, r, by, t, sc)
}
