package web

import (
	"net/http"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/role"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
	"bailiwick/internal/web/ui/roles"
)

// roleActions adds what the reader can do with a group besides editing it.
func roleActions(sc authz.Scope, g role.Group, v *roles.Edit) {
	manage := sc.Has(authz.RolesManage)
	if manage {
		v.Duplicate = v.Base + "/new?from=" + string(g.ID)
	}
	if manage && !g.Inherited(sc.Account()) && g.Within(sc) {
		v.Delete = v.Action + "/delete"
	}
	if sc.Has(authz.UsersInvite) && sc.Has(authz.RolesAssign) && sc.MayGive(authz.Grant{Role: authz.Role(g.ID), Group: g.Perms}) == nil {
		v.Invite = accountPath(sc.Account(), "/users/invite?role="+string(g.ID))
	}
	v.Keys = sc.Has(authz.CredentialsView)
}

// mayReassign reports whether the reader may give the people of a group another role, all at once.
func mayReassign(sc authz.Scope) bool { return sc.Has(authz.RolesAssign) && sc.Has(authz.UsersEdit) }

// deleteRolePage asks before a group is deleted, and says what has to be done before while people have it.
func (s *Server) deleteRolePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, g, err := s.roleOf(r, by)
	if err != nil {
		return err
	}
	if _, _, err := s.Ops.Read(r.Context(), by, authz.RolesManage, sc.Account()); err != nil {
		return err
	}
	if g.Inherited(sc.Account()) {
		return errs.NoSuch("role")
	}
	p := i18n.From(r.Context())
	base := accountPath(sc.Account(), "/roles")
	path := base + "/" + string(g.ID)
	v := people.Confirm{
		Title: p.T("roles.delete_title", "name", g.Name), Text: p.T("roles.delete_text"), Action: path + "/delete", Back: path,
		Do: p.T("roles.delete"), Keep: p.T("roles.delete_keep"),
	}
	if n := g.Members + g.Invitations; n > 0 {
		who, err := s.membersOf(r, by, sc, g)
		if err != nil {
			return err
		}
		v.Text, v.Whom = p.T("roles.delete_used", "count", n), roles.Members{Count: p.Number(int64(n)), People: who}
		v.First = &part.Button{Label: p.T("roles.members"), Href: path + "#members"}
		if mayReassign(sc) {
			v.First = &part.Button{Label: p.T("roles.reassign"), Kind: part.Primary, Href: path + "#" + roles.ReassignID}
		}
	}
	if v.Page, err = s.frame(w, r, by, rolesPlace(p, base, part.Crumb{Label: g.Name, Href: path}, part.Crumb{Label: p.T("roles.delete_short")})); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}

func (s *Server) deleteRole(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	sc, g, err := s.roleOf(r, by)
	if err != nil {
		return err
	}
	if err := s.Roles.Delete(r.Context(), by, sc.Account(), g.ID); err != nil {
		return err
	}
	s.setFlash(w, "role_deleted")
	return seeOther(w, r, accountPath(sc.Account(), "/roles"))
}

func (s *Server) reassignRole(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, g, err := s.roleOf(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "to")
	if err != nil {
		return err
	}
	if err := s.Roles.Reassign(r.Context(), by, sc.Account(), g.ID, authz.Role(f.text("to"))); err != nil {
		return err
	}
	s.setFlash(w, "role_reassigned")
	return seeOther(w, r, accountPath(sc.Account(), "/roles/"+string(g.ID)))
}
