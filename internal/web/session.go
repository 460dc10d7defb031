package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/obs"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

// Names of the cookies. Over https they get the __Host- prefix, which binds them to this host (RFC 6265bis, section 4.1.3).
const (
	sessionCookie = "bw_session"
	deviceCookie  = "bw_device"
)

func (s *Server) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

func (s *Server) cookieValue(r *http.Request, name string) secret.String {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return secret.String{}
	}
	return secret.Wrap(c.Value)
}

func (s *Server) setCookie(w http.ResponseWriter, name string, value secret.String, until time.Time) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(name), Value: value.Reveal(), Path: "/", Expires: until,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode})
}

func (s *Server) dropCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(name), Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode})
}

// deviceFor is how long a browser counts as one in which the person has signed in before.
const deviceFor = 365 * 24 * time.Hour

// keepSession gives the browser what a sign-in yielded. A session that is not remembered ends with the browser.
func (s *Server) keepSession(w http.ResponseWriter, in authn.SignedIn) {
	until := time.Time{}
	if in.Remember {
		until = in.Expires
	}
	s.setCookie(w, sessionCookie, in.Token, until)
	if !in.Device.Empty() {
		s.setCookie(w, deviceCookie, in.Device, s.Clock().Add(deviceFor))
	}
}

// client is where a request comes from and what it presents.
func (s *Server) client(r *http.Request) authn.Client {
	return authn.Client{
		IP: obs.ClientIP(r.Context()), UserAgent: r.UserAgent(), RequestID: obs.RequestID(r.Context()),
		Session: s.cookieValue(r, sessionCookie), Device: s.cookieValue(r, deviceCookie),
	}
}

// recognise finds who makes the request and puts their language into it. For a stranger the error says so.
func (s *Server) recognise(r *http.Request) (authz.Actor, *http.Request, error) {
	from := s.client(r)
	lang := s.Texts.Match(r.Header.Get("Accept-Language"))
	if from.Session.Empty() {
		return authz.Actor{}, withPrinter(r, s.Texts.For(lang)), errSignIn()
	}
	who, err := s.Authn.Resolve(r.Context(), from)
	obs.SetActor(r.Context(), who.Actor.ID(), who.Actor.Credential())
	r = withPrinter(r, s.Texts.For(lang))
	if err != nil {
		return who.Actor, r, err
	}
	p, err := s.printerOf(r.Context(), who, lang)
	r = withPrinter(r, p)
	if who.KeysOff {
		r = r.WithContext(context.WithValue(r.Context(), keysOff{}, true))
	}
	return who.Actor.Within(brand.Visited(r.Context())), r, err
}

// printerOf writes in the language and the time zone of a person: their own, else what holds in the account they work in, else
// the language that the browser asks for.
func (s *Server) printerOf(ctx context.Context, who authn.Who, browser string) (i18n.Printer, error) {
	lang, zone := who.Language, who.TimeZone
	if on := who.Actor.Account(); on != "" && (lang == "" || zone == "") {
		known, err := s.Known.On(ctx, on)
		if err != nil && errs.KindOf(err) != errs.NotFound {
			return s.Texts.For(browser), err
		}
		if err == nil && lang == "" {
			if lang, err = setting.InFor(known, account.Language, spoken(who)); err != nil {
				return s.Texts.For(browser), err
			}
		}
		if err == nil && zone == "" {
			if zone, err = setting.In(known, account.TimeZone); err != nil {
				return s.Texts.For(browser), err
			}
		}
	}
	if lang != "" {
		browser = s.Texts.Match(lang)
	}
	p := s.Texts.For(browser)
	if at, err := time.LoadLocation(zone); err == nil && zone != "" { // a zone that has left the tables must not stop anybody
		p = p.In(at)
	}
	return p, nil
}

func spoken(who authn.Who) json.RawMessage {
	if who.Spoken == "" {
		return nil
	}
	return json.RawMessage(who.Spoken)
}

// keysOff marks the request of somebody who wants no shortcuts of single keys.
type keysOff struct{}

func withPrinter(r *http.Request, p i18n.Printer) *http.Request {
	return r.WithContext(i18n.WithPrinter(r.Context(), p))
}
