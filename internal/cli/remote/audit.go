package remote

import (
	"path/filepath"
	"strings"

	"bailiwick/internal/api/client"
)

// AuditShow shows something that was done.
type AuditShow struct {
	flags
	ID string `arg:"" help:"Its id, evt_..."`
}

// Run shows an event.
func (c AuditShow) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	e, err := s.GetEvent(s.Ctx, at, c.ID)
	if err != nil || s.json {
		return s.jsonOr(e, err)
	}
	if err := facts(s.Out, "At", moment(e.At), "Who", or(e.ActorName, e.Actor), "By", e.Credential, "From", e.IP, "Action", e.Action, "On", or(e.Target, e.TargetID), "Result", e.Result, "Account", e.Account, "Request", e.RequestID); err != nil {
		return err
	}
	for _, ch := range e.Changes {
		line := "  " + plain(ch.Field) + ": " + or(plain(ch.Before), "-") + " -> " + or(plain(ch.After), "-")
		if ch.Hidden {
			line = "  " + plain(ch.Field) + " (not shown)"
		}
		if err := s.done("%s", line); err != nil {
			return err
		}
	}
	return nil
}

// AuditRetention says or changes for how long the log is kept.
type AuditRetention struct {
	flags
	Days int `arg:"" optional:"" help:"For so many days from now on, on the whole installation; --account is the platform."`
}

// Run says or changes it.
func (c AuditRetention) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	if c.Days != 0 {
		if err := s.SetRetention(s.Ctx, at, client.Retention{Days: int64(c.Days)}); err != nil {
			return err
		}
	}
	kept, err := s.GetRetention(s.Ctx, at)
	if err != nil || s.json {
		return s.jsonOr(kept, err)
	}
	return s.done("%d days", kept.Days)
}

// AuditExport writes a log into a file. It stands beside the audit commands of the server itself.
type AuditExport struct {
	flags
	Out     string `short:"o" help:"File to write: .ndjson for audit verify, or .csv; without it NDJSON on the standard output." placeholder:"FILE"`
	NoWait  bool   `help:"Print the id of the task at once; tasks result downloads the file later."`
	Below   bool   `help:"Also the logs of the accounts below."`
	From    string `help:"From this day, in UTC." placeholder:"YYYY-MM-DD"`
	To      string `help:"To this day and with it." placeholder:"YYYY-MM-DD"`
	Within  string `enum:",day,week,month,year" default:"" help:"Or only the latest: day, week, month or year." placeholder:"SPAN"`
	Search  string `short:"q" help:"In a CSV: part of a name or an address." placeholder:"TEXT"`
	Noun    string `help:"In a CSV: only what is about this, for example account." placeholder:"NOUN"`
	Action  string `help:"In a CSV: only this, for example user.deactivated." placeholder:"ACTION"`
	Actor   string `help:"In a CSV: only what this person did, usr_..." placeholder:"ID"`
	Target  string `help:"In a CSV: only what was done to this, an id." placeholder:"ID"`
	Address string `help:"In a CSV: only what came from this IP address." placeholder:"ADDRESS"`
	Refused bool   `help:"In a CSV: only what was refused."`
}

// Run writes the log.
func (c AuditExport) Run(p *Process) error {
	ending := strings.ToLower(filepath.Ext(c.Out))
	format, known := map[string]string{"": "ndjson", ".ndjson": "ndjson", ".csv": "csv"}[ending]
	if !known || ending == "" && c.Out != "" {
		return &Usage{"Name a file that ends in .ndjson or .csv."}
	}
	if format == "ndjson" && c.Search+c.Noun+c.Action+c.Actor+c.Target+c.Address != "" || format == "ndjson" && c.Refused {
		return &Usage{"Name a file that ends in .csv, or leave the filters out. What audit verify checks has every event of its days."}
	}
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.exported(at, target{c.Out, c.NoWait}, func() (client.CreatedBody, error) {
		return s.ExportEvents(s.Ctx, at, client.ExportEventsInBody{Format: format, Below: c.Below, From: c.From, To: c.To, Within: c.Within, Search: c.Search,
			Noun: c.Noun, Action: c.Action, Actor: c.Actor, Target: c.Target, Address: c.Address, Refused: c.Refused})
	})
}
