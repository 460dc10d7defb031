package web

import (
	"net/http"
	"net/url"
	"strconv"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/provision"
	"bailiwick/internal/usage"
	"bailiwick/internal/web/ui/clients"
	"bailiwick/internal/web/ui/part"
)

// clientsView is the page name that saved views of the list of clients are kept under.
const clientsView = "clients"

// clientQuery reads the list's query from the address, or from a form that carries it along.
func clientQuery(v url.Values) account.Query {
	return account.Query{
		Search: v.Get("q"), Status: account.Status(v.Get("status")), Ends: account.Ends(v.Get("ends")), Reseller: ids.Account(v.Get("reseller")), Package: ids.Package(v.Get("package")), Use: account.Use(v.Get("use")),
		Sort: account.Sort(v.Get("sort")), Desc: v.Get("order") == "desc", Cursor: v.Get("cursor"),
	}
}

// queryValues writes the list's query back, without what is the default.
func queryValues(q account.Query) url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("q", q.Search)
	set("status", string(q.Status))
	set("ends", string(q.Ends))
	set("reseller", string(q.Reseller))
	set("package", string(q.Package))
	set("use", string(q.Use))
	if q.Sort != account.ByName {
		set("sort", string(q.Sort))
	}
	if q.Desc {
		v.Set("order", "desc")
	}
	set("cursor", q.Cursor)
	return v
}

func withQuery(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func (s *Server) clientsPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showClients(w, r, by, http.StatusOK, r.URL.Query(), overList{})
}

// overList is the dialog that stands open above the list: a new client, or a view to be saved.
type overList struct {
	form                *clients.Form
	viewName, viewError string
}

// showClients renders the list of a query, with a dialog when there is one.
func (s *Server) showClients(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, query url.Values, open overList) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	q := clientQuery(query)
	l, err := s.Accounts.List(r.Context(), by, id, q)
	if err != nil {
		return err
	}
	v, err := s.clientList(r, by, id, q, l)
	if err != nil {
		return err
	}
	if err := s.clientTabs(r, by, id, q, &v); err != nil {
		return err
	}
	v.Dialog, v.ViewName, v.ViewError = open.form, open.viewName, open.viewError
	if fragment(r, "main") {
		return s.render(w, r, status, clients.Main(v))
	}
	if v.Page, err = s.frame(w, r, by, place{title: i18n.From(r.Context()).T("clients.title"), nav: "clients"}); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

// clientList fills what the region shows.
func (s *Server) clientList(r *http.Request, by authz.Actor, id ids.Account, q account.Query, l account.Clients) (clients.List, error) {
	_, sc, err := s.Ops.See(r.Context(), by, id)
	if err != nil {
		return clients.List{}, err
	}
	p := i18n.From(r.Context())
	at := accountPath(id, "")
	first := q
	first.Cursor = ""
	turn := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		next := q
		next.Cursor = cursor
		return withQuery(at+"/clients", queryValues(next))
	}
	var months map[ids.Account]usage.Filled
	if sc.Has(authz.QuotasView) {
		if months, err = s.monthsOf(r, by, id, l.Rows); err != nil {
			return clients.List{}, err
		}
	}
	return clients.List{
		At: at, Months: months, Search: q.Search, Rows: l.Rows, Today: l.Today, Total: l.Total, First: l.First, Paused: l.Paused, Prev: turn(l.Prev), Next: turn(l.Next),
		Columns: clientColumns(p, at, first, sc.Has(authz.QuotasView)), Reset: at + "/clients", Filtered: q.Search != "" || q.Status != "" || q.Ends != "" || q.Reseller != "" || q.Package != "" || q.Use != "",
		CanCreate: sc.Has(authz.ClientsCreate), CanExport: sc.Has(authz.ClientsExport), CanImport: sc.Has(authz.ClientsImport), CanEdit: sc.Has(authz.ClientsEdit),
		CanHold: sc.Has(authz.ClientsSuspend), CanClose: sc.Has(authz.ClientsClose), CanInvite: sc.Has(authz.UsersInvite), CanAssign: sc.Has(authz.PackagesAssign),
	}, nil
}

// monthsOf is how much the clients of a page have used of their month.
func (s *Server) monthsOf(r *http.Request, by authz.Actor, id ids.Account, rows []account.Row) (map[ids.Account]usage.Filled, error) {
	all := make([]ids.Account, len(rows))
	for i, row := range rows {
		all[i] = row.ID
	}
	return s.Usage.Months(r.Context(), by, id, all)
}

func clientColumns(p i18n.Printer, at string, q account.Query, use bool) []part.Column {
	col := func(key string, sort account.Sort, end bool, drop int) part.Column {
		c := part.Column{Label: p.T("clients." + key), End: end, Drop: drop}
		if sort == "" {
			return c
		}
		next := q
		next.Sort, next.Desc = sort, false
		if q.Sort == sort || q.Sort == "" && sort == account.ByName {
			next.Desc = !q.Desc
			c.Sort = part.Ascending
			if q.Desc {
				c.Sort = part.Descending
			}
		}
		c.Href = withQuery(at+"/clients", queryValues(next))
		return c
	}
	out := []part.Column{
		col("client", account.ByName, false, 0), col("status", account.ByStatus, false, 2), col("ends", account.ByEnd, false, 2), col("package", account.ByPackage, false, 4),
		col("users", account.ByUsers, true, 3), col("locations", account.ByLocations, true, 3),
	}
	if use {
		c := col("use", account.ByUse, false, 2)
		c.Meter = true
		out = append(out, c)
	}
	return append(out, col("reseller", "", false, 5), col("created", account.ByCreated, false, 4), part.Column{Label: p.T("clients.actions"), Hidden: true})
}

// clientTabs fills the tabs, saved views and filters above the list.
func (s *Server) clientTabs(r *http.Request, by authz.Actor, id ids.Account, q account.Query, v *clients.List) error {
	p := i18n.From(r.Context())
	facets, err := s.Accounts.Facets(r.Context(), by, id)
	if err != nil {
		return err
	}
	if v.Views, err = s.Views.List(r.Context(), by, id, clientsView); err != nil {
		return err
	}
	v.Any = facets.All > 0 || len(v.Rows) > 0 || v.Filtered
	q.Cursor = ""
	now := queryValues(q).Encode()
	tab := func(label, query string, count int) {
		t := part.Tab{Label: label, Href: v.At + "/clients", Current: query == now}
		if query != "" {
			t.Href += "?" + query
		}
		if count >= 0 {
			t.Count = capped(p, count)
		}
		v.Tabs = append(v.Tabs, t)
	}
	tab(p.T("clients.all"), "", facets.All)
	tab(p.T("clients.ending", "n", account.EndingDays), "ends="+strconv.Itoa(account.EndingDays), facets.Ending)
	if facets.Near != account.Unknown {
		tab(p.T("clients.use_"+string(account.NearLimit)), "use="+string(account.NearLimit), facets.Near)
	}
	tab(p.T("clients.inactive"), "status=suspended", facets.Inactive)
	known := false
	for _, w := range v.Views {
		tab(w.Name, w.Query, -1)
	}
	for _, t := range v.Tabs {
		known = known || t.Current
	}
	if !known {
		v.SaveView = now
	}
	for name, values := range queryValues(q) {
		if name != "q" {
			v.Hidden = append(v.Hidden, clients.Hidden{Name: name, Value: values[0]})
		}
	}
	return s.clientFilters(r, by, id, q, v)
}

func capped(p i18n.Printer, n int) string {
	if n > account.Most {
		return p.T("clients.more_than", "n", p.Number(account.Most))
	}
	return p.Number(int64(n))
}

func (s *Server) newClientPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	packages, err := s.offeredPackages(r, by, id)
	if err != nil {
		return err
	}
	return s.showClients(w, r, by, http.StatusOK, r.URL.Query(), overList{form: &clients.Form{Action: accountPath(id, "/clients/new"), Kind: account.Customer, Packages: packages}})
}

func (s *Server) createClient(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "name", "membership_end", "no_end", "owner_email", "package")
	if err != nil {
		return err
	}
	in := provision.Input{OwnerEmail: f.text("owner_email"), CreateInput: account.CreateInput{
		Kind: account.Customer, NoEnd: f.ticked("no_end"), Fields: account.Fields{Name: f.text("name"), MembershipEnd: f.text("membership_end")},
	}}
	if pkg := ids.Package(f.text("package")); pkg != "" {
		in.Fields.Package = &pkg
	}
	made, err := s.Provision.Create(r.Context(), by, id, in)
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		packages, err := s.offeredPackages(r, by, id)
		if err != nil {
			return err
		}
		return s.showClients(w, r, by, status, r.URL.Query(), overList{form: &clients.Form{Action: accountPath(id, "/clients/new"), Kind: account.Customer, Packages: packages, Package: f.text("package"), Typed: in.Fields, NoEnd: in.NoEnd, Owner: in.OwnerEmail, Errors: remarks.Fields, Problem: remarks.Problem}})
	}
	if made.SameName > 0 {
		s.setFlash(w, "client_created_same_name", "name", made.Name)
	} else {
		s.setFlash(w, "client_created", "name", made.Name)
	}
	return seeOther(w, r, accountPath(made.ID, ""))
}

func (s *Server) saveView(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "query", "view_name")
	if err != nil {
		return err
	}
	query, err := url.ParseQuery(f.text("query"))
	if err != nil {
		return errs.New(errs.Invalid, "view.query_unreadable", "Set the filters again. This view could not be read.")
	}
	if _, err := s.Views.Save(r.Context(), by, id, clientsView, f.text("view_name"), query.Encode()); err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil || remarks.On("view_name") == "" {
			return orProblem(err, remarks)
		}
		return s.showClients(w, r, by, status, query, overList{viewName: f.text("view_name"), viewError: remarks.On("view_name")})
	}
	s.setFlash(w, "view_saved")
	return seeOther(w, r, withQuery(accountPath(id, "/clients"), query))
}

func (s *Server) deleteView(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	v, err := ids.ParseView(r.PathValue("view"))
	if err != nil {
		return errs.NoSuch("view")
	}
	if err := s.Views.Delete(r.Context(), by, id, v); err != nil {
		return err
	}
	s.setFlash(w, "view_deleted")
	return seeOther(w, r, accountPath(id, "/clients"))
}

func (s *Server) resellersPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	rows, err := s.Accounts.Resellers(r.Context(), by, id)
	if err != nil {
		return err
	}
	_, sc, err := s.Ops.See(r.Context(), by, id)
	if err != nil {
		return err
	}
	frame, err := s.frame(w, r, by, place{title: i18n.From(r.Context()).T("resellers.title"), nav: "resellers"})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, clients.Resellers{Page: frame, At: accountPath(id, ""), Rows: rows, CanCreate: sc.Has(authz.ResellersCreate)})
}
