package api

import (
	"context"
	"net/http"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

func (a *API) locationOperations() {
	tag := "Locations"
	add(a, operation{id: "listLocations", route: "GET /accounts/{account}/locations", tag: tag, perm: authz.LocationsView, about: "List the locations of an account"}, a.listLocations)
	add(a, operation{id: "createLocation", route: "POST /accounts/{account}/locations", tag: tag, perm: authz.LocationsCreate, status: http.StatusCreated, about: "Add a location"}, a.createLocation)
	add(a, operation{id: "getLocation", route: "GET /accounts/{account}/locations/{location}", tag: tag, perm: authz.LocationsView, about: "Get a location"}, a.getLocation)
	add(a, operation{id: "editLocation", route: "PATCH /accounts/{account}/locations/{location}", tag: tag, perm: authz.LocationsEdit, about: "Edit a location"}, a.editLocation)
	add(a, operation{id: "removeLocation", route: "DELETE /accounts/{account}/locations/{location}", tag: tag, perm: authz.LocationsClose, about: "Remove a location"}, a.removeLocation)
}

// Location is a place of an account.
type Location struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Address   string    `json:"address"`
	Country   string    `json:"country" doc:"ISO 3166-1 alpha-2, or empty."`
	TimeZone  string    `json:"time_zone" doc:"An IANA name; empty: the account's."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Can       []string  `json:"can" doc:"What the key may do with locations here."`
}

func locationBody(l account.Location, mine []string) Location {
	return Location{string(l.ID), l.Name, l.Address, l.Country, l.TimeZone, l.CreatedAt, l.UpdatedAt, mine}
}

// held is what the actor holds at an account of some modules, for the items of a list.
func (a *API) held(ctx context.Context, by authz.Actor, at ids.Account, modules ...string) ([]string, error) {
	_, sc, err := a.Ops.See(ctx, by, at)
	if err != nil {
		return nil, err
	}
	return can(sc.Perms(), modules...), nil
}

func (a *API) listLocations(ctx context.Context, by authz.Actor, in *listIn) (*Answer[List[Location]], error) {
	rows, next, err := a.Accounts.Locations(ctx, by, in.Account, in.Cursor)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "locations")
	if err != nil {
		return nil, err
	}
	out := List[Location]{Items: make([]Location, len(rows)), Next: next}
	for i, l := range rows {
		out.Items[i] = locationBody(l, mine)
	}
	return &Answer[List[Location]]{out}, nil
}

type createLocationIn struct {
	AtAccount
	Body struct {
		Name     string `json:"name"`
		Address  string `json:"address,omitempty"`
		Country  string `json:"country,omitempty" doc:"ISO 3166-1 alpha-2."`
		TimeZone string `json:"time_zone,omitempty" doc:"An IANA name; without it: the account's."`
	}
}

func (a *API) createLocation(ctx context.Context, by authz.Actor, in *createLocationIn) (*Created, error) {
	l, err := a.Accounts.AddLocation(ctx, by, in.Account, account.LocationInput{Name: in.Body.Name, Address: in.Body.Address, Country: in.Body.Country, TimeZone: in.Body.TimeZone})
	return made("/accounts/"+string(in.Account)+"/locations/", l.ID, err)
}

// AtLocation names a location in the path.
type AtLocation struct {
	AtAccount
	Location ids.Location `path:"location" doc:"The location's id."`
}

func (a *API) getLocation(ctx context.Context, by authz.Actor, in *AtLocation) (*Item[Location], error) {
	l, err := a.Accounts.Location(ctx, by, in.Account, in.Location)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "locations")
	if err != nil {
		return nil, err
	}
	return &Item[Location]{etag(l.Version), locationBody(l, mine)}, nil
}

type editLocationIn struct {
	AtLocation
	Edits
	Body struct {
		Name     *string `json:"name,omitempty"`
		Address  *string `json:"address,omitempty"`
		Country  *string `json:"country,omitempty"`
		TimeZone *string `json:"time_zone,omitempty"`
	}
}

func (a *API) editLocation(ctx context.Context, by authz.Actor, in *editLocationIn) (*Item[Location], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	l, err := a.Accounts.Location(ctx, by, in.Account, in.Location)
	if err != nil {
		return nil, err
	}
	upd := account.LocationInput{Name: or(in.Body.Name, l.Name), Address: or(in.Body.Address, l.Address), Country: or(in.Body.Country, l.Country),
		TimeZone: or(in.Body.TimeZone, l.TimeZone), Version: version}
	if err := a.Accounts.UpdateLocation(ctx, by, in.Account, in.Location, upd); err != nil {
		return nil, err
	}
	return a.getLocation(ctx, by, &in.AtLocation)
}

// or is what an edit says, else what is there.
func or[T any](said *T, there T) T {
	if said != nil {
		return *said
	}
	return there
}

func (a *API) removeLocation(ctx context.Context, by authz.Actor, in *AtLocation) (*struct{}, error) {
	return nil, a.Accounts.RemoveLocation(ctx, by, in.Account, in.Location)
}
