package exchange

import (
	"context"

	"bailiwick/internal/account"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/task"
)

func (s *Service) locationRows(r *task.Run, _ Export) nextRows {
	return func(ctx context.Context, cursor string) ([][]string, string, error) {
		found, next, err := s.Accounts.Locations(ctx, r.By, r.Account, cursor)
		if err != nil {
			return nil, "", err
		}
		var out [][]string
		for _, l := range found {
			out = append(out, []string{string(l.ID), l.Name, l.Address, l.Country, l.TimeZone, l.CreatedAt.Format(dateForm)})
		}
		return out, next, nil
	}
}

// locationLoader imports places.
type locationLoader struct {
	s   *Service
	r   *task.Run
	how account.Importing
}

func (s *Service) newLocationLoader(_ context.Context, r *task.Run, how Options) (loader, error) {
	return &locationLoader{s, r, account.Importing{Update: how.Update}}, nil
}

func (l *locationLoader) read(m mapping, cells []string) (line, error) {
	at := func(column string) string { return m.cell(cells, column) }
	in := account.IncomingLocation{ID: ids.Location(at("id")), Has: m.has(), LocationInput: account.LocationInput{Name: at("name"), Address: at("address"), Country: at("country"), TimeZone: at("time_zone")}}
	out := line{row: in, keys: []once{{"name", ids.Fold(in.Name)}}}
	if in.Name == "" {
		out.keys, out.why = nil, errs.Field("name", "account.name_missing", "Write a name.")
	}
	return out, nil
}

func locationsOf(rows []any) []account.IncomingLocation {
	out := make([]account.IncomingLocation, len(rows))
	for i, r := range rows {
		out[i], _ = r.(account.IncomingLocation) // read made it
	}
	return out
}

func locationFates(found []account.LocationFate) []fate {
	out := make([]fate, len(found))
	for i, f := range found {
		out[i] = fate{exists: f.Existing != "", same: f.Same, why: f.Err}
	}
	return out
}

func (l *locationLoader) check(ctx context.Context, rows []any) ([]fate, error) {
	found, err := l.s.Accounts.CheckLocations(ctx, l.r.By, l.r.Account, locationsOf(rows), l.how)
	return locationFates(found), err
}

func (l *locationLoader) apply(ctx context.Context, w *op.W, rows []any) ([]fate, error) {
	found, err := account.ImportLocationsIn(ctx, w, locationsOf(rows), l.how)
	return locationFates(found), err
}
