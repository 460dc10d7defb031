package web

// peopleRoutes are the pages about people: users, invitations, role groups and sub-accounts.
func (s *Server) peopleRoutes() []Route {
	return []Route{
		{Pattern: "GET /invitation/{token}", Open: s.invitation},
		{Pattern: "POST /invitation/{token}", Open: s.acceptInvitation},

		{Pattern: "GET /a/{account}/users", Signed: s.users},
		{Pattern: "POST /a/{account}/users/bulk", Signed: s.bulkUsers},
		{Pattern: "POST /a/{account}/users/invitations/bulk", Signed: s.bulkInvitations},
		{Pattern: "GET /a/{account}/users/invite", Signed: s.inviteDialog},
		{Pattern: "POST /a/{account}/users/invite", Signed: s.sendInvites},
		{Pattern: "POST /a/{account}/users/invite/check", Signed: s.checkInvite},
		{Pattern: "GET /a/{account}/users/new", Signed: s.createUserPage},
		{Pattern: "POST /a/{account}/users/new", Signed: s.createUser},
		{Pattern: "GET /a/{account}/users/transfer", Signed: s.transferPage},
		{Pattern: "POST /a/{account}/users/transfer", Signed: s.transferOwnership},
		{Pattern: "GET /a/{account}/users/{membership}", Signed: s.userProfile},
		{Pattern: "POST /a/{account}/users/{membership}", Signed: s.saveUserProfile},
		{Pattern: "POST /a/{account}/users/{membership}/identity", Signed: s.saveIdentity},
		{Pattern: "POST /a/{account}/users/{membership}/email", Signed: s.askEmailFor},
		{Pattern: "GET /a/{account}/users/{membership}/sessions", Signed: s.userSessions},
		{Pattern: "POST /a/{account}/users/{membership}/sessions/end-all", Signed: s.endUserSessions},
		{Pattern: "POST /a/{account}/users/{membership}/sessions/{session}/end", Signed: s.endUserSession},
		{Pattern: "GET /a/{account}/users/{membership}/settings", Signed: s.personalPage},
		{Pattern: "POST /a/{account}/users/{membership}/settings", Signed: s.savePersonal},
		{Pattern: "GET /a/{account}/users/{membership}/access", Signed: s.userAccess},
		{Pattern: "POST /a/{account}/users/{membership}/access", Signed: s.saveUserAccess},
		{Pattern: "GET /a/{account}/users/{membership}/activity", Signed: s.userActivity},
		{Pattern: "POST /a/{account}/users/{membership}/reset", Signed: s.sendUserReset},
		{Pattern: "POST /a/{account}/users/{membership}/link", Signed: s.newResetLink},

		{Pattern: "GET /a/{account}/roles", Signed: s.rolesPage},
		{Pattern: "GET /a/{account}/roles/new", Signed: s.newRolePage},
		{Pattern: "POST /a/{account}/roles/new", Signed: s.createRole},
		{Pattern: "GET /a/{account}/roles/{role}", Signed: s.rolePage},
		{Pattern: "POST /a/{account}/roles/{role}", Signed: s.saveRole},
		{Pattern: "POST /a/{account}/roles/{role}/changes", Signed: s.roleChanges},
		{Pattern: "GET /a/{account}/roles/{role}/delete", Signed: s.deleteRolePage},
		{Pattern: "POST /a/{account}/roles/{role}/delete", Signed: s.deleteRole},
		{Pattern: "POST /a/{account}/roles/{role}/reassign", Signed: s.reassignRole},

		{Pattern: "GET /a/{account}/keys", Signed: s.keysPage},
		{Pattern: "POST /a/{account}/keys/{key}/revoke", Signed: s.revokeKey},

		{Pattern: "GET /a/{account}/subaccounts", Signed: s.subaccountsPage},
		{Pattern: "GET /a/{account}/subaccounts/new", Signed: s.newSubPage},
		{Pattern: "POST /a/{account}/subaccounts/new", Signed: s.createSub},
		{Pattern: "GET /a/{account}/subaccounts/{subaccount}", Signed: s.subPage},
		{Pattern: "POST /a/{account}/subaccounts/{subaccount}", Signed: s.saveSub},
		{Pattern: "POST /a/{account}/subaccounts/{subaccount}/suspend", Signed: s.suspendSub},
		{Pattern: "POST /a/{account}/subaccounts/{subaccount}/resume", Signed: s.resumeSub},
		{Pattern: "POST /a/{account}/subaccounts/{subaccount}/move", Signed: s.moveSub},
		{Pattern: "POST /a/{account}/subaccounts/{subaccount}/remove", Signed: s.removeSub},
	}
}
