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
	PasswordLength  = setting.Key[int]{Name: "password.min_length", Default: secret.MinPassword, Merge: setting.Tighten(greater), Check: between(secret.MinPassword, secret.MaxPassword/2), Guard: true}
	SessionIdle     = setting.Key[int]{Name: "session.idle_minutes", Default: longestIdle, Merge: setting.Tighten(cmp.Less[int]), Check: between(5, longestIdle), Guard: true}
	SessionAbsolute = setting.Key[int]{Name: "session.absolute_hours", Default: longestLife, Merge: setting.Tighten(cmp.Less[int]), Check: between(1, longestLife), Guard: true}
)

const (
	longestLife = 14 * 24 // hours
	longestIdle = longestLife * 60
)

// Keys lists the rules.
func Keys() []setting.Any { return []setting.Any{PasswordLength, SessionIdle, SessionAbsolute} }

func greater(a, b int) bool { return a > b }

func between(low, high int) func(int) error {
	return func(n int) error {
		if n < low || n > high {
			return errs.New(errs.Invalid, "policy.out_of_range", "Choose a number from {low} to {high}.", "low", low, "high", high)
		}
		return nil
	}
}
