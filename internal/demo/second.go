package demo

import (
	"context"
	"fmt"
	"slices"

	"github.com/pquerna/otp/totp"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/user"
)

// secondFactors lets some of the people who run the larger accounts, and of those who work there, set up two-step
// sign-in. Nobody who can sign in to the demo has to type a code.
func (l *loader) secondFactors(ctx context.Context) error {
	l.at(45)
	places := []ids.Account{l.out.Platform, l.out.Acme}
	for _, r := range []string{meridian, sadeem} {
		places = append(places, l.resellers[r].id)
	}
	for _, at := range places {
		page, err := l.App.Users.List(ctx, l.owner, at, user.Query{})
		if err != nil {
			return fmt.Errorf("people of %s: %w", at, err)
		}
		for _, m := range page.Members {
			runs := m.Role == authz.Owner || m.Role == authz.Admin
			if !runs && l.rng.IntN(4) > 0 || runs && l.rng.IntN(2) > 0 || m.TwoFactor || l.signsIn(m.Email) {
				continue
			}
			if err := l.secondFactor(ctx, m.User); err != nil {
				return fmt.Errorf("second factor of %s: %w", m.User, err)
			}
		}
	}
	return nil
}

func (l *loader) signsIn(email string) bool {
	return slices.ContainsFunc(l.out.Logins, func(o Login) bool { return o.Email == email })
}

// secondFactor sets an authenticator app up as the person would.
func (l *loader) secondFactor(ctx context.Context, who ids.User) error {
	in, err := l.App.Authn.SignInAs(ctx, who, office)
	if err != nil {
		return err
	}
	from := office
	from.Session = in.Token
	by, err := l.resolve(ctx, in)
	if err != nil {
		return err
	}
	if err := l.App.Authn.BeginTOTP(ctx, by, l.unknown, from); err != nil {
		return err
	}
	pending, err := l.App.Authn.PendingTOTP(ctx, by, platformName)
	if err != nil {
		return err
	}
	code, err := totp.GenerateCode(pending.Key.Reveal(), l.Clock.Now())
	if err != nil {
		return err
	}
	_, _, err = l.App.Authn.ConfirmTOTP(ctx, by, code, from)
	return err
}
