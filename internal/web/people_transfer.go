package web

import (
	"net/http"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
)

func (s *Server) transferPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	return s.showTransfer(w, r, by, sc, user.Transfer{To: ids.Membership(r.URL.Query().Get("to"))}, nil)
}

func (s *Server) showTransfer(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, in user.Transfer, failure error) error {
	p := i18n.From(r.Context())
	if !sc.Has(authz.AccountTransfer) && !sc.HeldAbove(authz.ClientsCreate) {
		return errs.New(errs.Denied, "account.transfer_denied", "Ask an Owner of the account. Only Owners hand it over.")
	}
	v := people.Transfer{Account: sc.Name(), Base: accountPath(sc.Account(), "/users"), To: string(in.To), Keep: in.Keep, Text: p.T("transfer.text")}
	owners, err := s.Users.Owners(r.Context(), by, sc.Account())
	if err != nil {
		return err
	}
	var names []string
	for _, o := range owners {
		names = append(names, o.Name)
	}
	v.Owners = strings.Join(names, p.T("part.comma")+" ")
	if v.Owners == "" {
		v.Owners = p.T("transfer.no_owner")
	}
	list, err := s.Users.List(r.Context(), by, sc.Account(), user.Query{})
	if err != nil {
		return err
	}
	offer := list.Members
	if m, err := s.Users.Get(r.Context(), by, sc.Account(), in.To); err == nil && list.Next != nil {
		offer = append([]user.Member{m}, offer...)
	}
	for _, m := range offer {
		if m.Role != authz.Owner && m.Active() {
			v.People = append(v.People, part.Option{Value: string(m.ID), Label: m.Name + " (" + m.Email + ")"})
		}
	}
	status := http.StatusOK
	if failure != nil {
		fields, isForm := fieldErrors(p, failure)
		v.Errors, status = fields, statusOf(errs.KindOf(failure))
		if !isForm {
			v.Problem = words(p, problemOf(failure))
		}
	}
	at, err := s.peoplePlace(r, by, sc, p.T("users.transfer"), part.Crumb{Label: p.T("users.transfer")})
	if err != nil {
		return err
	}
	if v.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

func (s *Server) transferOwnership(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "to", "keep")
	if err != nil {
		return err
	}
	in := user.Transfer{To: ids.Membership(f.text("to")), Keep: f.ticked("keep")}
	if err := s.Users.TransferOwnership(r.Context(), by, sc.Account(), in); err != nil {
		if !shown(err) {
			return err
		}
		return s.showTransfer(w, r, by, sc, in, err)
	}
	s.setFlash(w, "ownership_transferred")
	return seeOther(w, r, accountPath(sc.Account(), "/users"))
}
