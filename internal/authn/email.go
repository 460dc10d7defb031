package authn

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"golang.org/x/text/unicode/norm"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/onetime"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
)

const longestAddress = 254

// cleanAddress checks the form of an address that a person gives as theirs.
func cleanAddress(field, s string) (string, error) {
	s = norm.NFC.String(strings.TrimSpace(s))
	if s == "" {
		return "", errs.Field(field, "email.missing", "Type an email address.")
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || len(s) > longestAddress {
		return "", errs.Field(field, "email.malformed", "Type an address like name@example.com. This one cannot receive mail.")
	}
	return s, nil
}

// AskEmail mails a confirmation to the address that the actor wants to use. An address that somebody else uses gets the
// same answer and no mail.
func (s *Service) AskEmail(ctx context.Context, by authz.Actor, address string, password secret.String, from Client) error {
	address, err := cleanAddress("email", address)
	if err != nil {
		return err
	}
	if _, err := s.confirm(ctx, by, password, from); err != nil {
		return err
	}
	return s.self(ctx, by, func(ctx context.Context, w *op.W, p person) error {
		w.Audit(p.event(ActionEmailAsked))
		return s.mailConfirmation(ctx, w, p, pendingEmail{address: address})
	})
}

// mailConfirmation sends the link that puts a new address in force, unless somebody else uses that address.
func (s *Service) mailConfirmation(ctx context.Context, w *op.W, p person, to pendingEmail) error {
	if !s.mail.Sends() {
		return errs.Field("email", "email.mail_off", "Keep this address for now. Mail is off here, so a new one cannot be confirmed.")
	}
	if to.address == p.Email {
		return errs.Field("email", "email.same", "Type another address. This is the one in use now.")
	}
	token, err := onetime.Issue(ctx, w.Tx(), p.ID, onetime.ChangeEmail, to.String(), confirmFor)
	if err != nil {
		return err
	}
	free, err := addressFree(ctx, w.Tx(), to.address, p.ID)
	if err != nil {
		return fmt.Errorf("look up an address: %w", err)
	}
	if !free {
		return nil
	}
	m := p.mail(notify.EmailConfirm, "minutes", int(confirmFor.Minutes()))
	m.To, m.Link = to.address, secret.Wrap("/confirm-email/"+token.Reveal())
	return s.mail.Queue(ctx, w.Tx(), m)
}

// PeekEmail says which address a link would confirm. Looking changes nothing.
func (s *Service) PeekEmail(ctx context.Context, token secret.String) (string, error) {
	l, err := onetime.Peek(ctx, s.db, token, s.db.Now(), onetime.ChangeEmail)
	return readPending(l.Data).address, err
}

// ConfirmEmail puts the new address in force: the link came to it. The old address is told, and all sessions end but the one that
// confirms.
func (s *Service) ConfirmEmail(ctx context.Context, token secret.String, from Client) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		l, err := onetime.Use(ctx, tx, token, onetime.ChangeEmail)
		if err != nil {
			return err
		}
		p, err := byID(ctx, tx, l.User)
		if err != nil {
			return fmt.Errorf("look up %s: %w", l.User, err)
		}
		to := readPending(l.Data)
		stands, err := to.stands(ctx, s, tx, p)
		if err != nil {
			return err
		}
		if !stands {
			return onetime.Dead()
		}
		if err := changeEmail(ctx, tx, p, to.address); err != nil {
			return fmt.Errorf("change the address of %s: %w", p.ID, err)
		}
		keep, err := s.ownSession(ctx, tx, p.ID, from)
		if err != nil {
			return err
		}
		if _, err := endSessions(ctx, tx, p.ID, keep); err != nil {
			return fmt.Errorf("end the sessions of %s: %w", p.ID, err)
		}
		if err := s.mail.Queue(ctx, tx, p.mail(notify.EmailChanged, "email", to.address)); err != nil {
			return err
		}
		return record(ctx, tx, p.actor(from, keep), p, ActionEmailChanged)
	})
}

// ownSession is the session the browser presents if it is this person's, else "".
func (s *Service) ownSession(ctx context.Context, tx *db.Tx, user ids.User, from Client) (ids.Session, error) {
	if from.Session.Empty() {
		return "", nil
	}
	ses, err := sessionByToken(ctx, tx, from.Session, tx.Now())
	if errors.Is(err, db.ErrNoRows) || err == nil && (ses.User != user || ses.Stage != Full) {
		return "", nil
	}
	return ses.ID, err
}
