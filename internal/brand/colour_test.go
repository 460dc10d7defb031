package brand

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bailiwick/internal/errs"
)

func TestAColourIsReadHoweverItIsWritten(t *testing.T) {
	for typed, want := range map[string]Colour{
		"#0b6b5c": "#0b6b5c", "0B6B5C": "#0b6b5c", "#fa0": "#ffaa00", " #FFF ": "#ffffff", "000": "#000000",
	} {
		if got, err := ParseColour(typed); err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", typed, got, err, want)
		}
	}
}

func TestWhatIsNoColourIsRefused(t *testing.T) {
	for _, typed := range []string{
		"", "#", "red", "#12345", "#1234567", "#12345678", "#gggggg", "##aabbcc", "rgb(1,2,3)", "#fff;}body{display:none", "url(//evil.example)",
		"#000\n}", "expression(alert(1))", "+12345", "-12345", "0x1234", "#１２３４５６",
	} {
		if c, err := ParseColour(typed); errs.CodeOf(err) != "brand.not_colour" {
			t.Errorf("%q became %q, %v", typed, c, err)
		}
	}
}

// colours are the corners and many colours between them.
func colours() []Colour {
	out := []Colour{"#000000", "#ffffff", "#ff0000", "#00ff00", "#0000ff", "#ffff00", "#00ffff", "#ff00ff", "#777777", "#767676", "#787878"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		out = append(out, Colour(fmt.Sprintf("#%06x", r.IntN(1<<24))))
	}
	return out
}

func TestTextIsReadableOnAndInAnyColour(t *testing.T) {
	for _, c := range colours() {
		if got := Contrast(c.On(), c); got < Readable {
			t.Errorf("%s on %s has contrast %.2f", c.On(), c, got)
		}
		for _, ground := range []Colour{"#ffffff", mailGround} {
			if got := Contrast(c.Ink(), ground); got < Readable {
				t.Errorf("%s, made of %s, has contrast %.2f on %s", c.Ink(), c, got, ground)
			}
		}
	}
	for _, c := range Palette() {
		if c.On() != "#ffffff" {
			t.Errorf("white is not readable on %s of the palette", c)
		}
	}
}

func TestContrastIsThatOfTheGuidelines(t *testing.T) {
	for _, c := range []struct {
		one, other Colour
		want       string
	}{{"#ffffff", "#000000", "21.0"}, {"#ffffff", "#8a2b4f", "8.3"}, {"#ffffff", "#767676", "4.5"}, {"#123456", "#123456", "1.0"}} {
		if got := fmt.Sprintf("%.1f", Contrast(c.one, c.other)); got != c.want {
			t.Errorf("%s and %s: %s, want %s", c.one, c.other, got, c.want)
		}
	}
}

func TestAReadableColourStaysAsItIs(t *testing.T) {
	for c, want := range map[Colour]Colour{"#8a2b4f": "#8a2b4f", "#111111": "#111111", "#0b1f4d": "#0b1f4d"} {
		if got := c.Ink(); got != want {
			t.Errorf("the ink of %s is %s", c, got)
		}
	}
}

func TestStylesheetsAreServedByTheirNamesAlone(t *testing.T) {
	for _, c := range colours()[:50] {
		for _, name := range []string{c.Style(), c.PreviewStyle()} {
			css, ok := stylesheet(name)
			if !ok || !strings.Contains(string(css), "--brand: "+string(c)+";") {
				t.Fatalf("%s is %q", name, css)
			}
			other := strings.Replace(name, ".css", "0.css", 1)
			if _, ok := stylesheet(other); ok {
				t.Errorf("%s is served, too", other)
			}
		}
	}
	for _, name := range []string{"", "x.css", "000000.css", "preview-000000-.css", "000000-../../x.css", "000000;}-aa.css"} {
		if css, ok := stylesheet(name); ok {
			t.Errorf("%q is %s", name, css)
		}
	}
}

func TestALetterStandsForALogo(t *testing.T) {
	for _, name := range []string{"Acme", "éclair", "<b>", "&", "", "ش"} {
		l := Look{Product: name, Colour: "#0b6b5c"}
		svg, ok := letterNamed(strings.TrimPrefix(l.Icon(), Prefix))
		if !ok || strings.Contains(string(svg), "><b") || strings.Contains(string(svg), ">&<") {
			t.Errorf("%q: %s", name, svg)
		}
	}
	if _, ok := letterNamed("letter-000000-3c-00.svg"); ok {
		t.Error("a name of another making is served")
	}
}
