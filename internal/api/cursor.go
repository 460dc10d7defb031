package api

import (
	"fmt"
	"strconv"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
)

// binding is what a cursor of a list is good for: its reader, its account, and everything that shapes it.
func binding(by authz.Actor, at ids.Account, list string, shaped ...any) page.Binding {
	return page.Binding{Actor: by.ID(), Root: string(at), Query: "api " + list + fmt.Sprintf(" %q", shaped)}
}

// number reads a number out of a cursor.
func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, errs.New(errs.Invalid, "page.cursor", "Go back to the first page. This link to a page does not fit the list that it was opened on.")
	}
	return n, nil
}
