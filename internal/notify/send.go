package notify

import (
	"cmp"
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bailiwick/internal/brand"
	"bailiwick/internal/clock"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/mail"
)

// Transport takes a finished message: an SMTP server, or the capture mailbox.
type Transport interface {
	Send(ctx context.Context, m mail.Message) error
}

// Sender hands over what a Mailer has queued.
type Sender struct {
	mailer *Mailer
	brand  *brand.Service
	texts  *i18n.Catalogue
	via    Transport
	clock  clock.Clock
	named  string
	reader func(ctx context.Context, of Envelope) (Reader, error)
	sent   *prometheus.CounterVec
}

// SenderDeps are what a Sender works with.
type SenderDeps struct {
	Mailer *Mailer
	Brand  *brand.Service
	Texts  *i18n.Catalogue
	Via    Transport
	Clock  clock.Clock

	FromName string // of the sender, where no brand has a name
	// Reader tells who reads a mail. Nil: nothing is known of anybody.
	Reader func(ctx context.Context, of Envelope) (Reader, error)
}

// Envelope is what is known of a mail from outside.
type Envelope struct {
	To       string
	Account  ids.Account // where the reader belongs, else what it is about; "" for none
	Template Template
}

// Reader is what whoever reads a mail has chosen, or their account.
type Reader struct {
	Language string         // "" for none
	Zone     *time.Location // nil for UTC
	Unwanted bool           // the mail is not sent
}

// NewSender makes a Sender.
func NewSender(d SenderDeps) *Sender {
	return &Sender{d.Mailer, d.Brand, d.Texts, d.Via, d.Clock, d.FromName, d.Reader, newSent()}
}

// Register lists the sender's job. What a mail said is erased when it is over.
func (s *Sender) Register(w *jobs.Workers) { jobs.Register(w, jobs.Mail, s.send, jobs.Secret) }

// send writes the mail and hands it over. Running twice hands over the same message, with the same Message-ID.
func (s *Sender) send(ctx context.Context, _ jobs.Job, args sendArgs) error {
	if !s.mailer.Sends() {
		return nil // it waited while mail was switched off
	}
	m, err := s.mailer.open(args)
	if err != nil {
		return jobs.Permanent(err)
	}
	r, err := s.read(ctx, m)
	if err != nil || r.Unwanted {
		return err
	}
	look, err := s.brand.Of(ctx, args.Account)
	if err != nil {
		return err
	}
	msg, err := s.write(ctx, args, m, look, s.texts.For(cmp.Or(m.Language, r.Language)).In(r.Zone))
	if err != nil {
		return jobs.Permanent(err)
	}
	err = s.via.Send(ctx, msg)
	switch {
	case mail.IsPermanent(err):
		s.sent.WithLabelValues(refused).Inc()
		return jobs.Permanent(err)
	case err != nil:
		s.sent.WithLabelValues(failed).Inc()
		return err
	}
	s.sent.WithLabelValues(accepted).Inc()
	return nil
}

// read tells who reads the mail.
func (s *Sender) read(ctx context.Context, m Mail) (r Reader, err error) {
	if s.reader != nil {
		r, err = s.reader(ctx, Envelope{m.To, cmp.Or(m.At, m.Account), m.Template})
	}
	if r.Zone == nil {
		r.Zone = time.UTC
	}
	return r, err
}

// How handing a mail over went, as operators see it.
const (
	accepted = "sent"
	failed   = "failed"  // it will be tried again
	refused  = "refused" // the server will never take it
)

func newSent() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bailiwick_mails_total", Help: "Mails handed over, by result: sent, failed (tried again) or refused.",
	}, []string{"result"})
}

// Metrics lists what the sender measures of itself.
func (s *Sender) Metrics() []prometheus.Collector { return []prometheus.Collector{s.sent} }

func (s *Sender) write(ctx context.Context, args sendArgs, m Mail, look brand.Look, p i18n.Printer) (mail.Message, error) {
	link := ""
	if !m.Link.Empty() {
		link = look.Base + m.Link.Reveal()
	}
	l := compose(p, m, look, link)
	l.at(look.Base)
	html, err := l.html(ctx)
	if err != nil {
		return mail.Message{}, err
	}
	return mail.Message{ID: string(args.ID), At: s.clock(), From: mail.Address{Name: s.senderOf(look), Email: look.Sender},
		To: mail.Address{Name: m.Name, Email: m.To}, ReplyTo: mail.Address{Email: look.SupportEmail},
		Subject: l.Subject, Text: l.text(), HTML: html}, nil
}

// senderOf is the name that a mail comes from. The operator's own stands only where no brand says otherwise.
func (s *Sender) senderOf(look brand.Look) string {
	switch {
	case look.SenderName != "":
		return look.SenderName
	case look.Named || s.named == "":
		return look.Product
	}
	return s.named
}
