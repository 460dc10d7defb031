// Package plan keeps packages: what customers buy, and how much of it.
//
// A package is made at the platform or a reseller, and customers below may have it. Its amounts, and what a customer has instead
// of them, are looked up when something is made, so that an edit holds at once for everybody who has it. The modules it withholds
// are cut in authz, where rights are decided.
package plan

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/quota"
	"bailiwick/internal/setting"
)

// Package is what a customer buys.
type Package struct {
	ID          ids.Package
	Account     ids.Account // where it is made
	AccountName string      // "" when that account is out of the reader's sight
	Name        string
	PriceNote   string
	All         bool      // every module, those to come included
	Modules     authz.Set // else the permissions of its modules
	Role        ids.Role  // the role group of who is made a user without one, "" none
	RoleName    string
	Terms       Terms
	Sending     quota.Grid // how much may be sent
	Retired     time.Time  // zero: customers may get it
	Version     int64
	Customers   int // that have it, at the reader's account and below
}

// Inherited reports whether the package comes from above the account it was read at.
func (p Package) Inherited(at ids.Account) bool { return p.Account != at }

// Input is what is said of a package.
type Input struct {
	Name      string
	PriceNote string
	All       bool
	Modules   authz.Set // the permissions of its modules, whole modules
	Role      ids.Role
	Terms     Terms
	Sending   quota.Grid
}

func (p Package) input() Input {
	return Input{Name: p.Name, PriceNote: p.PriceNote, All: p.All, Modules: p.Modules, Role: p.Role, Terms: p.Terms, Sending: p.Sending}
}

// logged is how a package stands in the log.
type logged struct {
	Name      string   `audit:"show"`
	PriceNote string   `audit:"show"`
	Modules   []string `audit:"show"`
	Role      string   `audit:"show"`
	Limits    []string `audit:"show"`
	Sending   []string `audit:"show"`
}

func (p Package) logged() logged {
	modules := []string{}
	if !p.All {
		modules = p.Modules.Names()
	}
	return logged{p.Name, p.PriceNote, modules, string(p.Role), p.Terms.texts(), p.Sending.Texts()}
}

// Service is the operations on packages.
type Service struct {
	op   *op.Runner
	now  clock.Clock
	zone setting.Key[string]
}

// NewService makes a Service. zone is the setting of an account's time zone, in which a day ends.
func NewService(r *op.Runner, now clock.Clock, zone setting.Key[string]) *Service {
	return &Service{r, now, zone}
}

// List returns the packages that are made at the account and above it, the smallest first. A customer's people see the one they have.
func (s *Service) List(ctx context.Context, by authz.Actor, account ids.Account) ([]Package, error) {
	q, sc, err := s.op.Read(ctx, by, authz.PackagesView, account)
	if err != nil {
		return nil, err
	}
	return list(ctx, q, sc)
}

// Get returns one of the packages that List does.
func (s *Service) Get(ctx context.Context, by authz.Actor, account ids.Account, id ids.Package) (Package, error) {
	q, sc, err := s.op.Read(ctx, by, authz.PackagesView, account)
	if err != nil {
		return Package{}, err
	}
	return get(ctx, q, sc, id)
}

// Usable returns the packages that a customer at or directly below the scope's account can be given, the smallest first.
func Usable(ctx context.Context, q db.Queryer, sc authz.Scope) ([]Package, error) {
	return usable(ctx, q, sc)
}

// Made returns a package that is made at the scope's account.
func Made(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Package) (Package, error) {
	return getHere(ctx, q, sc, id)
}

// Find returns a package that a customer at or directly below the scope's account can be given.
func Find(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Package) (Package, error) {
	p, err := getAbove(ctx, q, sc, id)
	switch {
	case errs.KindOf(err) == errs.NotFound && err != nil:
		return Package{}, errs.Field("package", "package.unknown", "Choose one of the packages that are offered here.")
	case err != nil:
		return Package{}, err
	case !p.Retired.IsZero():
		return Package{}, errs.Field("package", "package.retired", "Choose another package. {name} is retired, and no client gets it any more.", "name", p.Name)
	}
	return p, nil
}

// sells refuses to make packages where nobody can be a customer.
func sells(sc authz.Scope) error {
	if sc.Kind() != "platform" && sc.Kind() != "reseller" {
		return errs.New(errs.Invalid, "package.place", "Make packages at the platform or at a reseller. A client buys one.")
	}
	return nil
}

// Create makes a package at the platform or a reseller.
func (s *Service) Create(ctx context.Context, by authz.Actor, account ids.Account, in Input) (id ids.Package, err error) {
	err = s.op.Write(ctx, by, authz.PackagesEdit, account, func(ctx context.Context, w *op.W) error {
		id, err = create(ctx, w, in, "package.created")
		return err
	})
	return id, err
}

func create(ctx context.Context, w *op.W, in Input, action string) (ids.Package, error) {
	if err := sells(w.Scope()); err != nil {
		return "", err
	}
	p := Package{ID: ids.NewPackage(w.Tx().Now()), Account: w.Scope().Account()}
	if err := in.onto(ctx, w, &p); err != nil {
		return "", err
	}
	if err := insert(ctx, w.Tx(), w.Scope(), p); err != nil {
		return "", err
	}
	if err := quota.Offered(ctx, w.Tx(), w.Scope(), p.ID, nil, p.Sending); err != nil {
		return "", err
	}
	w.Audit(audit.Event{Action: action, TargetType: "package", TargetID: string(p.ID), Target: p.Name, After: p.logged()})
	return p.ID, nil
}

// Copy makes a package of another name from one that is made here or above.
func (s *Service) Copy(ctx context.Context, by authz.Actor, account ids.Account, from ids.Package, name string) (id ids.Package, err error) {
	err = s.op.Write(ctx, by, authz.PackagesEdit, account, func(ctx context.Context, w *op.W) error {
		p, err := get(ctx, w.Tx(), w.Scope(), from)
		if err != nil {
			return err
		}
		in := p.input()
		in.Name = name
		id, err = create(ctx, w, in, "package.copied")
		return err
	})
	return id, err
}

// Stale carries the version of a package that somebody else saved in between.
type Stale struct{ Theirs Package }

func (*Stale) Error() string { return "the package was changed meanwhile" }

// Edit changes a package made at the account. The change holds at once for every customer that has it, but for what they have instead.
func (s *Service) Edit(ctx context.Context, by authz.Actor, account ids.Account, id ids.Package, version int64, in Input) error {
	return s.write(ctx, by, account, id, func(ctx context.Context, w *op.W, old Package) error {
		if old.Version != version {
			e := errs.New(errs.Conflict, "package.stale", "Compare your changes with the saved version, then save again. Somebody else saved this package meanwhile.")
			e.Err = &Stale{old}
			return e
		}
		p := old
		if err := in.onto(ctx, w, &p); err != nil {
			return err
		}
		if p.Name == old.Name && p.PriceNote == old.PriceNote && p.All == old.All && p.Modules == old.Modules && p.Role == old.Role && maps.Equal(p.Terms, old.Terms) && p.Sending.Equal(old.Sending) {
			return w.Unchanged()
		}
		if err := update(ctx, w.Tx(), w.Scope(), p); err != nil {
			return err
		}
		if err := quota.Offered(ctx, w.Tx(), w.Scope(), id, old.Sending, p.Sending); err != nil {
			return err
		}
		if ids.Fold(p.Name) != ids.Fold(old.Name) {
			if err := relist(ctx, w.Tx(), w.Scope(), p); err != nil {
				return err
			}
		}
		w.Audit(audit.Event{Action: "package.edited", TargetType: "package", TargetID: string(id), Target: p.Name, Before: old.logged(), After: p.logged()})
		return nil
	})
}

// write is a write on a package made at the account.
func (s *Service) write(ctx context.Context, by authz.Actor, account ids.Account, id ids.Package, fn func(context.Context, *op.W, Package) error) error {
	return s.op.Write(ctx, by, authz.PackagesEdit, account, func(ctx context.Context, w *op.W) error {
		p, err := getHere(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		return fn(ctx, w, p)
	})
}

// Retire takes a package out of what customers can be given, or puts it back. Those that have it keep it.
func (s *Service) Retire(ctx context.Context, by authz.Actor, account ids.Account, id ids.Package, retired bool) error {
	return s.write(ctx, by, account, id, func(ctx context.Context, w *op.W, p Package) error {
		if retired == !p.Retired.IsZero() {
			return w.Unchanged()
		}
		if err := retire(ctx, w.Tx(), w.Scope(), id, retired); err != nil {
			return err
		}
		action := "package.retired"
		if !retired {
			action = "package.offered"
		}
		w.Audit(audit.Event{Action: action, TargetType: "package", TargetID: string(id), Target: p.Name})
		return nil
	})
}

// Delete removes a package that no customer has.
func (s *Service) Delete(ctx context.Context, by authz.Actor, account ids.Account, id ids.Package) error {
	return s.write(ctx, by, account, id, func(ctx context.Context, w *op.W, p Package) error {
		if p.Customers > 0 {
			return errs.New(errs.Conflict, "package.in_use", "Give the clients that have this package ({count}) another one first. A package in use stays.", "count", p.Customers)
		}
		if err := remove(ctx, w.Tx(), w.Scope(), id); err != nil {
			return err
		}
		w.Audit(audit.Event{Action: "package.deleted", TargetType: "package", TargetID: string(id), Target: p.Name, Before: p.logged()})
		return nil
	})
}

const (
	nameMax = 80
	noteMax = 200
)

// onto puts what was said into p, and reports every field that needs attention.
func (in Input) onto(ctx context.Context, w *op.W, p *Package) error {
	var c errs.Collector
	before := p.Role
	p.Name, p.PriceNote, p.All, p.Role = strings.TrimSpace(in.Name), strings.TrimSpace(in.PriceNote), in.All, in.Role
	p.Terms = in.Terms.clean(&c)
	c.Line("name", p.Name, nameMax)
	if ids.Fold(p.Name) == "" {
		c.Add("name", "package.name_missing", "Write a name for the package.")
	} else if errs.IsText(p.Name) {
		taken, err := nameTaken(ctx, w.Tx(), w.Scope(), *p)
		if err != nil {
			return err
		}
		if taken {
			c.Add("name", "package.name_taken", "Choose another name. This account has a package of that name.")
		}
	}
	c.Line("price_note", p.PriceNote, noteMax)
	var err error
	if p.Sending, err = in.Sending.Clean(); err != nil {
		if err := c.Merge(err); err != nil {
			return err
		}
	}
	if p.Modules, err = soldOf(ctx, w.Tx(), w.Scope(), in); err != nil {
		return err
	}
	if p.Role != "" && p.Role != before {
		if err := checkRole(ctx, w, p.Role); err != nil {
			if err := c.Merge(err); err != nil {
				return err
			}
		}
	}
	return c.Err()
}

// checkRole checks that a role group can be used here, and confers nothing above the actor.
func checkRole(ctx context.Context, w *op.W, id ids.Role) error {
	perms, found, err := rolePerms(ctx, w.Tx(), w.Scope(), id)
	if err != nil {
		return err
	}
	if !found {
		return errs.Field("role", "package.role_unknown", "Choose one of the role groups of this account, or none.")
	}
	if missing := perms.Intersect(authz.GroupGrantable()).Without(w.Scope().Whole()); !missing.Empty() {
		return errs.Field("role", "role.above_yours", "Choose a role with no more rights than your own. You do not hold {perm} here.", "perm", string(missing.First()))
	}
	if !perms.Has(authz.MessagesSend) {
		return nil
	}
	err = quota.Given(ctx, w.Tx(), w.Scope(), w.By(), "", authz.Role(id))
	if said := (*errs.Error)(nil); errors.As(err, &said) {
		return errs.Field("role", said.Code, said.Msg)
	}
	return err
}
