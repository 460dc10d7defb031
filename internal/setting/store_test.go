package setting

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

var tree = []struct{ id, kind, name string }{
	{"acc_p", "platform", "Platform"}, {"acc_r1", "reseller", "North"}, {"acc_r2", "reseller", "Acme"}, {"acc_c", "customer", "Shop"}, {"acc_d", "department", "Sales"},
}

// each runs test on both databases with one chain from the platform to a department.
func each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	now := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	dbtest.EachAt(t, now.Now, func(t *testing.T, d *db.DB) {
		for i, a := range tree {
			var parent any
			if i > 0 {
				parent = tree[i-1].id
			}
			exec(t, d, `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, '', 0, 0)`, a.id, parent, a.kind, a.name)
			for j := range i + 1 {
				exec(t, d, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES (?, ?, ?)`, tree[j].id, a.id, i-j)
			}
		}
		test(t, d)
	})
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

// see is the scope of on for somebody whose highest grant is at top.
func see(t *testing.T, d *db.DB, top, on ids.Account) authz.Scope {
	t.Helper()
	by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: top, Perms: authz.SetOf(authz.SettingsEdit)})
	sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.SettingsEdit, on)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func set[T any](t *testing.T, d *db.DB, on ids.Account, k Key[T], v T, locked bool) (c Change, err error) {
	t.Helper()
	sc := see(t, d, on, on)
	err = d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		var err error
		c, err = Set(ctx, tx, sc, k, v, locked)
		return err
	})
	return c, err
}

func mustSet[T any](t *testing.T, d *db.DB, on ids.Account, k Key[T], v T, locked bool) Change {
	t.Helper()
	c, err := set(t, d, on, k, v, locked)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func reset[T any](t *testing.T, d *db.DB, on ids.Account, k Key[T]) (c Change, err error) {
	t.Helper()
	sc := see(t, d, on, on)
	err = d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		var err error
		c, err = Reset(ctx, tx, sc, k)
		return err
	})
	return c, err
}

func TestAValueIsInheritedOverriddenAndReset(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		steps := []struct {
			name  string
			do    func() (Change, error)
			want  string
			from  Place
			own   bool
			wrote Change
		}{
			{name: "nobody has set it", want: "blue"},
			{
				"set above", func() (Change, error) { return set(t, d, "acc_r2", colour, "red", false) },
				"red", Place{"acc_r2", "Acme", 2}, false, Change{After: &Stored{`"red"`, false}},
			},
			{
				"set here", func() (Change, error) { return set(t, d, "acc_d", colour, "pink", false) },
				"pink", Place{"acc_d", "Sales", 0}, true, Change{After: &Stored{`"pink"`, false}},
			},
			{
				"set here again", func() (Change, error) { return set(t, d, "acc_d", colour, "grey", true) },
				"grey", Place{"acc_d", "Sales", 0}, true, Change{&Stored{`"pink"`, false}, &Stored{`"grey"`, true}},
			},
			{
				"reset here", func() (Change, error) { return reset(t, d, "acc_d", colour) },
				"red", Place{"acc_r2", "Acme", 2}, false, Change{Before: &Stored{`"grey"`, true}},
			},
			{
				"reset where nothing is", func() (Change, error) { return reset(t, d, "acc_d", colour) },
				"red", Place{"acc_r2", "Acme", 2}, false, Change{},
			},
		}
		for _, s := range steps {
			if s.do != nil {
				if c, err := s.do(); err != nil || !cmp.Equal(s.wrote, c) {
					t.Fatalf("%s: %v %s", s.name, err, cmp.Diff(s.wrote, c))
				}
			}
			v, from, err := Get(t.Context(), d, see(t, d, "acc_c", "acc_d"), colour)
			if err != nil || v != s.want || from.Place != s.from || from.Own != s.own {
				t.Fatalf("%s: %q %+v %v", s.name, v, from, err)
			}
		}
		if c := mustSet(t, d, "acc_r2", colour, "red", false); !c.Nothing() {
			t.Errorf("the same value again is a change: %+v", c)
		}
	})
}

func TestWhatIsLockedAboveCannotBeChanged(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		mustSet(t, d, "acc_d", colour, "pink", false)
		mustSet(t, d, "acc_r2", colour, "red", true)
		v, from, err := Get(t.Context(), d, see(t, d, "acc_d", "acc_d"), colour)
		if err != nil || v != "red" || !from.LockedAbove() || from.LockedBy.Name != "Acme" || !from.Own {
			t.Fatalf("%q %+v %v", v, from, err)
		}
		if _, err := set(t, d, "acc_d", colour, "grey", false); errs.CodeOf(err) != "setting.locked" || errs.KindOf(err) != errs.Conflict {
			t.Error(err)
		}
		if _, err := reset(t, d, "acc_d", colour); errs.CodeOf(err) != "setting.locked" {
			t.Error(err)
		}
		mustSet(t, d, "acc_r2", colour, "green", true) // who locked it still changes it
		mustSet(t, d, "acc_r1", colour, "black", true)
		if _, err := set(t, d, "acc_r2", colour, "white", false); errs.CodeOf(err) != "setting.locked_by_provider" {
			t.Error(err)
		}
	})
}

func TestARuleOfSecurityOnlyTightensDownward(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		mustSet(t, d, "acc_r2", idle, 30, false)
		if _, err := set(t, d, "acc_c", idle, 45, false); errs.CodeOf(err) != "setting.laxer" {
			t.Error(err)
		}
		if _, err := set(t, d, "acc_c", idle, -1, false); err == nil {
			t.Error("a value that fails its check was stored")
		}
		mustSet(t, d, "acc_c", idle, 30, false)
		mustSet(t, d, "acc_c", idle, 20, false)
		mustSet(t, d, "acc_r2", idle, 10, false)
		if v, err := Enforced(t.Context(), d, "acc_d", idle); err != nil || v != 10 {
			t.Error(v, err)
		}
	})
}

func TestAnUnreadableValueGivesWayToTheOneAbove(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		mustSet(t, d, "acc_r2", idle, 30, false)
		mustSet(t, d, "acc_c", idle, 20, false)
		exec(t, d, `UPDATE settings SET value = '{' WHERE account_id = 'acc_c'`)
		v, from, err := Get(t.Context(), d, see(t, d, "acc_c", "acc_c"), idle)
		if err != nil || v != 30 || !cmp.Equal(from.Unreadable, []ids.Account{"acc_c"}) {
			t.Errorf("%d %+v %v", v, from, err)
		}
		exec(t, d, `UPDATE settings SET value = '{'`)
		if _, err := Enforced(t.Context(), d, "acc_c", idle); errs.CodeOf(err) != "setting.unreadable" {
			t.Error(err)
		}
		mustSet(t, d, "acc_c", idle, 25, false)
		if v, err := Enforced(t.Context(), d, "acc_c", idle); err != nil || v != 25 {
			t.Error(v, err)
		}
	})
}

func TestNobodySeesWhoStandsBehindTheirReseller(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		for _, c := range []struct {
			setAt, viewer ids.Account
			name          string
		}{
			{"acc_p", "acc_d", ""},
			{"acc_r1", "acc_c", ""},
			{"acc_r2", "acc_c", "Acme"},
			{"acc_r2", "acc_r2", "Acme"},
			{"acc_r1", "acc_r2", ""},
			{"acc_r1", "acc_r1", "North"},
			{"acc_p", "acc_p", "Platform"},
			{"acc_c", "acc_p", "Shop"},
		} {
			exec(t, d, `DELETE FROM settings`)
			mustSet(t, d, c.setAt, colour, "red", false)
			_, from, err := Get(t.Context(), d, see(t, d, c.viewer, "acc_d"), colour)
			if err != nil || from.Account != c.setAt || from.Name != c.name {
				t.Errorf("set by %s, seen from %s: %+v %v", c.setAt, c.viewer, from, err)
			}
		}
	})
}

func TestManyKeysAreReadAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		mustSet(t, d, "acc_r2", colour, "red", false)
		mustSet(t, d, "acc_p", idle, 30, true)
		mustSet(t, d, "acc_c", blocked, []string{"x"}, false)
		c, err := Read(t.Context(), d, see(t, d, "acc_d", "acc_d"), colour, idle, blocked, methods)
		if err != nil {
			t.Fatal(err)
		}
		a, _, errA := Of(colour, c)
		b, from, errB := Of(idle, c)
		e, _, errE := Of(blocked, c)
		m, _, errM := Of(methods, c)
		if a != "red" || b != 30 || !from.LockedAbove() || !cmp.Equal(e, []string{"x"}) || m != nil || errA != nil || errB != nil || errE != nil || errM != nil {
			t.Error(a, b, from, e, m, errA, errB, errE, errM)
		}
	})
}

func TestWithoutAScopeNothingIsReadOrWritten(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		mustSet(t, d, "acc_p", colour, "red", false)
		if _, _, err := Get(t.Context(), d, authz.Scope{}, colour); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
		err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := Set(ctx, tx, authz.Scope{}, colour, "grey", false)
			return err
		})
		if errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
	})
}
