package remote

import "bailiwick/internal/api/client"

type usersSettings struct {
	flags
	ID string `arg:"" help:"Id of the membership, mem_..."`
}

// Run lists the settings of a person.
func (c usersSettings) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return settingsTable(s, func() (client.Settings, error) {
		l, _, err := s.ListUserSettings(s.Ctx, at, c.ID)
		return l, err
	})
}

type usersSet struct {
	flags
	ID    string `arg:"" help:"Id of the membership, mem_..."`
	Name  string `arg:"" help:"Its name, as the list has it."`
	Value string `arg:"" help:"JSON, or plain text."`
}

// Run sets a setting of a person.
func (c usersSet) Run(p *Process) error {
	return c.changeOf(p, c.ID, client.PersonalEdit{Name: c.Name, Value: typed(c.Value)})
}

type usersUnset struct {
	flags
	ID   string `arg:"" help:"Id of the membership, mem_..."`
	Name string `arg:"" help:"Its name, as the list has it."`
}

// Run takes a setting of a person back.
func (c usersUnset) Run(p *Process) error {
	return c.changeOf(p, c.ID, client.PersonalEdit{Name: c.Name, Inherit: true})
}

func (f flags) changeOf(p *Process, id string, e client.PersonalEdit) error {
	s, at, err := f.within(p)
	if err != nil {
		return err
	}
	_, version, err := s.ListUserSettings(s.Ctx, at, id)
	if err != nil {
		return err
	}
	l, _, err := s.ChangeUserSettings(s.Ctx, at, id, version, client.PersonalEdits{Settings: []client.PersonalEdit{e}})
	if err != nil {
		return err
	}
	return s.setting(l, e.Name)
}
