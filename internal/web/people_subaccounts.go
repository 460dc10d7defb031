package web

import (
	"errors"
	"net/http"
	"strconv"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/subaccounts"
)

// subaccountsPage lists the sub-accounts of the account and its departments.
func (s *Server) subaccountsPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	p, q := i18n.From(r.Context()), r.URL.Query()
	v := subaccounts.List{Account: sc.Name(), Base: accountPath(sc.Account(), "/subaccounts"), Search: q.Get("q"), Create: sc.Has(authz.SubAccountsCreate) && sc.AllSubs() && owns(sc)}
	in := subaccount.Query{Search: v.Search}
	bind := cursorOf(by, sc.Account(), "subaccounts", q)
	if text := q.Get("after"); text != "" {
		c, err := s.Cursors.Open(bind, text, 2)
		if err != nil {
			return err
		}
		in.After, in.AfterID = c.Key[0], ids.SubAccount(c.Key[1])
		v.Pager.Prev = with(v.Base, q)
	}
	list, err := s.Subs.List(r.Context(), by, sc.Account(), in)
	if err != nil {
		return err
	}
	for _, sub := range list.SubAccounts {
		v.Rows = append(v.Rows, subaccounts.Row{
			Name: sub.Name, Href: v.Base + "/" + string(sub.ID), Purpose: p.T("subaccounts." + string(sub.Purpose)), Owner: sub.AccountName,
			Created: p.Date(sub.CreatedAt), Suspended: sub.Suspended,
		})
	}
	if list.NextID != "" {
		v.Pager.Next = with(v.Base, q, "after", s.Cursors.Seal(bind, page.Cursor{Key: []string{list.Next, string(list.NextID)}}))
	}
	if v.Search == "" {
		n, err := s.Subs.Count(r.Context(), by, sc.Account())
		if err != nil {
			return err
		}
		v.Pager.Summary = p.T("subaccounts.summary", "count", n)
	}
	d, tab, err := s.asTab(r, by, sc)
	if err != nil {
		return err
	}
	if tab {
		return s.record(w, r, by, http.StatusOK, d, "subaccounts", v.Body())
	}
	at, err := s.subPlace(r, by, sc, p.T("subaccounts.title"))
	if err != nil {
		return err
	}
	if v.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}

// owns reports whether the account can own sub-accounts.
func owns(sc authz.Scope) bool { return sc.Kind() == "customer" || sc.Kind() == "department" }

func (s *Server) subPlace(r *http.Request, by authz.Actor, sc authz.Scope, title string, more ...part.Crumb) (place, error) {
	at := place{title: title, nav: "clients"}
	if sc.Account() == by.Account() {
		at.nav = "subaccounts"
		if ownAccount(sc) {
			at.nav = "account"
		}
	} else {
		crumbs, err := s.crumbsBelow(r, by, sc)
		if err != nil {
			return at, err
		}
		at.crumbs = crumbs
	}
	at.crumbs = append(at.crumbs, part.Crumb{Label: i18n.From(r.Context()).T("subaccounts.title"), Href: accountPath(sc.Account(), "/subaccounts")})
	at.crumbs = append(at.crumbs, more...)
	at.crumbs[len(at.crumbs)-1].Href = ""
	return at, nil
}

func (s *Server) subOf(r *http.Request, by authz.Actor) (authz.Scope, subaccount.SubAccount, error) {
	sc, err := s.seen(r, by)
	if err != nil {
		return sc, subaccount.SubAccount{}, err
	}
	id, err := ids.ParseSubAccount(r.PathValue("subaccount"))
	if err != nil {
		return sc, subaccount.SubAccount{}, errs.NoSuch("subaccount")
	}
	sub, err := s.Subs.Get(r.Context(), by, sc.Account(), id)
	return sc, sub, err
}

func (s *Server) newSubPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	if !sc.Has(authz.SubAccountsCreate) {
		return authz.Denied()
	}
	return s.showSub(w, r, by, sc, subaccount.SubAccount{}, subaccount.Input{Purpose: subaccount.Transactional}, nil)
}

func (s *Server) subPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, sub, err := s.subOf(r, by)
	if err != nil {
		return err
	}
	return s.showSub(w, r, by, sc, sub, subaccount.Input{Name: sub.Name, Purpose: sub.Purpose}, nil)
}

func (s *Server) showSub(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, sub subaccount.SubAccount, in subaccount.Input, failure error) error {
	return s.showSubWith(w, r, by, sc, sub, in, failure, addressTry{})
}

// showSubWith is showSub with a change of its addresses that was refused.
func (s *Server) showSubWith(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, sub subaccount.SubAccount, in subaccount.Input, failure error, try addressTry) error {
	p := i18n.From(r.Context())
	base := accountPath(sc.Account(), "/subaccounts")
	v := subaccounts.Edit{
		Base: base, Action: base + "/" + string(sub.ID), Title: sub.Name, Text: p.T("subaccounts.edit_text", "account", sub.AccountName), Name: in.Name, Purpose: string(in.Purpose),
		Version: strconv.FormatInt(sub.Version, 10), Suspended: sub.Suspended, Owner: string(sub.Account),
		Can: subaccounts.Can{Edit: sc.Has(authz.SubAccountsEdit), Suspend: sc.Has(authz.SubAccountsSuspend), Move: sc.Has(authz.SubAccountsMove), Remove: sc.Has(authz.SubAccountsClose)},
	}
	if v.New = sub.ID == ""; v.New {
		v.Title, v.Text, v.Action, v.Can = p.T("subaccounts.new_title"), "", base+"/new", subaccounts.Can{Edit: true}
	}
	if !v.New && sc.Has(authz.QuotasView) {
		v.Quotas = v.Action + "/quotas"
	}
	if !v.New && sc.Has(authz.SecurityView) {
		var err error
		if v.Addresses, err = s.subAddresses(r, by, sc.Account(), sub.ID, try); err != nil {
			return err
		}
	}
	if v.Can.Move {
		if err := s.subOwners(r, by, sc, sub, &v); err != nil {
			return err
		}
	}
	status := max(http.StatusOK, try.status)
	if failure != nil {
		fields, isForm := fieldErrors(p, failure)
		v.Errors, status = fields, statusOf(errs.KindOf(failure))
		if !isForm {
			v.Problem = words(p, problemOf(failure))
		}
		if stale := (*subaccount.Stale)(nil); errors.As(failure, &stale) {
			v.Theirs = []part.Fact{
				{Term: p.T("subaccounts.name"), Text: stale.Theirs.Name}, {Term: p.T("subaccounts.purpose"), Text: p.T("subaccounts." + string(stale.Theirs.Purpose))},
			}
		}
	}
	at, err := s.subPlace(r, by, sc, v.Title, part.Crumb{Label: v.Title})
	if err != nil {
		return err
	}
	if v.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

// subOwners offers the account of the page and its departments as owners, and the present one.
func (s *Server) subOwners(r *http.Request, by authz.Actor, sc authz.Scope, sub subaccount.SubAccount, v *subaccounts.Edit) error {
	v.Owners = []part.Option{{Value: string(sc.Account()), Label: sc.Name()}}
	seen := map[ids.Account]bool{sc.Account(): true}
	if sc.Has(authz.DepartmentsView) {
		rows, _, err := s.Accounts.Departments(r.Context(), by, sc.Account(), "")
		if err != nil {
			return err
		}
		for _, d := range rows {
			seen[d.ID] = true
			v.Owners = append(v.Owners, part.Option{Value: string(d.ID), Label: d.Name})
		}
	}
	if !seen[sub.Account] {
		v.Owners = append(v.Owners, part.Option{Value: string(sub.Account), Label: sub.AccountName})
	}
	return nil
}

func readSub(w http.ResponseWriter, r *http.Request) (subaccount.Input, int64, error) {
	f, err := readForm(w, r, "version", "name", "purpose")
	if err != nil {
		return subaccount.Input{}, 0, err
	}
	version, _ := strconv.ParseInt(f.text("version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	return subaccount.Input{Name: f.text("name"), Purpose: subaccount.Purpose(f.text("purpose"))}, version, nil
}

func (s *Server) createSub(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	in, _, err := readSub(w, r)
	if err != nil {
		return err
	}
	if _, err := s.Subs.Create(r.Context(), by, sc.Account(), in); err != nil {
		if !shown(err) {
			return err
		}
		return s.showSub(w, r, by, sc, subaccount.SubAccount{}, in, err)
	}
	s.setFlash(w, "subaccount_created")
	return seeOther(w, r, accountPath(sc.Account(), "/subaccounts"))
}

func (s *Server) saveSub(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, sub, err := s.subOf(r, by)
	if err != nil {
		return err
	}
	in, version, err := readSub(w, r)
	if err != nil {
		return err
	}
	err = s.Subs.Edit(r.Context(), by, sc.Account(), sub.ID, version, in)
	return s.subDone(w, r, by, sc, sub, in, "subaccount_saved", err)
}

// subDone shows what came of a change: the page again with what to do, or the page with a word that it is done.
func (s *Server) subDone(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, sub subaccount.SubAccount, in subaccount.Input, done string, err error) error {
	if err != nil {
		if !shown(err) {
			return err
		}
		return s.showSub(w, r, by, sc, sub, in, err)
	}
	s.setFlash(w, done)
	return seeOther(w, r, accountPath(sc.Account(), "/subaccounts/"+string(sub.ID)))
}

func (s *Server) suspendSub(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	sc, sub, err := s.subOf(r, by)
	if err != nil {
		return err
	}
	err = s.Subs.Suspend(r.Context(), by, sc.Account(), sub.ID)
	return s.subDone(w, r, by, sc, sub, subaccount.Input{Name: sub.Name, Purpose: sub.Purpose}, "subaccount_suspended", err)
}

func (s *Server) resumeSub(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	sc, sub, err := s.subOf(r, by)
	if err != nil {
		return err
	}
	err = s.Subs.Resume(r.Context(), by, sc.Account(), sub.ID)
	return s.subDone(w, r, by, sc, sub, subaccount.Input{Name: sub.Name, Purpose: sub.Purpose}, "subaccount_resumed", err)
}

func (s *Server) moveSub(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, sub, err := s.subOf(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "to")
	if err != nil {
		return err
	}
	err = s.Subs.Move(r.Context(), by, sc.Account(), sub.ID, ids.Account(f.text("to")))
	return s.subDone(w, r, by, sc, sub, subaccount.Input{Name: sub.Name, Purpose: sub.Purpose}, "subaccount_moved", err)
}

func (s *Server) removeSub(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, sub, err := s.subOf(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "typed")
	if err != nil {
		return err
	}
	if err := s.Subs.Remove(r.Context(), by, sc.Account(), sub.ID, f.text("typed")); err != nil {
		if !shown(err) {
			return err
		}
		return s.showSub(w, r, by, sc, sub, subaccount.Input{Name: sub.Name, Purpose: sub.Purpose}, err)
	}
	s.setFlash(w, "subaccount_removed")
	return seeOther(w, r, accountPath(sc.Account(), "/subaccounts"))
}
