package account_test

import (
	"context"
	"fmt"
	"testing"

	"bailiwick/internal/account"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// TestListsAreWhatARebuildWouldMake damages the rows from which lists and searches start, one by one: a check finds each, and
// mending brings them back.
func TestListsAreWhatARebuildWouldMake(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		north := w.reseller(w.root, "North")
		var some []ids.Account
		for i := range 4 {
			c, err := w.accounts.Create(ctx, w.operator, north, account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{
				Name: fmt.Sprintf("Borealis Trading %d", i), Email: fmt.Sprintf("office@b%d.example", i), Refs: []account.Ref{{Source: "whmcs", Reference: fmt.Sprintf("R-%d", i)}, {Source: "billing", Reference: fmt.Sprintf("B %d", i)}},
			}})
			w.ok(err)
			some = append(some, c.ID)
		}
		_, err := w.accounts.AddLocation(ctx, w.operator, some[0], account.LocationInput{Name: "Harbour"})
		w.ok(err)
		w.ok(w.accounts.Hold(ctx, w.operator, some[1], ""))
		check := func() account.ListsChecked {
			w.t.Helper()
			found, err := account.CheckLists(ctx, w.db)
			w.ok(err)
			return found
		}
		if found := check(); !found.Sound() || found.Clients != len(some) {
			w.t.Fatalf("before anything was damaged: %+v", found)
		}
		for name, damage := range map[string]string{
			"a count of users":                  `UPDATE client_list SET locations = 7 WHERE ancestor_id = customer_id AND customer_id = '` + string(some[0]) + `'`,
			"a row above":                       `DELETE FROM client_list WHERE ancestor_id = '` + string(north) + `' AND customer_id = '` + string(some[0]) + `'`,
			"a hold":                            `UPDATE client_list SET held = FALSE WHERE customer_id = '` + string(some[1]) + `'`,
			"all rows of a client":              `DELETE FROM client_list WHERE customer_id = '` + string(some[2]) + `'`,
			"a word":                            `DELETE FROM client_words WHERE word = 'borealis' AND customer_id = '` + string(some[2]) + `'`,
			"a word above":                      `DELETE FROM client_words WHERE word = 'borealis' AND ancestor_id = '` + string(w.root) + `' AND customer_id = '` + string(some[2]) + `'`,
			"a word too many":                   `INSERT INTO client_words (ancestor_id, word, customer_id) VALUES ('` + string(some[3]) + `', 'zebra', '` + string(some[3]) + `')`,
			"a word too many above":             `INSERT INTO client_words (ancestor_id, word, customer_id) VALUES ('` + string(north) + `', 'zebra', '` + string(some[3]) + `')`,
			"a row where the client is not":     `INSERT INTO client_list SELECT '` + string(some[1]) + `', customer_id, name_fold, end_sort, created_at, users, locations, held, closed, package_id, package_fold, use_share FROM client_list WHERE ancestor_id = customer_id AND customer_id = '` + string(some[3]) + `'`,
			"the text that is searched":         `UPDATE client_search SET text = 'nothing' WHERE customer_id = '` + string(some[3]) + `'`,
			"that there is a text to be sought": `DELETE FROM client_search WHERE customer_id = '` + string(some[3]) + `'`,
		} {
			w.tx(func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, damage)
				return err
			})
			found := check()
			if found.Sound() || len(found.Wrong) > 1 {
				w.t.Errorf("%s: %+v", name, found)
			}
			w.ok(account.MendLists(ctx, w.db, found))
			if found := check(); !found.Sound() {
				w.t.Errorf("%s, mended: %+v", name, found)
			}
		}
	})
}
