package mail_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/mail"
	"bailiwick/internal/mail/mailtest"
	"bailiwick/internal/secret"
)

var letter = mail.Message{
	ID:      "job_1",
	At:      time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC),
	From:    mail.Address{Name: "Harbour Mäil", Email: "no-reply@harbour.example"},
	To:      mail.Address{Name: "Zoë Brandt", Email: "zoe@client.example"},
	ReplyTo: mail.Address{Email: "help@harbour.example"},
	Subject: "Invitation à Café Ltd",
	Text:    "Open https://portal.example/invite/abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst to accept.\n.\nสวัสดี\n",
	HTML:    "<p>Open <a href=\"https://portal.example/invite\">it</a></p>\n",
	Headers: map[string]string{"X-Kind": "invitation"},
}

func sender(t *testing.T, s *mailtest.Server, change func(*mail.Server)) *mail.SMTP {
	t.Helper()
	cfg := mail.Server{Host: s.Host, Port: s.Port, TLS: mail.StartTLS, RootCAs: s.RootCAs, Timeout: 10 * time.Second}
	if change != nil {
		change(&cfg)
	}
	out, err := mail.NewSMTP(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMessageArrivesAsWritten(t *testing.T) {
	s := mailtest.Start(t, mailtest.WithLogin("bailiwick", "pa$$ word"))
	out := sender(t, s, func(c *mail.Server) { c.Username, c.Password = "bailiwick", secret.Wrap("pa$$ word") })
	if err := out.Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	got := s.Messages()
	if len(got) != 1 {
		t.Fatalf("%d messages arrived", len(got))
	}
	m := got[0]
	if m.From != letter.From.Email || m.To != letter.To.Email || m.User != "bailiwick" || !m.TLS {
		t.Errorf("envelope: from %s to %s, signed in as %q, TLS %v", m.From, m.To, m.User, m.TLS)
	}
	if m.Text != letter.Text {
		t.Errorf("text: %s", cmp.Diff(letter.Text, m.Text))
	}
	if m.HTML != letter.HTML {
		t.Errorf("HTML: %s", cmp.Diff(letter.HTML, m.HTML))
	}
	for name, want := range map[string]string{
		"Subject": letter.Subject, "From": `Harbour Mäil <no-reply@harbour.example>`, "To": "Zoë Brandt <zoe@client.example>",
		"Reply-To": "<help@harbour.example>", "Date": "Sun, 01 Mar 2026 09:30:00 +0000",
		"Auto-Submitted": "auto-generated", "X-Kind": "invitation",
	} {
		if got := strings.ReplaceAll(m.Header.Get(name), `"`, ""); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if id := m.Header.Get("Message-Id"); !strings.HasSuffix(id, "@harbour.example>") || strings.Contains(id, "job_1") {
		t.Errorf("Message-ID is %q", id)
	}
	if strings.Contains(string(m.Raw), "go-mail") {
		t.Error("the message names the library it was made with")
	}
}

func TestSecondAttemptHasTheSameMessageID(t *testing.T) {
	s := mailtest.Start(t)
	out := sender(t, s, nil)
	other := letter
	other.ID = "job_2"
	for _, m := range []mail.Message{letter, letter, other} {
		if err := out.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	id := func(i int) string { return s.Messages()[i].Header.Get("Message-Id") }
	if id(0) != id(1) || id(0) == id(2) {
		t.Errorf("ids %q %q %q", id(0), id(1), id(2))
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name      string
		tell      func(*mailtest.Server)
		permanent bool
		code      int
	}{
		{"try later at RCPT", func(s *mailtest.Server) { s.Answer(mailtest.AtRcpt, 451, "Greylisted") }, false, 451},
		{"mailbox full at DATA", func(s *mailtest.Server) { s.Answer(mailtest.AtData, 452, "Full") }, false, 452},
		{"no such mailbox", func(s *mailtest.Server) { s.Answer(mailtest.AtRcpt, 550, "No such user") }, true, 550},
		{"content refused", func(s *mailtest.Server) { s.Answer(mailtest.AtData, 554, "Spam") }, true, 554},
		{"sender refused", func(s *mailtest.Server) { s.Answer(mailtest.AtMail, 553, "Not you") }, true, 553},
		{"sign-in wanted", func(s *mailtest.Server) { s.Answer(mailtest.AtMail, 530, "Sign in") }, false, 530},
		{"down", func(s *mailtest.Server) { s.Stop() }, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mailtest.Start(t)
			c.tell(s)
			out := sender(t, s, nil)
			err := out.Send(t.Context(), letter)
			f, ok := err.(*mail.Failure) //nolint:errorlint // Send promises this very type
			if !ok {
				t.Fatalf("got %v, want a Failure", err)
			}
			if f.Permanent != c.permanent || f.Code != c.code || mail.IsPermanent(fmt.Errorf("job: %w", err)) != c.permanent {
				t.Errorf("got %+v, want permanent %v, code %d", f, c.permanent, c.code)
			}
			if strings.Contains(fmt.Sprintf("%+v", err), "invite/") {
				t.Errorf("the error shows the message: %+v", err)
			}
			if len(s.Messages()) != 0 {
				t.Error("it arrived all the same")
			}
		})
	}
}

func TestServerBackUpTakesMailAgain(t *testing.T) {
	s := mailtest.Start(t)
	out := sender(t, s, nil)
	s.Stop()
	if err := out.Send(t.Context(), letter); err == nil {
		t.Fatal("sent to a server that is down")
	}
	s.Restart(t)
	if err := out.Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
}

func TestWrongPasswordIsNotTheMessagesFault(t *testing.T) {
	s := mailtest.Start(t, mailtest.WithLogin("u", "right"))
	out := sender(t, s, func(c *mail.Server) { c.Username, c.Password = "u", secret.Wrap("canary-wrong") })
	err := out.Send(t.Context(), letter)
	if err == nil || mail.IsPermanent(err) || strings.Contains(err.Error(), "canary-wrong") {
		t.Errorf("got %v", err)
	}
}

func TestUntrustedCertificateStopsTheMail(t *testing.T) {
	s := mailtest.Start(t)
	out := sender(t, s, func(c *mail.Server) { c.RootCAs = nil })
	if err := out.Send(t.Context(), letter); err == nil || mail.IsPermanent(err) {
		t.Errorf("got %v", err)
	}
}

func TestCancelledBeforeConnecting(t *testing.T) {
	s := mailtest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sender(t, s, nil).Send(ctx, letter); err == nil || mail.IsPermanent(err) {
		t.Errorf("got %v", err)
	}
}

func TestSilentServerTimesOut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	out, err := mail.NewSMTP(mail.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: mail.NoTLS, Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Send(t.Context(), letter); err == nil || mail.IsPermanent(err) {
		t.Errorf("got %v", err)
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	const evil = "Hello\r\nBcc: victim@example.com\r\n\r\nbody\u2028x"
	s := mailtest.Start(t)
	out := sender(t, s, nil)
	m := letter
	m.Subject, m.From.Name, m.To.Name = evil, evil, evil
	m.Headers = map[string]string{"X-Kind": evil}
	if err := out.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := s.Messages()
	if len(got) != 1 || got[0].Header.Get("Bcc") != "" || got[0].Text != letter.Text {
		t.Errorf("a header or a recipient was added: %+v", got)
	}
	for name, bend := range map[string]func(*mail.Message){
		"address with a line break": func(m *mail.Message) { m.To.Email = "a@b.example\r\nBcc: c@d.example" },
		"two addresses":             func(m *mail.Message) { m.To.Email = "a@b.example, c@d.example" },
		"address with a name":       func(m *mail.Message) { m.To.Email = "Eve <c@d.example>" },
		"no address":                func(m *mail.Message) { m.To.Email = "" },
		"sender without a domain":   func(m *mail.Message) { m.From.Email = "root" },
		"name of a header bent":     func(m *mail.Message) { m.Headers = map[string]string{"X\r\nBcc": "c@d.example"} },
		"reserved header":           func(m *mail.Message) { m.Headers = map[string]string{"bcc": "c@d.example"} },
	} {
		m := letter
		bend(&m)
		if err := out.Send(t.Context(), m); !mail.IsPermanent(err) {
			t.Errorf("%s: got %v, want a permanent failure", name, err)
		}
	}
	if n := len(s.Messages()); n != 1 {
		t.Errorf("%d messages arrived", n)
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	for name, s := range map[string]mail.Server{
		"password in the clear": {Host: "h", TLS: mail.NoTLS, Username: "u"},
		"unknown TLS mode":      {Host: "h", TLS: "ssl3"},
		"no host":               {},
	} {
		if _, err := mail.NewSMTP(s); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
