package authn

import (
	"context"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/policy"
	"bailiwick/internal/secret"
)

// checkNew says whether a password may become this person's.
func checkNew(ctx context.Context, q db.Queryer, p person, pw secret.String) error {
	least, err := leastOf(ctx, q, p)
	if err != nil {
		return err
	}
	words, err := accountNames(ctx, q, p.ID)
	if err != nil {
		return fmt.Errorf("read the accounts of %s: %w", p.ID, err)
	}
	words = append(words, p.Name, p.Email, p.Username)
	return secret.CheckPassword(pw, secret.Rules{MinLength: least}, words...)
}

// leastOf is the shortest password that the person may have.
func leastOf(ctx context.Context, q db.Queryer, p person) (int, error) {
	rules, err := rulesFor(ctx, q, p.ID, policy.PasswordLength)
	if err != nil {
		return 0, err
	}
	least := secret.MinPassword
	if p.TOTPOn {
		least = secret.MinPasswordWithSecond
	}
	for _, r := range rules {
		least = max(least, r.Value)
	}
	return least, nil
}

// isShort reports whether a password is good enough only beside a second factor.
func isShort(pw secret.String) bool {
	return utf8.RuneCountInString(norm.NFKC.String(pw.Reveal())) < secret.MinPassword
}

// confirm checks that whoever acts knows the person's password. Attempts are limited as at sign-in.
func (s *Service) confirm(ctx context.Context, by authz.Actor, pw secret.String, from Client) (person, error) {
	q, user, err := s.op.ReadSelf(by)
	if err != nil {
		return person{}, err
	}
	p, err := byID(ctx, q, user)
	if err != nil {
		return person{}, fmt.Errorf("look up %s: %w", user, err)
	}
	known, err := s.knownDevice(ctx, user, from)
	if err != nil {
		return person{}, err
	}
	ls := limits("password", string(user), from, known)
	if err := s.reserve(ctx, ls); err != nil {
		return person{}, err
	}
	m, err := s.verify(ctx, p, pw)
	if err != nil {
		return person{}, err
	}
	if !m.OK {
		return person{}, errs.Field("current", "password.wrong", "Type the password you sign in with now. This is not it.")
	}
	return p, s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return forgive(ctx, tx, ls) })
}

// ChangePassword replaces the actor's password. Their other sessions and open links end, and this session gets a
// new token.
func (s *Service) ChangePassword(ctx context.Context, by authz.Actor, current, next secret.String, from Client) (SignedIn, error) {
	seen, err := s.confirm(ctx, by, current, from)
	if err != nil {
		return SignedIn{}, err
	}
	if err := checkNew(ctx, s.db, seen, next); err != nil {
		return SignedIn{}, err
	}
	if err := s.checkFormer(ctx, seen, next, false); err != nil {
		return SignedIn{}, err
	}
	hash, err := s.hasher.Hash(ctx, next)
	if err != nil {
		return SignedIn{}, err
	}
	return s.credentials(ctx, by, seen, from, func(ctx context.Context, w *op.W, p person) error {
		if err := replacePassword(ctx, w.Tx(), p, hash, isShort(next)); err != nil {
			return err
		}
		w.Audit(p.event(ActionPasswordChanged))
		return s.mail.Queue(ctx, w.Tx(), p.mail(notify.PasswordChanged))
	})
}

// credentials runs a change of how the actor signs in. When it is done all other sessions are over and this one
// has a new token.
func (s *Service) credentials(ctx context.Context, by authz.Actor, seen person, from Client, fn func(ctx context.Context, w *op.W, p person) error) (SignedIn, error) {
	var out SignedIn
	err := s.self(ctx, by, func(ctx context.Context, w *op.W, p person) error {
		if p.Credential != seen.Credential {
			return errs.New(errs.Conflict, "credentials.changed", "Load the page again. Your credentials were changed in another window meanwhile.")
		}
		keep, err := sessionByToken(ctx, w.Tx(), from.Session, w.Tx().Now())
		if err != nil {
			return orSignIn(err)
		}
		if err := fn(ctx, w, p); err != nil {
			return err
		}
		if _, err := endSessions(ctx, w.Tx(), p.ID, ""); err != nil {
			return fmt.Errorf("end the sessions of %s: %w", p.ID, err)
		}
		p.Home = keep.Account
		out, err = s.enter(ctx, w.Tx(), p, entry{from: from, remember: keep.Remember, codePassed: true, quiet: true})
		return err
	})
	return out, err
}

// mail starts a mail to the person.
func (p person) mail(t notify.Template, data ...any) notify.Mail {
	return notify.Mail{To: p.Email, Name: p.Name, Template: t, Language: p.Language, Account: p.Logged, Data: data}
}
