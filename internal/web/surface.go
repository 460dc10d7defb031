package web

import (
	"net/http"

	"github.com/a-h/templ"

	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/user"
)

// surface is where the sections of an account or a person are shown and saved: on pages of their own, or in the pane
// beside the tree. A section is named by a word, such as "settings".
type surface struct {
	account ids.Account
	form    string                      // id of the form when its buttons stand outside of it
	back    string                      // where leaving the form leads; "" when its buttons stand outside of it
	at      func(section string) string // the address of a section, which its form is posted to
	done    func(section string) string // where a saved form leads
	show    func(status int, section string, body templ.Component) error
}

// accountPages are the pages of the account in the address, a page for each section.
func (s *Server) accountPages(w http.ResponseWriter, r *http.Request, by authz.Actor) (surface, error) {
	sc, err := s.seen(r, by)
	at := func(section string) string { return accountPath(sc.Account(), "/"+section) }
	return surface{account: sc.Account(), at: at, done: at, show: func(status int, section string, body templ.Component) error {
		return s.section(w, r, by, status, sc, section, body)
	}}, err
}

// The sections of a person.
const (
	profileSection  = "profile"
	accessSection   = "access"
	personalSection = "settings"
)

// personPages are the pages of a person of an account. Who is given when the reader may change the person's identity.
func (s *Server) personPages(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, who *authn.Identity) surface {
	at := func(section string) string {
		if section == profileSection {
			return personPath(sc, m)
		}
		return personPath(sc, m) + "/" + section
	}
	return surface{account: sc.Account(), at: at, done: at, show: func(status int, section string, body templ.Component) error {
		return s.userPage(w, r, by, sc, m, who, section, status, body)
	}}
}
