package trail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
	"bailiwick/internal/sheet"
	"bailiwick/internal/task"
)

// Form is a form of an export; it is the ending of the file's name.
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

// exportArgs is what an export's task is told: the filter with its spans of time resolved.
type exportArgs struct {
	Filter   audit.Filter
	At       ids.Account // the account whose log it is
	Form     Form
	Language string
	Asked    int64 // Unix milliseconds
}

// exportRows is how many events one page of a table takes.
const exportRows = 500

const exportKind = "export_audit"

// Kinds lists the tasks of the audit log with what does them.
func (s *Service) Kinds() []task.Kind { return []task.Kind{{Name: exportKind, Run: s.export}} }

// Export starts to write the log as the query chooses into a file, its words in a language. A table does not hold the
// event that records it.
func (s *Service) Export(ctx context.Context, by authz.Actor, account ids.Account, in Query, form Form, language string) (id ids.Task, err error) {
	_, sc, err := s.scope(ctx, by, authz.AuditExport, account, in.At)
	if err != nil {
		return "", err
	}
	f, err := s.filter(in)
	if err != nil {
		return "", err
	}
	if form != CSV && form != Chain {
		return "", errs.Field("form", "audit.form_unknown", "Choose CSV or NDJSON.")
	}
	err = s.op.Write(ctx, by, authz.AuditExport, account, func(ctx context.Context, w *op.W) error {
		now := w.Tx().Now()
		// Evidence without a last day goes to the end of the chains, so that a gap at their end shows.
		if f.To.IsZero() && form == CSV {
			f.To = now
		}
		w.Audit(audit.Event{
			Action: "audit.exported", TargetType: "account", TargetID: string(sc.Account()), Target: sc.Name(),
			After: exported{form, day(f.From), day(f.To), f.Noun, f.Action, f.Actor, f.Target, f.Address, f.Text, f.Refused, f.Below},
		})
		id, err = task.StartIn(ctx, w, task.New{
			Kind: exportKind, Perm: authz.AuditExport, Subject: fmt.Sprintf("audit-%s.%s", now.Format(time.DateOnly), form),
			Args: exportArgs{f, in.At, form, language, now.UnixMilli()},
		})
		return err
	})
	return id, err
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// export writes the log page by page. What its owner may read is asked before each.
func (s *Service) export(ctx context.Context, r *task.Run) (task.End, error) {
	var in exportArgs
	if err := r.Args(&in); err != nil {
		return task.End{}, err
	}
	page := s.table
	if in.Form == Chain {
		page = s.evidence
	}
	out, err := r.Pages(ctx, func(ctx context.Context, place string) (task.Part, error) { return page(ctx, r, in, place) })
	return task.End{State: task.Done, Result: out}, err
}

// evidence is the next page of whole chains.
func (s *Service) evidence(ctx context.Context, r *task.Run, in exportArgs, place string) (task.Part, error) {
	var at audit.ExportPlace
	if err := readPlace(place, &at); err != nil {
		return task.Part{}, err
	}
	q, sc, err := s.scope(ctx, r.By, authz.AuditExport, r.Account, in.At)
	if err != nil {
		return task.Part{}, err
	}
	var body bytes.Buffer
	behind, err := audit.ExportPage(ctx, q, sc, in.Filter, in.Asked, at, &body)
	if errors.Is(err, audit.ErrTrimmed) {
		err = errs.New(errs.Conflict, "audit.trimmed_meanwhile", "Start it again. Old events were deleted from the log while it was written.")
	}
	p := task.Part{Body: body.Bytes(), Rows: int64(behind.Events - at.Events)}
	if err == nil && !behind.Ended {
		p.Next, err = writePlace(behind)
	}
	return p, err
}

// table is the next page of a table for a spreadsheet.
func (s *Service) table(ctx context.Context, r *task.Run, in exportArgs, place string) (task.Part, error) {
	f := in.Filter
	f.Limit = exportRows
	if err := readPlace(place, &f.After); err != nil {
		return task.Part{}, err
	}
	q, sc, err := s.scope(ctx, r.By, authz.AuditExport, r.Account, in.At)
	if err != nil {
		return task.Part{}, err
	}
	events, next, err := audit.List(ctx, q, sc, f)
	if err != nil {
		return task.Part{}, err
	}
	p := s.texts.For(in.Language)
	var head []byte
	if place == "" {
		if head, err = sheet.Head(heads(p)); err != nil {
			return task.Part{}, err
		}
	}
	rows := make([][]string, len(events))
	for i, e := range events {
		rows[i] = cells(p, e)
	}
	body, err := sheet.Lines(rows)
	part := task.Part{Body: slices.Concat(head, body), Rows: int64(len(rows))}
	if err == nil && next != (audit.Cursor{}) {
		part.Next, err = writePlace(next)
	}
	return part, err
}

func readPlace(place string, into any) error {
	if place == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(place), into); err != nil {
		return fmt.Errorf("read where the export stands: %w", err)
	}
	return nil
}

func writePlace(place any) (string, error) {
	b, err := json.Marshal(place)
	if err != nil {
		return "", fmt.Errorf("write where the export stands: %w", err)
	}
	return string(b), nil
}

// columns are the columns of a table, in the order of cells.
var columns = [...]string{
	"time", "account", "account_id", "event", "action", "person", "person_id", "person_kind", "acting_as",
	"credential", "address", "request", "target_kind", "target_id", "about", "result", "changes", "event_id",
}

func heads(p i18n.Printer) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = p.T("audit.head_" + c)
	}
	return out
}

func cells(p i18n.Printer, e audit.Entry) []string {
	return []string{
		e.At.Format(time.RFC3339Nano), e.AccountName, string(e.Account), What(p, e), e.Action, e.ActorName, e.ActorID, e.ActorKind, e.ActingAs,
		e.Credential, e.IP, e.RequestID, e.TargetType, e.TargetID, e.Target, e.Result, changesText(e.Changes), string(e.ID),
	}
}

// What says in words what happened. A test finds actions that have none.
func What(p i18n.Printer, e audit.Entry) string {
	target := e.Target
	switch {
	case e.TargetType == "setting":
		target = p.T(setting.TextKey(e.TargetID))
	case target == "":
		target = p.T("activity.nobody")
	}
	return p.T("activity."+e.Action, "target", target)
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
