package notify

import (
	"strings"
	"testing"

	"bailiwick/internal/brand"
	"bailiwick/internal/i18n"
)

func branded(t *testing.T, look brand.Look) (text, html string) {
	t.Helper()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	l := compose(texts.For("en"), sample(Reset), look, "https://mail.example.com/x/token")
	l.at("https://mail.example.com")
	html, err = l.html(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l.text(), html
}

func TestMailsShowTheBrand(t *testing.T) {
	picture := brand.Image(strings.Repeat("a", 64) + "-1200x120.png")
	text, html := branded(t, brand.Look{Product: "Thornbury", Colour: "#ffcf00", Header: picture, Footer: picture, SupportEmail: "help@thornbury.example", SupportLink: "https://thornbury.example/help"})
	for _, want := range []string{"Thornbury", "help@thornbury.example", "https://thornbury.example/help"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %s:\n%s", want, text)
		}
	}
	for _, want := range []string{`src="https://mail.example.com/brand/` + string(picture) + `"`, `alt="Thornbury"`, `width="560" height="56"`, "background-color:#ffcf00;color:#111111",
		`href="mailto:help@thornbury.example"`, `href="https://thornbury.example/help"`, "color:" + string(brand.Colour("#ffcf00").Ink())} {
		if !strings.Contains(html, want) {
			t.Errorf("the HTML lacks %s:\n%s", want, html)
		}
	}
}

func TestMailsWithoutABrandAskNobody(t *testing.T) {
	text, html := branded(t, brand.Look{Product: "Halyard", Colour: brand.DefaultColour, Logo: brand.Image(strings.Repeat("a", 64) + "-10x10.svg")})
	for _, s := range []string{text, html} {
		if strings.Contains(s, "Need help?") || strings.Contains(s, "<img") {
			t.Error(s)
		}
	}
}

func TestHostileBrandsStayTextInMails(t *testing.T) {
	const bad = `"><script>alert(1)</script><b style="x">`
	for _, link := range []string{"javascript:alert(1)", "data:text/html,x", bad} {
		_, html := branded(t, brand.Look{Product: bad, Colour: brand.DefaultColour, SupportEmail: bad, SupportLink: link})
		for _, no := range []string{"<script", "<b style", `href="javascript`, `href="data`} {
			if strings.Contains(html, no) {
				t.Errorf("%s is in the mail:\n%s", no, html)
			}
		}
	}
}
