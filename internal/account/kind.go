package account

import (
	"slices"

	"bailiwick/internal/authz"
)

// Kind is the level of an account.
type Kind string

// The kinds, from the root down.
const (
	Platform   Kind = "platform"
	Reseller   Kind = "reseller"
	Customer   Kind = "customer"
	Department Kind = "department"
)

// The actions that exist for every kind in the catalogue of permissions.
const (
	view    = "view"
	create  = "create"
	edit    = "edit"
	move    = "move"
	suspend = "suspend"
	shut    = "close"
)

// MaxDepth is how many accounts a chain may hold, the platform included.
const MaxDepth = 8

// rules is what each kind may contain and which module of permissions governs it.
var rules = map[Kind]struct {
	contains []Kind
	module   string
}{
	Platform:   {[]Kind{Reseller, Customer}, "resellers"},
	Reseller:   {[]Kind{Reseller, Customer}, "resellers"},
	Customer:   {[]Kind{Department}, "clients"},
	Department: {[]Kind{Department}, "departments"},
}

// Known reports whether k is a kind.
func (k Kind) Known() bool { _, ok := rules[k]; return ok }

// MayContain reports whether an account of kind k may be the parent of one of kind child.
func (k Kind) MayContain(child Kind) bool { return slices.Contains(rules[k].contains, child) }

// Perm is the permission for an action on accounts of kind k.
func (k Kind) Perm(action string) authz.Perm { return authz.Perm(rules[k].module + "." + action) }
