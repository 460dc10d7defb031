package security_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/policy"
	"bailiwick/internal/submit"
)

// shop is the sub-account of a town, with the forms of its list.
type shop struct {
	*town
	id ids.SubAccount
	at string
}

func eachShop(t *testing.T, fn func(t *testing.T, w shop)) {
	t.Helper()
	each(t, func(t *testing.T, w *town) {
		id := w.SubAccount(w.sales, "web-shop")
		fn(t, shop{w, id, "/a/" + string(w.acme) + "/subaccounts/" + string(id)})
	})
}

func (w shop) form(b *apptest.Browser, do string, fields ...string) apptest.Answer {
	return b.Post(w.at+"/addresses/"+do, fields...)
}

func (w shop) lock(t *testing.T, network string) {
	t.Helper()
	for _, a := range []apptest.Answer{w.form(w.owner, "add", "network", network, "note", "Warehouse"), w.form(w.owner, "switch", "on", "on")} {
		if a.Status != http.StatusSeeOther {
			t.Fatalf("%d: %s", a.Status, a.Text())
		}
	}
}

// TestKeysSendWithASubAccountFromItsListAlone reserves with a key from two addresses, with and without the sub-account.
func TestKeysSendWithASubAccountFromItsListAlone(t *testing.T) {
	eachShop(t, func(t *testing.T, w shop) {
		k, n := w.Key(w.ownerOf, w.acme, authz.MessagesSend), 0
		send := func(from, sub string) int {
			n++
			return w.byKey(t, k, from, http.MethodPost, "/quota/reserve", `{"key": "`+strings.Repeat("k", n)+`", "account": "`+string(w.acme)+`", "channel": "email", "recipients": 1`+sub+`}`)
		}
		with := `, "subaccount": "` + string(w.id) + `"`
		if got := send(cafe, with); got != http.StatusOK {
			t.Fatalf("without a list: %d", got)
		}
		w.lock(t, network)
		for _, c := range []struct {
			from, sub string
			want      int
		}{{office, with, http.StatusOK}, {mapped, with, http.StatusOK}, {cafe, with, http.StatusForbidden}, {cafe, "", http.StatusOK}} {
			if got := send(c.from, c.sub); got != c.want {
				t.Errorf("from %s with %q: %d, want %d", c.from, c.sub, got, c.want)
			}
		}
		if n := w.Count("subaccount_address_uses WHERE subaccount_id = ? AND network = ?", w.id, network); n != 1 {
			t.Errorf("%d uses were noted", n)
		}
		if page := w.owner.Get(w.at).Text(); !strings.Contains(page, "Warehouse") || strings.Contains(page, "Never") {
			t.Errorf("the page of the sub-account: %s", page)
		}
		if page := w.owner.Get("/a/" + string(w.acme) + "/security"); !strings.Contains(page.Body, w.at+"#addresses-sub") {
			t.Error("the security of the account does not lead to it")
		}
		lock(t, w.owner, w.acme, policy.API, cafe)
		if got := send(office, with); got != http.StatusForbidden {
			t.Errorf("on the list of the sub-account alone: %d", got)
		}
		list(w.owner, w.acme, "api/switch")
		w.form(w.owner, "switch")
		if got := send(cafe, with); got != http.StatusOK {
			t.Errorf("with the list off: %d", got)
		}
		if n := w.Count("audit_events WHERE account_id = ? AND target_type = 'subaccount' AND target_id = ? AND action LIKE 'allowlist.%'", w.acme, w.id); n != 3 {
			t.Errorf("%d events", n)
		}
		w.lock(t, "192.0.2.7")
		w.Exec("DELETE FROM subaccounts WHERE id = ?", w.id)
		if n := w.Count("subaccount_addresses"); n != 0 {
			t.Errorf("the list stays without its sub-account")
		}
	})
}

// TestACheckSaysWhatBecomesOfAMessage asks whether a key may send with a sub-account from where it is, as programs do before they send.
func TestACheckSaysWhatBecomesOfAMessage(t *testing.T) {
	eachShop(t, func(t *testing.T, w shop) {
		k := w.Key(w.ownerOf, w.acme, authz.MessagesSend, authz.SubAccountsView)
		w.lock(t, network)
		ask := func(what, from, perm, rest string) string {
			status, said := w.told(t, k, from, http.MethodPost, "/access/"+what, `{"account": "`+string(w.acme)+`", "permission": "`+perm+`"`+rest+`}`)
			if status != http.StatusOK {
				t.Fatalf("%d %s", status, said)
			}
			return strings.TrimSpace(said)
		}
		with := `, "subaccount": "` + string(w.id) + `"`
		for _, c := range []struct{ from, perm, rest, want string }{
			{office, "messages.send", with, `{"allowed":true}`},
			{cafe, "messages.send", with, `{"allowed":false}`},
			{cafe, "messages.send", "", `{"allowed":true}`},
			{cafe, "subaccounts.view", with, `{"allowed":true}`},
		} {
			if got := ask("check", c.from, c.perm, c.rest); got != c.want {
				t.Errorf("%s from %s with %q: %s", c.perm, c.from, c.rest, got)
			}
		}
		if got := ask("explain", cafe, "messages.send", with); !strings.Contains(got, `"allowed":false`) || !strings.Contains(got, `"code":"address_not_listed"`) {
			t.Errorf("from elsewhere: %s", got)
		}
		w.Exec("UPDATE subaccounts SET suspended = TRUE WHERE id = ?", w.id)
		if got := ask("check", office, "messages.send", with); got != `{"allowed":false}` {
			t.Errorf("with a sub-account that is suspended: %s", got)
		}
		if got := ask("explain", office, "messages.send", `, "subaccount": "`+string(w.SubAccount(w.Client(w.reseller, "Globex"), "orders"))+`"`); !strings.Contains(got, `"code":"subaccount_not_theirs"`) {
			t.Errorf("with one of another client: %s", got)
		}
	})
}

// TestTheListOfASubAccountIsForThoseWhoMay asks as people who may not, and sends what cannot be.
func TestTheListOfASubAccountIsForThoseWhoMay(t *testing.T) {
	eachShop(t, func(t *testing.T, w shop) {
		guest := w.Member(w.acme, "guest@acme.example", apptest.As(authz.Guest))
		elsewhere := w.Client(w.reseller, "Globex")
		stranger := w.Member(elsewhere, "owner@globex.example", apptest.As(authz.Owner))
		foreign := strings.Replace(w.at, string(w.acme), string(elsewhere), 1)
		for name, a := range map[string]apptest.Answer{
			"an account that it does not belong to": w.SignIn(stranger.Email).Post(foreign+"/addresses/add", "network", office),
			"somebody of another account":           w.form(w.SignIn(stranger.Email), "add", "network", office),
		} {
			if a.Status != http.StatusNotFound {
				t.Errorf("%s: %d", name, a.Status)
			}
		}
		if a := w.form(w.SignIn(guest.Email), "add", "network", office); a.Status != http.StatusForbidden {
			t.Errorf("a guest: %d", a.Status)
		}
		if a := w.form(w.owner, "add", "network", "10.0.0.1/8", "note", "Kept"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `value="10.0.0.1/8"`) || !strings.Contains(a.Body, `value="Kept"`) {
			t.Errorf("a range with host bits: %d", a.Status)
		}
		if a := w.form(w.owner, "switch", "on", "on"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text(), "Add an address first") {
			t.Errorf("an empty list was switched on: %d %s", a.Status, a.Text())
		}
		if err := w.Policy.Add(t.Context(), stranger.Actor, elsewhere, policy.OfSub(w.id), office, ""); errs.KindOf(err) != errs.NotFound {
			t.Errorf("by an account that it does not belong to: %v", err)
		}
		if n := w.Count("subaccount_addresses"); n != 0 {
			t.Errorf("%d lists", n)
		}
	})
}

// TestAPreviewAsksTheListsOfAddresses tries a message from an address that is on neither list, one, and both.
func TestAPreviewAsksTheListsOfAddresses(t *testing.T) {
	eachShop(t, func(t *testing.T, w shop) {
		w.lock(t, network)
		lock(t, w.owner, w.acme, policy.API, "203.0.113.7")
		for _, c := range []struct {
			from string
			want int
		}{{cafe, 2}, {"203.0.113.8", 1}, {office, 0}, {"", 0}} {
			p, err := w.Submit.Preview(t.Context(), w.ownerOf.Actor, w.acme, submit.Sample{Message: []byte("Subject: x\r\n\r\nHello"), Sub: w.id, From: c.from})
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Refused) != c.want || c.want > 0 && p.Refused[0].Status != "5.7.1" {
				t.Errorf("from %q: %v", c.from, p.Refused)
			}
		}
		page := w.owner.Post("/a/"+string(w.acme)+"/settings/preview", "message", "Subject: x\r\n\r\nHello", "subaccount", string(w.id), "address", cafe)
		if !strings.Contains(page.Body, w.at+"#addresses-sub") || !strings.Contains(page.Body, "/security#addresses-api") || !strings.Contains(page.Body, `value="`+cafe+`"`) {
			t.Errorf("%d %s", page.Status, page.Text())
		}
		if a := w.owner.Post("/a/"+string(w.acme)+"/settings/preview", "message", "Subject: x\r\n\r\nHello", "address", "here"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text(), "Write an IP address") {
			t.Errorf("no address: %d", a.Status)
		}
	})
}
