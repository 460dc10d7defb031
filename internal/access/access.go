// Package access answers what somebody may do, for other programs that lean on Bailiwick for their rights.
package access

import (
	"context"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/module"
	"bailiwick/internal/op"
)

// Question is whether somebody may do something on an account.
type Question struct {
	Account    ids.Account
	Perm       authz.Perm
	SubAccount ids.SubAccount // "" when it is not about one
	User       ids.User       // "" for the actor themself
}

// Service answers questions.
type Service struct {
	op    *op.Runner
	check *authz.Checker
}

// NewService makes a Service.
func NewService(r *op.Runner, c *authz.Checker) *Service { return &Service{r, c} }

// Check answers each question. What the actor cannot see is answered like what may not be done.
func (s *Service) Check(ctx context.Context, by authz.Actor, asked []Question) ([]bool, error) {
	out := make([]bool, len(asked))
	for i, q := range asked {
		if err := q.check(); err != nil {
			return nil, err
		}
		var err error
		if out[i], err = s.answer(ctx, by, q); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (q Question) check() error {
	if !authz.Known(q.Perm) && !q.Perm.Own() {
		return unknownPerm(q.Perm)
	}
	if q.SubAccount != "" && q.User != "" {
		return errs.Field("subaccount", "access.subaccount_of_other", "Leave out the sub-account, or ask about yourself. What somebody else does with one sub-account is not answered.")
	}
	return nil
}

func unknownPerm(p authz.Perm) error {
	return errs.Field("permission", "access.permission_unknown", "Name a permission of the catalogue. There is none called {perm}.", "perm", string(p))
}

func (s *Service) answer(ctx context.Context, by authz.Actor, asked Question) (bool, error) {
	q, sc, err := s.op.See(ctx, by, asked.Account)
	if errs.KindOf(err) == errs.NotFound {
		return false, nil
	}
	if err == nil && asked.Perm.Own() { // a permission whose module is gone is granted to nobody
		unknown, err := module.Unknown(ctx, q, authz.SetOf(asked.Perm))
		if err != nil || len(unknown) > 0 {
			return false, err
		}
	}
	switch {
	case err != nil:
		return false, err
	case asked.User != "" && asked.User != by.User():
		return s.other(ctx, by, q, sc, asked)
	case asked.SubAccount != "" && sc.Has(asked.Perm):
		return usable(ctx, q, sc, asked.SubAccount)
	}
	return sc.Has(asked.Perm), nil
}

// other answers a question about somebody else. Where the actor may not see the people through whose account the answer
// would be yes, it is no. All of it is answered from memory when it was asked before.
func (s *Service) other(ctx context.Context, by authz.Actor, q db.Queryer, sc authz.Scope, asked Question) (bool, error) {
	at, err := s.check.GrantsOfPerson(ctx, q, asked.User, asked.Perm, asked.Account)
	if err != nil {
		return false, err
	}
	for _, account := range at {
		if !sc.Sees(account) {
			continue
		}
		if ok, err := s.check.Allowed(ctx, q, by, authz.UsersView, account); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// sees reports whether the actor may know of a person at the scope's account: they belong to it or to one above it
// that is in sight, and the actor may see the people there.
func (s *Service) sees(ctx context.Context, by authz.Actor, q db.Queryer, sc authz.Scope, who ids.User) (bool, error) {
	at, err := belongsTo(ctx, q, sc, who)
	if err != nil {
		return false, err
	}
	for _, account := range at {
		_, there, err := s.op.See(ctx, by, account)
		if err != nil {
			return false, err
		}
		if there.Has(authz.UsersView) {
			return true, nil
		}
	}
	return false, nil
}

// Explain says why somebody may or may not do something, as far as the actor can see.
func (s *Service) Explain(ctx context.Context, by authz.Actor, asked Question) (authz.Explanation, error) {
	if err := asked.check(); err != nil {
		return authz.Explanation{}, err
	}
	q, sc, err := s.op.See(ctx, by, asked.Account)
	if err != nil {
		return authz.Explanation{}, err
	}
	unknown, err := module.Unknown(ctx, q, authz.SetOf(asked.Perm))
	if err != nil {
		return authz.Explanation{}, err
	}
	if len(unknown) > 0 {
		return authz.Explanation{}, unknownPerm(asked.Perm)
	}
	x, err := s.explain(ctx, by, q, sc, asked)
	if err != nil {
		return x, err
	}
	hidden := sc.Chain()[:len(sc.Chain())-len(sc.InSight())]
	for i := range x.Steps {
		if slices.Contains(hidden, x.Steps[i].Account) {
			x.Steps[i].Account, x.Steps[i].Name = "", ""
		}
	}
	return x, nil
}

func (s *Service) explain(ctx context.Context, by authz.Actor, q db.Queryer, sc authz.Scope, asked Question) (authz.Explanation, error) {
	if asked.User == "" || asked.User == by.User() {
		return s.check.Explain(ctx, q, by, asked.Perm, asked.Account)
	}
	seen, err := s.sees(ctx, by, q, sc, asked.User)
	if err != nil {
		return authz.Explanation{}, err
	}
	if !seen {
		return authz.Explanation{}, errs.NoSuch("user")
	}
	return s.check.ExplainPerson(ctx, q, asked.User, asked.Perm, asked.Account)
}
