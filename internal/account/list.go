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

// Sort names a column of the list of clients.
type Sort string

// The sorts.
const (
	ByName      Sort = "name"
	ByEnd       Sort = "end"
	ByCreated   Sort = "created"
	ByUsers     Sort = "users"
	ByLocations Sort = "locations"
	ByStatus    Sort = "status"
)

// sorts are the columns of client_list that each sort orders by; the id makes the order total.
var sorts = map[Sort][]string{
	ByName:      {"name_fold", "customer_id"},
	ByEnd:       {"end_sort", "customer_id"},
	ByCreated:   {"created_at", "customer_id"},
	ByUsers:     {"users", "customer_id"},
	ByLocations: {"locations", "customer_id"},
	ByStatus:    {"held", "name_fold", "customer_id"},
}

// Ends filters by the end of the membership.
type Ends string

// The filters by end; within n days is written "30".
const (
	EndsAny    Ends = ""
	EndsPassed Ends = "ended"
	EndsNever  Ends = "never"
)

// Query is what is asked of the list of clients.
type Query struct {
	Search   string
	Status   Status // "" is all that are not closed
	Ends     Ends
	Reseller ids.Account // only those below it
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

	nameFold, endSort string
	held              bool
}

// Clients is one page of the list.
type Clients struct {
	Rows  []Row
	Total int    // of the filtered list, at most Most+1
	Today Date   // in the zone of the account that the list hangs at
	Prev  string // cursors, "" at the ends
	Next  string
}

// Facets are the numbers on the tabs, each at most Most+1.
type Facets struct{ All, Ending, Inactive int }

// EndingDays is how many days ahead the tab "Ending" looks.
const EndingDays = 30

const (
	smallTree  = 5000
	fewHits    = 2000
	longSearch = 200
)

// List returns a page of the clients below root.
func (s *Service) List(ctx context.Context, by authz.Actor, root ids.Account, in Query) (Clients, error) {
	q, sc, err := s.op.Read(ctx, by, authz.ClientsView, root)
	if err != nil {
		return Clients{}, err
	}
	if in.Sort == "" {
		in.Sort = ByName
	}
	if sorts[in.Sort] == nil {
		return Clients{}, errs.New(errs.Invalid, "list.sort_unknown", "Sort by one of the columns of the list.")
	}
	f, today, err := s.filter(ctx, by, q, sc, in)
	if err != nil {
		return Clients{}, err
	}
	out := Clients{Today: today}
	if out.Total, err = listCount(ctx, q, sc, f); err != nil {
		return out, fmt.Errorf("count the clients of %s: %w", root, err)
	}
	return out, s.turn(ctx, by, q, sc, f, in, &out)
}

// turn fills the page that the query's cursor points at.
func (s *Service) turn(ctx context.Context, by authz.Actor, q db.Queryer, sc authz.Scope, f filter, in Query, out *Clients) error {
	bind := page.Binding{Actor: by.ID(), Root: string(sc.Account()), Query: in.text()}
	o := order{sort: in.Sort, desc: in.Desc}
	if in.Cursor != "" {
		c, err := s.cursors.Open(bind, in.Cursor, len(sorts[in.Sort]))
		if err != nil {
			return err
		}
		o.back = c.Back
		if o.after, err = o.values(c.Key); err != nil {
			return err
		}
	}
	limit := in.Limit
	if limit <= 0 || limit > 500 {
		limit = page.Size
	}
	rows, err := listRows(ctx, q, sc, f, o, limit+1)
	if err != nil {
		return fmt.Errorf("list the clients of %s: %w", sc.Account(), err)
	}
	more := len(rows) > limit
	rows = rows[:min(len(rows), limit)]
	if o.back {
		slices.Reverse(rows)
	}
	out.Rows = rows
	if len(rows) == 0 {
		return nil
	}
	if more || o.back {
		out.Next = s.cursors.Seal(bind, page.Cursor{Key: o.key(rows[len(rows)-1])})
	}
	if o.back && more || !o.back && in.Cursor != "" {
		out.Prev = s.cursors.Seal(bind, page.Cursor{Back: true, Key: o.key(rows[0])})
	}
	return nil
}

// text is the query without its cursor, for the binding of cursors.
func (in Query) text() string {
	return fmt.Sprintf("clients %q %q %q %q %q %t", in.Search, in.Status, in.Ends, in.Reseller, in.Sort, in.Desc)
}

// Facets counts what the tabs show.
func (s *Service) Facets(ctx context.Context, by authz.Actor, root ids.Account) (Facets, error) {
	q, sc, err := s.op.Read(ctx, by, authz.ClientsView, root)
	if err != nil {
		return Facets{}, err
	}
	var out Facets
	for _, c := range []struct {
		n  *int
		in Query
	}{
		{&out.All, Query{}}, {&out.Ending, Query{Ends: Ends(strconv.Itoa(EndingDays))}}, {&out.Inactive, Query{Status: Suspended}},
	} {
		f, _, err := s.filter(ctx, by, q, sc, c.in)
		if err != nil {
			return Facets{}, err
		}
		if *c.n, err = listCount(ctx, q, sc, f); err != nil {
			return Facets{}, fmt.Errorf("count the clients of %s: %w", root, err)
		}
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
	if err := f.status(ctx, q, sc, in.Status); err != nil {
		return f, "", err
	}
	return f, today, f.search(ctx, q, sc, in.Search)
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

func (f *filter) status(ctx context.Context, q db.Queryer, sc authz.Scope, st Status) (err error) {
	var suspended bool
	switch st {
	case "":
		return nil
	case Closed:
		f.closed = true
		return nil
	case Active:
	case Suspended:
		suspended = true
	default:
		return errs.New(errs.Invalid, "list.status_unknown", "Choose active, suspended or closed.")
	}
	above, err := chainHolds(ctx, q, sc)
	if err != nil {
		return err
	}
	f.suspended = &suspended
	if f.heldResellers, err = heldResellers(ctx, q, sc, f.root); err != nil {
		return err
	}
	if len(above) > 0 { // everything below is suspended with it
		f.heldResellers = append(f.heldResellers, f.root)
	}
	return nil
}

func (f *filter) search(ctx context.Context, q db.Queryer, sc authz.Scope, text string) error {
	if len(text) > longSearch {
		text = strings.ToValidUTF8(text[:longSearch], "")
	}
	text = ids.Fold(text)
	if text == "" {
		return nil
	}
	small, err := atMost(ctx, q, sc, f.root, smallTree)
	if err != nil {
		return err
	}
	if small {
		f.substring = text
		return nil
	}
	f.prefixes = strings.Fields(text)
	if len(f.prefixes) > 6 {
		f.prefixes = f.prefixes[:6]
	}
	for i, p := range f.prefixes {
		few, err := fewWords(ctx, q, sc, f.root, p, fewHits)
		if err != nil {
			return err
		}
		if few {
			f.few = true
			f.prefixes[0], f.prefixes[i] = f.prefixes[i], f.prefixes[0]
			return nil
		}
	}
	return nil
}

// order is a sort with the place where a page begins.
type order struct {
	sort       Sort
	desc, back bool
	after      []any
}

func (o order) columns(alias string) []string {
	out := make([]string, 0, 3)
	for _, c := range sorts[o.sort] {
		out = append(out, alias+c)
	}
	return out
}

func (o order) down() bool { return o.desc != o.back }

func (o order) by(alias string) string {
	cols := o.columns(alias)
	if o.down() {
		for i := range cols {
			cols[i] += " DESC"
		}
	}
	return strings.Join(cols, ", ")
}

func (o order) compare() string {
	if o.down() {
		return "<"
	}
	return ">"
}

// key is the row's place in the order.
func (o order) key(r Row) []string {
	out := make([]string, 0, 3)
	for _, c := range sorts[o.sort] {
		out = append(out, map[string]func() string{
			"name_fold":   func() string { return r.nameFold },
			"end_sort":    func() string { return r.endSort },
			"created_at":  func() string { return strconv.FormatInt(r.Created.UnixMilli(), 10) },
			"users":       func() string { return strconv.FormatInt(r.Users, 10) },
			"locations":   func() string { return strconv.FormatInt(r.Locations, 10) },
			"held":        func() string { return strconv.FormatBool(r.held) },
			"customer_id": func() string { return string(r.ID) },
		}[c]())
	}
	return out
}

// values turns a cursor's key back into arguments.
func (o order) values(key []string) ([]any, error) {
	out := make([]any, len(key))
	for i, c := range sorts[o.sort] {
		var err error
		switch c {
		case "created_at", "users", "locations":
			out[i], err = strconv.ParseInt(key[i], 10, 64)
		case "held":
			out[i], err = strconv.ParseBool(key[i])
		default:
			out[i] = key[i]
		}
		if err != nil {
			return nil, errs.New(errs.Invalid, "page.cursor", "Go back to the first page. This link to a page does not fit the list that it was opened on.")
		}
	}
	return out, nil
}

// ResellerRow is one reseller in the list of resellers.
type ResellerRow struct {
	ID      ids.Account
	Parent  ids.Account
	Name    string
	Level   int // 1 directly below the account
	Status  Status
	Clients int // at most Most+1
	Created time.Time
}

// Resellers lists the resellers below root, by name; there are few.
func (s *Service) Resellers(ctx context.Context, by authz.Actor, root ids.Account) ([]ResellerRow, error) {
	q, sc, err := s.op.Read(ctx, by, authz.ResellersView, root)
	if err != nil {
		return nil, err
	}
	return resellersBelow(ctx, q, sc, sc.Account())
}

// DepartmentRow is one department in a list.
type DepartmentRow struct {
	ID          ids.Account
	Name        string
	Email       string
	Status      Status
	Users       int64
	Locations   int64
	Departments int64
	nameFold    string
}

// Departments lists the departments directly below an account, by name.
func (s *Service) Departments(ctx context.Context, by authz.Actor, id ids.Account, cursor string) (rows []DepartmentRow, next string, err error) {
	q, sc, err := s.op.Read(ctx, by, authz.DepartmentsView, id)
	if err != nil {
		return nil, "", err
	}
	bind := page.Binding{Actor: by.ID(), Root: string(id), Query: "departments"}
	var after []any
	if cursor != "" {
		c, err := s.cursors.Open(bind, cursor, 2)
		if err != nil {
			return nil, "", err
		}
		after = db.Args(c.Key...)
	}
	rows, err = departmentsBelow(ctx, q, sc, after, page.Size+1)
	if err != nil {
		return nil, "", fmt.Errorf("list the departments of %s: %w", id, err)
	}
	if len(rows) > page.Size {
		rows = rows[:page.Size]
		last := rows[page.Size-1]
		next = s.cursors.Seal(bind, page.Cursor{Key: []string{last.nameFold, string(last.ID)}})
	}
	return rows, next, nil
}
