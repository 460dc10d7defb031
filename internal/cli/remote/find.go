package remote

import (
	"strings"

	"bailiwick/internal/api/client"
)

type findCmd struct {
	flags
	Text string `arg:"" help:"Parts of a name; of people below a reseller the beginning of an address, with its @."`
}

// Run finds accounts and people.
func (c findCmd) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	found, err := s.Find(s.Ctx, at, client.FindParams{Search: c.Text})
	if err != nil || s.json {
		return s.jsonOr(found, err)
	}
	if err := table(s.Out, found.Items,
		column[client.Found]{"id", func(f client.Found) string { return or(f.Membership, f.Account) }},
		column[client.Found]{"kind", func(f client.Found) string { return f.Kind }},
		column[client.Found]{"name", func(f client.Found) string { return f.Name }},
		column[client.Found]{"status", func(f client.Found) string { return f.Status }},
		column[client.Found]{"in", func(f client.Found) string { return strings.Join(f.Path, " / ") }}); err != nil {
		return err
	}
	if found.More {
		return s.done("There are others. Search for more of the name.")
	}
	return nil
}

type viewsCmd struct {
	List   viewsList   `cmd:"" help:"List your saved views of the account's clients."`
	Save   viewsSave   `cmd:"" help:"Save a view under a name; the same name again replaces it."`
	Delete viewsDelete `cmd:"" help:"Delete a saved view."`
}

type viewsList struct{ flags }

// Run lists saved views.
func (c viewsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(string) ([]client.View, string, error) {
		l, err := s.ListViews(s.Ctx, at, client.ListViewsParams{})
		return l.Items, "", err
	}
	whole := func(rows []client.View, _ string) any { return client.ListView{Items: rows} }
	return list(s, paging{}, unknown, read, whole,
		column[client.View]{"id", func(v client.View) string { return v.ID }},
		column[client.View]{"name", func(v client.View) string { return v.Name }},
		column[client.View]{"query", func(v client.View) string { return v.Query }})
}

type viewsSave struct {
	flags
	Name  string `arg:"" help:"Its name."`
	Query string `arg:"" help:"The parameters of the list, for example 'ends=30&sort=end'."`
}

// Run saves a view.
func (c viewsSave) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.made(s.SaveView(s.Ctx, at, client.SaveViewInBody{List: "clients", Name: c.Name, Query: c.Query}))
}

type viewsDelete struct {
	flags
	ID string `arg:"" help:"Its id, viw_..."`
}

// Run deletes a view.
func (c viewsDelete) Run(p *Process) error {
	return c.one(p, "Deleted", c.ID, func(s *session, at string) error { return s.DeleteView(s.Ctx, at, c.ID) })
}
