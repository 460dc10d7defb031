package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/setting"
	"bailiwick/internal/submit"
	"bailiwick/internal/tuning"
)

func (a *API) settingOperations() {
	tag := "Settings"
	add(a, operation{id: "listSettings", route: "GET /accounts/{account}/settings", tag: tag, about: "List the settings of an account under a tab",
		more: "Each comes with the value in force and where it comes from. settings.view, security.view or branding.view is needed, by the tab."}, a.listSettings)
	add(a, operation{id: "changeSettings", route: "PATCH /accounts/{account}/settings", tag: tag, about: "Change settings of an account",
		more: "All of them or none. Settings that are not named stay. settings.edit, security.edit or branding.edit is needed, by the tab."}, a.changeSettings)
	add(a, operation{id: "getSettingReach", route: "GET /accounts/{account}/settings/reach", tag: tag, about: "Count the accounts that a lock of a setting would reach"}, a.settingReach)
	add(a, operation{id: "compareSettings", route: "GET /accounts/{account}/settings/compare", tag: tag, about: "Put the settings of two accounts side by side",
		more: "settings.view, security.view or branding.view is needed on both, by the tab."}, a.compareSettings)
	add(a, operation{id: "previewMessage", route: "POST /accounts/{account}/messages/preview", tag: tag, perm: authz.SettingsView, status: http.StatusOK, optMark: true, about: "Say what the settings of an account make of a message, and send nothing"}, a.previewMessage)
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
	out.From = originBody(f.From)
	return out
}

func originBody(from setting.Origin) SettingOrigin {
	out := SettingOrigin{Default: from.IsDefault()}
	if from.Name != "" {
		out.Account, out.Name = string(from.Account), from.Name
	}
	if from.LockedAbove() {
		out.LockedBy = orProvider(from.LockedBy.Name)
	}
	return out
}

// orProvider names an account above, whose name the reader may not be told.
func orProvider(name string) string {
	if name == "" {
		return "provider"
	}
	return name
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

type compareIn struct {
	AtTab
	With ids.Account `query:"with" required:"true" maxLength:"64" doc:"The other account."`
}

// SettingPair is a setting as it stands on two accounts.
type SettingPair struct {
	Name  string   `json:"name"`
	Same  bool     `json:"same" doc:"The value in force is the same."`
	One   *Setting `json:"one,omitempty" doc:"Absent: an account of this kind does not have it."`
	Other *Setting `json:"other,omitempty" doc:"Likewise."`
}

func (a *API) compareSettings(ctx context.Context, by authz.Actor, in *compareIn) (*Answer[List[SettingPair]], error) {
	c, err := a.Tuning.Compare(ctx, by, in.Account, in.With, tuning.Tab(in.Tab))
	if err != nil {
		return nil, err
	}
	body := func(f *tuning.Field) *Setting {
		if f == nil {
			return nil
		}
		x := settingBody(*f)
		return &x
	}
	out := List[SettingPair]{Items: make([]SettingPair, len(c.Pairs))}
	for i, p := range c.Pairs {
		out.Items[i] = SettingPair{p.Name, p.Same, body(p.One), body(p.Other)}
	}
	return &Answer[List[SettingPair]]{out}, nil
}

type previewMessageIn struct {
	AtAccount
	Body struct {
		Message string         `json:"message" doc:"As it would be sent (RFC 5322), with its header."`
		As      ids.Membership `json:"as,omitempty" maxLength:"64" doc:"The person of the account who would send it. users.view is needed."`
		User    string         `json:"user,omitempty" maxLength:"254" doc:"Or their address."`
		Sub     ids.SubAccount `json:"subaccount,omitempty" maxLength:"64" doc:"The sub-account that would send it."`
		From    string         `json:"address,omitempty" maxLength:"64" doc:"The IP address that a key would send it from: the lists of addresses are asked, too." example:"192.0.2.7"`
	}
}

// MessagePreview is what would become of a message.
type MessagePreview struct {
	Refused  []MessageRefused `json:"refused" doc:"Why it would not be sent; the rest is empty then."`
	Changed  bool             `json:"changed" doc:"The settings change it."`
	Sender   string           `json:"sender" doc:"Where bounces go."`
	Header   []MessageField   `json:"header"`
	Text     string           `json:"text"`
	HTML     string           `json:"html"`
	Largest  MessageLargest   `json:"largest" doc:"How large messages may be."`
	Keep     int              `json:"keep_days" doc:"For how long the log says what became of it."`
	KeepText int              `json:"keep_text_days" doc:"For how long its subject and text are kept; 0: not at all."`
}

// MessageLargest is how large messages may be, and why.
type MessageLargest struct {
	Bytes   int64          `json:"bytes"`
	Package bool           `json:"package" doc:"The client's package includes no more."`
	From    *SettingOrigin `json:"from,omitempty" doc:"Else of the setting message.largest."`
}

// MessageRefused is a reason not to send a message.
type MessageRefused struct {
	Code    string        `json:"code"`
	Detail  string        `json:"detail" doc:"In English."`
	Setting string        `json:"setting" doc:"That asks for it."`
	From    SettingOrigin `json:"from"`
}

// MessageField is a field of a message's header.
type MessageField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (a *API) previewMessage(ctx context.Context, by authz.Actor, in *previewMessageIn) (*Answer[MessagePreview], error) {
	p, err := a.Submit.Preview(ctx, by, in.Account, submit.Sample{Message: []byte(in.Body.Message), As: in.Body.As, User: in.Body.User, Sub: in.Body.Sub, From: in.Body.From})
	if err != nil {
		return nil, err
	}
	out := MessagePreview{Refused: []MessageRefused{}, Changed: p.Changed, Sender: p.Sender, Header: []MessageField{}, Text: p.Text, HTML: p.HTML, Keep: p.Kept.Days, KeepText: p.Kept.TextDays}
	if out.Largest = (MessageLargest{Bytes: p.Largest.Bytes, Package: p.Largest.Client != ""}); !out.Largest.Package {
		from := originBody(p.Largest.From)
		out.Largest.From = &from
	}
	for _, r := range p.Refused {
		out.Refused = append(out.Refused, MessageRefused{r.Problem.Code, r.Problem.Text(), r.Setting, originBody(r.From)})
	}
	for _, f := range p.Header {
		out.Header = append(out.Header, MessageField(f))
	}
	return &Answer[MessagePreview]{out}, nil
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
