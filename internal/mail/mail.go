// Package mail builds one message and hands it to an SMTP server or keeps it in
// the capture mailbox.
package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// Address is a mailbox with the name it is shown by.
type Address struct {
	Name  string
	Email string
}

// String returns the address as it stands in a header.
func (a Address) String() string {
	return (&netmail.Address{Name: oneLine(a.Name), Address: a.Email}).String()
}

// Message is one mail to one person.
type Message struct {
	ID      string // names the message across attempts: a second attempt has the same Message-ID
	At      time.Time
	From    Address
	To      Address
	ReplyTo Address // optional
	Subject string
	Text    string
	HTML    string            // optional
	Headers map[string]string // further headers, one line each
}

// reserved are the headers that Message sets from its own fields.
var reserved = []string{"From", "To", "Cc", "Bcc", "Reply-To", "Sender", "Subject", "Date", "Message-ID", "MIME-Version",
	"Content-Type", "Content-Transfer-Encoding", "Return-Path"}

// build makes the wire form. What it refuses would be refused at each attempt.
func (m Message) build() (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	for _, a := range []struct {
		header gomail.AddrHeader
		addr   Address
	}{{gomail.HeaderFrom, m.From}, {gomail.HeaderTo, m.To}, {gomail.HeaderReplyTo, m.ReplyTo}} {
		if a.header == gomail.HeaderReplyTo && a.addr.Email == "" {
			continue
		}
		parsed, err := parseAddress(a.addr)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.header, err)
		}
		msg.SetAddrHeaderFromMailAddress(a.header, parsed)
	}
	msg.Subject(oneLine(m.Subject))
	msg.SetDateWithValue(m.At.UTC())
	msg.SetMessageIDWithValue(m.messageID())
	// Out-of-office programs do not answer such a message.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	for name, value := range m.Headers {
		if err := checkHeaderName(name); err != nil {
			return nil, err
		}
		msg.SetGenHeader(gomail.Header(name), oneLine(value))
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// messageID is made of the message's own id without showing it.
func (m Message) messageID() string {
	sum := sha256.Sum256([]byte(m.ID + "\n" + m.To.Email))
	_, domain, _ := strings.Cut(m.From.Email, "@")
	return hex.EncodeToString(sum[:16]) + "@" + domain
}

var errBadAddress = errors.New("the mail address is not of the form name@domain")

func parseAddress(a Address) (*netmail.Address, error) {
	p, err := netmail.ParseAddress(a.Email)
	// What parses to something else, such as "Eve <eve@x>", is not a bare address.
	if err != nil || p.Address != a.Email || p.Name != "" {
		return nil, errBadAddress
	}
	return &netmail.Address{Name: oneLine(a.Name), Address: p.Address}, nil
}

func checkHeaderName(name string) error {
	for _, r := range reserved {
		if strings.EqualFold(r, name) {
			return fmt.Errorf("header %s is set by the message itself", r)
		}
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' }) {
		return fmt.Errorf("%q is not the name of a header", name)
	}
	return nil
}

// oneLine keeps a name or a subject from starting a header of its own.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	}), " ")
}
