// Package provision is the one way an account that belongs to somebody comes to life: the account and the
// invitation of its Owner, in one write.
package provision

import (
	"context"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/op"
	"bailiwick/internal/user"
)

// Service brings accounts to life.
type Service struct {
	op      *op.Runner
	invites *invite.Service
}

// NewService makes a Service.
func NewService(r *op.Runner, invites *invite.Service) *Service { return &Service{r, invites} }

// Input is a new account and whom to invite as its Owner.
type Input struct {
	account.CreateInput
	OwnerEmail string // "" for nobody yet: people above run the account
}

// Create makes the account below parent and invites its Owner, or does neither. Remarks on the owner's address
// stand under the field owner_email.
func (s *Service) Create(ctx context.Context, by authz.Actor, parent ids.Account, in Input) (out account.Created, err error) {
	if !in.Kind.Known() || in.Kind == account.Platform {
		return out, errs.Field("kind", "account.kind_unknown", "Choose a reseller, a client or a department.")
	}
	create := in.Kind.Perm("create")
	err = s.op.Write(ctx, by, create, parent, func(ctx context.Context, w *op.W) error {
		owner, ownerErr := ownerAddress(in.OwnerEmail)
		made, err := account.CreateIn(ctx, w, in.CreateInput)
		if err := both(err, ownerErr); err != nil {
			return err
		}
		out = made
		if in.OwnerEmail == "" {
			return nil
		}
		return w.On(ctx, create, made.ID, func(ctx context.Context, w *op.W) error {
			return errs.Under("owner_email", s.invites.InviteIn(ctx, w, owner, user.Access{Role: authz.Owner, AllSubs: true}))
		})
	})
	return out, err
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

// both tells of the remarks on the account and on its Owner at once.
func both(err, ownerErr error) error {
	var c errs.Collector
	for _, e := range []error{err, ownerErr} {
		if e == nil {
			continue
		}
		if other := c.Merge(e); other != nil {
			return other
		}
	}
	return c.Err()
}
