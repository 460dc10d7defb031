package authz

import "slices"

// Perm names one permission: "module.action".
type Perm string

// Module is a group of permissions that is ticked together in the permission grid.
type Module struct {
	Key     string
	Group   string // heading in the grid: accounts, people, sending, governance, billing
	Actions []string
	Ceiling Ceiling
}

// Ceiling says to whom a module can be given.
type Ceiling uint8

// The ceilings. The texts of the grid and the invite dialog follow them.
const (
	ForAnyone  Ceiling = iota // User, role groups and above
	ForAdmins                 // Admin, Owner and role groups; never the built-in User
	ForOwners                 // Owner, or an Admin to whom an Owner granted it
	ForSupport                // Support at a platform or reseller, Admin, Owner
	ForKeys                   // an API key: its owner's own profile, sessions and views, which people have anyway
)

// catalogue is the one table of permissions. It drives the grid, the checks and the documentation;
// its order is the order of the grid. Appending is safe; bits are never stored, only names.
var catalogue = []Module{
	{"resellers", "accounts", []string{"view", "create", "edit", "move", "suspend", "close"}, ForAdmins},
	{"clients", "accounts", []string{"view", "create", "edit", "move", "suspend", "close", "export", "import"}, ForAdmins},
	{"departments", "accounts", []string{"view", "create", "edit", "move", "suspend", "close"}, ForAdmins},
	{"locations", "accounts", []string{"view", "create", "edit", "close"}, ForAnyone},
	{"subaccounts", "accounts", []string{"view", "create", "edit", "move", "suspend", "close"}, ForAnyone},
	{"users", "people", []string{"view", "invite", "edit", "deactivate", "remove"}, ForAdmins},
	{"roles", "people", []string{"view", "manage", "assign"}, ForAdmins},
	{"packages", "sending", []string{"view", "edit", "assign"}, ForAdmins},
	{"quotas", "sending", []string{"view", "edit", "assign"}, ForAdmins},
	{"credentials", "sending", []string{"view", "create", "create_service", "revoke"}, ForAnyone},
	{"messages", "sending", []string{"view", "view_body", "send", "export"}, ForAnyone},
	{"contacts", "sending", []string{"view", "edit", "import", "export", "view_full"}, ForAnyone},
	{"suppressions", "sending", []string{"view", "edit", "import", "export"}, ForAnyone},
	{"reports", "sending", []string{"view", "view_bounces", "export"}, ForAnyone},
	{"webhooks", "sending", []string{"view", "edit"}, ForAdmins},
	{"branding", "governance", []string{"view", "edit"}, ForAdmins},
	{"settings", "governance", []string{"view", "edit"}, ForAdmins},
	{"security", "governance", []string{"view", "edit"}, ForAdmins},
	{"sso", "governance", []string{"view", "edit"}, ForAdmins},
	{"audit", "governance", []string{"view", "export"}, ForAdmins},
	{"support", "governance", []string{"act_as", "approve_clients", "approve_senders"}, ForSupport},
	{"pricing", "billing", []string{"view", "edit"}, ForOwners},
	{"payments", "billing", []string{"view", "edit"}, ForOwners},
	{"account", "account", []string{"view", "transfer", "close"}, ForOwners},
	{"profile", "person", []string{"view", "edit"}, ForKeys},
}

// later are the modules whose screens are still to come. Their permissions decide as any other, but no page offers
// them: what is not built is not shown.
var later = []string{"reports", "webhooks", "sso", "support"}

// laterActions are actions whose screens are still to come, of modules that are offered.
var laterActions = []Perm{"credentials.create_service", "quotas.assign", "messages.view", "messages.view_body", "messages.export"}

// Offered returns the modules that pages offer, in the order of the grid.
func Offered() []Module {
	out := slices.DeleteFunc(Catalogue(), func(m Module) bool { return m.Key == "account" || slices.Contains(later, m.Key) })
	for i := range out {
		out[i].Actions = slices.DeleteFunc(slices.Clone(out[i].Actions), func(a string) bool { return slices.Contains(laterActions, Perm(out[i].Key+"."+a)) })
	}
	return out
}

// The permissions that features and pages name.
const (
	ResellersView      Perm = "resellers.view"
	ResellersCreate    Perm = "resellers.create"
	ResellersEdit      Perm = "resellers.edit"
	ResellersMove      Perm = "resellers.move"
	ResellersSuspend   Perm = "resellers.suspend"
	ResellersClose     Perm = "resellers.close"
	ClientsView        Perm = "clients.view"
	ClientsCreate      Perm = "clients.create"
	ClientsEdit        Perm = "clients.edit"
	ClientsMove        Perm = "clients.move"
	ClientsSuspend     Perm = "clients.suspend"
	ClientsClose       Perm = "clients.close"
	ClientsExport      Perm = "clients.export"
	ClientsImport      Perm = "clients.import"
	DepartmentsView    Perm = "departments.view"
	DepartmentsCreate  Perm = "departments.create"
	DepartmentsEdit    Perm = "departments.edit"
	DepartmentsMove    Perm = "departments.move"
	DepartmentsSuspend Perm = "departments.suspend"
	DepartmentsClose   Perm = "departments.close"
	LocationsView      Perm = "locations.view"
	LocationsCreate    Perm = "locations.create"
	LocationsEdit      Perm = "locations.edit"
	LocationsClose     Perm = "locations.close"
	SubAccountsView    Perm = "subaccounts.view"
	SubAccountsCreate  Perm = "subaccounts.create"
	SubAccountsEdit    Perm = "subaccounts.edit"
	SubAccountsMove    Perm = "subaccounts.move"
	SubAccountsSuspend Perm = "subaccounts.suspend"
	SubAccountsClose   Perm = "subaccounts.close"
	UsersView          Perm = "users.view"
	UsersInvite        Perm = "users.invite"
	UsersEdit          Perm = "users.edit"
	UsersDeactivate    Perm = "users.deactivate"
	UsersRemove        Perm = "users.remove"
	RolesView          Perm = "roles.view"
	RolesManage        Perm = "roles.manage"
	RolesAssign        Perm = "roles.assign"
	PackagesView       Perm = "packages.view"
	PackagesEdit       Perm = "packages.edit"
	PackagesAssign     Perm = "packages.assign"
	CredentialsView    Perm = "credentials.view"
	CredentialsCreate  Perm = "credentials.create"
	CredentialsRevoke  Perm = "credentials.revoke"
	QuotasView         Perm = "quotas.view"
	QuotasEdit         Perm = "quotas.edit"
	MessagesViewBody   Perm = "messages.view_body"
	MessagesSend       Perm = "messages.send"
	ContactsView       Perm = "contacts.view"
	ContactsEdit       Perm = "contacts.edit"
	ContactsImport     Perm = "contacts.import"
	ContactsExport     Perm = "contacts.export"
	ContactsViewFull   Perm = "contacts.view_full" // their details as they are where others see them masked
	SuppressionsView   Perm = "suppressions.view"
	SuppressionsEdit   Perm = "suppressions.edit"
	SuppressionsImport Perm = "suppressions.import"
	SuppressionsExport Perm = "suppressions.export"
	AuditView          Perm = "audit.view"
	AuditExport        Perm = "audit.export"
	SettingsView       Perm = "settings.view"
	SettingsEdit       Perm = "settings.edit"
	BrandingView       Perm = "branding.view"
	BrandingEdit       Perm = "branding.edit"
	SecurityView       Perm = "security.view"
	SecurityEdit       Perm = "security.edit"
	PricingView        Perm = "pricing.view"
	PricingEdit        Perm = "pricing.edit"
	PaymentsView       Perm = "payments.view"
	PaymentsEdit       Perm = "payments.edit"
	AccountView        Perm = "account.view"     // enter the account at all: every active membership, Guest included
	AccountTransfer    Perm = "account.transfer" // make or replace an Owner
	AccountClose       Perm = "account.close"    // close and reopen one's own account
	ProfileView        Perm = "profile.view"     // of a key alone: the profile, the accounts, the sessions and the views of its owner
	ProfileEdit        Perm = "profile.edit"     // likewise, to change them
)

// Catalogue returns every module in the order of the grid.
func Catalogue() []Module { return slices.Clone(catalogue) }
