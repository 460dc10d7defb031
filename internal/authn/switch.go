package authn

import (
	"context"
	"fmt"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Place is an account that a person belongs to.
type Place struct {
	Account ids.Account
	Name    string
	Kind    string
	Role    authz.Role
	Group   string // the name of the role group, when Role is one
	Closed  bool
	Current bool
}

// Places is one page of the accounts a person belongs to.
type Places struct {
	Rows []Place
	Next string // where the next page begins, "" for the end

	// Elsewhere is the account last worked in of somebody who has come to a domain where nothing is theirs, else "".
	Elsewhere ids.Account
}

// PlacesQuery says which accounts to list.
type PlacesQuery struct {
	Search string
	After  string // Places.Next of the page before
}

const placesPage = 50

// Places lists the accounts the actor belongs to, by name.
func (s *Service) Places(ctx context.Context, by authz.Actor, in PlacesQuery) (Places, error) {
	q, user, err := s.op.ReadProfile(ctx, by)
	if err != nil {
		return Places{}, err
	}
	rows, err := listPlaces(ctx, q, user, by.Kept(), in)
	if err != nil {
		return Places{}, fmt.Errorf("list the accounts of %s: %w", user, err)
	}
	for i := range rows {
		rows[i].Current = rows[i].Account == by.Account()
	}
	next := ""
	if len(rows) > placesPage {
		rows = rows[:placesPage]
		next = string(rows[placesPage-1].Account)
	}
	out := Places{Rows: rows, Next: next}
	if len(rows) == 0 && by.Kept() != "" && by.Kind() == authz.Person {
		out.Elsewhere, err = s.elsewhere(ctx, by)
	}
	return out, err
}

// elsewhere is the account that somebody last worked in, if nothing is theirs where they are kept to.
func (s *Service) elsewhere(ctx context.Context, by authz.Actor) (ids.Account, error) {
	here, err := s.Home(ctx, by)
	if err != nil || here != "" {
		return "", err
	}
	return s.Home(ctx, by.Within(""))
}

// ChooseAccount makes an account the one that the actor's session works in. Any account in sight may be chosen.
func (s *Service) ChooseAccount(ctx context.Context, by authz.Actor, account ids.Account) error {
	if _, _, err := s.op.See(ctx, by, account); err != nil {
		return err
	}
	err := s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		return chooseAccount(ctx, tx, by.Session(), by.User(), account)
	})
	if err != nil {
		return fmt.Errorf("choose %s: %w", account, err)
	}
	return nil
}

// Home is the account the actor works in: the one they chose while it is in sight, else the one they were last active in, "" when
// they belong to none.
func (s *Service) Home(ctx context.Context, by authz.Actor) (ids.Account, error) {
	if by.Account() != "" {
		_, _, err := s.op.See(ctx, by, by.Account())
		if err == nil {
			return by.Account(), nil
		}
		if errs.KindOf(err) != errs.NotFound {
			return "", err
		}
	}
	q, user, err := s.op.ReadSelf(by)
	if err != nil {
		return "", err
	}
	if top := by.Kept(); top != "" {
		return latestBelow(ctx, q, user, top)
	}
	p, err := byID(ctx, q, user)
	if err != nil {
		return "", fmt.Errorf("look up %s: %w", user, err)
	}
	return p.Home, nil
}
