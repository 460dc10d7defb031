// Package submit decides on a message and transforms it, for every door that takes messages in.
//
// The transformation is pure: a message and the rules in force give refusals or the message as it goes out. It finds
// where the parts of the message stand and replaces only the texts that something is added to, so that all else comes
// out byte for byte as it came in, and no more than one text is held in memory.
package submit

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxText is the longest text that something is added to, in bytes.
const maxText = 16 * megabyte

// Message is a message as it is handed in: RFC 5322, with lines that end with CRLF or with LF.
type Message struct {
	Body io.ReaderAt
	Size int64 // bytes
}

// Outcome is what becomes of a message. With refusals, nothing is sent.
type Outcome struct {
	Refused []Refusal // in the order of the rules; a door answers the first
	message Message
	edits   []edit
	from    string // the address in its From field, "" when there is none to be read
}

// edit replaces a stretch of the message.
type edit struct {
	span
	with []byte
}

// Apply applies the rules to a message. An error is one of reading it.
func Apply(m Message, r Rules) (Outcome, error) {
	out := Outcome{message: m}
	if m.Size > r.Largest {
		out.Refused = append(out.Refused, r.tooLarge(m.Size))
		return out, nil
	}
	root, crlf, err := scan(m.Body, m.Size)
	if g := garbled(""); errors.As(err, &g) {
		out.Refused = append(out.Refused, isGarbled(g))
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Refused, out.from = r.judge(root), root.from()
	eol := "\n"
	if crlf {
		eol = "\r\n"
	}
	if err := out.texts(root, r, eol); err != nil {
		return out, err
	}
	return out, nil
}

// texts looks into the texts of the message and adds to them.
func (o *Outcome) texts(root *part, r Rules, eol string) error {
	if !r.Images {
		if err := o.judgeData(root); err != nil {
			return err
		}
	}
	add := r.addition()
	if add.nothing() || len(o.Refused) > 0 {
		return nil
	}
	for _, p := range root.bodies() {
		t, refusal, err := o.open(p, eol)
		if err != nil {
			return err
		}
		if refusal != nil {
			refusal.Setting = footerKey.Name
			if r.Footer == (Rules{}.Footer) {
				refusal.Setting = disclaimerKey.Name
			}
			o.Refused = append(o.Refused, *refusal)
			continue
		}
		if t.add(add) {
			o.replace(t)
		}
	}
	return nil
}

// judgeData refuses images in the text of a document, wherever it stands.
func (o *Outcome) judgeData(root *part) (err error) {
	root.walk(func(p *part) {
		if p.media != "text/html" || err != nil {
			return
		}
		t, refusal, fault := o.open(p, "\n")
		switch {
		case fault != nil:
			err = fault
		case refusal != nil:
			refusal.Setting = images.Name
			o.Refused = append(o.Refused, *refusal)
		case hasData(t.body):
			o.Refused = append(o.Refused, noImages())
		}
	})
	return err
}

// open reads and decodes one text.
func (o *Outcome) open(p *part, eol string) (*text, *Refusal, error) {
	length := p.body.to - p.body.from
	if length > maxText {
		no := refused(552, "5.3.4", "", "submit.text_large", "Make the text of the message shorter. It has {size} MB, and {most} MB can be looked into.", "size", inMB(length), "most", maxText/megabyte)
		return nil, &no, nil
	}
	raw := make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(o.message.Body, p.body.from, length), raw); err != nil {
		return nil, nil, fmt.Errorf("read a text of the message: %w", err)
	}
	body, err := p.decode(raw)
	if err != nil {
		no := refused(554, "5.6.0", "", "submit.text_unreadable", "Write the message again with another program. A text in it cannot be read: its encoding is broken or unknown.")
		return nil, &no, nil
	}
	return &text{part: p, body: body, eol: eol}, nil, nil
}

// replace notes the edits that make the new text, and the header fields that say how it is written.
func (o *Outcome) replace(t *text) {
	body, as := t.encode()
	changed := t.changedFields(as)
	var heads []edit
	for _, f := range t.fields {
		if with, ok := changed[f.name]; ok {
			heads = append(heads, edit{f.span, []byte(with + t.eol)})
			delete(changed, f.name)
		} else if f.name == "content-md5" {
			heads = append(heads, edit{f.span, nil})
		}
	}
	var more strings.Builder
	if t.cut {
		more.WriteString(t.eol)
	}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		more.WriteString(changed[name] + t.eol)
	}
	if t.header.to == t.part.body.from { // there is no empty line below the header
		more.WriteString(t.eol)
	}
	if t.tight {
		body = slices.Concat(body, []byte(t.eol))
	}
	o.edits = append(o.edits, heads...)
	o.edits = append(o.edits, edit{span{t.header.to, t.header.to}, []byte(more.String())}, edit{t.part.body, body})
}

// Changed reports whether the message goes out otherwise than it came in.
func (o Outcome) Changed() bool { return len(o.edits) > 0 }

// WriteTo writes the message as it goes out.
func (o Outcome) WriteTo(w io.Writer) (n int64, err error) {
	at := int64(0)
	for _, e := range append(slices.Clone(o.edits), edit{span{o.message.Size, o.message.Size}, nil}) {
		kept, err := io.Copy(w, io.NewSectionReader(o.message.Body, at, e.from-at))
		n += kept
		if err != nil {
			return n, fmt.Errorf("write the message: %w", err)
		}
		added, err := w.Write(e.with)
		n += int64(added)
		if err != nil {
			return n, fmt.Errorf("write the message: %w", err)
		}
		at = e.to
	}
	return n, nil
}
