package notify

import (
	"context"

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
	spoken func(ctx context.Context, on ids.Account, address string) (string, error)
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
	// Spoken is the language in which an account writes to an address whose person has not chosen theirs; "" for none.
	Spoken func(ctx context.Context, on ids.Account, address string) (string, error)
}

// NewSender makes a Sender.
func NewSender(d SenderDeps) *Sender {
	return &Sender{d.Mailer, d.Brand, d.Texts, d.Via, d.Clock, d.FromName, d.Spoken, newSent()}
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
	look, err := s.brand.Of(ctx, args.Account)
	if err != nil {
		return err
	}
	if m.Language == "" && args.Account != "" {
		if m.Language, err = s.spoken(ctx, args.Account, m.To); err != nil {
			return err
		}
	}
	msg, err := s.write(ctx, args, m, look)
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

func (s *Sender) write(ctx context.Context, args sendArgs, m Mail, look brand.Look) (mail.Message, error) {
	link := ""
	if !m.Link.Empty() {
		link = look.Base + m.Link.Reveal()
	}
	l := compose(s.texts.For(m.Language), m, look, link)
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
