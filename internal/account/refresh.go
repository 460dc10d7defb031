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
	if err := listSearch(ctx, tx, sc, searchText(a, rs)); err != nil {
		return err
	}
	return listWords(ctx, tx, sc, words(a, rs))
}

const mostWords = 60

// searchText is what a search looks into, a line each: no search goes over the end of a line.
func searchText(a Account, refs []Ref) string {
	lines := []string{ids.Fold(a.Name)}
	if a.Email != "" {
		lines = append(lines, ids.Fold(a.Email))
	}
	for _, r := range refs {
		lines = append(lines, ids.Fold(r.Reference))
	}
	return strings.Join(lines, "\n")
}

// words are what a customer is found by in a big list, as prefixes: each word of its name, its email, its references.
func words(a Account, refs []Ref) []string {
	name := ids.Fold(a.Name)
	all := strings.Fields(name)
	all = append(all, strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })...)
	if email := ids.Fold(a.Email); email != "" {
		_, domain, _ := strings.Cut(email, "@")
		all = append(all, email, domain)
	}
	for _, r := range refs {
		all = append(all, strings.Fields(ids.Fold(r.Reference))...)
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
