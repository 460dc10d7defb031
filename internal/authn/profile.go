package authn

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// Profile is what a person says of themselves, in all their accounts.
type Profile struct {
	Name     string `audit:"show"`
	Username string `audit:"show"`
	Language string `audit:"show"`
	TimeZone string `audit:"show"`
	Email    string
	Version  int64 `audit:"-"`
	KeysOff  bool  `audit:"-"` // wants no shortcuts of single keys; changed by UseKeys alone
}

// Profile returns the actor's own profile.
func (s *Service) Profile(ctx context.Context, by authz.Actor) (Profile, error) {
	q, user, err := s.op.ReadProfile(ctx, by)
	if err != nil {
		return Profile{}, err
	}
	p, err := byID(ctx, q, user)
	if err != nil {
		return Profile{}, fmt.Errorf("look up %s: %w", user, err)
	}
	return p.profile(), nil
}

func (p person) profile() Profile {
	return Profile{p.Name, p.Username, p.Language, p.TimeZone, p.Email, p.Version, p.KeysOff}
}

// UpdateProfile changes the actor's own profile. The address is not among it: it has to be confirmed.
func (s *Service) UpdateProfile(ctx context.Context, by authz.Actor, in Profile) error {
	return s.own(ctx, by, func(ctx context.Context, w *op.W, p person) error {
		next, err := saveProfile(ctx, w, p, in)
		if err != nil {
			return err
		}
		e := p.event(ActionProfileChanged)
		e.Before, e.After = p.profile(), next
		w.Audit(e)
		return nil
	})
}

// saveProfile stores what is said of a person and returns it as it was stored.
func saveProfile(ctx context.Context, w *op.W, p person, in Profile) (Profile, error) {
	if in.Version != p.Version {
		return in, errs.New(errs.Conflict, "profile.stale", "Load the page again. The profile was changed in another window meanwhile.")
	}
	next, err := in.clean(p)
	if err != nil {
		return in, err
	}
	if next == p.profile() {
		return in, w.Unchanged()
	}
	free, err := usernameFree(ctx, w.Tx(), next.Username, p.ID)
	if err != nil {
		return in, fmt.Errorf("look up a user name: %w", err)
	}
	if !free {
		return in, errs.Field("username", "username.taken", "Choose another user name. This one is taken.")
	}
	if err := updateProfile(ctx, w.Tx(), p.ID, next); err != nil {
		return in, fmt.Errorf("change the profile of %s: %w", p.ID, err)
	}
	return next, nil
}

// UseKeys switches the portal's shortcuts of single keys on or off for the actor.
func (s *Service) UseKeys(ctx context.Context, by authz.Actor, on bool) error {
	return s.own(ctx, by, func(ctx context.Context, w *op.W, p person) error {
		if p.KeysOff == !on {
			return w.Unchanged()
		}
		if err := updateKeys(ctx, w.Tx(), p.ID, !on); err != nil {
			return fmt.Errorf("change the keyboard of %s: %w", p.ID, err)
		}
		e := p.event(ActionKeyboardChanged)
		e.Before, e.After = keyboard{!p.KeysOff}, keyboard{on}
		w.Audit(e)
		return nil
	})
}

// keyboard is how a person uses the keyboard, as the audit log shows it.
type keyboard struct {
	SingleKeys bool `audit:"show"`
}

func (in Profile) clean(p person) (Profile, error) {
	var c errs.Collector
	name, err := cleanName("name", in.Name)
	if err := c.Merge(err); err != nil {
		return in, err
	}
	username, err := cleanUsername(in.Username, p.Email)
	if err := c.Merge(err); err != nil {
		return in, err
	}
	if _, err := time.LoadLocation(in.TimeZone); err != nil || in.TimeZone == "Local" {
		c.Add("time_zone", "time_zone.unknown", "Choose a time zone from the list.")
	}
	if len(in.Language) > 35 {
		c.Add("language", "language.unknown", "Choose a language from the list.")
	}
	return Profile{name, username, in.Language, in.TimeZone, p.Email, p.Version, p.KeysOff}, c.Err()
}

const longestName = 255

func cleanName(field, s string) (string, error) {
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return "", errs.Field(field, field+".missing", "Type a name.")
	case n > longestName:
		return "", errs.Field(field, field+".too_long", "Use at most {max} characters.", "max", longestName)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "", errs.Field(field, field+".not_text", "Type the name again: some of it is not text.")
	}
	return s, nil
}

// cleanUsername keeps user names apart from other people's addresses: one with an @ must be the person's own.
func cleanUsername(s, email string) (string, error) {
	s = norm.NFC.String(strings.TrimSpace(s))
	n := utf8.RuneCountInString(s)
	switch {
	case s == "" || ids.Fold(s) == ids.Fold(email):
		return email, nil
	case strings.Contains(s, "@"):
		return "", errs.Field("username", "username.address", "Use a name without @, or your own email address.")
	case n < 2 || n > 64 || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) || !utf8.ValidString(s):
		return "", errs.Field("username", "username.malformed", "Use 2 to 64 characters without spaces.")
	}
	return s, nil
}
