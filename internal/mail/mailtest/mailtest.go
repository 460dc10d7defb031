// Package mailtest is a real SMTP server for tests: it records what it is given
// and fails as told.
package mailtest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // bodies in any charset
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Message is what the server was given.
type Message struct {
	From, To string // the envelope
	User     string // who signed in, if anybody
	TLS      bool
	Header   netmail.Header // decoded
	Text     string
	HTML     string
	Raw      []byte
}

// Server listens on a loopback port until the test ends.
type Server struct {
	Host    string
	Port    int
	RootCAs *x509.CertPool // trusts the server's certificate

	mu       sync.Mutex
	server   *smtp.Server
	listener net.Listener
	addr     string
	tls      *tls.Config
	user     string
	password string
	got      []Message
	answers  map[stage]*smtp.SMTPError
	arrived  chan struct{}
}

type stage string

// The places where the server can be told to refuse.
const (
	AtMail stage = "MAIL"
	AtRcpt stage = "RCPT"
	AtData stage = "DATA"
)

// Option changes the server.
type Option func(*Server)

// WithLogin makes the server ask for this user and password.
func WithLogin(user, password string) Option {
	return func(s *Server) { s.user, s.password = user, password }
}

// Start starts a server that offers STARTTLS.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s := &Server{Host: "127.0.0.1", answers: map[stage]*smtp.SMTPError{}, arrived: make(chan struct{}, 1)}
	for _, o := range opts {
		o(s)
	}
	s.tls, s.RootCAs = certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	s.addr = l.Addr().String()
	s.Port = l.Addr().(*net.TCPAddr).Port
	s.serve(l)
	t.Cleanup(s.Stop)
	return s
}

// Stop takes the server down; connections are refused.
func (s *Server) Stop() {
	s.mu.Lock()
	srv, l := s.server, s.listener
	s.server, s.listener = nil, nil
	s.mu.Unlock()
	if srv != nil {
		// The listener by itself: the server may not have begun to listen on it.
		// Closing twice is the only error of either.
		_ = l.Close()
		_ = srv.Close()
	}
}

// Restart brings a stopped server back on its port.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop()
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		t.Fatalf("listen again: %v", err)
	}
	s.serve(l)
}

func (s *Server) serve(l net.Listener) {
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	srv.Domain = "mailtest.example"
	srv.TLSConfig = s.tls
	srv.EnableSMTPUTF8 = true
	srv.ReadTimeout, srv.WriteTimeout = time.Minute, time.Minute
	srv.ErrorLog = silent{}
	s.mu.Lock()
	s.server, s.listener = srv, l
	s.mu.Unlock()
	go func() { _ = srv.Serve(l) }() // ends with the error that Close makes
}

// Answer makes the server answer at that stage with the code, until code is 0.
func (s *Server) Answer(at stage, code int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code == 0 {
		delete(s.answers, at)
		return
	}
	s.answers[at] = &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: text}
}

// Messages returns what has arrived so far.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// Wait returns the messages once there are n of them.
func (s *Server) Wait(ctx context.Context, t testing.TB, n int) []Message {
	t.Helper()
	for {
		if got := s.Messages(); len(got) >= n {
			return got
		}
		select {
		case <-s.arrived:
		case <-ctx.Done():
			t.Fatalf("waited for %d messages, %d arrived", n, len(s.Messages()))
		}
	}
}

func (s *Server) refusal(at stage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.answers[at]; e != nil {
		return e
	}
	return nil
}

func (s *Server) keep(m Message) {
	s.mu.Lock()
	s.got = append(s.got, m)
	s.mu.Unlock()
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

type session struct {
	server *Server
	conn   *smtp.Conn
	user   string
	from   string
	to     []string
}

func (s *session) AuthMechanisms() []string {
	if s.server.user == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.user || password != s.server.password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.user != "" && s.user == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Sign in first"}
	}
	s.from = from
	return s.server.refusal(AtMail)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.server.refusal(AtRcpt); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.server.refusal(AtData); err != nil {
		return err
	}
	_, isTLS := s.conn.TLSConnectionState()
	for _, to := range s.to {
		m, err := Read(raw)
		if err != nil {
			return err
		}
		m.From, m.To, m.User, m.TLS = s.from, to, s.user, isTLS
		s.server.keep(m)
	}
	return nil
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

// Read takes a message apart.
func Read(raw []byte) (Message, error) {
	m := Message{Raw: raw, Header: netmail.Header{}}
	e, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	for f := e.Header.Fields(); f.Next(); {
		text, err := f.Text()
		if err != nil {
			return m, err
		}
		m.Header[f.Key()] = append(m.Header[f.Key()], text)
	}
	return m, e.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil {
			return err
		}
		kind, _, err := part.Header.ContentType()
		if err != nil || strings.HasPrefix(kind, "multipart/") {
			return err
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		switch kind {
		case "text/plain":
			m.Text = text
		case "text/html":
			m.HTML = text
		default:
			return errors.New("a part of type " + kind)
		}
		return nil
	})
}

func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mailtest"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, pool
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
