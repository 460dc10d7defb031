package web

import (
	_ "embed" // the list of time zones
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/web/ui/clients"
	"bailiwick/internal/web/ui/part"
)

// zones are the IANA time zones people choose from, one for each region that has kept its own time since 1970.
//
//go:embed zones.txt
var zones string

// zoneOptions lists the zones. One that was chosen elsewhere under another name stays.
func zoneOptions(none, chosen string) []part.Option {
	out := []part.Option{{Value: "", Label: none}}
	if chosen != "" && !slices.Contains(strings.Split(zones, "\n"), chosen) {
		out = append(out, part.Option{Value: chosen, Label: strings.ReplaceAll(chosen, "_", " ")})
	}
	for z := range strings.Lines(zones) {
		z = strings.TrimSpace(z)
		out = append(out, part.Option{Value: z, Label: strings.ReplaceAll(z, "_", " ")})
	}
	return out
}

// countryOptions lists the countries by their names in the reader's language.
func countryOptions(p i18n.Printer) []part.Option {
	tag := language.Make(p.Lang())
	names := display.Regions(tag)
	if names == nil {
		names = display.Regions(language.English)
	}
	var out []part.Option
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			r, err := language.ParseRegion(string([]rune{a, b}))
			if err != nil || !r.IsCountry() || r.Canonicalize() != r || r.IsPrivateUse() || r.ISO3() == "ZZZ" {
				continue
			}
			if name := names.Name(r); name != "" {
				out = append(out, part.Option{Value: r.String(), Label: name})
			}
		}
	}
	order := collate.New(tag)
	slices.SortFunc(out, func(a, b part.Option) int { return order.CompareString(a.Label, b.Label) })
	return append([]part.Option{{Value: "", Label: p.T("location.no_country")}}, out...)
}

func (s *Server) locationsPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	rows, next, err := s.Accounts.Locations(r.Context(), by, sc.Account(), r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	at := accountPath(sc.Account(), "")
	return s.section(w, r, by, http.StatusOK, sc, "locations", clients.Locations{At: at, Rows: rows, Next: cursorLink(at+"/locations", next),
		CanNew: sc.Has(authz.LocationsCreate), CanEdit: sc.Has(authz.LocationsEdit), CanRemove: sc.Has(authz.LocationsClose)})
}

func (s *Server) newLocation(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showLocation(w, r, by, http.StatusOK, "", account.LocationInput{}, part.Remarks{})
}

func (s *Server) locationPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, loc, err := locationOf(r)
	if err != nil {
		return err
	}
	l, err := s.Accounts.Location(r.Context(), by, id, loc)
	if err != nil {
		return err
	}
	return s.showLocation(w, r, by, http.StatusOK, loc, account.LocationInput{Name: l.Name, Address: l.Address, Country: l.Country, TimeZone: l.TimeZone, Version: l.Version}, part.Remarks{})
}

func locationOf(r *http.Request) (ids.Account, ids.Location, error) {
	id, err := accountOf(r)
	if err != nil {
		return "", "", err
	}
	loc, err := ids.ParseLocation(r.PathValue("location"))
	if err != nil {
		return "", "", errs.NoSuch("location")
	}
	return id, loc, nil
}

// showLocation shows the form of a place; loc is "" for a new one.
func (s *Server) showLocation(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, loc ids.Location, in account.LocationInput, remarks part.Remarks) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	back := accountPath(sc.Account(), "/locations")
	v := clients.LocationForm{Action: back + "/" + string(loc), Back: back, New: loc == "", Typed: in, Countries: countryOptions(p), Zones: zoneOptions(p.T("location.zone_account"), in.TimeZone), Errors: remarks.Fields, Problem: remarks.Problem}
	need := authz.LocationsEdit
	if v.New {
		v.Action, need = back+"/new", authz.LocationsCreate
	}
	if !sc.Has(need) {
		return authz.Denied()
	}
	return s.section(w, r, by, status, sc, "locations", v)
}

func readLocation(w http.ResponseWriter, r *http.Request) (account.LocationInput, error) {
	f, err := readForm(w, r, "name", "address", "country", "time_zone", "version")
	if err != nil {
		return account.LocationInput{}, err
	}
	version, _ := strconv.ParseInt(f.text("version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	return account.LocationInput{Name: f.text("name"), Address: f.text("address"), Country: f.text("country"), TimeZone: f.text("time_zone"), Version: version}, nil
}

func (s *Server) createLocation(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	in, err := readLocation(w, r)
	if err != nil {
		return err
	}
	if _, err := s.Accounts.AddLocation(r.Context(), by, id, in); err != nil {
		return s.locationAgain(w, r, by, "", in, err)
	}
	s.setFlash(w, "location_saved")
	return seeOther(w, r, accountPath(id, "/locations"))
}

func (s *Server) saveLocation(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, loc, err := locationOf(r)
	if err != nil {
		return err
	}
	in, err := readLocation(w, r)
	if err != nil {
		return err
	}
	if err := s.Accounts.UpdateLocation(r.Context(), by, id, loc, in); err != nil {
		return s.locationAgain(w, r, by, loc, in, err)
	}
	s.setFlash(w, "location_saved")
	return seeOther(w, r, accountPath(id, "/locations"))
}

func (s *Server) locationAgain(w http.ResponseWriter, r *http.Request, by authz.Actor, loc ids.Location, in account.LocationInput, err error) error {
	remarks, status, err := remarksOn(i18n.From(r.Context()), err)
	if err != nil {
		return err
	}
	return s.showLocation(w, r, by, status, loc, in, remarks)
}

func (s *Server) removeLocation(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	id, loc, err := locationOf(r)
	if err != nil {
		return err
	}
	if err := s.Accounts.RemoveLocation(r.Context(), by, id, loc); err != nil {
		return err
	}
	s.setFlash(w, "location_removed")
	return seeOther(w, r, accountPath(id, "/locations"))
}
