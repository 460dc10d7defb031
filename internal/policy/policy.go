// Package policy is the rules an account sets for how its people sign in. Each can only be made stricter further down.
//
// They are enforced where people sign in and at each request of a session, by authn, in the queries that find the
// session and the person: the smallest of the idle and absolute times and the greatest of the lengths on the chain.
package policy

import (
	"cmp"

	"bailiwick/internal/errs"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

// The rules. SessionIdle and SessionAbsolute at 0 leave a session its usual life.
var (
	PasswordLength = setting.Key[int]{Name: "password.min_length", Default: secret.MinPassword, Merge: setting.Tighten(greater), Check: between(secret.MinPassword, secret.MaxPassword/2), Guard: true,
		Control: setting.Control{Kind: setting.Number, Unit: "characters", Low: secret.MinPassword, High: secret.MaxPassword / 2}}
	SessionIdle = setting.Key[int]{Name: "session.idle_minutes", Default: longestIdle, Merge: setting.Tighten(cmp.Less[int]), Check: between(shortestIdle, longestIdle), Guard: true,
		Control: setting.Control{Kind: setting.Number, Unit: "minutes", Low: shortestIdle, High: longestIdle}}
	SessionAbsolute = setting.Key[int]{Name: "session.absolute_hours", Default: longestLife, Merge: setting.Tighten(cmp.Less[int]), Check: between(1, longestLife), Guard: true,
		Control: setting.Control{Kind: setting.Number, Unit: "hours", Low: 1, High: longestLife}}
)

const (
	shortestIdle = 5       // minutes
	longestLife  = 14 * 24 // hours
	longestIdle  = longestLife * 60
)

// Passwords lists the rules of passwords.
func Passwords() []setting.Any { return []setting.Any{PasswordLength} }

// Sessions lists the rules of sessions.
func Sessions() []setting.Any { return []setting.Any{SessionIdle, SessionAbsolute} }

func greater(a, b int) bool { return a > b }

func between(low, high int) func(int) error {
	return func(n int) error {
		if n < low || n > high {
			return errs.New(errs.Invalid, "policy.out_of_range", "Choose a number from {low} to {high}.", "low", low, "high", high)
		}
		return nil
	}
}
