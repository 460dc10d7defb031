package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"time"

	gomail "github.com/wneessen/go-mail"

	"bailiwick/internal/secret"
)

// TLSMode says how the connection to the server is protected.
type TLSMode string

// The TLS modes.
const (
	StartTLS    TLSMode = "starttls" // must be offered, or nothing is sent
	ImplicitTLS TLSMode = "tls"
	NoTLS       TLSMode = "none"
)

const defaultTimeout = 30 * time.Second

// Server is where mail is handed over.
type Server struct {
	Host     string
	Port     int // 0: 587, 465 or 25 by the TLS mode
	TLS      TLSMode
	Username string // empty: no sign-in
	Password secret.String
	Timeout  time.Duration  // of the whole conversation; 0: 30 seconds
	RootCAs  *x509.CertPool // nil: the system's
}

// SMTP sends messages through a server, one connection each.
type SMTP struct{ client *gomail.Client }

// NewSMTP checks the settings; it does not connect.
func NewSMTP(s Server) (*SMTP, error) {
	if s.Username != "" && s.TLS == NoTLS {
		return nil, errors.New("set smtp.tls to starttls or tls: the password would travel readable")
	}
	if s.Timeout == 0 {
		s.Timeout = defaultTimeout
	}
	opts := []gomail.Option{
		gomail.WithTimeout(s.Timeout),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.Host, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12}),
	}
	switch s.TLS {
	case StartTLS, "":
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithPort(orPort(s.Port, 587)))
	case ImplicitTLS:
		opts = append(opts, gomail.WithSSL(), gomail.WithPort(orPort(s.Port, 465)))
	case NoTLS:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithPort(orPort(s.Port, 25)))
	default:
		return nil, fmt.Errorf("set smtp.tls to starttls, tls or none: %q is none of them", s.TLS)
	}
	if s.Username != "" {
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.Username), gomail.WithPassword(s.Password.Reveal()))
	}
	c, err := gomail.NewClient(s.Host, opts...)
	if err != nil {
		return nil, fmt.Errorf("prepare the mail server %s: %w", s.Host, err)
	}
	return &SMTP{client: c}, nil
}

func orPort(p, byDefault int) int {
	if p == 0 {
		return byDefault
	}
	return p
}

// Send hands the message over. An error is a *Failure and says whether to try again.
// A cancelled ctx stops the connecting, not a message half handed over: breaking
// off there would leave open whether it was sent.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := m.build()
	if err != nil {
		return &Failure{Permanent: true, Err: err}
	}
	err = s.client.DialAndSendWithContext(ctx, msg)
	// The server has it: an error while saying goodbye must not send it twice.
	if err == nil || msg.IsDelivered() {
		return nil
	}
	return classify(err)
}

// Failure is a message that was not handed over.
type Failure struct {
	Permanent bool // trying again will not help
	Code      int  // the server's answer, 0 if there was none
	Err       error
}

// Error tells what the server said.
func (f *Failure) Error() string {
	again := "will be tried again"
	if f.Permanent {
		again = "will not be tried again"
	}
	return fmt.Sprintf("mail was not handed over (%s): %v", again, f.Err)
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// IsPermanent reports whether err is a failure that will not go away by itself.
func IsPermanent(err error) bool {
	var f *Failure
	return errors.As(err, &f) && f.Permanent
}

// classify goes by the code of the answer. Only an answer about this message can
// be final: a server that is down or wants another password will be put right.
func classify(err error) error {
	f := &Failure{Err: err}
	var sent *gomail.SendError
	if errors.As(err, &sent) {
		f.Code = sent.ErrorCode()
		f.Permanent = f.Code >= 500 && f.Code <= 599 && !aboutSignIn(f.Code)
		f.Err = withoutMessage(sent)
		return f
	}
	var answer *textproto.Error
	if errors.As(err, &answer) {
		f.Code = answer.Code
	}
	var noHost *net.DNSError
	if errors.As(err, &noHost) {
		f.Err = fmt.Errorf("look up the mail server: %w", err)
	}
	return f
}

func aboutSignIn(code int) bool {
	switch code {
	case 530, 534, 535, 538:
		return true
	}
	return false
}

// withoutMessage keeps what the server said and drops the library's reference to
// the whole message, which may hold a link.
func withoutMessage(e *gomail.SendError) error { return errors.New(e.Error()) }
