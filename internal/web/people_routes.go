package web

// peopleRoutes are the pages about people: users, invitations, role groups and sub-accounts.
func (s *Server) peopleRoutes() []Route {
	return []Route{
		{Pattern: "GET /invitation/{token}", Open: s.invitation},
		{Pattern: "POST /invitation/{token}", Open: s.acceptInvitation},
	}
}
