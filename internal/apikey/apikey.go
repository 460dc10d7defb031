// Package apikey keeps the keys by which programs act for people.
//
// A key belongs to a membership. It may do what is in its scopes and what its owner may do now, in the membership's
// account and below. It is shown once, when it is made; only its hash is kept.
package apikey

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/module"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/secret"
)

// Key is an API key without its secret.
type Key struct {
	ID         ids.Key
	Account    ids.Account
	Membership ids.Membership
	User       ids.User // its owner
	Owner      string   // their name
	Email      string
	Name       string
	Scopes     authz.Set
	Expires    time.Time // zero for never
	LastUsed   time.Time // zero before the first use
	LastIP     string
	Created    time.Time

	grant authz.Grant // of the membership
}

// Expired reports whether the key is past its date.
func (k Key) Expired(at time.Time) bool { return !k.Expires.IsZero() && !at.Before(k.Expires) }

// Managed reports whether the owner has no more rights in the scope's account than the actor.
func (k Key) Managed(sc authz.Scope) bool { return sc.MayManage(k.grant) == nil }

// logged is how a key stands in the log.
type logged struct {
	Name    string    `audit:"show"`
	Owner   string    `audit:"show"`
	Scopes  []string  `audit:"show"`
	Expires time.Time `audit:"show"`
}

func (k Key) event(action string) audit.Event {
	return audit.Event{Action: action, TargetType: "key", TargetID: string(k.ID), Target: k.Name}
}

func (k Key) logged() logged { return logged{k.Name, k.Owner, ScopeNames(k.Scopes), k.Expires} }

// What is recorded.
const (
	ActionCreated  = "key.created"
	ActionRevoked  = "key.revoked"
	ActionExpiring = "key.expiring"
)

// DefaultLife is how long a key lives unless its maker says otherwise.
const DefaultLife = 90 * 24 * time.Hour

const (
	nameMax   = 80
	mostOfOne = 50 // keys of one membership
	usedEvery = time.Minute
)

// Service is the operations on API keys.
type Service struct {
	db   *db.DB
	op   *op.Runner
	used *change.Cache[fingerprint, Key]
	mail *notify.Mailer
}

// mostUsed keys in use are remembered.
const mostUsed = 1 << 14

// NewService makes a Service that remembers keys in use until the feed of the node says that they may be in force no more.
func NewService(d *db.DB, r *op.Runner, f *change.Feed, m *notify.Mailer) *Service {
	return &Service{d, r, change.NewCache[fingerprint, Key](f, mostUsed), m}
}

// Whole stands among the scopes of a key for all that its owner may, whatever that comes to be.
const Whole = "*"

// ScopeNames returns the scopes of a key as text.
func ScopeNames(scopes authz.Set) []string {
	if scopes == authz.Everything() {
		return []string{Whole}
	}
	return scopes.Names()
}

// Input is what is said of a key. With all permissions as its scopes a key may do what its owner may at any time.
type Input struct {
	Name    string
	Scopes  authz.Set
	Expires time.Time // zero for never
}

// Created is a new key. Secret is the only time that the key itself is told.
type Created struct {
	Key
	Secret secret.String
}

// Create makes a key of the actor's own in an account that they belong to. It holds no more than its maker does.
func (s *Service) Create(ctx context.Context, by authz.Actor, account ids.Account, in Input) (Created, error) {
	in.Name = strings.TrimSpace(in.Name)
	var out Created
	err := s.op.Write(ctx, by, authz.CredentialsCreate, account, func(ctx context.Context, w *op.W) error {
		m, err := s.member(ctx, w)
		if err != nil {
			return err
		}
		if err := check(w, in); err != nil {
			return err
		}
		if in.Scopes == authz.Everything() {
			if by.Kind() != authz.Person {
				return errs.Field("scopes", "key.whole_by_person", "Name single permissions, or make this key in the portal. Only a person makes a key that may do all that they may.")
			}
		} else if missing := in.Scopes.Without(Grantable(by, w.Scope(), m.grant)); !missing.Empty() {
			return errs.Field("scopes", "key.above_yours", "Leave out {perm}. You do not hold it by your membership of this account.", "perm", string(missing.First()))
		}
		if err := module.CheckGiven(ctx, w.Tx(), in.Scopes); err != nil {
			return err
		}
		n, err := countOf(ctx, w.Tx(), w.Scope(), m.Membership)
		if err != nil {
			return err
		}
		if n >= mostOfOne {
			return errs.New(errs.Conflict, "key.too_many", "Revoke a key first. You can have {max} keys in an account.", "max", mostOfOne)
		}
		k := m
		k.ID, k.Account, k.Name, k.Scopes, k.Created = ids.NewKey(w.Tx().Now()), account, in.Name, in.Scopes, w.Tx().Now()
		if !in.Expires.IsZero() {
			k.Expires = in.Expires.UTC().Truncate(time.Millisecond)
		}
		text, hash := newSecret(k.ID)
		if err := insert(ctx, w.Tx(), w.Scope(), k, hash); err != nil {
			return err
		}
		if err := plan.Fits(ctx, w.Tx(), w.Scope(), plan.Keys); err != nil {
			return err
		}
		e := k.event(ActionCreated)
		e.After = k.logged()
		w.Audit(e)
		out = Created{k, text}
		return nil
	})
	if err != nil {
		return Created{}, err
	}
	return out, nil
}

// member is the actor's own membership of the account that w is on. A key has that of its own account only.
func (s *Service) member(ctx context.Context, w *op.W) (Key, error) {
	by := w.By()
	if by.Kind() == authz.Person || by.Kind() == authz.Key && by.Account() == w.Scope().Account() {
		m, err := memberOf(ctx, w.Tx(), w.Scope(), by.User())
		if !errors.Is(err, db.ErrNoRows) {
			return m, err
		}
	}
	return Key{}, errs.New(errs.Denied, "key.not_member", "Switch to an account you belong to. A key belongs to a membership, and you have none in this account.")
}

// Grantable is what a key of a membership may hold when it is made within the scope.
func Grantable(by authz.Actor, sc authz.Scope, g authz.Grant) authz.Set {
	held := sc.Perms()
	if by.Kind() == authz.Person { // whose own is theirs to hand on
		held = held.Union(authz.OfKeys())
	}
	return g.Set().Union(authz.OfKeys()).Intersect(held)
}

func check(w *op.W, in Input) error {
	var c errs.Collector
	c.Line("name", in.Name, nameMax)
	if in.Name == "" {
		c.Add("name", "key.name_missing", "Write a name that tells what the key is for.")
	}
	if in.Scopes.Empty() {
		c.Add("scopes", "key.scopes_missing", "Choose at least one permission. A key without any can do nothing.")
	}
	if !in.Expires.IsZero() && !in.Expires.After(w.Tx().Now()) {
		c.Add("expires", "key.expires_past", "Choose a date after today.")
	}
	return c.Err()
}

// Offer says what the actor could put into a key of theirs in the account; Member is false when they have no
// membership there or may make no keys.
type Offer struct {
	Member bool
	Scopes authz.Set
}

// Offer returns what the actor could put into a key in the account.
func (s *Service) Offer(ctx context.Context, by authz.Actor, account ids.Account) (Offer, error) {
	q, sc, err := s.op.See(ctx, by, account)
	if err != nil || !sc.Has(authz.CredentialsCreate) {
		return Offer{}, err
	}
	m, err := memberOf(ctx, q, sc, by.User())
	if errors.Is(err, db.ErrNoRows) {
		return Offer{}, nil
	}
	return Offer{err == nil, Grantable(by, sc, m.grant)}, err
}

// Mine returns the actor's own keys in the account, the newest first.
func (s *Service) Mine(ctx context.Context, by authz.Actor, account ids.Account) ([]Key, error) {
	q, sc, err := s.op.See(ctx, by, account)
	if err != nil {
		return nil, err
	}
	return listOwn(ctx, q, sc, by.User())
}

// PageSize is how many keys a page has.
const PageSize = 50

// Page is one page of the keys of an account.
type Page struct {
	Keys []Key
	Next ids.Key // where the next page begins, "" for the end
}

// List returns the keys of everybody in the account, the newest first. after is Page.Next of the page before.
func (s *Service) List(ctx context.Context, by authz.Actor, account ids.Account, after ids.Key) (Page, error) {
	q, sc, err := s.op.Read(ctx, by, authz.CredentialsView, account)
	if err != nil {
		return Page{}, err
	}
	all, err := list(ctx, q, sc, after, PageSize+1)
	if err != nil || len(all) <= PageSize {
		return Page{Keys: all}, err
	}
	all = all[:PageSize]
	return Page{all, all[PageSize-1].ID}, nil
}

// Get returns one key of the account: one's own, or anybody's for those who see the keys of the account.
func (s *Service) Get(ctx context.Context, by authz.Actor, account ids.Account, id ids.Key) (Key, error) {
	q, sc, err := s.op.See(ctx, by, account)
	if err != nil {
		return Key{}, err
	}
	k, err := get(ctx, q, sc, id)
	if err == nil && k.User != by.User() && !sc.Has(authz.CredentialsView) {
		return Key{}, errs.NoSuch("key")
	}
	return k, err
}

// Revoke ends a key at once and for good. People end their own, and a key itself; else it takes credentials.revoke, and the owner
// must not have more rights than the actor.
func (s *Service) Revoke(ctx context.Context, by authz.Actor, account ids.Account, id ids.Key) error {
	own, err := s.own(ctx, by, account, id)
	if err != nil {
		return err
	}
	need := authz.CredentialsRevoke
	if own {
		need = authz.AccountView
	}
	return s.op.Write(ctx, by, need, account, func(ctx context.Context, w *op.W) error {
		k, err := get(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		if !own {
			if err := w.Scope().MayManage(k.grant); err != nil {
				return err
			}
		}
		if err := revoke(ctx, w.Tx(), w.Scope(), id); err != nil {
			return err
		}
		e := k.event(ActionRevoked)
		e.Before = k.logged()
		w.Audit(e)
		return nil
	})
}

// own reports whether a key is the actor's to end whatever they hold. That never changes of a key.
func (s *Service) own(ctx context.Context, by authz.Actor, account ids.Account, id ids.Key) (bool, error) {
	k, err := s.Get(ctx, by, account, id)
	if err != nil {
		return false, err
	}
	return by.Kind() == authz.Person && k.User == by.User() || by.Kind() == authz.Key && by.Credential() == string(id), nil
}

// Client is what a request presents.
type Client struct {
	Key       secret.String
	IP        string
	RequestID string
	UserAgent string
}

// Resolve finds for whom a key acts. Whatever is wrong with it, the answer is the same.
func (s *Service) Resolve(ctx context.Context, from Client) (authz.Actor, error) {
	now, print := s.db.Now(), printOf(from.Key)
	k, known := s.used.Get(ctx, print)
	if known && (k.Expires.IsZero() || k.Expires.After(now)) && now.Sub(k.LastUsed) < usedEvery {
		return k.actor(from, false), nil
	}
	id, ok := parse(from.Key)
	if !ok {
		return authz.Actor{}, errRefused()
	}
	told := s.used.Told()
	k, hash, err := inForce(ctx, s.db, id, now)
	if errors.Is(err, db.ErrNoRows) || err == nil && !secret.TokenMatches(hash, from.Key.Reveal()) {
		return authz.Actor{}, errRefused()
	}
	if err != nil {
		return authz.Actor{}, fmt.Errorf("look up an API key: %w", err)
	}
	if now.Sub(k.LastUsed) >= usedEvery {
		if err := s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return noteUse(ctx, tx, id, from.IP) }); err != nil {
			return authz.Actor{}, fmt.Errorf("note that %s was used: %w", id, err)
		}
		k.LastUsed = now
	}
	s.used.Put(told, print, k, change.Subject{Kind: change.Key, ID: string(k.ID)}, change.Subject{Kind: change.User, ID: string(k.User)},
		change.Subject{Kind: change.Account, ID: string(k.Account)})
	return k.actor(from, false), nil
}

// OnBehalf finds for whom a key acts that asked for work which goes on after its request, by what q sees now.
func (s *Service) OnBehalf(ctx context.Context, q db.Queryer, id ids.Key) (authz.Actor, error) {
	k, _, err := inForce(ctx, q, id, s.db.Now())
	if errors.Is(err, db.ErrNoRows) {
		return authz.Actor{}, errRefused()
	}
	if err != nil {
		return authz.Actor{}, fmt.Errorf("look up API key %s: %w", id, err)
	}
	return k.actor(Client{}, true), nil
}

func (k Key) actor(from Client, begun bool) authz.Actor {
	return authz.Mint(authz.Identity{
		Kind: authz.Key, User: k.User, Name: k.Owner, Membership: k.Membership, Account: k.Account, Perms: k.Scopes,
		IP: from.IP, RequestID: from.RequestID, Credential: string(k.ID), Begun: begun,
	})
}

func errRefused() error {
	return errs.New(errs.Unauthenticated, "auth.key_refused", "Use a key that is in force. This one is mistyped, unknown, expired or revoked, or its owner has left the account.")
}
