package authn

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// VerifyCode finishes a sign-in with the code of the second factor or a recovery code. The session gets a new token.
func (s *Service) VerifyCode(ctx context.Context, code string, from Client) (SignedIn, error) {
	out, err := s.verifyCode(ctx, code, from)
	s.counted(stepCode, err)
	return out, err
}

func (s *Service) verifyCode(ctx context.Context, code string, from Client) (SignedIn, error) {
	ses, err := s.find(ctx, from.Session)
	if err != nil {
		return SignedIn{}, err
	}
	if ses.Stage != NeedsCode {
		return SignedIn{}, errSignIn()
	}
	known, err := s.knownDevice(ctx, ses.User, from)
	if err != nil {
		return SignedIn{}, err
	}
	ls := limits("code", string(ses.User), from, known)
	if err := s.reserve(ctx, ls); err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	var p person
	err = s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		// The sign-in may have been ended, or finished by another request, since it was found.
		if _, err := sessionByToken(ctx, tx, from.Session, tx.Now()); err != nil {
			return orSignIn(err)
		}
		var err error
		if p, err = byID(ctx, tx, ses.User); err != nil {
			return fmt.Errorf("look up who signs in: %w", err)
		}
		if err := s.spendCode(ctx, tx, p, code, from, ses.ID); err != nil {
			return err
		}
		if err := forgive(ctx, tx, ls); err != nil {
			return err
		}
		out, err = s.enter(ctx, tx, p, entry{from: from, remember: ses.Remember, codePassed: true, password: true})
		return err
	})
	if errs.CodeOf(err) == codeWrong {
		return SignedIn{}, s.failed(ctx, p, from, ActionCodeFailed, err)
	}
	return out, err
}

func orSignIn(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return errSignIn()
	}
	return fmt.Errorf("look up a session: %w", err)
}

const codeWrong = "code.wrong"

func errCode() error {
	return errs.Field("code", codeWrong, "Type the code that your app shows now, or a recovery code you have not used. This one does not fit or was used before.")
}

// spendCode uses a code up; each works once.
func (s *Service) spendCode(ctx context.Context, tx *db.Tx, p person, code string, from Client, session ids.Session) error {
	code = cleanCode(code)
	if len(code) == totpDigits {
		step, err := s.matchTOTP(p, code, tx.Now())
		if err != nil {
			return err
		}
		if step == 0 {
			return errCode()
		}
		spent, err := spendStep(ctx, tx, p.ID, step)
		if err != nil {
			return fmt.Errorf("use up a code: %w", err)
		}
		if !spent {
			return errCode()
		}
		return nil
	}
	spent, err := spendRecoveryCode(ctx, tx, p.ID, recoveryHash(p.ID, code))
	if err != nil {
		return fmt.Errorf("use up a recovery code: %w", err)
	}
	if !spent {
		return errCode()
	}
	return record(ctx, tx, p.actor(from, session), p, ActionRecoveryUsed)
}

const (
	totpDigits = 6
	totpPeriod = 30
)

// cleanCode takes out what people type between groups.
func cleanCode(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(s)))
}

// recoveryHash binds a recovery code to its person.
func recoveryHash(user ids.User, code string) []byte {
	return secret.HashToken(string(user) + ":" + code)
}

// matchTOTP returns the step a code belongs to, one before or after now included, or 0.
func (s *Service) matchTOTP(p person, code string, at time.Time) (int64, error) {
	if len(p.TOTP) == 0 {
		return 0, nil
	}
	key, err := s.box.Open(totpPurpose, string(p.ID), p.TOTP)
	if err != nil {
		return 0, fmt.Errorf("open the second factor of %s: %w", p.ID, err)
	}
	now := at.Unix() / totpPeriod
	found := int64(0)
	for step := now - 1; step <= now+1; step++ {
		want, err := totpAt(string(key), step)
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	return found, nil
}

func totpAt(key string, step int64) (string, error) {
	code, err := hotp.GenerateCodeCustom(key, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}) //nolint:gosec // steps are after 1970
	if err != nil {
		return "", fmt.Errorf("compute a code: %w", err)
	}
	return code, nil
}
