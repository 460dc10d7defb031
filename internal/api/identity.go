package api

import (
	"context"
	"net/http"

	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

// identityOperations reach the person behind a user, in all their accounts.
func (a *API) identityOperations() {
	tag, theirs := "Users", "It takes a key that holds in every account of the person what they hold there."
	add(a, operation{id: "getIdentity", route: "GET /accounts/{account}/users/{membership}/identity", tag: tag, perm: authz.UsersEdit, about: "Get the profile of a person, which counts in all their accounts", more: theirs}, a.getIdentity)
	add(a, operation{id: "editIdentity", route: "PATCH /accounts/{account}/users/{membership}/identity", tag: tag, perm: authz.UsersEdit, about: "Edit the profile of a person", more: theirs}, a.editIdentity)
	add(a, operation{id: "askUserEmail", route: "POST /accounts/{account}/users/{membership}/email", tag: tag, perm: authz.UsersEdit, status: http.StatusNoContent, about: "Mail a confirmation to a new address of a person",
		more: "The address counts once it was confirmed from that mailbox. " + theirs}, a.askUserEmail)
	add(a, operation{id: "listUserSessions", route: "GET /accounts/{account}/users/{membership}/sessions", tag: tag, perm: authz.UsersEdit, about: "List where a person is signed in, the latest seen first", more: theirs}, a.listUserSessions)
	add(a, operation{id: "endUserSession", route: "DELETE /accounts/{account}/users/{membership}/sessions/{session}", tag: tag, perm: authz.UsersEdit, about: "End a session of a person", more: theirs}, a.endUserSession)
}

func (a *API) identity(ctx context.Context, by authz.Actor, in *AtUser) (authn.Identity, error) {
	who, reached, err := a.Authn.IdentityOf(ctx, by, in.Account, in.Membership)
	if err == nil && !reached {
		err = authn.Theirs()
	}
	return who, err
}

func (a *API) getIdentity(ctx context.Context, by authz.Actor, in *AtUser) (*Item[Profile], error) {
	who, err := a.identity(ctx, by, in)
	if err != nil {
		return nil, err
	}
	return &Item[Profile]{etag(who.Version), profileBody(who.Profile)}, nil
}

type editIdentityIn struct {
	AtUser
	Edits
	Body struct {
		Name     *string `json:"name,omitempty"`
		Username *string `json:"username,omitempty"`
		Language *string `json:"language,omitempty" doc:"Empty: that of the browser."`
		TimeZone *string `json:"time_zone,omitempty" doc:"Empty: that of the account."`
	}
}

func (a *API) editIdentity(ctx context.Context, by authz.Actor, in *editIdentityIn) (*Item[Profile], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	who, err := a.identity(ctx, by, &in.AtUser)
	if err != nil {
		return nil, err
	}
	upd := authn.Profile{Name: or(in.Body.Name, who.Name), Username: or(in.Body.Username, who.Username), Language: or(in.Body.Language, who.Language), TimeZone: or(in.Body.TimeZone, who.TimeZone), Version: version}
	if err := a.Authn.UpdateIdentity(ctx, by, in.Account, in.Membership, upd); err != nil {
		return nil, err
	}
	return a.getIdentity(ctx, by, &in.AtUser)
}

type askUserEmailIn struct {
	AtUser
	Body struct {
		Email string `json:"email" maxLength:"254"`
	}
}

func (a *API) askUserEmail(ctx context.Context, by authz.Actor, in *askUserEmailIn) (*Done, error) {
	return done(a.Authn.AskEmailFor(ctx, by, in.Account, in.Membership, in.Body.Email))
}

func (a *API) listUserSessions(ctx context.Context, by authz.Actor, in *AtUser) (*Answer[List[Session]], error) {
	who, err := a.identity(ctx, by, in)
	if err != nil {
		return nil, err
	}
	return &Answer[List[Session]]{sessionBodies(who.Sessions)}, nil
}

type endUserSessionIn struct {
	AtUser
	Session ids.Session `path:"session" doc:"The session's id."`
}

func (a *API) endUserSession(ctx context.Context, by authz.Actor, in *endUserSessionIn) (*struct{}, error) {
	return nil, a.Authn.EndSessionOf(ctx, by, in.Account, in.Membership, in.Session)
}
