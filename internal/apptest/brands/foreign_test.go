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

// port is the one that the portal is reached at.
func (s *street) port() string { return s.Server.URL[strings.LastIndex(s.Server.URL, ":"):] }

// TestWhoHasNothingAtADomainIsToldWhereToGo signs people in at the domain of another brand.
func TestWhoHasNothingAtADomainIsToldWhereToGo(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := settled(t, w)
		s.settle(s.globex, "post.globex.example")
		nobody := s.Member(s.globex, "gone@globex.example", apptest.As(authz.Admin))
		if err := s.Users.Remove(t.Context(), s.stranger.Actor, s.globex, nobody.Member); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ login, host, leads string }{
			{s.seller.Email, southHost, "http://" + northHost + s.port()},
			{s.stranger.Email, northHost, "http://post.globex.example" + s.port()},
			{s.seller.Email, "post.globex.example", "http://" + northHost + s.port()},
		} {
			b := s.Stranger().At(c.host)
			b.Post("/sign-in", "login", c.login, "password", apptest.Password)
			a := b.Get(b.Get("/").Location())
			if !strings.Contains(a.Body, `href="`+c.leads+`"`) || !strings.Contains(a.Text(), "Your accounts are at another address") {
				t.Errorf("%s at %s is not led to %s:\n%s", c.login, c.host, c.leads, a.Text())
			}
			if found := regexp.MustCompile(`North|South|Globex|Acme|Halyard`).FindString(strings.ReplaceAll(strings.ReplaceAll(a.Text(), "Northern Lights", ""), "Southern Cross", "")); found != "" {
				t.Errorf("%s at %s: the page names %s\n%s", c.login, c.host, found, a.Text())
			}
		}
		if a := s.SignIn(s.owner.Email).At(northHost).Get("/switch"); strings.Contains(a.Body, "another address") || !strings.Contains(a.Body, "Acme") {
			t.Errorf("somebody whose account is here is sent away:\n%s", a.Text())
		}
		if a := s.Owner.At(northHost).Get("/switch"); strings.Contains(a.Body, "another address") {
			t.Errorf("somebody from above is sent away:\n%s", a.Text())
		}
	})
}

// TestTheListOfAccountsIsThatOfTheDomain belongs to more accounts of another brand than a page shows: those of the domain are all
// on the first page.
func TestTheListOfAccountsIsThatOfTheDomain(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := settled(t, w)
		for i := range 60 {
			s.Member(s.Client(s.south, "Aaa "+string(rune('A'+i%26))+string(rune('a'+i/26))), s.owner.Email, apptest.As(authz.User))
		}
		b := s.SignIn(s.owner.Email)
		for _, q := range []string{"", "?q=ac", "?q=me"} {
			a := b.At(northHost).Get("/switch" + q)
			if !strings.Contains(a.Body, ">Acme<") || strings.Contains(a.Body, "Aaa") || strings.Contains(a.Body, "after=") {
				t.Errorf("%q at the domain:\n%s", q, a.Text())
			}
		}
		if a := b.Get("/switch"); !strings.Contains(a.Body, "after=") {
			t.Errorf("the operator's own address does not page:\n%s", a.Text())
		}
	})
}

// TestPagesWithoutAnAccountKeepToTheDomain opens every page that names no account, and the palette, as people who belong to both
// brands: at one's domain nothing is shown of the other.
func TestPagesWithoutAnAccountKeepToTheDomain(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := settled(t, w)
		s.Member(s.globex, s.owner.Email, apptest.As(authz.Owner))
		b := s.SignIn(s.owner.Email)
		b.Post("/switch/" + string(s.globex)) // chosen at the operator's own address
		names := regexp.MustCompile(`South Mail|Southern Cross|Globex|help@south|brand/8a2b4f|post.globex`)
		b = b.At(northHost)
		paths := []string{"/find?q=globex", "/find?q=south", "/find?q=owner@", "/nowhere", "/a/" + string(s.globex) + "/home"}
		for _, r := range s.Web.Routes() {
			if path, get := strings.CutPrefix(r.Pattern, "GET "); get && r.Signed != nil && !strings.Contains(path, "{") {
				paths = append(paths, path)
			}
		}
		for _, path := range paths {
			a := b.Get(path)
			if found := names.FindString(a.Text()); found != "" {
				t.Errorf("%s (%d) shows %s:\n%s", path, a.Status, found, a.Text())
			}
			if a.Status >= http.StatusInternalServerError {
				t.Errorf("%s: %d", path, a.Status)
			}
		}
		if a := s.Owner.At(northHost).Get("/captured-mail"); a.Status != http.StatusNotFound {
			t.Errorf("the operator's mail is shown at a domain: %d", a.Status)
		}
	})
}

// TestAKeySeesOfADomainWhatIsBelowIt presents keys of every account at the domain of one: what is not below it does not exist there.
func TestAKeySeesOfADomainWhatIsBelowIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := settled(t, w)
		keys := map[ids.Account]*apptest.Program{
			s.Platform: s.Everything(s.Root, s.Platform), s.north: s.Everything(s.seller.Actor, s.north),
			s.acme: s.Everything(s.owner.Actor, s.acme), s.globex: s.Everything(s.stranger.Actor, s.globex),
		}
		for _, c := range []struct {
			of, at ids.Account
			host   string
			want   int
		}{
			{s.acme, s.acme, northHost, http.StatusOK}, {s.acme, s.acme, "", http.StatusOK}, {s.acme, s.acme, southHost, http.StatusNotFound},
			{s.north, s.acme, northHost, http.StatusOK}, {s.north, s.acme, southHost, http.StatusNotFound}, {s.globex, s.globex, northHost, http.StatusNotFound},
			{s.Platform, s.acme, northHost, http.StatusOK}, {s.Platform, s.globex, northHost, http.StatusNotFound}, {s.Platform, s.Platform, northHost, http.StatusNotFound},
			{s.Platform, s.globex, "", http.StatusOK},
		} {
			p := keys[c.of].At(c.host)
			for path, body := range map[string]string{"/accounts/" + string(c.at): "", "/access/check": `{"account": "` + string(c.at) + `", "permission": "users.view"}`} {
				got := p.Get(path)
				if body != "" {
					got = p.Post(path, body)
				}
				if body != "" && got.Status == http.StatusOK && c.want == http.StatusNotFound && strings.Contains(got.Body, `"allowed":false`) {
					continue
				}
				if got.Status != c.want {
					t.Errorf("a key of %s at %q: %s is answered %d, want %d\n%s", c.of, c.host, path, got.Status, c.want, got.Body)
				}
			}
		}
		for _, host := range []string{northHost, southHost} {
			if got := keys[s.globex].At(host).Get("/me/accounts"); (got.Status == http.StatusOK) != (host == southHost) {
				t.Errorf("the accounts of a key of south at %s: %d %s", host, got.Status, got.Body)
			}
		}
	})
}

// TestAnInvitationIsAcceptedAtItsOwnBrandAlone sends the form of an invitation at another brand's domain.
func TestAnInvitationIsAcceptedAtItsOwnBrandAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := settled(t, w)
		inv := s.Invite(s.owner.Actor, s.acme, "new@acme.example", apptest.As(authz.Admin))
		fields := []string{"name", "New Person", "password", apptest.Password}
		a := s.Stranger().At(southHost).Post("/invitation/"+inv.Token, fields...)
		if a.Status == http.StatusSeeOther || strings.Contains(a.Body, "Acme") || s.Count("identities WHERE email = 'new@acme.example'") != 0 {
			t.Errorf("at another brand's: %d\n%s", a.Status, a.Text())
		}
		if a := s.Stranger().At(southHost).Post("/invitation/"+strings.Repeat("a", len(inv.Token)), fields...); a.Status != http.StatusNotFound {
			t.Errorf("an unknown one is answered %d", a.Status)
		}
		b := s.Stranger().At(northHost)
		if a = b.Post("/invitation/"+inv.Token, fields...); a.Location() != "/a/"+string(s.acme)+"/home" {
			t.Fatalf("at its own: %d\n%s", a.Status, a.Text())
		}
		if a = b.Get(a.Location()); a.Status != http.StatusOK || !strings.Contains(a.Body, "Northern Lights") {
			t.Errorf("the page it leads to: %d", a.Status)
		}
	})
}

// TestLinksOfContactsAreShownAtTheirOwnBrandAlone follows them at every domain there is: at another brand's they lead to their own,
// and name nobody. Programs of mailboxes, which follow nothing, are heard there too.
func TestLinksOfContactsAreShownAtTheirOwnBrandAlone(t *testing.T) {
	s := settled(t, apptest.OnSQLite(t))
	list := s.ContactList(s.acme, "Newsletter")
	preferences, unsubscribe, confirm := s.Links(s.acme, s.Contact(s.acme, "eve@reader.example", list), list)
	for _, link := range []string{preferences, unsubscribe, confirm} {
		a := s.Stranger().At(southHost).Get(link)
		if want := "http://" + northHost + s.port() + link; a.Status != http.StatusSeeOther || a.Location() != want || strings.Contains(a.Body, "eve@") {
			t.Errorf("%s at another brand's: %d to %s, want %s\n%s", link, a.Status, a.Location(), want, a.Body)
		}
		if a := s.Stranger().At(northHost).Get(link); a.Status != http.StatusOK || !strings.Contains(a.Body, "Northern Lights") {
			t.Errorf("%s at its own: %d\n%s", link, a.Status, a.Text())
		}
	}
	if a := s.Stranger().At(southHost).Post(unsubscribe, "List-Unsubscribe", "One-Click"); a.Status != http.StatusOK || s.Count("suppressions WHERE address = 'eve@reader.example'") != 1 {
		t.Errorf("one click at another brand's: %d\n%s", a.Status, a.Text())
	}
}

// TestCookiesBelongToTheHostAlone looks at every cookie of signing in and out: none names a domain, so none goes to another brand.
func TestCookiesBelongToTheHostAlone(t *testing.T) {
	s := settled(t, apptest.OnSQLite(t))
	b := s.Stranger().At(northHost)
	seen := 0
	for _, a := range []apptest.Answer{
		b.Post("/sign-in", "login", s.owner.Email, "password", apptest.Password, "remember", "on"),
		b.Post("/theme", "theme", "dark"), b.Post("/me/keyboard", "single_keys", "on"), b.Post("/sign-out"),
	} {
		for _, c := range a.Header.Values("Set-Cookie") {
			seen++
			if strings.Contains(strings.ToLower(c), "domain=") || !strings.Contains(c, "Path=/") {
				t.Errorf("a cookie for more than the host: %s", c)
			}
		}
	}
	if seen < 4 {
		t.Errorf("only %d cookies were seen", seen)
	}
}
