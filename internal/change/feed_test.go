package change_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

var begin = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func exec(t *testing.T, d *db.DB, statements ...string) {
	t.Helper()
	err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s); err != nil {
				t.Errorf("%s: %v", s, err)
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// someone has a membership in a department of a customer of the platform, with a role group.
var someone = []string{
	`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES ('p', NULL, 'platform', 'P', 'p', 1, 1), ('c', 'p', 'customer', 'C', 'c', 1, 1), ('d', 'c', 'department', 'D', 'd', 1, 1)`,
	`INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at) VALUES ('u', 'u', 'u', 'u', 'u', 'U', 'u', 1, 1), ('v', 'v', 'v', 'v', 'v', 'V', 'v', 1, 1)`,
	`INSERT INTO roles (id, account_id, name, name_fold, description, perms, created_at, updated_at) VALUES ('r', 'c', 'R', 'r', '', '[]', 1, 1)`,
	`INSERT INTO memberships (id, account_id, user_id, role, created_at, updated_at) VALUES ('m', 'd', 'u', 'r', 1, 1)`,
	`INSERT INTO api_keys (id, account_id, membership_id, name, secret_hash, scopes, created_at) VALUES ('k', 'd', 'm', 'K', 'x', '[]', 1)`,
	`INSERT INTO holds (id, account_id, source, set_from, reason, set_by, set_by_name, created_at) VALUES ('h', 'd', 'operator', 'p', '', 'x', 'x', 1)`,
}

// everyWrite lists writes on someone, and who must be told about.
var everyWrite = []struct {
	name  string
	write string
	told  []string
}{
	{"an account is renamed", `UPDATE accounts SET name = 'X' WHERE id = 'c'`, []string{"account c"}},
	{"an account is moved", `UPDATE accounts SET parent_id = 'p' WHERE id = 'd'`, []string{"account d"}},
	{"an account is closed", `UPDATE accounts SET closed_at = 1 WHERE id = 'c'`, []string{"account c"}},
	{"accounts are deleted with all that hangs on them", `DELETE FROM accounts WHERE id = 'd'`, []string{"account d", "key k", "user u"}},
	{"a hold is set", `INSERT INTO holds (id, account_id, source, set_from, reason, set_by, set_by_name, created_at) VALUES ('g', 'c', 'operator', 'p', '', 'x', 'x', 1)`, []string{"account c"}},
	{"a hold is lifted", `DELETE FROM holds`, []string{"account d"}},
	{"a person joins", `INSERT INTO memberships (id, account_id, user_id, role, created_at, updated_at) VALUES ('n', 'c', 'v', 'owner', 1, 1)`, []string{"user v"}},
	{"a person is deactivated", `UPDATE memberships SET deactivated_at = 1`, []string{"user u"}},
	{"a role is changed", `UPDATE memberships SET role = 'guest'`, []string{"user u"}},
	{"a module is ticked", `UPDATE memberships SET perms = '["x"]'`, []string{"user u"}},
	{"sub-accounts are limited", `UPDATE memberships SET all_subaccounts = FALSE`, []string{"user u"}},
	{"a person is removed", `DELETE FROM memberships`, []string{"key k", "user u"}},
	{"an identity is deleted", `DELETE FROM identities WHERE id = 'u'`, []string{"key k", "user u"}},
	{"a person changes their name", `UPDATE identities SET name = 'X' WHERE id = 'v'`, []string{"user v"}},
	{"a key is revoked", `UPDATE api_keys SET revoked_at = 1`, []string{"key k"}},
	{"a role group is edited", `UPDATE roles SET perms = '["x"]'`, []string{"role r"}},
	{"a role group is deleted", `DELETE FROM roles`, []string{"role r"}},

	{"a new account makes no answer wrong", `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES ('e', 'p', 'customer', 'E', 'e', 1, 1)`, nil},
	{"nor does a visit", `UPDATE memberships SET last_active_at = 7`, nil},
	{"nor the use of a key", `UPDATE api_keys SET last_used_at = 7`, nil},
	{"nor an address", `UPDATE accounts SET address = 'x'`, nil},
}

func TestEveryWriteThatMayChangeRightsIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, k := range everyWrite {
			for _, table := range []string{"holds", "memberships", "roles", "identities", "accounts WHERE id = 'd'", "accounts WHERE kind <> 'platform'", "accounts"} {
				exec(t, d, "DELETE FROM "+table)
			}
			exec(t, d, someone...)
			before, err := db.One(t.Context(), d, db.Value[int64], "SELECT MAX(id) FROM changes")
			if err != nil {
				t.Fatal(err)
			}
			exec(t, d, k.write)
			got, err := db.All(t.Context(), d, func(r db.Row) (s string, err error) {
				var of, id string
				err = r.Scan(&of, &id)
				return of + " " + id, err
			}, "SELECT kind, subject FROM changes WHERE id > ?", before)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			if diff := cmp.Diff(k.told, slices.Compact(got)); diff != "" {
				t.Errorf("%s: %s", k.name, diff)
			}
		}
	})
}

func open(t *testing.T, dsn string, c *clock.Fake) (*db.DB, *change.Feed) {
	t.Helper()
	d, err := db.Open(t.Context(), dsn, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() }) // a test may have closed it
	return d, change.New(d, c.Now, slog.New(slog.DiscardHandler))
}

var (
	customer = []change.Subject{{Kind: change.Account, ID: "c"}}
	other    = []change.Subject{{Kind: change.Account, ID: "somewhere else"}}
)

func stamp(t *testing.T, f *change.Feed, of []change.Subject) change.Stamp {
	t.Helper()
	s, ok := f.Since(f.Told(), of)
	if !ok {
		t.Fatal("there was news in between")
	}
	return s
}

func TestAWriteIsKnownAtOnceHereAndAfterTheNextReadingElsewhere(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		c := clock.NewFake(begin)
		here, f := open(t, dsn, c)
		_, g := open(t, dsn, c)
		exec(t, here, someone...)
		if !f.Refresh(t.Context()) || !g.Refresh(t.Context()) {
			t.Fatal("the news cannot be read")
		}
		fs, gs, beside := stamp(t, f, customer), stamp(t, g, customer), stamp(t, f, other)
		told := f.Told()
		exec(t, here, `UPDATE accounts SET closed_at = 1 WHERE id = 'c'`)
		if f.Stands(fs) {
			t.Error("the node that wrote does not know")
		}
		if !f.Stands(beside) {
			t.Error("news of one account was taken for another's")
		}
		if _, ok := f.Since(told, customer); ok {
			t.Error("what was read before the news was stamped as if it were newer")
		}
		if !g.Stands(gs) {
			t.Error("the other node knows without reading")
		}
		if err := g.Read(t.Context()); err != nil || g.Stands(gs) {
			t.Errorf("the other node has read and does not know: %v", err)
		}
	})
}

func TestNewsThatCommitsLateIsNotMissed(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		c := clock.NewFake(begin)
		d, f := open(t, dsn, c)
		exec(t, d, `INSERT INTO changes (id, at, kind, subject) VALUES (100, 1, 'account', 'somewhere')`)
		for range 8 {
			c.Advance(time.Second)
			if err := f.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		before := stamp(t, f, customer)
		exec(t, d, `INSERT INTO changes (id, at, kind, subject) VALUES (99, 1, 'account', 'c')`)
		if f.Stands(before) {
			t.Error("an id that became visible after a greater one was missed")
		}
		again := stamp(t, f, customer)
		for range 30 {
			c.Advance(time.Second)
			if err := f.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !f.Stands(again) {
			t.Error("old news was told again")
		}
	})
}

func TestWithoutNewsForASecondNothingIsFresh(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		c := clock.NewFake(begin)
		d, f := open(t, dsn, c)
		if f.Fresh() {
			t.Error("fresh before anything was read")
		}
		if !f.Refresh(t.Context()) || !f.Fresh() {
			t.Error("not fresh after reading")
		}
		c.Advance(999 * time.Millisecond)
		if !f.Fresh() {
			t.Error("old before a second has gone by")
		}
		c.Advance(time.Millisecond)
		if f.Fresh() {
			t.Error("fresh after a second")
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if f.Refresh(t.Context()) {
			t.Error("fresh without a database")
		}
		c.Set(begin.Add(-time.Hour))
		if f.Fresh() {
			t.Error("fresh at an instant before the reading")
		}
	})
}

func TestOldNewsIsForgotten(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d, f := open(t, dsn, clock.NewFake(begin))
		exec(t, d, `INSERT INTO changes (at, kind, subject)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT i, 'account', 'c' FROM n`,
			`INSERT INTO changes (at, kind, subject) VALUES (3600000, 'account', 'kept'), (7200000, 'account', 'newest')`)
		if err := f.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		left, err := db.All(t.Context(), d, db.Value[string], "SELECT subject FROM changes ORDER BY id")
		if diff := cmp.Diff([]string{"kept", "newest"}, left); err != nil || diff != "" {
			t.Error(diff, err)
		}
	})
}

func TestNothingIsToldTwiceAndWhatIsLateIsTold(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d, f := open(t, dsn, clock.NewFake(begin))
		exec(t, d, `INSERT INTO changes (at, kind, subject)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i, 'account', 'c' FROM n`,
			`INSERT INTO changes (id, at, kind, subject) VALUES (3000, 2000, 'account', 'c'), (3002, 2000, 'account', 'c')`)
		before, told := stamp(t, f, customer), f.Told()
		exec(t, d, `INSERT INTO changes (id, at, kind, subject) VALUES (3001, 2000, 'account', 'd'), (2500, 2000, 'account', 'd')`)
		if !f.Stands(before) {
			t.Error("what had been told was told again")
		}
		if n := f.Told() - told; n != 2 {
			t.Errorf("%d subjects were told about, want the two that were late", n)
		}
	})
}
