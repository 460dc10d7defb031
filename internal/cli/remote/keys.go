package remote

import (
	"fmt"
	"strings"
	"time"

	"bailiwick/internal/api/client"
)

type keysCmd struct {
	List   keysList   `cmd:"" help:"List your API keys in the account, or everybody's."`
	Create keysCreate `cmd:"" help:"Make an API key of your own; prints the key, this once."`
	Revoke keysRevoke `cmd:"" help:"Revoke an API key."`
}

type keysList struct {
	flags
	paging
	Mine bool `help:"Your own alone."`
}

// Run lists keys.
func (c keysList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.Key, string, error) {
		l, err := s.ListKeys(s.Ctx, at, client.ListKeysParams{Cursor: cursor, Mine: c.Mine})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Key, next string) any { return client.ListKey{Items: rows, Next: next} }
	return list(s, c.paging, unknown, read, whole,
		column[client.Key]{"id", func(k client.Key) string { return k.ID }},
		column[client.Key]{"name", func(k client.Key) string { return k.Name }},
		column[client.Key]{"owner", func(k client.Key) string { return k.UserName }},
		column[client.Key]{"last used", func(k client.Key) string { return moment(k.LastUsed) }},
		column[client.Key]{"expires", func(k client.Key) string { return or(strings.TrimPrefix(moment(k.Expires), "-"), "never") }},
		column[client.Key]{"scopes", func(k client.Key) string { return strings.Join(k.Scopes, ", ") }})
}

type keysCreate struct {
	flags
	Name    string   `arg:"" help:"What it is for."`
	Perm    []string `required:"" help:"What it may do, for example clients.view; repeated or with commas." placeholder:"PERMISSION"`
	Expires string   `help:"Its last day, or never; without it in 90 days." placeholder:"YYYY-MM-DD|never"`
}

// Run makes a key.
func (c keysCreate) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	body := client.CreateKeyInBody{Name: c.Name, Scopes: c.Perm, NeverExpires: c.Expires == "never"}
	if c.Expires != "" && !body.NeverExpires {
		last, err := time.Parse(time.DateOnly, c.Expires)
		if err != nil {
			return &Usage{"Write the last day as YYYY-MM-DD, or never."}
		}
		body.Expires = last.AddDate(0, 0, 1)
	}
	k, err := s.CreateKey(s.Ctx, at, body)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(k)
	}
	if _, err := fmt.Fprintln(s.Err, "This key is shown once. Keep it where your program keeps its secrets:"); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.Out, k.Secret)
	return err
}

type keysRevoke struct {
	flags
	ID string `arg:"" help:"Its id, key_..."`
}

// Run revokes a key.
func (c keysRevoke) Run(p *Process) error {
	return c.one(p, "Revoked", c.ID, func(s *session, at string) error { return s.RevokeKey(s.Ctx, at, c.ID) })
}
