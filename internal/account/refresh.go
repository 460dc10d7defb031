package account

import (
	"context"
	"strings"
	"unicode"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// CountsChanged brings the numbers of users and locations in the list of clients up to date, in the write that
// changed the members or locations of the scope's account.
func CountsChanged(ctx context.Context, tx *db.Tx, sc authz.Scope) error { return listRow(ctx, tx, sc) }

// refresh rewrites what the list of clients and its search know of the customer at or above the scope's account.
func refresh(ctx context.Context, tx *db.Tx, sc authz.Scope) error {
	if err := listRow(ctx, tx, sc); err != nil {
		return err
	}
	a, err := get(ctx, tx, sc, sc.Account())
	if err != nil || a.Kind != Customer {
		return err
	}
	rs, err := refs(ctx, tx, sc, a.ID)
	if err != nil {
		return err
	}
	return listWords(ctx, tx, sc, words(a, rs))
}

const mostWords = 60

// words are what a customer is found by, as prefixes: its whole name, each word of it, its email, its references.
func words(a Account, refs []Ref) []string {
	name := ids.Fold(a.Name)
	all := []string{name}
	all = append(all, strings.Fields(name)...)
	all = append(all, strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })...)
	if email := ids.Fold(a.Email); email != "" {
		_, domain, _ := strings.Cut(email, "@")
		all = append(all, email, domain)
	}
	for _, r := range refs {
		all = append(all, ids.Fold(r.Reference))
	}
	seen := map[string]bool{"": true}
	var out []string
	for _, w := range all {
		if !seen[w] && len(out) < mostWords {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}
