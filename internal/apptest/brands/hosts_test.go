package brands_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

// hosts of the two resellers.
const (
	northHost = "mail.north.example"
	southHost = "mail.south.example"
)

// settle gives an account a domain that is verified.
func (s *street) settle(at ids.Account, host string) {
	s.t.Helper()
	if err := s.Brands.AskDomain(s.t.Context(), s.Root, at, host); err != nil {
		s.t.Fatal(err)
	}
	d, err := s.Brands.Domain(s.t.Context(), s.Root, at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.DNS.Set(d.Record, d.Value)
	if found, err := s.Brands.CheckDomain(s.t.Context(), s.Root, at); err != nil || !found {
		s.t.Fatalf("%s is not verified: %v", host, err)
	}
}

// settled is a street whose resellers have domains, names and colours.
func settled(t *testing.T, w *apptest.World) *street {
	s := newStreet(t, w)
	s.settle(s.north, northHost)
	s.settle(s.south, southHost)
	s.mustSet(s.north, map[string]string{"product": "Northern Lights", "colour": "#0b6b5c", "support_email": "help@north.example"})
	s.mustSet(s.south, map[string]string{"product": "Southern Cross", "colour": "#8a2b4f", "support_email": "help@south.example"})
	return s
}

func TestSignInShowsTheBrandOfItsDomain(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := settled(t, w)
		for host, c := range map[string]struct{ shows, hides []string }{
			northHost:                  {[]string{"Northern Lights", "/brand/0b6b5c-", "help@north.example"}, []string{"Southern", "Halyard", "help@south.example"}},
			"MAIL.north.example.:8080": {[]string{"Northern Lights"}, []string{"Southern", "Halyard"}},
			southHost:                  {[]string{"Southern Cross", "/brand/8a2b4f-", "help@south.example"}, []string{"Northern", "Halyard"}},
			"":                         {[]string{"Halyard"}, []string{"Northern", "Southern"}},
			"127.0.0.1":                {[]string{"Halyard"}, []string{"Northern", "Southern"}},
			"bailiwick":                {[]string{"Halyard"}, []string{"Northern", "Southern"}},
		} {
			for _, path := range []string{"/sign-in", "/forgot", "/nowhere", "/reset/" + strings.Repeat("a", 52), "/api/docs"} {
				a := s.Stranger().At(host).Get(path)
				if a.Status == http.StatusMisdirectedRequest {
					t.Errorf("%s%s: %d", host, path, a.Status)
				}
				for _, want := range c.shows {
					if !strings.Contains(a.Body, want) && (!strings.Contains(want, "@") || path != "/nowhere" && path != "/api/docs") { // not every page says whom to ask
						t.Errorf("%s%s lacks %s", host, path, want)
					}
				}
				for _, no := range c.hides {
					if strings.Contains(a.Body, no) {
						t.Errorf("%s%s shows %s", host, path, no)
					}
				}
			}
		}
	})
}

func TestADomainThatIsNobodysShowsNobody(t *testing.T) {
	s := settled(t, apptest.OnSQLite(t))
	if err := s.Brands.AskDomain(t.Context(), s.Root, s.acme, "portal.acme.example"); err != nil {
		t.Fatal(err)
	}
	owner := s.SignIn(s.owner.Email)
	for _, host := range []string{"evil.example", "portal.acme.example", "x.mail.north.example", "north.example", "mail.north.example.evil.example"} {
		for _, path := range []string{"/", "/sign-in", "/a/" + string(s.acme) + "/home", "/api/v1/me", "/brand/0b6b5c-x.css", "/nowhere"} {
			a := owner.At(host).Get(path)
			if a.Status != http.StatusMisdirectedRequest {
				t.Errorf("%s%s: %d", host, path, a.Status)
			}
			for _, no := range []string{"Halyard", "Northern", "Southern", "Bailiwick", "Acme", "brand/"} {
				if strings.Contains(a.Body, no) {
					t.Errorf("%s%s names %s:\n%s", host, path, no, a.Body)
				}
			}
		}
		if a := owner.At(host).Get("/healthz"); a.Status != http.StatusOK {
			t.Errorf("%s: a monitor is told %d", host, a.Status)
		}
		if a := owner.At(host).Post("/sign-out"); a.Status != http.StatusMisdirectedRequest {
			t.Errorf("%s takes forms: %d", host, a.Status)
		}
	}
}

// TestAtADomainNothingElseIsInSight signs in at one reseller's domain as people of everywhere, and opens every page of
// every account: what is not below the reseller does not exist there, whatever the person holds.
func TestAtADomainNothingElseIsInSight(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := settled(t, w)
		both := s.Member(s.globex, s.owner.Email, apptest.As(authz.Owner)) // belongs to clients of both
		people := map[string]*apptest.Browser{"the operator": s.Owner, "our seller": s.SignIn(s.seller.Email), "their seller": s.SignIn(s.rival.Email), "somebody of both": s.SignIn(both.Email)}
		inside := map[ids.Account]bool{s.north: true, s.acme: true}
		names := regexp.MustCompile(`South Mail|Southern Cross|Globex|help@south|brand/8a2b4f`)
		opened := 0
		for who, b := range people {
			b = b.At(northHost)
			for _, at := range []ids.Account{s.Platform, s.north, s.south, s.acme, s.globex} {
				for _, r := range s.Web.Routes() {
					path, get := strings.CutPrefix(r.Pattern, "GET ")
					if !get || r.Signed == nil || !strings.HasPrefix(path, "/a/{account}") || strings.Contains(path[len("/a/{account}"):], "{") || strings.HasSuffix(path, "/live") {
						continue
					}
					a := b.Get(strings.Replace(path, "{account}", string(at), 1))
					if !inside[at] && a.Status != http.StatusNotFound {
						t.Errorf("%s at %s: %s of %s answers %d %s", who, northHost, path, at, a.Status, a.Location())
					}
					if a.Status == http.StatusOK {
						opened++
					}
					if who != "the operator" && strings.Contains(a.Body, "Halyard") {
						t.Errorf("%s at %s: %s of %s names the platform", who, northHost, path, at)
					}
					if found := names.FindString(a.Body); found != "" {
						t.Errorf("%s at %s: %s of %s shows %s", who, northHost, path, at, found)
					}
				}
			}
			for _, path := range []string{"/", "/switch", "/me", "/me/sessions", "/nowhere"} {
				if found := names.FindString(b.Get(path).Body); found != "" {
					t.Errorf("%s at %s: %s shows %s", who, northHost, path, found)
				}
			}
			if a := b.Post("/switch/" + string(s.globex)); a.Status != http.StatusNotFound {
				t.Errorf("%s switches to another brand's account: %d", who, a.Status)
			}
		}
		if opened < 40 {
			t.Errorf("only %d pages could be opened, so this proves little", opened)
		}
	})
}

func TestSigningInAtADomainLeadsToWhatIsBelowIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := settled(t, w)
		s.Member(s.globex, s.owner.Email, apptest.As(authz.Owner))
		for _, c := range []struct{ login, host, leads string }{
			{s.owner.Email, northHost, "/a/" + string(s.acme) + "/home"},
			{s.owner.Email, southHost, "/a/" + string(s.globex) + "/home"},
			{s.seller.Email, northHost, "/a/" + string(s.north) + "/clients"},
			{s.seller.Email, southHost, "/switch"},
			{apptest.OwnerEmail, northHost, "/a/" + string(s.north) + "/clients"},
		} {
			b := s.Stranger().At(c.host)
			a := b.Post("/sign-in", "login", c.login, "password", apptest.Password)
			if a.Status != http.StatusSeeOther || a.Location() != "/" {
				t.Fatalf("%s at %s: %d %s", c.login, c.host, a.Status, a.Text())
			}
			if a = b.Get("/"); a.Location() != c.leads {
				t.Errorf("%s at %s is led to %s, want %s", c.login, c.host, a.Location(), c.leads)
			}
		}
	})
}

// TestREC03LinksLeadToTheVerifiedDomainOrTheConfiguredAddress asks for mails at all kinds of hosts: whatever the request
// says, links lead to the domain of the account that the mail is about.
func TestREC03LinksLeadToTheVerifiedDomainOrTheConfiguredAddress(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := settled(t, w)
		for _, c := range []struct {
			who  apptest.Person
			asks string // the host at which the mail is asked for
			base string
		}{
			{s.owner, "", "http://" + northHost}, {s.owner, southHost, "http://" + northHost}, {s.stranger, northHost, "http://" + southHost},
			{s.owner, "evil.example", ""}, {s.rival, "127.0.0.1", "http://" + southHost},
		} {
			before := s.Count("captured_mail")
			s.Stranger().At(c.asks).Post("/forgot", "login", c.who.Email)
			s.Drain()
			if c.base == "" {
				if s.Count("captured_mail") != before {
					t.Errorf("a mail was sent for a request to %s", c.asks)
				}
				continue
			}
			m := s.mail(c.who.Email)
			if !strings.Contains(m.Text, c.base+s.Server.URL[strings.LastIndex(s.Server.URL, ":"):]+"/reset/") || strings.Contains(m.Text, c.asks+"/reset") && c.asks != "" {
				t.Errorf("%s, asked for at %q: the link does not lead to %s\n%s", c.who.Email, c.asks, c.base, m.Text)
			}
		}
		s.Invite(s.Root, s.Platform, "new@halyard.example", apptest.As(authz.Admin))
		if m := s.mail("new@halyard.example"); !strings.Contains(m.Text, s.Server.URL+"/invitation/") {
			t.Errorf("the platform's own link leads elsewhere:\n%s", m.Text)
		}
	})
}

// TestINV12RedirectsStayOnTheDomain signs in at a branded domain with all kinds of places to go to next.
func TestINV12RedirectsStayOnTheDomain(t *testing.T) {
	s := settled(t, apptest.OnSQLite(t))
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "http://" + southHost + "/me", "javascript:alert(1)"} {
		a := s.Stranger().At(northHost).Post("/sign-in", "login", s.owner.Email, "password", apptest.Password, "next", next)
		if a.Status != http.StatusSeeOther || a.Location() != "/" {
			t.Errorf("%s leads to %s (%d)", next, a.Location(), a.Status)
		}
	}
	if a := s.Stranger().At(northHost).Get("/me"); a.Location() != "/sign-in?next=%2Fme" {
		t.Errorf("a stranger is led to %s", a.Location())
	}
}

func TestAnInvitationIsOpenedAtItsOwnBrandAlone(t *testing.T) {
	s := settled(t, apptest.OnSQLite(t))
	inv := s.Invite(s.owner.Actor, s.acme, "new@acme.example", apptest.As(authz.Admin))
	if a := s.Stranger().At(northHost).Get("/invitation/" + inv.Token); a.Status != http.StatusOK || !strings.Contains(a.Body, "Northern Lights") {
		t.Errorf("at its own: %d", a.Status)
	}
	if a := s.Stranger().At(southHost).Get("/invitation/" + inv.Token); strings.Contains(a.Body, "Acme") || strings.Contains(a.Body, "Northern") {
		t.Errorf("at another brand's: %d\n%s", a.Status, a.Text())
	}
}

func TestADomainIsSetUpOnTheBrandingTab(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := newStreet(t, w)
		s.settle(s.south, southHost)
		who, at := s.SignIn(s.seller.Email), "/a/"+string(s.north)+"/branding"
		for typed, says := range map[string]string{southHost: "belongs to another account", "https://x.example/": "Write a host name", "": "Write a host name"} {
			if a := who.Post(at+"/domain", "host", typed); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text(), says) || typed != "" && !strings.Contains(a.Body, `value="`+typed+`"`) {
				t.Errorf("%s: %d\n%s", typed, a.Status, a.Text())
			}
		}
		if n := s.Count("domains WHERE account_id = ?", s.north); n != 0 {
			t.Fatal("something was stored")
		}
		if a := who.Post(at+"/domain", "host", northHost); a.Status != http.StatusSeeOther {
			t.Fatalf("%d\n%s", a.Status, a.Text())
		}
		page := who.Get(at).Body
		value := regexp.MustCompile(`bailiwick=[a-z2-7]+`).FindString(page)
		if !strings.Contains(page, "_bailiwick."+northHost) || value == "" {
			t.Fatalf("the page does not say which record to add:\n%s", page)
		}
		if a := who.Post(at + "/domain/check"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text(), "was not found yet") {
			t.Errorf("%d\n%s", a.Status, a.Text())
		}
		s.DNS.Set("_bailiwick."+northHost, value)
		if a := who.Post(at + "/domain/check"); a.Status != http.StatusSeeOther {
			t.Errorf("%d\n%s", a.Status, a.Text())
		}
		if a := s.Stranger().At(northHost).Get("/sign-in"); a.Status != http.StatusOK {
			t.Errorf("it is not served: %d", a.Status)
		}
		if err := s.set(s.north, map[string]string{"sender_address": "post@" + northHost}); err != nil {
			t.Error(err)
		}
		if a := who.Post(at + "/domain/remove"); a.Status != http.StatusSeeOther {
			t.Errorf("%d\n%s", a.Status, a.Text())
		}
		if a := s.Stranger().At(northHost).Get("/sign-in"); a.Status != http.StatusMisdirectedRequest {
			t.Errorf("it is still served: %d", a.Status)
		}
	})
}
