package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

func TestTheNavigationCountsWhatOneMaySee(t *testing.T) {
	each(t, func(w *world) {
		r := w.reseller(w.root, "Northwind")
		acme, gone := w.client(r, "Acme"), w.client(r, "Gone")
		w.client(w.root, "Beside")
		w.department(acme, "Sales")
		w.ok(w.accounts.Close(w.t.Context(), w.operator, gone, "Gone"))
		admin, guest, owner := w.person("Petra", r, authz.Admin), w.person("Gus", r, authz.Guest), w.person("Olga", acme, authz.Owner)
		w.exec(`INSERT INTO member_list (account_id, membership_id, name_fold, email_fold, active, created_at) SELECT account_id, id, '', '', TRUE, 0 FROM memberships WHERE TRUE ON CONFLICT (membership_id) DO NOTHING`)
		const no = account.Unknown
		for _, c := range []struct {
			name string
			by   authz.Actor
			at   ids.Account
			want account.Sizes
		}{
			{"the reseller's Admin", admin, r, account.Sizes{Clients: 1, People: 2}},
			{"its Guest", guest, r, account.Sizes{Clients: no, People: no, Roles: no}},
			{"a client's Owner", owner, acme, account.Sizes{Clients: no, People: 1}},
			{"the operator", w.operator, w.root, account.Sizes{Clients: 2}},
		} {
			got, err := w.accounts.Sizes(w.t.Context(), c.by, c.at)
			w.ok(err)
			if c.by == w.operator {
				got.People = 0 // whoever the world begins with
			}
			if !cmp.Equal(got, c.want) {
				w.t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
			}
		}
		_, err := w.accounts.Sizes(w.t.Context(), owner, r)
		w.refused(err, "account.not_found")
	})
}
