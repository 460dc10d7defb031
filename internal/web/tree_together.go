package web

import (
	"net/http"
	"slices"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/web/ui/part"
	ui "bailiwick/internal/web/ui/tree"
)

// togetherPath is the address of a page about several selected accounts, with the state of the tree to come back to.
func (t treeState) togetherPath(what string, chosen []chosenNode) string {
	v := t.alone().query()
	for _, n := range chosen {
		v.Add("id", string(n.account))
	}
	return withQuery(t.path()+"/"+what, v)
}

// mayTogether checks that the tree is the person's, with one of some permissions on its root.
func (s *Server) mayTogether(r *http.Request, by authz.Actor, root ids.Account, may func(authz.Scope) bool) error {
	sc, err := s.Outline.Root(r.Context(), by, root)
	if err == nil && !may(sc) {
		return errs.New(errs.Denied, "account.together_denied", "Ask an admin of the account. Your role does not include this.")
	}
	return err
}

// chosenAccounts reads the accounts that a page is about.
func (s *Server) chosenAccounts(r *http.Request, by authz.Actor, refs []string) ([]ids.Account, []ui.Chosen, error) {
	chosen, err := s.chosenNodes(r, by, refs)
	if err != nil {
		return nil, nil, err
	}
	var of []ids.Account
	var out []ui.Chosen
	for _, n := range chosen {
		d, err := s.Accounts.Get(r.Context(), by, n.account)
		if err != nil {
			return nil, nil, err
		}
		of, out = append(of, d.ID), append(out, ui.Chosen{ID: string(d.ID), Name: d.Name})
	}
	return of, out, nil
}

// moveTogetherPage asks where several accounts go, and once a place is chosen shows what that does.
func (s *Server) moveTogetherPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	root, err := accountOf(r)
	if err != nil {
		return err
	}
	if err := s.mayTogether(r, by, root, mayMove); err != nil {
		return err
	}
	q := r.URL.Query()
	return s.showMoveTogether(w, r, by, http.StatusOK, treeStateOf(root, q), q["id"], q.Get("to"), nil, part.Remarks{})
}

func (s *Server) showMoveTogether(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, t treeState, refs []string, to string, roles map[string]string, remarks part.Remarks) error {
	p := i18n.From(r.Context())
	of, chosen, err := s.chosenAccounts(r, by, refs)
	if err != nil {
		return err
	}
	if len(of) == 0 {
		return errs.NoSuch("page")
	}
	places, err := s.Accounts.Places(r.Context(), by, of[0])
	if err != nil {
		return err
	}
	v := ui.Move{Ask: t.path() + "/move", At: withQuery(t.path()+"/move", t.alone().query()), Back: t.alone().href(), Accounts: chosen, To: to, Roles: roles, Errors: remarks.Fields, Problem: remarks.Problem}
	for name, values := range t.alone().query() {
		for _, value := range values {
			v.Kept = append(v.Kept, ui.Kept{Name: name, Value: value})
		}
	}
	for _, at := range places {
		if !slices.Contains(of, at.ID) {
			v.Places = append(v.Places, part.Option{Value: string(at.ID), Label: strings.Repeat("— ", at.Level) + at.Name})
		}
	}
	if to != "" {
		if err := s.planTogether(r, by, of, &v); err != nil {
			why, code, err := remarksOn(p, err)
			if err != nil {
				return err
			}
			v.Problem, status = why.Problem, code
		}
	}
	if v.Page, err = s.frame(w, r, by, place{title: p.T("tree.customers"), nav: "tree"}); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

// planTogether fills in what a move to the chosen place does to each account, and to all together.
func (s *Server) planTogether(r *http.Request, by authz.Actor, of []ids.Account, v *ui.Move) error {
	to, err := ids.ParseAccount(v.To)
	if err != nil {
		return errs.NoSuch("account")
	}
	plans, err := s.Accounts.PreviewTogether(r.Context(), by, of, to)
	if err != nil {
		return err
	}
	v.Planned, v.Fits = true, true
	for _, plan := range plans {
		if plan.From.ID == to {
			continue // it is there already
		}
		for i := range v.Accounts {
			if v.Accounts[i].ID == string(plan.Account) {
				v.Accounts[i].Plan = &plan
			}
		}
		v.Fits = v.Fits && plan.Changeable && plan.Way == account.AtOnce
		v.Stranded = account.JoinStranded(v.Stranded, plan.Stranded)
		v.Packages = account.JoinPackages(v.Packages, plan.Packages)
	}
	return nil
}

// moveTogether moves several accounts, and goes back to the tree.
func (s *Server) moveTogether(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	root, err := accountOf(r)
	if err != nil {
		return err
	}
	if err := s.mayTogether(r, by, root, mayMove); err != nil {
		return err
	}
	f, err := readForm(w, r, "id", "to", "role:", "package:")
	if err != nil {
		return err
	}
	of, _, err := s.chosenAccounts(r, by, f.all("id"))
	if err != nil {
		return err
	}
	to, err := ids.ParseAccount(f.text("to"))
	if err != nil {
		return errs.NoSuch("account")
	}
	in, roles := account.MoveInput{To: to, Roles: map[ids.Role]authz.Role{}, Packages: map[ids.Package]ids.Package{}}, map[string]string{}
	for name := range r.PostForm {
		if group, ok := strings.CutPrefix(name, "role:"); ok {
			in.Roles[ids.Role(group)], roles[group] = authz.Role(f.text(name)), f.text(name)
		}
		readStandIn(f, name, in, roles)
	}
	t := treeStateOf(root, r.URL.Query())
	if err := s.Accounts.MoveTogether(r.Context(), by, root, of, in); err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showMoveTogether(w, r, by, status, t, f.all("id"), f.text("to"), roles, remarks)
	}
	s.setFlash(w, "tree_moved")
	return seeOther(w, r, t.alone().href())
}

// closeTogether closes several accounts, once their number is typed.
func (s *Server) closeTogether(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	root, err := accountOf(r)
	if err != nil {
		return err
	}
	if err := s.mayTogether(r, by, root, mayDelete); err != nil {
		return err
	}
	f, err := readForm(w, r, "id", "typed")
	if err != nil {
		return err
	}
	of, chosen, err := s.chosenAccounts(r, by, f.all("id"))
	if err != nil {
		return err
	}
	t := treeStateOf(root, r.URL.Query())
	if err := s.Accounts.CloseTogether(r.Context(), by, root, of, f.text("typed")); err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showCloseTogether(w, r, by, status, t, ui.Close{Accounts: chosen, Typed: f.text("typed"), Errors: remarks.Fields, Problem: remarks.Problem})
	}
	s.setFlash(w, "tree_closed")
	return seeOther(w, r, t.alone().href())
}

func (s *Server) showCloseTogether(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, t treeState, v ui.Close) (err error) {
	v.Action, v.Back = withQuery(t.path()+"/close", t.alone().query()), t.alone().href()
	if v.Page, err = s.frame(w, r, by, place{title: i18n.From(r.Context()).T("tree.customers"), nav: "tree"}); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

// askCloseTogether asks before several accounts are closed.
func (s *Server) askCloseTogether(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState, chosen []chosenNode) error {
	var refs []string
	for _, n := range chosen {
		refs = append(refs, string(n.account))
	}
	_, all, err := s.chosenAccounts(r, by, refs)
	if err != nil {
		return err
	}
	return s.showCloseTogether(w, r, by, http.StatusOK, t, ui.Close{Accounts: all})
}
