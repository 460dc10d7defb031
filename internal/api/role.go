package api

import (
	"context"
	"net/http"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/role"
)

func (a *API) roleOperations() {
	tag := "Roles"
	add(a, operation{id: "listRoles", route: "GET /accounts/{account}/roles", tag: tag, perm: authz.RolesView, about: "List the role groups that can be used in an account"}, a.listRoles)
	add(a, operation{id: "createRole", route: "POST /accounts/{account}/roles", tag: tag, perm: authz.RolesManage, status: http.StatusCreated, about: "Create a role group"}, a.createRole)
	add(a, operation{id: "getRole", route: "GET /accounts/{account}/roles/{role}", tag: tag, perm: authz.RolesView, about: "Get a role group"}, a.getRole)
	add(a, operation{id: "editRole", route: "PATCH /accounts/{account}/roles/{role}", tag: tag, perm: authz.RolesManage, about: "Edit a role group", more: "What changes holds at once for everybody who has it."}, a.editRole)
	add(a, operation{id: "deleteRole", route: "DELETE /accounts/{account}/roles/{role}", tag: tag, perm: authz.RolesManage, about: "Delete a role group that nobody has"}, a.deleteRole)
	add(a, operation{id: "listRoleHolders", route: "GET /accounts/{account}/roles/{role}/holders", tag: tag, perm: authz.RolesView, about: "List who has a role group, the first hundred by name"}, a.roleHolders)
	add(a, operation{id: "reassignRole", route: "POST /accounts/{account}/roles/{role}/reassign", tag: tag, perm: authz.RolesManage, status: http.StatusNoContent, about: "Give everybody who has a role group another one, or Guest"}, a.reassignRole)
}

// Role is a role group.
type Role struct {
	ID          string    `json:"id"`
	Account     string    `json:"account,omitempty" doc:"Where it is defined; absent when that is out of sight."`
	AccountName string    `json:"account_name,omitempty"`
	Inherited   bool      `json:"inherited" doc:"It comes from above this account."`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Permissions []string  `json:"permissions"`
	Sending     []Sending `json:"sending" doc:"How much each of its people may send. What is not among them has no limit."`
	Members     int       `json:"members" doc:"People here and below who have it."`
	Invitations int       `json:"invitations" doc:"Open invitations with it, likewise."`
	Can         []string  `json:"can" doc:"What the key may do with role groups here."`
}

func roleBody(g role.Group, at ids.Account, mine []string) Role {
	out := Role{string(g.ID), string(g.Account), g.AccountName, g.Inherited(at), g.Name, g.Description, g.Perms.Names(), sendingBodies(g.Sending), g.Members, g.Invitations, mine}
	if g.AccountName == "" {
		out.Account = ""
	}
	if out.Permissions == nil {
		out.Permissions = []string{}
	}
	return out
}

func (a *API) listRoles(ctx context.Context, by authz.Actor, in *AtAccount) (*Answer[List[Role]], error) {
	groups, err := a.Roles.List(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "roles")
	if err != nil {
		return nil, err
	}
	out := List[Role]{Items: make([]Role, len(groups))}
	for i, g := range groups {
		out.Items[i] = roleBody(g, in.Account, mine)
	}
	return &Answer[List[Role]]{out}, nil
}

type createRoleIn struct {
	AtAccount
	Body struct {
		Name        string    `json:"name"`
		Description string    `json:"description,omitempty"`
		Permissions []string  `json:"permissions" maxItems:"500"`
		Sending     []Sending `json:"sending,omitempty" maxItems:"6" doc:"How much each of its people may send. What is left out has no limit."`
	}
}

func (a *API) createRole(ctx context.Context, by authz.Actor, in *createRoleIn) (*Created, error) {
	perms, err := permsOf("permissions", in.Body.Permissions)
	if err != nil {
		return nil, err
	}
	sending, err := gridOf(in.Body.Sending)
	if err != nil {
		return nil, err
	}
	id, err := a.Roles.Create(ctx, by, in.Account, role.Input{Name: in.Body.Name, Description: in.Body.Description, Perms: perms, Sending: sending})
	return made("/accounts/"+string(in.Account)+"/roles/", id, sendingPlaces(in.Body.Sending).in(err))
}

// AtRole names a role group in the path.
type AtRole struct {
	AtAccount
	Role ids.Role `path:"role" doc:"The role group's id."`
}

func (a *API) getRole(ctx context.Context, by authz.Actor, in *AtRole) (*Item[Role], error) {
	g, err := a.Roles.Get(ctx, by, in.Account, in.Role)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "roles")
	if err != nil {
		return nil, err
	}
	return &Item[Role]{etag(g.Version), roleBody(g, in.Account, mine)}, nil
}

type editRoleIn struct {
	AtRole
	Edits
	Body struct {
		Name        *string    `json:"name,omitempty"`
		Description *string    `json:"description,omitempty"`
		Permissions *[]string  `json:"permissions,omitempty" maxItems:"500" doc:"All of them."`
		Sending     *[]Sending `json:"sending,omitempty" maxItems:"6" doc:"All of them. What is left out has no limit."`
	}
}

func (a *API) editRole(ctx context.Context, by authz.Actor, in *editRoleIn) (*Item[Role], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	g, err := a.Roles.Get(ctx, by, in.Account, in.Role)
	if err != nil {
		return nil, err
	}
	upd := role.Input{Name: or(in.Body.Name, g.Name), Description: or(in.Body.Description, g.Description), Perms: g.Perms, Sending: g.Sending}
	if in.Body.Permissions != nil {
		if upd.Perms, err = permsOf("permissions", *in.Body.Permissions); err != nil {
			return nil, err
		}
	}
	var at places
	if in.Body.Sending != nil {
		if upd.Sending, err = gridOf(*in.Body.Sending); err != nil {
			return nil, err
		}
		at = sendingPlaces(*in.Body.Sending)
	}
	if err := a.Roles.Edit(ctx, by, in.Account, in.Role, version, upd); err != nil {
		return nil, at.in(err)
	}
	return a.getRole(ctx, by, &in.AtRole)
}

func (a *API) deleteRole(ctx context.Context, by authz.Actor, in *AtRole) (*struct{}, error) {
	return nil, a.Roles.Delete(ctx, by, in.Account, in.Role)
}

// RoleHolder is somebody who has a role group, or is invited with it.
type RoleHolder struct {
	Account     string `json:"account"`
	AccountName string `json:"account_name"`
	User        string `json:"user,omitempty" doc:"The membership; absent for an invitation."`
	Name        string `json:"name"`
	Email       string `json:"email"`
}

func (a *API) roleHolders(ctx context.Context, by authz.Actor, in *AtRole) (*Answer[List[RoleHolder]], error) {
	all, err := a.Roles.Holders(ctx, by, in.Account, in.Role)
	if err != nil {
		return nil, err
	}
	out := List[RoleHolder]{Items: make([]RoleHolder, len(all))}
	for i, h := range all {
		out.Items[i] = RoleHolder{string(h.Account), h.AccountName, string(h.Membership), h.Name, h.Email}
	}
	return &Answer[List[RoleHolder]]{out}, nil
}

type reassignIn struct {
	AtRole
	Body struct {
		To string `json:"to" maxLength:"64" doc:"The id of another role group, or guest."`
	}
}

func (a *API) reassignRole(ctx context.Context, by authz.Actor, in *reassignIn) (*Done, error) {
	return done(a.Roles.Reassign(ctx, by, in.Account, in.Role, authz.Role(in.Body.To)))
}
