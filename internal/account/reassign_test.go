package account_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/task"
)

// pack makes a package at an account that includes every module.
func (w movers) pack(at ids.Account, name string) ids.Package {
	id := ids.NewPackage(w.clock.Now())
	w.exec(`INSERT INTO packages (id, account_id, name, name_fold, price_note, perms, created_at, updated_at) VALUES (?, ?, ?, ?, '', '', 0, 0)`, id, at, name, ids.Fold(name))
	return id
}

func (w movers) count(query string, args ...any) int {
	w.t.Helper()
	n, err := db.One(w.t.Context(), w.db, db.Value[int], "SELECT count(*) FROM "+query, args...)
	w.ok(err)
	return n
}

// buying makes clients below a reseller that have a package.
func (w movers) buying(at ids.Account, p ids.Package, clients int) {
	w.t.Helper()
	for i := range clients {
		w.ok(w.accounts.Assign(w.t.Context(), w.operator, w.client(at, fmt.Sprintf("Client %03d", i)), p))
	}
}

func TestAFewClientsGetAnotherPackageAtOnce(t *testing.T) {
	eachMovers(t, func(w movers) {
		north := w.reseller(w.root, "North")
		small, large := w.pack(north, "Small"), w.pack(north, "Large")
		w.buying(north, small, 3)
		shut := w.client(north, "Shut")
		w.ok(w.accounts.Assign(t.Context(), w.operator, shut, small))
		w.exec(`UPDATE accounts SET closed_at = 1 WHERE id = ?`, shut)
		w.exec(`UPDATE client_list SET closed = TRUE WHERE customer_id = ?`, shut)
		told := w.count("notices WHERE kind = 'package_changed'")
		id, err := w.accounts.Reassign(t.Context(), w.operator, north, small, large)
		if err != nil || id != "" {
			t.Fatalf("%q, %v", id, err)
		}
		if n := w.count("accounts WHERE package_id = ?", large); n != 4 {
			t.Errorf("%d of 4 clients have it, one of them closed", n)
		}
		if n := w.count("client_list WHERE package_fold = 'large' AND ancestor_id = ?", north); n != 4 {
			t.Errorf("%d of 4 are listed with it", n)
		}
		if n := w.count("notices WHERE kind = 'package_changed'") - told; n != 3 {
			t.Errorf("the people of %d clients are told, want 3", n)
		}
	})
}

func TestARemarkOnAnotherPackageStandsWhereItIsNamed(t *testing.T) {
	eachMovers(t, func(w movers) {
		north := w.reseller(w.root, "North")
		small, old := w.pack(north, "Small"), w.pack(north, "Old")
		w.exec(`UPDATE packages SET retired_at = 1 WHERE id = ?`, old)
		for _, to := range []ids.Package{"pkg_none", old, small} {
			_, err := w.accounts.Reassign(t.Context(), w.operator, north, small, to)
			var told *errs.Error
			if !errors.As(err, &told) || len(told.Fields) != 1 || told.Fields["to"].Code == "" {
				t.Errorf("to %s: %v", to, err)
			}
		}
	})
}

func TestManyClientsGetAnotherPackageByATask(t *testing.T) {
	eachMovers(t, func(w movers) {
		const clients = account.MostAtOnce + 7
		north := w.reseller(w.root, "North")
		small, large := w.pack(north, "Small"), w.pack(north, "Large")
		w.buying(north, small, clients)
		told := w.count("notices WHERE kind = 'package_changed'")
		seller := w.person("Nils", north, authz.Owner)
		id, err := w.accounts.Reassign(t.Context(), seller, north, small, large)
		w.ok(err)
		if id == "" || w.count("accounts WHERE package_id = ?", large) != 0 {
			t.Fatalf("it is no task: %q", id)
		}
		// A worker begins, gets as far as a few clients, and is killed.
		w.exec(`UPDATE tasks SET state = 'running', attempt = 1 WHERE id = ?`, id)
		w.exec(`UPDATE jobs SET state = 'running', owner = 'gone', attempt = 1, lease_until = ? WHERE unique_key LIKE ? || '/%'`, w.clock.Now().Add(time.Minute).UnixMilli(), id)
		w.drain()
		if n := w.count("accounts WHERE package_id = ?", large); n != 0 {
			t.Fatalf("%d clients have it while the other worker may still be at it", n)
		}
		w.clock.Advance(2 * time.Minute)
		w.drain()
		got, err := w.tasks.Get(t.Context(), seller, north, id)
		w.ok(err)
		if got.State != task.Done || got.Done != clients || got.Total != clients {
			t.Errorf("%s, %d of %d: %+v", got.State, got.Done, got.Total, got.Problem)
		}
		if n := w.count("accounts WHERE package_id = ?", large); n != clients {
			t.Errorf("%d of %d clients have it", n, clients)
		}
		if n := w.count("notices WHERE kind = 'package_changed'") - told; n != clients {
			t.Errorf("the people of %d of %d clients are told", n, clients)
		}
	})
}
