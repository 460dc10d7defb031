// Package user keeps the people of an account: who belongs to it, with what access, and since when.
//
// A person has one identity and a membership in each account they belong to. Everything here works on memberships;
// an identity belongs to its person.
package user

import (
	"context"
	"errors"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
)

// Member is a person in an account.
type Member struct {
	ID            ids.Membership
	Account       ids.Account
	User          ids.User
	Name          string
	Email         string
	Username      string
	EmailVerified bool
	HasPassword   bool
	TwoFactor     bool
	Access
	RoleName      string    // the role group's name, "" for a built-in role
	Group         authz.Set // the role group's permissions
	SubCount      int       // how many sub-accounts are ticked, when not all
	JobTitle      string
	Phone         string
	DeactivatedAt time.Time // zero while active
	LastActive    time.Time // zero before the first visit
	CreatedAt     time.Time
	Version       int64
}

// Active reports whether the membership is in force.
func (m Member) Active() bool { return m.DeactivatedAt.IsZero() }

// Grant is what the membership confers.
func (m Member) Grant() authz.Grant {
	return authz.Grant{Role: m.Role, Extra: m.Perms, Group: m.Group, AllSubs: m.AllSubs}
}

// logged is how a membership stands in the log.
type logged struct {
	Role        string   `audit:"show"`
	Perms       []string `audit:"show"`
	SubAccounts []string `audit:"show"`
	JobTitle    string   `audit:"show"`
	Phone       string
	Active      bool `audit:"show"`
}

func (m Member) logged() logged {
	l := logged{Role: string(m.Role), Perms: m.Perms.Names(), SubAccounts: []string{"all"}, JobTitle: m.JobTitle, Phone: m.Phone, Active: m.Active()}
	if m.RoleName != "" {
		l.Role = m.RoleName
	}
	if !m.AllSubs {
		l.SubAccounts = nil
		for _, s := range m.Subs {
			l.SubAccounts = append(l.SubAccounts, string(s))
		}
	}
	return l
}

func (m Member) event(action string) audit.Event {
	return audit.Event{Action: action, TargetType: "user", TargetID: string(m.ID), Target: m.Name}
}

// Service is the operations on the people of an account.
type Service struct {
	op    *op.Runner
	check *authz.Checker
	mail  *notify.Mailer
	offer Offer
}

// NewService makes a Service.
func NewService(r *op.Runner, c *authz.Checker, m *notify.Mailer, o Offer) *Service {
	return &Service{r, c, m, o}
}

// Get returns one person of the account.
func (s *Service) Get(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership) (Member, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return Member{}, err
	}
	return load(ctx, q, sc, id)
}

// Can says what the actor may do with a person, for the page.
type Can struct {
	Edit, Assign, Deactivate, Remove, Transfer bool
	Bodies                                     bool // let the person read message bodies, or stop that
}

// CanOn returns what the actor may do with a person of the account.
func (s *Service) CanOn(ctx context.Context, by authz.Actor, account ids.Account, m Member) (Can, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return Can{}, err
	}
	rank := m.CheckRank(ctx, q, sc, m.Grant())
	if rank != nil && errs.KindOf(rank) != errs.Denied {
		return Can{}, rank
	}
	manages := rank == nil
	return Can{
		Edit:       manages && sc.Has(authz.UsersEdit),
		Assign:     manages && sc.Has(authz.UsersEdit) && sc.Has(authz.RolesAssign),
		Deactivate: manages && sc.Has(authz.UsersDeactivate),
		Remove:     manages && sc.Has(authz.UsersRemove),
		Transfer:   mayTransfer(sc),
		Bodies:     manages && sc.MayGive(authz.Grant{Role: authz.Guest}) == nil && ownerOf(sc),
	}, nil
}

// ownerOf reports whether the scope is of an Owner of the account itself, who alone gives message bodies.
func ownerOf(sc authz.Scope) bool {
	err := sc.MayGive(authz.Grant{Role: authz.Owner, Extra: authz.SetOf(authz.MessagesViewBody)})
	return err == nil
}

// load returns one person of the scope's account with the sub-accounts ticked.
func load(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Membership) (Member, error) {
	m, err := get(ctx, q, sc, id)
	if errors.Is(err, db.ErrNoRows) {
		return m, errs.NoSuch("user")
	}
	if err != nil || m.AllSubs {
		return m, err
	}
	m.Subs, err = subsOf(ctx, q, sc, id)
	return m, err
}

// loadManaged is load for a write: whoever has more rights than the actor is out of reach.
func loadManaged(ctx context.Context, w *op.W, id ids.Membership) (Member, error) {
	m, err := load(ctx, w.Tx(), w.Scope(), id)
	if err != nil {
		return m, err
	}
	return m, m.CheckRank(ctx, w.Tx(), w.Scope(), m.Grant())
}

// keepOwner refuses what takes an account its last active Owner. Departments need none.
func keepOwner(ctx context.Context, w *op.W, leaving ...ids.Membership) error {
	kind, err := kindOf(ctx, w.Tx(), w.Scope())
	if err != nil || kind == "department" {
		return err
	}
	left, err := ownersBut(ctx, w.Tx(), w.Scope(), leaving)
	if err != nil {
		return err
	}
	if left == 0 {
		return errs.New(errs.Conflict, "user.last_owner", "Make somebody else an Owner first. An account keeps at least one active Owner.")
	}
	return nil
}
