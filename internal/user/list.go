package user

import (
	"context"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Sort is the order of a list of people.
type Sort string

// The orders that have an index.
const (
	ByName    Sort = "name"
	ByEmail   Sort = "email"
	ByCreated Sort = "created"
)

// After is where a page of the list begins: behind this row, or, turning back, where it ends: before it.
type After struct {
	Back    bool
	Key     string // the folded name or email of the row
	Created int64  // ByCreated: its time
	ID      ids.Membership
}

// Query chooses people of one account.
type Query struct {
	Deactivated bool
	Search      string // part of the name or the email
	Role        authz.Role
	Sort        Sort
	Desc        bool
	After       *After
	Limit       int // 0 for a page of 50
}

// PageSize is how many rows a page has.
const PageSize = 50

// Page is one page of people.
type Page struct {
	Members []Member
	Prev    *After // nil on the first page
	Next    *After // nil on the last page
}

// List returns people of the account.
func (s *Service) List(ctx context.Context, by authz.Actor, account ids.Account, in Query) (Page, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return Page{}, err
	}
	switch in.Sort {
	case "", ByName, ByEmail, ByCreated:
	default:
		return Page{}, errs.New(errs.Invalid, "list.sort_unknown", "Sort by one of the columns of the list.")
	}
	if in.Limit <= 0 || in.Limit > PageSize {
		in.Limit = PageSize
	}
	limit := in.Limit
	in.Limit++ // one more tells whether there is a next page
	rows, err := list(ctx, q, sc, in)
	if err != nil {
		return Page{}, err
	}
	more := len(rows) > limit
	rows = rows[:min(len(rows), limit)]
	if in.back() {
		slices.Reverse(rows)
	}
	p := Page{}
	for _, r := range rows {
		p.Members = append(p.Members, r.Member)
	}
	if len(rows) == 0 {
		return p, nil
	}
	if more || in.back() {
		p.Next = rows[len(rows)-1].position(in.Sort)
	}
	if in.back() && more || !in.back() && in.After != nil {
		p.Prev = rows[0].position(in.Sort)
		p.Prev.Back = true
	}
	return p, nil
}

// back reports whether the list is turned towards its beginning.
func (in Query) back() bool { return in.After != nil && in.After.Back }

// row is a member with what the list is ordered by.
type row struct {
	Member
	nameFold, emailFold string
	created             int64
}

func (r row) position(by Sort) *After {
	switch by {
	case ByEmail:
		return &After{Key: r.emailFold, ID: r.ID}
	case ByCreated:
		return &After{Created: r.created, ID: r.ID}
	}
	return &After{Key: r.nameFold, ID: r.ID}
}

// SubNames returns the names of the sub-accounts that are ticked for people of the account; those who cover all are
// left out.
func (s *Service) SubNames(ctx context.Context, by authz.Actor, account ids.Account, people []Member) (map[ids.Membership][]string, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return nil, err
	}
	var some []ids.Membership
	for _, m := range people {
		if !m.AllSubs {
			some = append(some, m.ID)
		}
	}
	return subNames(ctx, q, sc, some)
}

// Counts are the numbers on the tabs of an account's people.
type Counts struct{ Active, Deactivated, Pending int }

// Count returns the numbers on the tabs.
func (s *Service) Count(ctx context.Context, by authz.Actor, account ids.Account) (Counts, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return Counts{}, err
	}
	return counts(ctx, q, sc)
}

// Owners returns the active Owners of the account.
func (s *Service) Owners(ctx context.Context, by authz.Actor, account ids.Account) ([]Member, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return nil, err
	}
	return owners(ctx, q, sc)
}

// Leaders returns those who run the account, as many as limit says: the active Owners, then the Admins, who was there first before
// the others.
func (s *Service) Leaders(ctx context.Context, by authz.Actor, account ids.Account, limit int) ([]Member, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return nil, err
	}
	return leaders(ctx, q, sc, limit)
}

// Explain says why a person of the account can or cannot do something on it or on an account below. Accounts out
// of the actor's sight go unnamed.
func (s *Service) Explain(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership, p authz.Perm, on ids.Account) (authz.Explanation, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return authz.Explanation{}, err
	}
	m, err := load(ctx, q, sc, id)
	if err != nil {
		return authz.Explanation{}, err
	}
	if below, err := isBelow(ctx, q, sc, on); err != nil || !below {
		return authz.Explanation{}, orNoSuch(err, "account")
	}
	x, err := s.check.ExplainPerson(ctx, q, m.User, p, on)
	if err != nil {
		return x, err
	}
	hidden := sc.Chain()[:len(sc.Chain())-len(sc.InSight())]
	for i := range x.Steps {
		if slices.Contains(hidden, x.Steps[i].Account) {
			x.Steps[i].Name = ""
		}
	}
	return x, nil
}

// Place is an account below another, on which Explain can be asked.
type Place struct {
	ID   ids.Account
	Name string
}

// PlacesMax is how many accounts Places lists.
const PlacesMax = 100

// Places lists accounts below the account for asking Explain about: all departments of a customer or department, else
// those directly below.
func (s *Service) Places(ctx context.Context, by authz.Actor, account ids.Account) ([]Place, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return nil, err
	}
	return places(ctx, q, sc, PlacesMax)
}

// Effective returns everything a person of the account may do there, by this membership and those above.
func (s *Service) Effective(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership) (authz.Set, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return authz.Set{}, err
	}
	m, err := load(ctx, q, sc, id)
	if err != nil {
		return authz.Set{}, err
	}
	return s.check.PermsOfPerson(ctx, q, m.User, account)
}

func orNoSuch(err error, what string) error {
	if err != nil {
		return err
	}
	return errs.NoSuch(what)
}
