package contact

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

// Unsubscription is what the page shows on which a contact unsubscribes.
type Unsubscription struct {
	Guest
	Covers   Coverage
	List     string // the name, when it is the list
	Customer string // the name, when it is the customer
	Done     bool   // nothing of it is sent any more
}

// Unsubscription opens the page on which the contact whose link it is unsubscribes. It changes nothing.
func (s *Service) Unsubscription(ctx context.Context, link string) (out Unsubscription, err error) {
	c, l, err := s.open(ctx, s.DB, link, toUnsubscribe)
	if err != nil {
		return out, err
	}
	q, sc, err := s.Ops.Read(ctx, acting(c.Account), authz.ContactsView, c.Account)
	if err != nil {
		return out, err
	}
	if out.Guest, err = s.guest(ctx, q, c, sc); err != nil {
		return out, err
	}
	list, err := s.covered(ctx, q, sc, l.list, &out)
	if err != nil {
		return out, err
	}
	at := sc
	if out.Covers == OfCustomer {
		customer, err := customerOf(ctx, q, sc)
		if err != nil {
			return out, err
		}
		if _, at, err = s.Ops.Read(ctx, acting(customer), authz.SuppressionsEdit, customer); err != nil {
			return out, err
		}
		out.Customer = at.Name()
	}
	out.Done, err = stopStands(ctx, q, at, c.address, list)
	return out, err
}

// covered finds what unsubscribing covers. A list that is gone stands for all that the account sends.
func (s *Service) covered(ctx context.Context, q db.Queryer, sc authz.Scope, list ids.List, out *Unsubscription) (ids.List, error) {
	rules, err := s.Known.By(ctx, q, sc.Account())
	if err != nil {
		return "", err
	}
	if out.Covers, err = setting.In(rules, coverage); err != nil {
		return "", err
	}
	if out.Covers != OfList {
		return "", nil
	}
	if list != "" {
		found, err := loadList(ctx, q, sc, list)
		if err == nil {
			out.List = found.Name
			return list, nil
		}
		if errs.KindOf(err) != errs.NotFound {
			return "", err
		}
	}
	out.Covers = OfDepartment
	return "", nil
}

// Unsubscribe stops what the account's rule says for the contact whose link it is. Doing it twice is doing it once.
func (s *Service) Unsubscribe(ctx context.Context, link string) error {
	c, l, err := s.open(ctx, s.DB, link, toUnsubscribe)
	if err != nil {
		return err
	}
	return s.stop(ctx, c, l.list, "")
}

// StopAll stops everything that is sent to the contact whose page it is: of the account, or of its customer where
// unsubscribing covers all of it.
func (s *Service) StopAll(ctx context.Context, link string) error {
	c, _, err := s.open(ctx, s.DB, link, toPrefer)
	if err != nil {
		return err
	}
	return s.stop(ctx, c, "", OfDepartment)
}

// stop suppresses the contact's address, for no less than atLeast.
func (s *Service) stop(ctx context.Context, c Contact, list ids.List, atLeast Coverage) error {
	q, sc, err := s.Ops.Read(ctx, acting(c.Account), authz.ContactsView, c.Account)
	if err != nil {
		return err
	}
	var what Unsubscription
	if list, err = s.covered(ctx, q, sc, list, &what); err != nil {
		return err
	}
	if what.Covers == OfList && atLeast != "" {
		what.Covers, list = atLeast, ""
	}
	at := c.Account
	if what.Covers == OfCustomer {
		if at, err = customerOf(ctx, q, sc); err != nil {
			return err
		}
	}
	return s.write(ctx, acting(at), authz.SuppressionsEdit, at, func(ctx context.Context, w *op.W) error {
		stopped, err := stopStands(ctx, w.Tx(), w.Scope(), c.address, list)
		if err != nil {
			return err
		}
		if stopped {
			return w.Unchanged()
		}
		_, err = suppress(ctx, w, SuppressInput{Address: c.address, List: list, Reason: Unsubscribed})
		return err
	})
}

// Resume undoes what the contact whose page it is has stopped themselves: lists that they left stay left.
func (s *Service) Resume(ctx context.Context, link string) error {
	c, sc, err := s.enter(ctx, link, toPrefer)
	if err != nil {
		return err
	}
	stops, err := stopsOf(ctx, s.DB, sc, c.address)
	if err != nil {
		return err
	}
	for _, x := range stops {
		if x.List != "" || x.Reason != Unsubscribed {
			continue
		}
		err := s.write(ctx, acting(x.Account), authz.SuppressionsEdit, x.Account, func(ctx context.Context, w *op.W) error {
			if err := forgive(ctx, w.Tx(), w.Scope(), c.address, ""); err != nil {
				return err
			}
			e := x.event("suppression.lifted_own")
			e.Before = loggedStop{Reason: string(x.Reason)}
			w.Audit(e)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
