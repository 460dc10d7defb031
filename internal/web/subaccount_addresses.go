package web

import (
	"net/http"

	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/policy"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/security"
)

// subAddressRoutes are the forms of the list of addresses from which keys send with a sub-account.
func (s *Server) subAddressRoutes() []Route {
	const at = "POST /a/{account}/subaccounts/{subaccount}/addresses"
	return []Route{
		{Pattern: at + "/add", Signed: s.addSubAddress},
		{Pattern: at + "/remove", Signed: s.removeSubAddress},
		{Pattern: at + "/switch", Signed: s.switchSubAddresses},
	}
}

// addressTry is a change of the list of a sub-account that was refused; the zero value is none.
type addressTry struct {
	status        int
	remarks       part.Remarks
	network, note string
}

// subAddresses is the list of a sub-account as its page shows it.
func (s *Server) subAddresses(r *http.Request, by authz.Actor, account ids.Account, sub ids.SubAccount, try addressTry) (security.Lists, error) {
	a, err := s.Policy.AllowlistOfSub(r.Context(), by, account, sub)
	if err != nil {
		return security.Lists{}, err
	}
	l := s.listed(i18n.From(r.Context()), account, a)
	l.ID, l.Action = "sub", accountPath(account, "/subaccounts/"+string(sub)+"/addresses")
	l.Remarks, l.Network, l.Note = try.remarks, try.network, try.note
	return security.Lists{All: []security.List{l}}, nil
}

func (s *Server) addSubAddress(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "network", "note")
	if err != nil {
		return err
	}
	try := addressTry{network: f.text("network"), note: f.text("note")}
	return s.changeSubAddresses(w, r, by, "allowlist_added", try, func(at ids.Account, l policy.List) error {
		return s.Policy.Add(r.Context(), by, at, l, try.network, try.note)
	})
}

func (s *Server) removeSubAddress(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "network")
	if err != nil {
		return err
	}
	return s.changeSubAddresses(w, r, by, "allowlist_removed", addressTry{}, func(at ids.Account, l policy.List) error {
		return s.Policy.Remove(r.Context(), by, at, l, f.text("network"), false)
	})
}

func (s *Server) switchSubAddresses(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "on")
	if err != nil {
		return err
	}
	done := "allowlist_off"
	if f.ticked("on") {
		done = "allowlist_on"
	}
	return s.changeSubAddresses(w, r, by, done, addressTry{}, func(at ids.Account, l policy.List) error {
		return s.Policy.Switch(r.Context(), by, at, l, f.ticked("on"), false)
	})
}

// changeSubAddresses makes a change and leads back to the list, or shows it again with what to do.
func (s *Server) changeSubAddresses(w http.ResponseWriter, r *http.Request, by authz.Actor, done string, try addressTry, change func(ids.Account, policy.List) error) error {
	sc, sub, err := s.subOf(r, by)
	if err != nil {
		return err
	}
	err = change(sc.Account(), policy.OfSub(sub.ID))
	if err == nil {
		s.setFlash(w, done)
		return seeOther(w, r, accountPath(sc.Account(), "/subaccounts/"+string(sub.ID)+"#addresses-sub"))
	}
	if try.remarks, try.status, err = remarksOn(i18n.From(r.Context()), err); err != nil {
		return err
	}
	return s.showSubWith(w, r, by, sc, sub, subaccount.Input{Name: sub.Name, Purpose: sub.Purpose}, nil, try)
}
