// Package provision is the one way an account that belongs to somebody comes to life: the account with its settings, its
// limits and its package, and the invitation of its Owner, in one write.
package provision

import (
	"context"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/policy"
	"bailiwick/internal/quota"
	"bailiwick/internal/tuning"
	"bailiwick/internal/user"
)

// Deps are what a Service works with.
type Deps struct {
	Ops     *op.Runner
	Invites *invite.Service
	Tuning  *tuning.Service
	Policy  *policy.Service
	Quotas  *quota.Service
	Plans   *plan.Service
}

// Service brings accounts to life.
type Service struct{ Deps }

// NewService makes a Service.
func NewService(d Deps) *Service { return &Service{d} }

// Input is a new account, what is set on it, and whom to invite as its Owner.
type Input struct {
	account.CreateInput
	OwnerEmail string // "" for nobody yet: people above run the account
	Settings   map[tuning.Tab]map[string]tuning.Edit
	Addresses  map[policy.List]string // from which it is opened, one a line
	Limits     []quota.Edit           // of the account itself
	Caps       []plan.Override        // of a client, instead of the amounts of its package
}

// Create makes the account below parent with all that is set on it, or does nothing. All remarks are told at once: those on a
// setting under its name, those on a limit under the limit's, those on a list of addresses under addresses_ and its name, and those
// on the owner's address under owner_email.
func (s *Service) Create(ctx context.Context, by authz.Actor, parent ids.Account, in Input) (out account.Created, err error) {
	err = s.write(ctx, by, parent, in, func(_ *op.W, made account.Created) error {
		out = made
		return nil
	})
	return out, err
}

// Try says what Create would refuse, and makes nothing.
func (s *Service) Try(ctx context.Context, by authz.Actor, parent ids.Account, in Input) error {
	return s.write(ctx, by, parent, in, func(w *op.W, _ account.Created) error { return w.Unchanged() })
}

func (s *Service) write(ctx context.Context, by authz.Actor, parent ids.Account, in Input, then func(*op.W, account.Created) error) error {
	if !in.Kind.Known() || in.Kind == account.Platform {
		return errs.Field("kind", "account.kind_unknown", "Choose a reseller, a client or a department.")
	}
	return s.Ops.Write(ctx, by, in.Kind.Perm("create"), parent, func(ctx context.Context, w *op.W) error {
		var refused errs.Collector
		made, err := create(ctx, w, in, &refused)
		if err != nil {
			return err
		}
		if made.ID != "" {
			err = w.On(ctx, in.Kind.Perm("create"), made.ID, func(ctx context.Context, w *op.W) error {
				return s.furnish(ctx, w, in, &refused)
			})
		}
		if err != nil {
			return err
		}
		if err := refused.Err(); err != nil {
			return err
		}
		return then(w, made)
	})
}

// create makes the bare account. Where its fields are refused, the rest is looked at on a stand-in, which goes with the write.
// It returns none when there can be no stand-in either.
func create(ctx context.Context, w *op.W, in Input, refused *errs.Collector) (account.Created, error) {
	bare := in.CreateInput
	bare.Package = nil // after the limits, which may stand instead of those of the package
	made, err := account.CreateIn(ctx, w, bare)
	if err := refused.Merge(err); err != nil {
		return made, err
	}
	if made.ID != "" {
		return made, nil
	}
	var ignored errs.Collector
	made, err = account.CreateIn(ctx, w, account.CreateInput{Kind: in.Kind, NoEnd: true, Fields: account.Fields{Name: string(ids.NewAccount(w.Tx().Now()))}})
	return made, ignored.Merge(err)
}

// furnish sets all that is set on the new account that w is on, and gathers the remarks.
func (s *Service) furnish(ctx context.Context, w *op.W, in Input, refused *errs.Collector) error {
	for _, do := range []func(context.Context, *op.W, Input) error{s.tune, s.guard, s.limit, assign, s.cap, s.invite} {
		if err := refused.Merge(do(ctx, w, in)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) tune(ctx context.Context, w *op.W, in Input) error {
	var refused errs.Collector
	for _, tab := range tuning.Tabs() {
		if len(in.Settings[tab]) == 0 {
			continue
		}
		if err := refused.Merge(s.Tuning.SaveIn(ctx, w, tab, in.Settings[tab])); err != nil {
			return err
		}
	}
	return refused.Err()
}

func (s *Service) guard(ctx context.Context, w *op.W, in Input) error {
	var refused errs.Collector
	for _, l := range policy.Lists() {
		if in.Addresses[l] == "" {
			continue
		}
		if err := refused.Merge(s.Policy.BeginIn(ctx, w, l, "addresses_"+string(l), in.Addresses[l])); err != nil {
			return err
		}
	}
	return refused.Err()
}

func (s *Service) limit(ctx context.Context, w *op.W, in Input) error {
	if len(in.Limits) == 0 {
		return nil
	}
	_, err := s.Quotas.SetLimitsIn(ctx, w, quota.Target{}, in.Limits)
	return err
}

func assign(ctx context.Context, w *op.W, in Input) error {
	if in.Package == nil || *in.Package == "" {
		return nil
	}
	return account.AssignIn(ctx, w, *in.Package)
}

func (s *Service) cap(ctx context.Context, w *op.W, in Input) error {
	if len(in.Caps) == 0 {
		return nil
	}
	_, err := s.Plans.OverrideIn(ctx, w, in.Caps)
	return err
}

func (s *Service) invite(ctx context.Context, w *op.W, in Input) error {
	owner, err := ownerAddress(in.OwnerEmail)
	if err != nil || in.OwnerEmail == "" {
		return err
	}
	return errs.Under("owner_email", s.Invites.InviteIn(ctx, w, owner, user.Access{Role: authz.Owner, AllSubs: true}))
}

func ownerAddress(text string) (invite.Address, error) {
	if text == "" {
		return invite.Address{}, nil
	}
	found, err := invite.Parse(text)
	if err == nil && (len(found) != 1 || found[0].Email == "") {
		err = errs.Field("email", "invite.malformed", "Enter an email address like name@example.com.")
	}
	if err != nil {
		return invite.Address{}, errs.Under("owner_email", err)
	}
	return found[0], nil
}
