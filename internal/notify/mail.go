// Package notify is the mail the platform sends to people: which texts exist, and how one comes to be sent.
//
// A feature queues a Mail in the transaction that causes it. It waits sealed, since it may carry a one-time link;
// the Sender's worker opens it, writes it in the reader's language and hands it over, and the job's arguments are
// erased when that is over.
package notify

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/secret"
)

// Template names what a mail says. Its texts stand in the catalogue under mail.<template>.
type Template string

// The templates, with the names that their texts use from Mail.Data.
const (
	Invitation         Template = "invitation"           // inviter, account, expires
	Welcome            Template = "welcome"              // account, username, expires
	Reset              Template = "reset"                // minutes
	PasswordChanged    Template = "password_changed"     //
	PasswordExpiring   Template = "password_expiring"    // count (days), date
	SignInFailed       Template = "sign_in_failed"       // address, time
	EmailConfirm       Template = "email_confirm"        // minutes
	EmailChanged       Template = "email_changed"        // email
	SecondFactorOn     Template = "second_factor_on"     //
	SecondFactorOff    Template = "second_factor_off"    //
	MembershipEnding   Template = "membership_ending"    // account, count (days), date
	MembershipGrace    Template = "membership_grace"     // account, count (days), date
	MembershipExpired  Template = "membership_expired"   // account, date
	InviteFailedRights Template = "invite_failed_rights" // account, email, inviter
	OwnerReplaced      Template = "owner_replaced"       // account, by
	KeyExpiring        Template = "key_expiring"         // key, account, count (days), date
	QuotaNear          Template = "quota_near"           // name, percent, used, most, limit
	QuotaReached       Template = "quota_reached"        // name, used, most, limit
	// SubscriptionConfirm goes to contacts of accounts, not to users.
	SubscriptionConfirm Template = "subscription_confirm" // account, list
)

// shape says what a template's mail holds besides its subject, heading and body.
type shape struct {
	link Linked
	data []string
}

// Linked says whether a mail has a button.
type Linked uint8

// With or without a button.
const (
	NoLink Linked = iota
	WithLink
)

// shapes is the one table of templates; the texts of each are checked against it.
func shapes() map[Template]shape {
	return map[Template]shape{
		Invitation:          {WithLink, []string{"inviter", "account", "expires"}},
		Welcome:             {WithLink, []string{"account", "username", "expires"}},
		Reset:               {WithLink, []string{"minutes"}},
		PasswordChanged:     {NoLink, nil},
		PasswordExpiring:    {WithLink, []string{"count", "date"}},
		SignInFailed:        {WithLink, []string{"address", "time"}},
		EmailConfirm:        {WithLink, []string{"minutes"}},
		EmailChanged:        {NoLink, []string{"email"}},
		SecondFactorOn:      {NoLink, nil},
		SecondFactorOff:     {NoLink, nil},
		MembershipEnding:    {WithLink, []string{"account", "count", "date"}},
		MembershipGrace:     {WithLink, []string{"account", "count", "date"}},
		MembershipExpired:   {WithLink, []string{"account", "date"}},
		InviteFailedRights:  {WithLink, []string{"account", "email", "inviter"}},
		OwnerReplaced:       {WithLink, []string{"account", "by"}},
		KeyExpiring:         {WithLink, []string{"key", "account", "count", "date"}},
		QuotaNear:           {WithLink, []string{"name", "percent", "used", "most", "limit"}},
		QuotaReached:        {WithLink, []string{"name", "used", "most", "limit"}},
		SubscriptionConfirm: {WithLink, []string{"account", "list"}},
	}
}

// Mail is one mail to one person.
type Mail struct {
	To       string
	Name     string // the person's, "" when not known
	Template Template
	Language string        // "" for the platform's default
	Account  ids.Account   // what it is about
	At       ids.Account   // where the person belongs, when that is another account
	Link     secret.String // the path of the button, "/invitation/...": the base URL is put before it when it is sent
	Data     []any         // names and values in turn; a time.Time is written as the day that it is where the reader is
}

// Day is a day of the calendar, 2006-01-02, as a value of Mail.Data. It is the same everywhere.
type Day string

// Moment is an instant as a value of Mail.Data, written with the time of day where the reader is.
type Moment time.Time

// Word is a value of Mail.Data that stands in the catalogue under its key, and is written in the reader's language.
type Word string

// Mailer queues mail. Its Sender sends it.
type Mailer struct {
	box *secret.Box
	off bool
}

// NewMailer returns a Mailer that seals what waits with box.
func NewMailer(box *secret.Box) *Mailer { return &Mailer{box: box} }

// NoMailer returns the Mailer of an installation whose mail is off. What is queued with it is dropped.
func NoMailer(box *secret.Box) *Mailer { return &Mailer{box, true} }

// Sends reports whether mail is on. Where it is off, links are handed over by those who make them.
func (m *Mailer) Sends() bool { return !m.off }

// Queue adds mails about one account to what is sent when the transaction commits.
func (m *Mailer) Queue(ctx context.Context, tx *db.Tx, mails ...Mail) error {
	var all []sendArgs
	for _, mail := range mails {
		if err := mail.check(); err != nil {
			return err
		}
		if m.off {
			continue
		}
		id := ids.NewMail(tx.Now())
		sealed, err := m.seal(id, mail)
		if err != nil {
			return err
		}
		all = append(all, sendArgs{ID: id, Account: mail.Account, Sealed: sealed})
	}
	if len(all) == 0 {
		return nil
	}
	return jobs.EnqueueAll(ctx, tx, all, jobs.Options{Queue: jobs.Mail, Account: all[0].Account})
}

// check finds what the sender could not mend; it is a mistake of the program, not of a person.
func (m Mail) check() error {
	s, known := shapes()[m.Template]
	if !known {
		return fmt.Errorf("notify: there is no template %q", m.Template)
	}
	if m.To == "" {
		return errs.New(errs.Internal, "mail.no_address", "The mail has no address.")
	}
	link := m.Link.Reveal()
	if (s.link == WithLink) != (link != "") {
		return fmt.Errorf("notify: template %q with link: %v", m.Template, link != "")
	}
	if link != "" && !isPath(link) {
		return fmt.Errorf("notify: the link of %q is not a path of this portal", m.Template)
	}
	given := map[string]bool{}
	for i := 0; i+1 < len(m.Data); i += 2 {
		given[fmt.Sprint(m.Data[i])] = true
	}
	for _, name := range s.data {
		if !given[name] {
			return fmt.Errorf("notify: template %q lacks %q", m.Template, name)
		}
	}
	return nil
}

// isPath keeps a link on this portal: "//elsewhere" and "/\elsewhere" leave it in a browser.
func isPath(s string) bool {
	return s[0] == '/' && (len(s) == 1 || s[1] != '/' && s[1] != '\\')
}
