package account

import (
	"context"
	"slices"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
)

// IncomingLocation is one place of an import. It exists when the account has one of its id or its name.
type IncomingLocation struct {
	ID  ids.Location
	Has []string // the fields that the file has; the others of an existing place stay as they are
	LocationInput
}

// LocationFate is what becomes of an incoming place.
type LocationFate struct {
	Existing ids.Location // "" for a new one
	Same     bool         // it exists and nothing differs
	Err      error        // why it is left out

	old Location
	in  LocationInput
}

// CheckLocations says what would become of places, and changes nothing.
func (s *Service) CheckLocations(ctx context.Context, by authz.Actor, id ids.Account, in []IncomingLocation, how Importing) ([]LocationFate, error) {
	q, sc, err := s.op.Read(ctx, by, authz.LocationsCreate, id)
	if err != nil {
		return nil, err
	}
	return judgeLocations(ctx, q, sc, in, how, s.now())
}

// ImportLocationsIn brings places in, in a write on their account. What is refused is left out and told in its fate.
func ImportLocationsIn(ctx context.Context, w *op.W, in []IncomingLocation, how Importing) ([]LocationFate, error) {
	if err := placeKind(ctx, w); err != nil {
		return nil, err
	}
	fates, err := judgeLocations(ctx, w.Tx(), w.Scope(), in, how, w.Tx().Now())
	if err != nil {
		return nil, err
	}
	now, added := w.Tx().Now(), false
	for i := range fates {
		f := &fates[i]
		switch {
		case f.Err != nil || f.Same:
		case f.Existing != "":
			if err := w.On(ctx, authz.LocationsEdit, w.Scope().Account(), func(ctx context.Context, w *op.W) error { return updateLocation(ctx, w, *f) }); err != nil {
				return nil, OfRow(i, err)
			}
		default:
			l := Location{ID: ids.NewLocation(now), Account: w.Scope().Account(), Name: f.in.Name, Address: f.in.Address, Country: f.in.Country, TimeZone: f.in.TimeZone, Version: 1, CreatedAt: now, UpdatedAt: now}
			if err := insertLocation(ctx, w.Tx(), w.Scope(), l); err != nil {
				return nil, OfRow(i, named(err))
			}
			added = true
			w.Audit(audit.Event{Action: "location.created", TargetType: "location", TargetID: string(l.ID), Target: l.Name, After: l})
		}
	}
	if !added {
		return fates, nil
	}
	return fates, CountsChanged(ctx, w.Tx(), w.Scope())
}

func updateLocation(ctx context.Context, w *op.W, f LocationFate) error {
	upd := f.old
	upd.Name, upd.Address, upd.Country, upd.TimeZone = f.in.Name, f.in.Address, f.in.Country, f.in.TimeZone
	upd.Version, upd.UpdatedAt = f.old.Version+1, w.Tx().Now()
	w.Audit(audit.Event{Action: "location.updated", TargetType: "location", TargetID: string(upd.ID), Target: upd.Name, Before: f.old, After: upd})
	return named(putLocation(ctx, w.Tx(), w.Scope(), upd))
}

func judgeLocations(ctx context.Context, q db.Queryer, sc authz.Scope, in []IncomingLocation, how Importing, now time.Time) ([]LocationFate, error) {
	out := make([]LocationFate, len(in))
	var some []ids.Location
	var names []string
	for _, l := range in {
		some, names = append(some, l.ID), append(names, ids.Fold(l.Name))
	}
	byID, byName := map[ids.Location]Location{}, map[string]Location{}
	for i := 0; i < len(in); i += exportChunk {
		end := min(i+exportChunk, len(in))
		found, err := locationsAmong(ctx, q, sc, some[i:end], names[i:end])
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			byID[l.ID], byName[l.nameFold] = l, l
		}
	}
	left, limited, full, err := plan.Free(ctx, q, sc, plan.Locations, now)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for i, l := range in {
		f := &out[i]
		fold := ids.Fold(l.Name)
		old, exists := byID[l.ID]
		if !exists {
			old, exists = byName[fold]
		}
		other, clash := byName[fold]
		switch {
		case taken[fold]:
			f.Err = errs.Field("name", "import.name_twice", "Keep {name} in one line only. Two lines of the file are called so.", "name", l.Name)
		case exists && !how.Update:
			f.Err = errs.New(errs.Conflict, "import.location_exists", "Leave this line out, or choose to update locations that exist. There is such a location already.")
		case exists && clash && other.ID != old.ID && slices.Contains(l.Has, "name"):
			f.Err = named(db.ErrUnique)
		case exists:
			f.Existing, f.old = old.ID, old
			f.in, f.Err = l.over(old).clean()
			f.Same = f.in.Name == old.Name && f.in.Address == old.Address && f.in.Country == old.Country && f.in.TimeZone == old.TimeZone
		case limited && left == 0:
			f.Err = full
		default:
			f.in, f.Err = l.clean()
			left--
		}
		taken[fold] = true
	}
	return out, nil
}

// over is what the place will be: the fields of the file over those that it has.
func (in IncomingLocation) over(l Location) LocationInput {
	out := LocationInput{Name: l.Name, Address: l.Address, Country: l.Country, TimeZone: l.TimeZone}
	for _, name := range in.Has {
		switch name {
		case "name":
			out.Name = in.Name
		case "address":
			out.Address = in.Address
		case "country":
			out.Country = in.Country
		case "time_zone":
			out.TimeZone = in.TimeZone
		}
	}
	return out
}
