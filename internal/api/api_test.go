package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
)

// desk is a reseller with a client, and keys of people who work there.
type desk struct {
	*apptest.World
	reseller, client ids.Account
	seller           *apptest.Program // everything an Owner of the reseller can put into a key
	owner            *apptest.Program // likewise, of the client
}

func newDesk(w *apptest.World) *desk {
	d := &desk{World: w}
	d.reseller = w.Reseller(w.Platform, "Meridian")
	d.client = w.Client(d.reseller, "Acme")
	d.seller = w.Everything(w.Member(d.reseller, "sam@meridian.example", apptest.As(authz.Owner)).Actor, d.reseller)
	d.owner = w.Everything(w.Member(d.client, "olga@acme.example", apptest.As(authz.Owner)).Actor, d.client)
	return d
}

func (d *desk) at(id ids.Account, rest string) string { return "/accounts/" + string(id) + rest }

func TestAClientFromBirthToClosing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		made := d.seller.Post(d.at(d.reseller, "/clients"), `{"name": "Borealis", "membership_end": "2027-12-31", "references": [{"source": "whmcs", "reference": "1042"}], "owner_email": "bo@borealis.example"}`).Want(http.StatusCreated)
		client := ids.Account(made.ID())
		if got := made.Header.Get("Location"); got != "/api/v1/accounts/"+string(client) {
			t.Errorf("Location: %s", got)
		}
		got := d.seller.Get(d.at(client, "")).Want(http.StatusOK)
		var acc struct {
			Name, Kind, Status, Membership_End string
			References                         []struct{ Source, Reference string }
			Can                                []string
		}
		got.Into(&acc)
		if acc.Name != "Borealis" || acc.Kind != "customer" || acc.Status != "active" || acc.Membership_End != "2027-12-31" || len(acc.References) != 1 || len(acc.Can) == 0 {
			t.Errorf("%+v", acc)
		}

		edited := d.seller.Patch(d.at(client, ""), got.Header.Get("ETag"), `{"legal_name": "Borealis Ltd", "membership_end": ""}`).Want(http.StatusOK)
		if !strings.Contains(edited.Body, "Borealis Ltd") || strings.Contains(edited.Body, "2027-12-31") || edited.Header.Get("ETag") == got.Header.Get("ETag") {
			t.Errorf("after the edit: %s %s", edited.Header.Get("ETag"), edited.Body)
		}
		if stale := d.seller.Patch(d.at(client, ""), got.Header.Get("ETag"), `{"name": "Late"}`).Want(http.StatusPreconditionFailed); stale.Code() != "account.stale" {
			t.Errorf("an old version: %s", stale.Body)
		}
		d.seller.Do(http.MethodPatch, d.at(client, ""), `{"name": "Blind"}`).Want(http.StatusPreconditionRequired)

		d.seller.Post(d.at(client, "/hold"), `{"reason": "unpaid"}`).Want(http.StatusNoContent)
		var held struct {
			Status string
			Holds  []struct{ ID, Source, Reason string }
		}
		d.seller.Get(d.at(client, "")).Into(&held)
		if held.Status != "suspended" || len(held.Holds) != 1 || held.Holds[0].Source != "parent" || held.Holds[0].Reason != "unpaid" {
			t.Errorf("%+v", held)
		}
		d.seller.Delete(d.at(client, "/holds/"+held.Holds[0].ID)).Want(http.StatusNoContent)
		d.seller.Post(d.at(client, "/hold"), `{}`).Want(http.StatusNoContent)
		d.seller.Post(d.at(client, "/resume"), "").Want(http.StatusNoContent)
		d.seller.Post(d.at(client, "/close"), `{"typed": "Acme"}`).Want(http.StatusUnprocessableEntity)
		d.seller.Post(d.at(client, "/close"), `{"typed": "Borealis"}`).Want(http.StatusNoContent)
		var list struct {
			Items []struct{ ID, Name, Status string }
			Total int
		}
		d.seller.Get(d.at(d.reseller, "/clients?status=closed")).Want(http.StatusOK).Into(&list)
		if list.Total != 1 || list.Items[0].ID != string(client) {
			t.Errorf("%+v", list)
		}
		d.seller.Post(d.at(client, "/reopen"), "").Want(http.StatusNoContent)
	})
}

func TestListsTurnTheirPages(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	for i := range 5 {
		d.Client(d.reseller, fmt.Sprintf("Client %d", i))
	}
	var page struct {
		Items          []struct{ Name string }
		Next, Previous string
		Total          int
	}
	d.seller.Get(d.at(d.reseller, "/clients?limit=4&sort=name&order=desc")).Want(http.StatusOK).Into(&page)
	if len(page.Items) != 4 || page.Items[0].Name != "Client 4" || page.Next == "" || page.Previous != "" || page.Total != 6 {
		t.Fatalf("%+v", page)
	}
	next := page.Next
	page.Next = ""
	d.seller.Get(d.at(d.reseller, "/clients?limit=4&sort=name&order=desc&cursor="+next)).Want(http.StatusOK).Into(&page)
	if len(page.Items) != 2 || page.Items[1].Name != "Acme" || page.Next != "" || page.Previous == "" {
		t.Errorf("%+v", page)
	}
	// TEN10: a cursor opens nothing but the list it was made for, and nothing for anybody else.
	for name, answer := range map[string]apptest.Reply{
		"another order":   d.seller.Get(d.at(d.reseller, "/clients?limit=4&sort=name&cursor="+next)),
		"another list":    d.seller.Get(d.at(d.reseller, "/users?cursor="+next)),
		"another account": d.seller.Get(d.at(d.client, "/locations?cursor="+next)),
		"another person":  d.Everything(d.Member(d.reseller, "ann@meridian.example", apptest.As(authz.Admin)).Actor, d.reseller).Get(d.at(d.reseller, "/clients?limit=4&sort=name&order=desc&cursor="+next)),
		"cut":             d.seller.Get(d.at(d.reseller, "/clients?cursor="+next[:len(next)-3])),
	} {
		if answer.Status != http.StatusUnprocessableEntity || answer.Code() != "page.cursor" {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
}

func TestPlacesAndSendersOfAClient(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		loc := d.owner.Post(d.at(d.client, "/locations"), `{"name": "Harbour", "country": "DE"}`).Want(http.StatusCreated).ID()
		got := d.owner.Get(d.at(d.client, "/locations/"+loc)).Want(http.StatusOK)
		d.owner.Patch(d.at(d.client, "/locations/"+loc), got.Header.Get("ETag"), `{"name": "Port"}`).Want(http.StatusOK)
		d.owner.Patch(d.at(d.client, "/locations/"+loc), got.Header.Get("ETag"), `{"name": "Quay"}`).Want(http.StatusPreconditionFailed)
		if all := d.owner.Get(d.at(d.client, "/locations")).Want(http.StatusOK); !strings.Contains(all.Body, `"Port"`) || !strings.Contains(all.Body, `"DE"`) {
			t.Errorf("the locations: %s", all.Body)
		}
		d.owner.Delete(d.at(d.client, "/locations/"+loc)).Want(http.StatusNoContent)
		d.owner.Get(d.at(d.client, "/locations/"+loc)).Want(http.StatusNotFound)

		dept := d.owner.Post(d.at(d.client, "/departments"), `{"name": "Support"}`).Want(http.StatusCreated).ID()
		sub := d.owner.Post(d.at(d.client, "/subaccounts"), `{"name": "orders", "purpose": "transactional"}`).Want(http.StatusCreated).ID()
		at := d.at(d.client, "/subaccounts/"+sub)
		d.owner.Patch(at, d.owner.Get(at).Header.Get("ETag"), `{"purpose": "marketing"}`).Want(http.StatusOK)
		d.owner.Post(at+"/suspend", "").Want(http.StatusNoContent)
		d.owner.Post(at+"/move", `{"to": "`+dept+`"}`).Want(http.StatusNoContent)
		var got2 struct{ Account, Status, Purpose string }
		d.owner.Get(at).Into(&got2)
		if got2.Account != dept || got2.Status != "suspended" || got2.Purpose != "marketing" {
			t.Errorf("%+v", got2)
		}
		d.owner.Post(at+"/resume", "").Want(http.StatusNoContent)
		d.owner.Get(d.at(d.client, "/subaccounts?q=ord")).Want(http.StatusOK)
		if all := d.owner.Get(d.at(d.client, "/departments")).Want(http.StatusOK); !strings.Contains(all.Body, `"subaccounts":1`) {
			t.Errorf("the departments: %s", all.Body)
		}
		d.owner.Delete(at + "?typed=other").Want(http.StatusUnprocessableEntity)
		d.owner.Delete(at + "?typed=orders").Want(http.StatusNoContent)
	})
}

func TestPeopleOfAnAccount(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		d.owner.Post(d.at(d.client, "/users"), `{"name": "Una User", "email": "una@acme.example", "access": {"role": "user", "permissions": ["locations.view"], "all_subaccounts": true}}`).Want(http.StatusAccepted)
		var list struct {
			Items []struct{ ID, Email, Status string }
		}
		d.owner.Get(d.at(d.client, "/users?q=una")).Want(http.StatusOK).Into(&list)
		if len(list.Items) != 1 {
			t.Fatalf("%+v", list)
		}
		at := d.at(d.client, "/users/"+list.Items[0].ID)
		got := d.owner.Get(at).Want(http.StatusOK)
		edited := d.owner.Patch(at, got.Header.Get("ETag"), `{"access": {"role": "user", "permissions": ["locations.view", "locations.edit"], "all_subaccounts": true}, "job_title": "Clerk"}`).Want(http.StatusOK)
		if !strings.Contains(edited.Body, "locations.edit") || !strings.Contains(edited.Body, "Clerk") {
			t.Errorf("after the edit: %s", edited.Body)
		}
		if perms := d.owner.Get(at + "/permissions").Want(http.StatusOK); !strings.Contains(perms.Body, "locations.edit") {
			t.Errorf("what they may do: %s", perms.Body)
		}
		d.owner.Post(at+"/deactivate", "").Want(http.StatusNoContent)
		d.owner.Get(d.at(d.client, "/users?status=deactivated")).Want(http.StatusOK)
		d.owner.Post(at+"/reactivate", "").Want(http.StatusNoContent)
		d.owner.Post(d.at(d.client, "/users/bulk"), `{"action": "deactivate", "users": ["`+list.Items[0].ID+`"]}`).Want(http.StatusNoContent)
		d.owner.Delete(at).Want(http.StatusNoContent)
		d.owner.Get(at).Want(http.StatusNotFound)
	})
}

func TestInvitationsAndRoles(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		role := d.owner.Post(d.at(d.client, "/roles"), `{"name": "Desk", "permissions": ["locations.view", "subaccounts.view"]}`).Want(http.StatusCreated).ID()
		at := d.at(d.client, "/roles/"+role)
		d.owner.Patch(at, d.owner.Get(at).Header.Get("ETag"), `{"permissions": ["locations.view"]}`).Want(http.StatusOK)
		d.owner.Get(d.at(d.client, "/roles")).Want(http.StatusOK)

		sent := d.owner.Post(d.at(d.client, "/invitations"), `{"addresses": ["ivy@acme.example", "Ida <ida@acme.example>", "olga@acme.example", "nonsense"], "access": {"role": "`+role+`", "all_subaccounts": true}}`).Want(http.StatusOK)
		var res struct {
			Sent []string
			Left []struct{ Address, Verdict string }
		}
		sent.Into(&res)
		if fmt.Sprint(res) != "{[ivy@acme.example ida@acme.example] [{olga@acme.example already_user} {nonsense malformed}]}" {
			t.Errorf("%+v", res)
		}
		if strings.Contains(sent.Body, "/invitation/") {
			t.Error("INV05: the link is told")
		}
		d.owner.Get(at + "/holders").Want(http.StatusOK)
		d.owner.Delete(at).Want(http.StatusConflict)
		d.owner.Post(at+"/reassign", `{"to": "guest"}`).Want(http.StatusNoContent)
		d.owner.Delete(at).Want(http.StatusNoContent)

		var open struct{ Items []struct{ ID, Email string } }
		d.owner.Get(d.at(d.client, "/invitations")).Want(http.StatusOK).Into(&open)
		if len(open.Items) != 2 {
			t.Fatalf("%+v", open)
		}
		one := d.at(d.client, "/invitations/"+open.Items[0].ID)
		d.owner.Get(one).Want(http.StatusOK)
		d.owner.Post(one+"/resend", "").Want(http.StatusNoContent)
		d.owner.Delete(one).Want(http.StatusNoContent)
		d.owner.Post(d.at(d.client, "/invitations/bulk"), `{"action": "revoke", "invitations": ["`+open.Items[1].ID+`"]}`).Want(http.StatusNoContent)
		d.owner.Post(d.at(d.client, "/invitations/check"), `{"addresses": ["ivy@acme.example"]}`).Want(http.StatusOK)
	})
}

func TestTheLogThroughTheAPI(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	d.Clock.Advance(time.Second)
	d.owner.Post(d.at(d.client, "/locations"), `{"name": "Harbour"}`).Want(http.StatusCreated)
	var log struct {
		Items []struct{ Action, Actor_Kind, Credential, Target string }
		Next  string
	}
	d.owner.Get(d.at(d.client, "/events?limit=1")).Want(http.StatusOK).Into(&log)
	if len(log.Items) != 1 || log.Items[0].Action != "location.added" && log.Items[0].Action != "location.created" || log.Items[0].Actor_Kind != "key" || log.Items[0].Credential != string(d.owner.ID) {
		t.Fatalf("%+v", log)
	}
	d.owner.Get(d.at(d.client, "/events?limit=1&cursor="+log.Next)).Want(http.StatusOK)
	d.owner.Get(d.at(d.client, "/events?below=true&action=account.created")).Want(http.StatusOK)
}

func TestAClientMovesToAnotherReseller(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	branch := d.Reseller(d.reseller, "Meridian North")
	if places := d.seller.Get(d.at(d.client, "/places")).Want(http.StatusOK); !strings.Contains(places.Body, string(branch)) {
		t.Errorf("the places: %s", places.Body)
	}
	to := `{"to": "` + string(branch) + `"}`
	if plan := d.seller.Post(d.at(d.client, "/move/preview"), to).Want(http.StatusOK); !strings.Contains(plan.Body, `"possible":true`) {
		t.Errorf("the preview: %s", plan.Body)
	}
	d.seller.Post(d.at(d.client, "/move"), to).Want(http.StatusNoContent)
	if path := d.seller.Get(d.at(d.client, "/path")).Want(http.StatusOK); !strings.Contains(path.Body, "Meridian North") {
		t.Errorf("the path: %s", path.Body)
	}
	d.seller.Get(d.at(d.reseller, "/resellers")).Want(http.StatusOK)
}

func TestTooManyRequests(t *testing.T) {
	w := apptest.New(t, dbtest.SQLiteDSN(t), func(c *config.Config) { c.API.PerMinute = 2 })
	p := w.Everything(w.Root, w.Platform)
	if got := p.Get("/permissions").Want(http.StatusOK).Header.Get("RateLimit"); got != `"key";r=1;t=30` {
		t.Errorf("RateLimit: %s", got)
	}
	p.Get("/permissions").Want(http.StatusOK)
	if got := p.Get("/permissions").Want(http.StatusTooManyRequests); got.Header.Get("Retry-After") != "30" || got.Code() != "request.too_many" {
		t.Errorf("%v %s", got.Header, got.Body)
	}
}

// TestAPersonIsSignedOutByAKey: only by one that stands above them wherever they are.
func TestAPersonIsSignedOutByAKey(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	una := d.Member(d.client, "una@acme.example", apptest.As(authz.Guest))
	at := d.at(d.client, "/users/"+string(una.Member))
	there := d.SignIn(una.Email)
	home := "/a/" + string(d.client) + "/home"
	if got := there.Get(home); got.Status != http.StatusOK {
		t.Fatalf("signed in: %d", got.Status)
	}
	d.owner.Post(at+"/sign-out", "").Want(http.StatusNoContent)
	if got := there.Get(home); got.Status != http.StatusSeeOther {
		t.Errorf("after they were signed out: %d", got.Status)
	}
	d.owner.Post(at+"/reset", "").Want(http.StatusNoContent)
	if d.FindLink(una.Email, "/reset/") == "" {
		t.Error("no link was mailed")
	}
	d.Member(d.reseller, una.Email, apptest.As(authz.Guest))
	if got := d.owner.Post(at+"/sign-out", "").Want(http.StatusForbidden); got.Code() != "user.identity_theirs" {
		t.Errorf("somebody who belongs elsewhere, too: %s", got.Body)
	}
}
