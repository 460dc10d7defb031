package contact

import (
	"context"
	"strconv"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
)

// Query chooses contacts.
type Query struct {
	Search string   // the beginning of a name or an address; of what is masked for the viewer, all of it
	List   ids.List // only those on a list
	Cursor string   // of another page
	Size   int      // rows of a page, page.Size unless given
}

// Page is one page of contacts.
type Page struct {
	Contacts []Contact
	On       map[ids.Contact][]ids.List // the lists that they are on
	Next     string                     // cursor of the next page, "" on the last
	Masked   Mask                       // what the viewer sees masked
}

// walk is a part of an index in which contacts are looked for, in its order.
type walk struct {
	column string
	whole  bool   // all of the index
	exact  bool   // equal to text, else beginning with it
	text   string // folded
}

// walks are the parts in which contacts of a search are looked for, one after the other.
func walks(search string, m Mask) []walk {
	text := ids.Fold(search)
	if text == "" {
		return []walk{{column: "c.shown_fold", whole: true}}
	}
	phone := cleanDigits(text)
	var out []walk
	switch m {
	case MaskNothing:
		out = []walk{{column: "c.shown_fold", text: text}, {column: "c.address", text: text}}
		if phone != "" {
			out = append(out, walk{column: "c.phone", text: phone})
		}
	default:
		if m == MaskAddresses {
			out = append(out, walk{column: "c.shown_fold", text: text})
		}
		out = append(out, walk{column: "c.address", exact: true, text: text})
		if phone != "" {
			out = append(out, walk{column: "c.phone", exact: true, text: phone})
		}
	}
	return out
}

// cleanDigits is a search as the beginning of a phone number, "" when it cannot be one.
func cleanDigits(text string) string {
	out := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-(). ", r) {
			return -1
		}
		return r
	}, text)
	if strings.Trim(strings.TrimPrefix(out, "+"), "0123456789") != "" {
		return ""
	}
	return out
}

// last is above every text that begins with another.
const last = "\U0010FFFF"

// cond keeps a query to the walk's part.
func (w walk) cond() (string, []any) {
	switch {
	case w.whole:
		return "1 = 1", nil
	case w.exact:
		return w.column + " = ?", []any{w.text}
	}
	return w.column + " >= ? AND " + w.column + " < ?", []any{w.text, w.text + last}
}

// place is where a page begins: behind a row of one of the walks.
type place struct {
	walk  int
	value string
	id    ids.Contact
}

// Find lists the contacts of an account by name, those without one by address.
func (s *Service) Find(ctx context.Context, by authz.Actor, account ids.Account, in Query) (Page, error) {
	return s.findAs(ctx, by, authz.ContactsView, account, in)
}

// ExportPage is Find for whoever may take the list along.
func (s *Service) ExportPage(ctx context.Context, by authz.Actor, account ids.Account, in Query) (Page, error) {
	return s.findAs(ctx, by, authz.ContactsExport, account, in)
}

func (s *Service) findAs(ctx context.Context, by authz.Actor, p authz.Perm, account ids.Account, in Query) (Page, error) {
	q, sc, m, err := s.read(ctx, by, p, account)
	if err != nil {
		return Page{}, err
	}
	bind := page.Binding{Actor: by.ID(), Root: string(account), Query: "contacts " + string(m) + " " + string(in.List) + " " + in.Search}
	var after *place
	if in.Cursor != "" {
		c, err := s.Cursors.Open(bind, in.Cursor, 3)
		if err != nil {
			return Page{}, err
		}
		n, _ := strconv.Atoi(c.Key[0]) //nolint:errcheck // it was sealed here
		after = &place{n, c.Key[1], ids.Contact(c.Key[2])}
	}
	size := in.Size
	if size == 0 {
		size = page.Size
	}
	found, places, err := find(ctx, q, sc, in, walks(in.Search, m), after, size+1)
	if err != nil {
		return Page{}, err
	}
	out := Page{Masked: m, On: map[ids.Contact][]ids.List{}}
	var some []ids.Contact
	for i, c := range found[:min(len(found), size)] {
		some = append(some, c.ID)
		out.Contacts = append(out.Contacts, m.on(c))
		if i == size-1 && len(found) > size {
			at := places[i]
			out.Next = s.Cursors.Seal(bind, page.Cursor{Key: []string{strconv.Itoa(at.walk), at.value, string(at.id)}})
		}
	}
	return out, listsOfMany(ctx, q, sc, some, out.On)
}

// find goes through the walks until there are enough contacts. One that an earlier walk has is not found again.
func find(ctx context.Context, q db.Queryer, sc authz.Scope, in Query, all []walk, after *place, limit int) (out []Contact, places []place, err error) {
	first := 0
	if after != nil {
		first = after.walk
	}
	for i := first; i < len(all) && len(out) < limit; i++ {
		var from *place
		if after != nil && i == after.walk {
			from = after
		}
		query, args := findText(sc, in.List, all[:i], all[i], from, limit-len(out))
		found, err := db.All(ctx, q, scan, query, args...)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range found {
			out = append(out, c)
			places = append(places, place{i, c.valueOf(all[i].column), c.ID})
		}
	}
	return out, places, nil
}

func (c Contact) valueOf(column string) string {
	switch column {
	case "c.address":
		return c.address
	case "c.phone":
		return c.Phone
	}
	return c.shown
}
