package account

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// exportChunk is how many rows one read of an export takes; no read stays open while the reader is slow.
const exportChunk = 500

// exported is what the log says about an export.
type exported struct {
	Search   string `audit:"show"`
	Status   string `audit:"show"`
	Ends     string `audit:"show"`
	Reseller string `audit:"show"`
}

// Export writes the filtered list of clients as CSV under the given heads. It is recorded before the first row
// leaves. statusText names a status in the reader's language.
func (s *Service) Export(ctx context.Context, by authz.Actor, root ids.Account, in Query, heads []string, statusText func(Status) string, to io.Writer) error {
	err := s.op.Write(ctx, by, authz.ClientsExport, root, func(_ context.Context, w *op.W) error {
		w.Audit(audit.Event{Action: "clients.exported", TargetType: "account", TargetID: string(root), Target: w.Scope().Name(),
			After: exported{in.Search, string(in.Status), string(in.Ends), string(in.Reseller)}})
		return nil
	})
	if err != nil {
		return err
	}
	out := csv.NewWriter(to)
	if err := out.Write(safeCells(heads)); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	in.Cursor, in.Limit = "", exportChunk
	for {
		l, err := s.list(ctx, by, root, in, true)
		if err != nil {
			return err
		}
		for _, r := range l.Rows {
			cells := []string{string(r.ID), r.Name, r.Email, r.Website, statusText(r.Status), string(r.End), strconv.FormatInt(r.Users, 10), strconv.FormatInt(r.Locations, 10), r.ParentName, r.Created.Format(dateForm)}
			if err := out.Write(safeCells(cells)); err != nil {
				return fmt.Errorf("write the export: %w", err)
			}
		}
		out.Flush()
		if err := out.Error(); err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
		if l.Next == "" {
			return nil
		}
		in.Cursor = l.Next
	}
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
