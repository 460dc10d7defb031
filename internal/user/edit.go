package user

import (
	"context"
	"strings"
	"unicode/utf8"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// Input is what an admin says of a membership.
type Input struct {
	Access
	JobTitle string
	Phone    string
}

// Stale carries the saved version of a membership that somebody else saved in between.
type Stale struct{ Theirs Member }

func (*Stale) Error() string { return "the membership was changed meanwhile" }

// Edit changes a membership: its access, job title and phone. What was ticked is in force at once.
func (s *Service) Edit(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership, version int64, in Input) error {
	in.Access = in.Access.Tidy()
	in.JobTitle, in.Phone = strings.TrimSpace(in.JobTitle), strings.TrimSpace(in.Phone)
	return s.op.Write(ctx, by, authz.UsersEdit, account, func(ctx context.Context, w *op.W) error {
		old, err := loadManaged(ctx, w, id)
		if err != nil {
			return err
		}
		if old.Version != version {
			e := errs.New(errs.Conflict, "user.stale", "Compare your changes with the saved version, then save again. Somebody else saved this person meanwhile.")
			e.Err = &Stale{old}
			return e
		}
		m := old
		m.Access, m.JobTitle, m.Phone = in.Access, in.JobTitle, in.Phone
		if m.Access.same(old.Access) && m.JobTitle == old.JobTitle && m.Phone == old.Phone {
			return w.Unchanged()
		}
		if err := CheckProfile(in.JobTitle, in.Phone); err != nil {
			return err
		}
		if err := checkChange(ctx, w, old, m); err != nil {
			return err
		}
		if err := update(ctx, w.Tx(), w.Scope(), m); err != nil {
			return err
		}
		m, err = load(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		e := m.event("user.edited")
		e.Before, e.After = old.logged(), m.logged()
		w.Audit(e)
		return nil
	})
}

// checkChange checks a change of access against the ceiling, and that an Owner remains.
func checkChange(ctx context.Context, w *op.W, old, m Member) error {
	if m.Access.same(old.Access) {
		return nil
	}
	if m.Role != old.Role && !w.Scope().Has(authz.RolesAssign) {
		return errs.New(errs.Denied, "role.assign_denied", "Ask an admin of the account. Changing the role of people is not part of yours.")
	}
	if err := checkBodies(w.Scope(), old.Access, m.Access); err != nil {
		return err
	}
	if err := CheckAccess(ctx, w.Tx(), w.Scope(), m.Access, old.Access); err != nil {
		return err
	}
	if err := CheckSending(ctx, w.Tx(), w.Scope(), w.By(), m.Access, old.Access); err != nil {
		return err
	}
	if m.Role == authz.Owner && m.User == w.By().User() {
		return w.Scope().MayTake(authz.Grant{Role: m.Role, Extra: m.Perms.Without(bodies)})
	}
	if old.Role == authz.Owner && m.Role != authz.Owner && old.Active() {
		return keepOwner(ctx, w, m.ID)
	}
	return nil
}

// checkBodies keeps the reading of message bodies the Owner's to give; taking it away is open to whoever manages the person.
func checkBodies(sc authz.Scope, old, now Access) error {
	if now.Perms.Has(authz.MessagesViewBody) && !old.Perms.Has(authz.MessagesViewBody) && !ownerOf(sc) {
		return errs.New(errs.Denied, "role.view_body_owner_only", "Ask an Owner of the account. Only they may let somebody read message bodies.")
	}
	return nil
}

const (
	jobTitleMax = 120
	phoneMax    = 40
)

// CheckProfile checks what describes a person in an account.
func CheckProfile(jobTitle, phone string) error {
	var c errs.Collector
	if utf8.RuneCountInString(jobTitle) > jobTitleMax {
		c.Add("job_title", "user.job_title_long", "Use at most {max} characters for the job title.", "max", jobTitleMax)
	}
	if utf8.RuneCountInString(phone) > phoneMax {
		c.Add("phone", "user.phone_long", "Use at most {max} characters for the phone number.", "max", phoneMax)
	}
	return c.Err()
}

// Promote makes a person an Admin of the account.
func (s *Service) Promote(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership, version int64) error {
	m, err := s.Get(ctx, by, account, id)
	if err != nil {
		return err
	}
	kept := m.Perms.Intersect(authz.Grantable(authz.Admin))
	in := Input{Access: Access{Role: authz.Admin, Perms: kept, AllSubs: true}, JobTitle: m.JobTitle, Phone: m.Phone}
	return s.Edit(ctx, by, account, id, version, in)
}
