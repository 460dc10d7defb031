package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// each runs test on both databases, with a clock that stands.
func each(t *testing.T, test func(t *testing.T, d *db.DB, now *clock.Fake)) {
	t.Helper()
	now := clock.NewFake(start)
	dbtest.EachAt(t, now.Now, func(t *testing.T, d *db.DB) { test(t, d, now) })
}

func sealer(d *db.DB) *Sealer { return NewSealer(d, slog.New(slog.DiscardHandler)) }

var ann = authz.Mint(authz.Identity{Kind: authz.Person, User: "usr_ann", Name: "Ann", IP: "192.0.2.7", RequestID: "req1", Credential: "session"})

func record(t *testing.T, d *db.DB, account ids.Account, evs ...Event) {
	t.Helper()
	if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return Record(ctx, tx, ann, account, evs) }); err != nil {
		t.Fatal(err)
	}
}

func seal(t *testing.T, d *db.DB) int {
	t.Helper()
	n, err := sealer(d).SealOnce(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func verify(t *testing.T, d *db.DB, account ids.Account) Report {
	t.Helper()
	r, err := Verify(t.Context(), d, account, d.Now())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func exec(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

type client struct {
	Name string `audit:"show"`
}

func renamed(from, to string) Event {
	return Event{Action: "account.renamed", TargetType: "account", TargetID: "acc_x", Target: to, Before: client{from}, After: client{to}}
}

func TestAnEventIsPartOfItsWrite(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		boom := errors.New("boom")
		err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(Record(ctx, tx, ann, "acc_a", []Event{renamed("a", "b")}), boom)
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if r := verify(t, d, "acc_a"); seal(t, d) != 0 || r.Unsealed != 0 {
			t.Errorf("an event outlived its write: %+v", r)
		}
	})
}

func TestTheChainOfEachAccountIsItsOwn(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		for i := range 60 {
			record(t, d, "acc_a", renamed("a", fmt.Sprint(i)), renamed(fmt.Sprint(i), "a"))
		}
		record(t, d, "acc_a", Event{Action: "x.done", Account: "acc_b"})
		now.Advance(lateSeal)
		if r := verify(t, d, "acc_a"); r.Unsealed != 120 || r.Late != 0 || !r.Sound() {
			t.Errorf("%+v", r)
		}
		now.Advance(time.Millisecond)
		if r := verify(t, d, "acc_a"); r.Late != 120 {
			t.Errorf("%d late, want 120", r.Late)
		}
		if n := seal(t, d); n != 121 {
			t.Errorf("%d sealed", n)
		}
		reports, err := VerifyAll(t.Context(), d, d.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reports {
			if !r.Sound() || r.Unsealed != 0 {
				t.Errorf("%+v", r)
			}
		}
		if len(reports) != 2 || reports[0].Sealed != 120 || reports[1].Sealed != 1 {
			t.Errorf("%+v", reports)
		}
	})
}

func TestSealersDoNotBreakTheChainOfEachOther(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 20 {
					if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						return Record(ctx, tx, ann, "acc_a", []Event{renamed("a", "b"), renamed("b", "c")})
					}); err != nil {
						t.Error(err)
					}
					if _, err := sealer(d).SealOnce(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		seal(t, d)
		if r := verify(t, d, "acc_a"); !r.Sound() || r.Sealed != 160 || r.Unsealed != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestTheSealerSealsWhatIsLeftWhenItStops(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		record(t, d, "acc_a", renamed("a", "b"))
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := sealer(d).Run(ctx); err != nil {
			t.Fatal(err)
		}
		if r := verify(t, d, "acc_a"); r.Sealed != 1 || r.Unsealed != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// Whoever can write to the database still cannot rewrite what happened.
func TestTamperingIsFound(t *testing.T) {
	const second = `(SELECT event_id FROM audit_seals WHERE account_id = 'acc_a' AND seq = 2)`
	update := func(table, key, set string) []string {
		return []string{`UPDATE ` + table + ` SET ` + set + ` WHERE ` + key + ` = ` + second}
	}
	cases := []struct {
		name string
		do   []string
		want []Fault
	}{
		{"the last seal cut off", []string{`DELETE FROM audit_seals WHERE seq = 3`}, []Fault{OutsideChain}},
		{"a seal removed", []string{`DELETE FROM audit_seals WHERE seq = 2`}, []Fault{MissingSeal, ChangedEvent, OutsideChain}},
		{"the personal part removed", []string{`DELETE FROM audit_personal WHERE event_id = ` + second}, []Fault{MissingPersonal}},
		{"an event removed with all that hangs on it", []string{
			`DELETE FROM audit_personal WHERE event_id = ` + second, `DELETE FROM audit_seals WHERE seq = 2`,
			`DELETE FROM audit_events WHERE NOT EXISTS (SELECT 1 FROM audit_personal p WHERE p.event_id = id)`,
		}, []Fault{MissingSeal, ChangedEvent}},
		{"the numbers closed up after that", []string{
			`DELETE FROM audit_personal WHERE event_id = ` + second, `DELETE FROM audit_seals WHERE seq = 2`,
			`DELETE FROM audit_events WHERE NOT EXISTS (SELECT 1 FROM audit_personal p WHERE p.event_id = id)`,
			`UPDATE audit_seals SET seq = 2 WHERE seq = 3`,
		}, []Fault{ChangedEvent}},
		{"two events swapped", []string{
			`UPDATE audit_seals SET seq = 9 WHERE seq = 2`, `UPDATE audit_seals SET seq = 2 WHERE seq = 3`, `UPDATE audit_seals SET seq = 3 WHERE seq = 9`,
		}, []Fault{ChangedEvent, ChangedEvent}},
		{"an event slipped in", []string{
			`INSERT INTO audit_events (id, account_id, at, actor_kind, actor_id, credential, request_id, action, target_type, target_id, personal)
				SELECT 'evt_new', account_id, at, actor_kind, actor_id, credential, request_id, action, target_type, target_id, personal FROM audit_events WHERE id = ` + second,
			`INSERT INTO audit_personal (event_id, salt, actor_name, ip, target, changes) SELECT 'evt_new', salt, actor_name, ip, target, changes FROM audit_personal WHERE event_id = ` + second,
		}, []Fault{OutsideChain}},
		{"an event given to another account", update("audit_events", "id", "account_id = 'acc_b'"), []Fault{ChangedEvent}},
		{"a seal's hash replaced", update("audit_seals", "event_id", "hash = salt_of_nothing"), []Fault{ChangedEvent, ChangedEvent}},
		{"a seal's time replaced", update("audit_seals", "event_id", "sealed_at = 1"), []Fault{ChangedEvent}},
		{"the hash of the personal part replaced", update("audit_events", "id", "personal = salt_of_nothing"), []Fault{ChangedEvent, ChangedPersonal}},
		{"a salt replaced", update("audit_personal", "event_id", "salt = salt_of_nothing"), []Fault{ChangedPersonal}},
		{"the time changed", update("audit_events", "id", "at = at - 1"), []Fault{ChangedEvent}},
	}
	for _, col := range strings.Fields("actor_kind actor_id acting_as credential request_id action target_type target_id result") {
		cases = append(cases, struct {
			name string
			do   []string
			want []Fault
		}{col + " changed", update("audit_events", "id", col+" = 'other'"), []Fault{ChangedEvent}})
	}
	for _, col := range strings.Fields("actor_name ip target changes") {
		cases = append(cases, struct {
			name string
			do   []string
			want []Fault
		}{col + " changed", update("audit_personal", "event_id", col+" = 'other'"), []Fault{ChangedPersonal}})
	}
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		record(t, d, "acc_a", renamed("a", "b"))
		record(t, d, "acc_a", renamed("b", "c"))
		record(t, d, "acc_a", renamed("c", "d"))
		seal(t, d)
		if r := verify(t, d, "acc_a"); !r.Sound() || r.Sealed != 3 {
			t.Fatalf("before: %+v", r)
		}
		undo := errors.New("undo")
		for _, c := range cases {
			err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				for _, s := range c.do {
					n, err := tx.Exec(ctx, strings.ReplaceAll(s, "salt_of_nothing", "(SELECT salt FROM audit_personal ORDER BY event_id LIMIT 1)"))
					if err != nil || n == 0 {
						return fmt.Errorf("%d rows: %w", n, err)
					}
				}
				r, err := Verify(ctx, tx, "acc_a", tx.Now())
				if err != nil {
					return err
				}
				var got []Fault
				for _, p := range r.Problems {
					got = append(got, p.What)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%s: %s", c.name, diff)
				}
				return undo
			})
			if !errors.Is(err, undo) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if r := verify(t, d, "acc_a"); !r.Sound() {
			t.Fatalf("after: %+v", r)
		}
	})
}

func TestAnErasedPersonalPartLeavesTheChainSound(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		record(t, d, "acc_a", renamed("a", "b"), renamed("b", "c"))
		seal(t, d)
		exec(t, d, `UPDATE audit_personal SET salt = ?, actor_name = '', ip = '', target = '', changes = ''`, []byte{})
		if r := verify(t, d, "acc_a"); !r.Sound() || r.Erased != 2 {
			t.Errorf("%+v", r)
		}
	})
}

func TestTextThatTheDatabaseWouldRefuseIsCleaned(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		record(t, d, "acc_a", Event{Action: "x.done", TargetID: "a\x00b", Target: "bad \xff byte <&>\u2028", After: client{"\x00\xfe"}})
		seal(t, d)
		if r := verify(t, d, "acc_a"); !r.Sound() || r.Sealed != 1 {
			t.Errorf("%+v", r)
		}
	})
}

func TestRefusedAttemptsAreCountedPerMinute(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		now.Set(start)
		for _, wait := range []time.Duration{0, time.Second, 59 * time.Second} {
			now.Advance(wait)
			if err := Refused(t.Context(), d, ann, authz.ClientsClose, "acc_a"); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.All(t.Context(), d, db.Value[int64], `SELECT times FROM audit_refused ORDER BY minute`)
		if diff := cmp.Diff([]int64{2, 1}, got); err != nil || diff != "" {
			t.Error(diff, err)
		}
	})
}
