package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
	"bailiwick/internal/web/ui/me"
	"bailiwick/internal/web/ui/part"
)

func (s *Server) profilePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	v, err := s.Authn.Profile(r.Context(), by)
	if err != nil {
		return err
	}
	return s.showProfile(w, r, by, http.StatusOK, v, part.Remarks{})
}

func (s *Server) showProfile(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, v authn.Profile, remarks part.Remarks) error {
	p := i18n.From(r.Context())
	frame, err := s.frame(w, r, by, place{title: p.T("me.profile")})
	if err != nil {
		return err
	}
	return s.render(w, r, status, me.Profile{Page: frame, Remarks: remarks, Person: v.Name, Username: v.Username, Email: v.Email,
		Language: v.Language, Languages: s.languages(p), TimeZone: v.TimeZone, Zones: zoneOptions(p.T("me.time_zone_account"), v.TimeZone), Version: v.Version, SingleKeys: !v.KeysOff})
}

// languages lists what the portal is written in, each in its own words and in the order of these.
func (s *Server) languages(p i18n.Printer) []part.Option {
	out := []part.Option{{Value: "", Label: p.T("me.language_browser")}}
	for _, l := range s.Texts.Langs() {
		name := display.Self.Name(language.Make(l)) // español: small, as within a sentence
		first, n := utf8.DecodeRuneInString(name)
		out = append(out, part.Option{Value: l, Label: string(unicode.ToUpper(first)) + name[n:]})
	}
	slices.SortFunc(out[1:], func(a, b part.Option) int { return strings.Compare(a.Label, b.Label) })
	return out
}

func (s *Server) saveProfile(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "name", "email", "username", "language", "time_zone", "version")
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.text("version"), 10, 64)
	if err != nil {
		return errs.New(errs.Invalid, "form.version", "Load the page again. The form was incomplete.")
	}
	in := authn.Profile{Name: f.text("name"), Username: f.text("username"), Language: f.text("language"), TimeZone: f.text("time_zone"), Version: version}
	if err := s.Authn.UpdateProfile(r.Context(), by, in); err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		old, err := s.Authn.Profile(r.Context(), by)
		if err != nil {
			return err
		}
		in.Email, in.KeysOff = old.Email, old.KeysOff
		return s.showProfile(w, r, by, status, in, remarks)
	}
	s.setFlash(w, "profile_saved")
	return seeOther(w, r, "/me")
}

func (s *Server) securityPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showSecurity(w, r, by, http.StatusOK, me.Security{Required: r.URL.Query().Get("required") == "two-step"})
}

func (s *Server) showSecurity(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, page me.Security) error {
	sec, err := s.Authn.Security(r.Context(), by)
	if err != nil {
		return err
	}
	if page.Page, err = s.frame(w, r, by, place{title: i18n.From(r.Context()).T("me.security")}); err != nil {
		return err
	}
	page.Email, page.TOTPOn, page.Started, page.Left, page.Min = sec.Email, sec.TOTPOn, sec.TOTPStarted, sec.RecoveryLeft, sec.MinLength
	page.MailOff = s.MailOff
	return s.render(w, r, status, page)
}

// again shows the security page with what is to be done about one of its forms.
func (s *Server) again(w http.ResponseWriter, r *http.Request, by authz.Actor, form, newEmail string, err error) error {
	remarks, status, err := remarksOn(i18n.From(r.Context()), err)
	if err != nil {
		return err
	}
	return s.showSecurity(w, r, by, status, me.Security{Form: form, Remarks: remarks, NewEmail: newEmail})
}

func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "username", "current", "next")
	if err != nil {
		return err
	}
	in, err := s.Authn.ChangePassword(r.Context(), by, secret.Wrap(f.raw("current")), secret.Wrap(f.raw("next")), s.client(r))
	if err != nil {
		return s.again(w, r, by, "password", "", err)
	}
	s.keepSession(w, in)
	s.setFlash(w, "password_changed")
	return seeOther(w, r, "/me/security")
}

func (s *Server) askEmail(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "email", "current")
	if err != nil {
		return err
	}
	if err := s.Authn.AskEmail(r.Context(), by, f.text("email"), secret.Wrap(f.raw("current")), s.client(r)); err != nil {
		return s.again(w, r, by, "email", f.text("email"), err)
	}
	s.setFlash(w, "confirmation_sent")
	return seeOther(w, r, "/me/security")
}

func (s *Server) beginTwoStep(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "current")
	if err != nil {
		return err
	}
	if err := s.Authn.BeginTOTP(r.Context(), by, secret.Wrap(f.raw("current")), s.client(r)); err != nil {
		return s.again(w, r, by, "two-step", "", err)
	}
	return seeOther(w, r, "/me/security/two-step")
}

func (s *Server) twoStepPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showTwoStep(w, r, by, http.StatusOK, part.Remarks{})
}

func (s *Server) showTwoStep(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, remarks part.Remarks) error {
	pending, err := s.Authn.PendingTOTP(r.Context(), by, s.look(r.Context(), by.Account()).Product)
	if errs.KindOf(err) == errs.Conflict {
		return seeOther(w, r, "/me/security")
	}
	if err != nil {
		return err
	}
	frame, err := s.frame(w, r, by, place{title: i18n.From(r.Context()).T("me.two_step_setup")})
	if err != nil {
		return err
	}
	return s.render(w, r, status, me.TwoStep{Page: frame, Remarks: remarks, Key: inFours(pending.Key.Reveal()), Size: pending.Square.Size, Path: pending.Square.Path})
}

func inFours(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// confirmTwoStep answers with the recovery codes themselves: they are shown once, so there is no page to lead to.
func (s *Server) confirmTwoStep(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "code")
	if err != nil {
		return err
	}
	codes, in, err := s.Authn.ConfirmTOTP(r.Context(), by, f.text("code"), s.client(r))
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showTwoStep(w, r, by, status, remarks)
	}
	s.keepSession(w, in)
	return s.showCodes(w, r, by, codes)
}

func (s *Server) showCodes(w http.ResponseWriter, r *http.Request, by authz.Actor, codes []secret.String) error {
	frame, err := s.frame(w, r, by, place{title: i18n.From(r.Context()).T("me.codes")})
	if err != nil {
		return err
	}
	page := me.Codes{Page: frame}
	for _, c := range codes {
		page.List = append(page.List, c.Reveal())
	}
	return s.render(w, r, http.StatusOK, page)
}

func (s *Server) newRecoveryCodes(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "current")
	if err != nil {
		return err
	}
	codes, err := s.Authn.NewRecoveryCodes(r.Context(), by, secret.Wrap(f.raw("current")), s.client(r))
	if err != nil {
		return s.again(w, r, by, "codes", "", err)
	}
	return s.showCodes(w, r, by, codes)
}

func (s *Server) endTwoStep(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "current")
	if err != nil {
		return err
	}
	in, err := s.Authn.DisableTOTP(r.Context(), by, secret.Wrap(f.raw("current")), s.client(r))
	if err != nil {
		return s.again(w, r, by, "two-step", "", err)
	}
	s.keepSession(w, in)
	s.setFlash(w, "two_step_off")
	return seeOther(w, r, "/me/security")
}

func (s *Server) sessionsPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	all, err := s.Authn.Sessions(r.Context(), by)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	frame, err := s.frame(w, r, by, place{title: p.T("me.sessions")})
	if err != nil {
		return err
	}
	page := me.Sessions{Page: frame}
	for _, a := range all {
		page.List = append(page.List, me.Session{ID: string(a.ID), Device: device(p, a.UserAgent), IP: a.IP,
			Since: p.Relative(a.Created, s.Clock()), Seen: p.Relative(a.Seen, s.Clock()), Current: a.Current})
	}
	return s.render(w, r, http.StatusOK, page)
}

// device names the browser and the system that a User-Agent header claims; the order matters, for each claims to be the ones after it.
func device(p i18n.Printer, agent string) string {
	find := func(pairs ...string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	browser := find("Edg", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari", "curl/", "curl")
	system := find("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "CrOS", "ChromeOS", "Windows", "Windows", "Macintosh", "macOS", "Linux", "Linux")
	switch {
	case browser == "" && system == "":
		return p.T("me.device_unknown")
	case browser == "" || system == "":
		return browser + system
	}
	return p.T("me.device_on", "browser", browser, "system", system)
}

func (s *Server) endSession(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	id, err := ids.ParseSession(r.PathValue("session"))
	if err != nil {
		return errs.NoSuch("session")
	}
	if err := s.Authn.RevokeSession(r.Context(), by, id); err != nil {
		return err
	}
	s.setFlash(w, "session_ended")
	return seeOther(w, r, "/me/sessions")
}

func (s *Server) endOtherSessions(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	if err := s.Authn.RevokeOthers(r.Context(), by); err != nil {
		return err
	}
	s.setFlash(w, "sessions_ended")
	return seeOther(w, r, "/me/sessions")
}
