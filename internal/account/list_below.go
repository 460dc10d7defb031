package account

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
)

// ResellerRow is one reseller in the list of resellers.
type ResellerRow struct {
	ID      ids.Account
	Parent  ids.Account
	Name    string
	Level   int // 1 directly below the account
	Status  Status
	Clients int // at most Most+1
	Created time.Time
}

// Resellers lists the resellers below root, by name; there are few.
func (s *Service) Resellers(ctx context.Context, by authz.Actor, root ids.Account) ([]ResellerRow, error) {
	q, sc, err := s.op.Read(ctx, by, authz.ResellersView, root)
	if err != nil {
		return nil, err
	}
	return resellersBelow(ctx, q, sc, sc.Account())
}

// ResellerPlaces lists the open resellers below root as places in its tree, to choose from.
func (s *Service) ResellerPlaces(ctx context.Context, by authz.Actor, root ids.Account) ([]Place, error) {
	q, sc, err := s.op.Read(ctx, by, authz.ResellersView, root)
	if err != nil {
		return nil, err
	}
	return placesBelow(ctx, q, sc, sc.Account(), Reseller)
}

// DepartmentRow is one department in a list.
type DepartmentRow struct {
	ID          ids.Account
	Name        string
	Email       string
	Status      Status
	Users       int64
	SubAccounts int64 // those that the reader sees
	Locations   int64
	Departments int64
	nameFold    string
}

// Departments lists the departments directly below an account, by name.
func (s *Service) Departments(ctx context.Context, by authz.Actor, id ids.Account, cursor string) (rows []DepartmentRow, next string, err error) {
	q, sc, err := s.op.Read(ctx, by, authz.DepartmentsView, id)
	if err != nil {
		return nil, "", err
	}
	bind := page.Binding{Actor: by.ID(), Root: string(id), Query: "departments"}
	var after []any
	if cursor != "" {
		c, err := s.cursors.Open(bind, cursor, 2)
		if err != nil {
			return nil, "", err
		}
		after = db.Args(c.Key...)
	}
	rows, err = departmentsBelow(ctx, q, sc, after, page.Size+1)
	if err != nil {
		return nil, "", fmt.Errorf("list the departments of %s: %w", id, err)
	}
	if len(rows) > page.Size {
		rows = rows[:page.Size]
		last := rows[page.Size-1]
		next = s.cursors.Seal(bind, page.Cursor{Key: []string{last.nameFold, string(last.ID)}})
	}
	return rows, next, nil
}

// TopDepartments lists a few departments directly below an account: some before all others, in their order, and the others by name.
func (s *Service) TopDepartments(ctx context.Context, by authz.Actor, id ids.Account, first []ids.Account, limit int) ([]DepartmentRow, error) {
	q, sc, err := s.op.Read(ctx, by, authz.DepartmentsView, id)
	if err != nil {
		return nil, err
	}
	rows, err := topDepartments(ctx, q, sc, first, limit)
	if err != nil {
		return nil, fmt.Errorf("list the first departments of %s: %w", id, err)
	}
	return rows, nil
}
