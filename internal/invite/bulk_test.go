package invite_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/user"
)

func TestInvitingIntoSeveralClients(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		both := []ids.Account{w.Customer, w.Other}
		w.Member(w.Customer, "known@acme.example", user.Default())
		const text = "known@acme.example, new@acme.example, nobody@here"
		why := func(all []invite.Placed) map[string][]invite.Why {
			out := map[string][]invite.Why{}
			for _, c := range all {
				for _, v := range c.Verdicts {
					out[c.Name] = append(out[c.Name], v.Why)
				}
			}
			return out
		}
		checked, err := w.CheckInto(t.Context(), w.Seller.Actor, w.Reseller, both, text)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]invite.Why{"Acme": {invite.AlreadyUser, invite.OK, invite.Malformed}, "Other": {invite.OK, invite.OK, invite.Malformed}}
		if diff := cmp.Diff(want, why(checked)); diff != "" {
			t.Errorf("what would become of them (-want +got):\n%s", diff)
		}
		if n := w.Count("invitations"); n != 0 {
			t.Errorf("looking made %d invitations", n)
		}
		sent, err := w.InviteInto(t.Context(), w.Seller.Actor, w.Reseller, both, invite.Input{Addresses: text, Access: user.Access{Role: authz.Admin}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, why(sent)); diff != "" {
			t.Errorf("what became of them (-want +got):\n%s", diff)
		}
		if n := w.Count("invitations WHERE role = 'admin'"); n != 3 || len(w.Mails()) != 3 {
			t.Errorf("%d invitations, %d mails, want 3", n, len(w.Mails()))
		}
	})
}

func TestInvitingIntoSeveralClientsIsAllOrNone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		foreign := w.Account(w.Platform, "customer", "Foreign")
		desk := w.Member(w.Reseller, "desk@reseller.example", user.Access{Role: authz.Role(w.Role(w.Reseller, "Desk", "clients.view", "users.view", "users.invite")), AllSubs: true})
		many := make([]ids.Account, account.MostAtOnce+1)
		for i := range many {
			many[i] = ids.NewAccount(w.clock.Now())
		}
		addresses := func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, "p%d@acme.example ", i)
			}
			return b.String()
		}
		for _, c := range []struct {
			title   string
			by      authz.Actor
			clients []ids.Account
			in      invite.Input
			want    string
		}{
			{"TEN03 a foreign client among one's own", w.Seller.Actor, []ids.Account{w.Customer, foreign}, invite.Input{Addresses: "a@acme.example"}, "account.not_found"},
			{"a department", w.Seller.Actor, []ids.Account{w.Customer, w.Department}, invite.Input{Addresses: "a@acme.example"}, "account.not_found"},
			{"the reseller itself", w.Seller.Actor, []ids.Account{w.Reseller}, invite.Input{Addresses: "a@acme.example"}, "account.not_found"},
			{"nobody", w.Seller.Actor, nil, invite.Input{Addresses: "a@acme.example"}, "list.none_selected"},
			{"too many clients", w.Seller.Actor, many, invite.Input{Addresses: "a@acme.example"}, "list.too_many_selected"},
			{"too many in all", w.Seller.Actor, []ids.Account{w.Customer, w.Other}, invite.Input{Addresses: addresses(600)}, "invite.too_many_in_all"},
			{"no address that can be invited", w.Seller.Actor, []ids.Account{w.Customer}, invite.Input{Addresses: "nobody@here"}, "invite.none"},
			{"more than one holds", desk.Actor, []ids.Account{w.Customer}, invite.Input{Addresses: "a@acme.example", Access: user.Access{Role: authz.User, Perms: authz.SetOf("reports.view"), AllSubs: true}}, "role.above_yours"},
			{"a stranger", w.OtherOwner.Actor, []ids.Account{w.Other}, invite.Input{Addresses: "a@acme.example"}, "account.not_found"},
		} {
			_, err := w.InviteInto(t.Context(), c.by, w.Reseller, c.clients, c.in)
			if errs.CodeOf(err) != c.want {
				t.Errorf("%s: %v, want %q", c.title, err, c.want)
			}
			if _, err := w.CheckInto(t.Context(), c.by, w.Reseller, c.clients, c.in.Addresses); errs.KindOf(err) == errs.Internal && err != nil {
				t.Errorf("%s, looking: %v", c.title, err)
			}
		}
		if n := w.Count("invitations"); n != 0 {
			t.Errorf("%d invitations were made", n)
		}
		if n := w.Count("invitation_allowance WHERE sent > 0"); n != 0 {
			t.Error("an allowance was used up")
		}
	})
}
