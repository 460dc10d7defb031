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
	}
}
