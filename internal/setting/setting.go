// Package setting resolves typed settings down the account tree.
//
// An account has its own value of a setting or none. The values of its chain are folded from the platform down by the
// key's merge rule, so the result always comes with its origin, and an account above can lock it for all below.
package setting

import (
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

// Key names one setting: its type, its default, and how an account's own value meets the one in force above it.
// Keys are package-level values of the feature that owns them.
type Key[T any] struct {
	Name    string // "session.idle_minutes"
	Default T      // in force while nobody on the chain has set a value; it is no bound for those who do
	Merge   Merge[T]
	Check   func(T) error              // nil accepts everything; a value stored earlier that no longer passes counts as unreadable
	Guard   bool                       // a rule of security: an unreadable value is never replaced by Default
	Control Control                    // how it is typed and shown
	On      []string                   // kinds of account that have it; none for every kind
	Anew    func(before, after T) bool // whether another value counts as switched on anew; nil when only one that was the default does
	Needs   authz.Perm                 // held besides what the tab asks, to change it; "" for nothing more
	Parents bool                       // one of the parent's fields: changed only from above the account, and by the platform itself
}

// Merge gives the value in force where own meets the one above, and whether own took part in it.
type Merge[T any] func(above, own T) (T, bool)

// Override lets the nearest value win.
func Override[T any](_, own T) (T, bool) { return own, true }

// Tighten keeps the stricter of two values.
func Tighten[T any](stricter func(a, b T) bool) Merge[T] {
	return func(above, own T) (T, bool) {
		if stricter(own, above) {
			return own, true
		}
		return above, false
	}
}

// Place is an account on the chain, as the viewer may know it.
type Place struct {
	Account ids.Account
	Name    string // "" above the viewer's nearest reseller: say "your provider"
	Depth   int    // 0 is the account itself, 1 its parent
}

// Origin says where the value in force comes from, and what that means for the form.
type Origin struct {
	Place           // zero when it is the default
	Own        bool // the account has a value of its own, in force or not
	Locked     bool // by LockedBy; nothing below it may change the setting
	LockedBy   Place
	Unreadable []ids.Account // whose stored values could not be used; tell the operator
}

// IsDefault reports whether nobody on the chain has set a value.
func (o Origin) IsDefault() bool { return o.Account == "" }

// LockedAbove reports whether the account cannot change the setting.
func (o Origin) LockedAbove() bool { return o.Locked && o.LockedBy.Depth > 0 }
