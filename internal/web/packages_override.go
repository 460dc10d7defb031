package web

import (
	"net/http"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/quota"
	"bailiwick/internal/web/ui/packages"
	"bailiwick/internal/web/ui/part"
)

// overridePath is where a client is chosen, below the packages.
const overridePath = "/override"

// chosenFrom is how many clients there are to choose from; a search narrows them.
const chosenFrom = 20

// overridesClients reports whether the reader sets limits that clients have instead of those of their packages.
func overridesClients(sc authz.Scope) bool {
	return sells(sc) && sc.Has(authz.QuotasEdit) && sc.Has(authz.ClientsView)
}

// overridePage has the client chosen that is to have a limit of its own. What it has, and what its package says, stands on its tab.
func (s *Server) overridePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	if !overridesClients(sc) {
		return authz.Denied()
	}
	base := accountPath(sc.Account(), "/packages")
	v := packages.Choose{Action: base + overridePath, Search: r.URL.Query().Get("q")}
	found, err := s.Accounts.List(r.Context(), by, sc.Account(), account.Query{Search: v.Search, Sort: account.ByName, Limit: chosenFrom})
	if err != nil {
		return err
	}
	v.More = found.Next != "" || found.First
	months, err := s.monthsOf(r, by, sc.Account(), found.Rows)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	for _, c := range found.Rows {
		row := packages.Near{ID: string(c.ID), Client: c.Name, Href: accountPath(c.ID, "/"+quotasSection) + "#sending", Limit: c.PackageName}
		if m, limited := months[c.ID]; limited {
			row.Meter = &part.Meter{Label: p.T("packages.used_by", "limit", slot{m.Channel, quota.Month}.label(p), "name", c.Name), Used: m.Used, Limit: m.Limit}
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Page, err = s.frame(w, r, by, packagesPlace(p, base, part.Crumb{Label: p.T("packages.override")})); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}
