package api

import (
	"context"
	"encoding/json"
	"fmt"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/setting"
	"bailiwick/internal/tuning"
)

func (a *API) settingOperations() {
	tag := "Settings"
	add(a, operation{id: "listSettings", route: "GET /accounts/{account}/settings", tag: tag, about: "List the settings of an account under a tab",
		more: "Each comes with the value in force and where it comes from. settings.view, security.view or branding.view is needed, by the tab."}, a.listSettings)
	add(a, operation{id: "changeSettings", route: "PATCH /accounts/{account}/settings", tag: tag, about: "Change settings of an account",
		more: "All of them or none. Settings that are not named stay. settings.edit, security.edit or branding.edit is needed, by the tab."}, a.changeSettings)
	add(a, operation{id: "getSettingReach", route: "GET /accounts/{account}/settings/reach", tag: tag, about: "Count the accounts that a lock of a setting would reach"}, a.settingReach)
	add(a, operation{id: "applySettings", route: "POST /accounts/{account}/settings/apply", tag: tag, about: "Give accounts below the values in force here",
		more: fmt.Sprintf("They become values of their own: of all of them, up to %d, or of none. Nothing is locked by it.", tuning.MostTargets)}, a.applySettings)
}

// AtTab names a tab of an account.
type AtTab struct {
	AtAccount
	Tab string `query:"tab" enum:"settings,security,branding,preferences" default:"settings" doc:"Where the settings stand together; preferences are those of contacts."`
}

// Setting is a setting as it stands on an account.
type Setting struct {
	Name    string        `json:"name"`
	Kind    string        `json:"kind" enum:"line,text,number,switch,choice,choices,numbers,words,mail,optional,own,colour,image" doc:"How the value is typed: line, text, choice, colour and image are strings, number and optional a whole number, switch a boolean, mail an object with text and html, the others arrays."`
	Unit    string        `json:"unit,omitempty" doc:"Of a number."`
	Low     *int          `json:"low,omitempty" doc:"The least number."`
	High    *int          `json:"high,omitempty" doc:"The greatest number."`
	Options []string      `json:"options,omitempty" doc:"Of a choice."`
	Value   any           `json:"value" doc:"In force."`
	From    SettingOrigin `json:"from"`
	Own     any           `json:"own,omitempty" doc:"Set on the account itself, in force or not."`
	Locked  bool          `json:"locked" doc:"By the account, for those below."`
	Above   any           `json:"above" doc:"What would be in force without a value of the account's own."`
	CanEdit bool          `json:"can_edit"`
}

// SettingOrigin is where the value of a setting comes from.
type SettingOrigin struct {
	Default  bool   `json:"default" doc:"Nobody has set it."`
	Account  string `json:"account,omitempty" doc:"Who set it, if the key may know."`
	Name     string `json:"name,omitempty"`
	LockedBy string `json:"locked_by,omitempty" doc:"The account above that locked it: its name, or 'provider' if the key may not know it."`
}

// Settings are the settings of an account under a tab.
type Settings struct {
	Items []Setting `json:"items"`
}

func settingBody(f tuning.Field) Setting {
	out := Setting{Name: f.Name, Kind: string(f.Control.Kind), Unit: f.Control.Unit, Options: f.Control.Options, Value: value(f.Value), Own: value(f.Own), Above: value(f.Above), Locked: f.OwnLocked, CanEdit: f.CanEdit}
	if out.Kind == "" { // the portal offers it in a way of its own
		out.Kind = string(setting.Line)
	}
	if f.Control.Kind == setting.Number {
		out.Low, out.High = &f.Control.Low, &f.Control.High
	}
	out.From.Default = f.From.IsDefault()
	if f.From.Name != "" {
		out.From.Account, out.From.Name = string(f.From.Account), f.From.Name
	}
	if f.From.LockedAbove() {
		if out.From.LockedBy = f.From.LockedBy.Name; out.From.LockedBy == "" {
			out.From.LockedBy = "provider"
		}
	}
	return out
}

// value is stored JSON as it is written; nil stays nil.
func value(stored json.RawMessage) any {
	if stored == nil {
		return nil
	}
	return stored
}

func (a *API) listSettings(ctx context.Context, by authz.Actor, in *AtTab) (*Item[Settings], error) {
	page, err := a.Tuning.View(ctx, by, in.Account, tuning.Tab(in.Tab))
	if err != nil {
		return nil, err
	}
	out := Settings{Items: []Setting{}}
	for _, f := range page.Fields() {
		out.Items = append(out.Items, settingBody(f))
	}
	return &Item[Settings]{etag(page.Version), out}, nil
}

// SettingEdit is what becomes of a setting.
type SettingEdit struct {
	Name    string          `json:"name"`
	Inherit bool            `json:"inherit,omitempty" doc:"Take back the account's own value."`
	Value   json.RawMessage `json:"value,omitempty" doc:"The account's own value, by the kind of the setting."`
	Locked  bool            `json:"locked,omitempty" doc:"No account below may have another."`
}

type changeSettingsIn struct {
	AtTab
	Edits
	Body struct {
		Settings []SettingEdit `json:"settings" minItems:"1" maxItems:"200"`
	}
}

func (a *API) changeSettings(ctx context.Context, by authz.Actor, in *changeSettingsIn) (*Item[Settings], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	edits := map[string]tuning.Edit{}
	for _, e := range in.Body.Settings {
		edits[e.Name] = tuning.Edit{Inherit: e.Inherit, Value: e.Value, Locked: e.Locked}
	}
	if err := a.Tuning.Save(ctx, by, in.Account, tuning.Tab(in.Tab), version, edits); err != nil {
		return nil, err
	}
	return a.listSettings(ctx, by, &in.AtTab)
}

type reachIn struct {
	AtTab
	Setting string `query:"setting" doc:"The setting's name."`
}

// Reach is whom a lock of a setting would reach. Counting ends at 10,001.
type Reach struct {
	Accounts int `json:"accounts" doc:"Open accounts below."`
	Own      int `json:"own" doc:"Of them with a value of their own, which a lock puts out of force."`
}

func (a *API) settingReach(ctx context.Context, by authz.Actor, in *reachIn) (*Answer[Reach], error) {
	b, err := a.Tuning.Below(ctx, by, in.Account, tuning.Tab(in.Tab), in.Setting)
	if err != nil {
		return nil, err
	}
	return &Answer[Reach]{Reach{b.Accounts, b.Own}}, nil
}

type applyIn struct {
	AtTab
	Body struct {
		Settings []string      `json:"settings" minItems:"1" maxItems:"200" doc:"Their names."`
		To       []ids.Account `json:"to" minItems:"1" maxItems:"200" doc:"Accounts below."`
	}
}

func (a *API) applySettings(ctx context.Context, by authz.Actor, in *applyIn) (*struct{}, error) {
	return nil, a.Tuning.Apply(ctx, by, in.Account, tuning.Tab(in.Tab), in.Body.Settings, in.Body.To)
}
