package contact

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// List is a list of contacts: a newsletter, say.
type List struct {
	ID          ids.List    `audit:"-"`
	Account     ids.Account `audit:"-"`
	Name        string      `audit:"show"`
	Description string      `audit:"show"`
	Public      bool        `audit:"show"` // contacts see it on their page and may join
	Version     int64       `audit:"-"`
	Contacts    int         `audit:"-"` // that are on it, up to 10,001
}

func (l List) event(action string) audit.Event {
	return audit.Event{Action: action, TargetType: "contact_list", TargetID: string(l.ID), Target: l.Name}
}

// State is how a contact stands on a list.
type State string

// The states.
const (
	Active  State = "active"
	Pending State = "pending" // until the contact confirms by mail
)

// Subscription is a contact's place on a list.
type Subscription struct {
	List  ids.List
	Name  string
	State State
	Since time.Time
}

// MostLists is how many lists an account can have.
const MostLists = 200

// ListInput is what is typed about a list.
type ListInput struct {
	Name        string
	Description string
	Public      bool
	Version     int64
}

func (in ListInput) clean() (ListInput, error) {
	var c errs.Collector
	in.Name, in.Description = strings.Join(strings.Fields(in.Name), " "), strings.Join(strings.Fields(in.Description), " ")
	if in.Name == "" {
		c.Add("name", "account.name_missing", "Write a name.")
	}
	c.Line("name", in.Name, longestName)
	c.Line("description", in.Description, longestDetail)
	return in, c.Err()
}

// Lists returns the lists of an account by name, with how many contacts are on each.
func (s *Service) Lists(ctx context.Context, by authz.Actor, account ids.Account) ([]List, error) {
	q, sc, _, err := s.read(ctx, by, authz.ContactsView, account)
	if err != nil {
		return nil, err
	}
	return lists(ctx, q, sc)
}

// List returns one list of an account.
func (s *Service) List(ctx context.Context, by authz.Actor, account ids.Account, id ids.List) (List, error) {
	q, sc, _, err := s.read(ctx, by, authz.ContactsView, account)
	if err != nil {
		return List{}, err
	}
	return loadList(ctx, q, sc, id)
}

func loadList(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.List) (List, error) {
	l, err := oneList(ctx, q, sc, id)
	if errors.Is(err, db.ErrNoRows) {
		return l, errs.NoSuch("contact_list")
	}
	return l, err
}

// AddList makes a list.
func (s *Service) AddList(ctx context.Context, by authz.Actor, account ids.Account, in ListInput) (id ids.List, err error) {
	err = s.write(ctx, by, authz.ContactsEdit, account, func(ctx context.Context, w *op.W) error {
		in, err := in.clean()
		if err != nil {
			return err
		}
		all, err := lists(ctx, w.Tx(), w.Scope())
		if err != nil {
			return err
		}
		if len(all) >= MostLists {
			return errs.New(errs.Invalid, "contact_list.too_many", "Remove a list first. An account can have {most}.", "most", MostLists)
		}
		l := List{ID: ids.NewList(w.Tx().Now()), Account: account, Name: in.Name, Description: in.Description, Public: in.Public, Version: 1}
		if err := listTaken(insertList(ctx, w.Tx(), w.Scope(), l)); err != nil {
			return err
		}
		e := l.event("contact_list.created")
		e.After = l
		w.Audit(e)
		id = l.ID
		return nil
	})
	return id, err
}

func listTaken(err error) error {
	if errors.Is(err, db.ErrUnique) {
		e := errs.Field("name", "contact_list.name_taken", "Choose another name. There is already a list called that here.")
		e.Kind = errs.Conflict
		return e
	}
	return err
}

// EditList changes a list.
func (s *Service) EditList(ctx context.Context, by authz.Actor, account ids.Account, id ids.List, in ListInput) error {
	return s.write(ctx, by, authz.ContactsEdit, account, func(ctx context.Context, w *op.W) error {
		old, err := loadList(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		if old.Version != in.Version {
			return errs.New(errs.Conflict, "contact_list.stale", "Load the list again and repeat your change. Somebody else saved it while you were editing it.")
		}
		in, err := in.clean()
		if err != nil {
			return err
		}
		l := old
		l.Name, l.Description, l.Public = in.Name, in.Description, in.Public
		if l == old {
			return w.Unchanged()
		}
		if err := listTaken(updateList(ctx, w.Tx(), w.Scope(), l)); err != nil {
			return err
		}
		e := l.event("contact_list.updated")
		e.Before, e.After = old, l
		w.Audit(e)
		return nil
	})
}

// RemoveList removes a list with what was unsubscribed from it alone. Its contacts stay.
func (s *Service) RemoveList(ctx context.Context, by authz.Actor, account ids.Account, id ids.List) error {
	return s.write(ctx, by, authz.ContactsEdit, account, func(ctx context.Context, w *op.W) error {
		l, err := loadList(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		if err := removeList(ctx, w.Tx(), w.Scope(), id); err != nil {
			return err
		}
		e := l.event("contact_list.removed")
		e.Before = l
		w.Audit(e)
		return nil
	})
}

// putOn has a contact be on some lists and on no others, and returns their names. Where the account asks for
// confirmation a contact waits on a new list until it confirms. Nobody is put back on a list that they left themselves.
func (s *Service) putOn(ctx context.Context, w *op.W, c Contact, wanted []ids.List) ([]string, error) {
	tx, sc := w.Tx(), w.Scope()
	all, err := listsByID(ctx, tx, sc)
	if err != nil {
		return nil, err
	}
	now, err := subscriptionsOf(ctx, tx, sc, c.ID)
	if err != nil {
		return nil, err
	}
	for _, id := range wanted {
		if _, known := all[id]; !known {
			return nil, errs.Field("lists", "contact_list.unknown", "Choose lists of this account.")
		}
		if slices.ContainsFunc(now, func(on Subscription) bool { return on.List == id }) {
			continue
		}
		left, err := hasLeft(ctx, tx, sc, c.address, id)
		if err != nil {
			return nil, err
		}
		if left {
			return nil, errs.Field("lists", "contact.has_left", "Leave {list} out. The contact has unsubscribed from it and can come back only on their own page.", "list", all[id].Name)
		}
		if err := s.subscribe(ctx, w, c, all[id]); err != nil {
			return nil, err
		}
	}
	for _, on := range now {
		if slices.Contains(wanted, on.List) {
			continue
		}
		if err := unsubscribe(ctx, tx, sc, c.ID, on.List); err != nil {
			return nil, err
		}
	}
	return namesOn(ctx, tx, sc, c.ID)
}

// subscribe puts a contact on a list, at once or when it has confirmed.
func (s *Service) subscribe(ctx context.Context, w *op.W, c Contact, l List) error {
	asks, err := s.asks(ctx, w)
	if err != nil {
		return err
	}
	if !asks {
		return subscribeAs(ctx, w.Tx(), w.Scope(), c.ID, l.ID, Active)
	}
	if err := subscribeAs(ctx, w.Tx(), w.Scope(), c.ID, l.ID, Pending); err != nil {
		return err
	}
	return s.askToConfirm(ctx, w, c, l)
}
