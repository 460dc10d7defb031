package remote

import (
	"fmt"
	"strings"

	"bailiwick/internal/api/client"
)

type accessCmd struct {
	Check   accessCheck   `cmd:"" help:"Answer yes or no; the exit code is 0 for yes and 4 for no."`
	Explain accessExplain `cmd:"" help:"Say why, or why not."`

	Permissions accessPermissions `cmd:"" help:"List every permission there is, those of the operator's own modules included."`
}

// question is what is asked.
type question struct {
	flags
	Permission string `arg:"" help:"What, for example clients.edit."`
	On         string `help:"Where: an account; without it the key's own." placeholder:"ID"`
	User       string `help:"Who: a person, usr_...; without it the key itself." placeholder:"ID"`
	Subaccount string `help:"With which sub-account." placeholder:"ID"`
}

func (q question) ask(p *Process) (*session, client.AccessQuestion, error) {
	if q.On != "" {
		q.flags.Account = q.On
	}
	s, at, err := q.within(p)
	return s, client.AccessQuestion{Account: at, Permission: q.Permission, User: q.User, Subaccount: q.Subaccount}, err
}

type accessCheck struct{ question }

// Run answers yes or no.
func (c accessCheck) Run(p *Process) error {
	s, q, err := c.ask(p)
	if err != nil {
		return err
	}
	a, err := s.CheckAccess(s.Ctx, client.AccessCheck{Account: q.Account, Permission: q.Permission, User: q.User, Subaccount: q.Subaccount})
	if err != nil {
		return err
	}
	if s.json {
		err = s.printJSON(map[string]bool{"allowed": a.Allowed})
	} else {
		err = s.done("%s", yes(a.Allowed))
	}
	if err == nil && !a.Allowed {
		err = ErrNotAllowed
	}
	return err
}

type accessExplain struct{ question }

// inWords are the reasons that a decision can have.
var inWords = map[string]string{
	"role_grants": "includes it", "role_lacks": "does not include it", "module_not_ticked": "could have it, but it is not ticked",
	"hold_blocks": "includes it, but the account is suspended", "closed_blocks": "includes it, but the account is closed", "key_blocks": "includes it, but the key does not",
	"package_withholds": "includes it, but the package does not",
	"account_closed":    "is closed", "account_held": "is suspended", "no_membership": "no membership reaches this account",
}

// Run says why.
func (c accessExplain) Run(p *Process) error {
	s, q, err := c.ask(p)
	if err != nil {
		return err
	}
	x, err := s.ExplainAccess(s.Ctx, q)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(x)
	}
	if err := s.done("%s", map[bool]string{true: "Allowed", false: "Not allowed"}[x.Allowed]); err != nil {
		return err
	}
	for _, r := range x.Reasons {
		who := plain(or(r.AccountName, r.Account))
		if r.Role != "" {
			who = plain(r.Role) + " at " + or(who, "an account above")
		}
		mark := map[string]string{"grants": "+", "blocks": "-"}[r.Effect]
		line := strings.TrimSpace(who + " " + or(inWords[r.Code], strings.ReplaceAll(plain(r.Code), "_", " ")))
		if _, err := fmt.Fprintf(s.Out, "%s %s\n", or(mark, " "), line); err != nil {
			return err
		}
	}
	return nil
}

// AuditList lists what was done. It stands beside the audit commands of the server itself.
type AuditList struct {
	flags
	paging
	Below  bool   `help:"Also in the accounts below."`
	Target string `help:"Only what was done to this, an id." placeholder:"ID"`
	Actor  string `help:"Only what this person did, usr_..." placeholder:"ID"`
	Action string `help:"Only this, for example user.deactivated." placeholder:"ACTION"`
}

// Run lists events.
func (c AuditList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	q := client.ListEventsParams{Below: c.Below, Target: c.Target, Actor: c.Actor, Action: c.Action}
	read := func(cursor string) ([]client.Event, string, error) {
		q.Cursor = cursor
		l, err := s.ListEvents(s.Ctx, at, q)
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Event, next string) any { return client.ListEvent{Items: rows, Next: next} }
	return list(s, c.paging, unknown, read, whole,
		column[client.Event]{"at", func(e client.Event) string { return moment(e.At) }},
		column[client.Event]{"who", func(e client.Event) string { return or(e.ActorName, e.Actor) }},
		column[client.Event]{"by", func(e client.Event) string { return e.Credential }},
		column[client.Event]{"action", func(e client.Event) string { return e.Action }},
		column[client.Event]{"on", func(e client.Event) string { return or(e.Target, e.TargetID) }},
		column[client.Event]{"result", func(e client.Event) string { return e.Result }})
}
