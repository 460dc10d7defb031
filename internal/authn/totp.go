package authn

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"

	"github.com/boombuler/barcode/qr"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
)

const (
	totpPurpose = secret.Purpose("totp")

	recoveryCodes = 10
	recoveryLen   = 16 // five bits each
)

// Security is what a person sees of how they sign in.
type Security struct {
	Email         string
	Verified      bool
	TOTPOn        bool
	TOTPStarted   bool // a key was made and not confirmed yet
	RecoveryLeft  int
	PasswordShort bool
	MinLength     int
}

// Security tells the actor how they sign in.
func (s *Service) Security(ctx context.Context, by authz.Actor) (Security, error) {
	q, user, err := s.op.ReadSelf(by)
	if err != nil {
		return Security{}, err
	}
	p, err := byID(ctx, q, user)
	if err != nil {
		return Security{}, fmt.Errorf("look up %s: %w", user, err)
	}
	left, err := recoveryCodesLeft(ctx, q, user)
	if err != nil {
		return Security{}, fmt.Errorf("count the recovery codes of %s: %w", user, err)
	}
	least, err := leastOf(ctx, q, p)
	if err != nil {
		return Security{}, err
	}
	return Security{p.Email, p.Verified, p.TOTPOn, !p.TOTPOn && len(p.TOTP) > 0, left, p.Short, least}, nil
}

// Enrolment is what an authenticator app is given.
type Enrolment struct {
	Key    secret.String // for typing it in
	Square Square        // the same as a QR code
}

// Square is a QR code: dark modules as an SVG path of unit squares, Size of them along each side.
type Square struct {
	Size int
	Path string
}

// BeginTOTP makes a new key for the actor's authenticator app. It is in force once a code confirms it.
func (s *Service) BeginTOTP(ctx context.Context, by authz.Actor, password secret.String, from Client) error {
	if _, err := s.confirm(ctx, by, password, from); err != nil {
		return err
	}
	raw := make([]byte, 20)
	_, _ = rand.Read(raw) // never fails
	key := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
	return s.self(ctx, by, func(ctx context.Context, w *op.W, p person) error {
		if p.TOTPOn {
			return errTOTPOn()
		}
		if err := setTOTPSecret(ctx, w.Tx(), p.ID, s.box.Seal(totpPurpose, string(p.ID), []byte(key))); err != nil {
			return fmt.Errorf("keep the second factor of %s: %w", p.ID, err)
		}
		w.Audit(p.event(ActionTOTPBegun))
		return nil
	})
}

func errTOTPOn() error {
	return errs.New(errs.Conflict, "totp.on", "Turn the second factor off before you set up another. One is in use.")
}

func errTOTPOff() error {
	return errs.New(errs.Conflict, "totp.off", "Start setting up the second factor again. None has been started.")
}

// PendingTOTP shows the key that waits for its first code.
func (s *Service) PendingTOTP(ctx context.Context, by authz.Actor, issuer string) (Enrolment, error) {
	q, user, err := s.op.ReadSelf(by)
	if err != nil {
		return Enrolment{}, err
	}
	p, err := byID(ctx, q, user)
	if err != nil {
		return Enrolment{}, fmt.Errorf("look up %s: %w", user, err)
	}
	if p.TOTPOn || len(p.TOTP) == 0 {
		return Enrolment{}, errTOTPOff()
	}
	key, err := s.box.Open(totpPurpose, string(p.ID), p.TOTP)
	if err != nil {
		return Enrolment{}, fmt.Errorf("open the second factor of %s: %w", p.ID, err)
	}
	square, err := drawSquare(otpauth(issuer, p.Email, string(key)))
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{secret.Wrap(string(key)), square}, nil
}

// otpauth is the address that authenticator apps read.
func otpauth(issuer, who, key string) string {
	issuer = strings.ReplaceAll(issuer, ":", " ")
	label := url.PathEscape(issuer) + ":" + url.PathEscape(who)
	return "otpauth://totp/" + label + "?secret=" + key + "&issuer=" + strings.ReplaceAll(url.QueryEscape(issuer), "+", "%20")
}

func drawSquare(text string) (Square, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return Square{}, fmt.Errorf("draw a QR code: %w", err)
	}
	size := code.Bounds().Dx()
	var b strings.Builder
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x, y)
			}
		}
	}
	return Square{size, b.String()}, nil
}

// ConfirmTOTP puts the key in force when the code shows that the app has it. It returns the recovery codes, which are shown once.
func (s *Service) ConfirmTOTP(ctx context.Context, by authz.Actor, code string, from Client) ([]secret.String, SignedIn, error) {
	q, user, err := s.op.ReadSelf(by)
	if err != nil {
		return nil, SignedIn{}, err
	}
	seen, err := byID(ctx, q, user)
	if err != nil {
		return nil, SignedIn{}, fmt.Errorf("look up %s: %w", user, err)
	}
	codes, hashes := newRecoveryCodes(seen)
	in, err := s.credentials(ctx, by, seen, from, func(ctx context.Context, w *op.W, p person) error {
		if p.TOTPOn {
			return errTOTPOn()
		}
		if len(p.TOTP) == 0 {
			return errTOTPOff()
		}
		step, err := s.matchTOTP(p, cleanCode(code), w.Tx().Now())
		if err != nil {
			return err
		}
		if step == 0 {
			return errs.Field("code", "code.not_yours", "Type the six digits that your app shows now. If they keep failing, check the clock of your phone.")
		}
		if err := enableTOTP(ctx, w.Tx(), p.ID, step); err != nil {
			return fmt.Errorf("turn the second factor of %s on: %w", p.ID, err)
		}
		if err := replaceRecoveryCodes(ctx, w.Tx(), p.ID, hashes); err != nil {
			return fmt.Errorf("keep the recovery codes of %s: %w", p.ID, err)
		}
		w.Audit(p.event(ActionTOTPEnabled))
		return s.mail.Queue(ctx, w.Tx(), p.mail(notify.SecondFactorOn))
	})
	if err != nil {
		return nil, SignedIn{}, err
	}
	return codes, in, nil
}

func newRecoveryCodes(p person) (codes []secret.String, hashes [][]byte) {
	for range recoveryCodes {
		c := secret.NewCode(recoveryLen).Reveal()
		codes = append(codes, secret.Wrap(c[:4]+"-"+c[4:8]+"-"+c[8:12]+"-"+c[12:]))
		hashes = append(hashes, recoveryHash(p.ID, c))
	}
	return codes, hashes
}

// NewRecoveryCodes replaces the actor's recovery codes; the older ones no longer work.
func (s *Service) NewRecoveryCodes(ctx context.Context, by authz.Actor, password secret.String, from Client) ([]secret.String, error) {
	seen, err := s.confirm(ctx, by, password, from)
	if err != nil {
		return nil, err
	}
	codes, hashes := newRecoveryCodes(seen)
	err = s.self(ctx, by, func(ctx context.Context, w *op.W, p person) error {
		if !p.TOTPOn {
			return errTOTPOff()
		}
		if err := replaceRecoveryCodes(ctx, w.Tx(), p.ID, hashes); err != nil {
			return fmt.Errorf("keep the recovery codes of %s: %w", p.ID, err)
		}
		w.Audit(p.event(ActionRecoveryMade))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// DisableTOTP takes the actor's second factor away. With a password that is too short to stand alone, another one comes first.
func (s *Service) DisableTOTP(ctx context.Context, by authz.Actor, password secret.String, from Client) (SignedIn, error) {
	seen, err := s.confirm(ctx, by, password, from)
	if err != nil {
		return SignedIn{}, err
	}
	if seen.Short {
		return SignedIn{}, errs.New(errs.Conflict, "totp.password_short",
			"Set a password of at least {min} characters first. Yours is shorter, which is enough only beside a second factor.", "min", secret.MinPassword)
	}
	return s.credentials(ctx, by, seen, from, func(ctx context.Context, w *op.W, p person) error {
		if !p.TOTPOn {
			return errTOTPOff()
		}
		if err := dropTOTP(ctx, w.Tx(), p.ID); err != nil {
			return fmt.Errorf("turn the second factor of %s off: %w", p.ID, err)
		}
		w.Audit(p.event(ActionTOTPDisabled))
		return s.mail.Queue(ctx, w.Tx(), p.mail(notify.SecondFactorOff))
	})
}
