package web

import (
	"encoding/json"
	"net/http"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/policy"
	"bailiwick/internal/tuning"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/security"
	ui "bailiwick/internal/web/ui/tuning"
)

// signEveryoneOut ends all sessions of an account, once the person has said that they mean it.
func (s *Server) signEveryoneOut(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "confirmed")
	if err != nil {
		return err
	}
	if f.ticked("confirmed") {
		if err := s.Authn.SignEveryoneOut(r.Context(), by, id); err != nil {
			return err
		}
		s.setFlash(w, "everyone_out")
		return seeOther(w, r, accountPath(id, "/security"))
	}
	page, err := s.Tuning.View(r.Context(), by, id, tuning.Security)
	if err != nil {
		return err
	}
	if !page.CanEdit {
		return errs.New(errs.Denied, "security.not_yours", "Ask somebody who may change the security of this account.")
	}
	lists, err := s.allowlists(r, by, id)
	if err != nil {
		return err
	}
	lists.Asks = true
	on, err := s.accountPages(w, r, by)
	if err != nil {
		return err
	}
	return s.showSettings(r, by, on, http.StatusOK, page, stored(page), ui.Tab{After: lists})
}

// addSecurity puts what is more than a setting under the security tab, and says whom its rules concern.
func (s *Server) addSecurity(r *http.Request, by authz.Actor, page tuning.Page, v *ui.Tab) error {
	lists, ok := v.After.(security.Lists)
	if !ok {
		var err error
		if lists, err = s.allowlists(r, by, page.Account); err != nil {
			return err
		}
	}
	if page.CanEdit {
		lists.SignOut = accountPath(page.Account, "/security/sign-out")
	}
	v.After = lists
	p := i18n.From(r.Context())
	for _, l := range policy.Lists() {
		v.Links = append(v.Links, part.Link{Label: p.T("allowlist.title_" + string(l)), Href: "#addresses-" + string(l)})
	}
	if lists.SignOut != "" {
		v.Links = append(v.Links, part.Link{Label: p.T("security.everyone"), Href: "#everyone"})
	}
	n, counted, err := s.Policy.Concerns(r.Context(), by, page.Account, -1)
	if err != nil || !counted {
		return err
	}
	for i := range v.Cards {
		for j := range v.Cards[i].Lines {
			switch l := &v.Cards[i].Lines[j]; {
			case l.Name == policy.SecondFactor.Name:
				l.Note = p.T("security.lacking", "admins", n.AdminsLacking, "of_admins", n.Admins, "count", n.Lacking, "people", n.People)
			case l.Name == policy.PasswordExpiry.Name && n.Expired > 0:
				l.Note = p.T("security.expired", "count", n.Expired, "people", n.People)
			}
		}
	}
	return nil
}

// consequences says what edits do to people, to be shown before they are made.
func (s *Server) consequences(r *http.Request, by authz.Actor, page tuning.Page, edits map[string]tuning.Edit) ([]string, error) {
	e, changed := edits[policy.PasswordExpiry.Name]
	if !changed {
		return nil, nil
	}
	days := 0
	if !e.Inherit {
		if err := json.Unmarshal(e.Value, &days); err != nil {
			return nil, nil //nolint:nilerr // saving it says what is wrong
		}
	}
	n, counted, err := s.Policy.Concerns(r.Context(), by, page.Account, days)
	if err != nil || !counted || n.Expired == 0 {
		return nil, err
	}
	return []string{i18n.From(r.Context()).T("security.expired", "count", n.Expired, "people", n.People)}, nil
}
