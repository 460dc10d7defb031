package remote

import (
	"strings"

	"bailiwick/internal/api/client"
)

type modulesCmd struct {
	List   modulesList   `cmd:"" help:"List the operator's own modules."`
	Show   modulesShow   `cmd:"" help:"Show a module; who keeps modules also sees who has it."`
	Create modulesCreate `cmd:"" help:"Create a module, with a key of the platform."`
	Edit   modulesEdit   `cmd:"" help:"Change a module; what is not named stays."`
	Remove modulesRemove `cmd:"" help:"Remove a module."`
}

type modulesList struct{ flags }

// Run lists modules.
func (c modulesList) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	read := func(string) ([]client.Module, string, error) {
		l, err := s.ListModules(s.Ctx)
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Module, next string) any { return client.ListModule{Items: rows, Next: next} }
	return list(s, paging{}, unknown, read, whole,
		column[client.Module]{"key", func(m client.Module) string { return m.Key }},
		column[client.Module]{"name", func(m client.Module) string { return m.Name }},
		column[client.Module]{"permissions", permissionsOf},
		column[client.Module]{"link", func(m client.Module) string { return m.Link }})
}

func permissionsOf(m client.Module) string {
	var out []string
	for _, a := range m.Actions {
		out = append(out, a.Permission)
	}
	return strings.Join(out, ", ")
}

type modulesShow struct {
	flags
	Key string `arg:"" help:"Its key."`
}

// Run shows a module.
func (c modulesShow) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	m, _, err := s.GetModule(s.Ctx, c.Key)
	if err != nil {
		return err
	}
	return s.module(m)
}

func (s *session) module(m client.Module) error {
	if s.json {
		return s.printJSON(m)
	}
	var actions, holders []string
	for _, a := range m.Actions {
		actions = append(actions, a.Permission+" ("+a.Name+")")
	}
	uses, err := s.ListModuleUses(s.Ctx, m.Key)
	if err != nil && ExitOf(err) != ExitDenied {
		return err
	}
	for _, u := range uses.Items {
		holders = append(holders, u.Kind+" "+u.Name+" in "+u.AccountName)
	}
	return facts(s.Out, "Key", m.Key, "Name", m.Name, "Icon", m.Icon, "Link", m.Link, "Permissions", strings.Join(actions, ", "), "Held by", strings.Join(holders, ", "))
}

// actionsOf reads actions as they are typed: key=name, or the key alone.
func actionsOf(typed []string) []client.NewAction {
	var out []client.NewAction
	for _, t := range typed {
		key, name, named := strings.Cut(t, "=")
		if !named && key != "" {
			name = strings.ToUpper(key[:1]) + key[1:]
		}
		out = append(out, client.NewAction{Key: key, Name: name})
	}
	return out
}

type modulesCreate struct {
	flags
	Key    string   `arg:"" help:"Its key: small letters, digits and underscores."`
	Name   string   `arg:"" help:"Its name."`
	Action []string `required:"" sep:"none" help:"One thing that can be permitted, for example 'send=Send campaigns'; repeated for several." placeholder:"KEY=NAME"`
	Icon   string   `default:"package" help:"Its icon in the navigation." placeholder:"NAME"`
	Link   string   `help:"Where it opens: an https address or a path." placeholder:"URL"`
}

// Run creates a module.
func (c modulesCreate) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	return s.made(s.CreateModule(s.Ctx, c.Key, client.CreateModuleInBody{Name: c.Name, Icon: c.Icon, Link: c.Link, Actions: actionsOf(c.Action)}))
}

type modulesEdit struct {
	flags
	Key    string   `arg:"" help:"Its key."`
	Name   *string  `help:"Its name." placeholder:"TEXT"`
	Action []string `sep:"none" help:"All its actions, as KEY=NAME; repeated for several." placeholder:"KEY=NAME"`
	Icon   *string  `help:"Its icon in the navigation." placeholder:"NAME"`
	Link   *string  `help:"Where it opens; empty for nowhere." placeholder:"URL"`
}

// Run changes a module.
func (c modulesEdit) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	body := client.EditModuleInBody{Name: c.Name, Icon: c.Icon, Link: c.Link}
	if len(c.Action) > 0 {
		actions := actionsOf(c.Action)
		body.Actions = &actions
	}
	_, version, err := s.GetModule(s.Ctx, c.Key)
	if err != nil {
		return err
	}
	m, _, err := s.EditModule(s.Ctx, c.Key, version, body)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(m)
	}
	return s.done("Changed %s.", plain(m.Name))
}

type modulesRemove struct {
	flags
	Key      string `arg:"" help:"Its key."`
	TakeAway bool   `help:"Take its permissions from everybody who has them."`
}

// Run removes a module.
func (c modulesRemove) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	if err := s.RemoveModule(s.Ctx, c.Key, client.RemoveModuleParams{TakeAway: c.TakeAway}); err != nil {
		return err
	}
	return s.done("Removed %s.", plain(c.Key))
}
