package notify

import (
	"context"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/mail"
	"bailiwick/internal/op"
)

// ActionMailOpened is recorded when somebody reads a captured mail.
const ActionMailOpened = "mail.opened"

// Mailbox shows the mail that is captured while no mail server is set. It is for the platform's Owner alone: one-time
// links lie in it.
type Mailbox struct {
	op   *op.Runner
	kept *mail.Capture
	on   bool
}

// NewMailbox makes a Mailbox. It is on while mail is captured and does not exist otherwise.
func NewMailbox(o *op.Runner, kept *mail.Capture, on bool) *Mailbox { return &Mailbox{o, kept, on} }

// mailboxPage is how many mails are listed at once.
const mailboxPage = 50

// List returns a page of captured mails, newest first, and where the next page begins ("" for the end).
func (m *Mailbox) List(ctx context.Context, by authz.Actor, before ids.Mail) ([]mail.Captured, ids.Mail, error) {
	if err := m.check(ctx, by); err != nil {
		return nil, "", err
	}
	all, err := m.kept.List(ctx, before, mailboxPage+1)
	if err != nil || len(all) <= mailboxPage {
		return all, "", err
	}
	all = all[:mailboxPage]
	return all, all[mailboxPage-1].ID, nil
}

// Open returns one captured mail and records that it was read.
func (m *Mailbox) Open(ctx context.Context, by authz.Actor, id ids.Mail) (mail.Captured, error) {
	if err := m.check(ctx, by); err != nil {
		return mail.Captured{}, err
	}
	c, err := m.kept.Get(ctx, id)
	if err != nil {
		return mail.Captured{}, err
	}
	err = m.op.Write(ctx, by, authz.AccountTransfer, by.Account(), func(_ context.Context, w *op.W) error {
		w.Audit(audit.Event{Action: ActionMailOpened, TargetType: "mail", TargetID: string(id), Target: c.Subject})
		return nil
	})
	if err != nil {
		return mail.Captured{}, err
	}
	return c, nil
}

// check lets in who holds what only an Owner holds, at the platform itself.
func (m *Mailbox) check(ctx context.Context, by authz.Actor) error {
	if !m.on {
		return errs.NoSuch("page")
	}
	_, sc, err := m.op.Read(ctx, by, authz.AccountTransfer, by.Account())
	if err != nil {
		return err
	}
	if sc.Kind() != "platform" {
		return errs.NoSuch("page")
	}
	return nil
}
