package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
)

func insertCustomer(ctx context.Context, tx *db.Tx, id, parent, name string) error {
	kind := "customer"
	var up any = parent
	if parent == "" {
		kind, up = "platform", nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		id, up, kind, name, ids.Fold(name), tx.Ms(), tx.Ms())
	return err
}

func TestTwelveWritersNeverExceedALimitOfThree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return insertCustomer(ctx, tx, "p", "", "Platform") }); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					n, err := db.One(ctx, tx, db.Value[int], `SELECT count(*) FROM accounts WHERE parent_id = ?`, "p")
					if err != nil || n >= 3 {
						return err
					}
					return insertCustomer(ctx, tx, fmt.Sprint("c", i), "p", fmt.Sprint("Customer ", i))
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, err := db.One(t.Context(), d, db.Value[int], `SELECT count(*) FROM accounts WHERE parent_id = ?`, "p"); n != 3 || err != nil {
			t.Errorf("%d customers, %v", n, err)
		}
	})
}

func TestErrorsAreKnownByCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := func(fn func(context.Context, *db.Tx) error) error { return d.InTx(t.Context(), fn) }
		if err := in(func(ctx context.Context, tx *db.Tx) error { return insertCustomer(ctx, tx, "p", "", "Platform") }); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name string
			want error
			fn   func(context.Context, *db.Tx) error
		}{
			{"same id again", db.ErrUnique, func(ctx context.Context, tx *db.Tx) error { return insertCustomer(ctx, tx, "p", "p", "x") }},
			{"a second platform", db.ErrUnique, func(ctx context.Context, tx *db.Tx) error { return insertCustomer(ctx, tx, "q", "", "x") }},
			{"a parent that is not there", db.ErrFK, func(ctx context.Context, tx *db.Tx) error { return insertCustomer(ctx, tx, "c", "nobody", "x") }},
			{"a kind that is none", db.ErrCheck, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE accounts SET kind = 'galaxy' WHERE id = 'p'`)
				return err
			}},
			{"no row", db.ErrNoRows, func(ctx context.Context, tx *db.Tx) error {
				_, err := db.One(ctx, tx, db.Value[string], `SELECT id FROM accounts WHERE id = 'nobody'`)
				return err
			}},
		} {
			if err := in(c.fn); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	})
}

func TestAFailedWriteLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := insertCustomer(ctx, tx, "p", "", "Platform"); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if there, err := db.Exists(t.Context(), d, `SELECT 1 FROM accounts`); there || err != nil {
			t.Error("a row is left", err)
		}
	})
}

func TestACancelledTransactionLeavesNothingAndTheWriterFree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := insertCustomer(ctx, tx, "p", "", "Platform"); err != nil {
				return err
			}
			cancel()
			_, err := db.One(ctx, tx, db.Value[int], `SELECT count(*) FROM accounts`)
			return err
		})
		if err == nil {
			t.Fatal("a cancelled transaction committed")
		}
		if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return insertCustomer(ctx, tx, "p", "", "Platform") }); err != nil {
			t.Error(err)
		}
	})
}

func TestTransactionsDoNotNestAndThePoolIsRefusedInside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.InTx(t.Context(), func(ctx context.Context, _ *db.Tx) error {
			if err := d.InTx(ctx, func(context.Context, *db.Tx) error { return nil }); err == nil {
				t.Error("InTx inside InTx was allowed")
			}
			if _, err := db.Exists(ctx, d, `SELECT 1`); err == nil {
				t.Error("a pool read inside a transaction was allowed")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestFoldedColumnsOrderAndPageAlike(t *testing.T) {
	names := []string{"Éclair", "eclair", "İzmir", "ırmak", "Straße", "strand", "ไทย", "العربية", "Zebra", "apple", "_x", "a b", "ab"}
	var orders []string
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := insertCustomer(ctx, tx, "p", "", "Platform"); err != nil {
				return err
			}
			for i, n := range names {
				if err := insertCustomer(ctx, tx, fmt.Sprintf("c%02d", i), "p", n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		all, err := db.All(t.Context(), d, db.Value[string], `SELECT name FROM accounts WHERE parent_id = 'p' ORDER BY name_fold, id`)
		if err != nil {
			t.Fatal(err)
		}
		var paged []string
		fold, id := "", ""
		for {
			type row struct{ name, fold, id string }
			next, err := db.All(t.Context(), d, func(r db.Row) (v row, err error) { return v, r.Scan(&v.name, &v.fold, &v.id) },
				`SELECT name, name_fold, id FROM accounts WHERE parent_id = 'p' AND (name_fold, id) > (?, ?) ORDER BY name_fold, id LIMIT 3`, fold, id)
			if err != nil {
				t.Fatal(err)
			}
			if len(next) == 0 {
				break
			}
			for _, r := range next {
				paged, fold, id = append(paged, r.name), r.fold, r.id
			}
		}
		if strings.Join(all, ",") != strings.Join(paged, ",") {
			t.Errorf("paged %v, whole %v", paged, all)
		}
		orders = append(orders, strings.Join(all, ","))
	})
	if len(orders) == 2 && orders[0] != orders[1] {
		t.Errorf("the databases sort differently:\n%s\n%s", orders[0], orders[1])
	}
}

func TestMigratingTwiceDoesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if n, err := d.Migrate(t.Context()); n != 0 || err != nil {
			t.Errorf("ran %d migrations, %v", n, err)
		}
		if n, err := d.Pending(t.Context()); n != 0 || err != nil {
			t.Errorf("%d pending, %v", n, err)
		}
	})
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	for _, dsn := range []string{t.TempDir() + "/no/such/folder/x.db", "postgres://nobody@127.0.0.1:1/none?connect_timeout=1"} {
		if _, err := db.Open(t.Context(), dsn, func() time.Time { return time.Unix(0, 0) }); err == nil {
			t.Errorf("%s was opened", dsn)
		}
	}
}

// The SQLite driver crashes with another libc than the one it was made for.
func TestLibcIsTheOneThatTheSQLiteDriverNames(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	const want = "replace modernc.org/libc => modernc.org/libc v1.77.1"
	if !strings.Contains(string(mod), want) || !regexp.MustCompile(`modernc.org/sqlite v1\.60\.1\b`).Match(mod) {
		t.Errorf("go.mod must keep sqlite v1.60.1 with %q", want)
	}
}
