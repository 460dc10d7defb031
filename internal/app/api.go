package app

import (
	"bailiwick/internal/api"
	"bailiwick/internal/page"
	"bailiwick/internal/web"
)

func (a *App) buildAPI(cursors *page.Sealer) (err error) {
	a.API, err = api.New(api.Deps{
		Log: a.log, Clock: a.clock, PerMinute: a.cfg.API.PerMinute, Ops: a.Ops, Cursors: cursors, Authn: a.Authn, Keys: a.Keys, Policy: a.Policy, Access: a.Access, Quotas: a.Quotas, Usage: a.Usage, Modules: a.Modules, Tuning: a.Tuning, Outline: a.Outline, Submit: a.Submit, Notices: a.Notices, Views: a.Views, Tasks: a.Tasks, Exchange: a.Exchange, Temp: a.cfg.Data,
		Accounts: a.Accounts, Subs: a.Subs, Roles: a.Roles, Plans: a.Plans, Users: a.Users, Invites: a.Invites, Provision: a.Provision, Contacts: a.Contacts, Brands: a.Brands, Trail: a.Trail,
	})
	return err
}

func mounts(routes []api.Route) []web.Mount {
	out := make([]web.Mount, len(routes))
	for i, r := range routes {
		out[i] = web.Mount{Pattern: r.Pattern, Handler: r.Handler}
	}
	return out
}
