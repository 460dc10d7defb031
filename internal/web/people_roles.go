package web

import (
	"errors"
	"net/http"
	"strconv"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
	"bailiwick/internal/web/ui/roles"
)

// rolesPage lists the role groups that can be used on the account.
func (s *Server) rolesPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	groups, err := s.Roles.List(r.Context(), by, sc.Account())
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	v := roles.List{Account: sc.Name(), Base: accountPath(sc.Account(), "/roles"), Create: sc.Has(authz.RolesManage)}
	if sc.Kind() == "platform" && sc.Has(authz.RolesManage) {
		v.Modules = accountPath(sc.Account(), "/modules")
	}
	for _, g := range groups {
		row := roles.Group{
			Name: g.Name, Description: g.Description, Href: v.Base + "/" + string(g.ID), People: p.Number(int64(g.Members + g.Invitations)),
			Modules: modulesOf(offerOf(r.Context()), authz.Grant{Role: authz.Role(g.ID), Group: g.Perms}),
		}
		if g.Inherited(sc.Account()) {
			row.From = providerName(p, g.AccountName)
		}
		v.Groups = append(v.Groups, row)
	}
	for _, b := range authz.BuiltIn() {
		if b != authz.Support || sc.Kind() == "platform" || sc.Kind() == "reseller" {
			v.BuiltIn = append(v.BuiltIn, part.Fact{Term: p.T("role." + string(b)), Text: p.T("role." + string(b) + "_hint")})
		}
	}
	if v.Page, err = s.frame(w, r, by, rolesPlace(p, v.Base)); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}

func rolesPlace(p i18n.Printer, base string, more ...part.Crumb) place {
	at := place{title: p.T("roles.title"), nav: "roles", crumbs: append([]part.Crumb{{Label: p.T("roles.title"), Href: base}}, more...)}
	at.crumbs[len(at.crumbs)-1].Href = ""
	at.title = at.crumbs[len(at.crumbs)-1].Label
	return at
}

// providerName is the name of an account, or a word for one that is out of the reader's sight.
func providerName(p i18n.Printer, name string) string {
	if name == "" {
		return p.T("roles.provider")
	}
	return name
}

func (s *Server) newRolePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	if !sc.Has(authz.RolesManage) {
		return authz.Denied()
	}
	var in typedRole
	if from, err := ids.ParseRole(r.URL.Query().Get("from")); err == nil {
		g, err := s.Roles.Get(r.Context(), by, sc.Account(), from)
		if err != nil {
			return err
		}
		in = copied(i18n.From(r.Context()), sc, g)
	}
	return s.showRole(w, r, by, sc, role.Group{Account: sc.Account()}, in, nil)
}

// copied is the form of a new group with what another has, as far as the reader can give it.
func copied(p i18n.Printer, sc authz.Scope, g role.Group) typedRole {
	in := typedRole{Input: role.Input{Name: p.T("packages.copy_name", "name", g.Name), Description: g.Description, Perms: g.Perms.Intersect(sc.Whole())}}
	if sc.Has(authz.QuotasEdit) {
		in.sending = typedShared(p, g.Sending)
	}
	return in
}

func (s *Server) rolePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, g, err := s.roleOf(r, by)
	if err != nil {
		return err
	}
	return s.showRole(w, r, by, sc, g, typedRole{Input: role.Input{Name: g.Name, Description: g.Description, Perms: g.Perms}, sending: typedShared(i18n.From(r.Context()), g.Sending)}, nil)
}

func (s *Server) roleOf(r *http.Request, by authz.Actor) (authz.Scope, role.Group, error) {
	sc, err := s.seen(r, by)
	if err != nil {
		return sc, role.Group{}, err
	}
	id, err := ids.ParseRole(r.PathValue("role"))
	if err != nil {
		return sc, role.Group{}, errs.NoSuch("role")
	}
	g, err := s.Roles.Get(r.Context(), by, sc.Account(), id)
	return sc, g, err
}

func (s *Server) showRole(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, g role.Group, in typedRole, failure error) error {
	p := i18n.From(r.Context())
	base := accountPath(sc.Account(), "/roles")
	v := roles.Edit{
		Base: base, Action: base + "/" + string(g.ID), Title: g.Name, Name: in.Name, Description: in.Description, Version: strconv.FormatInt(g.Version, 10),
		New: g.ID == "", ReadOnly: g.Inherited(sc.Account()) || !sc.Has(authz.RolesManage), Changes: in.changes,
	}
	may := authz.GroupGrantable().Intersect(sc.Whole())
	v.Grid = roleGrid(offerOf(r.Context()), sc, may, in.Perms, v.ReadOnly)
	if !v.New && !v.ReadOnly {
		markSaved(&v.Grid, g.Perms)
		v.Unsaved = in.unsaved(g)
	}
	status := http.StatusOK
	if failure != nil {
		fields, isForm := fieldErrors(p, failure)
		v.Errors, status = fields, statusOf(errs.KindOf(failure))
		if !isForm {
			v.Problem = words(p, problemOf(failure))
		}
		if stale := (*role.Stale)(nil); errors.As(failure, &stale) {
			v.Theirs = []part.Fact{{Term: p.T("roles.name"), Text: stale.Theirs.Name}, {Term: p.T("roles.description_label"), Text: stale.Theirs.Description}}
			for _, at := range slots() {
				if l := stale.Theirs.Sending.Of(at.channel, at.window); l.Amount != quota.Unlimited {
					v.Theirs = append(v.Theirs, part.Fact{Term: at.label(p), Text: p.Number(l.Amount)})
				}
			}
			for _, h := range heldBy(offerOf(r.Context()), stale.Theirs.Perms) {
				v.Theirs = append(v.Theirs, part.Fact{Term: h.Module, Text: h.Actions})
			}
		}
	}
	v.Sending = in.sending.fields(p, v.Errors)
	v.Sending.ReadOnly = v.ReadOnly || !sc.Has(authz.QuotasEdit)
	if err := s.addAllowed(r, by, sc, &v.Sending); err != nil {
		return err
	}
	if v.New {
		v.Title, v.Text, v.Action = p.T("roles.new_title"), p.T("roles.new_text"), base+"/new"
	} else if err := s.roleHolders(r, by, sc, g, &v); err != nil {
		return err
	} else {
		roleActions(sc, g, &v)
	}
	var err error
	if v.Page, err = s.frame(w, r, by, rolesPlace(p, base, part.Crumb{Label: v.Title})); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

// roleHolders adds who has the group, and what they can be given instead.
func (s *Server) roleHolders(r *http.Request, by authz.Actor, sc authz.Scope, g role.Group, v *roles.Edit) error {
	p := i18n.From(r.Context())
	n := g.Members + g.Invitations
	v.Used, v.Count, v.Text = n > 0, p.Number(int64(n)), p.T("roles.used_by", "account", sc.Name(), "count", n)
	if g.Inherited(sc.Account()) {
		v.Text = p.T("roles.inherited_text", "account", providerName(p, g.AccountName))
	}
	var err error
	if v.Holders, err = s.membersOf(r, by, sc, g); err != nil {
		return err
	}
	if !v.Used || v.ReadOnly || !mayReassign(sc) {
		return nil
	}
	all, err := s.Roles.List(r.Context(), by, sc.Account())
	for _, o := range all {
		if o.ID != g.ID {
			v.Others = append(v.Others, part.Option{Value: string(o.ID), Label: o.Name})
		}
	}
	v.Others = append(v.Others, part.Option{Value: string(authz.Guest), Label: p.T("role.guest")})
	return err
}

// membersOf are the people who have a group in the account and below, or are invited with it.
func (s *Server) membersOf(r *http.Request, by authz.Actor, sc authz.Scope, g role.Group) ([]part.Ident, error) {
	holders, err := s.Roles.Holders(r.Context(), by, sc.Account(), g.ID)
	if err != nil {
		return nil, err
	}
	p := i18n.From(r.Context())
	var out []part.Ident
	for _, h := range holders {
		i := part.Ident{Avatar: part.Avatar{ID: string(h.Membership), Name: h.Name, Size: "sm"}, Title: h.Name, Sub: h.Email}
		if h.Membership == "" {
			i.Avatar.Name, i.Title, i.Sub = h.Email, h.Email, p.T("roles.invited")
		} else {
			i.Href = accountPath(h.Account, "/users/"+string(h.Membership))
		}
		if h.Account != sc.Account() {
			i.Sub += " · " + p.T("roles.from", "account", h.AccountName)
		}
		out = append(out, i)
	}
	return out, nil
}

// roleGrid is what a role group may hold. What the reader does not hold is shown and cannot be ticked.
func roleGrid(o offer, sc authz.Scope, may, ticked authz.Set, readOnly bool) people.Grid {
	g := permGrid(o, may.Union(ticked), ticked, func(m authz.Module) string { return withheldNote(o, sc, m) })
	off := func(c *people.GridCell) { c.Disabled = readOnly || !may.Has(authz.Perm(c.Perm)) }
	for _, group := range g.Groups {
		for _, row := range group.Rows {
			for _, c := range row.Cells {
				if c != nil {
					off(c)
				}
			}
			for k := range row.More {
				off(&row.More[k])
			}
		}
	}
	return g
}

// typedRole is a role group as it was typed.
type typedRole struct {
	role.Input
	sending typedGrid
	changes *roles.Changes // what saving it would do, nil when nobody asked
}

// readRole reads the form of a group. Who may not set limits sends none, and those of the group stay.
func readRole(w http.ResponseWriter, r *http.Request, sc authz.Scope, g role.Group) (typedRole, int64, error) {
	f, err := readForm(w, r, append(gridNames(), "version", "name", "description", "perm")...)
	if err != nil {
		return typedRole{}, 0, err
	}
	version, _ := strconv.ParseInt(f.text("version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	in := typedRole{Input: role.Input{Name: f.text("name"), Description: f.text("description"), Perms: permsOf(f), Sending: g.Sending}, sending: typedShared(i18n.From(r.Context()), g.Sending)}
	if sc.Has(authz.QuotasEdit) {
		in.sending = readGrid(f)
	}
	return in, version, nil
}

// parse reads the limits that were typed.
func (t *typedRole) parse() (err error) {
	t.Sending, err = t.sending.shared()
	return err
}

func (s *Server) createRole(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	if _, _, err := s.Ops.Read(r.Context(), by, authz.RolesManage, sc.Account()); err != nil {
		return err
	}
	in, _, err := readRole(w, r, sc, role.Group{})
	if err != nil {
		return err
	}
	id, err := ids.Role(""), in.parse()
	if err == nil {
		id, err = s.Roles.Create(r.Context(), by, sc.Account(), in.Input)
	}
	if err != nil {
		if !shown(err) {
			return err
		}
		return s.showRole(w, r, by, sc, role.Group{Account: sc.Account()}, in, err)
	}
	s.setFlash(w, "role_created")
	return seeOther(w, r, accountPath(sc.Account(), "/roles/"+string(id)))
}

func (s *Server) saveRole(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, g, err := s.roleOf(r, by)
	if err != nil {
		return err
	}
	if _, _, err := s.Ops.Read(r.Context(), by, authz.RolesManage, sc.Account()); err != nil {
		return err
	}
	in, version, err := readRole(w, r, sc, g)
	if err != nil {
		return err
	}
	if err = in.parse(); err == nil {
		err = s.Roles.Edit(r.Context(), by, sc.Account(), g.ID, version, in.Input)
	}
	if err != nil {
		if !shown(err) {
			return err
		}
		return s.showRole(w, r, by, sc, g, in, err)
	}
	s.setFlash(w, "role_saved")
	return seeOther(w, r, accountPath(sc.Account(), "/roles/"+string(g.ID)))
}
