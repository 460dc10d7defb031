// Package page seals the cursors by which lists are turned page by page.
//
// A cursor is the key of the row at the edge of a page. It is sealed for one actor, one root, one sort and one
// filter, so that it opens nothing anywhere else and cannot be made by hand.
package page

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"bailiwick/internal/errs"
	"bailiwick/internal/secret"
)

// Size is how many rows a page shows.
const Size = 50

// purpose keeps cursors apart from everything else that is sealed.
const purpose secret.Purpose = "page.cursor"

// longest bounds what is opened at all.
const longest = 4096

// Binding is what a cursor is good for.
type Binding struct {
	Actor string
	Root  string
	Query string // the list, its sort and its filter, as text
}

func (b Binding) subject() string {
	var s strings.Builder
	for _, p := range []string{b.Actor, b.Root, b.Query} {
		fmt.Fprintf(&s, "%d:%s,", len(p), p)
	}
	return s.String()
}

// Cursor is a place in a list.
type Cursor struct {
	Back bool     `json:"b,omitempty"` // the page before Key, else the page after it
	Key  []string `json:"k"`
}

// Sealer seals and opens cursors.
type Sealer struct{ box *secret.Box }

// NewSealer makes a Sealer.
func NewSealer(box *secret.Box) *Sealer { return &Sealer{box} }

// Seal writes a cursor as text for a link.
func (s *Sealer) Seal(b Binding, c Cursor) string {
	plain, _ := json.Marshal(c) //nolint:errcheck // strings and a bool always encode
	return base64.RawURLEncoding.EncodeToString(s.box.Seal(purpose, b.subject(), plain))
}

// Open reads a cursor that was sealed for the same binding, with a key of width values.
func (s *Sealer) Open(b Binding, text string, width int) (Cursor, error) {
	if len(text) > longest {
		return Cursor{}, badCursor(nil)
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return Cursor{}, badCursor(err)
	}
	plain, err := s.box.Open(purpose, b.subject(), sealed)
	if err != nil {
		return Cursor{}, badCursor(err)
	}
	var c Cursor
	if err := json.Unmarshal(plain, &c); err != nil {
		return Cursor{}, badCursor(err)
	}
	if len(c.Key) != width {
		return Cursor{}, badCursor(nil)
	}
	return c, nil
}

func badCursor(err error) error {
	e := errs.New(errs.Invalid, "page.cursor", "Go back to the first page. This link to a page does not fit the list that it was opened on.")
	e.Err = err
	return e
}
