package web

import (
	"net/http"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/web/ui/clients"
	"bailiwick/internal/web/ui/part"
)

// The rows that a card of the overview shows.
const (
	ownersShown = 3
	subsShown   = 5
)

// hasSubs reports whether the account can own sub-accounts that the reader may see.
func hasSubs(d account.Details) bool {
	return (d.Kind == account.Customer || d.Kind == account.Department) && d.Can(authz.SubAccountsView)
}

func (s *Server) subCount(r *http.Request, by authz.Actor, d account.Details) (int, error) {
	if !hasSubs(d) {
		return 0, nil
	}
	return s.Subs.Count(r.Context(), by, d.ID)
}

// usersCard sums up the people of an account; nil for somebody who does not see them.
func (s *Server) usersCard(r *http.Request, by authz.Actor, d account.Details) (*clients.UsersCard, error) {
	if !d.Can(authz.UsersView) {
		return nil, nil
	}
	n, err := s.Users.Count(r.Context(), by, d.ID)
	if err != nil {
		return nil, err
	}
	owners, err := s.Users.Owners(r.Context(), by, d.ID)
	if err != nil {
		return nil, err
	}
	p := i18n.From(r.Context())
	at := accountPath(d.ID, "/users")
	card := &clients.UsersCard{At: at, Active: p.Number(int64(n.Active)), Pending: p.Number(int64(n.Pending)), Deactivated: p.Number(int64(n.Deactivated))}
	for _, m := range owners[:min(len(owners), ownersShown)] {
		card.Owners = append(card.Owners, part.Ident{Avatar: part.Avatar{ID: string(m.User), Name: m.Name}, Title: m.Name, Href: at + "/" + string(m.ID), Sub: p.T("role.owner")})
	}
	return card, nil
}

// subsCard lists the first sub-accounts; nil for somebody who does not see them.
func (s *Server) subsCard(r *http.Request, by authz.Actor, d account.Details) (*clients.SubsCard, error) {
	if !hasSubs(d) {
		return nil, nil
	}
	list, err := s.Subs.List(r.Context(), by, d.ID, subaccount.Query{})
	if err != nil {
		return nil, err
	}
	p := i18n.From(r.Context())
	card := &clients.SubsCard{At: accountPath(d.ID, "/subaccounts"), CanNew: d.Can(authz.SubAccountsCreate) && !d.Closed()}
	for _, sub := range list.SubAccounts[:min(len(list.SubAccounts), subsShown)] {
		status := account.Active
		if sub.Suspended {
			status = account.Suspended
		}
		card.Rows = append(card.Rows, clients.SubRow{Name: sub.Name, Href: card.At + "/" + string(sub.ID), Purpose: p.T("subaccounts." + string(sub.Purpose)), Owner: sub.AccountName, Status: status})
	}
	return card, nil
}
