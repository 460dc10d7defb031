// Package contact keeps to whom accounts send: their contacts, the lists these are on, and the addresses to which
// nothing is sent.
//
// A contact, a list and a suppression belong to one account, a customer or a department. A suppression counts for its
// account and all below it. What a contact's details are is shown in full or masked, by the viewer's rights and the
// rule of the account; a masked value never leaves this package unmasked.
package contact

import (
	"context"
	"errors"
	"net/mail"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
	"bailiwick/internal/plan"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

// Detail is a further detail of a contact, under a name of the account's choosing.
type Detail struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Contact is somebody whom an account sends to.
type Contact struct {
	ID        ids.Contact
	Account   ids.Account
	Email     string // "" when only the phone is known
	Phone     string // digits, led by + or not; "" when only the email is known
	Name      string
	Language  string // a tag like "fr", "" for the account's
	Details   []Detail
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
	Masked    Mask // what of it the viewer sees masked

	address string // the folded email, else the phone
	shown   string // the folded name, else the address
}

// Title is what the contact is called: the name, else the email, else the phone.
func (c Contact) Title() string {
	switch {
	case c.Name != "":
		return c.Name
	case c.Email != "":
		return c.Email
	}
	return c.Phone
}

// addressed sets what the contact is found and ordered by.
func (c Contact) addressed() Contact {
	if c.address = ids.Fold(c.Email); c.address == "" {
		c.address = c.Phone
	}
	if c.shown = ids.Fold(c.Name); c.shown == "" {
		c.shown = c.address
	}
	return c
}

// logged is what the log says about a contact: that a detail changed, never what it is.
type logged struct {
	Email    string
	Phone    string
	Name     string
	Language string `audit:"show"`
	Details  string
	Lists    []string `audit:"show"`
}

func (c Contact) logged(lists []string) logged {
	var details []string
	for _, d := range c.Details {
		details = append(details, d.Name+": "+d.Value)
	}
	return logged{c.Email, c.Phone, c.Name, c.Language, strings.Join(details, "\n"), lists}
}

func (c Contact) event(action string) audit.Event {
	return audit.Event{Action: action, TargetType: "contact", TargetID: string(c.ID), Target: maskAddress(c.address)}
}

// Deps is what the Service stands on.
type Deps struct {
	DB      *db.DB // for links, whose account is known only when they have been read
	Ops     *op.Runner
	Known   *setting.Known
	Cursors *page.Sealer
	Mail    *notify.Mailer
	Box     *secret.Box // signs the links of contacts
}

// Service is the operations on contacts.
type Service struct{ Deps }

// NewService makes a Service.
func NewService(d Deps) *Service { return &Service{d} }

// Input is what is typed about a contact.
type Input struct {
	Email    string
	Phone    string
	Name     string
	Language string
	Details  []Detail
	Lists    []ids.List
	Version  int64 // of the contact that was edited
}

// The longest values, in characters, and how many there can be.
const (
	longestEmail  = 254
	longestName   = 120
	longestDetail = 500
	longestKey    = 40
	mostDetails   = 10
)

// clean checks what was typed and brings it into the form in which it is kept.
func (in Input) clean() (Input, error) {
	var c errs.Collector
	in.Email = norm.NFC.String(strings.TrimSpace(in.Email))
	in.Name = strings.Join(strings.Fields(in.Name), " ")
	in.Language = strings.TrimSpace(in.Language)
	if in.Email != "" {
		if a, err := mail.ParseAddress(in.Email); err != nil || a.Address != in.Email || len(in.Email) > longestEmail {
			c.Add("email", "input.email", "Write an address like name@example.com.")
		}
	}
	if typed := strings.TrimSpace(in.Phone); typed != "" {
		if in.Phone = cleanPhone(typed); in.Phone == "" {
			c.Add("phone", "contact.phone", "Write a phone number of 5 to 15 digits, like +33 1 70 18 99 00.")
		}
	} else {
		in.Phone = ""
	}
	if in.Email == "" && strings.TrimSpace(in.Phone) == "" {
		c.Add("email", "contact.address_missing", "Write an email address or a phone number.")
	}
	c.Line("name", in.Name, longestName)
	if _, err := language.Parse(in.Language); err != nil && in.Language != "" {
		c.Add("language", "account.language_unknown", "Choose a language from the list.")
	}
	in.Details = cleanDetails(&c, in.Details)
	for field, text := range map[string]string{"email": in.Email, "name": in.Name} {
		if strings.Contains(text, dots) { // from an export of somebody who sees it masked
			c.Add(field, "contact.masked", "Write it in full, or leave it out. This is masked.")
		}
	}
	return in, c.Err()
}

func cleanDetails(c *errs.Collector, in []Detail) []Detail {
	var out []Detail
	for _, d := range in {
		d.Name, d.Value = strings.Join(strings.Fields(d.Name), " "), strings.Join(strings.Fields(d.Value), " ")
		fold := ids.Fold(d.Name)
		switch {
		case d.Value == "":
			continue
		case fold == "":
			c.Add("details", "contact.detail_nameless", "Name each detail, or empty its value.")
		case strings.Contains(fold, ":"):
			c.Add("details", "contact.detail_colon", "Name details without a colon. It stands between a name and its value.")
		case slices.ContainsFunc(out, func(o Detail) bool { return ids.Fold(o.Name) == fold }):
			c.Add("details", "contact.detail_twice", "Keep {name} once. Two details are called so.", "name", d.Name)
		}
		if strings.Contains(d.Value, dots) {
			c.Add("details", "contact.masked", "Write it in full, or leave it out. This is masked.")
		}
		c.Line("details", d.Name, longestKey)
		c.Line("details", d.Value, longestDetail)
		out = append(out, d)
	}
	if len(out) > mostDetails {
		c.Add("details", "contact.details_many", "Keep up to {most} details.", "most", mostDetails)
	}
	return out
}

// cleanPhone keeps the digits of a number and a leading +; "" when it is none.
func cleanPhone(typed string) string {
	var b strings.Builder
	for i, r := range typed {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			b.WriteRune(r)
		case !strings.ContainsRune("-().x/ \u00a0", r):
			return ""
		}
	}
	out := b.String()
	if n := len(strings.TrimPrefix(out, "+")); n < 5 || n > 15 {
		return ""
	}
	return out
}

// over is the input laid over a contact: what the viewer sees masked stays as it is unless it was typed anew.
func (in Input) over(c Contact, m Mask) Input {
	if m == MaskNothing {
		return in
	}
	keep := func(typed *string, old string) {
		if strings.TrimSpace(*typed) == "" {
			*typed = old
		}
	}
	keep(&in.Email, c.Email)
	keep(&in.Phone, c.Phone)
	if m == MaskAll {
		keep(&in.Name, c.Name)
	}
	in.Details = c.Details
	return in
}

// owns refuses accounts that only hold others: contacts belong to customers and departments.
func owns(sc authz.Scope) error {
	if sc.Kind() != "customer" && sc.Kind() != "department" {
		return errs.NoSuch("page")
	}
	return nil
}

// read is op.Read on an account that can have contacts, with what the viewer sees masked.
func (s *Service) read(ctx context.Context, by authz.Actor, p authz.Perm, account ids.Account) (db.Queryer, authz.Scope, Mask, error) {
	q, sc, err := s.Ops.Read(ctx, by, p, account)
	if err == nil {
		err = owns(sc)
	}
	if err != nil {
		return nil, authz.Scope{}, MaskAll, err
	}
	m, err := s.maskFor(ctx, q, sc)
	return q, sc, m, err
}

// write is op.Write on an account that can have contacts.
func (s *Service) write(ctx context.Context, by authz.Actor, p authz.Perm, account ids.Account, fn func(ctx context.Context, w *op.W) error) error {
	return s.Ops.Write(ctx, by, p, account, func(ctx context.Context, w *op.W) error {
		if err := owns(w.Scope()); err != nil {
			return err
		}
		return fn(ctx, w)
	})
}

// Record is all that is known of a contact.
type Record struct {
	Contact
	Lists []Subscription
	Stops []Suppression // what keeps messages from the contact's address, here and above
}

// Get returns a contact of an account.
func (s *Service) Get(ctx context.Context, by authz.Actor, account ids.Account, id ids.Contact) (out Record, err error) {
	q, sc, m, err := s.read(ctx, by, authz.ContactsView, account)
	if err != nil {
		return out, err
	}
	if out.Contact, err = load(ctx, q, sc, id); err != nil {
		return out, err
	}
	if out.Lists, err = subscriptionsOf(ctx, q, sc, id); err != nil {
		return out, err
	}
	if out.Stops, err = stopsOf(ctx, q, sc, out.address); err != nil {
		return out, err
	}
	out.Contact = m.on(out.Contact)
	for i := range out.Stops {
		out.Stops[i] = m.onStop(out.Stops[i])
	}
	return out, nil
}

func load(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Contact) (Contact, error) {
	c, err := one(ctx, q, sc, id)
	if errors.Is(err, db.ErrNoRows) {
		return c, errs.NoSuch("contact")
	}
	return c, err
}

// Create adds a contact to an account.
func (s *Service) Create(ctx context.Context, by authz.Actor, account ids.Account, in Input) (id ids.Contact, err error) {
	err = s.write(ctx, by, authz.ContactsEdit, account, func(ctx context.Context, w *op.W) error {
		in, err := in.clean()
		if err != nil {
			return err
		}
		c, err := s.add(ctx, w, in)
		if err != nil {
			return err
		}
		id = c.ID
		return plan.Fits(ctx, w.Tx(), w.Scope(), plan.Contacts)
	})
	return id, err
}

// add makes a contact of what was cleaned.
func (s *Service) add(ctx context.Context, w *op.W, in Input) (Contact, error) {
	now := w.Tx().Now()
	c := Contact{ID: ids.NewContact(now), Account: w.Scope().Account(), Email: in.Email, Phone: in.Phone, Name: in.Name, Language: in.Language, Details: in.Details, Version: 1, CreatedAt: now, UpdatedAt: now}.addressed()
	if err := taken(insert(ctx, w.Tx(), w.Scope(), c)); err != nil {
		return c, err
	}
	lists, err := s.putOn(ctx, w, c, in.Lists)
	if err != nil {
		return c, err
	}
	e := c.event("contact.created")
	e.After = c.logged(lists)
	w.Audit(e)
	return c, nil
}

func taken(err error) error {
	if errors.Is(err, db.ErrUnique) {
		e := errs.Field("email", "contact.address_taken", "Open the contact that has this address. There is one already.")
		e.Kind = errs.Conflict
		return e
	}
	return err
}

// Edit changes a contact. A value that the editor sees masked stays unless another one is typed.
func (s *Service) Edit(ctx context.Context, by authz.Actor, account ids.Account, id ids.Contact, in Input) error {
	return s.write(ctx, by, authz.ContactsEdit, account, func(ctx context.Context, w *op.W) error {
		old, err := load(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		if old.Version != in.Version {
			return errs.New(errs.Conflict, "contact.stale", "Load the contact again and repeat your change. Somebody else saved it while you were editing it.")
		}
		m, err := s.maskFor(ctx, w.Tx(), w.Scope())
		if err != nil {
			return err
		}
		in, err := in.over(old, m).clean()
		if err != nil {
			return err
		}
		return s.change(ctx, w, old, in)
	})
}

// change brings a contact to what was cleaned.
func (s *Service) change(ctx context.Context, w *op.W, old Contact, in Input) error {
	was, err := namesOn(ctx, w.Tx(), w.Scope(), old.ID)
	if err != nil {
		return err
	}
	c := old
	c.Email, c.Phone, c.Name, c.Language, c.Details = in.Email, in.Phone, in.Name, in.Language, in.Details
	c = c.addressed()
	now, err := s.putOn(ctx, w, c, in.Lists)
	if err != nil {
		return err
	}
	if same(old, c) && slices.Equal(was, now) {
		return w.Unchanged()
	}
	c.Version, c.UpdatedAt = old.Version+1, w.Tx().Now()
	if err := taken(update(ctx, w.Tx(), w.Scope(), c)); err != nil {
		return err
	}
	e := c.event("contact.updated")
	e.Before, e.After = old.logged(was), c.logged(now)
	w.Audit(e)
	return nil
}

func same(a, b Contact) bool {
	return a.Email == b.Email && a.Phone == b.Phone && a.Name == b.Name && a.Language == b.Language && slices.Equal(a.Details, b.Details)
}

// Remove forgets a contact. What it has unsubscribed from stays suppressed, and for KeepRemoved it can unsubscribe by its messages.
func (s *Service) Remove(ctx context.Context, by authz.Actor, account ids.Account, id ids.Contact) error {
	return s.write(ctx, by, authz.ContactsEdit, account, func(ctx context.Context, w *op.W) error {
		c, err := load(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		if err := remove(ctx, w.Tx(), w.Scope(), id); err != nil {
			return err
		}
		w.Audit(c.event("contact.removed"))
		return nil
	})
}
