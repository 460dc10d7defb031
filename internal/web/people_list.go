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
	"bailiwick/internal/invite"
	"bailiwick/internal/page"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
)

// seen reads the account of the path with what the reader holds there.
func (s *Server) seen(r *http.Request, by authz.Actor) (authz.Scope, error) {
	id, err := accountOf(r)
	if err != nil {
		return authz.Scope{}, err
	}
	_, sc, err := s.Ops.See(r.Context(), by, id)
	return sc, err
}

// peoplePlace is where a page stands about the people of an account. The crumbs lead from the account's list down.
func (s *Server) peoplePlace(r *http.Request, by authz.Actor, sc authz.Scope, title string, more ...part.Crumb) (place, error) {
	p := i18n.From(r.Context())
	at := place{title: title, nav: "users"}
	if sc.Account() != by.Account() {
		crumbs, err := s.crumbsBelow(r, by, sc)
		if err != nil {
			return at, err
		}
		at.crumbs, at.nav = crumbs, "clients"
	}
	at.crumbs = append(at.crumbs, part.Crumb{Label: p.T("users.title"), Href: accountPath(sc.Account(), "/users")})
	at.crumbs = append(at.crumbs, more...)
	at.crumbs[len(at.crumbs)-1].Href = ""
	return at, nil
}

// crumbsBelow lead to an account below the one the reader works in, as the path of a page of it.
func (s *Server) crumbsBelow(r *http.Request, by authz.Actor, sc authz.Scope) ([]part.Crumb, error) {
	crumbs, err := s.accountCrumbs(r, by, sc.Account())
	if err == nil && len(crumbs) > 0 {
		crumbs[len(crumbs)-1].Href = accountPath(sc.Account(), "")
	}
	return crumbs, err
}

// users lists the people of an account: active, invited, deactivated.
func (s *Server) users(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	v := people.Users{
		Account: sc.Name(), Base: accountPath(sc.Account(), "/users"), Tab: people.Tab(r.URL.Query().Get("tab")), Search: r.URL.Query().Get("q"),
		MailOff: s.MailOff, RoleID: r.URL.Query().Get("role"), Sort: r.URL.Query().Get("sort"), Order: r.URL.Query().Get("dir"),
		Can: people.Can{
			Export: sc.Has(authz.UsersView),
			Invite: sc.Has(authz.UsersInvite), Create: sc.Has(authz.UsersInvite) && !s.MailOff, Deactivate: sc.Has(authz.UsersDeactivate), Remove: sc.Has(authz.UsersRemove),
			Transfer: sc.Has(authz.AccountTransfer) || sc.HeldAbove(authz.ClientsCreate),
		},
	}
	if v.Tab != people.Pending && v.Tab != people.Deactivated {
		v.Tab = people.Active
	}
	n, err := s.Users.Count(r.Context(), by, sc.Account())
	if err != nil {
		return err
	}
	for _, t := range []struct {
		tab people.Tab
		n   int
	}{{people.Active, n.Active}, {people.Pending, n.Pending}, {people.Deactivated, n.Deactivated}} {
		v.Tabs = append(v.Tabs, part.Tab{Label: p.T("users." + string(t.tab)), Href: v.Base + "?tab=" + string(t.tab), Count: p.Number(int64(t.n)), Current: t.tab == v.Tab})
	}
	if v.Tab == people.Pending {
		err = s.listInvitations(r, by, sc, &v, n.Pending)
	} else {
		err = s.listPeople(r, by, sc, &v, map[people.Tab]int{people.Active: n.Active, people.Deactivated: n.Deactivated}[v.Tab])
	}
	if err != nil {
		return err
	}
	d, tab, err := s.asTab(r, by, sc)
	if err != nil {
		return err
	}
	if tab {
		return s.record(w, r, by, http.StatusOK, d, "users", v.Body())
	}
	at, err := s.peoplePlace(r, by, sc, p.T("users.title"))
	if err != nil {
		return err
	}
	if v.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}

// asTab reports whether a list of the account is shown as a tab of its own page: when the reader came from another
// account and may open that page.
func (s *Server) asTab(r *http.Request, by authz.Actor, sc authz.Scope) (account.Details, bool, error) {
	view := map[string]authz.Perm{"reseller": authz.ResellersView, "customer": authz.ClientsView, "department": authz.DepartmentsView}[sc.Kind()]
	if sc.Account() == by.Account() || !sc.Has(view) {
		return account.Details{}, false, nil
	}
	d, err := s.Accounts.Get(r.Context(), by, sc.Account(), account.DepartmentCount)
	return d, err == nil, err
}

// cursorOf is what a cursor of this list is bound to: the reader, the account and everything that shapes the list.
func cursorOf(by authz.Actor, account ids.Account, list string, q url.Values) page.Binding {
	shaped := url.Values{}
	for _, k := range []string{"tab", "q", "role", "sort", "dir"} {
		if v := q.Get(k); v != "" {
			shaped.Set(k, v)
		}
	}
	return page.Binding{Actor: by.ID(), Root: string(account), Query: list + "?" + shaped.Encode()}
}

// with returns the address of the list with some of its query replaced; the place in the list is given up.
func with(base string, q url.Values, pairs ...string) string {
	next := url.Values{}
	for _, k := range []string{"tab", "q", "role", "sort", "dir"} {
		if v := q.Get(k); v != "" {
			next.Set(k, v)
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		next.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			next.Del(pairs[i])
		}
	}
	if len(next) == 0 {
		return base
	}
	return base + "?" + next.Encode()
}

func (s *Server) listPeople(r *http.Request, by authz.Actor, sc authz.Scope, v *people.Users, total int) error {
	p, q := i18n.From(r.Context()), r.URL.Query()
	in := user.Query{Deactivated: v.Tab == people.Deactivated, Search: v.Search, Role: authz.Role(q.Get("role")), Sort: user.Sort(q.Get("sort")), Desc: q.Get("dir") == "desc"}
	bind := cursorOf(by, sc.Account(), "users", q)
	if text := q.Get("after"); text != "" {
		c, err := s.Cursors.Open(bind, text, 3)
		if err != nil {
			return err
		}
		created, err := strconv.ParseInt(c.Key[1], 10, 64)
		if err != nil {
			return errs.NoSuch("page")
		}
		in.After = &user.After{Back: c.Back, Key: c.Key[0], Created: created, ID: ids.Membership(c.Key[2])}
	}
	list, err := s.Users.List(r.Context(), by, sc.Account(), in)
	if err != nil {
		return err
	}
	v.Narrow = in.Search != "" || in.Role != ""
	for _, m := range list.Members {
		label, tone := roleLabel(p, m.Role, m.RoleName)
		row := people.Person{
			ID: string(m.ID), Name: m.Name, Email: m.Email, Href: v.Base + "/" + string(m.ID), Role: label, Tone: tone, Access: modulesOf(offerOf(r.Context()), m.Grant()),
			Subs: subsOf(p, m.Access, m.SubCount), Bodies: m.Perms.Has(authz.MessagesViewBody), TwoFactor: m.TwoFactor, Last: p.T("users.never"),
		}
		if !m.LastActive.IsZero() {
			row.Last = p.Relative(m.LastActive, s.Clock())
		}
		v.People = append(v.People, row)
	}
	turn := func(to *user.After) string {
		if to == nil {
			return ""
		}
		return with(v.Base, q, "after", s.Cursors.Seal(bind, page.Cursor{Back: to.Back, Key: []string{to.Key, strconv.FormatInt(to.Created, 10), string(to.ID)}}))
	}
	v.Pager.Prev, v.Pager.Next = turn(list.Prev), turn(list.Next)
	if in.After != nil && len(list.Members) == 0 {
		v.Pager.Prev = with(v.Base, q) // the rows of this page are gone
	}
	if !v.Narrow {
		v.Pager.Summary = p.T("users.summary", "count", total)
	}
	v.Columns = peopleColumns(p, v.Base, q)
	v.Role, v.Roles = roleFilter(p, v.Base, q)
	return nil
}

func peopleColumns(p i18n.Printer, base string, q url.Values) []part.Column {
	sorted := func(key, label string, drop int) part.Column {
		c := part.Column{Label: p.T("users.col_" + label), Drop: drop, Href: with(base, q, "sort", key, "dir", "")}
		if q.Get("sort") == key || q.Get("sort") == "" && key == "name" {
			c.Sort = part.Ascending
			c.Href = with(base, q, "sort", key, "dir", "desc")
			if q.Get("dir") == "desc" {
				c.Sort, c.Href = part.Descending, with(base, q, "sort", key, "dir", "")
			}
		}
		return c
	}
	col := func(key string, drop int) part.Column { return part.Column{Label: p.T("users.col_" + key), Drop: drop} }
	return []part.Column{
		sorted("name", "user", 0), col("permission", 2), col("access", 3), col("subs", 3), col("bodies", 4), col("two_step", 3), col("last", 2),
	}
}

func roleFilter(p i18n.Printer, base string, q url.Values) (*part.Filter, []part.MenuItem) {
	f := &part.Filter{Label: p.T("users.role_filter"), Menu: "role-filter"}
	var items []part.MenuItem
	for _, role := range authz.BuiltIn() {
		label, _ := roleLabel(p, role, "")
		if q.Get("role") == string(role) {
			f.Value, f.Href = label, with(base, q, "role", "")
		}
		items = append(items, part.MenuItem{Label: label, Href: with(base, q, "role", string(role))})
	}
	return f, items
}

func (s *Server) listInvitations(r *http.Request, by authz.Actor, sc authz.Scope, v *people.Users, total int) error {
	p, q := i18n.From(r.Context()), r.URL.Query()
	bind := cursorOf(by, sc.Account(), "invitations", q)
	var after *invite.After
	if text := q.Get("after"); text != "" {
		c, err := s.Cursors.Open(bind, text, 2)
		if err != nil {
			return err
		}
		sent, err := strconv.ParseInt(c.Key[0], 10, 64)
		if err != nil {
			return errs.NoSuch("page")
		}
		after = &invite.After{Back: c.Back, SentAt: sent, ID: ids.Invitation(c.Key[1])}
	}
	list, err := s.Invites.List(r.Context(), by, sc.Account(), after)
	if err != nil {
		return err
	}
	now := s.Clock()
	for _, i := range list.Invitations {
		label, tone := roleLabel(p, i.Role, i.RoleName)
		v.Waiting = append(v.Waiting, people.Invitation{
			ID: string(i.ID), Email: i.Email, Role: label, Tone: tone, Subs: subsOf(p, i.Access, i.SubCount), By: i.InvitedBy,
			Sent: p.Relative(i.SentAt, now), Expires: p.Relative(i.ExpiresAt, now), Expired: i.Expired(now),
		})
	}
	turn := func(to *invite.After) string {
		if to == nil {
			return ""
		}
		return with(v.Base, q, "after", s.Cursors.Seal(bind, page.Cursor{Back: to.Back, Key: []string{strconv.FormatInt(to.SentAt, 10), string(to.ID)}}))
	}
	v.Pager.Prev, v.Pager.Next = turn(list.Prev), turn(list.Next)
	if after != nil && len(list.Invitations) == 0 {
		v.Pager.Prev = with(v.Base, q) // the rows of this page are gone
	}
	v.Pager.Summary = p.T("users.summary_pending", "count", total)
	for _, c := range []struct {
		key  string
		drop int
	}{{"email", 0}, {"permission", 2}, {"subs", 3}, {"by", 3}, {"sent", 2}, {"expires", 2}} {
		v.Columns = append(v.Columns, part.Column{Label: p.T("users.col_" + c.key), Drop: c.drop})
	}
	if v.Can.Invite {
		v.Columns = append(v.Columns, part.Column{Label: p.T("users.col_actions"), Hidden: true})
	}
	return nil
}

// bulkUsers deactivates, reactivates or removes the people ticked. Removing asks first.
func (s *Server) bulkUsers(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "id", "do")
	if err != nil {
		return err
	}
	who := make([]ids.Membership, 0, len(f.all("id")))
	for _, v := range f.all("id") {
		who = append(who, ids.Membership(v))
	}
	base, done := accountPath(sc.Account(), "/users"), ""
	switch f.text("do") {
	case "deactivate":
		done, err = "users_deactivated", s.Users.Deactivate(r.Context(), by, sc.Account(), who...)
	case "reactivate":
		done, err = "users_reactivated", s.Users.Reactivate(r.Context(), by, sc.Account(), who...)
		base += "?tab=deactivated"
	case "remove":
		return s.askRemove(w, r, by, sc, f.all("id"))
	case "remove-for-good":
		done, err = "users_removed", s.Users.Remove(r.Context(), by, sc.Account(), who...)
	default:
		return errs.NoSuch("page")
	}
	if err != nil {
		return err
	}
	s.setFlash(w, done)
	return seeOther(w, r, base)
}

// askRemove names what is lost before people are removed.
func (s *Server) askRemove(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, who []string) error {
	if _, _, err := s.Ops.Read(r.Context(), by, authz.UsersRemove, sc.Account()); err != nil {
		return err
	}
	p := i18n.From(r.Context())
	base := accountPath(sc.Account(), "/users")
	if len(who) == 0 {
		return errs.New(errs.Invalid, "user.none_chosen", "Choose at least one person.")
	}
	at, err := s.peoplePlace(r, by, sc, p.T("users.remove_do"), part.Crumb{Label: p.T("users.remove_do")})
	if err != nil {
		return err
	}
	v := people.Confirm{
		Title: p.T("users.remove_title", "account", sc.Name()), Text: p.T("users.remove_text"), Action: base + "/bulk", Back: base,
		Hidden: map[string][]string{"id": who, "do": {"remove-for-good"}}, Do: p.T("users.remove_do"), Keep: p.T("users.remove_keep"),
	}
	if v.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}

// bulkInvitations resends or revokes one invitation, or those ticked.
func (s *Server) bulkInvitations(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "id", "do", "resend", "revoke", "link")
	if err != nil {
		return err
	}
	if id := f.text("link"); id != "" {
		return s.newInviteLink(w, r, by, sc, ids.Invitation(id))
	}
	do, chosen := f.text("do"), f.all("id")
	for _, one := range []string{"resend", "revoke"} {
		if id := f.text(one); id != "" {
			do, chosen = one, []string{id}
		}
	}
	which := make([]ids.Invitation, 0, len(chosen))
	for _, v := range chosen {
		which = append(which, ids.Invitation(v))
	}
	done := ""
	switch do {
	case "resend":
		done, err = "invites_resent", s.Invites.Resend(r.Context(), by, sc.Account(), which...)
	case "revoke":
		done, err = "invites_revoked", s.Invites.Revoke(r.Context(), by, sc.Account(), which...)
	default:
		return errs.NoSuch("page")
	}
	if err != nil {
		return err
	}
	s.setFlash(w, done)
	return seeOther(w, r, accountPath(sc.Account(), "/users?tab=pending"))
}
