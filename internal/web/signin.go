package web

import (
	"errors"
	"net/http"
	"net/url"

	"bailiwick/internal/authn"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/secret"
	"bailiwick/internal/web/ui/auth"
	"bailiwick/internal/web/ui/part"
)

// remarksOn is what a form says again when it could not be carried out, with the status of the answer. An error that is not for
// the person filling in the form comes back.
func remarksOn(p i18n.Printer, err error) (part.Remarks, int, error) {
	if fields, ok := fieldErrors(p, err); ok {
		return part.Remarks{Fields: fields}, http.StatusUnprocessableEntity, nil
	}
	var e *errs.Error
	if errors.As(err, &e) && (e.Kind == errs.Invalid || e.Kind == errs.Conflict || e.Kind == errs.OverQuota) {
		return part.Remarks{Problem: words(p, e.Problem)}, statusOf(e.Kind), nil
	}
	return part.Remarks{}, 0, err
}

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) error {
	next := ownPath(r.URL.Query().Get("next"), "")
	if _, err := s.Authn.Resolve(r.Context(), s.client(r)); err == nil {
		return seeOther(w, r, ownPath(next, "/"))
	} else if errs.KindOf(err) != errs.Unauthenticated {
		return err
	}
	if _, waits, err := s.Authn.Renewal(r.Context(), s.client(r)); err != nil {
		return err
	} else if waits {
		return seeOther(w, r, renewPath)
	}
	return s.showSignIn(w, r, http.StatusOK, auth.SignIn{Next: next})
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request, status int, page auth.SignIn) error {
	page.Page = s.plainFrame(w, r, i18n.From(r.Context()).T("sign_in.submit"))
	return s.render(w, r, status, page)
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r, "login", "password", "remember", "next")
	if err != nil {
		return err
	}
	next := ownPath(f.text("next"), "")
	in, err := s.Authn.SignIn(r.Context(), authn.SignInInput{Login: f.text("login"), Password: secret.Wrap(f.raw("password")),
		Remember: f.ticked("remember"), From: s.client(r)})
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showSignIn(w, r, status, auth.SignIn{Remarks: remarks, Login: f.text("login"), Remember: f.ticked("remember"), Next: next})
	}
	return s.comeIn(w, r, in, next)
}

// comeIn gives the browser its session and leads on: to the code if one is owed, else to where the person wanted to go.
func (s *Server) comeIn(w http.ResponseWriter, r *http.Request, in authn.SignedIn, next string) error {
	s.keepSession(w, in)
	if in.Stage != authn.Full {
		to := "/sign-in/code"
		if in.Stage == authn.NeedsPassword {
			to = renewPath
		}
		if next != "" {
			to += "?next=" + url.QueryEscape(next)
		}
		return seeOther(w, r, to)
	}
	return seeOther(w, r, ownPath(next, "/"))
}

func (s *Server) codePage(w http.ResponseWriter, r *http.Request) error {
	waits, err := s.Authn.WaitingForCode(r.Context(), s.client(r))
	if err != nil {
		return err
	}
	if !waits {
		return seeOther(w, r, "/sign-in")
	}
	return s.showCode(w, r, http.StatusOK, auth.Code{Next: ownPath(r.URL.Query().Get("next"), "")})
}

func (s *Server) showCode(w http.ResponseWriter, r *http.Request, status int, page auth.Code) error {
	page.Page = s.plainFrame(w, r, i18n.From(r.Context()).T("sign_in.code_title"))
	return s.render(w, r, status, page)
}

func (s *Server) giveCode(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r, "code", "next")
	if err != nil {
		return err
	}
	next := ownPath(f.text("next"), "")
	in, err := s.Authn.VerifyCode(r.Context(), f.text("code"), s.client(r))
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showCode(w, r, status, auth.Code{Remarks: remarks, Next: next})
	}
	return s.comeIn(w, r, in, next)
}

// renewPath is where somebody whose password has expired chooses another.
const renewPath = "/sign-in/new-password"

func (s *Server) renewPage(w http.ResponseWriter, r *http.Request) error {
	return s.showRenew(w, r, http.StatusOK, part.Remarks{}, ownPath(r.URL.Query().Get("next"), ""))
}

func (s *Server) showRenew(w http.ResponseWriter, r *http.Request, status int, remarks part.Remarks, next string) error {
	who, waits, err := s.Authn.Renewal(r.Context(), s.client(r))
	if err != nil {
		return err
	}
	if !waits {
		return seeOther(w, r, "/sign-in")
	}
	p := i18n.From(r.Context())
	return s.render(w, r, status, auth.SetPassword{Page: s.plainFrame(w, r, p.T("set_password.expired_title")), Remarks: remarks, Action: renewPath, Username: who.Username, MinLength: who.MinLength,
		Heading: p.T("set_password.expired_title"), Text: p.T("set_password.expired_text"), Submit: p.T("set_password.expired_submit"), Next: next})
}

func (s *Server) renew(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r, "username", "password", "next")
	if err != nil {
		return err
	}
	next := ownPath(f.text("next"), "")
	in, err := s.Authn.Renew(r.Context(), secret.Wrap(f.raw("password")), s.client(r))
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showRenew(w, r, status, remarks, next)
	}
	s.setFlash(w, "password_changed")
	return s.comeIn(w, r, in, next)
}

// signOut needs nobody signed in: a session that is over already is left the same way.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	if err := s.Authn.SignOut(r.Context(), s.client(r)); err != nil {
		return err
	}
	s.dropCookie(w, sessionCookie)
	s.setFlash(w, "signed_out")
	return seeOther(w, r, "/sign-in")
}

func (s *Server) setupPage(w http.ResponseWriter, r *http.Request) error {
	token := secret.Wrap(r.URL.Query().Get("token"))
	if err := s.Authn.CheckSetup(r.Context(), token); err != nil {
		return s.orSetUp(w, r, err)
	}
	return s.showSetup(w, r, http.StatusOK, auth.Setup{Token: token.Reveal()})
}

// orSetUp tells who comes with a set-up link that no longer works where to go.
func (s *Server) orSetUp(w http.ResponseWriter, r *http.Request, err error) error {
	if errs.KindOf(err) != errs.NotFound {
		return err
	}
	p := i18n.From(r.Context())
	return s.render(w, r, http.StatusNotFound, auth.Note{Page: s.plainFrame(w, r, p.T("set_up.title")), Heading: p.T("set_password.dead_title"),
		Text: p.T("set_up.dead_text"), Link: &part.Link{Label: p.T("set_password.to_sign_in"), Href: "/sign-in"}})
}

func (s *Server) showSetup(w http.ResponseWriter, r *http.Request, status int, page auth.Setup) error {
	page.Page = s.plainFrame(w, r, i18n.From(r.Context()).T("set_up.title"))
	page.Min = secret.MinPassword
	return s.render(w, r, status, page)
}

func (s *Server) setup(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r, "token", "platform", "name", "email", "password")
	if err != nil {
		return err
	}
	in, err := s.Authn.Setup(r.Context(), authn.SetupInput{Token: secret.Wrap(f.text("token")), Platform: f.text("platform"), Name: f.text("name"),
		Email: f.text("email"), Password: secret.Wrap(f.raw("password")), From: s.client(r)})
	if errs.KindOf(err) == errs.NotFound {
		return s.orSetUp(w, r, err)
	}
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showSetup(w, r, status, auth.Setup{Remarks: remarks, Token: f.text("token"), Platform: f.text("platform"), Person: f.text("name"), Email: f.text("email")})
	}
	return s.comeIn(w, r, in, "")
}
