package invite

import (
	"context"
	"strings"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/onetime"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
)

// Create is a person made without being asked first.
type Create struct {
	Name     string
	Email    string
	Access   user.Access
	JobTitle string
	Phone    string
}

// CreateUser makes a person a member at once and mails them a link to set their password. An address that has an
// identity gets an invitation instead, for nobody is put into an account without their consent; the answer is the
// same, so it tells nothing.
func (s *Service) CreateUser(ctx context.Context, by authz.Actor, account ids.Account, in Create) error {
	return s.op.Write(ctx, by, authz.UsersInvite, account, func(ctx context.Context, w *op.W) error { return s.CreateIn(ctx, w, in) })
}

// CreateIn is CreateUser within a write on the account.
func (s *Service) CreateIn(ctx context.Context, w *op.W, in Create) error {
	if in.Access.Role == "" {
		var err error
		if in.Access, err = withoutRole(ctx, w); err != nil {
			return err
		}
	}
	in.Name, in.Access = strings.TrimSpace(in.Name), in.Access.Tidy()
	in.JobTitle, in.Phone = strings.TrimSpace(in.JobTitle), strings.TrimSpace(in.Phone)
	to := read(strings.TrimSpace(in.Email), in.Name)
	if !s.mail.Sends() {
		return errs.New(errs.Conflict, "user.mail_off", "Invite the person instead and pass the link on. Mail is off here, so they would never hear of their account.")
	}
	if err := checkCreate(ctx, w, in, to); err != nil {
		return err
	}
	_, exists, err := user.FindByEmail(ctx, w.Tx(), to.Email)
	if err != nil {
		return err
	}
	if exists {
		return s.InviteIn(ctx, w, to, in.Access)
	}
	return s.createNew(ctx, w, to, in)
}

// withoutRole is the access of who is made a user without a role: the role group of the package, else a Guest's.
func withoutRole(ctx context.Context, w *op.W) (user.Access, error) {
	r, err := plan.DefaultRole(ctx, w.Tx(), w.Scope())
	if err != nil || r == "" {
		return user.Default(), err
	}
	return user.Access{Role: authz.Role(r), AllSubs: true}, nil
}

func checkCreate(ctx context.Context, w *op.W, in Create, to Address) error {
	var c errs.Collector
	if err := c.Merge(user.CheckName(in.Name)); err != nil {
		return err
	}
	if err := c.Merge(user.CheckProfile(in.JobTitle, in.Phone)); err != nil {
		return err
	}
	known, err := knownHere(ctx, w.Tx(), w.Scope(), []string{ids.Fold(to.Email)}, w.Tx().Ms())
	if err != nil {
		return err
	}
	v, err := judge([]Address{to}, known)
	if err != nil {
		return err
	}
	if err := c.Merge(v[0].problem("email")); err != nil {
		return err
	}
	if err := c.Merge(mayGive(ctx, w, in.Access)); err != nil {
		return err
	}
	return c.Err()
}

func (s *Service) createNew(ctx context.Context, w *op.W, to Address, in Create) error {
	l, err := s.letter(ctx, w, 1)
	if err != nil {
		return err
	}
	p, err := user.NewPerson(ctx, w.Tx(), user.Person{Email: to.Email, Name: to.Name})
	if err != nil {
		return err
	}
	id, err := user.AddMember(ctx, w.Tx(), w.Scope(), user.Member{User: p.ID, Access: in.Access, JobTitle: in.JobTitle, Phone: in.Phone})
	if err != nil {
		return err
	}
	if err := dropOpen(ctx, w.Tx(), w.Scope(), []any{ids.Fold(to.Email)}); err != nil {
		return err
	}
	if err := plan.Fits(ctx, w.Tx(), w.Scope(), plan.Users); err != nil {
		return err
	}
	token, err := onetime.Issue(ctx, w.Tx(), p.ID, onetime.SetPassword, "", l.expires.Sub(w.Tx().Now()))
	if err != nil {
		return err
	}
	w.Audit(audit.Event{
		Action: "user.created", TargetType: "user", TargetID: string(id), Target: p.Name,
		After: Invitation{Access: in.Access}.logged(),
	})
	return s.mail.Queue(ctx, w.Tx(), notify.Mail{
		To: p.Email, Name: p.Name, Template: notify.Welcome, Account: w.Scope().Account(), Link: secret.Wrap("/welcome/" + token.Reveal()),
		Data: []any{"account", l.account, "username", p.Email, "expires", l.expires},
	})
}
