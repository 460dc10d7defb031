package web

import (
	"errors"
	"net/http"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/policy"
	"bailiwick/internal/tuning"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/security"
	ui "bailiwick/internal/web/ui/tuning"
)

// allowlistRoutes are the forms of the lists of addresses, which stand under the security tab.
func (s *Server) allowlistRoutes() []Route {
	var out []Route
	for _, l := range policy.Lists() {
		at := "POST /a/{account}/security/" + string(l)
		out = append(out,
			Route{Pattern: at + "/add", Signed: s.onList(l, s.addAddress)},
			Route{Pattern: at + "/remove", Signed: s.onList(l, s.removeAddress)},
			Route{Pattern: at + "/switch", Signed: s.onList(l, s.switchList)},
			Route{Pattern: at + "/trial", Signed: s.onList(l, s.endListTrial)},
		)
	}
	return append(out, Route{Pattern: "POST /a/{account}/security/sign-out", Signed: s.signEveryoneOut})
}

// onList tells a form which list of which account it is about.
func (s *Server) onList(l policy.List, fn func(http.ResponseWriter, *http.Request, authz.Actor, listTry) error) func(http.ResponseWriter, *http.Request, authz.Actor) error {
	return func(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
		id, err := accountOf(r)
		if err != nil {
			return err
		}
		return fn(w, r, by, listTry{account: id, list: l})
	}
}

// admit lets a person on to a page of an account if they keep its rules. What is wrong otherwise the page itself says.
func (s *Server) admit(r *http.Request, by authz.Actor) (*http.Request, error) {
	if id, err := accountOf(r); err == nil {
		if err := s.Policy.Enter(r.Context(), by, id); err != nil && errs.KindOf(err) != errs.NotFound {
			return r, err
		}
	}
	return s.withModules(r, by)
}

// listTry is a change of a list as it was sent.
type listTry struct {
	account ids.Account
	list    policy.List
	network string
	note    string
	again   *security.Again // to send it again as a trial; nil when that cannot be
}

func (t listTry) at() string { return accountPath(t.account, "/security/"+string(t.list)) }

func (s *Server) addAddress(w http.ResponseWriter, r *http.Request, by authz.Actor, t listTry) error {
	f, err := readForm(w, r, "network", "note")
	if err != nil {
		return err
	}
	t.network, t.note = f.text("network"), f.text("note")
	return s.listChanged(w, r, by, t, "allowlist_added", s.Policy.Add(r.Context(), by, t.account, t.list, t.network, t.note))
}

func (s *Server) removeAddress(w http.ResponseWriter, r *http.Request, by authz.Actor, t listTry) error {
	f, err := readForm(w, r, "network", "trial")
	if err != nil {
		return err
	}
	t.again = &security.Again{Action: t.at() + "/remove", Name: "network", Value: f.text("network")}
	return s.listChanged(w, r, by, t, "allowlist_removed", s.Policy.Remove(r.Context(), by, t.account, t.list, f.text("network"), f.ticked("trial")))
}

func (s *Server) switchList(w http.ResponseWriter, r *http.Request, by authz.Actor, t listTry) error {
	f, err := readForm(w, r, "on", "trial")
	if err != nil {
		return err
	}
	t.again = &security.Again{Action: t.at() + "/switch", Name: "on", Value: "on"}
	done := "allowlist_off"
	if f.ticked("on") {
		done = "allowlist_on"
	}
	return s.listChanged(w, r, by, t, done, s.Policy.Switch(r.Context(), by, t.account, t.list, f.ticked("on"), f.ticked("trial")))
}

func (s *Server) endListTrial(w http.ResponseWriter, r *http.Request, by authz.Actor, t listTry) error {
	f, err := readForm(w, r, "do")
	if err != nil {
		return err
	}
	if f.text("do") == "keep" {
		return s.listChanged(w, r, by, t, "allowlist_kept", s.Policy.Keep(r.Context(), by, t.account, t.list))
	}
	return s.listChanged(w, r, by, t, "allowlist_undone", s.Policy.Undo(r.Context(), by, t.account, t.list))
}

// listChanged leads back to the tab, or shows it again with what is to be done first.
func (s *Server) listChanged(w http.ResponseWriter, r *http.Request, by authz.Actor, t listTry, done string, err error) error {
	if err == nil {
		s.setFlash(w, done)
		return seeOther(w, r, accountPath(t.account, "/security#addresses-"+string(t.list)))
	}
	p := i18n.From(r.Context())
	remarks, status, rerr := remarksOn(p, err)
	if rerr != nil {
		return rerr
	}
	page, err2 := s.Tuning.View(r.Context(), by, t.account, tuning.Security)
	if err2 != nil {
		return err2
	}
	lists, err2 := s.allowlists(r, by, t.account)
	if err2 != nil {
		return err2
	}
	for i := range lists.All {
		l := &lists.All[i]
		if l.ID != string(t.list) {
			continue
		}
		l.Remarks, l.Network, l.Note = remarks, t.network, t.note
		var e *errs.Error
		if errors.As(err, &e) && e.Code == policy.ExcludesYou {
			l.Shut, l.Again, l.Problem, l.Safe = l.Problem, t.again, "", false
		}
	}
	on, err2 := s.accountPages(w, r, by)
	if err2 != nil {
		return err2
	}
	return s.showSettings(r, by, on, status, page, stored(page), ui.Tab{After: lists})
}

// allowlists are the lists of an account as they stand under its security tab.
func (s *Server) allowlists(r *http.Request, by authz.Actor, id ids.Account) (security.Lists, error) {
	p := i18n.From(r.Context())
	all, err := s.Policy.Allowlists(r.Context(), by, id)
	if err != nil {
		return security.Lists{}, err
	}
	out := security.Lists{}
	for _, a := range all {
		out.All = append(out.All, s.listed(p, id, a))
	}
	return out, nil
}

// listed is a list as a card shows it.
func (s *Server) listed(p i18n.Printer, id ids.Account, a policy.Allowlist) security.List {
	l := security.List{ID: string(a.List), Action: accountPath(id, "/security/"+string(a.List)), Active: a.On, CanEdit: a.CanEdit, Holding: a.Holding,
		Safe: a.Bound && a.On && a.Holding != "", Outside: a.List == policy.Portal && a.Holding == "" && len(a.Entries) > 0}
	if a.You.IsValid() {
		l.You = a.You.String()
	}
	for _, name := range a.Above {
		l.Above = append(l.Above, providerName(p, name))
	}
	if !a.Trial.IsZero() {
		l.Trial = p.Time(a.Trial)
	}
	for _, e := range a.Entries {
		row := security.Row{Network: e.Net.String(), Shown: policy.Show(e.Net), Note: e.Note, Used: p.T("allowlist.never")}
		if !e.Used.IsZero() {
			row.Used = p.Relative(e.Used, s.Clock())
		}
		l.Rows = append(l.Rows, row)
	}
	for _, sub := range a.Subs {
		label := p.T("allowlist.own_off", "name", sub.Name)
		if sub.On {
			label = sub.Name
		}
		l.Own = append(l.Own, part.Link{Label: label, Href: accountPath(id, "/subaccounts/"+string(sub.ID)+"#addresses-sub")})
	}
	return l
}
