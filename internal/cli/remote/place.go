package remote

import (
	"strings"

	"bailiwick/internal/api/client"
)

type accountPath struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run lists the accounts above.
func (c accountPath) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	read := func(string) ([]client.PathStep, string, error) {
		l, err := s.GetAccountPath(s.Ctx, c.ID)
		return l.Items, "", err
	}
	whole := func(rows []client.PathStep, _ string) any { return client.ListPathStep{Items: rows} }
	return list(s, paging{}, unknown, read, whole,
		column[client.PathStep]{"id", func(x client.PathStep) string { return x.ID }},
		column[client.PathStep]{"kind", func(x client.PathStep) string { return x.Kind }},
		column[client.PathStep]{"name", func(x client.PathStep) string { return x.Name }})
}

type accountPlaces struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run lists where an account can be moved.
func (c accountPlaces) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	read := func(string) ([]client.Place, string, error) {
		l, err := s.ListPlaces(s.Ctx, c.ID)
		return l.Items, "", err
	}
	whole := func(rows []client.Place, _ string) any { return client.ListPlace{Items: rows} }
	return list(s, paging{}, unknown, read, whole,
		column[client.Place]{"id", func(x client.Place) string { return x.ID }},
		column[client.Place]{"name", func(x client.Place) string { return strings.Repeat("  ", int(max(0, x.Level))) + x.Name }})
}

type accountLift struct {
	flags
	ID   string `arg:"" help:"Its id."`
	Hold string `arg:"" help:"Id of the hold, as show --json tells it."`
}

// Run lifts one hold.
func (c accountLift) Run(p *Process) error {
	return c.each(p, []string{c.ID}, "Lifted a hold from", func(s *session, id string) error { return s.LiftHold(s.Ctx, id, c.Hold) })
}
