package web

import (
	"net/http"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/web/ui/clients"
	"bailiwick/internal/web/ui/part"
)

// clientFilters fills the filters with their choices.
func (s *Server) clientFilters(r *http.Request, by authz.Actor, id ids.Account, q account.Query, v *clients.List) error {
	p := i18n.From(r.Context())
	choice := func(label string, change func(*account.Query)) part.MenuItem {
		next := q
		change(&next)
		return part.MenuItem{Label: label, Href: withQuery(v.At+"/clients", queryValues(next))}
	}
	add := func(key, value string, clear func(*account.Query), choices []part.MenuItem) {
		f := clients.ListFilter{Filter: part.Filter{Label: p.T("clients." + key), Value: value, Menu: "filter-" + key}, Choices: choices}
		if value != "" {
			f.Filter.Menu, f.Filter.Href = "", choice("", clear).Href
		}
		v.Filters = append(v.Filters, f)
	}
	var statuses, ends, resellers []part.MenuItem
	statusName, endsName, resellerName := "", "", ""
	for _, st := range []account.Status{account.Active, account.Suspended, account.Closed} {
		label := p.T("account.status_" + string(st))
		if q.Status == st {
			statusName = label
		}
		statuses = append(statuses, choice(label, func(q *account.Query) { q.Status = st }))
	}
	for _, e := range []account.Ends{"7", "30", "90", account.EndsPassed, account.EndsNever} {
		label := p.T("clients.ends_" + string(e))
		if q.Ends == e {
			endsName = label
		}
		ends = append(ends, choice(label, func(q *account.Query) { q.Ends = e }))
	}
	rows, err := s.Accounts.ResellerPlaces(r.Context(), by, id)
	if err != nil && errs.KindOf(err) != errs.Denied {
		return err
	}
	for _, x := range rows {
		if q.Reseller == x.ID {
			resellerName = x.Name
		}
		resellers = append(resellers, choice(x.Name, func(q *account.Query) { q.Reseller = x.ID }))
	}
	add("status", statusName, func(q *account.Query) { q.Status = "" }, statuses)
	add("ends", endsName, func(q *account.Query) { q.Ends = "" }, ends)
	if err := s.packageFilter(r, by, id, q, choice, add); err != nil {
		return err
	}
	if _, sc, err := s.Ops.See(r.Context(), by, id); err != nil {
		return err
	} else if sc.Has(authz.QuotasView) {
		name := ""
		var uses []part.MenuItem
		for _, u := range []account.Use{account.NearLimit, account.AtLimit} {
			label := p.T("clients.use_" + string(u))
			if q.Use == u {
				name = label
			}
			uses = append(uses, choice(label, func(q *account.Query) { q.Use = u }))
		}
		add("use", name, func(q *account.Query) { q.Use = "" }, uses)
	}
	if len(resellers) > 0 {
		add("reseller", resellerName, func(q *account.Query) { q.Reseller = "" }, resellers)
	}
	return nil
}

// packageFilter adds the filter by package, for who sees packages.
func (s *Server) packageFilter(r *http.Request, by authz.Actor, id ids.Account, q account.Query, choice func(string, func(*account.Query)) part.MenuItem, add func(string, string, func(*account.Query), []part.MenuItem)) error {
	all, err := s.Plans.List(r.Context(), by, id)
	if errs.KindOf(err) == errs.Denied && err != nil {
		return nil
	}
	if err != nil || len(all) == 0 && q.Package == "" {
		return err
	}
	p := i18n.From(r.Context())
	name := ""
	var choices []part.MenuItem
	for _, k := range all {
		if q.Package == k.ID {
			name = k.Name
		}
		choices = append(choices, choice(k.Name, func(q *account.Query) { q.Package = k.ID }))
	}
	if none := p.T("packages.none"); q.Package == account.NoPackage {
		name = none
	} else if q.Package != "" && name == "" {
		name = p.T("packages.another")
	}
	choices = append(choices, choice(p.T("packages.none"), func(q *account.Query) { q.Package = account.NoPackage }))
	add("package", name, func(q *account.Query) { q.Package = "" }, choices)
	return nil
}
