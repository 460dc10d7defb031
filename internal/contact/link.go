package contact

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// purpose keeps the codes of links apart from all other codes.
const purpose secret.Purpose = "contact.link"

// use is what a link is good for: the first letter of its text.
type use byte

// The uses.
const (
	toPrefer      use = 'p'
	toUnsubscribe use = 'u'
	toConfirm     use = 'c'
)

// The lengths of the parts of a link: of an id without its prefix in characters, and of the code in bytes.
const (
	idLen   = 26
	codeLen = 16
)

// link is a link of a contact, taken apart.
type link struct {
	use     use
	contact ids.Contact
	list    ids.List // "" for none
	code    []byte
}

// signed is what the code of a link is made of. The address is part of it where the link shows details: when the
// contact gets another address, links that lie in the old mailbox are dead.
func (l link) signed(c Contact) string {
	parts := []string{string(l.use), string(c.Account), string(l.contact), string(l.list)}
	if l.use != toUnsubscribe {
		parts = append(parts, c.address)
	}
	return strings.Join(parts, "|")
}

// sign makes the text of a link of a contact.
func (s *Service) sign(u use, c Contact, list ids.List) string {
	l := link{use: u, contact: c.ID, list: list}
	code := s.Box.MAC(purpose, l.signed(c))[:codeLen]
	return string(u) + strings.TrimPrefix(string(c.ID), "con_") + strings.TrimPrefix(string(list), "lst_") + base64.RawURLEncoding.EncodeToString(code)
}

// parseLink takes a text apart; false when it cannot be a link.
func parseLink(text string) (l link, ok bool) {
	at := 1 + idLen
	ends := base64.RawURLEncoding.EncodedLen(codeLen)
	if len(text) != at+ends && len(text) != at+idLen+ends {
		return l, false
	}
	l.use, l.contact = use(text[0]), ids.Contact("con_"+text[1:at])
	if len(text) > at+ends {
		l.list = ids.List("lst_" + text[at:at+idLen])
		at += idLen
	}
	code, err := base64.RawURLEncoding.Strict().DecodeString(text[at:])
	l.code = code
	return l, err == nil
}

// LinkDead is the code of the answer to a link that does not work.
const LinkDead = "contact.link_dead"

// dead is the one answer to links that were altered, cut or made up, and to those of contacts that are gone.
func dead() error {
	return errs.New(errs.NotFound, "contact.link_dead", "Use the link in the newest message that you got. This one is incomplete, or it is no longer in use.")
}

// open finds the contact whose link a text is.
func (s *Service) open(ctx context.Context, q db.Queryer, text string, u use) (Contact, link, error) {
	l, ok := parseLink(text)
	if !ok || l.use != u {
		return Contact{}, l, dead()
	}
	c, err := byLink(ctx, q, l.contact)
	if errors.Is(err, db.ErrNoRows) && u == toUnsubscribe { // whoever has no contact any more may still have its messages
		c, err = removedByLink(ctx, q, l.contact)
	}
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return Contact{}, l, err
	}
	// The code is compared for a contact that does not exist, too.
	if !s.Box.CheckMAC(purpose, l.signed(c), l.code) || c.ID == "" {
		return Contact{}, l, dead()
	}
	return c, l, nil
}

// Header is a field of a message.
type Header struct{ Name, Value string }

// UnsubscribeHeaders are the fields by which the programs of mailboxes offer to unsubscribe a contact from a list (RFC 2369)
// with one click (RFC 8058). An empty list stands for everything that the account sends. base is where the contact
// reaches the portal; its scheme has to be https.
func (s *Service) UnsubscribeHeaders(base *url.URL, c Contact, list ids.List) []Header {
	return []Header{
		{"List-Unsubscribe", "<" + base.JoinPath(UnsubscribePath, s.sign(toUnsubscribe, c, list)).String() + ">"},
		{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"},
	}
}

// PreferencesLink is the path of a contact's own page.
func (s *Service) PreferencesLink(c Contact) string {
	return PreferencesPath + "/" + s.sign(toPrefer, c, "")
}

// ConfirmLink is the path on which a contact confirms what waits for them. It is for their mailbox alone.
func (s *Service) ConfirmLink(c Contact) string {
	return ConfirmPath + "/" + s.sign(toConfirm, c, "")
}

// The paths of the pages that links lead to.
const (
	PreferencesPath = "/preferences"
	UnsubscribePath = "/unsubscribe"
	ConfirmPath     = "/confirm-subscription"
)
