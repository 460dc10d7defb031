package setting

import (
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bailiwick/internal/change"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

func known(t *testing.T, d *db.DB) *Known {
	t.Helper()
	k, err := NewKnown(d, change.New(d, d.Now, slog.New(slog.DiscardHandler)), []Any{idle, colour, methods})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestWhatIsKnownIsWhatIsInForce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		k := known(t, d)
		want := func(what string, minutes int) {
			t.Helper()
			on, err := k.On(t.Context(), "acc_d")
			if err != nil {
				t.Fatal(err)
			}
			if got, err := In(on, idle); err != nil || got != minutes {
				t.Errorf("%s: %d %v, want %d", what, got, err, minutes)
			}
		}
		want("nothing set", 60)
		mustSet(t, d, "acc_r2", idle, 30, false)
		want("set above", 30)
		mustSet(t, d, "acc_d", idle, 20, false)
		want("stricter below", 20)
		mustSet(t, d, "acc_r2", idle, 30, true)
		want("locked above", 30)
		exec(t, d, `UPDATE settings SET value = '25' WHERE account_id = 'acc_r2'`)
		want("changed by hand", 25)
		exec(t, d, `DELETE FROM settings`)
		want("all gone", 60)
		exec(t, d, `INSERT INTO settings (account_id, name, value, updated_at) VALUES ('acc_c', 'session.idle_minutes', '{', 0)`)
		on, err := k.On(t.Context(), "acc_d")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := In(on, idle); errs.CodeOf(err) != "setting.unreadable" {
			t.Errorf("an unreadable rule of security: %v", err)
		}
		if v, err := In(on, colour); err != nil || v != "blue" {
			t.Errorf("it stopped another setting: %q %v", v, err)
		}
		if _, err := k.On(t.Context(), "acc_nowhere"); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
	})
}

func TestWhatIsLearntOfManyIsWhatIsInForceOnEach(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		mustSet(t, d, "acc_r2", idle, 30, false)
		mustSet(t, d, "acc_c", colour, "red", true)
		mustSet(t, d, "acc_d", idle, 20, false)
		all := []ids.Account{"acc_p", "acc_r2", "acc_c", "acc_d", "acc_nowhere"}
		alone, k := known(t, d), known(t, d) // the last is told of news at once
		if err := k.Learn(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		var seen db.Watch
		for _, id := range all[:4] {
			got, err := k.On(seen.Watched(t.Context()), id)
			if err != nil {
				t.Fatal(id, err)
			}
			want, err := alone.On(t.Context(), id)
			if err != nil {
				t.Fatal(id, err)
			}
			if diff := cmp.Diff(want.values, got.values, cmp.AllowUnexported(settled{}), cmpopts.EquateErrors()); diff != "" {
				t.Errorf("%s: %s", id, diff)
			}
		}
		if n := len(seen.Statements()); n > 0 {
			t.Errorf("%d statements for what was learnt", n)
		}
		mustSet(t, d, "acc_r2", idle, 25, false)
		if on, err := k.On(t.Context(), "acc_c"); err != nil || !cmp.Equal(on.values[idle.Name].value, any(25)) {
			t.Errorf("what changed after it was learnt: %v %v", on, err)
		}
		if _, err := k.On(t.Context(), "acc_nowhere"); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
	})
}

func TestWhatIsKnownMovesWithTheAccount(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		k := known(t, d)
		mustSet(t, d, "acc_r2", colour, "red", false)
		before, err := k.On(t.Context(), "acc_c")
		if err != nil {
			t.Fatal(err)
		}
		exec(t, d, `DELETE FROM account_tree WHERE descendant_id IN ('acc_c', 'acc_d') AND ancestor_id = 'acc_r2'`)
		exec(t, d, `UPDATE accounts SET parent_id = 'acc_r1' WHERE id = 'acc_c'`)
		after, err := k.On(t.Context(), "acc_c")
		if err != nil {
			t.Fatal(err)
		}
		old, _ := In(before, colour)
		now, _ := In(after, colour)
		if old != "red" || now != "blue" {
			t.Errorf("%q, then %q", old, now)
		}
	})
}
