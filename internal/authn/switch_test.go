package authn

import (
	"context"
	"fmt"
	"testing"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// customers makes n clients of the platform with the person as a Guest in each, in one transaction.
func (w *world) customers(user ids.User, n int) []ids.Account {
	w.t.Helper()
	var out []ids.Account
	err := w.d.Batch(w.ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		top, err := platform(ctx, tx)
		if err != nil {
			return err
		}
		for i := range n {
			id, name := ids.NewAccount(tx.Now()), fmt.Sprintf("client %04d", i)
			out = append(out, id)
			for _, s := range []struct {
				stmt string
				args []any
			}{
				{"INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, 'customer', ?, ?, ?, ?)", []any{id, top, name, name, tx.Ms(), tx.Ms()}},
				{"INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES (?, ?, 0), (?, ?, 1)", []any{id, id, top, id}},
				{"INSERT INTO memberships (id, account_id, user_id, role, created_at, updated_at) VALUES (?, ?, ?, 'guest', ?, ?)", []any{ids.NewMembership(tx.Now()), id, user, tx.Ms(), tx.Ms()}},
			} {
				if _, err := tx.Exec(ctx, s.stmt, s.args...); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestAPersonInManyAccountsPagesAndSearches(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		here := w.install()
		by := w.actor(here)
		w.customers(by.User(), 120)
		seen, after, pages := map[ids.Account]bool{}, "", 0
		for {
			got, err := w.Places(w.ctx, by, PlacesQuery{After: after})
			if err != nil {
				t.Fatal(err)
			}
			pages++
			for _, p := range got.Rows {
				if seen[p.Account] {
					t.Fatalf("%s comes twice", p.Name)
				}
				seen[p.Account] = true
			}
			if after = got.Next; after == "" {
				break
			}
		}
		if len(seen) != 121 || pages != 3 {
			t.Errorf("%d accounts on %d pages", len(seen), pages)
		}
		got, err := w.Places(w.ctx, by, PlacesQuery{Search: "CLIENT 0042"})
		if err != nil || len(got.Rows) != 1 {
			t.Errorf("%d accounts match, %v", len(got.Rows), err)
		}
		got, err = w.Places(w.ctx, by, PlacesQuery{Search: "100%"})
		if err != nil || len(got.Rows) != 0 {
			t.Errorf("a percent sign matches %d accounts, %v", len(got.Rows), err)
		}
	})
}

func TestChoosingAnAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.install()
		user := w.person("guest@example.com")
		mine := w.customers(user, 2)
		other := w.customers(w.person("other@example.com"), 1)[0]
		in, err := w.SignInAs(w.ctx, user, Client{IP: "192.0.2.9"})
		if err != nil {
			t.Fatal(err)
		}
		from := in.browser("192.0.2.9")
		by := w.actor(from)
		wantCode(t, w.ChooseAccount(w.ctx, by, other), "account.not_found")
		for _, id := range mine {
			if err := w.ChooseAccount(w.ctx, by, id); err != nil {
				t.Fatal(err)
			}
			if got := w.actor(from).Account(); got != id {
				t.Errorf("works in %s, want %s", got, id)
			}
		}
		err = w.d.Batch(w.ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE memberships SET deactivated_at = ? WHERE account_id = ?", tx.Ms(), mine[1])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(2 * time.Second) // what is remembered is asked for again
		home, err := w.Home(w.ctx, w.actor(from))
		if err != nil || home != mine[0] {
			t.Errorf("after deactivation home is %q, want %s: %v", home, mine[0], err)
		}
	})
}
