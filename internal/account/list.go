package account

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
)

// Ends filters by the end of the membership.
type Ends string

// The filters by end; within n days is written "30".
const (
	EndsAny    Ends = ""
	EndsPassed Ends = "ended"
	EndsNever  Ends = "never"
)

// Use filters by how much of its month's limit a client has used.
type Use string

// The filters by use.
const (
	NearLimit Use = "near" // from 80 % on
	AtLimit   Use = "full"
)

// Query is what is asked of the list of clients.
type Query struct {
	Search   string
	Status   Status // "" is all that are not closed
	Ends     Ends
	Reseller ids.Account // only those below it
	Package  ids.Package // only those that have it, or NoPackage
	Use      Use         // only those that have used so much of their month
	Sort     Sort
	Desc     bool
	Cursor   string
	Limit    int // rows of a page, page.Size when 0
}

// Row is one client in the list.
type Row struct {
	ID         ids.Account
	Parent     ids.Account
	ParentName string
	ParentKind Kind
	Name       string
	Email      string
	Website    string
	End        Date
	Users      int64
	Locations  int64
	Status     Status
	Created    time.Time
	Version    int64

	Package     ids.Package
	PackageName string
}

// Clients is one page of the list.
type Clients struct {
	Rows   []Row
	Total  int    // of the filtered list, at most Most+1; Unknown when counting would take too long
	First  bool   // the search has more hits than it looks at: these are the first
	Paused bool   // the search stopped before the page was full; Next, or Prev when there is no Next, goes on from there
	Today  Date   // in the zone of the account that the list hangs at
	Prev   string // cursors, "" at the ends
	Next   string
}

// Unknown is the total of a list that is searched as far as its pages are turned.
const Unknown = -1

// Facets are the numbers on the tabs, each at most Most+1.
type Facets struct{ All, Ending, Inactive, Near int }

// EndingDays is how many days ahead the tab "Ending" looks.
const EndingDays = 30

const longSearch = 200

// List returns a page of the clients below root. Of a search with very many matches it may return the first alone.
func (s *Service) List(ctx context.Context, by authz.Actor, root ids.Account, in Query) (Clients, error) {
	return s.list(ctx, by, root, in, false)
}

// list is List; whole asks for all matches, on as many pages as it takes.
func (s *Service) list(ctx context.Context, by authz.Actor, root ids.Account, in Query, whole bool) (Clients, error) {
	q, sc, err := s.op.Read(ctx, by, authz.ClientsView, root)
	if err != nil {
		return Clients{}, err
	}
	if in.Sort == "" {
		in.Sort = ByName
	}
	if (in.Use != "" || in.Sort == ByUse) && !sc.Has(authz.QuotasView) {
		return Clients{}, errs.New(errs.Denied, "auth.denied", "Ask an admin of the account for access. Your role does not include this.")
	}
	if sorts[in.Sort] == nil {
		return Clients{}, errs.New(errs.Invalid, "list.sort_unknown", "Sort by one of the columns of the list.")
	}
	if in.Limit <= 0 || in.Limit > 500 {
		in.Limit = page.Size
	}
	bind := page.Binding{Actor: by.ID(), Root: string(sc.Account()), Query: in.text()}
	o, err := s.place(bind, in)
	if err != nil {
		return Clients{}, err
	}
	f, today, err := s.filter(ctx, by, q, sc, in)
	if err != nil {
		return Clients{}, err
	}
	f.whole = whole
	listed, err := s.count(ctx, q, sc, f)
	if err != nil {
		return Clients{}, fmt.Errorf("count the clients of %s: %w", root, err)
	}
	hits, err := find(ctx, q, sc, f, o, listed, in.Limit)
	if err != nil {
		return Clients{}, fmt.Errorf("list the clients of %s: %w", root, err)
	}
	out := Clients{Today: today, Total: hits.total, First: hits.first, Paused: hits.stopped != nil && (!o.back || len(hits.keys) == 0)}
	if out.Rows, err = listRows(ctx, q, sc, f.root, hits.keys); err != nil {
		return out, fmt.Errorf("read the clients of %s: %w", root, err)
	}
	s.turn(bind, o, hits, &out)
	return out, nil
}

// place is the order of the query, with the place that its cursor points at.
func (s *Service) place(bind page.Binding, in Query) (order, error) {
	o := order{sort: in.Sort, desc: in.Desc}
	if in.Cursor == "" {
		return o, nil
	}
	c, err := s.cursors.Open(bind, in.Cursor, len(sorts[in.Sort]))
	if err != nil {
		return o, err
	}
	o.back = c.Back
	o.after, err = o.parse(c.Key)
	return o, err
}

// turn seals the cursors of the pages before and after. A search that stopped goes on where it stopped.
func (s *Service) turn(bind page.Binding, o order, h hits, out *Clients) {
	seal := func(back bool, k key) string { return s.cursors.Seal(bind, page.Cursor{Back: back, Key: k.text()}) }
	first, last := h.stopped, h.stopped
	if len(h.keys) > 0 {
		first, last = h.keys[0], h.keys[len(h.keys)-1]
	}
	onward := h.more || h.stopped != nil
	switch {
	case o.back && len(h.keys) > 0:
		out.Next = seal(false, last)
	case !o.back && len(h.keys) > 0 && o.after != nil:
		out.Prev = seal(true, first)
	}
	if h.stopped != nil {
		first, last = h.stopped, h.stopped
	}
	switch {
	case onward && o.back:
		out.Prev = seal(true, first)
	case onward:
		out.Next = seal(false, last)
	}
}

// text is the query without its cursor, for the binding of cursors.
func (in Query) text() string {
	return fmt.Sprintf("clients %q %q %q %q %q %q %q %t", in.Search, in.Status, in.Ends, in.Reseller, in.Package, in.Use, in.Sort, in.Desc)
}

// Facets counts what the tabs show.
func (s *Service) Facets(ctx context.Context, by authz.Actor, root ids.Account) (Facets, error) {
	q, sc, err := s.op.Read(ctx, by, authz.ClientsView, root)
	if err != nil {
		return Facets{}, err
	}
	f, today, err := s.filter(ctx, by, q, sc, Query{Status: Suspended})
	if err != nil {
		return Facets{}, err
	}
	var out, none Facets
	ending := filter{root: f.root}
	if err := ending.ends(Ends(strconv.Itoa(EndingDays)), today); err != nil {
		return none, err
	}
	if out.All, err = s.count(ctx, q, sc, filter{root: f.root}); err != nil {
		return none, fmt.Errorf("count the clients of %s: %w", root, err)
	}
	if out.Ending, err = countEnding(ctx, q, sc, ending); err != nil {
		return none, fmt.Errorf("count the ending clients of %s: %w", root, err)
	}
	if !sc.Has(authz.QuotasView) {
		out.Near = Unknown
	} else if out.Near, err = countNear(ctx, q, sc, root); err != nil {
		return none, fmt.Errorf("count the clients of %s near their limits: %w", root, err)
	}
	if out.Inactive, err = countStatus(ctx, q, sc, f, out.All); err != nil {
		return none, fmt.Errorf("count the suspended clients of %s: %w", root, err)
	}
	return out, nil
}

// filter looks up what the query's SQL needs.
func (s *Service) filter(ctx context.Context, by authz.Actor, q db.Queryer, sc authz.Scope, in Query) (filter, Date, error) {
	f := filter{root: sc.Account()}
	zone, err := zoneOf(ctx, q, sc)
	if err != nil {
		return f, "", err
	}
	today := DateIn(s.now(), zone)
	if in.Reseller != "" {
		if sc, err = s.narrow(ctx, by, sc, in.Reseller); err != nil {
			return f, "", err
		}
		f.root = in.Reseller
	}
	if err := f.ends(in.Ends, today); err != nil {
		return f, "", err
	}
	f.words = Words(in.Search)
	if err := f.used(in.Use); err != nil {
		return f, "", err
	}
	if f.bought = in.Package; f.bought == NoPackage {
		f.bought, f.without = "", true
	}
	return f, today, f.status(ctx, q, sc, in.Status)
}

// mostSearched is how many words of a search are looked at.
const mostSearched = 6

// Words are the words of a search, folded: a client has to contain each of them in its name, its email or a reference.
func Words(text string) []string {
	if len(text) > longSearch {
		text = strings.ToValidUTF8(text[:longSearch], "")
	}
	words := strings.Fields(ids.Fold(text))
	return words[:min(len(words), mostSearched)]
}

// narrow checks that the reseller lies below the list's account and returns the scope there.
func (s *Service) narrow(ctx context.Context, by authz.Actor, sc authz.Scope, reseller ids.Account) (authz.Scope, error) {
	_, inner, err := s.op.Read(ctx, by, authz.ClientsView, reseller)
	if err != nil {
		return authz.Scope{}, err
	}
	if !slices.Contains(inner.Chain(), sc.Account()) {
		return authz.Scope{}, noAccount()
	}
	return inner, nil
}

// nearShare is how much of a month's limit is near to it, in percent.
const nearShare = 80

func (f *filter) used(u Use) error {
	switch u {
	case "":
	case NearLimit:
		f.useFrom = nearShare
	case AtLimit:
		f.useFrom = 100
	default:
		return errs.New(errs.Invalid, "list.use_unknown", "Choose one of the filters by use.")
	}
	return nil
}

func (f *filter) ends(e Ends, today Date) error {
	switch e {
	case EndsAny:
	case EndsPassed:
		f.endTo = string(today.Plus(-1))
	case EndsNever:
		f.endFrom = noEndSort
	default:
		days, err := strconv.Atoi(string(e))
		if err != nil || days < 0 || days > 3650 {
			return errs.New(errs.Invalid, "list.ends_unknown", "Choose one of the filters by membership end.")
		}
		f.endFrom, f.endTo = string(today), string(today.Plus(days))
	}
	return nil
}

// status looks up what the status filter needs: a client's own holds stand in the list, those above it are looked up.
func (f *filter) status(ctx context.Context, q db.Queryer, sc authz.Scope, st Status) (err error) {
	switch st {
	case "":
		return nil
	case Closed:
		f.closed = true
		return nil
	case Active, Suspended:
		f.only = st
	default:
		return errs.New(errs.Invalid, "list.status_unknown", "Choose active, suspended or closed.")
	}
	above, err := chainHolds(ctx, q, sc)
	if err != nil {
		return err
	}
	if len(above) > 0 { // everything below is suspended with it
		f.only, f.nothing = "", st == Active
		return nil
	}
	f.held, err = heldResellers(ctx, q, sc, f.root, mostHeld+1)
	return err
}
