package web

import (
	"net/http"
	"net/url"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/web/ui/home"
	"bailiwick/internal/web/ui/part"
)

// start leads a signed-in person to where their work is.
func (s *Server) start(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	account, err := s.Authn.Home(r.Context(), by)
	if err != nil {
		return err
	}
	if account == "" {
		return seeOther(w, r, "/switch")
	}
	_, sc, err := s.Ops.See(r.Context(), by, account)
	if err != nil {
		return err
	}
	if sc.Has(authz.ClientsView) && (sc.Kind() == "platform" || sc.Kind() == "reseller") {
		return seeOther(w, r, "/a/"+string(account)+"/clients")
	}
	return seeOther(w, r, "/a/"+string(account)+"/home")
}

// home is the first page of everybody in an account, Guests included.
func (s *Server) home(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	_, sc, err := s.Ops.See(r.Context(), by, id)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	frame, err := s.frame(w, r, by, place{title: p.T("nav.home"), nav: "home"})
	if err != nil {
		return err
	}
	notice, err := s.homeNotice(r, by, id)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, home.Page{Page: frame, Account: sc.Name(), Person: by.Name(), Notice: notice, Links: homeLinks(p, sc)})
}

// homeNotice tells everybody of a suspended account why, and who can lift it, whatever their role.
func (s *Server) homeNotice(r *http.Request, by authz.Actor, id ids.Account) (*part.Alert, error) {
	st, err := s.Accounts.Standing(r.Context(), by, id)
	if err != nil {
		return nil, err
	}
	if st.Status != account.Suspended {
		return s.secondStepNotice(r, by, id)
	}
	p := i18n.From(r.Context())
	return &part.Alert{Tone: part.Warning, Title: p.T("account.banner_suspended"), Text: holdText(p, st.Holds[0])}, nil
}

// secondStepNotice tells somebody until when they can work without a second step.
func (s *Server) secondStepNotice(r *http.Request, by authz.Actor, id ids.Account) (*part.Alert, error) {
	due, needed, err := s.Policy.SecondDue(r.Context(), by, id)
	if err != nil || !needed {
		return nil, err
	}
	p := i18n.From(r.Context())
	return &part.Alert{Tone: part.Warning, Title: p.T("security.second_due"), Text: p.T("security.second_due_text", "date", p.Date(due))}, nil
}

func homeLinks(p i18n.Printer, sc authz.Scope) []home.Link {
	links := []home.Link{{Label: p.T("home.profile"), Text: p.T("home.profile_text"), Icon: "circle-user", Href: "/me"}}
	for _, g := range navigation(p, sc, "", nil) {
		for _, i := range g.Items {
			if i.Href != "/a/"+string(sc.Account())+"/home" {
				links = append(links, home.Link{Label: i.Label, Text: p.T("home.about_" + i.Name), Icon: i.Icon, Href: i.Href})
			}
		}
	}
	return links
}

const themeFor = 365 * 24 * time.Hour

// setTheme keeps the person's choice of light or dark in this browser; nothing follows the system.
func (s *Server) setTheme(w http.ResponseWriter, r *http.Request, _ authz.Actor) error {
	f, err := readForm(w, r, "theme")
	if err != nil {
		return err
	}
	c := &http.Cookie{Name: "theme", Value: f.text("theme"), Path: "/", Expires: s.Clock().Add(themeFor), Secure: s.secure, SameSite: http.SameSiteLaxMode} // scripts set it too
	if c.Value != "light" && c.Value != "dark" {
		c.Value, c.MaxAge = "", -1
	}
	http.SetCookie(w, c)
	return seeOther(w, r, ownReferer(r))
}

// ownReferer is the page of ours that the request came from, else the first page.
func ownReferer(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host {
		return "/"
	}
	return ownPath(u.RequestURI(), "/")
}

func accountPath(id ids.Account, rest string) string { return "/a/" + string(id) + rest }
