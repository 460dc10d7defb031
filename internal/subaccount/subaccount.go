// Package subaccount keeps the sending identities of a customer. Their credentials come with the gateway.
package subaccount

import (
	"context"
	"errors"
	"regexp"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
)

// Purpose is what a sub-account sends.
type Purpose string

// The purposes.
const (
	Transactional Purpose = "transactional"
	Marketing     Purpose = "marketing"
)

// SubAccount is a sending identity.
type SubAccount struct {
	ID          ids.SubAccount
	Customer    ids.Account
	Account     ids.Account // its owner: the customer or a department
	AccountName string
	Name        string
	Purpose     Purpose
	Suspended   bool
	Version     int64
	CreatedAt   time.Time
}

type logged struct {
	Name      string `audit:"show"`
	Purpose   string `audit:"show"`
	Owner     string `audit:"show"`
	Suspended bool   `audit:"show"`
}

func (s SubAccount) logged() logged {
	return logged{s.Name, string(s.Purpose), string(s.Account), s.Suspended}
}

func (s SubAccount) event(action string) audit.Event {
	return audit.Event{Action: action, TargetType: "subaccount", TargetID: string(s.ID), Target: s.Name}
}

// Input is what is said of a sub-account.
type Input struct {
	Name    string
	Purpose Purpose
}

// Service is the operations on sub-accounts.
type Service struct{ op *op.Runner }

// NewService makes a Service.
func NewService(r *op.Runner) *Service { return &Service{r} }

// PageSize is how many rows a page has.
const PageSize = 50

// Page is one page of sub-accounts.
type Page struct {
	SubAccounts []SubAccount
	Next        string // the name behind which the next page begins, "" on the last
	NextID      ids.SubAccount
}

// Query chooses sub-accounts.
type Query struct {
	Search  string // part of the name
	After   string // behind this name
	AfterID ids.SubAccount
}

// List returns the sub-accounts of the account and its departments that the actor may use, by name.
func (s *Service) List(ctx context.Context, by authz.Actor, account ids.Account, in Query) (Page, error) {
	q, sc, err := s.op.Read(ctx, by, authz.SubAccountsView, account)
	if err != nil {
		return Page{}, err
	}
	all, err := list(ctx, q, sc, in, PageSize+1)
	if err != nil || len(all) <= PageSize {
		return Page{SubAccounts: all}, err
	}
	last := all[PageSize-1]
	return Page{all[:PageSize], last.Name, last.ID}, nil
}

// ChoiceMax is how many sub-accounts are offered for ticking.
const ChoiceMax = 500

// Choices returns the sub-accounts that can be ticked for a person of the account, by name.
func (s *Service) Choices(ctx context.Context, by authz.Actor, account ids.Account) ([]SubAccount, error) {
	q, sc, err := s.op.See(ctx, by, account)
	if err != nil {
		return nil, err
	}
	if !sc.Has(authz.UsersView) && !sc.Has(authz.UsersInvite) && !sc.Has(authz.SubAccountsView) {
		return nil, nil
	}
	return list(ctx, q, sc, Query{}, ChoiceMax)
}

// Count returns how many sub-accounts the account and its departments have, within the actor's own.
func (s *Service) Count(ctx context.Context, by authz.Actor, account ids.Account) (int, error) {
	q, sc, err := s.op.Read(ctx, by, authz.SubAccountsView, account)
	if err != nil {
		return 0, err
	}
	return count(ctx, q, sc)
}

// Get returns one sub-account of the account or below.
func (s *Service) Get(ctx context.Context, by authz.Actor, account ids.Account, id ids.SubAccount) (SubAccount, error) {
	q, sc, err := s.op.Read(ctx, by, authz.SubAccountsView, account)
	if err != nil {
		return SubAccount{}, err
	}
	return load(ctx, q, sc, id)
}

func load(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.SubAccount) (SubAccount, error) {
	s, err := get(ctx, q, sc, id)
	if errors.Is(err, db.ErrNoRows) {
		return s, errs.NoSuch("subaccount")
	}
	return s, err
}

// Create adds a sub-account that belongs to the account, a customer or a department.
func (s *Service) Create(ctx context.Context, by authz.Actor, account ids.Account, in Input) (id ids.SubAccount, err error) {
	err = s.op.Write(ctx, by, authz.SubAccountsCreate, account, func(ctx context.Context, w *op.W) error {
		if !w.Scope().AllSubs() {
			return errs.New(errs.Denied, "subaccount.limited", "Ask an admin of the account. Your access covers single sub-accounts, so a new one would be out of your reach.")
		}
		customer, err := customerOf(ctx, w.Tx(), w.Scope())
		if errors.Is(err, db.ErrNoRows) {
			return errs.New(errs.Invalid, "subaccount.no_customer", "Open a customer first. Sub-accounts belong to customers and departments.")
		}
		if err != nil {
			return err
		}
		sub := SubAccount{ID: ids.NewSubAccount(w.Tx().Now()), Customer: customer, Account: account, Name: in.Name, Purpose: in.Purpose}
		if err := check(ctx, w, sub); err != nil {
			return err
		}
		if err := insert(ctx, w.Tx(), w.Scope(), sub); err != nil {
			return err
		}
		if err := plan.Fits(ctx, w.Tx(), w.Scope(), plan.SubAccounts); err != nil {
			return err
		}
		e := sub.event("subaccount.created")
		e.After = sub.logged()
		w.Audit(e)
		id = sub.ID
		return nil
	})
	return id, err
}

// Stale carries the saved version of a sub-account that somebody else saved in between.
type Stale struct{ Theirs SubAccount }

func (*Stale) Error() string { return "the sub-account was changed meanwhile" }

// Edit changes the name and the purpose of a sub-account.
func (s *Service) Edit(ctx context.Context, by authz.Actor, account ids.Account, id ids.SubAccount, version int64, in Input) error {
	return s.change(ctx, by, authz.SubAccountsEdit, account, id, "subaccount.edited", func(ctx context.Context, w *op.W, sub *SubAccount) error {
		if sub.Version != version {
			e := errs.New(errs.Conflict, "subaccount.stale", "Compare your changes with the saved version, then save again. Somebody else saved this sub-account meanwhile.")
			e.Err = &Stale{*sub}
			return e
		}
		sub.Name, sub.Purpose = in.Name, in.Purpose
		return check(ctx, w, *sub)
	})
}

// Suspend stops a sub-account from sending.
func (s *Service) Suspend(ctx context.Context, by authz.Actor, account ids.Account, id ids.SubAccount) error {
	return s.change(ctx, by, authz.SubAccountsSuspend, account, id, "subaccount.suspended", func(_ context.Context, _ *op.W, sub *SubAccount) error {
		sub.Suspended = true
		return nil
	})
}

// Resume lets a suspended sub-account send again.
func (s *Service) Resume(ctx context.Context, by authz.Actor, account ids.Account, id ids.SubAccount) error {
	return s.change(ctx, by, authz.SubAccountsSuspend, account, id, "subaccount.resumed", func(_ context.Context, _ *op.W, sub *SubAccount) error {
		sub.Suspended = false
		return nil
	})
}

// Move gives a sub-account to the customer itself or to another of its departments.
func (s *Service) Move(ctx context.Context, by authz.Actor, account ids.Account, id ids.SubAccount, to ids.Account) error {
	return s.change(ctx, by, authz.SubAccountsMove, account, id, "subaccount.moved", func(ctx context.Context, w *op.W, sub *SubAccount) error {
		ok, err := ownedBySame(ctx, w.Tx(), w.Scope(), *sub, to)
		if err != nil {
			return err
		}
		if !ok {
			return errs.Field("to", "subaccount.move_target", "Choose the customer or one of its departments.")
		}
		sub.Account = to
		return nil
	})
}

// Remove deletes a sub-account. Its name has to be typed.
func (s *Service) Remove(ctx context.Context, by authz.Actor, account ids.Account, id ids.SubAccount, typed string) error {
	return s.op.Write(ctx, by, authz.SubAccountsClose, account, func(ctx context.Context, w *op.W) error {
		sub, err := load(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		if typed != sub.Name {
			return errs.Field("typed", "subaccount.type_name", "Type {name} to remove it for good.", "name", sub.Name)
		}
		if err := remove(ctx, w.Tx(), w.Scope(), id); err != nil {
			return err
		}
		e := sub.event("subaccount.removed")
		e.Before = sub.logged()
		w.Audit(e)
		return nil
	})
}

// change loads a sub-account, lets fn change it, and saves it with its event.
func (s *Service) change(ctx context.Context, by authz.Actor, p authz.Perm, account ids.Account, id ids.SubAccount, action string, fn func(context.Context, *op.W, *SubAccount) error) error {
	return s.op.Write(ctx, by, p, account, func(ctx context.Context, w *op.W) error {
		old, err := load(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		sub := old
		if err := fn(ctx, w, &sub); err != nil {
			return err
		}
		if sub == old {
			return w.Unchanged()
		}
		if err := update(ctx, w.Tx(), w.Scope(), sub); err != nil {
			return err
		}
		e := sub.event(action)
		e.Before, e.After = old.logged(), sub.logged()
		w.Audit(e)
		return nil
	})
}

var nameForm = regexp.MustCompile(`^[a-z0-9_-]{2,64}$`)

func check(ctx context.Context, w *op.W, s SubAccount) error {
	var c errs.Collector
	if !nameForm.MatchString(s.Name) {
		c.Add("name", "subaccount.name_form", "Use 2 to 64 small letters, digits, - and _.")
	} else {
		taken, err := nameTaken(ctx, w.Tx(), w.Scope(), s)
		if err != nil {
			return err
		}
		if taken {
			c.Add("name", "subaccount.name_taken", "Choose another name. This customer has a sub-account of that name.")
		}
	}
	if s.Purpose != Transactional && s.Purpose != Marketing {
		c.Add("purpose", "subaccount.purpose", "Choose what the sub-account sends.")
	}
	return c.Err()
}
