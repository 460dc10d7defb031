package brand

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"

	"bailiwick/internal/errs"
)

// Colour is a colour of sRGB as CSS writes it: "#0b6b5c".
type Colour string

// DefaultColour is the colour of those who chose none. The stylesheet has it too.
const DefaultColour Colour = "#4053d6"

// Readable is the least contrast of text on its ground (WCAG 2.2, criterion 1.4.3).
const Readable = 4.5

// ParseColour reads #rgb or #rrggbb, in any case and with or without the number sign.
func ParseColour(typed string) (Colour, error) {
	digits := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(typed)), "#")
	if len(digits) == 3 {
		digits = strings.Repeat(digits[0:1], 2) + strings.Repeat(digits[1:2], 2) + strings.Repeat(digits[2:3], 2)
	}
	if _, err := strconv.ParseUint(digits, 16, 32); err != nil || len(digits) != 6 {
		return "", errs.New(errs.Invalid, "brand.not_colour", "Write a colour as six digits, such as #0b6b5c. {colour} is not one.", "colour", typed)
	}
	return Colour("#" + digits), nil
}

// On is the colour of text on the colour: white where that is readable, else near black, else black.
func (c Colour) On() Colour {
	for _, ink := range []Colour{"#ffffff", "#111111"} {
		if Contrast(ink, c) >= Readable {
			return ink
		}
	}
	return "#000000"
}

// Ink is the colour made dark enough for text on white or on the light grey around a mail.
func (c Colour) Ink() Colour {
	l, a, b := c.oklab()
	chroma := math.Hypot(a, b)
	scale := 1.0
	if chroma > mostChroma {
		scale = mostChroma / chroma
	}
	for l = min(l, mostLight); ; l -= 0.02 {
		ink := fromOklab(l, a*scale, b*scale)
		if l <= 0 || Contrast(ink, mailGround) >= Readable {
			return ink
		}
	}
}

// The bounds of --brand-ink in the stylesheet, and the darkest ground of a mail.
const (
	mostLight           = 0.49
	mostChroma          = 0.18
	mailGround   Colour = "#f3f4f6"
	maxComponent        = 255
)

// Contrast is the ratio of two colours' luminances, from 1 to 21 (WCAG 2.2, "contrast ratio").
func Contrast(one, other Colour) float64 {
	a, b := one.luminance(), other.luminance()
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// luminance is the relative luminance (WCAG 2.2, "relative luminance").
func (c Colour) luminance() float64 {
	r, g, b := c.linear()
	return 0.2126*r + 0.7152*g + 0.0722*b
}

// linear are the components without the gamma of sRGB, from 0 to 1.
func (c Colour) linear() (r, g, b float64) {
	n, err := strconv.ParseUint(strings.TrimPrefix(string(c), "#"), 16, 32)
	if err != nil {
		return 0, 0, 0
	}
	part := func(shift uint) float64 {
		v := float64(n>>shift&maxComponent) / maxComponent
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return part(16), part(8), part(0)
}

// oklab is the colour in Oklab (CSS Color 4, section 18).
func (c Colour) oklab() (l, a, b float64) {
	red, green, blue := c.linear()
	x := math.Cbrt(0.4122214708*red + 0.5363325363*green + 0.0514459929*blue)
	y := math.Cbrt(0.2119034982*red + 0.6806995451*green + 0.1073969566*blue)
	z := math.Cbrt(0.0883024619*red + 0.2817188376*green + 0.6299787005*blue)
	return 0.2104542553*x + 0.7936177850*y - 0.0040720468*z,
		1.9779984951*x - 2.4285922050*y + 0.4505937099*z,
		0.0259040371*x + 0.7827717662*y - 0.8086757660*z
}

// fromOklab is the nearest colour of sRGB, each component by itself.
func fromOklab(l, a, b float64) Colour {
	x := math.Pow(l+0.3963377774*a+0.2158037573*b, 3)
	y := math.Pow(l-0.1055613458*a-0.0638541728*b, 3)
	z := math.Pow(l-0.0894841775*a-1.2914855480*b, 3)
	out := "#"
	for _, v := range []float64{
		4.0767416621*x - 3.3077115913*y + 0.2309699292*z,
		-1.2684380046*x + 2.6097574011*y - 0.3413193965*z,
		-0.0041960863*x - 0.7034186147*y + 1.7076147010*z,
	} {
		v = min(max(v, 0), 1)
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		out += fmt.Sprintf("%02x", int(math.Round(v*maxComponent)))
	}
	return Colour(out)
}

// Palette are colours to choose from, all of them readable under white.
func Palette() []Colour {
	return []Colour{DefaultColour, "#0b6b5c", "#1d6fb8", "#6d3fc0", "#8a2b4f", "#b3261e", "#c2410c", "#8a5a00", "#3f6b21", "#334155"}
}

// Where a colour's stylesheet applies.
const (
	wholePage = ":root"
	inPreview = ".brand-preview"
)

// Style is the name of the stylesheet that gives a page the colour.
func (c Colour) Style() string { return c.styleName("", wholePage) }

// PreviewStyle is the name of the stylesheet that gives the preview on a page the colour.
func (c Colour) PreviewStyle() string { return c.styleName("preview-", inPreview) }

func (c Colour) style(at string) []byte {
	return fmt.Appendf(nil, "%s {\n  --brand: %s;\n  --brand-on: %s;\n}\n", at, c, c.On())
}

// styleName holds the hash of the stylesheet, so that it can be kept for ever.
func (c Colour) styleName(kind, at string) string {
	sum := sha256.Sum256(c.style(at))
	return kind + strings.TrimPrefix(string(c), "#") + "-" + hex.EncodeToString(sum[:8]) + ".css"
}

// letter draws the first letter of a name on the colour, for those who have no logo.
func (c Colour) letter(l rune) []byte {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(string(l))) //nolint:errcheck // a buffer takes all
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="%s"/>`+
		`<text x="16" y="22" font-family="Inter, system-ui, sans-serif" font-size="18" font-weight="600" text-anchor="middle" fill="%s">%s</text></svg>`, c, c.On(), escaped.String())
}

// letterName is the name of the picture of a letter: "letter-0b6b5c-54-1f0c...svg".
func (c Colour) letterName(l rune) string {
	sum := sha256.Sum256(c.letter(l))
	return fmt.Sprintf("letter-%s-%x-%s.svg", strings.TrimPrefix(string(c), "#"), l, hex.EncodeToString(sum[:8]))
}

// letterNamed is the picture of a letter by its name.
func letterNamed(name string) ([]byte, bool) {
	parts := strings.Split(name, "-")
	if len(parts) != 4 {
		return nil, false
	}
	c, err := ParseColour(parts[1])
	code, err2 := strconv.ParseInt(parts[2], 16, 32)
	if err != nil || err2 != nil || name != c.letterName(rune(code)) {
		return nil, false
	}
	return c.letter(rune(code)), true
}

// stylesheet is the stylesheet of a name. A name that this program would not give has none.
func stylesheet(name string) ([]byte, bool) {
	digits, _, _ := strings.Cut(strings.TrimPrefix(name, "preview-"), "-")
	c, err := ParseColour(digits)
	if err != nil {
		return nil, false
	}
	switch name {
	case c.Style():
		return c.style(wholePage), true
	case c.PreviewStyle():
		return c.style(inPreview), true
	}
	return nil, false
}
