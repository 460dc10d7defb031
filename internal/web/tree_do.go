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
	"bailiwick/internal/outline"
)

// chosenNode is a selected row of the tree.
type chosenNode struct {
	account ids.Account
	member  ids.Membership
	kind    account.Kind // of an account
}

// doInTree carries out a button above the tree, or leads to where it is asked for more.
func (s *Server) doInTree(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	root, err := accountOf(r)
	if err != nil {
		return err
	}
	if _, err := s.Outline.Root(r.Context(), by, root); err != nil {
		return err
	}
	f, err := readForm(w, r, "id", "do")
	if err != nil {
		return err
	}
	t := treeStateOf(root, r.URL.Query())
	chosen, err := s.chosenNodes(r, by, f.all("id"))
	if err != nil {
		return err
	}
	do := f.text("do")
	switch {
	case strings.HasPrefix(do, "new-"):
		err = s.newInTree(w, r, by, t, strings.TrimPrefix(do, "new-"), chosen)
	case do == "edit":
		err = s.editInTree(w, r, t, chosen)
	case do == "move":
		err = s.moveInTree(w, r, t, chosen)
	case do == "delete":
		err = s.deleteInTree(w, r, by, t, chosen)
	default:
		return errs.NoSuch("page")
	}
	if errs.KindOf(err) != errs.Invalid {
		return err
	}
	return s.showTree(w, r, by, http.StatusUnprocessableEntity, t.alone(), nil, words(i18n.From(r.Context()), problemOf(err)))
}

// chosenNodes reads the selected rows. One out of sight is answered as one that does not exist.
func (s *Server) chosenNodes(r *http.Request, by authz.Actor, refs []string) ([]chosenNode, error) {
	if len(refs) > account.MostAtOnce {
		return nil, errs.New(errs.Invalid, "tree.too_many", "Select at most {max} rows at once.", "max", account.MostAtOnce)
	}
	var out []chosenNode
	for _, ref := range refs {
		id, member, err := outline.ParseRef(ref)
		if err != nil {
			return nil, err
		}
		_, sc, err := s.Ops.See(r.Context(), by, id)
		if err != nil {
			return nil, err
		}
		out = append(out, chosenNode{id, member, account.Kind(sc.Kind())})
	}
	return out, nil
}

func errSelectOne() error {
	return errs.New(errs.Invalid, "tree.select_one", "Select one row. This works on a single account or user.")
}

func errSelectSome() error {
	return errs.New(errs.Invalid, "tree.select_some", "Select at least one row first.")
}

// newInTree opens the form of something new at the selected account, or where the pane stands; of an account that
// cannot contain it, at the nearest one above.
func (s *Server) newInTree(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState, kind string, chosen []chosenNode) error {
	at := t.newAt()
	switch len(chosen) {
	case 0:
	case 1:
		at = chosen[0].account
	default:
		return errs.New(errs.Invalid, "tree.new_in_one", "Select only the account that the new one goes into.")
	}
	if kind == newUser {
		if s.MailOff {
			return seeOther(w, r, accountPath(at, "/users/invite"))
		}
		return seeOther(w, r, t.making(kind, at).href())
	}
	path, err := s.Accounts.Path(r.Context(), by, at)
	if err != nil {
		return err
	}
	for _, c := range slices.Backward(path) {
		if c.Kind.MayContain(account.Kind(kind)) {
			return seeOther(w, r, t.making(kind, c.ID).href())
		}
		if c.ID == t.root {
			break
		}
	}
	return errs.New(errs.Invalid, "tree.no_place", "Select where it goes first. Departments go into a customer or a department, customers into a reseller.")
}

func (s *Server) editInTree(w http.ResponseWriter, r *http.Request, t treeState, chosen []chosenNode) error {
	if len(chosen) != 1 {
		return errSelectOne()
	}
	n := outline.Node{Account: chosen[0].account, Member: chosen[0].member}
	return seeOther(w, r, t.showing(n.Ref(), "").href())
}

// moveInTree leads to the page of a move: of one account, or of several of one kind.
func (s *Server) moveInTree(w http.ResponseWriter, r *http.Request, t treeState, chosen []chosenNode) error {
	switch {
	case len(chosen) == 0:
		return errSelectSome()
	case slices.ContainsFunc(chosen, func(n chosenNode) bool { return n.member != "" }):
		return errs.New(errs.Invalid, "tree.users_stay", "Select accounts only. Users do not move; invite them where they are needed.")
	case slices.ContainsFunc(chosen, func(n chosenNode) bool { return n.kind != chosen[0].kind }):
		return errs.New(errs.Invalid, "account.kinds_mixed", "Select accounts of one kind. Resellers, customers and departments go to different places.")
	case len(chosen) > account.MostMoved:
		return errs.New(errs.Invalid, "account.too_many_chosen", "Select at most {max} accounts to move at once.", "max", account.MostMoved)
	case len(chosen) == 1:
		return seeOther(w, r, accountPath(chosen[0].account, "/move"))
	}
	return seeOther(w, r, t.togetherPath("move", chosen))
}

// deleteInTree leads to the page that asks before accounts are closed or people removed.
func (s *Server) deleteInTree(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState, chosen []chosenNode) error {
	if len(chosen) == 0 {
		return errSelectSome()
	}
	first := chosen[0]
	same := func(eq func(chosenNode) bool) bool {
		return !slices.ContainsFunc(chosen, func(n chosenNode) bool { return !eq(n) })
	}
	switch {
	case same(func(n chosenNode) bool { return n.member != "" && n.account == first.account }):
		_, sc, err := s.Ops.See(r.Context(), by, first.account)
		if err != nil {
			return err
		}
		var who []string
		for _, n := range chosen {
			who = append(who, string(n.member))
		}
		return s.askRemove(w, r, by, sc, who)
	case len(chosen) == 1:
		return seeOther(w, r, accountPath(first.account, "/close"))
	case same(func(n chosenNode) bool { return n.member == "" && n.kind == first.kind }):
		return s.askCloseTogether(w, r, by, t, chosen)
	case same(func(n chosenNode) bool { return n.member != "" }):
		return errs.New(errs.Invalid, "tree.one_account", "Select users of one account at a time.")
	}
	return errs.New(errs.Invalid, "tree.mixed", "Select rows of one kind: accounts of one kind, or users of one account.")
}
