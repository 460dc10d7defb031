package web

import (
	"slices"

	"bailiwick/internal/brand"
)

// Routes is the whole route table of the portal. Tests walk it: a route that is not here does not exist, and one
// that is here is swept for strangers and foreign ids without being named.
func (s *Server) Routes() []Route {
	return slices.Concat(s.accountRoutes(), s.peopleRoutes(), s.taskRoutes(), s.exchangeRoutes(), s.auditRoutes(), s.moduleRoutes(), s.tuningRoutes(), s.previewRoutes(), s.treeRoutes(), s.allowlistRoutes(), s.subAddressRoutes(), s.brandingRoutes(), s.contactRoutes(), s.packageRoutes(), s.quotaRoutes(), s.usageRoutes(), s.subscriberRoutes(), s.findRoutes(), s.noticeRoutes(), []Route{
		{Pattern: "GET " + probeAlive, Open: s.alive},
		{Pattern: "GET " + probeReady, Open: s.ready},
		{Pattern: "GET /{$}", Signed: s.start},
		{Pattern: "GET /a/{account}/home", Signed: s.home},
		{Pattern: "POST /theme", Signed: s.setTheme},
		{Pattern: "GET /components", Signed: s.componentsPage},

		{Pattern: "GET " + brand.Prefix + "{file}", Open: s.brandFile},
		{Pattern: "GET " + docsPath, Open: s.docsPage},

		{Pattern: "GET /setup", Open: s.setupPage},
		{Pattern: "POST /setup", Open: s.setup},
		{Pattern: "GET /sign-in", Open: s.signInPage},
		{Pattern: "POST /sign-in", Open: s.signIn},
		{Pattern: "GET /sign-in/code", Open: s.codePage},
		{Pattern: "POST /sign-in/code", Open: s.giveCode},
		{Pattern: "GET " + renewPath, Open: s.renewPage},
		{Pattern: "POST " + renewPath, Open: s.renew},
		{Pattern: "POST /sign-out", Open: s.signOut},
		{Pattern: "GET /forgot", Open: s.forgotPage},
		{Pattern: "POST /forgot", Open: s.forgot},
		{Pattern: "GET /reset/{token}", Open: s.linkPage},
		{Pattern: "POST /reset/{token}", Open: s.useLink},
		{Pattern: "GET /welcome/{token}", Open: s.linkPage},
		{Pattern: "POST /welcome/{token}", Open: s.useLink},
		{Pattern: "GET /confirm-email/{token}", Open: s.confirmEmailPage},
		{Pattern: "POST /confirm-email/{token}", Open: s.confirmEmail},

		{Pattern: "GET /me", Signed: s.profilePage},
		{Pattern: "POST /me", Signed: s.saveProfile},
		{Pattern: "GET /me/settings", Signed: s.ownSettingsPage},
		{Pattern: "POST /me/settings", Signed: s.saveOwnSettings},
		{Pattern: "GET /me/security", Signed: s.securityPage},
		{Pattern: "POST /me/security/password", Signed: s.changePassword},
		{Pattern: "POST /me/security/email", Signed: s.askEmail},
		{Pattern: "GET /me/security/two-step", Signed: s.twoStepPage},
		{Pattern: "POST /me/security/two-step", Signed: s.beginTwoStep},
		{Pattern: "POST /me/security/two-step/confirm", Signed: s.confirmTwoStep},
		{Pattern: "POST /me/security/two-step/off", Signed: s.endTwoStep},
		{Pattern: "POST /me/security/recovery-codes", Signed: s.newRecoveryCodes},
		{Pattern: "GET /me/sessions", Signed: s.sessionsPage},
		{Pattern: "POST /me/sessions/{session}/end", Signed: s.endSession},
		{Pattern: "POST /me/sessions/end-others", Signed: s.endOtherSessions},
		{Pattern: "GET /me/keys", Signed: s.ownKeysPage},
		{Pattern: "GET /me/keys/new", Signed: s.newKeyPage},
		{Pattern: "POST /me/keys/new", Signed: s.createKey},
		{Pattern: "POST /me/keys/{key}/revoke", Signed: s.revokeOwnKey},
		{Pattern: "GET /switch", Signed: s.switchPage},
		{Pattern: "POST /switch/{account}", Signed: s.switchTo},
		{Pattern: "GET /captured-mail", Signed: s.capturedMailPage},
		{Pattern: "GET /captured-mail/{mail}", Signed: s.openCapturedMail},
	})
}
