package authz

import "strings"

// Role is a built-in role or the id of a role group.
type Role string

// The built-in roles. Their permissions cannot be edited.
const (
	Owner   Role = "owner"
	Admin   Role = "admin"
	User    Role = "user"
	Guest   Role = "guest"
	Support Role = "support"
)

// BuiltIn lists the built-in roles from the highest down.
func BuiltIn() []Role { return []Role{Owner, Admin, Support, User, Guest} }

// IsGroup reports whether r is the id of a role group.
func (r Role) IsGroup() bool { return strings.HasPrefix(string(r), "rol_") }

// Known reports whether r is a built-in role or looks like a role group.
func (r Role) Known() bool {
	if r.IsGroup() {
		return true
	}
	for _, b := range BuiltIn() {
		if r == b {
			return true
		}
	}
	return false
}

// What is in no role at the start: an Owner takes or grants it in their own account.
var viewBody = SetOf(MessagesViewBody)

var (
	home       = SetOf(AccountView)
	operators  = Set{wild: all} // everything in the operator's own modules
	ownerSet   = Everything().Without(viewBody).Without(OfKeys())
	adminSet   = groupSet.Union(home)
	groupSet   = upTo(ForAnyone, ForAdmins, ForSupport).Without(viewBody).Union(operators)
	userSet    = upTo(ForAnyone).Without(viewBody).Union(operators)
	supportSet = SetOf("clients.view", "clients.suspend", "resellers.view", "departments.view", "users.view", "reports.view", "reports.view_bounces",
		"support.act_as", "support.approve_clients", "support.approve_senders")
)

// OfKeys is what only keys hold: what concerns their owner alone.
func OfKeys() Set { return ModuleSet("profile") }

// billingExtras are what an Owner may grant to an Admin besides the role.
var billingExtras = upTo(ForOwners).Without(SetOf(AccountView, AccountTransfer, AccountClose))

// Grantable returns what may be ticked for a membership of role r: the modules of a User, the access list of
// Support, and for others what an Owner may add.
func Grantable(r Role) Set {
	switch r {
	case Owner:
		return viewBody
	case Admin:
		return billingExtras.Union(viewBody)
	case User:
		return userSet.Union(viewBody)
	case Support:
		return supportSet
	case Guest:
		return Set{}
	}
	return viewBody // a role group
}

// GroupGrantable returns what a role group may hold.
func GroupGrantable() Set { return groupSet }

// RoleSet returns what a membership of role r holds: extra is what was ticked for it, group the set of its role group.
func RoleSet(r Role, extra, group Set) Set {
	extra = extra.Intersect(Grantable(r))
	switch r {
	case Owner:
		return ownerSet.Union(extra)
	case Admin:
		return adminSet.Union(extra)
	case User, Support:
		return home.Union(extra)
	case Guest:
		return home
	}
	if r.IsGroup() {
		return home.Union(group.Intersect(groupSet)).Union(extra)
	}
	return Set{}
}

// readOnly is what the people of a suspended account keep: looking, exporting, paying.
var readOnly = upTo(ForOwners).Without(SetOf(AccountTransfer, AccountClose)).Union(looking)

// closedOwner is what the Owner of a closed account keeps: reopening and exporting.
var closedOwner = func() Set {
	s := SetOf(AccountView, AccountClose, ClientsView, DepartmentsView)
	for _, p := range permOf {
		if p.Action() == "export" {
			s = s.Union(SetOf(p))
		}
	}
	return s
}()
