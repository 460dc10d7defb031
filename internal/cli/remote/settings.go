package remote

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/api/client"
)

type settingsCmd struct {
	List  settingsList  `cmd:"" help:"List the settings of the account: what is in force, and where it comes from."`
	Set   settingsSet   `cmd:"" help:"Give the account a value of its own."`
	Reset settingsReset `cmd:"" help:"Take back the account's own value, so that it inherits."`
	Apply settingsApply `cmd:"" help:"Give accounts below the values in force here."`

	Compare settingsCompare `cmd:"" help:"Put the settings of the account and of another side by side."`
	Reach   settingsReach   `cmd:"" help:"Count the accounts that a lock of a setting would reach."`
	Preview settingsPreview `cmd:"" help:"Say what the settings make of a message, and send nothing."`
}

type settingsCompare struct {
	tabbed
	With string `arg:"" help:"Id of the other account."`
	All  bool   `help:"Also what is the same on both."`
}

// Run compares settings.
func (c settingsCompare) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	l, err := s.CompareSettings(s.Ctx, at, client.CompareSettingsParams{Tab: c.Tab, With: c.With})
	if err != nil || s.json {
		return s.jsonOr(l, err)
	}
	rows := slices.DeleteFunc(l.Items, func(x client.SettingPair) bool { return x.Same && !c.All })
	shown := func(f client.Setting) string {
		if f.Name == "" {
			return "-"
		}
		return settingValue(f.Value)
	}
	return table(s.Out, rows,
		column[client.SettingPair]{"name", func(x client.SettingPair) string { return x.Name }},
		column[client.SettingPair]{"here", func(x client.SettingPair) string { return shown(x.One) }},
		column[client.SettingPair]{"there", func(x client.SettingPair) string { return shown(x.Other) }})
}

type settingsReach struct {
	tabbed
	Name string `arg:"" help:"Its name, as the list has it."`
}

// Run counts whom a lock would reach.
func (c settingsReach) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	n, err := s.GetSettingReach(s.Ctx, at, client.GetSettingReachParams{Tab: c.Tab, Setting: c.Name})
	if err != nil || s.json {
		return s.jsonOr(n, err)
	}
	return facts(s.Out, "Accounts below", strconv.FormatInt(n.Accounts, 10), "With a value of their own", strconv.FormatInt(n.Own, 10))
}

// tabbed are the flags of commands about the settings of one tab.
type tabbed struct {
	flags
	Tab string `enum:"settings,security,branding,preferences" default:"settings" help:"Where the settings stand together: settings, security, branding, or preferences, which are those of contacts."`
}

type settingsList struct{ tabbed }

// Run lists settings.
func (c settingsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return settingsTable(s, func() (client.Settings, error) {
		l, _, err := s.ListSettings(s.Ctx, at, client.ListSettingsParams{Tab: c.Tab})
		return l, err
	})
}

// settingsTable prints settings.
func settingsTable(s *session, all func() (client.Settings, error)) error {
	read := func(string) ([]client.Setting, string, error) {
		l, err := all()
		return l.Items, "", err
	}
	whole := func(rows []client.Setting, _ string) any { return client.Settings{Items: rows} }
	return list(s, paging{}, unknown, read, whole,
		column[client.Setting]{"name", func(f client.Setting) string { return f.Name }},
		column[client.Setting]{"value", func(f client.Setting) string { return settingValue(f.Value) }},
		column[client.Setting]{"unit", func(f client.Setting) string { return f.Unit }},
		column[client.Setting]{"from", settingFrom})
}

func settingValue(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(body)
}

func settingFrom(f client.Setting) string {
	switch {
	case f.From.LockedBy != "":
		return "locked by " + f.From.LockedBy
	case f.From.Default:
		return "default"
	case f.Locked:
		return f.From.Name + ", locked for all below"
	case f.From.Name == "" && f.Own != nil && settingValue(f.Own) == settingValue(f.Value):
		return "the person" // of an account, it has the account's name
	case f.From.Name == "":
		return "provider"
	}
	return f.From.Name
}

type settingsSet struct {
	tabbed
	Name  string `arg:"" help:"Its name, as the list has it."`
	Value string `arg:"" help:"JSON, or plain text."`
	Lock  bool   `help:"No account below may have another."`
}

// Run sets a setting.
func (c settingsSet) Run(p *Process) error {
	return c.change(p, client.SettingEdit{Name: c.Name, Value: typed(c.Value), Locked: c.Lock})
}

type settingsReset struct {
	tabbed
	Name string `arg:"" help:"Its name, as the list has it."`
}

// Run resets a setting.
func (c settingsReset) Run(p *Process) error {
	return c.change(p, client.SettingEdit{Name: c.Name, Inherit: true})
}

func (c tabbed) change(p *Process, e client.SettingEdit) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	_, etag, err := s.ListSettings(s.Ctx, at, client.ListSettingsParams{Tab: c.Tab})
	if err != nil {
		return err
	}
	l, _, err := s.ChangeSettings(s.Ctx, at, etag, client.ChangeSettingsParams{Tab: c.Tab}, client.ChangeSettingsInBody{Settings: []client.SettingEdit{e}})
	if err != nil {
		return err
	}
	return s.setting(l, e.Name)
}

// setting prints one of some settings, or all of them as JSON.
func (s *session) setting(l client.Settings, name string) error {
	if s.json {
		return s.printJSON(l)
	}
	for _, f := range l.Items {
		if f.Name == name {
			return facts(s.Out, "Setting", f.Name, "Value", strings.TrimSpace(settingValue(f.Value)+" "+f.Unit), "From", settingFrom(f))
		}
	}
	return nil
}

type settingsApply struct {
	tabbed
	Names []string `arg:"" help:"Their names."`
	To    []string `required:"" help:"The ids of accounts below; repeated or with commas." placeholder:"ID"`
}

// Run applies settings below.
func (c settingsApply) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.ApplySettings(s.Ctx, at, client.ApplySettingsParams{Tab: c.Tab}, client.ApplyInBody{Settings: c.Names, To: c.To})
}
