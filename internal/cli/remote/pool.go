package remote

import (
	"fmt"
	"strconv"

	"bailiwick/internal/api/client"
)

type limitsPool struct {
	flags
	Channel string `enum:"email,sms" default:"email" help:"email or sms."`
}

// Run says what is handed out.
func (c limitsPool) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	pool, err := s.GetPool(s.Ctx, at, client.GetPoolParams{Channel: c.Channel})
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(pool)
	}
	has := fmt.Sprintf("%d this month, of which %d can still be handed out", pool.Limit, pool.Left)
	if pool.Limit < 0 {
		has = "no limit this month"
	}
	return s.done("%s: %s. Sent: %d. Handed out: %d.", c.Channel, has, pool.Sent, pool.Given)
}

type limitsOverrides struct {
	flags
	paging
}

// Run lists overrides.
func (c limitsOverrides) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.Override, string, error) {
		l, err := s.ListOverrides(s.Ctx, at, client.ListOverridesParams{Cursor: cursor})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Override, next string) any { return client.ListOverride{Items: rows, Next: next} }
	return list(s, c.paging, unknown, read, whole,
		column[client.Override]{"client", func(r client.Override) string { return r.Name }},
		column[client.Override]{"id", func(r client.Override) string { return r.Account }},
		column[client.Override]{"channel", func(r client.Override) string { return r.Channel }},
		column[client.Override]{"window", func(r client.Override) string { return r.Window }},
		column[client.Override]{"limit", func(r client.Override) string { return limitText(r.Limit, r.Action, r.Cap, r.Paced) }},
		column[client.Override]{"package", func(r client.Override) string {
			if r.Package < 0 {
				return "unlimited"
			}
			return strconv.FormatInt(r.Package, 10)
		}},
		column[client.Override]{"last day", func(r client.Override) string { return r.LastDay }})
}
