package invite

import (
	"context"
	"slices"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/notify"
	"bailiwick/internal/plan"
	"bailiwick/internal/policy"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
	"bailiwick/internal/user"
)

// Opened is what the page of a link shows. Making it changes nothing.
type Opened struct {
	Account   string
	Email     string
	Name      string
	InvitedBy string
	ExpiresAt time.Time
	Known     bool // the address has an identity, which signs in to accept
	MinLength int  // of the password that a new person chooses
	At        ids.Account
}

// Peek reads the link of an invitation. Mail scanners open links, so nothing comes of it.
func (s *Service) Peek(ctx context.Context, token string) (Opened, error) {
	i, err := open(ctx, s.db, token, s.db.Now())
	if err != nil {
		return Opened{}, err
	}
	acc, err := standing(ctx, s.db, i.Account)
	if err != nil {
		return Opened{}, err
	}
	_, known, err := user.FindByEmail(ctx, s.db, i.Email)
	if err != nil {
		return Opened{}, err
	}
	least, err := setting.Enforced(ctx, s.db, i.Account, policy.PasswordLength)
	return Opened{acc, i.Email, i.Name, i.InvitedBy, i.ExpiresAt, known, least, i.Account}, err
}

// Newcomer is a person without an identity who accepts. Address and access come from the invitation alone.
type Newcomer struct {
	Token     string
	Name      string
	Password  secret.String
	Language  string
	IP        string
	RequestID string
}

// Accepted is what came of accepting.
type Accepted struct {
	User       ids.User
	Account    ids.Account
	Membership ids.Membership
}

// AcceptNew makes an identity for the invited address and joins it to the account.
func (s *Service) AcceptNew(ctx context.Context, in Newcomer) (Accepted, error) {
	o, err := s.Peek(ctx, in.Token)
	if err != nil {
		return Accepted{}, err
	}
	var c errs.Collector
	if err := c.Merge(user.CheckName(in.Name)); err != nil {
		return Accepted{}, err
	}
	if err := c.Merge(secret.CheckPassword(in.Password, secret.Rules{MinLength: o.MinLength}, in.Name, o.Email, o.Account)); err != nil {
		return Accepted{}, err
	}
	if err := c.Err(); err != nil {
		return Accepted{}, err
	}
	hash, err := s.hash.Hash(ctx, in.Password) // slow on purpose, so outside the transaction
	if err != nil {
		return Accepted{}, err
	}
	return s.accept(ctx, in.Token, newcomer{in, hash})
}

// AcceptExisting joins the person who is signed in. The invitation must be for their own address.
func (s *Service) AcceptExisting(ctx context.Context, by authz.Actor, token string) (Accepted, error) {
	if by.Kind() != authz.Person {
		return Accepted{}, errs.New(errs.Unauthenticated, "auth.required", "Sign in first.")
	}
	return s.accept(ctx, token, known{by})
}

// accepter is who accepts: a newcomer, or a person known already.
type accepter interface {
	// admit says whether this one may accept, before anything is changed.
	admit(ctx context.Context, tx *db.Tx, i Invitation) error
	// person returns the identity that joins, and the actor it acts as.
	person(ctx context.Context, tx *db.Tx, i Invitation) (user.Person, authz.Actor, error)
}

type newcomer struct {
	Newcomer
	hash string
}

func (n newcomer) admit(ctx context.Context, tx *db.Tx, i Invitation) error {
	_, found, err := user.FindByEmail(ctx, tx, i.Email)
	if found {
		return errs.New(errs.Conflict, "invitation.sign_in_first", "Sign in as {email} to accept. There is an account for this address already.", "email", i.Email)
	}
	return err
}

func (n newcomer) person(ctx context.Context, tx *db.Tx, i Invitation) (user.Person, authz.Actor, error) {
	p, err := user.NewPerson(ctx, tx, user.Person{Email: i.Email, Name: n.Name, Language: n.Language, PasswordHash: n.hash})
	return p, authz.Mint(authz.Identity{
		Kind: authz.Person, User: p.ID, Name: p.Name, Account: i.Account, IP: n.IP, RequestID: n.RequestID, Credential: "invitation",
	}), err
}

type known struct{ by authz.Actor }

func (k known) admit(ctx context.Context, tx *db.Tx, i Invitation) error {
	p, found, err := user.FindByID(ctx, tx, k.by.User())
	if err == nil && (!found || ids.Fold(p.Email) != ids.Fold(i.Email)) {
		return errs.New(errs.Denied, "invitation.other_person", "Sign in as {email} to accept. The invitation is for that address only.", "email", i.Email)
	}
	return err
}

func (k known) person(ctx context.Context, tx *db.Tx, _ Invitation) (user.Person, authz.Actor, error) {
	p, _, err := user.FindByID(ctx, tx, k.by.User())
	return p, k.by, err
}

// accept is the one way in. It checks everything again: what held when the invitation was sent may hold no more.
func (s *Service) accept(ctx context.Context, token string, who accepter) (done Accepted, err error) {
	var refused error
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		done, refused = Accepted{}, nil
		i, err := open(ctx, tx, token, tx.Now())
		if err != nil {
			return err
		}
		if err := who.admit(ctx, tx, i.Invitation); err != nil {
			return err
		}
		if _, err := standing(ctx, tx, i.Account); err != nil {
			return err
		}
		sc, access, err := s.recheck(ctx, tx, i)
		switch errs.KindOf(err) {
		case errs.Denied, errs.NotFound:
			refused = errs.New(errs.Denied, "invitation.inviter_rights", "Ask an admin of {account} for a new invitation. Who sent this one may no longer give this access.", "account", i.accountName)
			return s.refuse(ctx, tx, i)
		case errs.Invalid:
			return errs.New(errs.Conflict, "invitation.outdated", "Ask {inviter} for a new invitation. The role or the sub-accounts of this one no longer exist.", "inviter", i.InvitedBy)
		}
		if err != nil {
			return err
		}
		done, err = s.join(ctx, tx, sc, i.Invitation, access, who)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Accepted{}, err
	}
	return done, nil
}

func (s *Service) join(ctx context.Context, tx *db.Tx, sc authz.Scope, i Invitation, access user.Access, who accepter) (Accepted, error) {
	p, actor, err := who.person(ctx, tx, i)
	if err != nil {
		return Accepted{}, err
	}
	if string(p.ID) == i.Inviter {
		// Nobody rises by an invitation to themselves.
		g, err := access.Grant(ctx, tx, sc)
		if err == nil {
			err = sc.MayTake(g)
		}
		if err != nil {
			return Accepted{}, err
		}
	}
	m, member, err := user.Membership(ctx, tx, sc, p.ID)
	switch {
	case err != nil:
		return Accepted{}, err
	case member && m.Active():
		return Accepted{}, errs.New(errs.Conflict, "invitation.already_member", "Open the account from your list of accounts. You belong to it already.")
	case member:
		return Accepted{}, errs.New(errs.Denied, "invitation.deactivated", "Ask an admin of the account to reactivate you. You were deactivated there.")
	}
	if err := use(ctx, tx, sc, i.ID); err != nil {
		return Accepted{}, err
	}
	id, err := user.Add(ctx, tx, sc, p.ID, access)
	if err != nil {
		return Accepted{}, err
	}
	if err := plan.Fits(ctx, tx, sc, plan.Users); err != nil {
		if errs.KindOf(err) == errs.Conflict {
			err = errs.New(errs.Conflict, "invitation.no_seat", "Ask an admin of {account} for a seat, then open the link again. None is free at the moment; the link stays good until it expires.", "account", sc.Name())
		}
		return Accepted{}, err
	}
	if i.ByMail {
		if err := user.Verify(ctx, tx, p.ID); err != nil {
			return Accepted{}, err
		}
	}
	i.Access = access
	e := i.event("invitation.accepted")
	e.After = i.logged()
	if err := audit.Record(ctx, tx, actor, i.Account, []audit.Event{e}); err != nil {
		return Accepted{}, err
	}
	return Accepted{p.ID, i.Account, id}, tellInviter(ctx, tx, i, p.Name, sc.Name(), id)
}

// tellInviter tells the person who invited that somebody came. Invitations of jobs and of the console have nobody to tell.
func tellInviter(ctx context.Context, tx *db.Tx, i Invitation, who, account string, member ids.Membership) error {
	inviter, err := ids.ParseUser(i.Inviter)
	if err != nil {
		return nil //nolint:nilerr // no person
	}
	return notice.Tell(ctx, tx, notice.New{Kind: notice.InvitationAccepted, Account: i.Account, Person: inviter, Target: string(member), Facts: map[string]string{"person": who, "account": account}})
}

// recheck takes the inviter's rights as they are now, and what of the access still exists.
func (s *Service) recheck(ctx context.Context, tx *db.Tx, i opened) (authz.Scope, user.Access, error) {
	sc, err := s.check.Check(ctx, tx, i.inviter(), authz.UsersInvite, i.Account)
	if err != nil {
		return sc, i.Access, err
	}
	access := i.Access
	if access.Subs, err = existing(ctx, tx, sc, access.Subs); err != nil {
		return sc, access, err
	}
	if access.Role != authz.User && access.Role != authz.Guest && !sc.Has(authz.RolesAssign) {
		return sc, access, errs.New(errs.Denied, "role.assign_denied", "Ask an admin of the account. Changing the role of people is not part of yours.")
	}
	if err := user.CheckAccess(ctx, tx, sc, access, user.Access{}); err != nil {
		return sc, access, err
	}
	return sc, access, user.CheckSending(ctx, tx, sc, i.inviter(), access, user.Access{})
}

// inviter is the person who invited, as an actor for asking what they may do now. Nothing is done as them. A job
// or the console keeps the rights it had: nobody can take them away.
func (i opened) inviter() authz.Actor {
	if u, err := ids.ParseUser(i.Inviter); err == nil {
		return authz.Mint(authz.Identity{Kind: authz.Person, User: u, Name: i.InvitedBy})
	}
	return authz.Mint(authz.Identity{Kind: authz.Machine, ID: i.Inviter, Name: i.InvitedBy, Account: i.platform, Perms: authz.Everything()})
}

// refuse ends an invitation whose inviter may no longer give what it gives, and tells the account's admins once.
func (s *Service) refuse(ctx context.Context, tx *db.Tx, i opened) error {
	if err := end(ctx, tx, i); err != nil {
		return err
	}
	admins, err := adminsOf(ctx, tx, i)
	if err != nil {
		return err
	}
	for _, a := range admins {
		err := s.mail.Queue(ctx, tx, notify.Mail{
			To: a.email, Name: a.name, Language: a.language, Template: notify.InviteFailedRights, Account: i.Account,
			Link: secret.Wrap("/a/" + string(i.Account) + "/users/invite"), Data: []any{"account", i.accountName, "email", i.Email, "inviter", i.InvitedBy},
		})
		if err != nil {
			return err
		}
	}
	if err := notice.Tell(ctx, tx, notice.New{Kind: notice.InvitationRefused, Account: i.Account, Facts: map[string]string{"email": i.Email, "inviter": i.InvitedBy}}); err != nil {
		return err
	}
	e := i.event("invitation.refused")
	e.Before = i.logged()
	by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "invitation", Name: i.Email, Account: i.Account, Credential: "invitation"})
	return audit.Record(ctx, tx, by, i.Account, []audit.Event{e})
}

// open finds the invitation of a token that can be accepted at an instant. Altered, cut and unknown tokens get one answer.
func open(ctx context.Context, q db.Queryer, token string, now time.Time) (opened, error) {
	found, err := byToken(ctx, q, secret.HashToken(token))
	if err != nil {
		return opened{}, err
	}
	at := slices.IndexFunc(found, func(o opened) bool { return secret.TokenMatches(o.hash, token) })
	if at < 0 {
		return opened{}, errs.NoSuch("invitation")
	}
	o := found[at]
	switch {
	case o.accepted:
		return o, errs.New(errs.Conflict, "invitation.used", "Sign in instead. This invitation was accepted already.")
	case o.revoked:
		return o, errs.New(errs.Conflict, "invitation.revoked", "Ask {inviter} for a new invitation. This one was withdrawn.", "inviter", o.InvitedBy)
	case o.Expired(now):
		return o, errs.New(errs.Conflict, "invitation.expired", "Ask {inviter} to send the invitation again. Its link has expired.", "inviter", o.InvitedBy)
	}
	return o, nil
}

// standing returns the name of an account that is active, with all above it; else the link must wait.
func standing(ctx context.Context, q db.Queryer, account ids.Account) (string, error) {
	name, active, err := activeAccount(ctx, q, account)
	if err == nil && !active {
		err = errs.New(errs.Conflict, "invitation.account_inactive", "Try the link again later. {account} is not active at the moment; the link stays good until it expires.", "account", name)
	}
	return name, err
}
