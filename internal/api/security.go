package api

import (
	"context"
	"net/http"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/policy"
)

// securityOperations are what stands under security besides settings: the lists of addresses, and the way out for everyone.
func (a *API) securityOperations() {
	tag := "Security"
	add(a, operation{id: "listAllowlists", route: "GET /accounts/{account}/allowlists", tag: tag, perm: authz.SecurityView, about: "List from which addresses an account is reached"}, a.listAllowlists)
	add(a, operation{id: "addToAllowlist", route: "POST /accounts/{account}/allowlists/add", tag: tag, perm: authz.SecurityEdit, status: http.StatusNoContent, about: "Put an address or a range on a list"}, a.addToAllowlist)
	add(a, operation{id: "removeFromAllowlist", route: "POST /accounts/{account}/allowlists/remove", tag: tag, perm: authz.SecurityEdit, status: http.StatusNoContent, about: "Take an address or a range off a list"}, a.removeFromAllowlist)
	add(a, operation{id: "switchAllowlist", route: "POST /accounts/{account}/allowlists/switch", tag: tag, perm: authz.SecurityEdit, status: http.StatusNoContent, about: "Put a list in force, or out of it"}, a.switchAllowlist)
	add(a, operation{id: "endAllowlistTrial", route: "POST /accounts/{account}/allowlists/end-trial", tag: tag, perm: authz.SecurityEdit, status: http.StatusNoContent, about: "Keep a list that somebody tries, or undo it"}, a.endTrial)
	add(a, operation{id: "countConcerned", route: "GET /accounts/{account}/concerned", tag: tag, perm: authz.SecurityView, about: "Count the people whom the rules for passwords and second factors concern",
		more: "Those of the account and below, each once."}, a.countConcerned)
	add(a, operation{id: "signEveryoneOut", route: "POST /accounts/{account}/sign-out", tag: tag, perm: authz.SecurityEdit, status: http.StatusNoContent, about: "End all sessions of everybody in an account and below"}, a.signEveryoneOut)
}

// Allowlist is a list of addresses from which an account is reached.
type Allowlist struct {
	List       string           `json:"list" enum:"portal,api" doc:"portal: for people who sign in; api: for keys."`
	On         bool             `json:"on"`
	Entries    []AllowedNetwork `json:"entries"`
	Above      []string         `json:"above" doc:"The accounts above whose lists count as well, by name; 'provider' for one that the key may not know."`
	TrialUntil *time.Time       `json:"trial_until,omitempty" doc:"When the list is undone unless somebody keeps it."`
	CanEdit    bool             `json:"can_edit"`
	SubAccount ids.SubAccount   `json:"subaccount,omitempty" doc:"Whose list it is, when one was asked for."`
	Own        []SubAllowlist   `json:"own,omitempty" doc:"Sub-accounts of a client or department that have a list of their own: keys that send with one come from an address on both."`
}

// SubAllowlist is a sub-account that has a list of its own.
type SubAllowlist struct {
	ID   ids.SubAccount `json:"id"`
	Name string         `json:"name"`
	On   bool           `json:"on"`
}

// AllowedNetwork is an address or a range on a list.
type AllowedNetwork struct {
	Network  string     `json:"network" example:"192.0.2.0/24"`
	Note     string     `json:"note,omitempty"`
	LastUsed *time.Time `json:"last_used,omitempty" doc:"Absent before the first use."`
}

type listAllowlistsIn struct {
	AtAccount
	SubAccount ids.SubAccount `query:"subaccount" doc:"The list of this sub-account alone: from where keys send with it."`
}

func (a *API) listAllowlists(ctx context.Context, by authz.Actor, in *listAllowlistsIn) (*Answer[List[Allowlist]], error) {
	if in.SubAccount != "" {
		l, err := a.Policy.AllowlistOfSub(ctx, by, in.Account, in.SubAccount)
		if err != nil {
			return nil, err
		}
		x := allowlistOf(l)
		x.List, x.SubAccount = string(policy.API), in.SubAccount
		return &Answer[List[Allowlist]]{List[Allowlist]{Items: []Allowlist{x}}}, nil
	}
	all, err := a.Policy.Allowlists(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	out := List[Allowlist]{Items: make([]Allowlist, len(all))}
	for i, l := range all {
		out.Items[i] = allowlistOf(l)
	}
	return &Answer[List[Allowlist]]{out}, nil
}

func allowlistOf(l policy.Allowlist) Allowlist {
	x := Allowlist{List: string(l.List), On: l.On, Entries: []AllowedNetwork{}, Above: []string{}, TrialUntil: sometime(l.Trial), CanEdit: l.CanEdit}
	for _, e := range l.Entries {
		x.Entries = append(x.Entries, AllowedNetwork{e.Net.String(), e.Note, sometime(e.Used)})
	}
	for _, name := range l.Above {
		x.Above = append(x.Above, orProvider(name))
	}
	for _, s := range l.Subs {
		x.Own = append(x.Own, SubAllowlist{s.ID, s.Name, s.On})
	}
	return x
}

// OneList names a list.
type OneList struct {
	List       policy.List    `json:"list" enum:"portal,api"`
	SubAccount ids.SubAccount `json:"subaccount,omitempty" doc:"With the list api: the one of this sub-account."`
}

func (l OneList) named() (policy.List, error) {
	switch {
	case l.SubAccount == "":
		return l.List, nil
	case l.List != policy.API:
		return "", errs.Field("subaccount", "allowlist.of_keys", "Leave out the sub-account, or name the list api. People do not come by sub-accounts.")
	}
	if _, err := ids.ParseSubAccount(string(l.SubAccount)); err != nil {
		return "", errs.NoSuch("subaccount")
	}
	return policy.OfSub(l.SubAccount), nil
}

type addToAllowlistIn struct {
	AtAccount
	Body struct {
		OneList
		Network string `json:"network" maxLength:"64" doc:"An address, or a range in CIDR notation." example:"192.0.2.0/24"`
		Note    string `json:"note,omitempty"`
	}
}

func (a *API) addToAllowlist(ctx context.Context, by authz.Actor, in *addToAllowlistIn) (*Done, error) {
	l, err := in.Body.named()
	if err != nil {
		return nil, err
	}
	return done(a.Policy.Add(ctx, by, in.Account, l, in.Body.Network, in.Body.Note))
}

type removeFromAllowlistIn struct {
	AtAccount
	Body struct {
		OneList
		Network string `json:"network" maxLength:"64" doc:"As listAllowlists tells it." example:"192.0.2.0/24"`
		Trial   bool   `json:"trial,omitempty" doc:"Try a list that would exclude whoever asks: it is undone after ten minutes unless somebody keeps it from an address on it. Without it such a change is refused."`
	}
}

func (a *API) removeFromAllowlist(ctx context.Context, by authz.Actor, in *removeFromAllowlistIn) (*Done, error) {
	l, err := in.Body.named()
	if err != nil {
		return nil, err
	}
	return done(a.Policy.Remove(ctx, by, in.Account, l, in.Body.Network, in.Body.Trial))
}

type switchAllowlistIn struct {
	AtAccount
	Body struct {
		OneList
		On    bool `json:"on"`
		Trial bool `json:"trial,omitempty" doc:"Try a list that would exclude whoever asks: it is undone after ten minutes unless somebody keeps it from an address on it. Without it such a change is refused."`
	}
}

func (a *API) switchAllowlist(ctx context.Context, by authz.Actor, in *switchAllowlistIn) (*Done, error) {
	l, err := in.Body.named()
	if err != nil {
		return nil, err
	}
	return done(a.Policy.Switch(ctx, by, in.Account, l, in.Body.On, in.Body.Trial))
}

type endTrialIn struct {
	AtAccount
	Body struct {
		List policy.List `json:"list" enum:"portal,api"`
		Keep bool        `json:"keep" doc:"It takes a request from an address on the list."`
	}
}

func (a *API) endTrial(ctx context.Context, by authz.Actor, in *endTrialIn) (*Done, error) {
	if in.Body.Keep {
		return done(a.Policy.Keep(ctx, by, in.Account, in.Body.List))
	}
	return done(a.Policy.Undo(ctx, by, in.Account, in.Body.List))
}

type concernedIn struct {
	AtAccount
	Expiry int `query:"expiry" minimum:"-1" maximum:"730" default:"-1" doc:"After how many days passwords were to expire, 0 for never, -1 for what is set now."`
}

// Concerned are how many people the rules of an account concern.
type Concerned struct {
	Many          bool `json:"many,omitempty" doc:"There are too many people to count; the numbers say nothing then."`
	People        int  `json:"people"`
	Expired       int  `json:"expired" doc:"Who would have to change their password at their next sign-in."`
	Lacking       int  `json:"lacking" doc:"Who have no second factor."`
	Admins        int  `json:"admins"`
	AdminsLacking int  `json:"admins_lacking"`
}

func (a *API) countConcerned(ctx context.Context, by authz.Actor, in *concernedIn) (*Answer[Concerned], error) {
	c, counted, err := a.Policy.Concerns(ctx, by, in.Account, in.Expiry)
	if err != nil {
		return nil, err
	}
	return &Answer[Concerned]{Concerned{!counted, c.People, c.Expired, c.Lacking, c.Admins, c.AdminsLacking}}, nil
}

func (a *API) signEveryoneOut(ctx context.Context, by authz.Actor, in *AtAccount) (*Done, error) {
	return done(a.Authn.SignEveryoneOut(ctx, by, in.Account))
}
