// Package access answers what somebody may do, for other programs that lean on Bailiwick for their rights.
package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/module"
	"bailiwick/internal/op"
	"bailiwick/internal/policy"
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
	doors *policy.Doors
}

// NewService makes a Service.
func NewService(r *op.Runner, c *authz.Checker, d *policy.Doors) *Service { return &Service{r, c, d} }

// Check answers each question. What the actor cannot see is answered like what may not be done. An error that one of the questions
// has is an *Unanswered.
func (s *Service) Check(ctx context.Context, by authz.Actor, asked []Question) ([]bool, error) {
	out := make([]bool, len(asked))
	for i, q := range asked {
		err := q.check()
		if err == nil {
			out[i], err = s.answer(ctx, by, q)
		}
		if err != nil {
			return nil, &Unanswered{i, err}
		}
	}
	return out, nil
}

// Unanswered is why one of many questions, counted from 0, has no answer.
type Unanswered struct {
	Question int
	Err      error
}

func (u *Unanswered) Error() string { return fmt.Sprintf("question %d: %v", u.Question, u.Err) }

// Unwrap returns the reason.
func (u *Unanswered) Unwrap() error { return u.Err }

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
		why, err := s.shut(ctx, by, q, sc, asked)
		return err == nil && why == "", err
	}
	return sc.Has(asked.Perm), nil
}

// Why what somebody may do on an account they may not do with one of its sub-accounts.
const (
	subNotTheirs     = "subaccount_not_theirs"
	subSuspended     = "subaccount_suspended"
	addressNotListed = "address_not_listed"
)

// shut says why the actor may not do with a sub-account what they may do on the account, "" if they may. About sending it says what
// would be said when the message comes.
func (s *Service) shut(ctx context.Context, by authz.Actor, q db.Queryer, sc authz.Scope, asked Question) (string, error) {
	suspended, err := usable(ctx, q, sc, asked.SubAccount)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return subNotTheirs, nil
	case err != nil || asked.Perm != authz.MessagesSend:
		return "", err
	case suspended:
		return subSuspended, nil
	}
	if err = s.doors.Admit(ctx, by, asked.SubAccount); errs.KindOf(err) == errs.Denied {
		return addressNotListed, nil
	}
	return "", err
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
		x, err := s.check.Explain(ctx, q, by, asked.Perm, asked.Account)
		if err != nil || !x.Allowed || asked.SubAccount == "" {
			return x, err
		}
		why, err := s.shut(ctx, by, q, sc, asked)
		if why != "" {
			x.Allowed, x.Steps = false, append(x.Steps, authz.Step{Verdict: authz.Blocks, Code: why, Account: asked.Account, Name: sc.Name()})
		}
		return x, err
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
