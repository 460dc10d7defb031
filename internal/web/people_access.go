package web

import (
	"net/http"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
)

// accessNames are the fields of a form that says what a person may do.
var accessNames = []string{"role", "group", "module", "subs", "sub", "bodies"}

// groupRole is the value of the choice "role group" in such a form.
const groupRole = "group"

// moduleIcons are the icons of the modules that a User can have.
var moduleIcons = map[string]string{
	"locations": "building", "subaccounts": "send", "credentials": "key-round", "messages": "mail",
	"contacts": "contact", "suppressions": "ban", "reports": "chart-column",
}

var bodiesPerm = authz.SetOf(authz.MessagesViewBody)

// readAccess reads what the form says a person may do. Ticking a module ticks what the reader holds of it.
func readAccess(o offer, f form, sc authz.Scope) user.Access {
	a := user.Access{Role: authz.Role(f.text("role")), AllSubs: f.text("subs") != "some"}
	if a.Role == groupRole {
		a.Role = authz.Role(f.text("group"))
	}
	held := sc.Perms().Without(bodiesPerm)
	switch a.Role {
	case authz.User:
		a.Perms = o.keys(f.all("module")).Intersect(authz.Grantable(authz.User)).Intersect(held)
	case authz.Support:
		a.Perms = authz.Grantable(authz.Support).Intersect(held)
	}
	if f.ticked("bodies") && a.Role != authz.Guest {
		a.Perms = a.Perms.Union(bodiesPerm)
	}
	for _, v := range f.all("sub") {
		a.Subs = append(a.Subs, ids.SubAccount(v))
	}
	return a
}

// accessForm shows what a person may do, with the choices that the reader may make.
func (s *Server) accessForm(r *http.Request, by authz.Actor, sc authz.Scope, a user.Access, errors map[string]string) (people.Access, error) {
	p := i18n.From(r.Context())
	out := people.Access{Errors: errors, All: a.AllSubs, Group: string(a.Role), Modules: moduleTiles(offerOf(r.Context()), sc, a)}
	for _, role := range offered(sc) {
		out.Roles = append(out.Roles, part.RadioCard{
			Name: "role", Value: string(role), Label: p.T("role." + string(role)), Hint: p.T("role." + string(role) + "_hint"), Checked: a.Role == role,
		})
	}
	var err error
	if out.Groups, err = s.groupOptions(r, by, sc); err != nil {
		return out, err
	}
	if len(out.Groups) > 0 {
		out.Roles = append(out.Roles, part.RadioCard{
			Name: "role", Value: groupRole, Label: p.T("access.group_role"), Hint: p.T("access.group_role_hint"), Checked: a.Role.IsGroup(),
		})
	}
	subs, err := s.Subs.Choices(r.Context(), by, sc.Account())
	if err != nil {
		return out, err
	}
	for _, sub := range subs {
		out.Subs = append(out.Subs, people.Sub{ID: string(sub.ID), Name: sub.Name, Owner: sub.AccountName, Checked: slices.Contains(a.Subs, sub.ID)})
	}
	if mayGiveBodies(sc) {
		on := a.Perms.Has(authz.MessagesViewBody)
		out.Bodies = &on
	}
	return out, nil
}

// groupOptions are the role groups that the reader may give on the account.
func (s *Server) groupOptions(r *http.Request, by authz.Actor, sc authz.Scope) ([]part.Option, error) {
	if !sc.Has(authz.RolesAssign) || !sc.Has(authz.RolesView) {
		return nil, nil
	}
	groups, err := s.Roles.List(r.Context(), by, sc.Account())
	if err != nil {
		return nil, err
	}
	var out []part.Option
	for _, g := range groups {
		if sc.MayGive(authz.Grant{Role: authz.Role(g.ID), Group: g.Perms}) == nil {
			out = append(out, part.Option{Value: string(g.ID), Label: g.Name})
		}
	}
	return out, nil
}

// mayGiveBodies reports whether the reader lets people read message bodies here: an Owner of the account itself.
func mayGiveBodies(sc authz.Scope) bool {
	return sc.MayGive(authz.Grant{Role: authz.Owner, Extra: bodiesPerm}) == nil
}

// offered lists the built-in roles that the reader may give on the account.
func offered(sc authz.Scope) []authz.Role {
	var out []authz.Role
	for _, role := range []authz.Role{authz.User, authz.Admin, authz.Owner, authz.Support, authz.Guest} {
		switch {
		case role == authz.User && sc.Perms().Intersect(authz.Grantable(authz.User)).Without(bodiesPerm).Empty():
		case role == authz.Support && sc.Kind() != "platform" && sc.Kind() != "reseller":
		case role != authz.User && role != authz.Guest && !sc.Has(authz.RolesAssign):
		case sc.MayGive(authz.Grant{Role: role}) != nil:
		default:
			out = append(out, role)
		}
	}
	return out
}

// moduleTiles are the modules of the role User; those beyond it say who has them.
func moduleTiles(p offer, sc authz.Scope, a user.Access) []people.Module {
	var out []people.Module
	for _, m := range p.modules() {
		if m.Ceiling != authz.ForAnyone {
			continue
		}
		all := p.set(m).Without(bodiesPerm)
		if all.Intersect(sc.Perms()).Empty() {
			continue
		}
		out = append(out, people.Module{Key: m.Key, Label: p.moduleName(m.Key), Icon: p.icon(m.Key), Checked: !all.Intersect(a.Perms).Empty()})
	}
	for _, m := range []struct{ key, why string }{{"users", "access.locked_admins"}, {"pricing", "access.locked_owner"}, {"payments", "access.locked_owner"}} {
		out = append(out, people.Module{Key: m.key, Label: p.T("perm.module_" + m.key), Locked: p.T(m.why)})
	}
	return out
}

// roleLabel names a role with its tone.
func roleLabel(p i18n.Printer, role authz.Role, group string) (string, part.Tone) {
	switch {
	case group != "":
		return group, part.Neutral
	case role.IsGroup():
		return p.T("access.group_role"), part.Neutral
	case role == authz.Owner:
		return p.T("role.owner"), part.Brand
	case role == authz.Admin, role == authz.Support:
		return p.T("role." + string(role)), part.Info
	}
	return p.T("role." + string(role)), part.Neutral
}

// modulesOf sums up in a few words what a grant reaches.
func modulesOf(p offer, g authz.Grant) string {
	switch g.Role {
	case authz.Owner, authz.Admin:
		return p.T("users.all_modules")
	}
	return modulesIn(p, g.Set())
}

// modulesIn sums up a set by its modules.
func modulesIn(p offer, set authz.Set) string {
	held := set.Without(authz.SetOf(authz.AccountView))
	var names []string
	for _, m := range p.modules() {
		if !p.set(m).Intersect(held).Empty() {
			names = append(names, p.moduleName(m.Key))
		}
	}
	switch len(names) {
	case 0:
		return p.T("users.no_modules")
	case 1:
		return names[0]
	}
	return p.T("users.more_modules", "first", names[0], "count", len(names)-1)
}

func subsOf(p i18n.Printer, a user.Access, n int) string {
	switch {
	case a.Role == authz.Guest:
		return p.T("users.subs_none")
	case a.AllSubs:
		return p.T("users.subs_all")
	}
	return p.T("users.subs_some", "count", n)
}
