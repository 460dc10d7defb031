package authn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/policy"
	"bailiwick/internal/secret"
)

// session is a session that is not over, with what is shown of its person.
type session struct {
	ID       ids.Session
	User     ids.User
	Account  ids.Account
	Stage    Stage
	Remember bool
	Renew    bool // the password has expired: another one comes first
	Second   bool // the person has a second factor
	Created  time.Time
	Seen     time.Time
	Expires  time.Time
	Name     string
	Email    string
	Language string
	TimeZone string
	KeysOff  bool
	Spoken   string // the language set for the person in the account, as JSON; "" for none
}

// Who is a person recognised by their session.
type Who struct {
	Actor    authz.Actor
	Name     string
	Email    string
	Language string
	TimeZone string
	Remember bool
	Spoken   string // the language set for the person in the account they work in, as JSON; "" for none
	KeysOff  bool   // wants no shortcuts of single keys
}

// Resolve finds who presents a session token. A session that waits for its code is nobody's yet.
func (s *Service) Resolve(ctx context.Context, from Client) (Who, error) {
	who, ses, err := s.look(ctx, from)
	if err != nil {
		return Who{}, err
	}
	if s.db.Now().Sub(ses.Seen) >= seenEvery {
		if err := s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return touchSession(ctx, tx, ses) }); err != nil {
			return Who{}, fmt.Errorf("note that session %s was seen: %w", ses.ID, err)
		}
	}
	return who, nil
}

// Watching is Resolve for a page that stays open and asks again by itself: that is no use of the session, and does not
// keep it from ending.
func (s *Service) Watching(ctx context.Context, from Client) (Who, error) {
	who, _, err := s.look(ctx, from)
	return who, err
}

func (s *Service) look(ctx context.Context, from Client) (Who, session, error) {
	ses, err := s.find(ctx, from.Session)
	if err != nil {
		return Who{}, ses, err
	}
	if ses.Stage != Full {
		return Who{}, ses, errs.New(errs.Unauthenticated, "auth.code_required", "Type the code of your second factor to finish signing in.")
	}
	if ses.Renew {
		return Who{}, ses, errs.New(errs.Unauthenticated, "auth.password_expired", "Choose a new password to finish signing in. Yours has expired.")
	}
	actor := authz.Mint(authz.Identity{Kind: authz.Person, User: ses.User, Name: ses.Name, Session: ses.ID, Account: ses.Account,
		IP: from.IP, RequestID: from.RequestID, Credential: "session", Started: ses.Created, Seen: ses.Seen, Second: ses.Second})
	if err := s.checkAge(ctx, actor); err != nil {
		return Who{}, ses, err
	}
	return Who{actor, ses.Name, ses.Email, ses.Language, ses.TimeZone, ses.Remember, ses.Spoken, ses.KeysOff}, ses, nil
}

// checkAge ends a session that is too old, or was left alone for too long, for the account that it works in: for each of
// those by which its person comes there.
func (s *Service) checkAge(ctx context.Context, by authz.Actor) error {
	if by.Account() == "" {
		return nil
	}
	_, err := s.check.See(ctx, s.db, by, by.Account())
	switch code := errs.CodeOf(err); {
	case code == policy.SessionOver:
		return errSignIn()
	case errs.KindOf(err) == errs.NotFound || errs.KindOf(err) == errs.Denied:
		return nil // who is not let in there may still work elsewhere
	case err != nil:
		return fmt.Errorf("look up how long sessions of %s last: %w", by.Account(), err)
	}
	return nil
}

func (s *Service) find(ctx context.Context, token secret.String) (session, error) {
	if token.Empty() {
		return session{}, errSignIn()
	}
	ses, err := sessionByToken(ctx, s.db, token, s.db.Now())
	if errors.Is(err, db.ErrNoRows) {
		return session{}, errSignIn()
	}
	if err != nil {
		return session{}, fmt.Errorf("look up a session: %w", err)
	}
	return ses, nil
}

// WaitingForCode reports whether the browser has passed the password and owes the code.
func (s *Service) WaitingForCode(ctx context.Context, from Client) (bool, error) {
	ses, err := s.find(ctx, from.Session)
	if errs.KindOf(err) == errs.Unauthenticated {
		return false, nil
	}
	return err == nil && ses.Stage == NeedsCode, err
}

// SignOut ends the session that the browser presents. One that is over already is no error.
func (s *Service) SignOut(ctx context.Context, from Client) error {
	ses, err := s.find(ctx, from.Session)
	if errs.KindOf(err) == errs.Unauthenticated {
		return nil
	}
	if err != nil {
		return err
	}
	return s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := byID(ctx, tx, ses.User)
		if err != nil {
			return fmt.Errorf("look up who signs out: %w", err)
		}
		if err := endToken(ctx, tx, from.Session); err != nil {
			return fmt.Errorf("end a session: %w", err)
		}
		if ses.Stage != Full {
			return nil
		}
		return record(ctx, tx, p.actor(from, ses.ID), p, ActionSignedOut)
	})
}

// SessionRow is a session in its person's list.
type SessionRow struct {
	ID        ids.Session
	IP        string
	UserAgent string
	Remember  bool
	Created   time.Time
	Seen      time.Time
	Current   bool
}

// Sessions lists the actor's own sessions, the latest seen first.
func (s *Service) Sessions(ctx context.Context, by authz.Actor) ([]SessionRow, error) {
	q, user, err := s.op.ReadProfile(ctx, by)
	if err != nil {
		return nil, err
	}
	all, err := listSessions(ctx, q, user, s.db.Now())
	if err != nil {
		return nil, fmt.Errorf("list the sessions of %s: %w", user, err)
	}
	for i := range all {
		all[i].Current = all[i].ID == by.Session()
	}
	return all, nil
}

// RevokeSession ends one of the actor's own sessions.
func (s *Service) RevokeSession(ctx context.Context, by authz.Actor, id ids.Session) error {
	return s.own(ctx, by, func(ctx context.Context, w *op.W, p person) error {
		n, err := endSession(ctx, w.Tx(), p.ID, id)
		if err != nil {
			return fmt.Errorf("end session %s: %w", id, err)
		}
		if n == 0 {
			return errs.NoSuch("session")
		}
		w.Audit(audit.Event{Action: ActionSessionRevoked, TargetType: "session", TargetID: string(id), Target: p.Name, Account: p.Logged})
		return nil
	})
}

// RevokeOthers ends all of the actor's sessions but the one acting.
func (s *Service) RevokeOthers(ctx context.Context, by authz.Actor) error {
	return s.self(ctx, by, func(ctx context.Context, w *op.W, p person) error {
		n, err := endSessions(ctx, w.Tx(), p.ID, by.Session())
		if err != nil {
			return fmt.Errorf("end the other sessions of %s: %w", p.ID, err)
		}
		if n == 0 {
			return w.Unchanged()
		}
		w.Audit(p.event(ActionSessionRevoked))
		return nil
	})
}

// own is self for what a key may do for its owner, too.
func (s *Service) own(ctx context.Context, by authz.Actor, fn func(ctx context.Context, w *op.W, p person) error) error {
	return s.op.WriteProfile(ctx, by, s.about(by, fn))
}

// self runs a write about the actor's own identity.
func (s *Service) self(ctx context.Context, by authz.Actor, fn func(ctx context.Context, w *op.W, p person) error) error {
	return s.op.WriteSelf(ctx, by, s.about(by, fn))
}

// about finds the actor's identity for a write about it.
func (s *Service) about(by authz.Actor, fn func(ctx context.Context, w *op.W, p person) error) func(ctx context.Context, w *op.W) error {
	return func(ctx context.Context, w *op.W) error {
		p, err := byID(ctx, w.Tx(), by.User())
		if err != nil {
			return fmt.Errorf("look up %s: %w", by.User(), err)
		}
		return fn(ctx, w, p)
	}
}
