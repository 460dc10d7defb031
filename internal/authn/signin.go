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
	"bailiwick/internal/jobs"
	"bailiwick/internal/secret"
)

// SignInInput is what the sign-in form says.
type SignInInput struct {
	Login    string // email address or user name
	Password secret.String
	Remember bool
	From     Client
}

// SignIn checks a password and opens a session; it needs a code yet when the person has a second factor. Whether
// the account exists shows neither in the answer nor in the time it takes.
func (s *Service) SignIn(ctx context.Context, in SignInInput) (SignedIn, error) {
	out, err := s.signIn(ctx, in)
	s.counted(stepPassword, err)
	return out, err
}

func (s *Service) signIn(ctx context.Context, in SignInInput) (SignedIn, error) {
	p, err := byLogin(ctx, s.db, in.Login)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return SignedIn{}, fmt.Errorf("look up who signs in: %w", err)
	}
	known, err := s.knownDevice(ctx, p.ID, in.From)
	if err != nil {
		return SignedIn{}, err
	}
	ls := limits("password", subjectOf(p.ID, in.Login), in.From, known)
	if err := s.reserve(ctx, ls); err != nil {
		return SignedIn{}, err
	}
	match, err := s.verify(ctx, p, in.Password)
	if err != nil {
		return SignedIn{}, err
	}
	if !match.OK {
		return SignedIn{}, s.failed(ctx, p, in.From, ActionSignInFailed, errWrong())
	}
	var fresh string
	if match.Stale {
		if fresh, err = s.hasher.Hash(ctx, in.Password); err != nil {
			return SignedIn{}, err
		}
	}
	var out SignedIn
	err = s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := forgive(ctx, tx, ls); err != nil {
			return err
		}
		if fresh != "" {
			if err := renewHash(ctx, tx, p.ID, p.Hash, fresh); err != nil {
				return fmt.Errorf("renew the password hash: %w", err)
			}
		}
		// Between the check and now the password may have been changed.
		now, err := byID(ctx, tx, p.ID)
		if err != nil {
			return fmt.Errorf("look up who signs in: %w", err)
		}
		if now.Credential != p.Credential {
			return errWrong()
		}
		out, err = s.enter(ctx, tx, now, entry{from: in.From, remember: in.Remember, password: true})
		return err
	})
	return out, err
}

func errWrong() error {
	return errs.New(errs.Invalid, "auth.wrong", "Check the email and the password and try again. They do not match an account.")
}

// longestTyped is the longest password looked at; what is longer cannot be right.
const longestTyped = 4 * secret.MaxPassword

func (s *Service) verify(ctx context.Context, p person, pw secret.String) (secret.Match, error) {
	if p.Hash == "" || len(pw.Reveal()) > longestTyped {
		return secret.Match{}, s.hasher.VerifyNobody(ctx, secret.Wrap("nobody"))
	}
	m, err := s.hasher.Verify(ctx, p.Hash, pw)
	if err != nil {
		return secret.Match{}, fmt.Errorf("check the password of %s: %w", p.ID, err)
	}
	return m, nil
}

// failed records a failed attempt and returns what the person is told. An unknown account costs the same write.
func (s *Service) failed(ctx context.Context, p person, from Client, action string, told error) error {
	err := s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		at := p.Logged
		if at == "" {
			var err error
			if at, err = platform(ctx, tx); err != nil {
				return fmt.Errorf("look up the platform: %w", err)
			}
		}
		if err := jobs.Enqueue(ctx, tx, failedArgs{p.ID, from.IP, tx.Now()}, jobs.Options{Queue: jobs.Mail}); err != nil {
			return err
		}
		return audit.Record(ctx, tx, visitor(from), at, []audit.Event{{Action: action, TargetType: "user", TargetID: string(p.ID), Target: p.Name}})
	})
	if err != nil {
		return err
	}
	return told
}

// entry is how somebody comes in.
type entry struct {
	from       Client
	remember   bool
	codePassed bool
	password   bool // by a password, which may have expired
	quiet      bool // the session only gets a new token: no sign-in is recorded
}

// enter opens a session for a person who has proven who they are. All ways to sign in end here.
func (s *Service) enter(ctx context.Context, tx *db.Tx, p person, in entry) (SignedIn, error) {
	if !in.from.Session.Empty() {
		if err := endToken(ctx, tx, in.from.Session); err != nil {
			return SignedIn{}, fmt.Errorf("end the session that was there: %w", err)
		}
	}
	token, hash := secret.NewToken()
	out := SignedIn{Token: token, Stage: Full, Remember: in.remember, Expires: tx.Now().Add(lifetime(in.remember))}
	if p.TOTPOn && !in.codePassed {
		out.Stage, out.Expires = NeedsCode, tx.Now().Add(codeFor)
	}
	if in.password && out.Stage == Full {
		at, err := expires(ctx, tx, p)
		if err != nil {
			return SignedIn{}, err
		}
		if !at.IsZero() && !tx.Now().Before(at) {
			out.Stage, out.Expires = NeedsPassword, tx.Now().Add(renewFor)
		}
	}
	id := ids.NewSession(tx.Now())
	if err := insertSession(ctx, tx, id, hash, p, in, out); err != nil {
		return SignedIn{}, fmt.Errorf("open a session: %w", err)
	}
	if out.Stage != Full {
		return out, nil
	}
	device, err := s.remember(ctx, tx, p.ID, in.from)
	if err != nil {
		return SignedIn{}, err
	}
	out.Device = device
	if in.quiet {
		return out, nil
	}
	return out, record(ctx, tx, p.actor(in.from, id), p, ActionSignedIn)
}

func lifetime(remember bool) time.Duration {
	if remember {
		return rememberedFor
	}
	return signedInFor
}

// record writes an event about the person, where what they do to themselves is logged.
func record(ctx context.Context, tx *db.Tx, by authz.Actor, p person, action string) error {
	return audit.Record(ctx, tx, by, p.Logged, []audit.Event{p.event(action)})
}

func (p person) event(action string) audit.Event {
	return audit.Event{Action: action, TargetType: "user", TargetID: string(p.ID), Target: p.Name, Account: p.Logged}
}

// SignInAs opens a session for somebody whose identity another step has just proven: the acceptance of an
// invitation. A second factor is still asked for.
func (s *Service) SignInAs(ctx context.Context, user ids.User, from Client) (SignedIn, error) {
	var out SignedIn
	err := s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := byID(ctx, tx, user)
		if err != nil {
			return fmt.Errorf("look up who signs in: %w", err)
		}
		out, err = s.enter(ctx, tx, p, entry{from: from})
		return err
	})
	return out, err
}

func (s *Service) knownDevice(ctx context.Context, user ids.User, from Client) (bool, error) {
	if from.Device.Empty() {
		return false, nil
	}
	known, err := isKnown(ctx, s.db, user, from.Device)
	if err != nil {
		return false, fmt.Errorf("look up the browser: %w", err)
	}
	return known, nil
}

// remember notes that the person has signed in from this browser; the token it returns is new, or none.
func (s *Service) remember(ctx context.Context, tx *db.Tx, user ids.User, from Client) (secret.String, error) {
	if !from.Device.Empty() {
		seen, err := touchDevice(ctx, tx, user, from.Device)
		if err != nil {
			return secret.String{}, fmt.Errorf("note the browser: %w", err)
		}
		if seen {
			return secret.String{}, nil
		}
	}
	token, hash := secret.NewToken()
	if err := insertDevice(ctx, tx, user, hash); err != nil {
		return secret.String{}, fmt.Errorf("note the browser: %w", err)
	}
	return token, nil
}
