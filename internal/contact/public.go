package contact

import (
	"context"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/setting"
)

// acting is who changes something through a link: the contact, with what links are good for.
func acting(on ids.Account) authz.Actor {
	return jobs.Actor("contact", on, authz.ContactsView, authz.ContactsEdit, authz.ContactsViewFull, authz.SuppressionsEdit)
}

// Guest is a contact on a page of their own, as far as the page needs to know them.
type Guest struct {
	Account     ids.Account
	AccountName string
	Language    string // the contact's, else the account's; "" for none
	Address     string // masked
}

func (s *Service) guest(ctx context.Context, q db.Queryer, c Contact, sc authz.Scope) (Guest, error) {
	g := Guest{Account: c.Account, AccountName: sc.Name(), Language: c.Language, Address: maskAddress(c.address)}
	if g.Language != "" {
		return g, nil
	}
	rules, err := s.Known.By(ctx, q, c.Account)
	if err != nil {
		return g, err
	}
	g.Language, err = setting.In(rules, account.Language)
	return g, err
}

// enter opens a link and checks what it is good for on the contact's account.
func (s *Service) enter(ctx context.Context, link string, u use) (Contact, authz.Scope, error) {
	c, _, err := s.open(ctx, s.DB, link, u)
	if err != nil {
		return c, authz.Scope{}, err
	}
	_, sc, err := s.Ops.Read(ctx, acting(c.Account), authz.ContactsView, c.Account)
	return c, sc, err
}
