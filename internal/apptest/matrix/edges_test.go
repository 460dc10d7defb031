package matrix_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
)

// edge says how programs reach a method of a service: the operations of the API that call it, by their ids, or why none does.
type edge struct{ operations, why string }

// edges has a line for each method that takes an actor. A new method without one fails the test.
var edges = map[string]edge{
	"access.Service.Check":   {"checkAccess", ""},
	"access.Service.Explain": {"explainAccess", ""},

	"account.Service.AddLocation":     {"createLocation", ""},
	"account.Service.AddLocations":    {"", "the portal's short list; many locations are created one by one, or imported"},
	"account.Service.Assign":          {"assignPackage", ""},
	"account.Service.BulkActive":      {"changeClients", ""},
	"account.Service.BulkAssign":      {"changeClients", ""},
	"account.Service.BulkClose":       {"changeClients", ""},
	"account.Service.BulkExtend":      {"changeClients", ""},
	"account.Service.CheckImport":     {"", "a part of importClients"},
	"account.Service.CheckLocations":  {"", "a part of importLocations"},
	"account.Service.Close":           {"closeAccount", ""},
	"account.Service.CloseTogether":   {"", "what was selected in the tree; closeAccount closes one, changeClients many"},
	"account.Service.Create":          {"createClient createReseller createDepartment", ""},
	"account.Service.Departments":     {"listDepartments", ""},
	"account.Service.TopDepartments":  {"", "the departments on the page of an account; listDepartments has them all"},
	"account.Service.ExportPage":      {"", "a part of exportClients"},
	"account.Service.Facets":          {"", "what the portal's filters offer; listResellers and listPackages tell the same"},
	"account.Service.Get":             {"getAccount", ""},
	"account.Service.Hold":            {"holdAccount", ""},
	"account.Service.Lift":            {"liftHold", ""},
	"account.Service.List":            {"listClients", ""},
	"account.Service.Location":        {"getLocation", ""},
	"account.Service.Locations":       {"listLocations", ""},
	"account.Service.Move":            {"moveAccount", ""},
	"account.Service.MoveTogether":    {"", "what was selected in the tree; moveAccount moves one"},
	"account.Service.OwnLevel":        {"", "which holds the portal offers to lift; resumeAccount lifts them"},
	"account.Service.Path":            {"getAccountPath", ""},
	"account.Service.Places":          {"listPlaces", ""},
	"account.Service.PlacesForNew":    {"", "what the portal's form offers; programs name the place"},
	"account.Service.PreviewMove":     {"previewMove", ""},
	"account.Service.PreviewTogether": {"", "what was selected in the tree; previewMove looks at one"},
	"account.Service.Reassign":        {"reassignPackage", ""},
	"account.Service.RemoveLocation":  {"removeLocation", ""},
	"account.Service.Reopen":          {"reopenAccount", ""},
	"account.Service.ResellerPlaces":  {"", "where the portal offers to put a new client; listResellers tells the same"},
	"account.Service.Resellers":       {"listResellers", ""},
	"account.Service.SetActive":       {"resumeAccount", ""},
	"account.Service.Stage":           {"", "the portal's frame; getAccount tells the status"},
	"account.Service.Sizes":           {"", "the numbers in the navigation; listClients, listUsers and listRoles have what it counts"},
	"account.Service.Standing":        {"", "the portal's frame; getAccount tells the holds"},
	"account.Service.Update":          {"editAccount", ""},
	"account.Service.UpdateLocation":  {"editLocation", ""},

	"apikey.Service.Create": {"createKey", ""},
	"apikey.Service.Get":    {"", "listKeys tells all of a key"},
	"apikey.Service.List":   {"listKeys", ""},
	"apikey.Service.Mine":   {"listKeys", ""},
	"apikey.Service.Offer":  {"", "what the portal's form offers; createKey refuses the rest by name"},
	"apikey.Service.Revoke": {"revokeKey", ""},

	"authn.Service.AskEmail":         {"", "it takes the person's password"},
	"authn.Service.AskEmailFor":      {"askUserEmail", ""},
	"authn.Service.BeginTOTP":        {"", "it takes the person's password"},
	"authn.Service.ChangePassword":   {"", "it takes the person's password"},
	"authn.Service.ChooseAccount":    {"", "a session's; a key has one account"},
	"authn.Service.ConfirmTOTP":      {"", "it takes the person's password"},
	"authn.Service.DisableTOTP":      {"", "it takes the person's password"},
	"authn.Service.EndSessionOf":     {"endUserSession", ""},
	"authn.Service.EndSessionsOf":    {"signUserOut", ""},
	"authn.Service.Home":             {"", "where a session begins; getMe names the account of a key"},
	"authn.Service.IdentityOf":       {"getIdentity listUserSessions", ""},
	"authn.Service.NewRecoveryCodes": {"", "it takes the person's password"},
	"authn.Service.PendingTOTP":      {"", "it takes the person's password"},
	"authn.Service.Places":           {"listMyAccounts", ""},
	"authn.Service.Profile":          {"getProfile", ""},
	"authn.Service.ResetLink":        {"", "who holds the link becomes the person; it is shown to a person who is signed in, once"},
	"authn.Service.ResetOwner":       {"", "the server's own console; bailiwick admin reset-owner"},
	"authn.Service.RevokeOthers":     {"", "the other sessions of a session; endMySession ends each"},
	"authn.Service.RevokeSession":    {"endMySession", ""},
	"authn.Service.Security":         {"", "the person's own second factor, which takes their password"},
	"authn.Service.SendReset":        {"sendPasswordReset", ""},
	"authn.Service.Sessions":         {"listMySessions", ""},
	"authn.Service.SignEveryoneOut":  {"signEveryoneOut", ""},
	"authn.Service.UpdateIdentity":   {"editIdentity", ""},
	"authn.Service.UpdateProfile":    {"editProfile", ""},
	"authn.Service.UseKeys":          {"", "the person's own keyboard in the portal"},

	"brand.Service.AskDomain":    {"askDomain", ""},
	"brand.Service.CheckDomain":  {"checkDomain", ""},
	"brand.Service.Domain":       {"getDomain", ""},
	"brand.Service.KeepPicture":  {"keepImage", ""},
	"brand.Service.RemoveDomain": {"removeDomain", ""},

	"contact.Service.AddList":            {"createContactList", ""},
	"contact.Service.AskAgain":           {"askContact", ""},
	"contact.Service.CheckImport":        {"", "a part of importContacts"},
	"contact.Service.CheckSuppressions":  {"", "a part of importSuppressions"},
	"contact.Service.Create":             {"createContact", ""},
	"contact.Service.Edit":               {"editContact", ""},
	"contact.Service.EditList":           {"editContactList", ""},
	"contact.Service.ExportPage":         {"", "a part of exportContacts"},
	"contact.Service.ExportSuppressions": {"", "a part of exportSuppressions"},
	"contact.Service.Find":               {"listContacts", ""},
	"contact.Service.Get":                {"getContact", ""},
	"contact.Service.Lift":               {"liftSuppression", ""},
	"contact.Service.List":               {"getContactList", ""},
	"contact.Service.Lists":              {"listContactLists", ""},
	"contact.Service.Remove":             {"removeContact", ""},
	"contact.Service.RemoveList":         {"removeContactList", ""},
	"contact.Service.Suppress":           {"suppress", ""},
	"contact.Service.Suppressions":       {"listSuppressions", ""},

	"exchange.Service.Confirm":   {"confirmTask", ""},
	"exchange.Service.Export":    {"exportClients exportUsers exportLocations exportContacts exportSuppressions", ""},
	"exchange.Service.MayImport": {"", "what the portal offers; the imports refuse"},
	"exchange.Service.Upload":    {"importClients importUsers importLocations importContacts importSuppressions", ""},

	"invite.Service.AcceptExisting": {"", "the link of an invitation is a person's to open"},
	"invite.Service.Check":          {"checkInvitations", ""},
	"invite.Service.CheckImport":    {"", "a part of importUsers"},
	"invite.Service.CheckInto":      {"", "what was selected in the tree; checkInvitations looks at one account"},
	"invite.Service.CreateUser":     {"createUser", ""},
	"invite.Service.Get":            {"getInvitation", ""},
	"invite.Service.Invite":         {"sendInvitations", ""},
	"invite.Service.InviteInto":     {"", "what was selected in the tree; sendInvitations invites into one account"},
	"invite.Service.List":           {"listInvitations", ""},
	"invite.Service.NewLink":        {"", "who holds the link becomes the person; it is shown to a person who is signed in, once"},
	"invite.Service.Resend":         {"resendInvitation changeInvitations", ""},
	"invite.Service.Revoke":         {"revokeInvitation changeInvitations", ""},

	"module.Service.Add":      {"createModule", ""},
	"module.Service.Edit":     {"editModule", ""},
	"module.Service.Get":      {"getModule", ""},
	"module.Service.List":     {"listModules", ""},
	"module.Service.Platform": {"", "whether the portal offers the page; the operations refuse"},
	"module.Service.Remove":   {"removeModule", ""},
	"module.Service.Uses":     {"listModuleUses", ""},

	"notice.Service.Count":   {"", "the number on the bell; listNotifications has what it counts"},
	"notice.Service.List":    {"listNotifications", ""},
	"notice.Service.Read":    {"readNotifications", ""},
	"notice.Service.ReadAll": {"readNotifications", ""},

	"outline.Service.Children": {"", "a node of the tree; listClients, listResellers, listDepartments and listUsers have what lies below"},
	"outline.Service.Find":     {"find", ""},
	"outline.Service.Jump":     {"", "the first of what find finds, while somebody types"},
	"outline.Service.Root":     {"", "whether the portal offers the tree"},
	"outline.Service.Totals":   {"", "the number above the tree; listClients tells it"},

	"plan.Service.Bought":   {"getBought", ""},
	"plan.Service.Copy":     {"copyPackage", ""},
	"plan.Service.Create":   {"createPackage", ""},
	"plan.Service.Delete":   {"deletePackage", ""},
	"plan.Service.Edit":     {"editPackage", ""},
	"plan.Service.Get":      {"getPackage", ""},
	"plan.Service.List":     {"listPackages", ""},
	"plan.Service.Override": {"overrideLimits", ""},
	"plan.Service.Retire":   {"retirePackage", ""},

	"policy.Service.Add":            {"addToAllowlist", ""},
	"policy.Service.Allowlists":     {"listAllowlists", ""},
	"policy.Service.AllowlistOfSub": {"listAllowlists", ""},
	"policy.Service.ClearIPLock":    {"", "the server's own console; bailiwick admin clear-ip-lock"},
	"policy.Service.Concerns":       {"countConcerned", ""},
	"policy.Service.Enter":          {"", "the gate before every operation"},
	"policy.Service.Keep":           {"endAllowlistTrial", ""},
	"policy.Service.Remove":         {"removeFromAllowlist", ""},
	"policy.Service.SecondDue":      {"", "a session's; a key has no second factor"},
	"policy.Service.Switch":         {"switchAllowlist", ""},
	"policy.Service.Undo":           {"endAllowlistTrial", ""},

	"quota.Service.Credit":    {"getCredit", ""},
	"quota.Service.Credits":   {"listCredits", ""},
	"quota.Service.Explain":   {"explainQuota", ""},
	"quota.Service.Grant":     {"grantCredit", ""},
	"quota.Service.HandedOut": {"listLimits", ""},
	"quota.Service.Limits":    {"listLimits", ""},
	"quota.Service.Overrides": {"listOverrides", ""},
	"quota.Service.Pool":      {"getPool", ""},
	"quota.Service.Reserve":   {"reserveQuota", ""},
	"quota.Service.SetLimits": {"setLimits", ""},
	"quota.Service.Settle":    {"commitQuota releaseQuota", ""},
	"quota.Service.View":      {"listLimits", ""},
	"quota.Service.Void":      {"voidCredit", ""},

	"role.Service.Create":   {"createRole", ""},
	"role.Service.Delete":   {"deleteRole", ""},
	"role.Service.Edit":     {"editRole", ""},
	"role.Service.Get":      {"getRole", ""},
	"role.Service.Holders":  {"listRoleHolders", ""},
	"role.Service.List":     {"listRoles", ""},
	"role.Service.Preview":  {"", "what the portal shows before it saves; getRole tells what would change"},
	"role.Service.Reassign": {"reassignRole", ""},

	"subaccount.Service.Choices": {"", "what the portal's forms offer; listSubAccounts tells the same"},
	"subaccount.Service.Count":   {"", "the number on a tab; listSubAccounts has what it counts"},
	"subaccount.Service.Create":  {"createSubAccount", ""},
	"subaccount.Service.Edit":    {"editSubAccount", ""},
	"subaccount.Service.Get":     {"getSubAccount", ""},
	"subaccount.Service.List":    {"listSubAccounts", ""},
	"subaccount.Service.Move":    {"moveSubAccount", ""},
	"subaccount.Service.Remove":  {"removeSubAccount", ""},
	"subaccount.Service.Resume":  {"resumeSubAccount", ""},
	"subaccount.Service.Suspend": {"suspendSubAccount", ""},

	"submit.Service.Preview": {"previewMessage", ""},

	"task.Service.Cancel": {"cancelTask", ""},
	"task.Service.Get":    {"getTask", ""},
	"task.Service.List":   {"listTasks", ""},
	"task.Service.Result": {"getTaskResult", ""},

	"trail.Service.Export":       {"exportEvents", ""},
	"trail.Service.Get":          {"getEvent", ""},
	"trail.Service.List":         {"listEvents", ""},
	"trail.Service.News":         {"", "the live page; listEvents begins with the latest"},
	"trail.Service.Retention":    {"getRetention", ""},
	"trail.Service.SetRetention": {"setRetention", ""},

	"provision.Service.Create": {"createClient", ""},
	"provision.Service.Try":    {"", "the portal's form says what is refused while it is filled in"},

	"tuning.Service.Apply":   {"applySettings", ""},
	"tuning.Service.Below":   {"getSettingReach", ""},
	"tuning.Service.Compare": {"compareSettings", ""},
	"tuning.Service.One":     {"", "one setting on a page; listSettings has it"},
	"tuning.Service.Save":    {"changeSettings", ""},
	"tuning.Service.View":    {"listSettings", ""},
	"tuning.Service.ViewNew": {"", "what the portal's form of a new account shows; the settings of the account above say the same"},

	"usage.Service.Months": {"", "the columns of a page; getUsage by month tells the same"},
	"usage.Service.Parts":  {"getUsage", ""},
	"usage.Service.Series": {"getUsage", ""},
	"usage.Service.Today":  {"getUsage", ""},

	"user.Service.CanOn":             {"getAccount", ""},
	"user.Service.Count":             {"", "the number on a tab; listUsers has what it counts"},
	"user.Service.Deactivate":        {"deactivateUser changeUsers", ""},
	"user.Service.Edit":              {"editUser", ""},
	"user.Service.Effective":         {"getEffectiveAccess", ""},
	"user.Service.Explain":           {"explainAccess", ""},
	"user.Service.Get":               {"getUser", ""},
	"user.Service.List":              {"listUsers", ""},
	"user.Service.OwnSettings":       {"listMySettings", ""},
	"user.Service.Leaders":           {"", "the people on the page of an account; listUsers by role tells the same"},
	"user.Service.Owners":            {"listUsers", ""},
	"user.Service.Places":            {"", "where the portal says that a person is besides; getIdentity reaches those who stand below in all of them"},
	"user.Service.Promote":           {"editUser", ""},
	"user.Service.Reactivate":        {"reactivateUser changeUsers", ""},
	"user.Service.Remove":            {"removeUser changeUsers", ""},
	"user.Service.SaveOwnSettings":   {"changeMySettings", ""},
	"user.Service.SaveSettings":      {"changeUserSettings", ""},
	"user.Service.Settings":          {"listUserSettings", ""},
	"user.Service.SubNames":          {"listSubAccounts", ""},
	"user.Service.TransferOwnership": {"transferOwnership", ""},

	"view.Service.Delete": {"deleteView", ""},
	"view.Service.List":   {"listViews", ""},
	"view.Service.Save":   {"saveView", ""},
}

// withoutCommand are the operations that no command sends, each with what does the same.
var withoutCommand = map[string]string{
	"changeClients":    "clients hold, resume, end-date and close, and packages assign, take many ids",
	"deactivateUser":   "users deactivate sends changeUsers",
	"reactivateUser":   "users reactivate sends changeUsers",
	"removeUser":       "users remove sends changeUsers",
	"getCredit":        "credits list tells all of it",
	"getInvitation":    "invitations list tells all of it",
	"resendInvitation": "invitations resend sends changeInvitations",
	"revokeInvitation": "invitations revoke sends changeInvitations",
}

func TestMachinesReachWhatThePortalReaches(t *testing.T) {
	o := apptest.OnSQLite(t)
	methods := withActor((&office{World: o}).services())
	for _, m := range methods {
		e, listed := edges[m]
		if !listed {
			t.Errorf("%s takes an actor: say in edges which operation calls it, or why none does", m)
		} else if (e.operations == "") == (e.why == "") {
			t.Errorf("%s: an operation or a reason, and not both", m)
		}
	}
	all := operationsOf(t, o)
	for m, e := range edges {
		if !slices.Contains(methods, m) {
			t.Errorf("%s is in edges and is no method of a service", m)
		}
		for _, id := range strings.Fields(e.operations) {
			if !slices.Contains(all, id) {
				t.Errorf("%s: there is no operation %s", m, id)
			}
		}
	}
	sent := sentByCommands(t)
	for _, id := range all {
		method := strings.ToUpper(id[:1]) + id[1:]
		if sent[method] == (withoutCommand[id] != "") {
			t.Errorf("%s: a command that sends it, or a reason in withoutCommand, and not both", id)
		}
	}
	for id := range withoutCommand {
		if !slices.Contains(all, id) {
			t.Errorf("withoutCommand: there is no operation %s", id)
		}
	}
}

// operationsOf lists the ids of the operations in the description of the API.
func operationsOf(t *testing.T, o *apptest.World) (out []string) {
	t.Helper()
	text, err := o.API.Contract()
	must(t, err)
	var d struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		}
	}
	must(t, json.Unmarshal(text, &d))
	for _, methods := range d.Paths {
		for _, op := range methods {
			out = append(out, op.OperationID)
		}
	}
	slices.Sort(out)
	return out
}

// sentByCommands are the methods of the client that the commands of the program call.
func sentByCommands(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../../cli/remote/*.go")
	must(t, err)
	out := map[string]bool{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		must(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				out[sel.Sel.Name] = true
			}
			return true
		})
	}
	return out
}
