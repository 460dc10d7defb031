package account

import (
	"context"
	"fmt"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

// exportChunk is how many rows one read of an export takes; no read stays open while a file is written.
const exportChunk = 500

// Exported is a client with everything that an export holds.
type Exported struct {
	Account
	Refs       []Ref
	TimeZone   string // set on the client itself, "" inherits
	Language   string // likewise
	ParentName string // "" for a client directly below the account that the export is of
	Status     Status
	Users      int64
	Locations  int64
}

// ExportPage returns the next clients of a filtered list below root with all their fields, or, when some are named,
// those. The query's cursor turns the page.
func (s *Service) ExportPage(ctx context.Context, by authz.Actor, root ids.Account, in Query, only []ids.Account) (out []Exported, next string, err error) {
	q, sc, err := s.op.Read(ctx, by, authz.ClientsExport, root)
	if err != nil {
		return nil, "", err
	}
	if len(only) > 0 {
		found, err := withDetails(ctx, q, sc, root, only)
		return found, "", err
	}
	in.Limit = exportChunk
	l, err := s.list(ctx, by, root, in, true)
	if err != nil {
		return nil, "", err
	}
	page := make([]ids.Account, len(l.Rows))
	for i, r := range l.Rows {
		page[i] = r.ID
	}
	out, err = withDetails(ctx, q, sc, root, page)
	if err != nil {
		return nil, "", fmt.Errorf("read the clients of %s: %w", root, err)
	}
	place := map[ids.Account]int{}
	for i, id := range page {
		place[id] = i
	}
	slices.SortFunc(out, func(a, b Exported) int { return place[a.ID] - place[b.ID] })
	return out, l.Next, nil
}
