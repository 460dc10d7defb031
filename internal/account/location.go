package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
	"bailiwick/internal/plan"
)

// Location is a place of an account.
type Location struct {
	ID        ids.Location `audit:"-"`
	Account   ids.Account  `audit:"-"`
	Name      string       `audit:"show"`
	Address   string       `audit:"show"`
	Country   string       `audit:"show"` // ISO 3166-1 alpha-2, or ""
	TimeZone  string       `audit:"show"` // "" is the account's
	Version   int64        `audit:"-"`
	CreatedAt time.Time    `audit:"-"`
	UpdatedAt time.Time    `audit:"-"`
	nameFold  string
}

// LocationInput is what can be typed about a location.
type LocationInput struct {
	Name     string
	Address  string
	Country  string
	TimeZone string
	Version  int64 // of the location that was edited
}

func (in LocationInput) clean() (LocationInput, error) {
	var c errs.Collector
	in.Name, in.Country, in.TimeZone = strings.TrimSpace(in.Name), strings.ToUpper(strings.TrimSpace(in.Country)), strings.TrimSpace(in.TimeZone)
	in.Address = strings.TrimSpace(strings.ReplaceAll(in.Address, "\r\n", "\n"))
	checkName(&c, in.Name)
	c.Text("address", in.Address, longestAddress)
	if in.Country != "" {
		if r, err := language.ParseRegion(in.Country); err != nil || !r.IsCountry() || len(in.Country) != 2 {
			c.Add("country", "location.country_unknown", "Choose a country from the list.")
		}
	}
	if in.TimeZone != "" {
		note(&c, "time_zone", checkZone(in.TimeZone))
	}
	return in, c.Err()
}

// Locations lists the places of an account by name; cursor turns the page.
func (s *Service) Locations(ctx context.Context, by authz.Actor, id ids.Account, cursor string) (rows []Location, next string, err error) {
	q, sc, err := s.op.Read(ctx, by, authz.LocationsView, id)
	if err != nil {
		return nil, "", err
	}
	bind := page.Binding{Actor: by.ID(), Root: string(id), Query: "locations"}
	var after []any
	if cursor != "" {
		c, err := s.cursors.Open(bind, cursor, 2)
		if err != nil {
			return nil, "", err
		}
		after = db.Args(c.Key...)
	}
	rows, err = locations(ctx, q, sc, after, page.Size+1)
	if err != nil {
		return nil, "", fmt.Errorf("list the locations of %s: %w", id, err)
	}
	if len(rows) > page.Size {
		rows = rows[:page.Size]
		last := rows[page.Size-1]
		next = s.cursors.Seal(bind, page.Cursor{Key: []string{last.nameFold, string(last.ID)}})
	}
	return rows, next, nil
}

// Location returns one place of an account.
func (s *Service) Location(ctx context.Context, by authz.Actor, id ids.Account, loc ids.Location) (Location, error) {
	q, sc, err := s.op.Read(ctx, by, authz.LocationsView, id)
	if err != nil {
		return Location{}, err
	}
	return location(ctx, q, sc, loc)
}

// AddLocation adds a place to an account.
func (s *Service) AddLocation(ctx context.Context, by authz.Actor, id ids.Account, in LocationInput) (out Location, err error) {
	all, err := s.AddLocations(ctx, by, id, []LocationInput{in})
	if err != nil {
		return Location{}, err
	}
	return all[0], nil
}

// AddLocations adds several places to an account, all or none.
func (s *Service) AddLocations(ctx context.Context, by authz.Actor, id ids.Account, in []LocationInput) (out []Location, err error) {
	err = s.op.Write(ctx, by, authz.LocationsCreate, id, func(ctx context.Context, w *op.W) error {
		out = nil
		in := slices.Clone(in)
		for i := range in {
			var err error
			if in[i], err = in[i].clean(); err != nil {
				return err
			}
		}
		if err := placeKind(ctx, w); err != nil {
			return err
		}
		now := w.Tx().Now()
		for _, i := range in {
			l := Location{ID: ids.NewLocation(now), Account: id, Name: i.Name, Address: i.Address, Country: i.Country, TimeZone: i.TimeZone, Version: 1, CreatedAt: now, UpdatedAt: now}
			if err := named(insertLocation(ctx, w.Tx(), w.Scope(), l)); err != nil {
				return err
			}
			w.Audit(audit.Event{Action: "location.created", TargetType: "location", TargetID: string(l.ID), Target: l.Name, After: l})
			out = append(out, l)
		}
		if err := plan.Fits(ctx, w.Tx(), w.Scope(), plan.Locations); err != nil {
			return err
		}
		return CountsChanged(ctx, w.Tx(), w.Scope())
	})
	return out, err
}

// placeKind refuses locations at accounts that are only containers of clients.
func placeKind(ctx context.Context, w *op.W) error {
	a, err := get(ctx, w.Tx(), w.Scope(), w.Scope().Account())
	if err != nil {
		return err
	}
	if a.Kind != Customer && a.Kind != Department {
		return errs.New(errs.Invalid, "location.wrong_account", "Choose a client or a department. Only they have locations.")
	}
	return nil
}

func named(err error) error {
	if errors.Is(err, db.ErrUnique) {
		e := errs.Field("name", "location.name_taken", "Choose another name. There is already a location called that here.")
		e.Kind = errs.Conflict
		return e
	}
	return err
}

// UpdateLocation saves a place.
func (s *Service) UpdateLocation(ctx context.Context, by authz.Actor, id ids.Account, loc ids.Location, in LocationInput) error {
	return s.op.Write(ctx, by, authz.LocationsEdit, id, func(ctx context.Context, w *op.W) error {
		old, err := location(ctx, w.Tx(), w.Scope(), loc)
		if err != nil {
			return err
		}
		in, err := in.clean()
		if err != nil {
			return err
		}
		if old.Version != in.Version {
			return errs.New(errs.Conflict, "location.stale", "Load the location again and repeat your change. Somebody else saved it while you were editing it.")
		}
		upd := old
		upd.Name, upd.Address, upd.Country, upd.TimeZone = in.Name, in.Address, in.Country, in.TimeZone
		if upd == old {
			return w.Unchanged()
		}
		upd.Version, upd.UpdatedAt = old.Version+1, w.Tx().Now()
		w.Audit(audit.Event{Action: "location.updated", TargetType: "location", TargetID: string(loc), Target: upd.Name, Before: old, After: upd})
		return named(putLocation(ctx, w.Tx(), w.Scope(), upd))
	})
}

// RemoveLocation removes a place.
func (s *Service) RemoveLocation(ctx context.Context, by authz.Actor, id ids.Account, loc ids.Location) error {
	return s.op.Write(ctx, by, authz.LocationsClose, id, func(ctx context.Context, w *op.W) error {
		old, err := location(ctx, w.Tx(), w.Scope(), loc)
		if err != nil {
			return err
		}
		if err := deleteLocation(ctx, w.Tx(), w.Scope(), loc); err != nil {
			return err
		}
		w.Audit(audit.Event{Action: "location.removed", TargetType: "location", TargetID: string(loc), Target: old.Name, Before: old})
		return CountsChanged(ctx, w.Tx(), w.Scope())
	})
}
