package authz_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// remembering is a Checker with a cache, on a clock that stands.
func remembering(t testing.TB, dsn string) (*db.DB, *authz.Checker, *clock.Fake) {
	t.Helper()
	c := clock.NewFake(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	d, err := db.Open(t.Context(), dsn, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, authz.NewChecker(d, change.New(d, c.Now, slog.New(slog.DiscardHandler)), nil), c
}

// key is an API key by the membership of one person.
func key(of string, scopes ...authz.Perm) authz.Actor {
	return authz.Mint(authz.Identity{Kind: authz.Key, User: ids.User(of), Membership: ids.Membership("m-" + of), Perms: authz.SetOf(scopes...), Credential: "key"})
}

// asks counts the statements of one check, and returns its end.
func asks(t *testing.T, c *authz.Checker, q db.Queryer, by authz.Actor, p authz.Perm, on ids.Account) (int, error) {
	t.Helper()
	var w db.Watch
	_, err := c.Check(w.Watched(t.Context()), q, by, p, on)
	return len(w.Statements()), err
}

func TestASecondCheckAsksTheDatabaseNothing(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d, c, _ := remembering(t, dsn)
		world(t, d)
		for _, k := range []struct {
			what string
			by   authz.Actor
			on   ids.Account
			want int // statements of the second check
		}{
			{"what is held", person("reseller-admin"), "d", 0},
			{"what is out of sight", person("stranger"), "c", 0},
			{"what does not exist", person("stranger"), "nowhere", 1},
			{"a job", authz.Mint(authz.Identity{Kind: authz.Machine, ID: "job", Account: "c", Perms: authz.SetOf(authz.AccountView)}), "d", 1},
		} {
			n, err := asks(t, c, d, k.by, authz.AccountView, k.on)
			if n == 0 {
				t.Errorf("%s: the first check asked nothing", k.what)
			}
			m, again := asks(t, c, d, k.by, authz.AccountView, k.on)
			if m != k.want || fmt.Sprint(err) != fmt.Sprint(again) {
				t.Errorf("%s: the second check asked %d times; %v, then %v", k.what, m, err, again)
			}
		}
	})
}

func TestTEN12AnAnswerIsNeverAnotherAccountsOrPersons(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d, c, _ := remembering(t, dsn)
		world(t, d)
		people := []string{"platform-owner", "reseller-admin", "customer-owner", "customer-user", "stranger", "guest", "gone", "department-admin"}
		for range 2 {
			for _, who := range people {
				for _, on := range []ids.Account{"p", "r", "c", "d", "x", "nowhere"} {
					for _, by := range []authz.Actor{person(who), key(who, authz.ClientsView), key(who, authz.UsersView)} {
						warm, werr := c.See(t.Context(), d, by, on)
						fresh, ferr := (&authz.Checker{}).See(t.Context(), d, by, on)
						if a, b := fmt.Sprintf("%+v %v", warm, werr), fmt.Sprintf("%+v %v", fresh, ferr); a != b {
							t.Errorf("%s on %s: %s, fresh %s", who, on, a, b)
						}
					}
				}
			}
		}
	})
}

func TestATransactionDecidesByWhatItHasWritten(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d, c, _ := remembering(t, dsn)
		world(t, d)
		owner := person("customer-owner")
		if _, err := asks(t, c, d, owner, authz.ClientsEdit, "c"); err != nil {
			t.Fatal(err)
		}
		undo := fmt.Errorf("undo")
		err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `UPDATE memberships SET deactivated_at = 1 WHERE user_id = 'customer-owner'`); err != nil {
				return err
			}
			if _, err := c.Check(ctx, tx, owner, authz.ClientsEdit, "c"); errs.KindOf(err) != errs.NotFound {
				t.Errorf("inside: %v", err)
			}
			return undo
		})
		if err == nil {
			t.Fatal("it was not undone")
		}
		if _, err := asks(t, c, d, owner, authz.ClientsEdit, "c"); err != nil {
			t.Errorf("what was undone is remembered: %v", err)
		}
		exec := func(q string) {
			if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, q); return err }); err != nil {
				t.Fatal(err)
			}
		}
		exec(`UPDATE memberships SET deactivated_at = 1 WHERE user_id = 'customer-owner'`)
		if _, err := asks(t, c, d, owner, authz.ClientsEdit, "c"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("after the deactivation: %v", err)
		}
	})
}

func TestAnAccountMadeAfterItWasAskedAboutIsSeen(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d, c, _ := remembering(t, dsn)
		if _, err := asks(t, c, d, person("platform-owner"), authz.ClientsEdit, "c"); errs.KindOf(err) != errs.NotFound {
			t.Fatal(err)
		}
		world(t, d)
		if _, err := asks(t, c, d, person("platform-owner"), authz.ClientsEdit, "c"); err != nil {
			t.Error(err)
		}
	})
}

func TestWithoutADatabaseNothingIsAnsweredFromMemoryForLong(t *testing.T) {
	d, c, at := remembering(t, dbtest.SQLiteDSN(t))
	world(t, d)
	ask := func() error {
		_, err := c.Check(t.Context(), d, person("customer-owner"), authz.ClientsEdit, "c")
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := ask(); err != nil {
		t.Errorf("within the second: %v", err)
	}
	at.Advance(time.Second)
	if ask() == nil {
		t.Error("after a second the answer still comes from memory")
	}
}

func TestAWarmCheckAllocatesNothing(t *testing.T) {
	d, c, _ := remembering(t, dbtest.SQLiteDSN(t))
	world(t, d)
	by, ctx := person("reseller-admin"), t.Context()
	n := testing.AllocsPerRun(100, func() {
		if _, err := c.Check(ctx, d, by, authz.ClientsEdit, "d"); err != nil {
			t.Fatal(err)
		}
		if ok, err := c.Allowed(ctx, d, by, authz.PaymentsView, "d"); ok || err != nil {
			t.Fatal(ok, err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkWarmCheck(b *testing.B) {
	d, err := db.Open(b.Context(), dbtest.SQLiteDSN(b), clock.System)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close() })
	world(b, d)
	feed := change.New(d, clock.System, slog.New(slog.DiscardHandler))
	c, by, ctx := authz.NewChecker(d, feed, nil), person("reseller-admin"), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := c.Allowed(ctx, d, by, authz.ClientsEdit, "d"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
