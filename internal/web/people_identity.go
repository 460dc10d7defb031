package web

import (
	"net/http"
	"strconv"

	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/people"
)

// identityOf reads the identity of a person for a reader who may change it, else nil.
func (s *Server) identityOf(r *http.Request, by authz.Actor, sc authz.Scope, m user.Member) (*authn.Identity, error) {
	if !sc.Has(authz.UsersEdit) || m.User == by.User() {
		return nil, nil //nolint:nilnil // out of reach is no error
	}
	who, reach, err := s.Authn.IdentityOf(r.Context(), by, sc.Account(), m.ID)
	if err != nil || !reach {
		return nil, err
	}
	return &who, nil
}

// identityForms are the forms about the person themselves, filled in from in.
func (s *Server) identityForms(p i18n.Printer, base string, in authn.Profile) *people.Identity {
	languages := s.languages(p)
	languages[0].Label = p.T("user.language_browser")
	return &people.Identity{
		Action: base + "/identity", Version: strconv.FormatInt(in.Version, 10), Name: in.Name, Username: in.Username,
		Language: in.Language, Languages: languages, TimeZone: in.TimeZone, Zones: zoneOptions(p.T("me.time_zone_account"), in.TimeZone), EmailAction: base + "/email",
	}
}

// saveIdentity changes a person's name, user name, language and time zone, in all their accounts.
func (s *Server) saveIdentity(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "person_version", "name", "username", "language", "time_zone")
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(f.text("person_version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	in := authn.Profile{Name: f.text("name"), Username: f.text("username"), Language: f.text("language"), TimeZone: f.text("time_zone"), Version: version}
	if err := s.Authn.UpdateIdentity(r.Context(), by, sc.Account(), m.ID, in); err != nil {
		return s.identityAgain(w, r, by, sc, m, err, func(v *people.Identity, remarks part.Remarks) {
			v.Name, v.Username, v.Language, v.TimeZone, v.Version, v.Remarks = in.Name, in.Username, in.Language, in.TimeZone, strconv.FormatInt(in.Version, 10), remarks
		})
	}
	s.setFlash(w, "user_saved")
	return seeOther(w, r, personPath(sc, m))
}

// askEmailFor mails a confirmation to a new address of a person.
func (s *Server) askEmailFor(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "email")
	if err != nil {
		return err
	}
	if err := s.Authn.AskEmailFor(r.Context(), by, sc.Account(), m.ID, f.text("email")); err != nil {
		return s.identityAgain(w, r, by, sc, m, err, func(v *people.Identity, remarks part.Remarks) { v.NewEmail, v.EmailRemarks = f.text("email"), remarks })
	}
	s.setFlash(w, "confirmation_sent")
	return seeOther(w, r, personPath(sc, m))
}

func personPath(sc authz.Scope, m user.Member) string {
	return accountPath(sc.Account(), "/users/"+string(m.ID))
}

// identityAgain shows the profile once more with what is to be done about one of its forms.
func (s *Server) identityAgain(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, m user.Member, failure error, typed func(*people.Identity, part.Remarks)) error {
	remarks, status, err := remarksOn(i18n.From(r.Context()), failure)
	if err != nil {
		return err
	}
	who, err := s.identityOf(r, by, sc, m)
	if err != nil {
		return err
	}
	if who == nil {
		return failure
	}
	v, err := s.profileOf(r, by, sc, m, who, s.personPages(w, r, by, sc, m, who))
	if err != nil {
		return err
	}
	typed(v.Person, remarks)
	return s.userPage(w, r, by, sc, m, who, profileSection, status, v)
}

// userSessions lists where a person is signed in.
func (s *Server) userSessions(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	who, err := s.identityOf(r, by, sc, m)
	if err != nil {
		return err
	}
	if who == nil {
		return errs.NoSuch("page")
	}
	p := i18n.From(r.Context())
	v := people.Sessions{Action: personPath(sc, m) + "/sessions"}
	for _, a := range who.Sessions {
		v.List = append(v.List, people.Session{ID: string(a.ID), Device: device(p, a.UserAgent), IP: a.IP, Since: p.Relative(a.Created, s.Clock()), Seen: p.Relative(a.Seen, s.Clock())})
	}
	return s.userPage(w, r, by, sc, m, who, "sessions", http.StatusOK, v)
}

// endUserSession ends one session of a person.
func (s *Server) endUserSession(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := ids.ParseSession(r.PathValue("session"))
	if err != nil {
		return errs.NoSuch("session")
	}
	return s.endOf(w, r, by, "session_ended", func(sc authz.Scope, m user.Member) error {
		return s.Authn.EndSessionOf(r.Context(), by, sc.Account(), m.ID, id)
	})
}

// endUserSessions ends all sessions of a person.
func (s *Server) endUserSessions(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.endOf(w, r, by, "user_sessions_ended", func(sc authz.Scope, m user.Member) error {
		return s.Authn.EndSessionsOf(r.Context(), by, sc.Account(), m.ID)
	})
}

func (s *Server) endOf(w http.ResponseWriter, r *http.Request, by authz.Actor, done string, end func(authz.Scope, user.Member) error) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	if _, err := readForm(w, r); err != nil {
		return err
	}
	if err := end(sc, m); err != nil {
		return err
	}
	s.setFlash(w, done)
	return seeOther(w, r, personPath(sc, m)+"/sessions")
}
