package db_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

// A role that may not create extensions still gets its schema; search then goes by the beginnings of words.
func TestMigratingWithoutTheRightToCreateExtensions(t *testing.T) {
	dsn := dbtest.PostgresDSN(t)
	role := "limited_" + strings.ToLower(rand.Text()[:12])
	run(t, dsn, `DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE ROLE `+role+` LOGIN; GRANT ALL ON SCHEMA public TO `+role)
	t.Cleanup(func() {
		own := context.WithoutCancel(t.Context())
		d, err := db.Open(own, dsn, clock.System)
		if err != nil {
			t.Error(err)
			return
		}
		if err := d.InTx(own, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `DROP OWNED BY `+role+` CASCADE; DROP ROLE `+role)
			return err
		}); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	d, err := db.Open(t.Context(), u.String(), clock.System)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Migrate(t.Context()); err != nil {
		t.Errorf("migrate: %v", err)
	}
	ok, err := db.CanFindInside(t.Context(), d, "client_search")
	if ok || err != nil {
		t.Errorf("can find inside = %t, %v", ok, err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func run(t *testing.T, dsn, statements string) {
	t.Helper()
	d, err := db.Open(t.Context(), dsn, clock.System)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, statements); return err }); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func TestTextsAreFoundByWhatTheyContain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		write := func(text string, args ...any) {
			t.Helper()
			if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, text, args...); return err }); err != nil {
				t.Fatal(err)
			}
		}
		write(`INSERT INTO accounts (id, kind, name, name_fold, created_at, updated_at) VALUES ('p', 'platform', 'P', 'p', 0, 0)`)
		for id, text := range map[string]string{"a": "acme holdings", "b": `brightwater "100%" hotels`, "c": "عمان للاتصالات", "d": "gone"} {
			write(`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, 'p', 'customer', 'x', 'x', 0, 0)`, id)
			write(`INSERT INTO client_search (customer_id, text) VALUES (?, ?)`, id, text)
		}
		write(`DELETE FROM accounts WHERE id = 'd'`)
		write(`UPDATE client_search SET text = 'acme houses' WHERE customer_id = 'a'`)
		for words, want := range map[string]string{
			"ouse": "a", "olding": "", "acm ho": "a", `"100%"`: "b", "00% tel": "b", "تصال": "c", "gon": "", "OUSE": "", "acme OR": "", "ho": "nothing to look for",
		} {
			in, err := db.Containing(t.Context(), d, "client_search", strings.Fields(words))
			if err != nil {
				t.Fatal(err)
			}
			got := "nothing to look for"
			if in != nil {
				found, err := db.All(t.Context(), d, db.Value[string], `SELECT s.customer_id FROM `+in.From+` WHERE `+in.Cond+` LIMIT 10`, in.Args...)
				if err != nil || !in.All {
					t.Fatal(err, in.All)
				}
				got = strings.Join(found, " ")
			}
			if got != want {
				t.Errorf("%s: %q, want %q", words, got, want)
			}
		}
	})
}
