package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/page"
	"bailiwick/internal/user"
)

func (a *API) userOperations() {
	tag := "Users"
	add(a, operation{id: "listUsers", route: "GET /accounts/{account}/users", tag: tag, perm: authz.UsersView, about: "List the people of an account"}, a.listUsers)
	add(a, operation{id: "createUser", route: "POST /accounts/{account}/users", tag: tag, perm: authz.UsersInvite, status: http.StatusAccepted, about: "Create a person directly",
		more: "The person gets a link to set their password. Somebody who has a sign-in already gets an invitation instead; the answer does not tell which."}, a.createUser)
	add(a, operation{id: "changeUsers", route: "POST /accounts/{account}/users/bulk", tag: tag, perm: authz.UsersView, status: http.StatusNoContent, about: "Deactivate, reactivate or remove up to 100 people, all or none"}, a.changeUsers)
	add(a, operation{id: "transferOwnership", route: "POST /accounts/{account}/transfer-ownership", tag: tag, status: http.StatusNoContent, about: "Make somebody the Owner of an account"}, a.transferOwnership)
	add(a, operation{id: "getUser", route: "GET /accounts/{account}/users/{membership}", tag: tag, perm: authz.UsersView, about: "Get a person"}, a.getUser)
	add(a, operation{id: "editUser", route: "PATCH /accounts/{account}/users/{membership}", tag: tag, perm: authz.UsersEdit, about: "Edit what a person may do, their job title and phone",
		more: "`access` replaces all of what they may do here. Name and address are the person's own."}, a.editUser)
	add(a, operation{id: "removeUser", route: "DELETE /accounts/{account}/users/{membership}", tag: tag, perm: authz.UsersRemove, about: "Remove a person from an account"}, a.removeUser)
	add(a, operation{id: "deactivateUser", route: "POST /accounts/{account}/users/{membership}/deactivate", tag: tag, perm: authz.UsersDeactivate, status: http.StatusNoContent, about: "Deactivate a person in an account"}, a.deactivateUser)
	add(a, operation{id: "reactivateUser", route: "POST /accounts/{account}/users/{membership}/reactivate", tag: tag, perm: authz.UsersDeactivate, status: http.StatusNoContent, about: "Reactivate a person in an account"}, a.reactivateUser)
	add(a, operation{id: "signUserOut", route: "POST /accounts/{account}/users/{membership}/sign-out", tag: tag, perm: authz.UsersEdit, status: http.StatusNoContent, about: "End all sessions of a person, everywhere",
		more: "It takes a key that holds in every account of the person what they hold there. A session is the person's, not an account's."}, a.signUserOut)
	add(a, operation{id: "sendPasswordReset", route: "POST /accounts/{account}/users/{membership}/reset", tag: tag, perm: authz.UsersEdit, status: http.StatusNoContent, about: "Mail a person a link to set a new password",
		more: "It goes to their own address; nobody else sees it."}, a.sendReset)
	add(a, operation{id: "getEffectiveAccess", route: "GET /accounts/{account}/users/{membership}/permissions", tag: tag, perm: authz.UsersView, about: "List everything a person may do in an account, from wherever they have it"}, a.effectiveAccess)
}

// Access is what somebody may do in an account.
type Access struct {
	Role           string   `json:"role" maxLength:"64" doc:"owner, admin, support, user, guest, or the id of a role group." example:"user"`
	Permissions    []string `json:"permissions,omitempty" maxItems:"200" doc:"What is ticked besides the role: the modules of a User, the list of Support." example:"[\"locations.view\"]"`
	AllSubAccounts bool     `json:"all_subaccounts" doc:"Every sub-account, those to come included."`
	SubAccounts    []string `json:"subaccounts,omitempty" maxItems:"500" doc:"Else these."`
}

func accessBody(a user.Access) Access {
	out := Access{Role: string(a.Role), Permissions: a.Perms.Names(), AllSubAccounts: a.AllSubs}
	for _, s := range a.Subs {
		out.SubAccounts = append(out.SubAccounts, string(s))
	}
	return out
}

// NewAccess is what somebody who comes to an account may do in it.
type NewAccess struct {
	Role           string   `json:"role" maxLength:"64" doc:"owner, admin, support, user, guest, or the id of a role group." example:"user"`
	Permissions    []string `json:"permissions,omitempty" maxItems:"200" doc:"What is ticked besides the role: the modules of a User, the list of Support." example:"[\"locations.view\"]"`
	AllSubAccounts *bool    `json:"all_subaccounts,omitempty" doc:"Every sub-account, those to come included: so it is unless subaccounts names some, or this is false."`
	SubAccounts    []string `json:"subaccounts,omitempty" maxItems:"500" doc:"Else these."`
}

func (x NewAccess) access(field string) (user.Access, error) {
	all := len(x.SubAccounts) == 0
	if x.AllSubAccounts != nil {
		all = *x.AllSubAccounts
	}
	return Access{x.Role, x.Permissions, all, x.SubAccounts}.access(field)
}

func (x Access) access(field string) (user.Access, error) {
	perms, err := permsOf(field, x.Permissions)
	out := user.Access{Role: authz.Role(x.Role), Perms: perms, AllSubs: x.AllSubAccounts}
	for _, s := range x.SubAccounts {
		out.Subs = append(out.Subs, ids.SubAccount(s))
	}
	return out, err
}

// User is a person in an account.
type User struct {
	ID            string     `json:"id" doc:"Of the membership: this person in this account."`
	User          string     `json:"user" doc:"Of the person, in every account."`
	Name          string     `json:"name"`
	Email         string     `json:"email"`
	EmailVerified bool       `json:"email_verified"`
	TwoFactor     bool       `json:"two_factor"`
	Access        Access     `json:"access"`
	RoleName      string     `json:"role_name,omitempty" doc:"Of the role group."`
	JobTitle      string     `json:"job_title"`
	Phone         string     `json:"phone"`
	Status        string     `json:"status" enum:"active,deactivated"`
	DeactivatedAt *time.Time `json:"deactivated_at,omitempty"`
	LastActive    *time.Time `json:"last_active,omitempty"`
	CreatedAt     time.Time  `json:"created_at"`
	Can           []string   `json:"can" doc:"What the key may do with this person."`
}

func userBody(m user.Member, sc authz.Scope) User {
	out := User{ID: string(m.ID), User: string(m.User), Name: m.Name, Email: m.Email, EmailVerified: m.EmailVerified, TwoFactor: m.TwoFactor, Access: accessBody(m.Access), RoleName: m.RoleName,
		JobTitle: m.JobTitle, Phone: m.Phone, Status: "active", CreatedAt: m.CreatedAt, Can: can(sc.Perms(), "users")}
	if !m.Active() {
		out.Status, out.DeactivatedAt = "deactivated", &m.DeactivatedAt
	}
	if !m.LastActive.IsZero() {
		out.LastActive = &m.LastActive
	}
	if sc.MayManage(m.Grant()) != nil { // has more rights than the key
		out.Can = can(sc.Perms().Intersect(authz.SetOf(authz.UsersView)), "users")
	}
	return out
}

type listUsersIn struct {
	AtAccount
	Turn
	Search string `query:"q" maxLength:"200" doc:"Part of the name or the address."`
	Status string `query:"status" enum:"active,deactivated" default:"active"`
	Role   string `query:"role" maxLength:"64" doc:"A built-in role, or the id of a role group."`
	Sort   string `query:"sort" enum:"name,email,created" default:"name"`
	Order  string `query:"order" enum:"asc,desc" default:"asc"`
	Limit  int    `query:"limit" minimum:"1" maximum:"50" default:"50" doc:"Rows of a page."`
}

func (a *API) listUsers(ctx context.Context, by authz.Actor, in *listUsersIn) (*Answer[List[User]], error) {
	bind := binding(by, in.Account, "users", in.Search, in.Status, in.Role, in.Sort, in.Order)
	q := user.Query{Deactivated: in.Status == "deactivated", Search: in.Search, Role: authz.Role(in.Role), Sort: user.Sort(in.Sort), Desc: in.Order == "desc", Limit: in.Limit}
	if in.Cursor != "" {
		c, err := a.Cursors.Open(bind, in.Cursor, 3)
		if err != nil {
			return nil, err
		}
		at, err := number(c.Key[1])
		if err != nil {
			return nil, err
		}
		q.After = &user.After{Back: c.Back, Key: c.Key[0], Created: at, ID: ids.Membership(c.Key[2])}
	}
	p, err := a.Users.List(ctx, by, in.Account, q)
	if err != nil {
		return nil, err
	}
	_, sc, err := a.Ops.See(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	seal := func(at *user.After) string {
		if at == nil {
			return ""
		}
		return a.Cursors.Seal(bind, page.Cursor{Back: at.Back, Key: []string{at.Key, strconv.FormatInt(at.Created, 10), string(at.ID)}})
	}
	out := List[User]{Items: make([]User, len(p.Members)), Next: seal(p.Next), Previous: seal(p.Prev)}
	for i, m := range p.Members {
		out.Items[i] = userBody(m, sc)
	}
	return &Answer[List[User]]{out}, nil
}

type createUserIn struct {
	AtAccount
	Body struct {
		Name   string     `json:"name"`
		Email  string     `json:"email"`
		Access *NewAccess `json:"access,omitempty" doc:"What they may do; without it they are a Guest."`
	}
}

func (a *API) createUser(ctx context.Context, by authz.Actor, in *createUserIn) (*Done, error) {
	access, err := given(in.Body.Access)
	if err != nil {
		return nil, err
	}
	return done(a.Invites.CreateUser(ctx, by, in.Account, invite.Create{Name: in.Body.Name, Email: in.Body.Email, Access: access}))
}

// given is the access that a request gives, a Guest's when it says nothing.
func given(x *NewAccess) (user.Access, error) {
	if x == nil {
		return user.Default(), nil
	}
	return x.access("access.permissions")
}

type changeUsersIn struct {
	AtAccount
	Body struct {
		Action string           `json:"action" enum:"deactivate,reactivate,remove"`
		Users  []ids.Membership `json:"users" minItems:"1" maxItems:"100" doc:"Ids of memberships."`
	}
}

func (a *API) changeUsers(ctx context.Context, by authz.Actor, in *changeUsersIn) (*Done, error) {
	switch in.Body.Action {
	case "deactivate":
		return done(a.Users.Deactivate(ctx, by, in.Account, in.Body.Users...))
	case "reactivate":
		return done(a.Users.Reactivate(ctx, by, in.Account, in.Body.Users...))
	}
	return done(a.Users.Remove(ctx, by, in.Account, in.Body.Users...))
}

type transferIn struct {
	AtAccount
	Body struct {
		To   ids.Membership `json:"to" maxLength:"64" doc:"The membership of the new Owner."`
		Keep bool           `json:"keep_owners,omitempty" doc:"The present Owners stay Owners; else they become Admins."`
	}
}

func (a *API) transferOwnership(ctx context.Context, by authz.Actor, in *transferIn) (*Done, error) {
	return done(a.Users.TransferOwnership(ctx, by, in.Account, user.Transfer{To: in.Body.To, Keep: in.Body.Keep}))
}

// AtUser names a person of an account in the path.
type AtUser struct {
	AtAccount
	Membership ids.Membership `path:"membership" doc:"The id of the membership."`
}

func (a *API) getUser(ctx context.Context, by authz.Actor, in *AtUser) (*Item[User], error) {
	m, err := a.Users.Get(ctx, by, in.Account, in.Membership)
	if err != nil {
		return nil, err
	}
	_, sc, err := a.Ops.See(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	return &Item[User]{etag(m.Version), userBody(m, sc)}, nil
}

type editUserIn struct {
	AtUser
	Edits
	Body struct {
		Access   *Access `json:"access,omitempty"`
		JobTitle *string `json:"job_title,omitempty"`
		Phone    *string `json:"phone,omitempty"`
	}
}

func (a *API) editUser(ctx context.Context, by authz.Actor, in *editUserIn) (*Item[User], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	m, err := a.Users.Get(ctx, by, in.Account, in.Membership)
	if err != nil {
		return nil, err
	}
	upd := user.Input{Access: m.Access, JobTitle: or(in.Body.JobTitle, m.JobTitle), Phone: or(in.Body.Phone, m.Phone)}
	if in.Body.Access != nil {
		if upd.Access, err = in.Body.Access.access("access.permissions"); err != nil {
			return nil, err
		}
	}
	if err := a.Users.Edit(ctx, by, in.Account, in.Membership, version, upd); err != nil {
		return nil, err
	}
	return a.getUser(ctx, by, &in.AtUser)
}

func (a *API) removeUser(ctx context.Context, by authz.Actor, in *AtUser) (*struct{}, error) {
	return nil, a.Users.Remove(ctx, by, in.Account, in.Membership)
}

func (a *API) deactivateUser(ctx context.Context, by authz.Actor, in *AtUser) (*Done, error) {
	return done(a.Users.Deactivate(ctx, by, in.Account, in.Membership))
}

func (a *API) reactivateUser(ctx context.Context, by authz.Actor, in *AtUser) (*Done, error) {
	return done(a.Users.Reactivate(ctx, by, in.Account, in.Membership))
}

func (a *API) effectiveAccess(ctx context.Context, by authz.Actor, in *AtUser) (*Answer[List[Permission]], error) {
	set, err := a.Users.Effective(ctx, by, in.Account, in.Membership)
	if err != nil {
		return nil, err
	}
	return &Answer[List[Permission]]{permissionList(set.List())}, nil
}

func (a *API) signUserOut(ctx context.Context, by authz.Actor, in *AtUser) (*Done, error) {
	return done(a.Authn.EndSessionsOf(ctx, by, in.Account, in.Membership))
}

func (a *API) sendReset(ctx context.Context, by authz.Actor, in *AtUser) (*Done, error) {
	m, err := a.Users.Get(ctx, by, in.Account, in.Membership)
	if err != nil {
		return nil, err
	}
	return done(a.Authn.SendReset(ctx, by, in.Account, m.User))
}
