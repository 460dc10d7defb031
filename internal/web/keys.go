package web

import (
	"net/http"
	"time"

	"bailiwick/internal/apikey"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
	"bailiwick/internal/secret"
	"bailiwick/internal/web/ui/keys"
	"bailiwick/internal/web/ui/me"
	"bailiwick/internal/web/ui/part"
)

// ownKeysPage lists one's own API keys in the account chosen.
func (s *Server) ownKeysPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	p := i18n.From(r.Context())
	v := me.Keys{}
	if by.Account() != "" {
		sc, offer, err := s.offerKeys(r, by)
		if err != nil {
			return err
		}
		all, err := s.Keys.Mine(r.Context(), by, sc.Account())
		if err != nil {
			return err
		}
		v.Account, v.Create = sc.Name(), offer.Member
		for _, k := range all {
			row := s.keyRow(offerOf(r.Context()), k)
			row.Revoke = "/me/keys/" + string(k.ID) + "/revoke"
			v.Rows = append(v.Rows, row)
		}
	}
	var err error
	if v.Page, err = s.frame(w, r, by, place{title: p.T("keys.title")}); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}

func (s *Server) offerKeys(r *http.Request, by authz.Actor) (authz.Scope, apikey.Offer, error) {
	_, sc, err := s.Ops.See(r.Context(), by, by.Account())
	if err != nil {
		return sc, apikey.Offer{}, err
	}
	offer, err := s.Keys.Offer(r.Context(), by, by.Account())
	return sc, offer, err
}

func (s *Server) keyRow(p offer, k apikey.Key) keys.Row {
	now := s.Clock()
	row := keys.Row{Name: k.Name, Scopes: scopesText(p, k), Used: p.T("keys.unused"), From: k.LastIP, Expires: keyExpiry(p.Printer, k), Expired: k.Expired(now), Soon: k.Soon(now)}
	if !k.LastUsed.IsZero() {
		row.Used = p.Relative(k.LastUsed, now)
	}
	return row
}

func scopesText(p offer, k apikey.Key) string {
	if k.Scopes == authz.Everything() {
		return p.T("keys.whole")
	}
	return modulesIn(p, k.Scopes)
}

// keyExpiry names the last day of a key.
func keyExpiry(p i18n.Printer, k apikey.Key) string {
	if k.Expires.IsZero() {
		return p.T("keys.never")
	}
	return p.Date(k.Expires.Add(-time.Millisecond))
}

func (s *Server) newKeyPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	last := s.Clock().Add(apikey.DefaultLife).Format(time.DateOnly)
	return s.showNewKey(w, r, by, http.StatusOK, me.NewKey{Expires: last}, authz.Set{})
}

func (s *Server) showNewKey(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, v me.NewKey, ticked authz.Set) error {
	p := i18n.From(r.Context())
	sc, offer, err := s.offerKeys(r, by)
	if err != nil {
		return err
	}
	if !offer.Member {
		return authz.Denied()
	}
	v.Account, v.Min = sc.Name(), s.Clock().Format(time.DateOnly)
	v.Grid = permGrid(offerOf(r.Context()), offer.Scopes, ticked, func(authz.Module) string { return "" })
	at := place{title: p.T("keys.new_title"), crumbs: []part.Crumb{{Label: p.T("keys.title"), Href: "/me/keys"}, {Label: p.T("keys.new_title")}}}
	if v.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

// createKey answers with the key itself: it is shown once, so there is no page to lead to.
func (s *Server) createKey(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "name", "expires", "never", "whole", "perm")
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	in := apikey.Input{Name: f.text("name"), Scopes: permsOf(f)}
	if f.ticked("whole") {
		in.Scopes = authz.Everything()
	}
	typed := me.NewKey{Key: in.Name, Expires: f.text("expires"), Never: f.ticked("never"), Whole: f.ticked("whole")}
	if in.Expires, err = lastDay(typed); err == nil {
		var k apikey.Created
		if k, err = s.Keys.Create(r.Context(), by, by.Account(), in); err == nil {
			return s.showKey(w, r, by, k.Key, k.Secret)
		}
	}
	remarks, status, err := remarksOn(p, err)
	if err != nil {
		return err
	}
	typed.Remarks = remarks
	return s.showNewKey(w, r, by, status, typed, permsOf(f))
}

// lastDay is when a key ends: with the day chosen, in UTC.
func lastDay(typed me.NewKey) (time.Time, error) {
	if typed.Never {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, typed.Expires)
	if err != nil {
		return time.Time{}, errs.Field("expires", "key.expires_missing", "Choose the last day of the key, or tick that it never expires.")
	}
	return day.AddDate(0, 0, 1), nil
}

func (s *Server) showKey(w http.ResponseWriter, r *http.Request, by authz.Actor, k apikey.Key, text secret.String) error {
	p := i18n.From(r.Context())
	frame, err := s.frame(w, r, by, place{title: p.T("keys.made_title")})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, me.MadeKey{Page: frame, Key: k.Name, Secret: text.Reveal(), Expires: keyExpiry(p, k), Scopes: scopesText(offerOf(r.Context()), k)})
}

func (s *Server) revokeOwnKey(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.endKey(w, r, by, by.Account(), "/me/keys")
}

func (s *Server) revokeKey(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	account, err := accountOf(r)
	if err != nil {
		return err
	}
	return s.endKey(w, r, by, account, accountPath(account, "/keys"))
}

func (s *Server) endKey(w http.ResponseWriter, r *http.Request, by authz.Actor, account ids.Account, back string) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	id, err := ids.ParseKey(r.PathValue("key"))
	if err != nil {
		return errs.NoSuch("key")
	}
	if err := s.Keys.Revoke(r.Context(), by, account, id); err != nil {
		return err
	}
	s.setFlash(w, "key_revoked")
	return seeOther(w, r, back)
}

// keysPage lists the API keys of everybody in the account.
func (s *Server) keysPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	p, q := i18n.From(r.Context()), r.URL.Query()
	base := accountPath(sc.Account(), "/keys")
	v := keys.List{Account: sc.Name()}
	bind := cursorOf(by, sc.Account(), "keys", nil)
	after := ids.Key("")
	if text := q.Get("after"); text != "" {
		c, err := s.Cursors.Open(bind, text, 1)
		if err != nil {
			return err
		}
		after, v.Pager.Prev = ids.Key(c.Key[0]), base
	}
	list, err := s.Keys.List(r.Context(), by, sc.Account(), after)
	if err != nil {
		return err
	}
	for _, k := range list.Keys {
		row := s.keyRow(offerOf(r.Context()), k)
		row.Owner = k.Owner
		if sc.Has(authz.UsersView) {
			row.OwnerHref = accountPath(sc.Account(), "/users/"+string(k.Membership))
		}
		if k.User == by.User() || sc.Has(authz.CredentialsRevoke) && k.Managed(sc) {
			row.Revoke = base + "/" + string(k.ID) + "/revoke"
		}
		v.Rows = append(v.Rows, row)
	}
	if list.Next != "" {
		v.Pager.Next = with(base, q, "after", s.Cursors.Seal(bind, page.Cursor{Key: []string{string(list.Next)}}))
	}
	if sc.Account() == by.Account() {
		offer, err := s.Keys.Offer(r.Context(), by, sc.Account())
		if err != nil {
			return err
		}
		if offer.Member {
			v.Mine = "/me/keys/new"
		}
	}
	d, tab, err := s.asTab(r, by, sc)
	if err != nil {
		return err
	}
	if tab {
		return s.record(w, r, by, http.StatusOK, d, "keys", v.Body())
	}
	if v.Page, err = s.frame(w, r, by, place{title: p.T("keys.title"), nav: "keys"}); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}
