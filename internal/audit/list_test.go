package audit

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// plant makes a platform with the customers acc_a and acc_b.
func plant(t *testing.T, d *db.DB) {
	t.Helper()
	for _, a := range [][4]any{{"acc_p", nil, "platform"}, {"acc_a", "acc_p", "customer"}, {"acc_b", "acc_p", "customer"}} {
		exec(t, d, `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, '', '', 0, 0)`, a[0], a[1], a[2])
		exec(t, d, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES (?, ?, 0)`, a[0], a[0])
		if a[1] != nil {
			exec(t, d, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES (?, ?, 1)`, a[1], a[0])
		}
	}
}

func scope(t *testing.T, d *db.DB, on ids.Account) authz.Scope {
	t.Helper()
	by := authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: on, Perms: authz.SetOf(authz.AuditView)})
	sc, err := (&authz.Checker{}).Check(t.Context(), d, by, authz.AuditView, on)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func names(page []Entry) (out []string) {
	for _, e := range page {
		out = append(out, e.Target)
	}
	return out
}

func TestTheLogIsListedNewestFirstAndByPage(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, now *clock.Fake) {
		plant(t, d)
		record(t, d, "acc_a", renamed("", "1"), renamed("", "2"))
		now.Advance(time.Second)
		record(t, d, "acc_b", renamed("", "elsewhere"))
		record(t, d, "acc_a", renamed("", "3"))
		now.Advance(time.Second)
		record(t, d, "acc_a", Event{Action: "user.removed", TargetID: "usr_x", Target: "4"})
		sc := scope(t, d, "acc_a")
		var got []string
		f := Filter{Limit: 2}
		for pages := 1; ; pages++ {
			page, next, err := List(t.Context(), d, sc, f)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, names(page)...)
			if next == (Cursor{}) {
				break
			}
			if pages == 2 {
				t.Fatal("a page too many")
			}
			f.After = next
		}
		if diff := cmp.Diff([]string{"4", "3", "2", "1"}, got); diff != "" {
			t.Error(diff)
		}
		for _, c := range []struct {
			name string
			on   ids.Account
			f    Filter
			want []string
		}{
			{"of one target", "acc_a", Filter{Target: "usr_x"}, []string{"4"}},
			{"of one action", "acc_a", Filter{Action: "account.renamed"}, []string{"3", "2", "1"}},
			{"of somebody else", "acc_a", Filter{Actor: "usr_bob"}, nil},
			{"with what is below", "acc_p", Filter{Below: true, Target: "usr_x"}, []string{"4"}},
			{"without what is below", "acc_p", Filter{}, nil},
		} {
			page, _, err := List(t.Context(), d, scope(t, d, c.on), c.f)
			if diff := cmp.Diff(c.want, names(page)); err != nil || diff != "" {
				t.Error(c.name, diff, err)
			}
		}
		if all, _, err := List(t.Context(), d, scope(t, d, "acc_p"), Filter{Below: true}); err != nil || len(all) != 5 {
			t.Error(len(all), err)
		}
		if none, _, err := List(t.Context(), d, authz.Scope{}, Filter{Below: true}); err != nil || len(none) != 0 {
			t.Error("without a scope", names(none), err)
		}
	})
}

func TestAnEntryTellsWhoAndWhat(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		plant(t, d)
		record(t, d, "acc_a", renamed("Old", "New"))
		page, _, err := List(t.Context(), d, scope(t, d, "acc_a"), Filter{})
		if err != nil || len(page) != 1 {
			t.Fatal(page, err)
		}
		want := Entry{
			At: d.Now(), Account: "acc_a", ActorKind: "user", ActorID: "usr_ann", ActorName: "Ann", Credential: "session", IP: "192.0.2.7", RequestID: "req1",
			Action: "account.renamed", TargetType: "account", TargetID: "acc_x", Target: "New", Result: ResultDone,
			Changes: []Change{{Field: "name", Before: "Old", After: "New"}},
		}
		got := page[0]
		got.ID = ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
