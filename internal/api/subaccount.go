package api

import (
	"context"
	"net/http"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
	"bailiwick/internal/subaccount"
)

func (a *API) subAccountOperations() {
	tag := "Sub-accounts"
	add(a, operation{id: "listSubAccounts", route: "GET /accounts/{account}/subaccounts", tag: tag, perm: authz.SubAccountsView, about: "List the sub-accounts of an account and its departments"}, a.listSubAccounts)
	add(a, operation{id: "createSubAccount", route: "POST /accounts/{account}/subaccounts", tag: tag, perm: authz.SubAccountsCreate, status: http.StatusCreated, about: "Create a sub-account"}, a.createSubAccount)
	add(a, operation{id: "getSubAccount", route: "GET /accounts/{account}/subaccounts/{subaccount}", tag: tag, perm: authz.SubAccountsView, about: "Get a sub-account"}, a.getSubAccount)
	add(a, operation{id: "editSubAccount", route: "PATCH /accounts/{account}/subaccounts/{subaccount}", tag: tag, perm: authz.SubAccountsEdit, about: "Edit a sub-account"}, a.editSubAccount)
	add(a, operation{id: "removeSubAccount", route: "DELETE /accounts/{account}/subaccounts/{subaccount}", tag: tag, perm: authz.SubAccountsClose, about: "Remove a sub-account for good"}, a.removeSubAccount)
	add(a, operation{id: "suspendSubAccount", route: "POST /accounts/{account}/subaccounts/{subaccount}/suspend", tag: tag, perm: authz.SubAccountsSuspend, status: http.StatusNoContent, about: "Stop a sub-account from sending"}, a.suspendSubAccount)
	add(a, operation{id: "resumeSubAccount", route: "POST /accounts/{account}/subaccounts/{subaccount}/resume", tag: tag, perm: authz.SubAccountsSuspend, status: http.StatusNoContent, about: "Let a sub-account send again"}, a.resumeSubAccount)
	add(a, operation{id: "moveSubAccount", route: "POST /accounts/{account}/subaccounts/{subaccount}/move", tag: tag, perm: authz.SubAccountsMove, status: http.StatusNoContent, about: "Give a sub-account to the client or another department"}, a.moveSubAccount)
}

// SubAccount is a sending identity.
type SubAccount struct {
	ID          string    `json:"id"`
	Account     string    `json:"account" doc:"Its owner: the client or a department."`
	AccountName string    `json:"account_name"`
	Name        string    `json:"name"`
	Purpose     string    `json:"purpose" enum:"transactional,marketing"`
	Status      string    `json:"status" enum:"active,suspended"`
	CreatedAt   time.Time `json:"created_at"`
	Can         []string  `json:"can" doc:"What the key may do with sub-accounts here."`
}

func subAccountBody(s subaccount.SubAccount, mine []string) SubAccount {
	status := "active"
	if s.Suspended {
		status = "suspended"
	}
	return SubAccount{string(s.ID), string(s.Account), s.AccountName, s.Name, string(s.Purpose), status, s.CreatedAt, mine}
}

type listSubAccountsIn struct {
	AtAccount
	Turn
	Search string `query:"q" maxLength:"200" doc:"Part of the name."`
}

func (a *API) listSubAccounts(ctx context.Context, by authz.Actor, in *listSubAccountsIn) (*Answer[List[SubAccount]], error) {
	bind := binding(by, in.Account, "subaccounts", in.Search)
	q := subaccount.Query{Search: in.Search}
	if in.Cursor != "" {
		c, err := a.Cursors.Open(bind, in.Cursor, 2)
		if err != nil {
			return nil, err
		}
		q.After, q.AfterID = c.Key[0], ids.SubAccount(c.Key[1])
	}
	p, err := a.Subs.List(ctx, by, in.Account, q)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "subaccounts")
	if err != nil {
		return nil, err
	}
	out := List[SubAccount]{Items: make([]SubAccount, len(p.SubAccounts))}
	for i, s := range p.SubAccounts {
		out.Items[i] = subAccountBody(s, mine)
	}
	if p.Next != "" {
		out.Next = a.Cursors.Seal(bind, page.Cursor{Key: []string{p.Next, string(p.NextID)}})
	}
	return &Answer[List[SubAccount]]{out}, nil
}

type createSubAccountIn struct {
	AtAccount
	Body struct {
		Name    string `json:"name" doc:"2 to 64 small letters, digits, - and _; unique in the client."`
		Purpose string `json:"purpose" enum:"transactional,marketing"`
	}
}

func (a *API) createSubAccount(ctx context.Context, by authz.Actor, in *createSubAccountIn) (*Created, error) {
	id, err := a.Subs.Create(ctx, by, in.Account, subaccount.Input{Name: in.Body.Name, Purpose: subaccount.Purpose(in.Body.Purpose)})
	return made("/accounts/"+string(in.Account)+"/subaccounts/", id, err)
}

// AtSubAccount names a sub-account in the path.
type AtSubAccount struct {
	AtAccount
	SubAccount ids.SubAccount `path:"subaccount" doc:"The sub-account's id."`
}

func (a *API) getSubAccount(ctx context.Context, by authz.Actor, in *AtSubAccount) (*Item[SubAccount], error) {
	s, err := a.Subs.Get(ctx, by, in.Account, in.SubAccount)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "subaccounts")
	if err != nil {
		return nil, err
	}
	return &Item[SubAccount]{etag(s.Version), subAccountBody(s, mine)}, nil
}

type editSubAccountIn struct {
	AtSubAccount
	Edits
	Body struct {
		Name    *string `json:"name,omitempty"`
		Purpose *string `json:"purpose,omitempty" enum:"transactional,marketing"`
	}
}

func (a *API) editSubAccount(ctx context.Context, by authz.Actor, in *editSubAccountIn) (*Item[SubAccount], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	s, err := a.Subs.Get(ctx, by, in.Account, in.SubAccount)
	if err != nil {
		return nil, err
	}
	upd := subaccount.Input{Name: or(in.Body.Name, s.Name), Purpose: subaccount.Purpose(or(in.Body.Purpose, string(s.Purpose)))}
	if err := a.Subs.Edit(ctx, by, in.Account, in.SubAccount, version, upd); err != nil {
		return nil, err
	}
	return a.getSubAccount(ctx, by, &in.AtSubAccount)
}

type removeSubAccountIn struct {
	AtSubAccount
	Typed string `query:"typed" required:"true" maxLength:"64" doc:"Its name, as a safeguard."`
}

func (a *API) removeSubAccount(ctx context.Context, by authz.Actor, in *removeSubAccountIn) (*struct{}, error) {
	return nil, a.Subs.Remove(ctx, by, in.Account, in.SubAccount, in.Typed)
}

func (a *API) suspendSubAccount(ctx context.Context, by authz.Actor, in *AtSubAccount) (*Done, error) {
	return done(a.Subs.Suspend(ctx, by, in.Account, in.SubAccount))
}

func (a *API) resumeSubAccount(ctx context.Context, by authz.Actor, in *AtSubAccount) (*Done, error) {
	return done(a.Subs.Resume(ctx, by, in.Account, in.SubAccount))
}

type moveSubAccountIn struct {
	AtSubAccount
	Body struct {
		To ids.Account `json:"to" maxLength:"64" doc:"The client, or one of its departments."`
	}
}

func (a *API) moveSubAccount(ctx context.Context, by authz.Actor, in *moveSubAccountIn) (*Done, error) {
	return done(a.Subs.Move(ctx, by, in.Account, in.SubAccount, in.Body.To))
}
