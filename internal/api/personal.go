package api

import (
	"context"
	"encoding/json"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/tuning"
)

// personalOperations are what people have set in an account, below the settings of the account itself.
func (a *API) personalOperations() {
	add(a, operation{id: "listMySettings", route: "GET /me/settings", tag: "Me", perm: authz.ProfileView, about: "List what the owner of the key sets for themselves in the account of the key"}, a.listMySettings)
	add(a, operation{id: "changeMySettings", route: "PATCH /me/settings", tag: "Me", perm: authz.ProfileEdit, about: "Change what the owner of the key sets for themselves",
		more: "All of them or none. Settings that are not named stay."}, a.changeMySettings)
	add(a, operation{id: "listUserSettings", route: "GET /accounts/{account}/users/{membership}/settings", tag: "Users", perm: authz.UsersView, about: "List the settings that a person has in an account"}, a.listUserSettings)
	add(a, operation{id: "changeUserSettings", route: "PATCH /accounts/{account}/users/{membership}/settings", tag: "Users", perm: authz.UsersEdit, about: "Change the settings that a person has in an account",
		more: "All of them or none. Settings that are not named stay."}, a.changeUserSettings)
}

func personalBody(p tuning.Page) *Item[Settings] {
	out := Settings{Items: []Setting{}}
	for _, f := range p.Fields() {
		out.Items = append(out.Items, settingBody(f))
	}
	return &Item[Settings]{etag(p.Version), out}
}

// PersonalEdit is what becomes of a setting of a person.
type PersonalEdit struct {
	Name    string          `json:"name"`
	Inherit bool            `json:"inherit,omitempty" doc:"Take back the person's own value."`
	Value   json.RawMessage `json:"value,omitempty" doc:"The person's own value, by the kind of the setting."`
}

// PersonalEdits are changes of the settings of a person.
type PersonalEdits struct {
	Settings []PersonalEdit `json:"settings" minItems:"1" maxItems:"50"`
}

func (in PersonalEdits) edits() map[string]tuning.Edit {
	edits := map[string]tuning.Edit{}
	for _, e := range in.Settings {
		edits[e.Name] = tuning.Edit{Inherit: e.Inherit, Value: e.Value}
	}
	return edits
}

func (a *API) listMySettings(ctx context.Context, by authz.Actor, _ *struct{}) (*Item[Settings], error) {
	p, ok, err := a.Users.OwnSettings(ctx, by)
	if err == nil && !ok {
		err = errs.NoSuch("user")
	}
	if err != nil {
		return nil, err
	}
	return personalBody(p), nil
}

type changeMySettingsIn struct {
	Edits
	Body PersonalEdits
}

func (a *API) changeMySettings(ctx context.Context, by authz.Actor, in *changeMySettingsIn) (*Item[Settings], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	if err := a.Users.SaveOwnSettings(ctx, by, version, in.Body.edits()); err != nil {
		return nil, err
	}
	return a.listMySettings(ctx, by, nil)
}

func (a *API) listUserSettings(ctx context.Context, by authz.Actor, in *AtUser) (*Item[Settings], error) {
	p, err := a.Users.Settings(ctx, by, in.Account, in.Membership)
	if err != nil {
		return nil, err
	}
	return personalBody(p), nil
}

type changeUserSettingsIn struct {
	AtUser
	Edits
	Body PersonalEdits
}

func (a *API) changeUserSettings(ctx context.Context, by authz.Actor, in *changeUserSettingsIn) (*Item[Settings], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	if err := a.Users.SaveSettings(ctx, by, in.Account, in.Membership, version, in.Body.edits()); err != nil {
		return nil, err
	}
	return a.listUserSettings(ctx, by, &in.AtUser)
}
