package usage

import (
	"context"
	"fmt"
	"slices"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
)

// Part is one of those that a customer or department sends through.
type Part struct {
	ID    string
	Name  string
	Units int64 // in the days that were asked about
}

// Kind is what a part is to its account.
type Kind string

// The kinds.
const (
	Departments Kind = "departments"
	SubAccounts Kind = "subaccounts"
	People      Kind = "people"
)

// Parts are what of an account has sent most of late.
type Parts struct {
	Today                            account.Date // in the account's zone
	Units                            int64        // of the account itself, through whatever part
	Departments, SubAccounts, People []Part
}

const partsShown = 10

// Parts says which departments, sub-accounts and people of a customer or department have sent most this month, and how much in
// the calendar month. Of kinds, it looks at those alone.
func (s *Service) Parts(ctx context.Context, by authz.Actor, at ids.Account, channel quota.Channel, kinds ...Kind) (Parts, error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, at)
	if err != nil || sc.Kind() != "customer" && sc.Kind() != "department" {
		return Parts{}, err
	}
	cal, err := s.engine.Calendar(ctx, q, sc.Account())
	if err != nil {
		return Parts{}, err
	}
	out := Parts{Today: account.DateIn(s.engine.Now(), cal.Zone)}
	month := span{channel, quota.Month, monthOf(number(out.Today)), number(out.Today)}
	for _, k := range []struct {
		Kind
		to    *[]Part
		perm  authz.Perm
		query func(authz.Scope, quota.Channel) (string, []any)
	}{{Departments, &out.Departments, authz.DepartmentsView, departments}, {SubAccounts, &out.SubAccounts, authz.SubAccountsView, subAccounts}, {People, &out.People, authz.UsersView, people}} {
		if !sc.Has(k.perm) || len(kinds) > 0 && !slices.Contains(kinds, k.Kind) {
			continue
		}
		text, args := k.query(sc, channel)
		if *k.to, err = busiest(ctx, q, sc, text, args, month); err != nil {
			return Parts{}, fmt.Errorf("read what %s of %s have sent: %w", k.Kind, at, err)
		}
	}
	whole, err := sums(ctx, q, sc, counter{string(sc.Account()), channel}, quota.Month, month.from, month.to, monthOf)
	if err != nil {
		return Parts{}, fmt.Errorf("read what %s has sent: %w", at, err)
	}
	out.Units = whole[month.from].units
	return out, nil
}

// Today says how much sub-accounts at an account or below have sent today, by that account's clock. What sent nothing is left out.
func (s *Service) Today(ctx context.Context, by authz.Actor, at ids.Account, channel quota.Channel, subs []ids.SubAccount) (map[ids.SubAccount]int64, error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, at)
	if err != nil || len(subs) == 0 || !sc.Has(authz.SubAccountsView) {
		return nil, err
	}
	cal, err := s.engine.Calendar(ctx, q, sc.Account())
	if err != nil {
		return nil, err
	}
	today := number(account.DateIn(s.engine.Now(), cal.Zone))
	text, args := someSubAccounts(sc, subs)
	all, err := sent(ctx, q, sc, text, args, span{channel, quota.Day, today, today})
	if err != nil {
		return nil, fmt.Errorf("read what sub-accounts of %s have sent: %w", at, err)
	}
	out := make(map[ids.SubAccount]int64, len(all))
	for _, p := range all {
		out[ids.SubAccount(p.ID)] = p.Units
	}
	return out, nil
}
