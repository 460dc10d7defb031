package submit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The limits of a structure that somebody could have meant.
const (
	maxDepth  = 32
	maxParts  = 2000
	maxHeader = 512 << 10 // bytes of one part's header
)

var errUnknownCharset = errors.New("this charset is not known")

// garbled is a structure that mail programs would read in different ways, so that no rule could be applied to it.
type garbled string

func (g garbled) Error() string { return "the message is garbled: " + string(g) }

// scanner finds the parts of a message as its lines go by. It keeps headers, and of bodies only where they stand.
type scanner struct {
	open   []*part // from the message down to the part whose lines are read now
	parts  int
	head   []byte // of the part whose header is read now
	inHead bool
	cr     bool // the piece of a line before this one ended with CR
	eol    int  // length of the line end before the current line
	crlf   bool // the message's lines end with CRLF
}

// scan finds the structure of a message.
func scan(m io.ReaderAt, size int64) (root *part, crlf bool, err error) {
	root = &part{header: span{0, 0}}
	s := &scanner{open: []*part{root}, parts: 1, inHead: true, crlf: true}
	lines := bufio.NewReaderSize(io.NewSectionReader(m, 0, size), 64<<10)
	at, whole := int64(0), true // whether the line read now starts where a line starts
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			if at == 0 {
				s.crlf = bytes.HasSuffix(line, []byte("\r\n"))
			}
			if err := s.line(line, at, whole); err != nil {
				return nil, false, err
			}
			at += int64(len(line))
		}
		whole = !errors.Is(err, bufio.ErrBufferFull)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && whole {
			return nil, false, fmt.Errorf("read the message: %w", err)
		}
	}
	s.eol = 0
	if err := s.closeTo(0, at); err != nil {
		return nil, false, err
	}
	return root, s.crlf, nil
}

// line takes one line, or a piece of a very long one.
func (s *scanner) line(line []byte, at int64, whole bool) error {
	if whole {
		if i, closing := s.boundary(line); i >= 0 {
			return s.delimiter(i, closing, span{at, at + int64(len(line))}, line[len(line)-1] != '\n')
		}
	}
	text := bytes.TrimRight(line, "\r\n")
	p := s.open[len(s.open)-1]
	switch {
	case s.inHead && whole && len(text) == 0 && line[len(line)-1] == '\n':
		p.header.to = at
		s.eol = len(line)
		return s.begin(p, at+int64(len(line)))
	case s.inHead:
		if len(s.head)+len(line) > maxHeader {
			return garbled("a header is too long")
		}
		s.head = append(s.head, line...)
	default:
		p.measure(line, text)
	}
	s.eol = len(line) - len(text)
	if s.cr && !whole && string(line) == "\n" {
		s.eol = 2
	}
	s.cr = bytes.HasSuffix(line, []byte("\r"))
	return nil
}

// measure counts what the size of the decoded body depends on.
func (p *part) measure(line, text []byte) {
	switch p.encoding {
	case "base64":
		for _, c := range text {
			if c != ' ' && c != '\t' && c != '=' {
				p.plain++
			}
		}
	case "quoted-printable":
		p.escapes += int64(bytes.Count(text, []byte("=")))
		if bytes.HasSuffix(text, []byte("=")) && len(line) > len(text) {
			p.soft++
		}
	}
}

// boundary returns the open multipart that a line delimits, or -1.
func (s *scanner) boundary(line []byte) (index int, closing bool) {
	if !bytes.HasPrefix(line, []byte("--")) {
		return -1, false
	}
	for i := len(s.open) - 1; i >= 0; i-- {
		p := s.open[i]
		b := p.params["boundary"]
		if !p.multipart() || b == "" || s.inHead && i == len(s.open)-1 {
			continue
		}
		if isDelimiter(line, b) {
			return i, false
		}
		if isDelimiter(line, b+"--") {
			return i, true
		}
	}
	return -1, false
}

// delimiter ends what is open inside of a multipart, and begins its next part unless it is the closing one.
func (s *scanner) delimiter(i int, closing bool, line span, cut bool) error {
	if err := s.closeTo(i+1, line.from); err != nil {
		return err
	}
	s.eol = 0
	p := s.open[i]
	if p.closed && !p.inside() {
		return garbled("there are parts behind the end of a multipart")
	}
	if p.closed = p.closed || closing; p.closed {
		return nil
	}
	if err := s.child(p, line.to); err != nil {
		return err
	}
	s.open[len(s.open)-1].cut = cut
	return nil
}

// closeTo ends the open parts from depth on. The line end before a delimiter belongs to the delimiter.
func (s *scanner) closeTo(depth int, at int64) error {
	for len(s.open) > depth {
		p := s.open[len(s.open)-1]
		end := at - int64(s.eol)
		if s.inHead { // it ends without a body
			p.header.to = at
			if err := s.begin(p, at); err != nil {
				return err
			}
			end, p.tight = at, p.parent != nil
			if s.open[len(s.open)-1] != p {
				continue // an attached message without anything in it
			}
		}
		if p.multipart() && len(p.children) == 0 && !p.inside() {
			return garbled("a multipart has no parts")
		}
		p.tight = p.tight || end < p.body.from
		p.body.to = max(p.body.from, end)
		s.open = s.open[:len(s.open)-1]
	}
	return nil
}

// begin reads the header of a part whose body starts now.
func (s *scanner) begin(p *part, body int64) error {
	wellFormed := p.readHeader(s.head)
	s.head, s.inHead = nil, false
	p.body = span{body, body}
	if p.inside() {
		if p.multipart() && p.params["boundary"] == "" {
			p.media = "application/octet-stream" // a cut or broken message that was attached is what it is
		}
	} else {
		switch {
		case !wellFormed:
			return garbled("a line of a header is no field")
		case p.repeated != "":
			return garbled("a field comes twice: " + p.repeated)
		case p.multipart() && p.params["boundary"] == "":
			return garbled("a multipart has no boundary")
		case p.multipart() && !isBoundary(p.params["boundary"]):
			return garbled("a boundary has characters that are not allowed in it")
		case p.multipart() && !isIdentity(p.encoding):
			return garbled("a multipart is encoded")
		}
	}
	if p.media == "message/rfc822" && p.holds() {
		return s.child(p, body)
	}
	return nil
}

// child opens a part inside of another.
func (s *scanner) child(of *part, at int64) error {
	if s.parts++; s.parts > maxParts || len(s.open) >= maxDepth {
		return garbled("it has too many parts")
	}
	p := &part{parent: of, header: span{at, at}}
	of.children = append(of.children, p)
	s.open, s.inHead = append(s.open, p), true
	return nil
}

// isBoundary reports whether programs agree on what a boundary is (RFC 2046, section 5.1.1, and some more characters).
func isBoundary(b string) bool {
	return !strings.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' || r == '"' }) && !strings.HasSuffix(b, " ")
}

// walk visits a part and all parts inside of it, in their order.
func (p *part) walk(visit func(*part)) {
	visit(p)
	for _, c := range p.children {
		c.walk(visit)
	}
}
