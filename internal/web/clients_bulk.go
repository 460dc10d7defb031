package web

import (
	"net/http"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/exchange"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/sheet"
	"bailiwick/internal/web/ui/clients"
	"bailiwick/internal/web/ui/part"
)

// bulkClients carries out a bulk action, or asks first for what it needs.
func (s *Server) bulkClients(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	_, sc, err := s.Ops.Read(r.Context(), by, authz.ClientsView, id)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, append([]string{"id", "do", "sure", "membership_end", "no_end", "typed", "package"}, inviteIntoNames...)...)
	if err != nil {
		return err
	}
	chosen, err := chosenClients(f)
	if err != nil {
		return err
	}
	do := f.text("do")
	if do == "invite" {
		return s.inviteInto(w, r, by, sc, f, chosen)
	}
	if asksFirst(do) && f.text("sure") == "" && len(chosen) > 0 {
		return s.showBulk(w, r, by, http.StatusOK, f, part.Remarks{})
	}
	switch do {
	case "export":
		if len(chosen) == 0 {
			return errs.New(errs.Invalid, "list.none_selected", "Select at least one client.")
		}
		t, err := s.Exchange.Export(r.Context(), by, id, exchange.Export{What: exchange.Clients, Format: sheet.CSV, Only: chosen})
		if err != nil {
			return err
		}
		return seeOther(w, r, taskPath(id, t))
	case "suspend", "resume":
		err = s.Accounts.BulkActive(r.Context(), by, id, chosen, do == "resume")
	case "extend":
		err = s.Accounts.BulkExtend(r.Context(), by, id, chosen, f.text("membership_end"), f.ticked("no_end"))
	case "package":
		err = s.Accounts.BulkAssign(r.Context(), by, id, chosen, ids.Package(f.text("package")))
	case "close":
		err = s.Accounts.BulkClose(r.Context(), by, id, chosen, f.text("typed"))
	default:
		err = errs.New(errs.Invalid, "list.action_unknown", "Choose one of the actions of the list.")
	}
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil || !asksFirst(do) {
			return orProblem(err, remarks)
		}
		return s.showBulk(w, r, by, status, f, remarks)
	}
	s.setFlash(w, "clients_"+do)
	return seeOther(w, r, accountPath(id, "/clients"))
}

// asksFirst reports whether an action on many clients needs something typed first.
func asksFirst(do string) bool { return do == "extend" || do == "close" || do == "package" }

// offeredPackages are the packages that a new client can be given; none for somebody who gives none.
func (s *Server) offeredPackages(r *http.Request, by authz.Actor, at ids.Account) ([]part.Option, error) {
	_, sc, err := s.Ops.See(r.Context(), by, at)
	if err != nil || !sc.Has(authz.PackagesAssign) || !sc.Has(authz.PackagesView) {
		return nil, err
	}
	out, err := s.packageOptions(r, by, at, "", "")
	if len(out) < 2 {
		return nil, err
	}
	return out, err
}

// orProblem turns the remarks of an action without a form back into an error.
func orProblem(err error, remarks part.Remarks) error {
	if err != nil {
		return err
	}
	return errs.New(errs.Invalid, "list.refused", "{problem}", "problem", remarks.Problem)
}

func (s *Server) showBulk(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, f form, remarks part.Remarks) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	frame, err := s.frame(w, r, by, place{title: p.T("clients.title"), nav: "clients"})
	if err != nil {
		return err
	}
	var packages []part.Option
	if f.text("do") == "package" {
		if packages, err = s.packageOptions(r, by, id, "", ""); err != nil {
			return err
		}
	}
	return s.render(w, r, status, clients.Bulk{Page: frame, Packages: packages, Package: f.text("package"), Action: accountPath(id, "/clients/bulk"), Back: accountPath(id, "/clients"), Do: f.text("do"), Clients: f.all("id"), Count: len(f.all("id")),
		End: f.text("membership_end"), NoEnd: f.ticked("no_end"), Typed: f.text("typed"), Errors: remarks.Fields, Problem: remarks.Problem})
}
