package contact

import (
	"context"
	"strings"
	"unicode/utf8"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/setting"
)

// Mask is what of a contact's details is shown masked.
type Mask string

// The masks, from the mildest.
const (
	MaskNothing   Mask = "nothing"
	MaskAddresses Mask = "addresses" // email, phone and further details
	MaskAll       Mask = "all"       // and the name
)

// dots stand for what is masked.
const dots = "•••"

// maskFor is what the actor of a scope sees masked there.
func (s *Service) maskFor(ctx context.Context, q db.Queryer, sc authz.Scope) (Mask, error) {
	if sc.Has(authz.ContactsViewFull) {
		return MaskNothing, nil
	}
	rules, err := s.Known.By(ctx, q, sc.Account())
	if err != nil {
		return MaskAll, err
	}
	return setting.In(rules, masking)
}

// on masks a contact.
func (m Mask) on(c Contact) Contact {
	c.Masked = m
	if m == MaskNothing {
		return c
	}
	c.Email, c.Phone, c.address, c.shown = maskAddress(c.Email), maskAddress(c.Phone), "", ""
	details := make([]Detail, len(c.Details))
	for i, d := range c.Details {
		details[i] = Detail{d.Name, dots}
	}
	c.Details = details
	if m == MaskAll {
		c.Name = maskName(c.Name)
	}
	return c
}

// onStop masks a suppression.
func (m Mask) onStop(s Suppression) Suppression {
	if m != MaskNothing {
		s.Address = maskAddress(s.Address)
	}
	return s
}

// maskAddress keeps the first letters of an email with the end of its domain, and the last two digits of a phone:
// "a•••@e•••.com", "•••00".
func maskAddress(address string) string {
	if address == "" {
		return ""
	}
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return dots + address[max(0, len(address)-2):]
	}
	local, domain := address[:at], address[at+1:]
	end := ""
	if dot := strings.LastIndexByte(domain, '.'); dot > 0 {
		end = domain[dot:]
	}
	return initial(local) + dots + "@" + initial(domain) + dots + end
}

// maskName keeps the first letter of each word.
func maskName(name string) string {
	words := strings.Fields(name)
	for i, w := range words {
		words[i] = initial(w) + dots
	}
	return strings.Join(words, " ")
}

func initial(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}
