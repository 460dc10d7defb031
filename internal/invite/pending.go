package invite

import (
	"context"
	"errors"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/secret"
)

// After is where a page of invitations begins: behind this one, or, turning back, where it ends: before it.
type After struct {
	Back   bool
	SentAt int64
	ID     ids.Invitation
}

// PageSize is how many invitations a page has.
const PageSize = 50

// Page is one page of invitations.
type Page struct {
	Invitations []Invitation
	Prev        *After // nil on the first page
	Next        *After // nil on the last page
}

// List returns the open invitations of the account, the latest first; those whose link has expired too.
func (s *Service) List(ctx context.Context, by authz.Actor, account ids.Account, after *After) (Page, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return Page{}, err
	}
	all, err := list(ctx, q, sc, after, PageSize+1)
	if err != nil {
		return Page{}, err
	}
	more, back := len(all) > PageSize, after != nil && after.Back
	all = all[:min(len(all), PageSize)]
	if back {
		slices.Reverse(all)
	}
	p := Page{Invitations: all}
	if len(all) == 0 {
		return p, nil
	}
	first, last := all[0], all[len(all)-1]
	if more || back {
		p.Next = &After{false, last.SentAt.UnixMilli(), last.ID}
	}
	if back && more || !back && after != nil {
		p.Prev = &After{true, first.SentAt.UnixMilli(), first.ID}
	}
	return p, nil
}

// Get returns one open invitation of the account.
func (s *Service) Get(ctx context.Context, by authz.Actor, account ids.Account, id ids.Invitation) (Invitation, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return Invitation{}, err
	}
	return load(ctx, q, sc, id)
}

func load(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Invitation) (Invitation, error) {
	i, err := get(ctx, q, sc, id)
	if errors.Is(err, db.ErrNoRows) {
		return i, errs.NoSuch("invitation")
	}
	return i, err
}

// BulkMax is how many invitations one action takes.
const BulkMax = 100

// Resend makes a new link for open invitations; the old ones are dead. Who resends becomes the inviter.
func (s *Service) Resend(ctx context.Context, by authz.Actor, account ids.Account, which ...ids.Invitation) error {
	which, err := chosen(which)
	if err != nil {
		return err
	}
	return s.op.Write(ctx, by, authz.UsersInvite, account, func(ctx context.Context, w *op.W) error {
		if !s.mail.Sends() {
			return errs.New(errs.Conflict, "invite.mail_off", "Make a new link and pass it on yourself. Mail is off here, so nothing can be sent.")
		}
		letter, err := s.letter(ctx, w, len(which))
		if err != nil {
			return err
		}
		for _, id := range which {
			i, token, err := relink(ctx, w, letter, id, true)
			if err != nil {
				return err
			}
			w.Audit(i.event("invitation.resent"))
			if err := s.mail.Queue(ctx, w.Tx(), i.mail(letter, token)); err != nil {
				return err
			}
		}
		return nil
	})
}

// relink gives an open invitation a new link; the old one is dead. Whoever does it becomes the inviter.
func relink(ctx context.Context, w *op.W, l letter, id ids.Invitation, byMail bool) (Invitation, secret.String, error) {
	i, err := load(ctx, w.Tx(), w.Scope(), id)
	if err != nil {
		return i, secret.String{}, err
	}
	if err := mayGive(ctx, w, i.Access); err != nil {
		return i, secret.String{}, err
	}
	token, hash := secret.NewToken()
	i.Inviter, i.InvitedBy, i.SentAt, i.ExpiresAt, i.ByMail = w.By().ID(), w.By().Name(), w.Tx().Now(), l.expires, byMail
	if err := renew(ctx, w.Tx(), w.Scope(), i, hash); err != nil {
		return i, token, err
	}
	return i, token, plan.Fits(ctx, w.Tx(), w.Scope(), plan.Users) // an expired one has given its seat back
}

// NewLink makes a new link for an open invitation where mail is off, and returns its path to be shown once. The
// link proves no mailbox, since somebody else has seen it.
func (s *Service) NewLink(ctx context.Context, by authz.Actor, account ids.Account, id ids.Invitation) (i Invitation, path secret.String, err error) {
	err = s.op.Write(ctx, by, authz.UsersInvite, account, func(ctx context.Context, w *op.W) error {
		if s.mail.Sends() {
			return errs.New(errs.Conflict, "invite.mail_on", "Resend the invitation instead. It goes to the mailbox itself, which nobody else reads.")
		}
		letter, err := s.letter(ctx, w, 1)
		if err != nil {
			return err
		}
		var token secret.String
		if i, token, err = relink(ctx, w, letter, id, false); err != nil {
			return err
		}
		path = linkPath(token)
		w.Audit(i.event("invitation.link_shown"))
		return nil
	})
	if err != nil {
		return Invitation{}, secret.String{}, err
	}
	return i, path, nil
}

// Revoke kills the links of open invitations at once.
func (s *Service) Revoke(ctx context.Context, by authz.Actor, account ids.Account, which ...ids.Invitation) error {
	which, err := chosen(which)
	if err != nil {
		return err
	}
	return s.op.Write(ctx, by, authz.UsersInvite, account, func(ctx context.Context, w *op.W) error {
		for _, id := range which {
			i, err := load(ctx, w.Tx(), w.Scope(), id)
			if err != nil {
				return err
			}
			g, err := i.Grant(ctx, w.Tx(), w.Scope())
			if err != nil && errs.CodeOf(err) != "role.gone" {
				return err
			}
			if err := i.CheckRank(ctx, w.Tx(), w.Scope(), g); err != nil {
				return err
			}
			if err := revoke(ctx, w.Tx(), w.Scope(), id); err != nil {
				return err
			}
			e := i.event("invitation.revoked")
			e.Before = i.logged()
			w.Audit(e)
		}
		return nil
	})
}

func chosen(which []ids.Invitation) ([]ids.Invitation, error) {
	switch {
	case len(which) == 0:
		return nil, errs.New(errs.Invalid, "invite.none_chosen", "Choose at least one invitation.")
	case len(which) > BulkMax:
		return nil, errs.New(errs.Invalid, "invite.too_many_chosen", "Choose at most {max} invitations at once.", "max", BulkMax)
	}
	return slices.Compact(slices.Sorted(slices.Values(which))), nil
}

// Expired reports whether the link no longer works at an instant.
func (i Invitation) Expired(now time.Time) bool { return !now.Before(i.ExpiresAt) }
