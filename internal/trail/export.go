package trail

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// Form is a form of an export.
type Form string

// The forms. Chain holds all that is needed to verify the log offline; of the query it knows only the span of time and
// the accounts below.
const (
	CSV   Form = "csv"
	Chain Form = "ndjson"
)

// exported is what the log says about an export.
type exported struct {
	Form    Form   `audit:"show"`
	From    string `audit:"show"`
	To      string `audit:"show"`
	Noun    string `audit:"show"`
	Action  string `audit:"show"`
	Actor   string `audit:"show"`
	Target  string `audit:"show"`
	Address string `audit:"show"`
	Search  string `audit:"show"`
	Refused bool   `audit:"show"`
	Below   bool   `audit:"show"`
}

// exportRows is how many events one read of an export takes; no read stays open while the reader is slow.
const exportRows = 500

// Texts names things in the reader's language: the columns of a CSV export, and what happened.
type Texts struct {
	Heads []string
	What  func(audit.Entry) string
}

// Export writes the log as the query chooses. It is recorded before the first event leaves, and not in itself.
func (s *Service) Export(ctx context.Context, by authz.Actor, account ids.Account, in Query, form Form, texts Texts, to io.Writer) error {
	q, sc, f, err := s.reading(ctx, by, authz.AuditExport, account, in)
	if err != nil {
		return err
	}
	if form != CSV && form != Chain {
		return errs.Field("form", "audit.form_unknown", "Choose CSV or NDJSON.")
	}
	err = s.op.Write(ctx, by, authz.AuditExport, account, func(_ context.Context, w *op.W) error {
		if f.To.IsZero() {
			f.To = w.Tx().Now()
		}
		w.Audit(audit.Event{
			Action: "audit.exported", TargetType: "account", TargetID: string(sc.Account()), Target: sc.Name(),
			After: exported{form, day(f.From), day(f.To), f.Noun, f.Action, f.Actor, f.Target, f.Address, f.Text, f.Refused, f.Below},
		})
		return nil
	})
	if err != nil {
		return err
	}
	if form == Chain {
		if in.To == "" {
			f.To = time.Time{} // whole chains, so that a gap at their end shows
		}
		_, err := audit.Export(ctx, q, sc, f, s.now().UnixMilli(), to)
		return err
	}
	return writeCSV(ctx, q, sc, f, texts, to)
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func writeCSV(ctx context.Context, q db.Queryer, sc authz.Scope, f audit.Filter, texts Texts, to io.Writer) error {
	out := csv.NewWriter(to)
	if err := out.Write(safeCells(texts.Heads)); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	for f.Limit = exportRows; ; {
		events, next, err := audit.List(ctx, q, sc, f)
		if err != nil {
			return err
		}
		for _, e := range events {
			cells := []string{
				e.At.Format(time.RFC3339Nano), e.AccountName, string(e.Account), texts.What(e), e.Action, e.ActorName, e.ActorID, e.ActorKind, e.ActingAs,
				e.Credential, e.IP, e.RequestID, e.TargetType, e.TargetID, e.Target, e.Result, changesText(e.Changes), string(e.ID),
			}
			if err := out.Write(safeCells(cells)); err != nil {
				return fmt.Errorf("write the export: %w", err)
			}
		}
		out.Flush()
		if err := out.Error(); err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
		if next == (audit.Cursor{}) {
			return nil
		}
		f.After = next
	}
}

// changesText is the changes in one cell: "name: Old > New; token: (hidden)".
func changesText(changes []audit.Change) string {
	parts := make([]string, len(changes))
	for i, c := range changes {
		parts[i] = c.Field + ": " + c.Before + " > " + c.After
		if c.Hidden {
			parts[i] = c.Field + ": (hidden)"
		}
	}
	return strings.Join(parts, "; ")
}

// safeCells keeps spreadsheets from running a cell that somebody else typed.
func safeCells(cells []string) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		if strings.IndexAny(c, "=+-@\t\r\n") == 0 || strings.HasPrefix(c, "＝") || strings.HasPrefix(c, "＋") || strings.HasPrefix(c, "－") || strings.HasPrefix(c, "＠") {
			c = "'" + c
		}
		out[i] = c
	}
	return out
}
