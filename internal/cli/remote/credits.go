package remote

import (
	"strconv"
	"strings"

	"bailiwick/internal/api/client"
)

type creditsCmd struct {
	List creditsList `cmd:"" help:"List the credits of a client, the newest first."`
	Add  creditsAdd  `cmd:"" help:"Grant a client credits; prints the id."`
	Void creditsVoid `cmd:"" help:"Void a credit: it gives nothing more, and what was drawn of it stays drawn."`
}

type creditsList struct {
	flags
	paging
}

// Run lists credits.
func (c creditsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.Credit, string, error) {
		l, err := s.ListCredits(s.Ctx, at, client.ListCreditsParams{Cursor: cursor})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Credit, next string) any { return client.ListCredit{Items: rows, Next: next} }
	return list(s, c.paging, unknown, read, whole,
		column[client.Credit]{"id", func(r client.Credit) string { return r.ID }},
		column[client.Credit]{"channel", func(r client.Credit) string { return r.Channel }},
		column[client.Credit]{"units", func(r client.Credit) string { return strconv.FormatInt(r.Units, 10) }},
		column[client.Credit]{"used", func(r client.Credit) string { return strconv.FormatInt(r.Used, 10) }},
		column[client.Credit]{"left", func(r client.Credit) string { return strconv.FormatInt(r.Left, 10) }},
		column[client.Credit]{"last day", func(r client.Credit) string { return r.LastDay }},
		column[client.Credit]{"state", func(r client.Credit) string { return r.State }},
		column[client.Credit]{"reason", func(r client.Credit) string {
			return strings.Trim(strings.Join([]string{r.Reason, r.VoidReason}, "; "), "; ")
		}},
		column[client.Credit]{"reference", func(r client.Credit) string { return r.Reference }})
}

type creditsAdd struct {
	flags
	Channel   string `arg:"" enum:"email,sms" help:"email or sms."`
	Units     int64  `arg:"" help:"How many."`
	LastDay   string `name:"last-day" required:"" help:"The last day on which it can be used, in the client's time zone." placeholder:"YYYY-MM-DD"`
	Reason    string `help:"Why it is granted. The client sees it." placeholder:"TEXT"`
	Reference string `help:"Your own name for it: given twice, it is granted once." placeholder:"TEXT"`
}

// Run grants.
func (c creditsAdd) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	id, err := s.GrantCredit(s.Ctx, at, client.GrantCreditInBody{Channel: c.Channel, Units: c.Units, LastDay: c.LastDay, Reason: c.Reason, Reference: c.Reference})
	return s.made(id, err)
}

type creditsVoid struct {
	flags
	ID     string `arg:"" help:"Its id, crd_..."`
	Reason string `required:"" help:"Why. The client sees it." placeholder:"TEXT"`
}

// Run voids.
func (c creditsVoid) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	if err := s.VoidCredit(s.Ctx, at, c.ID, client.VoidCreditInBody{Reason: c.Reason}); err != nil {
		return err
	}
	return s.done("The credit is void.")
}
