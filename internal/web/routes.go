package web

// Routes is the whole route table of the portal. Tests walk it: a route that is not here does not exist, and one
// that is here is swept for strangers and foreign ids without being named.
func (s *Server) Routes() []Route {
	return []Route{
		{Pattern: "GET /healthz", Open: s.health},
		{Pattern: "GET /{$}", Signed: s.start},
		{Pattern: "GET /a/{account}/home", Signed: s.home},
		{Pattern: "POST /theme", Signed: s.setTheme},
	}
}
