package authn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// An identity belongs to its person. An admin reaches it only when they may edit people in every account that the
// person belongs to, and hold there all that the person holds: who changes how somebody signs in could become them.

// Identity is a person of an account as an admin who may change them sees them.
type Identity struct {
	Profile
	Sessions []SessionRow // the latest seen first
}

// IdentityOf returns the identity behind a membership of the account, or false when it is out of the actor's reach.
func (s *Service) IdentityOf(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership) (Identity, bool, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return Identity{}, false, err
	}
	user, err := memberOf(ctx, q, sc, id)
	if err != nil {
		return Identity{}, false, err
	}
	reach, err := s.reaches(ctx, q, by, user)
	if err != nil || !reach {
		return Identity{}, false, err
	}
	p, err := byID(ctx, q, user)
	if err != nil {
		return Identity{}, false, fmt.Errorf("look up %s: %w", user, err)
	}
	all, err := listSessions(ctx, q, user, s.db.Now())
	if err != nil {
		return Identity{}, false, fmt.Errorf("list the sessions of %s: %w", user, err)
	}
	return Identity{p.profile(), all}, true, nil
}

// UpdateIdentity changes a person's name, user name, language and time zone for them. The address is not among it.
func (s *Service) UpdateIdentity(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership, in Profile) error {
	return s.another(ctx, by, account, id, func(ctx context.Context, w *op.W, p person) error {
		next, err := saveProfile(ctx, w, p, in)
		if err != nil {
			return err
		}
		e := aboutMember(ActionIdentityChanged, id, p)
		e.Before, e.After = p.profile(), next
		w.Audit(e)
		return nil
	})
}

// AskEmailFor mails a confirmation to a new address of a person. It counts once it is confirmed from that mailbox,
// if whoever asked could still change the person then. An address that somebody else uses gets the same answer and
// no mail.
func (s *Service) AskEmailFor(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership, address string) error {
	if by.User() == "" {
		return errSignIn()
	}
	address, err := cleanAddress("email", address)
	if err != nil {
		return err
	}
	return s.another(ctx, by, account, id, func(ctx context.Context, w *op.W, p person) error {
		n, _, err := countAttempt(ctx, w.Tx(), limit{"email:account:" + string(p.ID), perForgotAccount, forgotAccountSpan})
		if err != nil {
			return fmt.Errorf("count the confirmations for %s: %w", p.ID, err)
		}
		if n > perForgotAccount {
			return errs.New(errs.OverQuota, "email.too_many", "Wait an hour and try again. Several confirmations were sent for this person already.")
		}
		w.Audit(aboutMember(ActionEmailAskedFor, id, p))
		return s.mailConfirmation(ctx, w, p, pendingEmail{address, by.User()})
	})
}

// EndSessionOf ends one session of a person.
func (s *Service) EndSessionOf(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership, session ids.Session) error {
	return s.another(ctx, by, account, id, func(ctx context.Context, w *op.W, p person) error {
		n, err := endSession(ctx, w.Tx(), p.ID, session)
		if err != nil {
			return fmt.Errorf("end session %s: %w", session, err)
		}
		if n == 0 {
			return errs.NoSuch("session")
		}
		w.Audit(aboutMember(ActionSessionsEnded, id, p))
		return nil
	})
}

// EndSessionsOf ends all sessions of a person.
func (s *Service) EndSessionsOf(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership) error {
	return s.another(ctx, by, account, id, func(ctx context.Context, w *op.W, p person) error {
		n, err := endSessions(ctx, w.Tx(), p.ID, "")
		if err != nil {
			return fmt.Errorf("end the sessions of %s: %w", p.ID, err)
		}
		if n == 0 {
			return w.Unchanged()
		}
		w.Audit(aboutMember(ActionSessionsEnded, id, p))
		return nil
	})
}

// another runs a write about somebody else's identity. Whether it is in reach is checked in the transaction, so that
// a membership which comes meanwhile is seen.
func (s *Service) another(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership, fn func(ctx context.Context, w *op.W, p person) error) error {
	return s.op.Write(ctx, by, authz.UsersEdit, account, func(ctx context.Context, w *op.W) error {
		user, err := memberOf(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		reach, err := s.reaches(ctx, w.Tx(), by, user)
		if err != nil {
			return err
		}
		if !reach {
			return Theirs()
		}
		p, err := byID(ctx, w.Tx(), user)
		if err != nil {
			return fmt.Errorf("look up %s: %w", user, err)
		}
		p.Logged = account
		return fn(ctx, w, p)
	})
}

// Theirs is the refusal to reach the identity of somebody who stands beside or above in one of their accounts.
func Theirs() error {
	return errs.New(errs.Denied, "user.identity_theirs", "Ask the person to change this themselves. Only an admin who stands above them in all of their accounts can.")
}

// reaches reports whether an actor may change another person's identity: they edit people in each account the person
// belongs to, active there or not, and hold there all that the person holds, message bodies included.
func (s *Service) reaches(ctx context.Context, q db.Queryer, by authz.Actor, user ids.User) (bool, error) {
	if by.User() == user {
		return false, nil // one's own is changed with one's password
	}
	all, err := grantsOf(ctx, q, user)
	if err != nil {
		return false, fmt.Errorf("look up the memberships of %s: %w", user, err)
	}
	for _, g := range all {
		sc, err := s.check.See(ctx, q, by, g.account)
		if errs.KindOf(err) == errs.NotFound {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("look up what is held in %s: %w", g.account, err)
		}
		if !sc.Has(authz.UsersEdit) || !g.Set().Without(sc.Whole()).Empty() {
			return false, nil
		}
		if sc.AllSubs() {
			continue
		}
		if err := checkRank(ctx, q, sc, user); errs.KindOf(err) == errs.Denied {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return len(all) > 0, nil
}

func memberOf(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Membership) (ids.User, error) {
	user, err := userOf(ctx, q, sc, id)
	if errors.Is(err, db.ErrNoRows) {
		return "", errs.NoSuch("user")
	}
	if err != nil {
		return "", fmt.Errorf("look up %s: %w", id, err)
	}
	return user, nil
}

// aboutMember is an event in the log of a person's page.
func aboutMember(action string, id ids.Membership, p person) audit.Event {
	return audit.Event{Action: action, TargetType: "user", TargetID: string(id), Target: p.Name}
}

// pendingEmail is an address that waits for its confirmation.
type pendingEmail struct {
	address string
	asker   ids.User // "" for the person themselves
}

func (e pendingEmail) String() string {
	if e.asker == "" {
		return e.address
	}
	return e.address + "\n" + string(e.asker)
}

func readPending(data string) pendingEmail {
	address, asker, _ := strings.Cut(data, "\n")
	return pendingEmail{address, ids.User(asker)}
}

// stands reports whether the address may still be put in force: the rights of an asker are those they have now.
func (e pendingEmail) stands(ctx context.Context, s *Service, tx *db.Tx, p person) (bool, error) {
	if e.asker != "" {
		asker := authz.Mint(authz.Identity{Kind: authz.Person, User: e.asker})
		if reach, err := s.reaches(ctx, tx, asker, p.ID); err != nil || !reach {
			return false, err
		}
	}
	free, err := addressFree(ctx, tx, e.address, p.ID)
	if err != nil {
		return false, fmt.Errorf("look up an address: %w", err)
	}
	return free, nil
}

// confirmFor is how long a confirmation waits.
const confirmFor = time.Hour
