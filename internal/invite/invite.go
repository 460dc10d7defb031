// Package invite brings people into an account: many addresses at once, a link each, and its acceptance.
package invite

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
	"bailiwick/internal/user"
)

// The settings of invitations.
var (
	// ValidDays is how long a link works.
	ValidDays = setting.Key[int]{Name: "invite.valid_days", Default: 7, Merge: setting.Override[int], Control: setting.Control{Kind: setting.Number, Unit: "days", Low: 1, High: 30}, Check: func(n int) error {
		if n < 1 || n > 30 {
			return errs.New(errs.Invalid, "invite.valid_days", "Enter 1 to 30 days.")
		}
		return nil
	}}
	// Daily is how many invitations an account sends in a day, resends included. Only those above an account set it.
	Daily = setting.Key[int]{Name: "invite.daily_allowance", Default: 2000, Merge: setting.Override[int], Parents: true, Control: setting.Control{Kind: setting.Number, Unit: "invitations", High: 100_000}, Check: func(n int) error {
		if n < 0 || n > 100_000 {
			return errs.New(errs.Invalid, "invite.daily_allowance", "Enter 0 to 100,000 invitations a day.")
		}
		return nil
	}}
)

// Settings lists the settings of invitations.
func Settings() []setting.Any { return []setting.Any{ValidDays, Daily} }

// A young account sends few, unless those above it said otherwise for it.
const (
	youngFor   = 7 * 24 * time.Hour
	youngDaily = 100
)

// Invitation is an invitation that waits to be accepted.
type Invitation struct {
	ID      ids.Invitation
	Account ids.Account
	Email   string
	Name    string
	user.Access
	RoleName  string // the role group's name
	SubCount  int
	Inviter   string // actor id
	InvitedBy string
	SentAt    time.Time
	ExpiresAt time.Time
	Version   int64
	ByMail    bool
}

// logged is how an invitation stands in the log.
type logged struct {
	Role        string   `audit:"show"`
	Perms       []string `audit:"show"`
	AllSubs     bool     `audit:"show"`
	SubAccounts []string `audit:"show"`
}

func (i Invitation) logged() logged {
	l := logged{Role: string(i.Role), Perms: i.Perms.Names(), AllSubs: i.AllSubs}
	for _, s := range i.Subs {
		l.SubAccounts = append(l.SubAccounts, string(s))
	}
	return l
}

func (i Invitation) event(action string) audit.Event {
	return audit.Event{Action: action, TargetType: "invitation", TargetID: string(i.ID), Target: i.Email}
}

// Service is the operations on invitations.
type Service struct {
	db    *db.DB
	op    *op.Runner
	check *authz.Checker
	mail  *notify.Mailer
	hash  *secret.Hasher
}

// Deps are what a Service works with.
type Deps struct {
	DB     *db.DB
	Op     *op.Runner
	Check  *authz.Checker
	Mail   *notify.Mailer
	Hasher *secret.Hasher
}

// NewService makes a Service.
func NewService(d Deps) *Service { return &Service{d.DB, d.Op, d.Check, d.Mail, d.Hasher} }

// Check says what would become of each address, and changes nothing.
func (s *Service) Check(ctx context.Context, by authz.Actor, account ids.Account, text string) ([]Verdict, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersInvite, account)
	if err != nil {
		return nil, err
	}
	return verdicts(ctx, q, sc, text, s.db.Now().UnixMilli())
}

func verdicts(ctx context.Context, q db.Queryer, sc authz.Scope, text string, now int64) ([]Verdict, error) {
	in, err := Parse(text)
	if err != nil {
		return nil, err
	}
	folds := make([]string, 0, len(in))
	for _, a := range in {
		if a.Email != "" {
			folds = append(folds, ids.Fold(a.Email))
		}
	}
	known, err := knownHere(ctx, q, sc, folds, now)
	if err != nil {
		return nil, err
	}
	out, err := judge(in, known)
	if err != nil {
		return nil, err
	}
	return out, seat(ctx, q, sc, out, now)
}

// seat leaves out those for whom the customer's package has no seat.
func seat(ctx context.Context, q db.Queryer, sc authz.Scope, all []Verdict, now int64) error {
	left, limited, full, err := plan.Free(ctx, q, sc, plan.Users, time.UnixMilli(now))
	if err != nil || !limited {
		return err
	}
	for i := range all {
		switch {
		case all[i].Why != OK:
		case left == 0:
			all[i].Why, all[i].full = NoSeat, full
		default:
			left--
		}
	}
	return nil
}

// Input is what is sent: addresses, and what they may do.
type Input struct {
	Addresses string
	Access    user.Access            // zero: Guest
	Rows      map[string]user.Access // by folded address, where one differs
}

func (in Input) of(email string) user.Access {
	a, own := in.Rows[ids.Fold(email)]
	switch {
	case own:
		return a.Tidy()
	case in.Access.Role == "":
		return user.Default()
	}
	return in.Access.Tidy()
}

// Result says what became of the addresses.
type Result struct {
	Sent []string
	Left []Verdict // those left out, each with its reason
}

// Invite invites every address that can be, all in one transaction, and tells which were left out.
func (s *Service) Invite(ctx context.Context, by authz.Actor, account ids.Account, in Input) (res Result, err error) {
	err = s.op.Write(ctx, by, authz.UsersInvite, account, func(ctx context.Context, w *op.W) error {
		res = Result{}
		all, err := verdicts(ctx, w.Tx(), w.Scope(), in.Addresses, w.Tx().Ms())
		if err != nil {
			return err
		}
		good := ready(all)
		for _, v := range all {
			if v.Why == OK {
				res.Sent = append(res.Sent, v.Email)
				continue
			}
			res.Left = append(res.Left, v)
		}
		if len(good) == 0 {
			return errNobody()
		}
		return s.inviteAll(ctx, w, good, in)
	})
	if err != nil {
		res.Sent = nil
	}
	return res, err
}

func (s *Service) inviteAll(ctx context.Context, w *op.W, good []Address, in Input) error {
	checked := map[string]bool{}
	for _, a := range good {
		access := in.of(a.Email)
		key := fmt.Sprint(access)
		if checked[key] {
			continue
		}
		checked[key] = true
		if err := mayGive(ctx, w, access); err != nil {
			return err
		}
	}
	letter, err := s.letter(ctx, w, len(good))
	if err != nil {
		return err
	}
	all := make([]Invitation, len(good))
	for i, a := range good {
		all[i] = Invitation{Email: a.Email, Name: a.Name, Access: in.of(a.Email)}
	}
	return s.send(ctx, w, letter, all...)
}

// InviteIn invites one person within a write on their account: the owner of a new account, say.
func (s *Service) InviteIn(ctx context.Context, w *op.W, to Address, access user.Access) error {
	if to.Email == "" {
		return errs.Field("email", "invite.malformed", "Enter an email address like name@example.com.")
	}
	known, err := knownHere(ctx, w.Tx(), w.Scope(), []string{ids.Fold(to.Email)}, w.Tx().Ms())
	if err != nil {
		return err
	}
	v, err := judge([]Address{to}, known)
	if err != nil {
		return err
	}
	if err := v[0].problem("email"); err != nil {
		return err
	}
	access = access.Tidy()
	if err := mayGive(ctx, w, access); err != nil {
		return err
	}
	letter, err := s.letter(ctx, w, 1)
	if err != nil {
		return err
	}
	return s.send(ctx, w, letter, Invitation{Email: to.Email, Name: to.Name, Access: access})
}

// problem is the verdict as the error of a field, for forms with one address.
func (v Verdict) problem(field string) error {
	switch v.Why {
	case Malformed, Duplicate:
		return errs.Field(field, "invite.malformed", "Enter an email address like name@example.com.")
	case AlreadyUser:
		return errs.Field(field, "invite.already_user", "Choose another address. This person is a user here already.")
	case Deactivated:
		return errs.Field(field, "invite.deactivated", "Reactivate this person instead. They were deactivated here.")
	case AlreadyInvited:
		return errs.Field(field, "invite.already_invited", "Resend the invitation instead. This address has one that is still open.")
	case Disposable:
		return errs.Field(field, "invite.disposable", "Use a lasting address. This one belongs to a service for throw-away mailboxes.")
	case NoSeat:
		return v.full
	case OK:
	}
	return nil
}

// mayGive is mayInvite in a write, which also checks what may be sent.
func mayGive(ctx context.Context, w *op.W, a user.Access) error {
	if err := mayInvite(ctx, w.Tx(), w.Scope(), a); err != nil {
		return err
	}
	return user.CheckSending(ctx, w.Tx(), w.Scope(), w.By(), a, user.Access{})
}

// mayInvite checks the access against the ceiling. Whoever assigns no roles invites Users and Guests.
func mayInvite(ctx context.Context, q db.Queryer, sc authz.Scope, a user.Access) error {
	if a.Role != authz.User && a.Role != authz.Guest && !sc.Has(authz.RolesAssign) {
		return errs.New(errs.Denied, "role.assign_denied", "Ask an admin of the account. Changing the role of people is not part of yours.")
	}
	return user.CheckAccess(ctx, q, sc, a, user.Access{})
}

// letter is what the invitations of one write have in common.
type letter struct {
	account string
	expires time.Time
}

// letter takes n invitations from the account's daily allowance and returns what they have in common.
func (s *Service) letter(ctx context.Context, w *op.W, n int) (letter, error) {
	if err := takeAllowance(ctx, w, n); err != nil {
		return letter{}, err
	}
	days, _, err := setting.Get(ctx, w.Tx(), w.Scope(), ValidDays)
	if err != nil {
		return letter{}, err
	}
	acc, err := accountHere(ctx, w.Tx(), w.Scope())
	return letter{acc.name, w.Tx().Now().AddDate(0, 0, days)}, err
}

func takeAllowance(ctx context.Context, w *op.W, n int) error {
	allowed, origin, err := setting.Get(ctx, w.Tx(), w.Scope(), Daily)
	if err != nil {
		return err
	}
	acc, err := accountHere(ctx, w.Tx(), w.Scope())
	if err != nil {
		return err
	}
	now := w.Tx().Now()
	if acc.kind != "platform" && origin.Account != w.Scope().Account() && now.Sub(acc.created) < youngFor {
		allowed = min(allowed, youngDaily)
	}
	sent, err := countSent(ctx, w.Tx(), w.Scope(), now.Format(time.DateOnly), n)
	if err != nil {
		return err
	}
	if sent > allowed {
		return errs.New(errs.OverQuota, "invite.allowance",
			"Send at most {left} more today, or ask your provider to raise the limit. This account may send {max} invitations a day.",
			"left", max(0, allowed-sent+n), "max", allowed)
	}
	return nil
}

// send stores invitations, each with a new link, and queues their mail.
func (s *Service) send(ctx context.Context, w *op.W, l letter, all ...Invitation) error {
	links := make([]link, len(all))
	for n := range all {
		i := &all[n]
		links[n].token, links[n].hash = secret.NewToken()
		i.ID, i.Account, i.ByMail = ids.NewInvitation(w.Tx().Now()), w.Scope().Account(), s.mail.Sends()
		i.Inviter, i.InvitedBy, i.SentAt, i.ExpiresAt = w.By().ID(), w.By().Name(), w.Tx().Now(), l.expires
		e := i.event("invitation.sent")
		e.After = i.logged()
		w.Audit(e)
	}
	if err := insert(ctx, w.Tx(), w.Scope(), all, links); err != nil {
		return err
	}
	if err := plan.Fits(ctx, w.Tx(), w.Scope(), plan.Users); err != nil {
		return err
	}
	mails := make([]notify.Mail, len(all))
	for n, i := range all {
		mails[n] = i.mail(l, links[n].token)
	}
	return s.mail.Queue(ctx, w.Tx(), mails...)
}

// link is the token of an invitation's link, and what of it is stored.
type link struct {
	token secret.String
	hash  []byte
}

// mail is the mail that brings the link.
func (i Invitation) mail(l letter, token secret.String) notify.Mail {
	return notify.Mail{
		To: i.Email, Name: i.Name, Template: notify.Invitation, Account: i.Account, Link: linkPath(token),
		Data: []any{"inviter", i.InvitedBy, "account", l.account, "expires", i.ExpiresAt},
	}
}

func linkPath(token secret.String) secret.String { return secret.Wrap("/invitation/" + token.Reveal()) }
