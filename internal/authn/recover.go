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
	"bailiwick/internal/notify"
	"bailiwick/internal/onetime"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
)

// forgotArgs asks for a reset link. Whether somebody has that address is looked up by the worker, so that the
// answer and its time are the same for all.
type forgotArgs struct {
	Login     string `json:"login"`
	IP        string `json:"ip"`
	RequestID string `json:"request_id"`
}

// Kind names the job.
func (forgotArgs) Kind() string { return "authn.forgot" }

// Forgot asks for a reset link to be mailed, if the address or user name belongs to somebody.
func (s *Service) Forgot(ctx context.Context, login string, from Client) error {
	if !s.mail.Sends() {
		return errMailOff()
	}
	fold := ids.Fold(login)
	if fold == "" {
		return errs.Field("login", "login.missing", "Type the email address you sign in with.")
	}
	ls := []limit{{"forgot:address:" + network(from.IP), perForgotAddress, attemptWindow}}
	if err := s.reserve(ctx, ls); err != nil {
		return err
	}
	return s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		return jobs.Enqueue(ctx, tx, forgotArgs{clip(fold, 320), from.IP, from.RequestID}, jobs.Options{Queue: jobs.Mail})
	})
}

func errMailOff() error {
	return errs.New(errs.Conflict, "reset.mail_off", "Ask an admin of your account for a link. Mail is off here, so none can be sent.")
}

// Register lists the package's jobs.
func (s *Service) Register(w *jobs.Workers) {
	jobs.Register(w, jobs.Mail, s.forgot, jobs.Secret)
	jobs.Register(w, jobs.Mail, s.tellOfFailure)
	w.Periodic("authn.password_warnings", warnEvery, s.WarnOfExpiry)
	w.Periodic("authn.sweep", time.Hour, func(ctx context.Context) error { return s.db.Batch(ctx, sweepOld) })
}

// forgot mails a reset link. Who never set a password has an invitation or a welcome mail for that, and an address
// that is only invited has no identity: neither is activated from here.
func (s *Service) forgot(ctx context.Context, j jobs.Job, a forgotArgs) error {
	from := Client{IP: a.IP, RequestID: a.RequestID}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := byLogin(ctx, tx, a.Login)
		if err != nil && !errors.Is(err, db.ErrNoRows) {
			return fmt.Errorf("look up who forgot a password: %w", err)
		}
		if err == nil && p.Hash != "" {
			sent, err := s.mailReset(ctx, tx, p)
			if err != nil {
				return err
			}
			if sent {
				if err := record(ctx, tx, visitor(from), p, ActionResetRequested); err != nil {
					return err
				}
			}
		}
		return jobs.CompleteTx(ctx, tx, j)
	})
}

// mailReset sends a reset link unless several were sent within the hour: nobody's mailbox is flooded from here.
func (s *Service) mailReset(ctx context.Context, tx *db.Tx, p person) (bool, error) {
	n, _, err := countAttempt(ctx, tx, limit{"forgot:account:" + string(p.ID), perForgotAccount, forgotAccountSpan})
	if err != nil {
		return false, fmt.Errorf("count the reset mails of %s: %w", p.ID, err)
	}
	if n > perForgotAccount {
		return false, nil
	}
	token, err := onetime.Issue(ctx, tx, p.ID, onetime.Reset, "", resetFor)
	if err != nil {
		return false, err
	}
	m := p.mail(notify.Reset, "minutes", int(resetFor/time.Minute))
	m.Link = resetPath(token)
	return true, s.mail.Queue(ctx, tx, m)
}

func resetPath(token secret.String) secret.String { return secret.Wrap("/reset/" + token.Reveal()) }

// SendReset mails a reset link to a person's own address, for an admin who may edit them in the account and ranks
// no lower. A person who has never set a password gets a new set-password link instead.
func (s *Service) SendReset(ctx context.Context, by authz.Actor, account ids.Account, who ids.User) error {
	return s.op.Write(ctx, by, authz.UsersEdit, account, func(ctx context.Context, w *op.W) error {
		if err := checkRank(ctx, w.Tx(), w.Scope(), who); err != nil {
			return err
		}
		p, err := byID(ctx, w.Tx(), who)
		if err != nil {
			return fmt.Errorf("look up %s: %w", who, err)
		}
		if !s.mail.Sends() {
			return errMailOff()
		}
		p.Logged = account
		w.Audit(p.event(ActionResetRequested))
		if p.Hash == "" {
			return s.mailWelcome(ctx, w.Tx(), p)
		}
		sent, err := s.mailReset(ctx, w.Tx(), p)
		if err == nil && !sent {
			return errs.New(errs.OverQuota, "reset.too_many", "Wait an hour and try again. Several reset mails were sent to this person already.")
		}
		return err
	})
}

// ResetLink makes a reset link where mail is off, for an admin who may change the person's identity, and returns its
// path to be shown once. The link proves no mailbox.
func (s *Service) ResetLink(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership) (path secret.String, err error) {
	err = s.another(ctx, by, account, id, func(ctx context.Context, w *op.W, p person) error {
		if s.mail.Sends() {
			return errs.New(errs.Conflict, "reset.mail_on", "Send a reset link instead. It goes to the person's own mailbox, which nobody else reads.")
		}
		token, err := onetime.Issue(ctx, w.Tx(), p.ID, onetime.Reset, onetime.Shown, resetFor)
		if err != nil {
			return err
		}
		path = resetPath(token)
		w.Audit(aboutMember(ActionResetShown, id, p))
		return nil
	})
	if err != nil {
		return secret.String{}, err
	}
	return path, nil
}

// checkRank checks that the holder of the scope stands no lower on its account than a person of it.
func checkRank(ctx context.Context, q db.Queryer, sc authz.Scope, who ids.User) error {
	m, found, err := user.Membership(ctx, q, sc, who)
	if err != nil {
		return fmt.Errorf("look up the membership of %s: %w", who, err)
	}
	if !found {
		return errs.NoSuch("user")
	}
	return m.CheckRank(ctx, q, sc, m.Grant())
}

// welcomeFor is as long as an invitation lives.
const welcomeFor = 7 * 24 * time.Hour

func (s *Service) mailWelcome(ctx context.Context, tx *db.Tx, p person) error {
	token, err := onetime.Issue(ctx, tx, p.ID, onetime.SetPassword, "", welcomeFor)
	if err != nil {
		return err
	}
	name, err := accountName(ctx, tx, p.Logged)
	if err != nil {
		return fmt.Errorf("look up %s: %w", p.Logged, err)
	}
	m := p.mail(notify.Welcome, "account", name, "username", p.Username, "expires", tx.Now().Add(welcomeFor))
	m.Link = secret.Wrap("/welcome/" + token.Reveal())
	return s.mail.Queue(ctx, tx, m)
}

// LinkOwner is whom a reset or set-password link is for.
type LinkOwner struct {
	Purpose   onetime.Purpose
	Name      string
	Email     string
	Username  string
	MinLength int
	Expires   time.Time
	Account   ids.Account // where they worked last
}

// PeekLink says whom a reset or set-password link is for. Looking changes nothing.
func (s *Service) PeekLink(ctx context.Context, token secret.String) (LinkOwner, error) {
	l, err := onetime.Peek(ctx, s.db, token, s.db.Now(), onetime.Reset, onetime.SetPassword)
	if err != nil {
		return LinkOwner{}, err
	}
	p, err := byID(ctx, s.db, l.User)
	if err != nil {
		return LinkOwner{}, fmt.Errorf("look up %s: %w", l.User, err)
	}
	least, err := leastOf(ctx, s.db, p)
	if err != nil {
		return LinkOwner{}, err
	}
	return LinkOwner{l.Purpose, p.Name, p.Email, p.Username, least, l.ExpiresAt, p.Logged}, nil
}

// SetPasswordByLink sets a password with a reset or set-password link and signs the person in. All their sessions and
// other links end; the second factor is still asked for. A mailbox proven for the first time takes away what
// whoever held the identity before had set up.
func (s *Service) SetPasswordByLink(ctx context.Context, token, pw secret.String, from Client) (SignedIn, error) {
	seen, err := s.PeekLink(ctx, token)
	if err != nil {
		return SignedIn{}, err
	}
	p, err := byLogin(ctx, s.db, seen.Email)
	if err != nil {
		return SignedIn{}, fmt.Errorf("look up who sets a password: %w", err)
	}
	if err := checkNew(ctx, s.db, p, pw); err != nil {
		return SignedIn{}, err
	}
	if err := s.checkFormer(ctx, p, pw, false); err != nil {
		return SignedIn{}, err
	}
	hash, err := s.hasher.Hash(ctx, pw)
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		l, err := onetime.Use(ctx, tx, token, onetime.Reset, onetime.SetPassword)
		if err != nil {
			return err
		}
		p, err := byID(ctx, tx, l.User)
		if err != nil {
			return fmt.Errorf("look up %s: %w", l.User, err)
		}
		if p, err = s.reclaim(ctx, tx, p, l); err != nil {
			return err
		}
		if isShort(pw) && !p.TOTPOn {
			return errShortAlone()
		}
		out, err = s.setByLink(ctx, tx, p, hash, isShort(pw), from)
		return err
	})
	return out, err
}

func errShortAlone() error {
	return errs.Field("password", "password.too_short", "Use at least {min} characters. Several words in a row are easy to remember and hard to guess.",
		"min", secret.MinPassword)
}

// reclaim settles what the link proves: a mailed link proves the mailbox.
func (s *Service) reclaim(ctx context.Context, tx *db.Tx, p person, l onetime.Link) (person, error) {
	mailed := l.Data != onetime.Shown && l.Data != onetime.BreakGlass
	if l.Data == onetime.BreakGlass || mailed && !p.Verified {
		if err := dropTOTP(ctx, tx, p.ID); err != nil {
			return p, fmt.Errorf("take the second factor of %s away: %w", p.ID, err)
		}
		p.TOTPOn, p.TOTP = false, nil
	}
	if mailed {
		if err := verifyMailbox(ctx, tx, p.ID); err != nil {
			return p, fmt.Errorf("note the mailbox of %s: %w", p.ID, err)
		}
	}
	return p, nil
}

func (s *Service) setByLink(ctx context.Context, tx *db.Tx, p person, hash string, short bool, from Client) (SignedIn, error) {
	if err := replacePassword(ctx, tx, p, hash, short); err != nil {
		return SignedIn{}, err
	}
	if _, err := endSessions(ctx, tx, p.ID, ""); err != nil {
		return SignedIn{}, fmt.Errorf("end the sessions of %s: %w", p.ID, err)
	}
	if err := forgetDevices(ctx, tx, p.ID); err != nil {
		return SignedIn{}, fmt.Errorf("forget the browsers of %s: %w", p.ID, err)
	}
	if err := clearAccountAttempts(ctx, tx, p.ID); err != nil {
		return SignedIn{}, fmt.Errorf("clear the attempts on %s: %w", p.ID, err)
	}
	if p.Hash != "" {
		if err := s.mail.Queue(ctx, tx, p.mail(notify.PasswordChanged)); err != nil {
			return SignedIn{}, err
		}
	}
	if err := record(ctx, tx, p.actor(from, ""), p, ActionPasswordSet); err != nil {
		return SignedIn{}, err
	}
	return s.enter(ctx, tx, p, entry{from: from})
}

// ResetOwner is the break-glass way in: it makes a link that sets an Owner of the platform a new password and takes
// their second factor away. It returns the link's token, to be shown once on the server's own console.
func (s *Service) ResetOwner(ctx context.Context, by authz.Actor, email string) (secret.String, error) {
	if by.Kind() != authz.Console {
		return secret.String{}, errs.New(errs.Denied, "auth.console_only", "Run this on the server itself.")
	}
	var token secret.String
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := byLogin(ctx, tx, email)
		if errors.Is(err, db.ErrNoRows) {
			return errNoOwner()
		}
		if err != nil {
			return fmt.Errorf("look up the owner: %w", err)
		}
		owner, err := ownsPlatform(ctx, tx, p.ID)
		if err != nil {
			return fmt.Errorf("look up the owner: %w", err)
		}
		if !owner {
			return errNoOwner()
		}
		if token, err = onetime.Issue(ctx, tx, p.ID, onetime.Reset, onetime.BreakGlass, resetFor); err != nil {
			return err
		}
		at, err := platform(ctx, tx)
		if err != nil {
			return fmt.Errorf("look up the platform: %w", err)
		}
		return audit.Record(ctx, tx, by, at, []audit.Event{p.event(ActionOwnerResetIssued)})
	})
	return token, err
}

func errNoOwner() error {
	return errs.New(errs.NotFound, "owner.not_found", "Name the address of an active Owner of the platform. Nobody with this address is one.")
}
