package account_test

import (
	"testing"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

func TestSeveralAccountsMoveTogetherOrNotAtAll(t *testing.T) {
	each(t, func(w *world) {
		north, south := w.reseller(w.root, "North"), w.reseller(w.root, "South")
		acme, zeta := w.client(north, "Acme"), w.client(north, "Zeta")
		sales := w.department(acme, "Sales")
		parent := func(id ids.Account) ids.Account { return w.get(w.operator, id).Parent }
		move := func(to ids.Account, of ...ids.Account) string {
			return errs.CodeOf(w.accounts.MoveTogether(w.t.Context(), w.operator, w.root, of, account.MoveInput{To: to}))
		}
		for name, c := range map[string]struct {
			want string
			to   ids.Account
			of   []ids.Account
		}{
			"none":                  {"account.none_chosen", south, nil},
			"two kinds":             {"account.kinds_mixed", south, []ids.Account{acme, sales}},
			"a place for resellers": {"account.kind_order", sales, []ids.Account{acme, zeta}},
			"one out of the tree":   {"account.not_found", south, []ids.Account{acme, "acc_00000000000000000000000000"}},
		} {
			if got := move(c.to, c.of...); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
		plans, err := w.accounts.PreviewTogether(w.t.Context(), w.operator, []ids.Account{acme, zeta}, south)
		if err != nil || len(plans) != 2 || plans[0].Accounts+plans[1].Accounts != 3 {
			t.Errorf("%+v %v", plans, err)
		}
		if parent(acme) != north {
			t.Fatal("what was refused was moved")
		}
		if got := move(south, acme, zeta); got != "" || parent(acme) != south || parent(zeta) != south {
			t.Errorf("%q, below %s and %s, want %s", got, parent(acme), parent(zeta), south)
		}
		outsider := w.person("Nora", north, authz.Owner)
		if err := w.accounts.MoveTogether(w.t.Context(), outsider, north, []ids.Account{acme}, account.MoveInput{To: north}); errs.CodeOf(err) != "account.not_found" {
			t.Errorf("taken back by who no longer sees it: %v", err)
		}
	})
}

func TestSeveralAccountsCloseTogetherOrNotAtAll(t *testing.T) {
	each(t, func(w *world) {
		acme := w.client(w.root, "Acme")
		sales, support := w.department(acme, "Sales"), w.department(acme, "Support")
		owner, guest := w.person("Olga", acme, authz.Owner), w.person("Gus", acme, authz.Guest)
		closeBoth := func(by authz.Actor, typed string) string {
			err := w.accounts.CloseTogether(w.t.Context(), by, acme, []ids.Account{sales, support}, typed)
			return errs.CodeOf(err)
		}
		closed := func() bool {
			return w.get(w.operator, sales).Closed() && w.get(w.operator, support).Closed()
		}
		if got := closeBoth(guest, "2"); got == "" || got == "account.count_mismatch" {
			t.Errorf("a guest: %q", got)
		}
		if got := closeBoth(owner, "3"); got != "account.count_mismatch" || closed() {
			t.Errorf("the wrong number: %q", got)
		}
		if got := closeBoth(owner, " 2 "); got != "" || !closed() {
			t.Errorf("%q", got)
		}
		if w.get(w.operator, acme).Closed() {
			t.Error("the account above was closed")
		}
	})
}
