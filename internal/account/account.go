// Package account keeps the tree of accounts: what they are called, where they hang, whether they are held or
// closed, when a membership ends, their locations, and the list of clients.
//
// Kinds are data (kind.go): no type, table or route exists per level. Status is derived from holds and closing,
// never stored. The list of clients is kept by one function, refresh, from whatever it shows.
package account

import (
	"context"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
	"bailiwick/internal/setting"
)

// Account is one node of the tree.
type Account struct {
	ID              ids.Account `audit:"show"`
	Parent          ids.Account `audit:"show"`
	Kind            Kind        `audit:"show"`
	Name            string      `audit:"show"`
	LegalName       string      `audit:"show"`
	Email           string      `audit:"show"`
	Phone           string      `audit:"show"`
	Address         string      `audit:"show"`
	Website         string      `audit:"show"`
	Industry        string      `audit:"show"`
	MembershipStart Date        `audit:"show"`
	MembershipEnd   Date        `audit:"show"`
	Package         ids.Package `audit:"-"`
	PackageName     string      `audit:"show"`
	ClosedAt        time.Time   `audit:"-"` // zero while open
	ClosedWith      ids.Account `audit:"-"` // the account whose closing closed this one
	Version         int64       `audit:"-"`
	CreatedAt       time.Time   `audit:"-"`
	UpdatedAt       time.Time   `audit:"-"`
}

// Closed reports whether the account itself is closed; closing reaches everything below at once.
func (a Account) Closed() bool { return !a.ClosedAt.IsZero() }

// Ref is the account's name in another system.
type Ref struct {
	Source    string `audit:"show"`
	Reference string `audit:"show"`
}

// Deps is what the Service stands on.
type Deps struct {
	Ops     *op.Runner
	Cursors *page.Sealer
	Clock   clock.Clock
	Mail    *notify.Mailer
	Moves   MoveLimits // zero: the usual ones
}

// Service is the accounts of the installation.
type Service struct {
	op      *op.Runner
	cursors *page.Sealer
	now     clock.Clock
	mail    *notify.Mailer
	moves   MoveLimits
	long    longLists
}

// NewService makes a Service.
func NewService(d Deps) *Service {
	if d.Moves == (MoveLimits{}) {
		d.Moves = usualMoves
	}
	return &Service{op: d.Ops, cursors: d.Cursors, now: d.Clock, mail: d.Mail, moves: d.Moves}
}

// Details is an account with what its page shows.
type Details struct {
	Account
	Refs        []Ref
	ParentName  string // "" when the parent is out of the viewer's sight
	TimeZone    Inherited
	Language    Inherited
	Standing    Standing
	Users       int64 // people in the account and its departments; customers only
	Locations   int64
	Departments int64   // directly below; customers and departments only, and only when Get is asked for them
	Closing     Closing // how long it could come back, also while it is open
	scope       authz.Scope
}

// Can reports whether the viewer holds p on the account.
func (d Details) Can(p authz.Perm) bool { return d.scope.Has(p) }

// CanAct reports whether the viewer may do action ("edit", "move", ...) to an account of this kind.
func (d Details) CanAct(action string) bool { return d.scope.Has(d.Kind.Perm(action)) }

// CanParentFields reports whether the viewer may change what belongs to the parent: dates and references.
func (d Details) CanParentFields() bool { return d.scope.HeldAbove(d.Kind.Perm(edit)) }

// CanAssign reports whether the viewer may give the client another package.
func (d Details) CanAssign() bool {
	return d.Kind == Customer && d.scope.HeldAbove(authz.PackagesAssign)
}

// CanOpenPackage reports whether the viewer may look at the package of a client where it is sold.
func (d Details) CanOpenPackage() bool {
	return d.Kind == Customer && d.scope.HeldAbove(authz.PackagesView)
}

// CanClose reports whether the viewer may close or reopen the account.
func (d Details) CanClose() bool { return mayClose(d.scope, d.Kind) }

// Perms is everything that the viewer holds on the account.
func (d Details) Perms() authz.Set { return d.scope.Perms() }

// Also is what Get tells of an account only to who asks for it, since it takes as long as there is much of it.
type Also string

// DepartmentCount is how many departments there are directly below.
const DepartmentCount Also = "department_count"

// Get returns an account for its page.
func (s *Service) Get(ctx context.Context, by authz.Actor, id ids.Account, also ...Also) (Details, error) {
	kind, err := s.kindOf(ctx, by, id)
	if err != nil {
		return Details{}, err
	}
	q, sc, err := s.op.Read(ctx, by, kind.Perm(view), id)
	if err != nil {
		return Details{}, err
	}
	d, err := details(ctx, q, sc, by, s.now())
	if err == nil && slices.Contains(also, DepartmentCount) && (d.Kind == Customer || d.Kind == Department) {
		d.Departments, err = countDepartments(ctx, q, sc)
	}
	return d, err
}

func details(ctx context.Context, q db.Queryer, sc authz.Scope, by authz.Actor, now time.Time) (Details, error) {
	a, err := get(ctx, q, sc, sc.Account())
	if err != nil {
		return Details{}, err
	}
	d := Details{Account: a, scope: sc}
	if d.Refs, err = refs(ctx, q, sc, a.ID); err != nil {
		return Details{}, err
	}
	if d.Standing, err = standingOf(ctx, q, sc, by, a); err != nil {
		return Details{}, err
	}
	set, err := setting.Read(ctx, q, sc, TimeZone, Language, RetentionDays)
	if err != nil {
		return Details{}, err
	}
	if d.TimeZone, err = inheritedOf(set, sc, TimeZone); err != nil {
		return Details{}, err
	}
	if d.Language, err = inheritedOf(set, sc, Language); err != nil {
		return Details{}, err
	}
	if seen := sc.InSight(); len(seen) > 1 {
		if d.ParentName, err = parentName(ctx, q, sc, a.Parent); err != nil {
			return Details{}, err
		}
	}
	if a.Kind == Customer {
		if d.Users, d.Locations, err = listedCounts(ctx, q, sc, a.ID); err != nil {
			return Details{}, err
		}
	}
	if a.ClosedAt.IsZero() {
		a.ClosedAt = now // what its page says about closing it
	}
	d.Closing, err = closingOf(set, a)
	return d, err
}

// kindOf finds the kind, which never changes, so that the permission of that kind can be asked for.
func (s *Service) kindOf(ctx context.Context, by authz.Actor, id ids.Account) (Kind, error) {
	_, sc, err := s.op.See(ctx, by, id)
	return Kind(sc.Kind()), err
}

// Crumb is one step from the highest account in sight down to an account.
type Crumb struct {
	ID   ids.Account
	Kind Kind
	Name string
}

// Path returns the account's chain as far as the actor sees it, the account last.
func (s *Service) Path(ctx context.Context, by authz.Actor, id ids.Account) ([]Crumb, error) {
	q, sc, err := s.op.See(ctx, by, id)
	if err != nil {
		return nil, err
	}
	return path(ctx, q, sc)
}

func noAccount() error { return errs.NoSuch("account") }
