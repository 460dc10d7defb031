package demo

import (
	"context"
	"fmt"
	"strings"

	"bailiwick/internal/contact"
	"bailiwick/internal/ids"
)

// contactsOf is how many contacts a client has; the first client to look at has more than a page of them.
func contactsOf(s *site) int {
	if s.domain == "acme" {
		return 64
	}
	return 4
}

// makeContacts gives the client lists and people to send to, some of whom have left.
func (l *loader) makeContacts(ctx context.Context, s *site) error {
	l.at(s.created * 5 / 10)
	var lists []ids.List
	for _, in := range []contact.ListInput{{Name: "Newsletter", Description: "What is new, once a month", Public: true}, {Name: "Offers", Description: "Sales and vouchers", Public: true}, {Name: "Suppliers"}} {
		id, err := l.App.Contacts.AddList(ctx, s.owner, s.id, in)
		if err != nil {
			return fmt.Errorf("list %s: %w", in.Name, err)
		}
		lists = append(lists, id)
	}
	first, last, where := firsts(), lasts(), towns()
	for i := range contactsOf(s) {
		a, b := first[(i*5+s.users)%len(first)], last[(i*11+s.created)%len(last)]
		in := contact.Input{Name: a + " " + b, Email: strings.ToLower(fmt.Sprintf("%s.%d@%s.example.net", a, i, b)), Details: []contact.Detail{{Name: "City", Value: where[i%len(where)].name}}}
		if in.Email = strings.Map(plain, in.Email); i%7 == 3 {
			in.Email, in.Phone = "", fmt.Sprintf("+4420794600%02d", i)
		}
		if i%3 != 2 {
			in.Lists = append(in.Lists, lists[i%len(lists)])
		}
		if i%4 == 1 {
			in.Language = "fr"
		}
		if _, err := l.App.Contacts.Create(ctx, s.owner, s.id, in); err != nil {
			return fmt.Errorf("contact %s: %w", in.Name, err)
		}
	}
	for i, why := range contact.Reasons() {
		in := contact.SuppressInput{Address: fmt.Sprintf("reader%d@%s.example.org", i, s.domain), Reason: why}
		if why == contact.Unsubscribed {
			in.List = lists[0]
		}
		if _, err := l.App.Contacts.Suppress(ctx, s.owner, s.id, in); err != nil {
			return fmt.Errorf("suppression of %s: %w", in.Address, err)
		}
	}
	return nil
}

// plain drops what an address may not hold.
func plain(r rune) rune {
	if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.@-", r) {
		return r
	}
	return -1
}
