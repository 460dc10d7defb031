package brand

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"bailiwick/internal/errs"
)

// painted is a picture of some size, half of it clear.
func painted(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		for y := range h {
			a := uint8(255)
			if x > w/2 {
				a = 0
			}
			img.Set(x, y, color.NRGBA{200, 30, 90, a})
		}
	}
	return img
}

func encoded(t *testing.T, kind string, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch kind {
	case "png":
		err = png.Encode(&b, img)
	case "jpeg":
		err = jpeg.Encode(&b, img, nil)
	case "gif":
		err = gif.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAPictureIsMadeAnew(t *testing.T) {
	for kind, want := range map[string]string{"png": "png", "jpeg": "jpg", "gif": "png"} {
		body := append(encoded(t, kind, painted(40, 20)), []byte("<script>alert(1)</script>")...)
		made, ext, size, err := redraw(body, boundsOf(Logo))
		if err != nil || ext != want || size != image.Pt(40, 20) {
			t.Fatalf("%s: %s %v %v", kind, ext, size, err)
		}
		if bytes.Contains(made, []byte("script")) {
			t.Errorf("%s: what was behind the picture is kept", kind)
		}
	}
}

func TestABigPictureIsMadeSmaller(t *testing.T) {
	for _, c := range []struct {
		slot  Slot
		w, h  int
		wants image.Point
	}{{Logo, 1024, 512, image.Pt(512, 256)}, {Logo, 100, 2000, image.Pt(25, 512)}, {Header, 2400, 300, image.Pt(1200, 150)}, {Footer, 300, 40, image.Pt(300, 40)}} {
		_, _, size, err := redraw(encoded(t, "png", painted(c.w, c.h)), boundsOf(c.slot))
		if err != nil || size != c.wants {
			t.Errorf("%s %dx%d: %v %v", c.slot, c.w, c.h, size, err)
		}
	}
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	whole := encoded(t, "png", painted(40, 20))
	huge := bytes.Clone(whole)
	copy(huge[16:24], []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff}) // says that it has 65,535 x 65,535 pixels
	for name, c := range map[string]struct {
		body []byte
		code string
	}{
		"nothing":         {nil, "brand.not_image"},
		"text":            {[]byte("this is no picture"), "brand.not_image"},
		"cut":             {whole[:len(whole)/2], "brand.not_image"},
		"a program":       {[]byte("MZ\x90\x00\x03"), "brand.not_image"},
		"signature alone": {[]byte("\x89PNG\r\n\x1a\n"), "brand.not_image"},
		"too many pixels": {resealed(huge), "brand.image_pixels"},
	} {
		if _, _, _, err := redraw(c.body, boundsOf(Logo)); errs.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// resealed puts the right sum behind the first chunk of a PNG, which says how large it is.
func resealed(body []byte) []byte {
	binary.BigEndian.PutUint32(body[29:33], crc32.ChecksumIEEE(body[12:29]))
	return body
}

func TestNamesOfPicturesAreOfOneForm(t *testing.T) {
	good := Image(strings.Repeat("a", 64) + "-10x20.png")
	if err := checkImage(good); err != nil {
		t.Error(err)
	}
	for _, name := range []Image{"x", good + "x", "../" + good, `"` + good, good + `"`, Image(strings.Repeat("a", 64) + "-10x20.exe"), Image(strings.Repeat("A", 64) + "-10x20.png")} {
		if checkImage(name) == nil {
			t.Errorf("%s passes for the name of a picture", name)
		}
	}
	if w, h := good.Size(); w != 10 || h != 20 {
		t.Error(w, h)
	}
}

func TestADrawingIsCleaned(t *testing.T) {
	const space = ` xmlns="http://www.w3.org/2000/svg"`
	for _, c := range []struct{ name, svg, want string }{
		{"plain", `<svg` + space + ` viewBox="0 0 28 14"><path d="M1 1h3" fill="#fff"/></svg>`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 14"><path d="M1 1h3" fill="#fff"></path></svg>`},
		{"events", `<svg` + space + ` width="9" height="9" onload="alert(1)"><rect onclick='x()' width="1"/></svg>`, `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="1"></rect></svg>`},
		{"script", `<svg` + space + ` width="9" height="9"><script>alert(1)</script><g/></svg>`, `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><g></g></svg>`},
		{"links out", `<svg` + space + ` width="9" height="9"><rect fill="url(https://evil.example/x)" mask="url(#m)"/></svg>`, `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect mask="url(#m)"></rect></svg>`},
		{"style", `<svg` + space + ` width="9" height="9"><rect fill="#000" style="fill:#f00;background:url(//x);behavior:x"/></svg>`, `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect fill="#f00"></rect></svg>`},
		{"what editors leave", `<?xml version="1.0"?><!-- made --><svg` + space + ` xmlns:s="urn:s" s:x="1" width="9px" height="9px"><s:namedview><rect/></s:namedview><metadata>x</metadata><title>A &amp; B</title></svg>`, `<svg xmlns="http://www.w3.org/2000/svg" width="9px" height="9px"><title>A &amp; B</title></svg>`},
	} {
		got, size, err := cleanSVG([]byte(c.svg))
		if err != nil || string(got) != c.want || size.X < 1 {
			t.Errorf("%s: %s %v %v", c.name, got, size, err)
		}
		if again, _, err := cleanSVG(got); err != nil || !bytes.Equal(again, got) {
			t.Errorf("%s: cleaned twice it is %s, %v", c.name, again, err)
		}
	}
}

func TestAHostileDrawingIsRefused(t *testing.T) {
	const space = ` xmlns="http://www.w3.org/2000/svg"`
	for name, c := range map[string]struct{ svg, code string }{
		"a page":         {`<html><body>x</body></html>`, "brand.not_svg"},
		"no name space":  {`<svg width="9" height="9"/>`, "brand.not_svg"},
		"cut":            {`<svg` + space + ` width="9" height="9"><g>`, "brand.not_svg"},
		"entities":       {`<!DOCTYPE svg [<!ENTITY x "y">]><svg` + space + ` width="9" height="9"/>`, "brand.not_svg"},
		"two roots":      {`<svg` + space + ` width="9" height="9"/><svg` + space + `/>`, "brand.not_svg"},
		"foreign object": {`<svg` + space + ` width="9" height="9"><foreignObject><body/></foreignObject></svg>`, "brand.svg_element"},
		"another image":  {`<svg` + space + ` width="9" height="9"><image href="https://evil.example/x.png"/></svg>`, "brand.svg_element"},
		"use":            {`<svg` + space + ` width="9" height="9"><use href="https://evil.example/x.svg#a"/></svg>`, "brand.svg_element"},
		"a link":         {`<svg` + space + ` width="9" height="9"><a href="javascript:alert(1)"/></svg>`, "brand.svg_element"},
		"animation":      {`<svg` + space + ` width="9" height="9"><animate attributeName="href" to="javascript:alert(1)"/></svg>`, "brand.svg_element"},
		"a stylesheet":   {`<svg` + space + ` width="9" height="9"><style>@import "//evil.example"</style></svg>`, "brand.svg_element"},
		"no size":        {`<svg` + space + `><g/></svg>`, "brand.svg_size"},
		"deep":           {`<svg` + space + ` width="9" height="9">` + strings.Repeat("<g>", 40) + strings.Repeat("</g>", 40) + `</svg>`, "brand.svg_rich"},
	} {
		if got, _, err := cleanSVG([]byte(c.svg)); errs.CodeOf(err) != c.code {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
}

func FuzzADrawingThatIsKeptIsHarmless(f *testing.F) {
	f.Add([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect style="fill:url(#a)" onclick="x"/></svg>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		out, _, err := cleanSVG(body)
		if err != nil {
			return
		}
		low := strings.ToLower(string(out))
		for _, bad := range []string{"<script", "<style", "<foreignobject", "href=", "<!", "<?", " on", "javascript:"} {
			if strings.Contains(low, bad) && !strings.Contains(low, "<title>") && !strings.Contains(low, "<desc>") {
				t.Errorf("%q is left in %s", bad, out)
			}
		}
		if again, _, err := cleanSVG(out); err != nil || !bytes.Equal(again, out) {
			t.Errorf("cleaned twice it is another: %s, %v", again, err)
		}
	})
}
