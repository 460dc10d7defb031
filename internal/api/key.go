package api

import (
	"context"
	"net/http"
	"time"

	"bailiwick/internal/apikey"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
)

func (a *API) keyOperations() {
	tag := "API keys"
	add(a, operation{id: "getMe", route: "GET /me", tag: tag, about: "Say for whom the key acts, and where"}, a.getMe)
	add(a, operation{id: "listKeys", route: "GET /accounts/{account}/keys", tag: tag, about: "List the API keys of an account, the newest first",
		more: "Those of everybody take `credentials.view`; with `mine` it is those of the owner of this key, all on one page."}, a.listKeys)
	add(a, operation{id: "createKey", route: "POST /accounts/{account}/keys", tag: tag, perm: authz.CredentialsCreate, status: http.StatusCreated, about: "Make an API key for the owner of this one",
		more: "The key itself stands in this one answer and nowhere else. Its scopes are at most those of this key. Without `expires` and `never_expires` it lives for 90 days."}, a.createKey)
	add(a, operation{id: "revokeKey", route: "DELETE /accounts/{account}/keys/{key}", tag: tag, about: "Revoke an API key, at once"}, a.revokeKey)
}

// Me is for whom a key acts.
type Me struct {
	User    string   `json:"user" doc:"The id of the person whose key it is."`
	Name    string   `json:"name"`
	Key     string   `json:"key" doc:"The id of the key."`
	Account string   `json:"account" doc:"The account that the key belongs to; it acts there and below."`
	Can     []string `json:"can" doc:"What the key may do there now: its scopes and what its owner may."`
}

func (a *API) getMe(ctx context.Context, by authz.Actor, _ *struct{}) (*Answer[Me], error) {
	_, sc, err := a.Ops.See(ctx, by, by.Account())
	if err != nil {
		return nil, err
	}
	return &Answer[Me]{Me{string(by.User()), by.Name(), by.Credential(), string(by.Account()), sc.Perms().Names()}}, nil
}

// Key is an API key without its secret.
type Key struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	User      string     `json:"user" doc:"Whose it is."`
	UserName  string     `json:"user_name"`
	UserEmail string     `json:"user_email"`
	Scopes    []string   `json:"scopes" doc:"Permissions of the catalogue, or * alone: all that its owner may."`
	Expires   *time.Time `json:"expires,omitempty" doc:"Absent: never."`
	Expired   bool       `json:"expired"`
	LastUsed  *time.Time `json:"last_used,omitempty"`
	LastIP    string     `json:"last_ip,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	Can       []string   `json:"can" doc:"What this key may do with keys here."`
}

func (a *API) keyBody(k apikey.Key, mine []string) Key {
	out := Key{ID: string(k.ID), Name: k.Name, User: string(k.User), UserName: k.Owner, UserEmail: k.Email, Scopes: apikey.ScopeNames(k.Scopes),
		Expired: k.Expired(a.Clock()), LastIP: k.LastIP, CreatedAt: k.Created, Can: mine}
	if !k.Expires.IsZero() {
		out.Expires = &k.Expires
	}
	if !k.LastUsed.IsZero() {
		out.LastUsed = &k.LastUsed
	}
	return out
}

type listKeysIn struct {
	AtAccount
	Turn
	Mine bool `query:"mine" doc:"Only the keys of the owner of this one."`
}

// keys reads a page of the keys that are asked for.
func (a *API) keys(ctx context.Context, by authz.Actor, in *listKeysIn, after ids.Key) (apikey.Page, error) {
	if !in.Mine {
		return a.Keys.List(ctx, by, in.Account, after)
	}
	all, err := a.Keys.Mine(ctx, by, in.Account)
	return apikey.Page{Keys: all}, err
}

func (a *API) listKeys(ctx context.Context, by authz.Actor, in *listKeysIn) (*Answer[List[Key]], error) {
	bind := binding(by, in.Account, "keys", in.Mine)
	var after ids.Key
	if in.Cursor != "" {
		c, err := a.Cursors.Open(bind, in.Cursor, 1)
		if err != nil {
			return nil, err
		}
		after = ids.Key(c.Key[0])
	}
	p, err := a.keys(ctx, by, in, after)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "credentials")
	if err != nil {
		return nil, err
	}
	out := List[Key]{Items: make([]Key, len(p.Keys))}
	for i, k := range p.Keys {
		out.Items[i] = a.keyBody(k, mine)
	}
	if p.Next != "" {
		out.Next = a.Cursors.Seal(bind, page.Cursor{Key: []string{string(p.Next)}})
	}
	return &Answer[List[Key]]{out}, nil
}

type createKeyIn struct {
	AtAccount
	Body struct {
		Name         string     `json:"name"`
		Scopes       []string   `json:"scopes" maxItems:"500" doc:"Permissions of the catalogue, or * alone: all that its owner may. Such a key is made in the portal."`
		Expires      *time.Time `json:"expires,omitempty"`
		NeverExpires bool       `json:"never_expires,omitempty"`
	}
}

// NewKey is a key that was made.
type NewKey struct {
	ID     string `json:"id"`
	Secret string `json:"secret,omitempty" doc:"The key itself. It is told once; an answer to the same request sent again lacks it."`
}

type newKeyOut struct {
	Location string `header:"Location" doc:"Where the keys are listed."`
	Replayed string `header:"Idempotency-Replayed" doc:"true when an earlier request with the same Idempotency-Key made it; the key itself was told then."`
	Body     NewKey
}

func (a *API) createKey(ctx context.Context, by authz.Actor, in *createKeyIn) (*newKeyOut, error) {
	scopes, err := scopesOf(in.Body.Scopes)
	if err != nil {
		return nil, err
	}
	expires, err := in.expires(a.Clock())
	if err != nil {
		return nil, err
	}
	made, err := a.Keys.Create(ctx, by, in.Account, apikey.Input{Name: in.Body.Name, Scopes: scopes, Expires: expires})
	out := &newKeyOut{Location: Prefix + "/accounts/" + string(in.Account) + "/keys"}
	if r := op.Replayed(err); r != nil {
		out.Replayed, out.Body.ID = "true", r.ID()
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	out.Body = NewKey{string(made.ID), made.Secret.Reveal()}
	return out, nil
}

func scopesOf(names []string) (authz.Set, error) {
	if len(names) == 1 && names[0] == apikey.Whole {
		return authz.Everything(), nil
	}
	return permsOf("scopes", names)
}

func (in *createKeyIn) expires(now time.Time) (time.Time, error) {
	switch {
	case in.Body.Expires != nil && in.Body.NeverExpires:
		return time.Time{}, errs.Field("expires", "key.expires_and_never", "Send either expires or never_expires.")
	case in.Body.NeverExpires:
		return time.Time{}, nil
	case in.Body.Expires != nil:
		return *in.Body.Expires, nil
	}
	return now.Add(apikey.DefaultLife), nil
}

type revokeKeyIn struct {
	AtAccount
	Key ids.Key `path:"key" doc:"The key's id."`
}

func (a *API) revokeKey(ctx context.Context, by authz.Actor, in *revokeKeyIn) (*struct{}, error) {
	return nil, a.Keys.Revoke(ctx, by, in.Account, in.Key)
}
