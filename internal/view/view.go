// Package view keeps the views of lists that a person saves for themselves.
package view

import (
	"context"
	"net/url"
	"strings"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// View is a list's filter and sort under a name, of one person in one account.
type View struct {
	ID    ids.View
	Name  string `audit:"show"`
	Query string `audit:"show"` // the query string of the list's page
}

// Service is the saved views.
type Service struct{ op *op.Runner }

// NewService makes a Service.
func NewService(r *op.Runner) *Service { return &Service{r} }

// pages are the pages that have views, each with what opens it.
var pages = map[string]authz.Perm{"clients": authz.ClientsView}

const (
	longestName  = 60
	longestQuery = 1000
	mostViews    = 30
)

// List returns the person's views of a page in an account, by name.
func (s *Service) List(ctx context.Context, by authz.Actor, on ids.Account, page string) ([]View, error) {
	need := authz.AccountView
	if by.Kind() == authz.Key {
		need = authz.ProfileView
	}
	q, sc, err := s.op.Read(ctx, by, need, on)
	if err != nil {
		return nil, err
	}
	return list(ctx, q, sc, by.User(), page)
}

// theirs lets a key keep views only when it may change what is its owner's own.
func theirs(ctx context.Context, w *op.W) error {
	if w.By().Kind() != authz.Key {
		return nil
	}
	return w.On(ctx, authz.ProfileEdit, w.Scope().Account(), func(context.Context, *op.W) error { return nil })
}

// Save keeps the query of a page under a name and returns its id; the same name again replaces it.
func (s *Service) Save(ctx context.Context, by authz.Actor, on ids.Account, page, name, query string) (id ids.View, err error) {
	name = strings.TrimSpace(name)
	var c errs.Collector
	if c.Line("view_name", name, longestName); name == "" {
		c.Add("view_name", "view.name_missing", "Write a name for the view.")
	}
	if c.Err() != nil {
		return "", c.Err()
	}
	values, err := url.ParseQuery(query)
	if err != nil || len(query) > longestQuery {
		return "", errs.New(errs.Invalid, "view.query_unreadable", "Set the filters again. This view could not be read.")
	}
	values.Del("cursor")
	need, known := pages[page]
	if !known {
		return "", errs.NoSuch("page")
	}
	err = s.op.Write(ctx, by, need, on, func(ctx context.Context, w *op.W) error {
		if err := theirs(ctx, w); err != nil {
			return err
		}
		n, err := count(ctx, w.Tx(), w.Scope(), by.User(), page)
		if err != nil {
			return err
		}
		if n >= mostViews {
			return errs.Field("view_name", "view.too_many", "Delete a view first. You can keep {max}.", "max", mostViews)
		}
		v := View{ids.NewView(w.Tx().Now()), name, values.Encode()}
		if v.ID, err = save(ctx, w.Tx(), w.Scope(), by.User(), page, v); err != nil {
			return err
		}
		id = v.ID
		w.Audit(audit.Event{Action: "view.saved", TargetType: "view", TargetID: string(v.ID), Target: v.Name, After: v})
		return nil
	})
	return id, err
}

// Delete removes one of the person's views.
func (s *Service) Delete(ctx context.Context, by authz.Actor, on ids.Account, id ids.View) error {
	return s.op.Write(ctx, by, authz.AccountView, on, func(ctx context.Context, w *op.W) error {
		if err := theirs(ctx, w); err != nil {
			return err
		}
		n, err := remove(ctx, w.Tx(), w.Scope(), by.User(), id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.NoSuch("view")
		}
		w.Audit(audit.Event{Action: "view.deleted", TargetType: "view", TargetID: string(id)})
		return nil
	})
}
