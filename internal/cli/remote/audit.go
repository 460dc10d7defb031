package remote

import (
	"path/filepath"
	"strings"

	"bailiwick/internal/api/client"
)

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
