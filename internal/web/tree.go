package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/outline"
	"bailiwick/internal/web/ui/part"
	ui "bailiwick/internal/web/ui/tree"
)

// treeRoutes are My customers. What is open in the tree and what stands in the pane are in the query, so that every
// link works by itself.
func (s *Server) treeRoutes() []Route {
	return []Route{
		{Pattern: "GET /a/{account}/tree", Signed: s.treePage},
		{Pattern: "POST /a/{account}/tree", Signed: s.savePane},
		{Pattern: "GET /a/{account}/tree/rows", Signed: s.treeRows},
		{Pattern: "POST /a/{account}/tree/do", Signed: s.doInTree},
		{Pattern: "GET /a/{account}/tree/move", Signed: s.moveTogetherPage},
		{Pattern: "POST /a/{account}/tree/move", Signed: s.moveTogether},
		{Pattern: "POST /a/{account}/tree/close", Signed: s.closeTogether},
	}
}

// treeState is the address of the tree, taken apart.
type treeState struct {
	root   ids.Account
	open   []string          // accounts whose insides are shown
	from   map[string]string // of some of them, the cursor of the page that is shown
	search string
	pane   string // the account or person in the pane
	tab    string // its section
	kind   string // of what is being made in the pane
	in     string // and where
	full   bool   // the pane has the whole width
}

// mostOpen is how many insides a page shows.
const mostOpen = 40

func treeStateOf(root ids.Account, q url.Values) treeState {
	t := treeState{root: root, open: q["open"], from: map[string]string{}, search: strings.TrimSpace(q.Get("q")), pane: q.Get("pane"), tab: q.Get("tab"), kind: q.Get("new"), in: q.Get("in"), full: q.Get("full") != ""}
	t.open = t.open[:min(len(t.open), mostOpen)]
	for _, v := range q["from"] {
		if node, cursor, ok := strings.Cut(v, "."); ok {
			t.from[node] = cursor
		}
	}
	return t
}

// query writes the state without what is the default.
func (t treeState) query() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	for _, id := range t.open {
		v.Add("open", id)
	}
	for _, id := range append([]string{string(t.root)}, t.open...) {
		if c := t.from[id]; c != "" {
			v.Add("from", id+"."+c)
		}
	}
	set("q", t.search)
	set("pane", t.pane)
	set("tab", t.tab)
	set("new", t.kind)
	set("in", t.in)
	if t.full {
		v.Set("full", "1")
	}
	return v
}

func (t treeState) path() string { return accountPath(t.root, "/tree") }

func (t treeState) href() string { return withQuery(t.path(), t.query()) }

// alone is the state without a pane.
func (t treeState) alone() treeState {
	t.pane, t.tab, t.kind, t.in, t.full = "", "", "", "", false
	return t
}

// showing is the state with something in the pane.
func (t treeState) showing(ref, tab string) treeState {
	full := t.full
	t = t.alone()
	t.pane, t.tab, t.full = ref, tab, full
	return t
}

// making is the state with the form of something new in the pane.
func (t treeState) making(kind string, in ids.Account) treeState {
	t = t.alone()
	t.kind, t.in = kind, string(in)
	return t
}

// twisted is the state with a node opened, or closed again.
func (t treeState) twisted(id string) treeState {
	if i := slices.Index(t.open, id); i >= 0 {
		t.open = slices.Delete(slices.Clone(t.open), i, i+1)
	} else {
		t.open = append(slices.Clone(t.open), id)
	}
	return t
}

// turned is the state with another page of a node's inside.
func (t treeState) turned(id, cursor string) treeState {
	from := map[string]string{}
	for k, v := range t.from {
		from[k] = v
	}
	from[id] = cursor
	t.from = from
	return t
}

func (s *Server) treePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	t := treeStateOf(id, r.URL.Query())
	return s.showPane(w, r, by, t)
}

// showTree renders the tree with what stands in its pane; for a script that asks for the pane, the pane alone.
func (s *Server) showTree(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, t treeState, pane templ.Component, problem string) error {
	if pane == nil {
		pane = ui.NoPane{}
	}
	sc, err := s.Outline.Root(r.Context(), by, t.root)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "HX-Request, HX-Target")
	crumbs := s.treeCrumbs(r, by, sc, t)
	if fragment(r, "pane") {
		return s.render(w, r, status, templ.Join(pane, part.Crumbs{Items: crumbs, Anew: true}))
	}
	p := i18n.From(r.Context())
	v := ui.Page{Title: treeName(p, sc), At: t.path(), Label: p.T("tree.search"), Search: t.search, Problem: problem, Do: withQuery(t.path()+"/do", t.query()),
		Edit: outline.Offered(sc), Move: mayMove(sc), Delete: mayDelete(sc), New: newItems(p, sc)}
	shut := t
	shut.open, shut.from = nil, nil
	v.CloseAll, v.AnyOpen = shut.href(), len(t.open) > 0
	n, err := s.Outline.Totals(r.Context(), by, t.root)
	if err != nil {
		return err
	}
	v.Text = totalsText(p, n)
	if t.search != "" {
		err = s.hitRows(r, by, t, &v)
	} else {
		left := mostOpen
		v.Rows, err = s.branchRows(r, by, t, t.root, 1, t.from[string(t.root)], &left)
	}
	if err != nil {
		return err
	}
	if v.Page, err = s.frame(w, r, by, place{title: v.Title, nav: "tree", crumbs: crumbs}); err != nil {
		return err
	}
	v.Pane = pane
	return s.render(w, r, status, v)
}

// totalsText says how many customers and departments there are.
func totalsText(p i18n.Printer, n outline.Totals) string {
	customers, departments := p.T("tree.customer_count", "count", n.Customers), p.T("tree.department_count", "count", n.Departments)
	switch {
	case max(n.Customers, n.Departments) > account.Most:
		return p.T("tree.count_many", "n", p.Number(account.Most))
	case n.Customers == account.Unknown:
		return departments
	case n.Departments == account.Unknown:
		return customers
	}
	return p.T("tree.counts", "customers", customers, "departments", departments)
}

func sells(sc authz.Scope) bool { return sc.Kind() == "platform" || sc.Kind() == "reseller" }

func mayMove(sc authz.Scope) bool {
	return sc.Has(authz.ClientsMove) || sc.Has(authz.ResellersMove) || sc.Has(authz.DepartmentsMove)
}

func mayDelete(sc authz.Scope) bool {
	for _, p := range []authz.Perm{authz.ClientsClose, authz.ResellersClose, authz.DepartmentsClose, authz.UsersRemove} {
		if sc.Has(p) {
			return true
		}
	}
	return false
}

// treeCrumbs lead from the tree of the account the person works in to that of one below, and to what is made in it.
func (s *Server) treeCrumbs(r *http.Request, by authz.Actor, sc authz.Scope, t treeState) []part.Crumb {
	p := i18n.From(r.Context())
	var crumbs []part.Crumb
	if sc.Account() != by.Account() {
		var err error
		if crumbs, err = s.crumbsBelow(r, by, sc); err != nil {
			crumbs = nil // the page says what it is about without them
		}
	}
	if t.kind == "" {
		return append(crumbs, part.Crumb{Label: treeName(p, sc)})
	}
	return append(crumbs, part.Crumb{Label: treeName(p, sc), Href: t.alone().href()}, part.Crumb{Label: p.T("tree.new_" + t.kind + "_title")})
}

// branchRows are the rows inside an account, with those inside its open ones.
func (s *Server) branchRows(r *http.Request, by authz.Actor, t treeState, parent ids.Account, level int, cursor string, left *int) ([]ui.Row, error) {
	*left--
	b, err := s.Outline.Children(r.Context(), by, parent, cursor)
	if err != nil {
		return nil, err
	}
	p := i18n.From(r.Context())
	var out []ui.Row
	if cursor != "" && t.from[string(parent)] == cursor {
		out = append(out, ui.Row{Level: level, Href: t.turned(string(parent), "").href(), More: p.T("tree.show_first")})
	}
	for _, n := range b.Nodes {
		row := s.treeRow(p, t, n, level)
		out = append(out, row)
		if row.Open && *left > 0 {
			inside, err := s.branchRows(r, by, t, n.Account, level+1, t.from[string(n.Account)], left)
			if err != nil {
				return nil, err
			}
			out = append(out, inside...)
		}
	}
	if b.Next != "" {
		out = append(out, ui.Row{Level: level, Href: t.turned(string(parent), b.Next).href(), Inside: insideOf(t, parent, level, b.Next), More: p.T("tree.show_more")})
	}
	return out, nil
}

// insideOf is the address of the rows inside an account, for a script to put in place.
func insideOf(t treeState, id ids.Account, level int, cursor string) string {
	v := url.Values{"node": {string(id)}, "level": {strconv.Itoa(min(level, 9))}}
	if cursor != "" {
		v.Set("after", cursor)
	}
	return t.path() + "/rows?" + v.Encode()
}

func (s *Server) treeRow(p i18n.Printer, t treeState, n outline.Node, level int) ui.Row {
	ref := n.Ref()
	row := ui.Row{Ref: ref, Level: level, Name: n.Name, Href: t.showing(ref, "").href(), Current: ref == t.pane, Person: n.Person()}
	if n.Person() {
		row.Kind = p.T("tree.user")
		row.Note, _ = roleLabel(p, n.Role, n.RoleName)
		row.Avatar = part.Avatar{ID: string(n.User), Name: n.Name, Size: "sm"}
		row.Status = part.Status{Label: p.T("tree.user_active"), Tone: part.Success}
		if n.Deactivated {
			row.Status = part.Status{Label: p.T("tree.user_deactivated"), Tone: part.Warning}
		}
		return row
	}
	if n.Invited() {
		row.Kind, row.Href, row.Away = p.T("tree.user"), accountPath(n.Account, "/users?tab=pending"), true
		row.Note, _ = roleLabel(p, n.Role, n.RoleName)
		row.Avatar = part.Avatar{ID: string(n.Invitation), Name: n.Name, Size: "sm"}
		row.Status = part.Status{Label: p.T("tree.user_invited"), Tone: part.Info}
		if n.Expires <= s.Clock().UnixMilli() {
			row.Status = part.Status{Label: p.T("tree.user_expired"), Tone: part.Warning}
		}
		return row
	}
	row.Kind = p.T("tree.new_" + string(n.Kind))
	row.Folder = n.Kind == account.Department
	row.Avatar = part.Avatar{ID: string(n.Account), Name: n.Name, Size: "sm", Square: true}
	row.Status = part.Status{Label: p.T("account.status_" + string(n.Status)), Tone: map[account.Status]part.Tone{account.Active: part.Success, account.Suspended: part.Warning, account.Closed: part.Neutral}[n.Status]}
	row.Users = p.Number(n.Users)
	if n.Kind != account.Customer && n.Users > outline.MostUsers {
		row.Users = p.T("clients.more_than", "n", p.Number(outline.MostUsers))
	}
	row.Opens, row.Open = n.Opens, n.Opens && slices.Contains(t.open, string(n.Account))
	row.Twist, row.Inside = t.twisted(string(n.Account)).href(), insideOf(t, n.Account, level+1, "")
	return row
}

// hitRows are what a search found, each with the way to it. A hit is not opened in place: it leads to the tree.
func (s *Server) hitRows(r *http.Request, by authz.Actor, t treeState, v *ui.Page) error {
	p := i18n.From(r.Context())
	hits, err := s.Outline.Find(r.Context(), by, t.root, t.search)
	if err != nil {
		return err
	}
	v.First = hits.First
	for _, n := range hits.Nodes {
		row := s.treeRow(p, t, n, 1)
		path := ""
		for _, name := range n.Path {
			if path == "" {
				path = name
			} else {
				path = p.T("tree.step", "above", path, "name", name)
			}
		}
		if path != "" {
			row.Note = strings.TrimSpace(row.Note + " " + p.T("tree.in", "path", path))
		}
		v.Rows = append(v.Rows, row)
		if row.Open {
			left := 1
			inside, err := s.branchRows(r, by, t, n.Account, 2, t.from[string(n.Account)], &left)
			if err != nil {
				return err
			}
			v.Rows = append(v.Rows, inside...)
		}
	}
	return nil
}

// treeRows answers a script with the rows inside one account of the tree, a page at a time.
func (s *Server) treeRows(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	root, err := accountOf(r)
	if err != nil {
		return err
	}
	sc, err := s.Outline.Root(r.Context(), by, root)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	id, err := ids.ParseAccount(q.Get("node"))
	if err != nil {
		return errs.NoSuch("account")
	}
	level := 1
	if l := q.Get("level"); len(l) == 1 && l[0] > '0' && l[0] <= '9' {
		level = int(l[0] - '0')
	}
	left := 1
	rows, err := s.branchRows(r, by, treeState{root: sc.Account(), from: map[string]string{}}, id, level, q.Get("after"), &left)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, ui.Rows(rows))
}
