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
	"bailiwick/internal/provision"
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

// newPane is the pane of the form of something new, as a surface.
func (s *Server) newPane(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState, in authz.Scope) surface {
	p := i18n.From(r.Context())
	at := func(string) string { return t.href() }
	return surface{account: in.Account(), form: paneForm, at: at, done: func(string) string {
		made := t.alone()
		return made.opened(string(in.Account())).href()
	}, show: func(status int, _ string, body templ.Component) error {
		v := ui.Pane{Title: p.T("tree.new_" + t.kind + "_title"), Eyebrow: p.T("tree.in_account", "name", in.Name()), Form: paneForm, Send: p.T("tree.create_" + t.kind)}
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
	on := s.newPane(w, r, by, t, sc)
	if t.kind == newUser {
		return s.showCreate(r, by, sc, on, firstCreate(sc), nil)
	}
	return s.showNewAccount(r, by, on, http.StatusOK, account.Kind(t.kind), provision.Input{}, part.Remarks{})
}

func (s *Server) showNewAccount(r *http.Request, by authz.Actor, on surface, status int, kind account.Kind, in provision.Input, remarks part.Remarks) error {
	p := i18n.From(r.Context())
	v := ui.New{ID: on.form, Action: on.at(properties), Kind: kind, Typed: in.Fields, NoEnd: in.NoEnd, Owner: in.OwnerEmail,
		Zones: zoneOptions(p.T("account.zone_inherit"), in.Fields.TimeZone), Languages: s.languageOptions(p), Remarks: remarks}
	if kind == account.Customer {
		var err error
		if v.Packages, err = s.offeredPackages(r, by, on.account); err != nil {
			return err
		}
	}
	if in.Fields.Package != nil {
		v.Package = string(*in.Fields.Package)
	}
	return on.show(status, properties, v)
}

// create makes what the form in the pane says, below the account that the address names.
func (s *Server) create(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState) error {
	sc, err := s.makingIn(r, by, t)
	if err != nil {
		return err
	}
	on := s.newPane(w, r, by, t, sc)
	if t.kind == newUser {
		return s.createUserOn(w, r, by, sc, on)
	}
	f, err := readForm(w, r, "name", "email", "phone", "membership_start", "membership_end", "no_end", "time_zone", "language", "owner_email", "package")
	if err != nil {
		return err
	}
	in := provision.Input{OwnerEmail: f.text("owner_email"), CreateInput: account.CreateInput{Kind: account.Kind(t.kind), NoEnd: f.ticked("no_end"), Fields: account.Fields{
		Name: f.text("name"), Email: f.text("email"), Phone: f.text("phone"), MembershipStart: f.text("membership_start"), MembershipEnd: f.text("membership_end"),
		TimeZone: f.text("time_zone"), Language: f.text("language"),
	}}}
	if pkg := ids.Package(f.text("package")); pkg != "" {
		in.Fields.Package = &pkg
	}
	made, err := s.Provision.Create(r.Context(), by, sc.Account(), in)
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showNewAccount(r, by, on, status, in.Kind, in, remarks)
	}
	s.setFlash(w, "account_created", "name", made.Name)
	return seeOther(w, r, t.opened(string(sc.Account())).showing(string(made.ID), "").href())
}
