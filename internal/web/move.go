package web

import (
	"net/http"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/web/ui/clients"
	"bailiwick/internal/web/ui/part"
)

func (s *Server) movePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	to := r.URL.Query().Get("to")
	if to == "" {
		return s.showMove(w, r, by, http.StatusOK, "", nil, part.Remarks{})
	}
	place, err := ids.ParseAccount(to)
	if err != nil {
		return errs.NoSuch("account")
	}
	return s.showMove(w, r, by, http.StatusOK, place, nil, part.Remarks{})
}

// showMove shows the places, and what a move to one of them would do. What can never be is said beside the choice.
func (s *Server) showMove(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, to ids.Account, chosen map[string]string, remarks part.Remarks) error {
	d, err := s.details(r, by)
	if err != nil {
		return err
	}
	places, err := s.Accounts.Places(r.Context(), by, d.ID)
	if err != nil {
		return err
	}
	v := clients.Move{At: accountPath(d.ID, ""), Account: d, To: string(to), Chosen: chosen, Errors: remarks.Fields, Problem: remarks.Problem}
	for _, p := range places {
		v.Places = append(v.Places, part.Option{Value: string(p.ID), Label: strings.Repeat("— ", p.Level) + p.Name})
	}
	if to != "" {
		plan, err := s.Accounts.PreviewMove(r.Context(), by, d.ID, to)
		if err != nil {
			why, code, err := remarksOn(i18n.From(r.Context()), err)
			if err != nil {
				return err
			}
			v.Problem, status = why.Problem, code
		} else {
			v.Plan = &plan
		}
	}
	return s.record(w, r, by, status, d, "", v)
}

func (s *Server) moveAccount(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "to", "role:", "package:")
	if err != nil {
		return err
	}
	to, err := ids.ParseAccount(f.text("to"))
	if err != nil {
		return errs.NoSuch("account")
	}
	in, chosen := account.MoveInput{To: to, Roles: map[ids.Role]authz.Role{}, Packages: map[ids.Package]ids.Package{}}, map[string]string{}
	for name := range r.PostForm {
		if group, ok := strings.CutPrefix(name, "role:"); ok {
			in.Roles[ids.Role(group)] = authz.Role(f.text(name))
			chosen[group] = f.text(name)
		}
		readStandIn(f, name, in, chosen)
	}
	begun, err := s.Accounts.Move(r.Context(), by, id, in)
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showMove(w, r, by, status, to, chosen, remarks)
	}
	if begun != "" {
		return seeOther(w, r, taskPath(id, begun))
	}
	s.setFlash(w, "account_moved")
	return seeOther(w, r, accountPath(id, ""))
}

// readStandIn notes what stands in for a package, if the field is about one.
func readStandIn(f form, name string, in account.MoveInput, chosen map[string]string) {
	pkg, ok := strings.CutPrefix(name, "package:")
	to := f.text(name)
	if !ok || to == "" {
		return
	}
	chosen[pkg] = to
	if to == string(account.NoPackage) {
		to = ""
	}
	in.Packages[ids.Package(pkg)] = ids.Package(to)
}
