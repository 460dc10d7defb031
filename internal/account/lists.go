package account

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// Lists of clients and their search start from rows that every write keeps up to date: client_list, client_words and
// client_search. What they must say follows from the accounts alone, so that it can be checked, and written anew.

// listsStep is how many clients are looked at together.
const listsStep = 500

// ListsChecked is what a check of the lists of clients found.
type ListsChecked struct {
	Clients int
	Wrong   []ids.Account // clients that stand otherwise in the lists than they should, or are not found by their words
	Strays  int64         // rows and words that are nobody's
}

// Sound reports whether the lists are what a rebuild would make of them.
func (c ListsChecked) Sound() bool { return len(c.Wrong) == 0 && c.Strays == 0 }

// CheckLists compares the lists of clients and their search with what the accounts say, as of one instant.
func CheckLists(ctx context.Context, d *db.DB) (out ListsChecked, err error) {
	err = d.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		out = ListsChecked{}
		due := tally{}
		for after := ids.Account(""); ; {
			some, err := customersAfter(ctx, q, after, listsStep)
			if err != nil || len(some) == 0 {
				if err == nil {
					out.Strays, err = strays(ctx, q, due)
				}
				return err
			}
			b := span{some[0], some[len(some)-1]}
			wrong, n, err := b.check(ctx, q)
			if err != nil {
				return err
			}
			out.Clients, out.Wrong, after = out.Clients+len(some), append(out.Wrong, wrong...), b.last
			due.rows, due.words = due.rows+n.rows, due.words+n.words
		}
	})
	if err != nil {
		return out, fmt.Errorf("check the lists of clients: %w", err)
	}
	return out, nil
}

// tally is how many rows some clients have in client_list, and in client_words.
type tally struct{ rows, words int64 }

// span are the clients whose ids lie between two, which are among them.
type span struct{ first, last ids.Account }

// check finds the clients that are listed otherwise than they should, and counts the rows that they have where they belong.
func (b span) check(ctx context.Context, q db.Queryer) (wrong []ids.Account, n tally, err error) {
	if wrong, err = wronglyListed(ctx, q, b); err != nil {
		return nil, n, err
	}
	should, err := foundBy(ctx, q, b)
	if err != nil {
		return nil, n, err
	}
	is, err := wordsOf(ctx, q, b)
	if err != nil {
		return nil, n, err
	}
	texts, err := textsOf(ctx, q, b)
	if err != nil {
		return nil, n, err
	}
	for _, c := range should {
		slices.Sort(c.words)
		if !slices.Equal(c.words, is[c.id]) || texts[c.id] != c.text {
			wrong = append(wrong, c.id)
		}
	}
	more, err := partlyFound(ctx, q, b)
	if err != nil {
		return nil, n, err
	}
	wrong = append(wrong, more...)
	slices.Sort(wrong)
	n, err = countRows(ctx, q, b)
	return slices.Compact(wrong), n, err
}

// findable is a client with all that it is found by.
type findable struct {
	id    ids.Account
	words []string
	text  string
}

// sameText is a text with its lines in order: references have none.
func sameText(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// MendLists writes the rows of clients anew, and removes what is nobody's.
func MendLists(ctx context.Context, d *db.DB, found ListsChecked) error {
	for part := range slices.Chunk(found.Wrong, rowsAtOnce) {
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, id := range part {
				if err := relist(ctx, tx, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("write the lists of clients anew: %w", err)
		}
	}
	if found.Strays == 0 {
		return nil
	}
	if err := d.InTx(ctx, removeStrays); err != nil {
		return fmt.Errorf("remove what is nobody's from the lists of clients: %w", err)
	}
	return nil
}

// relist writes all rows of a client anew.
func relist(ctx context.Context, tx *db.Tx, id ids.Account) error {
	found, err := foundBy(ctx, tx, span{id, id})
	if err != nil || len(found) == 0 {
		return err
	}
	if err := unlist(ctx, tx, id); err != nil {
		return err
	}
	if err := listCustomer(ctx, tx, authz.Scope{}, id); err != nil {
		return err
	}
	return makeFound(ctx, tx, found[0])
}
