package submit

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
)

// maxLine is the longest line of a mail without its end, in bytes (RFC 5322, section 2.1.1).
const maxLine = 998

// bodies are the parts that are the text of a message: both forms where it has two, and of a mixed one the last, below
// which nothing else is read. Signed and encrypted parts are none.
func (p *part) bodies() []*part {
	switch {
	case p.isSealed() || p.media == "multipart/digest" || p.media == "multipart/report" || p.media == "message/rfc822":
		return nil
	case p.media == "multipart/alternative":
		var out []*part
		for _, c := range p.children {
			out = append(out, c.bodies()...)
		}
		return out
	case p.media == "multipart/related":
		if c := p.start(); c != nil {
			return c.bodies()
		}
	case p.multipart():
		for _, c := range slices.Backward(p.children) {
			if out := c.bodies(); len(out) > 0 {
				return out
			}
		}
	case (p.media == "text/plain" || p.media == "text/html") && !p.isAttachment():
		return []*part{p}
	}
	return nil
}

// start is the part of a multipart/related that the others belong to (RFC 2387, section 3.2).
func (p *part) start() *part {
	for _, c := range p.children {
		if id := p.params["start"]; id != "" && c.get("content-id") == id {
			return c
		}
	}
	if len(p.children) > 0 {
		return p.children[0]
	}
	return nil
}

// decode undoes the transfer encoding of a text.
func (p *part) decode(raw []byte) ([]byte, error) {
	switch {
	case isIdentity(p.encoding):
		return raw, nil
	case p.encoding == "quoted-printable":
		return io.ReadAll(quotedprintable.NewReader(bytes.NewReader(raw)))
	case p.encoding == "base64":
		return io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(bytes.Map(func(r rune) rune {
			if r == ' ' || r == '\t' {
				return -1
			}
			return r
		}, raw))))
	}
	return nil, fmt.Errorf("the transfer encoding %q is not known", p.encoding)
}

// text is the text of a part on its way through the transformation.
type text struct {
	*part
	body    []byte // decoded
	eol     string
	charset string // "" as long as it stays what it was
}

// add puts the addition below the text. It reports false where the text is signed or encrypted inline.
func (t *text) add(a addition) bool {
	if inlinePGP(t.body) {
		return false
	}
	said := strings.ToLower(t.params["charset"])
	if enc := recoded(said); enc != nil { // ASCII cannot be put into such text as it is
		if out, err := enc.NewDecoder().Bytes(t.body); err == nil {
			t.body, t.charset, said = out, "utf-8", "utf-8"
		}
	}
	if t.media == "text/html" {
		t.addHTML(a.html, said)
	} else {
		t.addPlain(a.text, said)
	}
	return true
}

func (t *text) addHTML(markup, charset string) {
	if charset != "utf-8" && charset != "utf8" {
		markup = ascii(markup)
	}
	markup = t.ends(markup)
	at := endOfBody(t.body)
	before := t.body[:at]
	if len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
		markup = t.eol + markup
	}
	if at < len(t.body) {
		markup += t.eol
	}
	t.body = slices.Concat(before, []byte(markup), t.body[at:])
}

func (t *text) addPlain(words, charset string) {
	if strings.EqualFold(t.params["format"], "flowed") {
		words = flowed(words)
	}
	added := t.fit(t.ends(words), charset)
	switch {
	case len(t.body) == 0:
		t.body = added
	case bytes.HasSuffix(t.body, []byte("\n")):
		t.body = slices.Concat(t.body, []byte(t.eol), added, []byte(t.eol))
	default:
		t.body = slices.Concat(t.body, []byte(t.eol+t.eol), added)
	}
}

// fit writes words in the charset of the text, or the whole text in UTF-8 where they cannot be.
func (t *text) fit(words, charset string) []byte {
	switch charset {
	case "utf-8", "utf8":
		return []byte(words)
	case "", "us-ascii":
		if ascii(words) == words {
			return []byte(words)
		}
		if utf8.Valid(t.body) {
			t.charset = "utf-8"
			return []byte(words)
		}
		return onlyASCII(words)
	}
	enc, err := ianaindex.MIME.Encoding(charset)
	if err != nil || enc == nil {
		return onlyASCII(words) // the charset is not known, and nearly all have ASCII in them
	}
	if out, err := enc.NewEncoder().Bytes([]byte(words)); err == nil {
		return out
	}
	out, err := enc.NewDecoder().Bytes(t.body)
	if err != nil {
		return onlyASCII(words)
	}
	t.body, t.charset = out, "utf-8"
	return []byte(words)
}

// recoded is the encoding of a charset in which a byte of ASCII may mean something else.
func recoded(charset string) encoding.Encoding {
	if strings.HasPrefix(charset, "utf-16") || strings.HasPrefix(charset, "utf-32") || strings.HasPrefix(charset, "iso-2022-") || charset == "hz-gb-2312" {
		if enc, err := ianaindex.MIME.Encoding(charset); err == nil {
			return enc
		}
	}
	return nil
}

// ends gives lines the ends that the message has.
func (t *text) ends(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", t.eol)
}

// ascii writes what is not ASCII as references of HTML, which every charset has.
func ascii(markup string) string {
	var b strings.Builder
	for _, r := range markup {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}

func onlyASCII(words string) []byte {
	return []byte(strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, words))
}

// flowed writes lines as fixed ones of a text that flows (RFC 3676, section 4.2).
func flowed(words string) string {
	lines := strings.Split(words, "\n")
	for i, l := range lines {
		l = strings.TrimRight(l, " \r")
		if strings.HasPrefix(l, " ") || strings.HasPrefix(l, ">") || strings.HasPrefix(l, "From ") {
			l = " " + l
		}
		lines[i] = l
	}
	return strings.Join(lines, "\n")
}

// endOfBody is where the last </body> stands, or </html>, or the end. What a comment or a script says does not count.
func endOfBody(doc []byte) int {
	z := html.NewTokenizer(bytes.NewReader(doc))
	at, body, root := 0, -1, -1
	for z.Next() != html.ErrorToken {
		raw := len(z.Raw())
		if t := z.Token(); t.Type == html.EndTagToken {
			switch t.Data {
			case "body":
				body = at
			case "html":
				root = at
			}
		}
		at += raw
	}
	switch {
	case body >= 0:
		return body
	case root >= 0:
		return root
	}
	return len(doc)
}

// hasData reports whether a document carries images in its own text (RFC 2397).
func hasData(doc []byte) bool {
	z := html.NewTokenizer(bytes.NewReader(doc))
	for z.Next() != html.ErrorToken {
		for _, a := range z.Token().Attr {
			if strings.Contains(strings.ToLower(a.Val), "data:image/") {
				return true
			}
		}
	}
	return false
}

// inlinePGP reports whether a text is signed or encrypted as RFC 4880 does it inside of a text.
func inlinePGP(body []byte) bool {
	for _, mark := range []struct{ begin, end string }{{"MESSAGE", "MESSAGE"}, {"SIGNED MESSAGE", "SIGNATURE"}} {
		if from := bytes.Index(body, []byte("-----BEGIN PGP "+mark.begin+"-----")); from >= 0 && bytes.Contains(body[from:], []byte("-----END PGP "+mark.end+"-----")) {
			return true
		}
	}
	return false
}

// encode applies a transfer encoding: the one the text had, unless it no longer fits into it.
func (t *text) encode() (body []byte, as string) {
	as = t.encoding
	if isIdentity(as) && (as != "binary" && !fits(t.body, as == "8bit") || t.delimits()) {
		as = "quoted-printable"
	}
	var b bytes.Buffer
	switch as {
	case "base64":
		writeBase64(&b, t.body, t.eol)
	case "quoted-printable":
		writeQuoted(&b, t.body, t.eol)
	default:
		return t.body, as
	}
	return b.Bytes(), as
}

// fits reports whether a body can stand in a mail as it is.
func fits(body []byte, eight bool) bool {
	for line := range bytes.Lines(body) {
		if len(bytes.TrimRight(line, "\r\n")) > maxLine {
			return false
		}
	}
	return !bytes.ContainsRune(body, 0) && (eight || !bytes.ContainsFunc(body, func(r rune) bool { return r >= utf8.RuneSelf }))
}

// delimits reports whether a line of the text would end the part that it stands in.
func (t *text) delimits() bool {
	for line := range bytes.Lines(t.body) {
		for up := t.parent; up != nil && bytes.HasPrefix(line, []byte("--")); up = up.parent {
			if b := up.params["boundary"]; up.multipart() && (isDelimiter(line, b) || isDelimiter(line, b+"--")) {
				return true
			}
		}
	}
	return false
}

func isDelimiter(line []byte, boundary string) bool {
	return strings.TrimRight(string(line[2:]), " \t\r\n") == boundary
}

// writeQuoted writes line by line, so that a CR that ends no line does not become the end of one. No line that comes of
// it begins like a delimiter.
func writeQuoted(b *bytes.Buffer, body []byte, eol string) {
	var out bytes.Buffer
	for line := range bytes.Lines(body) {
		text, ended := bytes.CutSuffix(line, []byte("\n"))
		if ended {
			text = bytes.TrimSuffix(text, []byte("\r"))
		}
		w := quotedprintable.NewWriter(&out)
		w.Binary = true
		_, _ = w.Write(text) //nolint:errcheck // a buffer takes everything
		_ = w.Close()        //nolint:errcheck // likewise
		if ended {
			out.WriteString("\r\n")
		}
	}
	for line := range bytes.Lines(out.Bytes()) {
		if bytes.HasPrefix(line, []byte("--")) {
			b.WriteString("=2D")
			line = line[1:]
		}
		b.WriteString(strings.Replace(string(line), "\r\n", eol, 1))
	}
}

func writeBase64(b *bytes.Buffer, body []byte, eol string) {
	const line = 57 // 76 characters
	for i := 0; i < len(body); i += line {
		b.WriteString(base64.StdEncoding.EncodeToString(body[i:min(i+line, len(body))]))
		b.WriteString(eol)
	}
}

// fields are the header fields that no longer say what the body is, rewritten, by their lower-case names.
func (t *text) changedFields(as string) map[string]string {
	out := map[string]string{}
	if t.charset != "" {
		params := map[string]string{}
		for k, v := range t.params {
			params[k] = v
		}
		params["charset"] = t.charset
		out["content-type"] = "Content-Type: " + mime.FormatMediaType(t.media, params)
		if t.parent == nil && t.get("mime-version") == "" {
			out["mime-version"] = "MIME-Version: 1.0"
		}
	}
	if as != t.encoding {
		out["content-transfer-encoding"] = "Content-Transfer-Encoding: " + as
		if t.parent == nil && t.get("mime-version") == "" {
			out["mime-version"] = "MIME-Version: 1.0"
		}
	}
	return out
}
