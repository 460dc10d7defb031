package api

import (
	"context"
	"net/http"
	"time"

	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
)

func (a *API) meOperations() {
	tag := "Me"
	add(a, operation{id: "getProfile", route: "GET /me/profile", tag: tag, perm: authz.ProfileView, about: "Get the profile of the owner of the key"}, a.getProfile)
	add(a, operation{id: "editProfile", route: "PATCH /me/profile", tag: tag, perm: authz.ProfileEdit, about: "Edit the profile of the owner of the key",
		more: "What takes a password in the portal is not among it: the address, the password, the second factor."}, a.editProfile)
	add(a, operation{id: "listMyAccounts", route: "GET /me/accounts", tag: tag, perm: authz.ProfileView, about: "List the accounts that the owner of the key belongs to, by name",
		more: "The key acts in its own account and below, and in none of the others."}, a.listMyAccounts)
	add(a, operation{id: "listMySessions", route: "GET /me/sessions", tag: tag, perm: authz.ProfileView, about: "List where the owner of the key is signed in, the latest seen first"}, a.listMySessions)
	add(a, operation{id: "endMySession", route: "DELETE /me/sessions/{session}", tag: tag, perm: authz.ProfileEdit, about: "End a session of the owner of the key"}, a.endMySession)
	add(a, operation{id: "listNotifications", route: "GET /me/notifications", tag: tag, perm: authz.ProfileView, about: "List what the owner of the key was told in the account of the key, the latest first",
		more: "What the key may not see is not among it, nor are the topics that its owner does not want to be told of."}, a.listNotifications)
	add(a, operation{id: "readNotifications", route: "POST /me/notifications/read", tag: tag, perm: authz.ProfileEdit, status: http.StatusNoContent, about: "Mark notifications as read"}, a.readNotifications)
	add(a, operation{id: "listViews", route: "GET /accounts/{account}/views", tag: tag, perm: authz.ProfileView, about: "List the saved views of the owner of the key, by name"}, a.listViews)
	add(a, operation{id: "saveView", route: "POST /accounts/{account}/views", tag: tag, perm: authz.ProfileEdit, status: http.StatusCreated, about: "Save a view of a list under a name",
		more: "The same name again replaces it."}, a.saveView)
	add(a, operation{id: "deleteView", route: "DELETE /accounts/{account}/views/{view}", tag: tag, perm: authz.ProfileEdit, about: "Delete a saved view"}, a.deleteView)
}

// Profile is what a person says of themselves, in all their accounts.
type Profile struct {
	Name     string `json:"name"`
	Username string `json:"username"`
	Email    string `json:"email"`
	Language string `json:"language" doc:"A BCP 47 tag; empty: that of the browser."`
	TimeZone string `json:"time_zone" doc:"An IANA name; empty: that of the account."`
}

func (a *API) getProfile(ctx context.Context, by authz.Actor, _ *struct{}) (*Item[Profile], error) {
	p, err := a.Authn.Profile(ctx, by)
	if err != nil {
		return nil, err
	}
	return &Item[Profile]{etag(p.Version), profileBody(p)}, nil
}

func profileBody(p authn.Profile) Profile {
	return Profile{p.Name, p.Username, p.Email, p.Language, p.TimeZone}
}

type editProfileIn struct {
	Edits
	Body struct {
		Name     *string `json:"name,omitempty"`
		Language *string `json:"language,omitempty" doc:"Empty: that of the browser."`
		TimeZone *string `json:"time_zone,omitempty" doc:"Empty: that of the account."`
	}
}

func (a *API) editProfile(ctx context.Context, by authz.Actor, in *editProfileIn) (*Item[Profile], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	p, err := a.Authn.Profile(ctx, by)
	if err != nil {
		return nil, err
	}
	upd := authn.Profile{Name: or(in.Body.Name, p.Name), Username: p.Username, Language: or(in.Body.Language, p.Language), TimeZone: or(in.Body.TimeZone, p.TimeZone), Version: version}
	if err := a.Authn.UpdateProfile(ctx, by, upd); err != nil {
		return nil, err
	}
	return a.getProfile(ctx, by, nil)
}

// MyAccount is an account that a person belongs to.
type MyAccount struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	Kind    string `json:"kind" enum:"platform,reseller,customer,department"`
	Role    string `json:"role" doc:"A built-in role, or the id of a role group."`
	Group   string `json:"role_name,omitempty" doc:"The name of the role group."`
	Closed  bool   `json:"closed"`
	Current bool   `json:"current" doc:"The account of the key."`
}

type listMyAccountsIn struct {
	Turn
	Search string `query:"q" maxLength:"200" doc:"Part of the name."`
}

func (a *API) listMyAccounts(ctx context.Context, by authz.Actor, in *listMyAccountsIn) (*Answer[List[MyAccount]], error) {
	bind := binding(by, "", "my accounts", in.Search)
	q := authn.PlacesQuery{Search: in.Search}
	if in.Cursor != "" {
		c, err := a.Cursors.Open(bind, in.Cursor, 1)
		if err != nil {
			return nil, err
		}
		q.After = c.Key[0]
	}
	found, err := a.Authn.Places(ctx, by, q)
	if err != nil {
		return nil, err
	}
	out := List[MyAccount]{Items: make([]MyAccount, len(found.Rows))}
	for i, p := range found.Rows {
		out.Items[i] = MyAccount{string(p.Account), p.Name, p.Kind, string(p.Role), p.Group, p.Closed, p.Current}
	}
	if found.Next != "" {
		out.Next = a.Cursors.Seal(bind, page.Cursor{Key: []string{found.Next}})
	}
	return &Answer[List[MyAccount]]{out}, nil
}

// Session is a browser in which a person is signed in.
type Session struct {
	ID        string    `json:"id"`
	IP        string    `json:"ip"`
	UserAgent string    `json:"user_agent"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
}

func (a *API) listMySessions(ctx context.Context, by authz.Actor, _ *struct{}) (*Answer[List[Session]], error) {
	all, err := a.Authn.Sessions(ctx, by)
	if err != nil {
		return nil, err
	}
	return &Answer[List[Session]]{sessionBodies(all)}, nil
}

func sessionBodies(all []authn.SessionRow) List[Session] {
	out := List[Session]{Items: make([]Session, len(all))}
	for i, s := range all {
		out.Items[i] = Session{string(s.ID), s.IP, s.UserAgent, s.Created, s.Seen}
	}
	return out
}

type endMySessionIn struct {
	Session ids.Session `path:"session" doc:"The session's id."`
}

func (a *API) endMySession(ctx context.Context, by authz.Actor, in *endMySessionIn) (*struct{}, error) {
	return nil, a.Authn.RevokeSession(ctx, by, in.Session)
}

// View is a list's filter and order under a name.
type View struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Query string `json:"query" doc:"The parameters of the list." example:"status=active&sort=end"`
}

type listViewsIn struct {
	AtAccount
	List string `query:"list" enum:"clients" default:"clients" doc:"Of which list."`
}

func (a *API) listViews(ctx context.Context, by authz.Actor, in *listViewsIn) (*Answer[List[View]], error) {
	all, err := a.Views.List(ctx, by, in.Account, in.List)
	if err != nil {
		return nil, err
	}
	out := List[View]{Items: make([]View, len(all))}
	for i, v := range all {
		out.Items[i] = View{string(v.ID), v.Name, v.Query}
	}
	return &Answer[List[View]]{out}, nil
}

type saveViewIn struct {
	AtAccount
	Body struct {
		List  string `json:"list" enum:"clients"`
		Name  string `json:"name" example:"Ending soon"`
		Query string `json:"query" maxLength:"1000" example:"ends=30&sort=end"`
	}
}

func (a *API) saveView(ctx context.Context, by authz.Actor, in *saveViewIn) (*Created, error) {
	id, err := a.Views.Save(ctx, by, in.Account, in.Body.List, in.Body.Name, in.Body.Query)
	return made("/accounts/"+string(in.Account)+"/views/", id, err)
}

type deleteViewIn struct {
	AtAccount
	View ids.View `path:"view" doc:"The view's id."`
}

func (a *API) deleteView(ctx context.Context, by authz.Actor, in *deleteViewIn) (*struct{}, error) {
	return nil, a.Views.Delete(ctx, by, in.Account, in.View)
}
