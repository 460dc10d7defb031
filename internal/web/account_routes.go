package web

// accountRoutes are the list of clients, the pages of one account and the forms that change it.
func (s *Server) accountRoutes() []Route {
	return []Route{
		{Pattern: "GET /a/{account}/clients", Signed: s.clientsPage},
		{Pattern: "GET /a/{account}/clients/new", Signed: s.newClientPage},
		{Pattern: "POST /a/{account}/clients/new", Signed: s.createClient},
		{Pattern: "POST /a/{account}/clients/bulk", Signed: s.bulkClients},
		{Pattern: "POST /a/{account}/clients/views", Signed: s.saveView},
		{Pattern: "POST /a/{account}/clients/views/{view}/delete", Signed: s.deleteView},
		{Pattern: "GET /a/{account}/resellers", Signed: s.resellersPage},
		{Pattern: "GET /a/{account}/resellers/new", Signed: s.newReseller},
		{Pattern: "POST /a/{account}/resellers/new", Signed: s.createReseller},

		{Pattern: "GET /a/{account}", Signed: s.accountPage},
		{Pattern: "GET /a/{account}/edit", Signed: s.editPage},
		{Pattern: "POST /a/{account}/edit", Signed: s.saveAccount},
		{Pattern: "GET /a/{account}/status", Signed: s.statusPage},
		{Pattern: "POST /a/{account}/active", Signed: s.toggleActive},
		{Pattern: "POST /a/{account}/hold", Signed: s.holdAccount},
		{Pattern: "POST /a/{account}/holds/{hold}/lift", Signed: s.liftHold},
		{Pattern: "GET /a/{account}/close", Signed: s.closePage},
		{Pattern: "POST /a/{account}/close", Signed: s.closeAccount},
		{Pattern: "POST /a/{account}/reopen", Signed: s.reopenAccount},
		{Pattern: "GET /a/{account}/move", Signed: s.movePage},
		{Pattern: "POST /a/{account}/move", Signed: s.moveAccount},
		{Pattern: "GET /a/{account}/departments", Signed: s.departmentsPage},
		{Pattern: "GET /a/{account}/departments/new", Signed: s.newDepartment},
		{Pattern: "POST /a/{account}/departments/new", Signed: s.createDepartment},
		{Pattern: "GET /a/{account}/locations", Signed: s.locationsPage},
		{Pattern: "GET /a/{account}/locations/new", Signed: s.newLocation},
		{Pattern: "POST /a/{account}/locations/new", Signed: s.createLocation},
		{Pattern: "GET /a/{account}/locations/{location}", Signed: s.locationPage},
		{Pattern: "POST /a/{account}/locations/{location}", Signed: s.saveLocation},
		{Pattern: "POST /a/{account}/locations/{location}/remove", Signed: s.removeLocation},
		{Pattern: "GET /a/{account}/activity", Signed: s.activityPage},
	}
}
