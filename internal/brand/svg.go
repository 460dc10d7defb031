package brand

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/errs"
)

// looksLikeSVG reports whether a file is meant to be SVG; reading it says whether it is.
func looksLikeSVG(body []byte) bool {
	head := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(head, []byte("<"))
}

const svgSpace = "http://www.w3.org/2000/svg"

// drawn are the elements of a picture made of lines and colours (SVG 2). What could run, load or animate is none of them.
var drawn = []string{
	"svg", "g", "defs", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "linearGradient", "radialGradient", "stop", "clipPath", "mask", "title", "desc",
}

// harmless elements say nothing about the picture and are left out. Any other element is refused, for the picture
// would look different without it.
var harmless = []string{"metadata", "namedview", "script"}

// kept are the attributes of drawn elements. There is no style, no link and no event among them.
var kept = []string{
	"id", "d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "width", "height", "points", "viewBox", "preserveAspectRatio",
	"transform", "gradientTransform", "gradientUnits", "spreadMethod", "offset", "clipPathUnits", "maskUnits", "maskContentUnits", "pathLength",
	"fill", "fill-opacity", "fill-rule", "clip-path", "clip-rule", "mask", "opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap",
	"stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset", "stop-color", "stop-opacity", "color", "display", "visibility", "paint-order",
}

var (
	plainValue = regexp.MustCompile(`^[\w\s.,#%()+*/-]*$`)
	ownURL     = regexp.MustCompile(`(?i)url\(\s*(#[\w-]+)\s*\)`)
)

const (
	deepest     = 32
	mostElement = 5000
)

func refusedSVG() error {
	return errs.New(errs.Invalid, "brand.not_svg", "Save the image as plain SVG or as PNG. This SVG can’t be read.")
}

// cleanSVG writes a picture anew with nothing in it but drawn elements and kept attributes.
func cleanSVG(body []byte) ([]byte, image.Point, error) {
	w := svgWriter{}
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, image.Point{}, refusedSVG()
		}
		if err := w.take(d, t); err != nil {
			return nil, image.Point{}, err
		}
	}
	if w.elements == 0 || len(w.open) != 0 {
		return nil, image.Point{}, refusedSVG()
	}
	if w.size.X < 1 || w.size.Y < 1 {
		return nil, image.Point{}, errs.New(errs.Invalid, "brand.svg_size", "Give the SVG a size or a viewBox.")
	}
	return w.out.Bytes(), w.size, nil
}

type svgWriter struct {
	out      bytes.Buffer
	open     []string
	elements int
	size     image.Point
}

func (w *svgWriter) take(d *xml.Decoder, t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return w.begin(d, t)
	case xml.EndElement:
		w.out.WriteString("</" + w.open[len(w.open)-1] + ">")
		w.open = w.open[:len(w.open)-1]
	case xml.CharData:
		if n := len(w.open); n > 0 && (w.open[n-1] == "title" || w.open[n-1] == "desc") {
			return xml.EscapeText(&w.out, t)
		}
	case xml.Directive:
		if bytes.Contains(bytes.ToUpper(t), []byte("ENTITY")) {
			return refusedSVG()
		}
	}
	return nil
}

func (w *svgWriter) begin(d *xml.Decoder, t xml.StartElement) error {
	name := t.Name.Local
	if w.elements++; w.elements > mostElement || len(w.open) >= deepest {
		return errs.New(errs.Invalid, "brand.svg_rich", "Choose a simpler SVG, or save it as PNG. It has too many parts.")
	}
	if w.elements == 1 && (name != "svg" || t.Name.Space != svgSpace) || w.elements > 1 && len(w.open) == 0 {
		return refusedSVG()
	}
	foreign := t.Name.Space != svgSpace
	if foreign || slices.Contains(harmless, name) {
		if err := d.Skip(); err != nil {
			return refusedSVG()
		}
		return nil
	}
	if !slices.Contains(drawn, name) {
		return errs.New(errs.Invalid, "brand.svg_element", "Save the image as plain SVG or as PNG. It holds {element}, which is not shown here.", "element", name)
	}
	w.out.WriteString("<" + name)
	if len(w.open) == 0 {
		w.out.WriteString(` xmlns="` + svgSpace + `"`)
		w.size = sizeOf(t.Attr)
	}
	values := attributes(t.Attr)
	for _, name := range kept {
		if v, ok := values[name]; ok {
			w.out.WriteString(" " + name + `="` + v + `"`)
		}
	}
	w.out.WriteString(">")
	w.open = append(w.open, name)
	return nil
}

// attributes are those that may stay, with the properties of a style attribute among them, which win.
func attributes(all []xml.Attr) map[string]string {
	out := map[string]string{}
	take := func(name, value string) {
		if value = strings.TrimSpace(value); harmlessValue(value) {
			out[strings.TrimSpace(name)] = value
		}
	}
	style := ""
	for _, a := range all {
		switch {
		case a.Name.Space != "":
		case a.Name.Local == "style":
			style = a.Value
		default:
			take(a.Name.Local, a.Value)
		}
	}
	for _, one := range strings.Split(style, ";") {
		if name, value, ok := strings.Cut(one, ":"); ok {
			take(name, value)
		}
	}
	return out
}

// harmlessValue refuses what ends an attribute, and addresses of anything but a part of the picture itself.
func harmlessValue(v string) bool {
	rest := ownURL.ReplaceAllString(v, "")
	return plainValue.MatchString(rest) && !strings.Contains(strings.ToLower(rest), "url")
}

// sizeOf is the size of the picture in pixels: its width and height, else that of its viewBox.
func sizeOf(attrs []xml.Attr) image.Point {
	var width, height float64
	var box []string
	for _, a := range attrs {
		switch a.Name.Local {
		case "width":
			width = pixels(a.Value)
		case "height":
			height = pixels(a.Value)
		case "viewBox":
			box = strings.FieldsFunc(a.Value, func(r rune) bool { return r == ' ' || r == ',' })
		}
	}
	if (width == 0 || height == 0) && len(box) == 4 {
		width, height = pixels(box[2]), pixels(box[3])
	}
	whole := func(v float64) int { return int(math.Round(min(v, 9999))) }
	return image.Pt(whole(width), whole(height))
}

// pixels reads a length without a unit or in px; any other is 0.
func pixels(v string) float64 {
	n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(v), "px"), 64)
	if err != nil || n < 0 || math.IsNaN(n) {
		return 0
	}
	return n
}
