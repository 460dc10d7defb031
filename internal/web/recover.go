package web

import (
	"net/http"

	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/onetime"
	"bailiwick/internal/secret"
	"bailiwick/internal/web/ui/auth"
	"bailiwick/internal/web/ui/part"
)

func (s *Server) forgotPage(w http.ResponseWriter, r *http.Request) error {
	return s.showForgot(w, r, http.StatusOK, auth.Forgot{})
}

func (s *Server) showForgot(w http.ResponseWriter, r *http.Request, status int, page auth.Forgot) error {
	if p := i18n.From(r.Context()); s.MailOff {
		return s.render(w, r, status, auth.Note{Page: s.plainFrame(w, r, p.T("forgot.title")), Heading: p.T("forgot.title"),
			Text: p.T("forgot.mail_off"), Link: &part.Link{Label: p.T("forgot.back"), Href: "/sign-in"}})
	}
	page.Page = s.plainFrame(w, r, i18n.From(r.Context()).T("forgot.title"))
	return s.render(w, r, status, page)
}

// forgot says the same whether the address belongs to somebody or not.
func (s *Server) forgot(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r, "login")
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	if err := s.Authn.Forgot(r.Context(), f.text("login"), s.client(r)); err != nil {
		remarks, status, err := remarksOn(p, err)
		if err != nil {
			return err
		}
		return s.showForgot(w, r, status, auth.Forgot{Remarks: remarks, Login: f.text("login")})
	}
	return s.render(w, r, http.StatusOK, auth.Note{Page: s.plainFrame(w, r, p.T("forgot.sent_title")), Heading: p.T("forgot.sent_title"),
		Text: p.T("forgot.sent_text", "login", f.text("login")), Link: &part.Link{Label: p.T("forgot.back"), Href: "/sign-in"}})
}

// linkPage shows the form behind a reset or set-password link. Opening it changes nothing.
func (s *Server) linkPage(w http.ResponseWriter, r *http.Request) error {
	return s.showLink(w, r, http.StatusOK, part.Remarks{})
}

func (s *Server) showLink(w http.ResponseWriter, r *http.Request, status int, remarks part.Remarks) error {
	owner, err := s.Authn.PeekLink(r.Context(), secret.Wrap(r.PathValue("token")))
	if errs.KindOf(err) == errs.NotFound {
		return s.deadLink(w, r)
	}
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	page := auth.SetPassword{Remarks: remarks, Action: r.URL.Path, Username: owner.Username, MinLength: owner.MinLength,
		Heading: p.T("set_password.reset_title"), Text: p.T("set_password.reset_text"), Submit: p.T("set_password.submit"), Note: p.T("set_password.note")}
	if owner.Purpose == onetime.SetPassword {
		page.Heading, page.Text, page.Submit = p.T("set_password.welcome_title", "name", owner.Name), p.T("set_password.welcome_text"), p.T("set_password.welcome_submit")
	}
	page.Page = s.brandedFrame(w, r, owner.Account, page.Heading)
	return s.render(w, r, status, page)
}

func (s *Server) deadLink(w http.ResponseWriter, r *http.Request) error {
	p := i18n.From(r.Context())
	note := auth.Note{Page: s.plainFrame(w, r, p.T("set_password.dead_title")), Heading: p.T("set_password.dead_title"),
		Text: p.T("set_password.dead_text"), Link: &part.Link{Label: p.T("set_password.ask"), Href: "/forgot"}}
	if r.Pattern == "GET /welcome/{token}" || r.Pattern == "POST /welcome/{token}" {
		note.Text, note.Link = p.T("set_password.dead_welcome_text"), &part.Link{Label: p.T("set_password.to_sign_in"), Href: "/sign-in"}
	}
	return s.render(w, r, http.StatusNotFound, note)
}

func (s *Server) useLink(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r, "username", "password")
	if err != nil {
		return err
	}
	in, err := s.Authn.SetPasswordByLink(r.Context(), secret.Wrap(r.PathValue("token")), secret.Wrap(f.raw("password")), s.client(r))
	if errs.KindOf(err) == errs.NotFound {
		return s.deadLink(w, r)
	}
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showLink(w, r, status, remarks)
	}
	return s.comeIn(w, r, in, "")
}

// confirmEmailPage shows the button that confirms a new address. Opening it changes nothing.
func (s *Server) confirmEmailPage(w http.ResponseWriter, r *http.Request) error {
	p := i18n.From(r.Context())
	email, err := s.Authn.PeekEmail(r.Context(), secret.Wrap(r.PathValue("token")))
	if errs.KindOf(err) == errs.NotFound {
		return s.deadConfirmation(w, r)
	}
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, auth.Note{Page: s.plainFrame(w, r, p.T("confirm_email.title")), Heading: p.T("confirm_email.title"),
		Text: p.T("confirm_email.text", "email", email), Action: r.URL.Path, Submit: p.T("confirm_email.submit")})
}

func (s *Server) deadConfirmation(w http.ResponseWriter, r *http.Request) error {
	p := i18n.From(r.Context())
	return s.render(w, r, http.StatusNotFound, auth.Note{Page: s.plainFrame(w, r, p.T("set_password.dead_title")), Heading: p.T("set_password.dead_title"),
		Text: p.T("confirm_email.dead_text"), Link: &part.Link{Label: p.T("me.security"), Href: "/me/security"}})
}

func (s *Server) confirmEmail(w http.ResponseWriter, r *http.Request) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	err := s.Authn.ConfirmEmail(r.Context(), secret.Wrap(r.PathValue("token")), s.client(r))
	if errs.KindOf(err) == errs.NotFound {
		return s.deadConfirmation(w, r)
	}
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	return s.render(w, r, http.StatusOK, auth.Note{Page: s.plainFrame(w, r, p.T("confirm_email.done_title")), Heading: p.T("confirm_email.done_title"),
		Text: p.T("confirm_email.done_text"), Link: &part.Link{Label: p.T("set_password.to_sign_in"), Href: "/"}})
}
