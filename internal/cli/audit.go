package cli

import (
	"fmt"
	"os"

	"bailiwick/internal/audit"
	"bailiwick/internal/cli/remote"
)

type auditCmd struct {
	List remote.AuditList `cmd:"" group:"remote" help:"List what was done in an account, the newest first."`
	Show remote.AuditShow `cmd:"" group:"remote" help:"Show something that was done, with what it changed."`

	Retention remote.AuditRetention `cmd:"" group:"remote" help:"Say for how many days the log is kept, or change it."`

	Export remote.AuditExport `cmd:"" group:"remote" help:"Write the log of an account into a file, which audit verify checks."`
	Verify auditVerifyCmd     `cmd:"" help:"Check that an audit log is what was recorded: an export, without the database, or all logs of this installation."`
}

type auditVerifyCmd struct {
	File string `arg:"" optional:"" help:"An export in the form NDJSON. Without one the database is checked." type:"existingfile"`
}

// Run says that all is well, or names what is not: the first fault is the first broken event.
func (c auditVerifyCmd) Run(r *run) error {
	if c.File == "" {
		return verifyDatabase(r)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open the export: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	x, err := audit.VerifyExport(f)
	sound := reportLogs(r, x.Logs)
	if err != nil {
		fmt.Fprintf(r.Out, "MEND  %s\n", err)
		return remote.ErrFindings
	}
	if !sound {
		return remote.ErrFindings
	}
	fmt.Fprintf(r.Out, "ok    %d events of %d logs are what was recorded.\n", x.Events, len(x.Logs))
	if !x.Whole {
		fmt.Fprintln(r.Out, "      The export is of a span of time: what lies outside of it was not checked.")
	}
	return nil
}

func verifyDatabase(r *run) error {
	d, err := r.database()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // only read
	logs, err := audit.VerifyAll(r.ctx, d, d.Now())
	if err != nil {
		return err
	}
	if !reportLogs(r, logs) {
		return remote.ErrFindings
	}
	events, late := int64(0), 0
	for _, l := range logs {
		events += l.Sealed - l.Deleted
		late += l.Late
	}
	fmt.Fprintf(r.Out, "ok    %d events of %d logs are what was recorded.\n", events, len(logs))
	if late > 0 {
		fmt.Fprintf(r.Out, "MEND  %d events have waited for over ten seconds to be sealed. Start bailiwick serve.\n", late)
		return remote.ErrFindings
	}
	return nil
}

// faultWords say what is wrong with an event.
var faultWords = map[audit.Fault]string{
	audit.MissingSeal: "is missing", audit.MissingEvent: "was removed", audit.ChangedEvent: "is not what was sealed", audit.MissingPersonal: "lost its names and changes, which were not erased",
	audit.ChangedPersonal: "has other names or changes than were recorded", audit.OutsideChain: "stands outside the chain",
}

// reportLogs names what is wrong, and reports whether nothing is.
func reportLogs(r *run, logs []audit.Report) bool {
	sound := true
	for _, l := range logs {
		for _, p := range l.Problems {
			sound = false
			id := ""
			if p.Event != "" {
				id = " (" + string(p.Event) + ")"
			}
			fmt.Fprintf(r.Out, "MEND  log of %s: event %d%s %s\n", l.Account, p.Seq, id, faultWords[p.What])
		}
	}
	return sound
}
