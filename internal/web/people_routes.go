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
		{Pattern: "GET /a/{account}/users/{user}", Signed: s.userProfile},
		{Pattern: "POST /a/{account}/users/{user}", Signed: s.saveUserProfile},
		{Pattern: "GET /a/{account}/users/{user}/access", Signed: s.userAccess},
		{Pattern: "POST /a/{account}/users/{user}/access", Signed: s.saveUserAccess},
		{Pattern: "GET /a/{account}/users/{user}/activity", Signed: s.userActivity},
		{Pattern: "POST /a/{account}/users/{user}/reset", Signed: s.sendUserReset},
	}
}
