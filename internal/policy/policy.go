// Package policy is the rules an account sets for how its people sign in and its keys are used. Each can only be made
// stricter further down.
//
// They are enforced at the gate of authorization, which asks them about each grant whenever somebody with a session or
// a key comes to an account, and by authn: where people sign in, and where they choose a password.
package policy

import (
	"cmp"

	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

// Rules of passwords. Expiry and History are off at 0.
var (
	PasswordLength = setting.Key[int]{Name: "password.min_length", Default: secret.MinPassword, Merge: setting.Tighten(greater), Check: between(secret.MinPassword, secret.MaxPassword/2), Guard: true,
		Control: setting.Control{Kind: setting.Number, Unit: "characters", Low: secret.MinPassword, High: secret.MaxPassword / 2}}
	PasswordExpiry = setting.Key[int]{Name: "password.expiry_days", Merge: sooner, Check: between(0, longestExpiry), Guard: true,
		Control: setting.Control{Kind: setting.Optional, Unit: "days", Low: 1, High: longestExpiry}}
	PasswordHistory = setting.Key[int]{Name: "password.history", Merge: setting.Tighten(greater), Check: between(0, MostFormer), Guard: true,
		Control: setting.Control{Kind: setting.Number, Unit: "passwords", Low: 0, High: MostFormer}}
	FailedNotice = setting.Key[bool]{Name: "sign_in.failed_notice", Merge: setting.Tighten(func(a, b bool) bool { return a && !b }),
		Control: setting.Control{Kind: setting.Switch, Mails: true}}
)

// Who needs a second factor, and the days they have to set it up.
var (
	SecondFactor = setting.Key[string]{Name: "two_factor.required", Default: Nobody, Merge: setting.Tighten(wider), Check: oneOf(Nobody, Admins, Everyone), Guard: true, Anew: func(before, after string) bool { return wider(after, before) },
		Control: setting.Control{Kind: setting.Choice, Options: []string{Nobody, Admins, Everyone}}}
	SecondFactorDays = setting.Key[int]{Name: "two_factor.days", Default: usualGrace, Merge: setting.Tighten(cmp.Less[int]), Check: between(0, longestGrace), Guard: true,
		Control: setting.Control{Kind: setting.Number, Unit: "days", Low: 0, High: longestGrace}}
)

// Rules of sessions. A session that its person did not ask to be remembered ends after 12 hours in any case.
var (
	SessionIdle = setting.Key[int]{Name: "session.idle_minutes", Default: longestIdle, Merge: setting.Tighten(cmp.Less[int]), Check: between(shortestIdle, longestIdle), Guard: true,
		Control: setting.Control{Kind: setting.Number, Unit: "minutes", Low: shortestIdle, High: longestIdle}}
	SessionAbsolute = setting.Key[int]{Name: "session.absolute_hours", Default: longestLife, Merge: setting.Tighten(cmp.Less[int]), Check: between(1, longestLife), Guard: true,
		Control: setting.Control{Kind: setting.Number, Unit: "hours", Low: 1, High: longestLife}}
	// SignedOut is when everyone was signed out of the account. It has a button, not a field.
	SignedOut = setting.Key[Out]{Name: "session.signed_out", Merge: setting.Override[Out], Guard: true}
)

// The lists of addresses. They have forms of their own.
var (
	PortalAddresses = setting.Key[Networks]{Name: "network.portal", Merge: meet, Check: checkNetworks, Guard: true}
	APIAddresses    = setting.Key[Networks]{Name: "network.api", Merge: meet, Check: checkNetworks, Guard: true}
)

// Who needs a second factor.
const (
	Nobody   = "nobody"
	Admins   = "admins"
	Everyone = "everyone"
)

// MostFormer is how many former passwords are remembered at most.
const MostFormer = 24

const (
	shortestIdle  = 5       // minutes
	longestLife   = 14 * 24 // hours
	longestIdle   = longestLife * 60
	longestExpiry = 730 // days
	usualGrace    = 7
	longestGrace  = 60
)

// Out is when everyone was signed out, in milliseconds, and the one session that stayed.
type Out struct {
	At   int64       `json:"at"`
	Keep ids.Session `json:"keep"`
}

// Passwords lists the rules of passwords.
func Passwords() []setting.Any {
	return []setting.Any{PasswordExpiry, PasswordLength, PasswordHistory, FailedNotice}
}

// TwoStep lists the rules of second factors.
func TwoStep() []setting.Any { return []setting.Any{SecondFactor, SecondFactorDays} }

// Sessions lists the rules of sessions.
func Sessions() []setting.Any { return []setting.Any{SessionIdle, SessionAbsolute} }

// Elsewhere lists the rules that stand on no tab as fields.
func Elsewhere() []setting.Any { return []setting.Any{PortalAddresses, APIAddresses, SignedOut} }

func greater(a, b int) bool { return a > b }

// sooner keeps the shorter of two times to expiry; 0 is never.
func sooner(above, own int) (int, bool) {
	if own > 0 && (above == 0 || own < above) {
		return own, true
	}
	return above, own == above
}

var reach = map[string]int{Nobody: 0, Admins: 1, Everyone: 2}

func wider(a, b string) bool { return reach[a] > reach[b] }

func between(low, high int) func(int) error {
	return func(n int) error {
		if n < low || n > high {
			return errs.New(errs.Invalid, "policy.out_of_range", "Choose a number from {low} to {high}.", "low", low, "high", high)
		}
		return nil
	}
}

func oneOf(known ...string) func(string) error {
	return func(s string) error {
		for _, k := range known {
			if s == k {
				return nil
			}
		}
		return errs.New(errs.Invalid, "setting.not_offered", "Choose one of what is offered.")
	}
}
