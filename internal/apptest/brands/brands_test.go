package brands_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
	"bailiwick/internal/mail/mailtest"
	"bailiwick/internal/tuning"
)

// street is a platform with two resellers, each with a client and an owner.
type street struct {
	*apptest.World
	t               *testing.T
	north, south    ids.Account // resellers
	acme, globex    ids.Account // a client of each
	seller, rival   apptest.Person
	owner, stranger apptest.Person
}

func newStreet(t *testing.T, w *apptest.World) *street {
	t.Helper()
	s := &street{World: w, t: t}
	s.north, s.south = w.Reseller(w.Platform, "North Mail"), w.Reseller(w.Platform, "South Mail")
	s.acme, s.globex = w.Client(s.north, "Acme"), w.Client(s.south, "Globex")
	s.seller, s.rival = w.Member(s.north, "seller@north.example", apptest.As(authz.Owner)), w.Member(s.south, "seller@south.example", apptest.As(authz.Owner))
	s.owner, s.stranger = w.Member(s.acme, "owner@acme.example", apptest.As(authz.Owner)), w.Member(s.globex, "owner@globex.example", apptest.As(authz.Owner))
	return s
}

func each(t *testing.T, test func(t *testing.T, s *street)) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) { test(t, newStreet(t, w)) })
}

// set gives an account parts of a brand of its own; names are given without "brand.".
func (s *street) set(at ids.Account, parts map[string]string) error {
	s.t.Helper()
	page, err := s.Tuning.View(s.t.Context(), s.Root, at, tuning.Branding)
	if err != nil {
		s.t.Fatal(err)
	}
	edits := map[string]tuning.Edit{}
	for name, value := range parts {
		body, err := json.Marshal(value)
		if err != nil {
			s.t.Fatal(err)
		}
		edits["brand."+name] = tuning.Edit{Value: body}
	}
	return s.Tuning.Save(s.t.Context(), s.Root, at, tuning.Branding, page.Version, edits)
}

func (s *street) mustSet(at ids.Account, parts map[string]string) {
	s.t.Helper()
	if err := s.set(at, parts); err != nil {
		s.t.Fatal(err)
	}
}

// picture is a PNG of some size.
func (s *street) picture(w, h int) []byte {
	s.t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		img.Set(x, h/2, color.NRGBA{uint8(x), 30, 90, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		s.t.Fatal(err)
	}
	return b.Bytes()
}

// keep takes a picture in for an account.
func (s *street) keep(at ids.Account, slot brand.Slot, w, h int) string {
	s.t.Helper()
	name, err := s.Brands.KeepPicture(s.t.Context(), s.Root, at, slot, bytes.NewReader(s.picture(w, h)))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(name)
}

// TestEachPartOfABrandIsSeenWhereItActs names every setting of a brand, sets it at a reseller, and looks for it where
// it acts below; a client of another reseller must not see it.
func TestEachPartOfABrandIsSeenWhereItActs(t *testing.T) {
	each(t, func(t *testing.T, s *street) {
		logo, header, footer := s.keep(s.north, brand.Logo, 64, 64), s.keep(s.north, brand.Header, 300, 60), s.keep(s.north, brand.Footer, 200, 40)
		type seen struct{ portal, link, mailText, mailHTML string }
		for _, c := range []struct {
			part, value string
			seen        seen
		}{
			{"product", "Northern Lights", seen{"Northern Lights</title>", "Northern Lights</span>", "Northern Lights", "Northern Lights"}},
			{"colour", "#0b6b5c", seen{"/brand/0b6b5c-", "/brand/0b6b5c-", "", "background-color:#0b6b5c"}},
			{"logo", logo, seen{`class="brand-logo" src="/brand/` + logo, `class="brand-logo" src="/brand/` + logo, "", "/brand/" + logo}},
			{"support_email", "help@north.example", seen{"", "mailto:help@north.example", "help@north.example", "mailto:help@north.example"}},
			{"support_link", "https://north.example/help", seen{"", "https://north.example/help", "https://north.example/help", "https://north.example/help"}},
			{"sender_name", "North Postmaster", seen{}}, // see TestMailComesFromTheBrand
			{"sender_address", "", seen{}},              // see TestMailComesFromTheBrand
			{"header", header, seen{"", "", "", "/brand/" + header}},
			{"footer", footer, seen{"", "", "", "/brand/" + footer}},
		} {
			look := func(who apptest.Person, at ids.Account, email string) seen {
				t.Helper()
				inv := s.Invite(who.Actor, at, email, apptest.As(authz.Admin))
				m := s.mail(email)
				return seen{s.SignIn(who.Email).Get("/a/" + string(at) + "/home").Body, s.Stranger().Get("/invitation/" + inv.Token).Body, m.Text, m.HTML}
			}
			s.mustSet(s.north, map[string]string{c.part: c.value})
			ours, theirs := look(s.owner, s.acme, c.part+"@acme.example"), look(s.stranger, s.globex, c.part+"@globex.example")
			for _, x := range []struct{ where, want, ours, theirs string }{
				{"the portal", c.seen.portal, ours.portal, theirs.portal}, {"the page of a link", c.seen.link, ours.link, theirs.link},
				{"the text of a mail", c.seen.mailText, ours.mailText, theirs.mailText}, {"the HTML of a mail", c.seen.mailHTML, ours.mailHTML, theirs.mailHTML},
			} {
				if x.want != "" && !strings.Contains(x.ours, x.want) {
					t.Errorf("%s: %s lacks %s:\n%s", c.part, x.where, x.want, x.ours)
				}
				if x.want != "" && strings.Contains(x.theirs, x.want) {
					t.Errorf("%s: another reseller's client sees it in %s", c.part, x.where)
				}
			}
		}
		page, err := s.Tuning.View(t.Context(), s.Root, s.north, tuning.Branding)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range page.Fields() {
			if f.Own == nil {
				t.Errorf("%s is not tried", f.Name)
			}
		}
	})
}

// mail is the newest mail to an address, as it was captured.
func (s *street) mail(email string) mailtest.Message {
	s.t.Helper()
	s.Drain()
	all, err := s.Mailbox.List(s.t.Context(), "", 100)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range all {
		if strings.Contains(c.To, email) {
			m, err := s.Mailbox.Get(s.t.Context(), c.ID)
			if err != nil {
				s.t.Fatal(err)
			}
			return mailtest.Message{Text: m.Text, HTML: m.HTML}
		}
	}
	s.t.Fatalf("there is no mail to %s", email)
	return mailtest.Message{}
}

func TestMailComesFromTheBrand(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		post := mailtest.Start(t)
		s := newStreet(t, apptest.New(t, dsn, func(c *config.Config) {
			c.SMTP = config.SMTP{Host: post.Host, Port: post.Port, TLS: "none", From: "mail@halyard.example", FromName: "Halyard"}
		}))
		s.mustSet(s.north, map[string]string{"product": "Northern Lights", "support_email": "help@north.example"})
		for i, c := range []struct {
			name          string
			who           apptest.Person
			at            ids.Account
			before        map[string]string
			from, replyTo string
		}{
			{"a product name alone", s.owner, s.acme, nil, `"Northern Lights" <mail@halyard.example>`, "<help@north.example>"},
			{"a sender name", s.owner, s.acme, map[string]string{"sender_name": "Post of the North"}, `"Post of the North" <mail@halyard.example>`, "<help@north.example>"},
			{"the operator's address", s.owner, s.acme, map[string]string{"sender_address": "Mail@halyard.example"}, `"Post of the North" <Mail@halyard.example>`, "<help@north.example>"},
			{"no brand", s.stranger, s.globex, nil, `"Halyard" <mail@halyard.example>`, ""},
		} {
			if c.before != nil {
				s.mustSet(s.north, c.before)
			}
			if _, err := s.Users.Get(t.Context(), c.who.Actor, c.at, c.who.Member); err != nil {
				t.Fatal(err)
			}
			s.Stranger().Post("/forgot", "login", c.who.Email)
			s.Drain()
			got := post.Wait(t.Context(), t, i+1)[i]
			if from := got.Header.Get("From"); from != c.from {
				t.Errorf("%s: from %s, want %s", c.name, from, c.from)
			}
			if to := got.Header.Get("Reply-To"); to != c.replyTo {
				t.Errorf("%s: reply to %q, want %q", c.name, to, c.replyTo)
			}
		}
	})
}

var version = regexp.MustCompile(`name="version" value="(\d+)"`)

// form is what the branding form sends for parts of a brand.
func (s *street) form(who *apptest.Browser, at ids.Account, parts map[string]string) url.Values {
	s.t.Helper()
	body := who.Get("/a/" + string(at) + "/branding").Body
	found := version.FindStringSubmatch(body)
	if found == nil {
		s.t.Fatalf("the page has no form:\n%s", body)
	}
	f := url.Values{"version": {found[1]}, "do": {"save"}}
	for name, value := range parts {
		f.Set("own:brand."+name, "on")
		f.Set("v:brand."+name, value)
	}
	return f
}

func TestABrandIsSavedWithItsPictures(t *testing.T) {
	each(t, func(t *testing.T, s *street) {
		who, at := s.SignIn(s.seller.Email), "/a/"+string(s.north)+"/branding"
		a := who.Upload(at, s.form(who, s.north, map[string]string{"product": "Northern Lights", "colour": "#fa0", "logo": "", "header": ""}),
			map[string][]byte{"file:brand.logo": s.picture(900, 300), "file:brand.header": s.picture(600, 90)})
		if a.Status != http.StatusSeeOther {
			t.Fatalf("%d\n%s", a.Status, a.Text())
		}
		look, err := s.Brands.Of(t.Context(), s.acme)
		if w, h := look.Logo.Size(); err != nil || look.Product != "Northern Lights" || look.Colour != "#ffaa00" || w != 512 || h != 170 || look.Header == "" || look.Footer != "" {
			t.Fatalf("%+v %v", look, err)
		}
		page := who.Get(at)
		for _, want := range []string{"/brand/" + string(look.Logo), "PNG, 512 × 170", "/brand/preview-ffaa00-"} {
			if !strings.Contains(page.Body, want) {
				t.Errorf("the page lacks %s", want)
			}
		}
		got := s.Stranger().Get("/brand/" + string(look.Logo))
		for name, want := range map[string]string{"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
			}
		}
		if _, err := png.Decode(strings.NewReader(got.Body)); err != nil || got.Status != http.StatusOK {
			t.Errorf("%d %v", got.Status, err)
		}
		css := s.Stranger().Get(regexp.MustCompile(`/brand/ffaa00-\w+\.css`).FindString(page.Body))
		if css.Status != http.StatusOK || !strings.Contains(css.Body, "--brand: #ffaa00;") || !strings.Contains(css.Body, "--brand-on: #111111;") || css.Header.Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("%d %s", css.Status, css.Body)
		}
	})
}

// TestBadPartsOfABrandAreRefused sends one bad part beside good ones: nothing is changed, and what was typed stays.
func TestBadPartsOfABrandAreRefused(t *testing.T) {
	each(t, func(t *testing.T, s *street) {
		who, at := s.SignIn(s.seller.Email), "/a/"+string(s.north)+"/branding"
		for _, c := range []struct {
			name        string
			parts       map[string]string
			files       map[string][]byte
			says, keeps string
		}{
			{"a colour that is none", map[string]string{"colour": "#fff;}*{x"}, nil, "Write a colour as six digits", "#fff;}*{x"},
			{"no name", map[string]string{"product": "  "}, nil, "Write a name", ""},
			{"an address that is none", map[string]string{"support_email": "help@"}, nil, "Write an email address such as", "help@"},
			{"a link that runs", map[string]string{"support_link": "javascript:alert(1)"}, nil, "beginning with https://", "javascript:alert(1)"},
			{"a foreign sender", map[string]string{"sender_address": "boss@bank.example"}, nil, "Use no-reply@127.0.0.1", "boss@bank.example"},
			{"an image that is none", map[string]string{"logo": ""}, map[string][]byte{"file:brand.logo": []byte("<?php echo 1 ?>")}, "Save the image as plain SVG or as PNG", ""},
			{"an executable", map[string]string{"logo": ""}, map[string][]byte{"file:brand.logo": []byte("MZ\x90")}, "Choose a PNG, JPEG, GIF or WebP image", ""},
			{"a picture of another's making", map[string]string{"logo": strings.Repeat("a", 64) + "-10x10.png"}, nil, "Upload the image again", ""},
			{"a path", map[string]string{"logo": "../../key"}, nil, "Upload the image again", ""},
			{"a picture that is too large", map[string]string{"footer": ""}, map[string][]byte{"file:brand.footer": bytes.Repeat([]byte("x"), 600<<10)}, "Choose a smaller image. It may have up to 500 KB.", ""},
		} {
			c.parts["sender_name"] = "Kept as typed"
			a := who.Upload(at, s.form(who, s.north, c.parts), c.files)
			if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text(), c.says) {
				t.Errorf("%s: %d\n%s", c.name, a.Status, a.Text())
			}
			if !strings.Contains(a.Body, `value="Kept as typed"`) || c.keeps != "" && !strings.Contains(a.Body, `value="`+c.keeps+`"`) {
				t.Errorf("%s: what was typed is lost", c.name)
			}
			if n := s.Count("settings WHERE name LIKE 'brand.%'"); n != 0 {
				t.Errorf("%s: %d settings were stored", c.name, n)
			}
		}
	})
}

// TestHostileBrandsStayText stores what is hostile and well formed, and looks at every page that shows it.
func TestHostileBrandsStayText(t *testing.T) {
	s := newStreet(t, apptest.OnSQLite(t))
	const bad = `"><script>alert(1)</script>{{x}}`
	s.mustSet(s.north, map[string]string{"product": bad, "sender_name": bad, "support_link": `https://x.example/"><script>alert(1)</script>`})
	inv := s.Invite(s.owner.Actor, s.acme, "new@acme.example", apptest.As(authz.Admin))
	m := s.mail("new@acme.example")
	who := s.SignIn(s.owner.Email)
	for where, html := range map[string]string{
		"a mail": m.HTML, "the page of a link": s.Stranger().Get("/invitation/" + inv.Token).Body, "the portal": who.Get("/a/" + string(s.acme) + "/home").Body,
		"the branding page": who.Get("/a/" + string(s.acme) + "/branding").Body, "an error": who.Get("/nowhere").Body,
	} {
		if strings.Contains(html, "<script>alert") || strings.Contains(html, `"<script>`) {
			t.Errorf("%s runs it:\n%s", where, html)
		}
	}
}
