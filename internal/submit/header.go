package submit

import (
	"bytes"
	"mime"
	"path"
	"strings"

	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/transform"

	"io"
)

// span is a stretch of the message: from is the first byte in it, to the first behind it.
type span struct{ from, to int64 }

// field is one header field where it stands in the message.
type field struct {
	span
	name  string // lower case
	value string // unfolded
}

// part is one entity of a message (RFC 2045, section 2.4): a leaf, a multipart with its children, or a message inside
// of the message with the one child that it is.
type part struct {
	parent   *part
	children []*part
	header   span // without the empty line behind it
	body     span
	fields   []field
	repeated string // a field that may come once and came twice
	closed   bool   // of a multipart: its last delimiter was read
	cut      bool   // the last line of the header, or the delimiter above it, has no end
	tight    bool   // the delimiter of the next part follows without a line end of its own

	media       string // lower case, "text/plain" unless given
	params      map[string]string
	disposition string
	names       []string // the file names that are given for it
	encoding    string   // lower case, "" when none is given

	// What the body is made of, for its size once it is decoded.
	plain, escapes, soft int64
}

// once are the fields that mail programs read differently when they are repeated.
var once = []string{"content-type", "content-transfer-encoding", "content-disposition"}

// readHeader makes sense of a header. ok is false when a line of it is no field.
func (p *part) readHeader(raw []byte) (ok bool) {
	ok = true
	p.cut = p.cut || len(raw) > 0 && raw[len(raw)-1] != '\n'
	at := p.header.from
	for line := range bytes.Lines(raw) {
		end := at + int64(len(line))
		text := string(bytes.TrimRight(line, "\r\n"))
		name, value, found := strings.Cut(text, ":")
		switch last := len(p.fields) - 1; {
		case text != "" && (text[0] == ' ' || text[0] == '\t') && last >= 0:
			p.fields[last].value += text
			p.fields[last].to = end
		case found && isToken(strings.TrimRight(name, " \t")):
			p.fields = append(p.fields, field{span{at, end}, strings.ToLower(strings.TrimRight(name, " \t")), value})
		case at == 0 && strings.HasPrefix(text, "From "): // the line that separates messages in a mailbox file
		default:
			ok = false
		}
		at = end
	}
	p.understand()
	return ok
}

// understand reads the fields that say what the part is.
func (p *part) understand() {
	for _, name := range once {
		if p.count(name) > 1 {
			p.repeated = name
		}
	}
	p.media, p.params = mediaType(p.get("content-type"))
	if p.media == "" {
		p.media = "text/plain"
		if p.parent != nil && p.parent.media == "multipart/digest" {
			p.media = "message/rfc822"
		}
	}
	var more map[string]string
	p.disposition, more = mediaType(p.get("content-disposition"))
	for _, name := range []string{more["filename"], p.params["name"]} {
		if name != "" {
			p.names = append(p.names, decodeWords(name))
		}
	}
	p.encoding = firstWord(p.get("content-transfer-encoding"))
}

func (p *part) get(name string) string {
	for _, f := range p.fields {
		if f.name == name {
			return strings.TrimSpace(f.value)
		}
	}
	return ""
}

func (p *part) count(name string) (n int) {
	for _, f := range p.fields {
		if f.name == name {
			n++
		}
	}
	return n
}

// inside reports whether a part belongs to a message that was attached to this one.
func (p *part) inside() bool {
	for up := p.parent; up != nil; up = up.parent {
		if up.media == "message/rfc822" {
			return true
		}
	}
	return false
}

func (p *part) multipart() bool { return strings.HasPrefix(p.media, "multipart/") }

// holds reports whether the parts inside of this one can be read: a multipart, or an attached message that is not encoded.
func (p *part) holds() bool {
	return p.multipart() || p.media == "message/rfc822" && isIdentity(p.encoding)
}

// size is how many bytes the body has once it is decoded.
func (p *part) size() int64 {
	switch p.encoding {
	case "base64":
		return p.plain / 4 * 3
	case "quoted-printable":
		return p.body.to - p.body.from - 2*p.escapes - p.soft
	}
	return p.body.to - p.body.from
}

func isIdentity(encoding string) bool {
	switch encoding {
	case "", "7bit", "8bit", "binary":
		return true
	}
	return false
}

// mediaType reads a type with its parameters. Of a field that is not as it should be, the type alone counts.
func mediaType(value string) (string, map[string]string) {
	media, params, err := mime.ParseMediaType(value)
	if err != nil {
		return firstWord(value), nil
	}
	return media, params
}

func firstWord(value string) string {
	value = strings.TrimSpace(value)
	if i := strings.IndexAny(value, "; \t("); i >= 0 {
		value = value[:i]
	}
	return strings.ToLower(value)
}

// isToken reports whether s can be the name of a field (RFC 5322, section 3.6.8).
func isToken(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return s != ""
}

// decodeWords decodes the encoded words of a header (RFC 2047); what cannot be decoded stays as it is.
func decodeWords(s string) string {
	d := mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		e, err := ianaindex.MIME.Encoding(charset)
		if err != nil || e == nil {
			return nil, errUnknownCharset
		}
		return transform.NewReader(r, e.NewDecoder()), nil
	}}
	if out, err := d.DecodeHeader(s); err == nil {
		return out
	}
	return s
}

// ending is what stands behind the last dot of a file's name, in lower case. Windows takes dots and spaces off the end.
func ending(name string) string {
	name = strings.TrimRight(strings.ReplaceAll(name, "\\", "/"), ". \t\r\n\x00")
	return strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
}
