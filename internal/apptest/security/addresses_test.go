package security_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apikey"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
	"bailiwick/internal/policy"
)

const (
	office  = "203.0.113.7"
	mapped  = "::ffff:203.0.113.7"
	cafe    = "198.51.100.9"
	network = "203.0.113.0/24"
)

// town is a customer with a department below a reseller, with people of each.
type town struct {
	*apptest.World
	reseller, acme, sales       ids.Account
	seller, owner, member, both *apptest.Browser
	sellerOf, ownerOf           apptest.Person
}

func each(t *testing.T, fn func(t *testing.T, w *town)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		w := &town{World: apptest.New(t, dsn, apptest.Proxied)}
		w.reseller = w.Reseller(w.Platform, "Meridian")
		w.acme = w.Client(w.reseller, "Acme Holdings")
		w.sales = w.Department(w.acme, "Sales")
		w.sellerOf = w.Member(w.reseller, "seller@meridian.example", apptest.As(authz.Owner))
		w.ownerOf = w.Member(w.acme, "owner@acme.example", apptest.As(authz.Owner))
		w.Member(w.sales, "member@acme.example", apptest.As(authz.Admin))
		w.Member(w.acme, "both@acme.example", apptest.As(authz.Guest))
		w.Member(w.reseller, "both@acme.example", apptest.As(authz.Admin))
		w.seller, w.owner = w.SignIn(w.sellerOf.Email).From(office), w.SignIn(w.ownerOf.Email).From(office)
		w.member, w.both = w.SignIn("member@acme.example").From(office), w.SignIn("both@acme.example").From(office)
		fn(t, w)
	})
}

// list sends a form of a list and says what came of it.
func list(b *apptest.Browser, at ids.Account, rest string, fields ...string) apptest.Answer {
	return b.Post("/a/"+string(at)+"/security/"+rest, fields...)
}

// lock puts a network on a list and switches it on.
func lock(t *testing.T, b *apptest.Browser, at ids.Account, l policy.List, network string) {
	t.Helper()
	for _, a := range []apptest.Answer{list(b, at, string(l)+"/add", "network", network, "note", "Head office"), list(b, at, string(l)+"/switch", "on", "on")} {
		if a.Status != http.StatusSeeOther {
			t.Fatalf("%d: %s", a.Status, a.Text())
		}
	}
}

func home(b *apptest.Browser, at ids.Account) int { return b.Get("/a/" + string(at) + "/home").Status }

func TestOnlyAddressesOnTheListOpenTheAccount(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		if home(w.owner.From(cafe), w.acme) != http.StatusOK {
			t.Fatal("without a list an address is refused")
		}
		lock(t, w.owner, w.acme, policy.Portal, network)
		for name, c := range map[string]struct {
			who  *apptest.Browser
			at   ids.Account
			want int
		}{
			"from the office":                                            {w.owner, w.acme, http.StatusOK},
			"from the office, mapped into v6 (IP01)":                     {w.owner.From(mapped), w.acme, http.StatusOK},
			"from elsewhere":                                             {w.owner.From(cafe), w.acme, http.StatusForbidden},
			"somebody of a department":                                   {w.member.From(cafe), w.sales, http.StatusForbidden},
			"somebody of a department, from the office":                  {w.member, w.sales, http.StatusOK},
			"somebody from above":                                        {w.seller.From(cafe), w.acme, http.StatusOK},
			"from above and of the account: the grant from above counts": {w.both.From(cafe), w.acme, http.StatusOK},
			"a stranger's account says nothing of the list":              {w.member.From(cafe), w.reseller, http.StatusNotFound},
		} {
			if got := home(c.who, c.at); got != c.want {
				t.Errorf("%s: %d, want %d", name, got, c.want)
			}
		}
		if a := w.owner.From(cafe).Get("/a/" + string(w.acme) + "/home"); !strings.Contains(a.Text(), cafe+" is not on the list") || strings.Contains(a.Text(), network) {
			t.Errorf("said: %s", a.Text())
		}
		if a := w.owner.From(cafe).Post("/switch/" + string(w.acme)); a.Status != http.StatusForbidden {
			t.Errorf("switched to the account: %d", a.Status)
		}
		for _, path := range []string{"/me", "/switch", "/me/sessions"} {
			if a := w.owner.From(cafe).Get(path); a.Status != http.StatusOK {
				t.Errorf("%s: %d", path, a.Status)
			}
		}
		list(w.owner, w.acme, "portal/switch")
		if home(w.owner.From(cafe), w.acme) != http.StatusOK {
			t.Error("the list is off and refuses")
		}
	})
}

func TestAnAddressMustBeOnEveryListAbove(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		lock(t, w.seller, w.reseller, policy.Portal, network)
		lock(t, w.owner, w.acme, policy.Portal, "203.0.112.0/23")
		if home(w.owner, w.acme) != http.StatusOK {
			t.Error("an address on both lists is refused")
		}
		if home(w.owner.From("203.0.112.1"), w.acme) != http.StatusForbidden {
			t.Error("an address on the own list alone is let in")
		}
		if a := w.owner.Get("/a/" + string(w.acme) + "/security"); !strings.Contains(a.Text(), "on the list of Meridian") {
			t.Error("the page does not tell of the list above")
		}
	})
}

func TestKeysWorkFromTheirListAlone(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		k := w.Key(w.ownerOf, w.acme, authz.UsersView)
		ask := func(from string) int {
			return w.byKey(t, k, from, http.MethodGet, "/accounts/"+string(w.acme)+"/users", "")
		}
		lock(t, w.owner, w.acme, policy.Portal, network)
		if got := ask(cafe); got != http.StatusOK {
			t.Fatalf("the list of the portal counts for a key: %d", got)
		}
		lock(t, w.owner, w.acme, policy.API, network)
		if got := ask(office); got != http.StatusOK {
			t.Errorf("from the list: %d", got)
		}
		if got := ask(cafe); got != http.StatusForbidden {
			t.Errorf("from elsewhere: %d", got)
		}
		if n := w.Count("allowlist_uses WHERE account_id = ? AND list = 'api' AND network = ?", w.acme, network); n != 1 {
			t.Errorf("%d uses were noted", n)
		}
	})
}

// byKey asks the API from an address and returns the status of its answer.
func (w *town) byKey(t *testing.T, k apikey.Created, from, method, path, body string) int {
	t.Helper()
	status, _ := w.told(t, k, from, method, path, body)
	return status
}

// told is byKey with what was answered.
func (w *town) told(t *testing.T, k apikey.Created, from, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.Server.URL+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+k.Secret.Reveal())
	req.Header.Set("X-Forwarded-For", from)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := w.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestNobodyLocksThemselvesOutByAKey switches lists on that exclude the key, and its owner at the portal.
func TestNobodyLocksThemselvesOutByAKey(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		k, above := w.Key(w.ownerOf, w.acme, authz.SecurityView, authz.SecurityEdit), w.Key(w.sellerOf, w.reseller, authz.SecurityView, authz.SecurityEdit)
		at := "/accounts/" + string(w.acme) + "/allowlists"
		for _, l := range []string{"portal", "api"} {
			if got := w.byKey(t, k, office, http.MethodPost, at+"/add", `{"list": "`+l+`", "network": "198.51.100.0/24"}`); got != http.StatusNoContent {
				t.Fatalf("%s: %d", l, got)
			}
			on := `{"list": "` + l + `", "on": true}`
			if got := w.byKey(t, k, office, http.MethodPost, at+"/switch", on); got != http.StatusConflict {
				t.Errorf("%s: a list that excludes the key: %d", l, got)
			}
			if got := w.byKey(t, above, office, http.MethodPost, at+"/switch", on); got != http.StatusNoContent {
				t.Errorf("%s: a list that does not count for whoever stands above: %d", l, got)
			}
			if got := w.byKey(t, above, office, http.MethodPost, at+"/switch", `{"list": "`+l+`", "on": false}`); got != http.StatusNoContent {
				t.Errorf("%s: %d", l, got)
			}
		}
		try := `{"list": "api", "on": true, "trial": true}`
		if got := w.byKey(t, k, office, http.MethodPost, at+"/switch", try); got != http.StatusNoContent {
			t.Fatalf("the trial: %d", got)
		}
		if got := w.byKey(t, k, office, http.MethodGet, at, ""); got != http.StatusForbidden {
			t.Errorf("during the trial: %d", got)
		}
		if got := w.byKey(t, k, cafe, http.MethodPost, at+"/end-trial", `{"list": "api", "keep": true}`); got != http.StatusNoContent {
			t.Errorf("kept from an address on it: %d", got)
		}
		list(w.owner, w.acme, "api/switch")
		if got := w.byKey(t, k, office, http.MethodPost, at+"/switch", try); got != http.StatusNoContent {
			t.Fatalf("the other trial: %d", got)
		}
		if a := list(w.owner, w.acme, "api/trial", "do", "undo"); a.Status != http.StatusSeeOther {
			t.Errorf("undone at the portal: %d", a.Status)
		}
		if got := w.byKey(t, k, office, http.MethodGet, at, ""); got != http.StatusOK {
			t.Errorf("after the trial: %d", got)
		}
	})
}

func TestNobodyLocksThemselvesOut(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		list(w.owner, w.acme, "portal/add", "network", "198.51.100.0/24")
		a := list(w.owner, w.acme, "portal/switch", "on", "on")
		if a.Status != http.StatusConflict || !strings.Contains(a.Text(), "Add your address, "+office+", first") || !strings.Contains(a.Text(), "Try it for 10 minutes") {
			t.Fatalf("%d %s", a.Status, a.Text())
		}
		if home(w.owner, w.acme) != http.StatusOK || w.Count("audit_events WHERE action = 'allowlist.switched_on'") != 0 {
			t.Fatal("a refused list is in force")
		}
		lock(t, w.seller, w.acme, policy.Portal, "192.0.2.0/24") // from above: it does not count for them
		if home(w.owner, w.acme) != http.StatusForbidden {
			t.Fatal("the list is not in force")
		}
		list(w.seller, w.acme, "portal/switch")
		lock(t, w.owner, w.acme, policy.Portal, network)
		if a := list(w.owner, w.acme, "portal/remove", "network", network); a.Status != http.StatusConflict {
			t.Errorf("took one's own address off a list in force: %d", a.Status)
		}
	})
}

func TestATrialOfAListRevertsUnlessItIsKept(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		list(w.owner, w.acme, "portal/add", "network", "198.51.100.0/24")
		try := func() {
			t.Helper()
			if a := list(w.owner, w.acme, "portal/switch", "on", "on", "trial", "on"); a.Status != http.StatusSeeOther {
				t.Fatalf("%d %s", a.Status, a.Text())
			}
			if home(w.owner, w.acme) != http.StatusForbidden || home(w.owner.From(cafe), w.acme) != http.StatusOK {
				t.Fatal("the list is not tried")
			}
		}
		try()
		if a := list(w.owner.From(cafe), w.acme, "portal/add", "network", office); a.Status != http.StatusConflict {
			t.Errorf("a list was changed while it was tried: %d", a.Status)
		}
		if a := list(w.seller, w.acme, "portal/trial", "do", "keep"); a.Status != http.StatusConflict {
			t.Errorf("kept from an address that is not on it: %d", a.Status)
		}
		w.Clock.Advance(policy.TrialFor - time.Second)
		w.Drain()
		if home(w.owner, w.acme) != http.StatusForbidden {
			t.Fatal("the trial ended early")
		}
		w.Clock.Advance(2 * time.Second)
		w.Drain()
		w.Drain()
		if home(w.owner, w.acme) != http.StatusOK {
			t.Fatal("the trial did not end")
		}
		if n := w.Count("audit_events WHERE action = 'allowlist.trial_ended'"); n != 1 {
			t.Errorf("%d events", n)
		}
		try()
		if a := list(w.owner.From(cafe), w.acme, "portal/trial", "do", "keep"); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Text())
		}
		w.Clock.Advance(policy.TrialFor + time.Second)
		w.Drain()
		if home(w.owner, w.acme) != http.StatusForbidden {
			t.Error("a list that was kept was undone")
		}
	})
}

func TestTheConsoleSwitchesListsOff(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		lock(t, w.owner, w.acme, policy.Portal, network)
		w.Exec("UPDATE settings SET value = '{' WHERE account_id = ? AND name = 'network.portal'", w.acme)
		if home(w.owner, w.acme) == http.StatusOK {
			t.Fatal("a list that cannot be read lets in")
		}
		if err := w.ClearIPLock(t.Context(), w.acme); err != nil {
			t.Fatal(err)
		}
		if home(w.owner.From(cafe), w.acme) != http.StatusOK {
			t.Error("the list is in force still")
		}
		if n := w.Count("audit_events WHERE action = 'allowlist.cleared' AND account_id = ?", w.acme); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

func TestTheLastUseOfAnAddressIsShown(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		lock(t, w.owner, w.acme, policy.Portal, network)
		list(w.owner, w.acme, "portal/add", "network", "192.0.2.1")
		for range 3 {
			home(w.member, w.sales) // a list counts for those below
		}
		page := w.owner.Get("/a/" + string(w.acme) + "/security").Text()
		for _, want := range []string{"You won’t lock yourself out", "Your address, " + office + ", is in Head office.", "192.0.2.1", "Never"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not say %q: %s", want, page)
			}
		}
		if n := w.Count("allowlist_uses"); n != 1 {
			t.Errorf("%d uses were noted", n)
		}
	})
}

func TestBadEntriesAreRefusedAndKeptInTheForm(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		a := list(w.owner, w.acme, "portal/add", "network", "203.0.113.9/24", "note", "Warehouse")
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text(), "Write 203.0.113.0/24 for the range") || !strings.Contains(a.Body, `value="Warehouse"`) {
			t.Errorf("%d %s", a.Status, a.Text())
		}
		if a := list(w.owner, w.acme, "smtp/add", "network", network); a.Status != http.StatusNotFound {
			t.Errorf("an unknown list: %d", a.Status)
		}
		if n := w.Count("settings WHERE name LIKE 'network.%'"); n != 0 {
			t.Errorf("%d lists were stored", n)
		}
	})
}
