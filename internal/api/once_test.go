package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

const newClient = `{"name": "Twice", "no_end": true}`

func TestARequestSentTwiceIsDoneOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		clients := d.at(d.reseller, "/clients")
		first := d.seller.Post(clients, newClient, "Idempotency-Key", `"a-1"`).Want(http.StatusCreated)
		again := d.seller.Post(clients, newClient, "Idempotency-Key", `a-1`).Want(http.StatusCreated)
		if again.ID() != first.ID() || again.Header.Get("Idempotency-Replayed") != "true" || first.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("first %s, again %s %s", first.Body, again.Body, again.Header.Get("Idempotency-Replayed"))
		}
		if n := w.Count("accounts WHERE name = 'Twice'"); n != 1 {
			t.Errorf("%d clients were made", n)
		}
		if got := d.seller.Post(clients, `{"name": "Other", "no_end": true}`, "Idempotency-Key", "a-1").Want(http.StatusUnprocessableEntity); got.Code() != "idempotency.other_request" {
			t.Errorf("another body: %s", got.Body)
		}
		d.seller.Post(d.at(d.reseller, "/resellers"), `{"name": "Twice"}`, "Idempotency-Key", "a-1").Want(http.StatusUnprocessableEntity)

		// Another key knows nothing of it.
		other := w.Everything(w.Member(d.reseller, "ann@meridian.example", apptest.As(authz.Admin)).Actor, d.reseller)
		if got := other.Post(clients, newClient, "Idempotency-Key", "a-1").Want(http.StatusCreated); got.ID() == first.ID() {
			t.Error("the key of one credential counts for another")
		}
		// A day later it is a new request, whether or not the job has run.
		w.Clock.Advance(24 * time.Hour)
		if got := d.seller.Post(clients, newClient, "Idempotency-Key", "a-1").Want(http.StatusCreated); got.ID() == first.ID() || got.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("a day later: %s", got.Body)
		}
	})
}

func TestARefusedRequestLeavesItsKeyFree(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	clients := d.at(d.reseller, "/clients")
	d.seller.Post(clients, `{"name": "Twice"}`, "Idempotency-Key", "b").Want(http.StatusUnprocessableEntity)
	d.seller.Post(clients, newClient, "Idempotency-Key", "b").Want(http.StatusCreated)
}

func TestEveryPostCanBeRepeated(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	sub := d.SubAccount(d.client, "orders")
	dept := d.Department(d.client, "Support")
	role := d.RoleGroup(d.client, "Desk", authz.LocationsView)
	una := d.Member(d.client, "una@acme.example", apptest.As(authz.User, authz.LocationsView))
	ivy := d.Invite(d.Root, d.client, "ivy@acme.example", apptest.As(authz.Guest)).ID
	steps := []struct{ path, body string }{
		{"/locations", `{"name": "Harbour"}`},
		{"/departments", `{"name": "Sales"}`},
		{"/subaccounts", `{"name": "news", "purpose": "marketing"}`},
		{"/subaccounts/" + string(sub) + "/suspend", ``},
		{"/subaccounts/" + string(sub) + "/resume", ``},
		{"/subaccounts/" + string(sub) + "/move", `{"to": "` + string(dept) + `"}`},
		{"/roles", `{"name": "Another", "permissions": ["locations.view"]}`},
		{"/roles/" + string(role) + "/reassign", `{"to": "guest"}`},
		{"/users", `{"name": "New", "email": "new@acme.example"}`},
		{"/users/" + string(una.Member) + "/deactivate", ``},
		{"/users/" + string(una.Member) + "/reactivate", ``},
		{"/users/" + string(una.Member) + "/email", `{"email": "una@elsewhere.example"}`},
		{"/allowlists/add", `{"list": "api", "network": "192.0.2.1"}`},
		{"/allowlists/switch", `{"list": "api", "on": true}`},
		{"/allowlists/switch", `{"list": "api", "on": false}`},
		{"/allowlists/remove", `{"list": "api", "network": "192.0.2.1/32"}`},
		{"/sign-out", ``},
		{"/users/bulk", `{"action": "deactivate", "users": ["` + string(una.Member) + `"]}`},
		{"/invitations/" + string(ivy) + "/resend", ``},
		{"/invitations", `{"addresses": ["ida@acme.example", "nonsense", "ivy@acme.example"]}`},
		{"/invitations/bulk", `{"action": "revoke", "invitations": ["` + string(ivy) + `"]}`},
		{"/hold", `{"reason": "unpaid"}`},
		{"/resume", ``},
		{"/close", `{"typed": "Acme"}`},
		{"/reopen", ``},
	}
	for i, s := range steps {
		t.Run(s.path, func(t *testing.T) {
			mark := fmt.Sprint("step-", i)
			first := d.seller.Post(d.at(d.client, s.path), s.body, "Idempotency-Key", mark)
			again := d.seller.Post(d.at(d.client, s.path), s.body, "Idempotency-Key", mark)
			if first.Status >= 300 || again.Status != first.Status || again.Body != first.Body {
				t.Errorf("first %d %s, then %d %s", first.Status, first.Body, again.Status, again.Body)
			}
			// What changed nothing at first is not kept, and changes nothing again.
			if strings.HasSuffix(s.path, "reassign") {
				return
			}
			if again.Header.Get("Idempotency-Replayed") != "true" {
				t.Error("it was done again")
			}
		})
	}
}

func TestKeysThatAreNone(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	for _, key := range []string{" ", `""`, strings.Repeat("k", 256), "a b", "é", `"a`, `a,"b"`} {
		if got := d.seller.Post(d.at(d.reseller, "/clients"), newClient, "Idempotency-Key", key); got.Status != http.StatusBadRequest || got.Code() != "idempotency.malformed" {
			t.Errorf("%q: %d %s", key, got.Status, got.Body)
		}
	}
}

// TestTheSameRequestAtOnce sends one request many times at once: one of them does it, the others are told so or wait.
func TestTheSameRequestAtOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := map[string]int{}
		for range 12 {
			wg.Go(func() {
				got := d.seller.Post(d.at(d.reseller, "/clients"), newClient, "Idempotency-Key", "at-once")
				what := fmt.Sprint(got.Status)
				if got.Status == http.StatusCreated {
					what = got.ID()
				}
				mu.Lock()
				defer mu.Unlock()
				seen[what]++
			})
		}
		wg.Wait()
		if delete(seen, "409"); len(seen) != 1 || w.Count("accounts WHERE name = 'Twice'") != 1 {
			t.Errorf("answers: %v", seen)
		}
	})
}

func TestOldKeysAreForgotten(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		d.seller.Post(d.at(d.reseller, "/clients"), newClient, "Idempotency-Key", "old").Want(http.StatusCreated)
		w.Clock.Advance(23 * time.Hour)
		d.seller.Post(d.at(d.reseller, "/clients"), newClient, "Idempotency-Key", "young").Want(http.StatusCreated)
		w.Clock.Advance(2 * time.Hour)
		for range 2 {
			if err := w.Ops.ForgetKeys(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.Count("idempotency"); n != 1 {
			t.Errorf("%d keys are left", n)
		}
	})
}
