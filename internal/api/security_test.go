package api_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

func TestTheListsOfAddresses(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		at := d.at(d.client, "/allowlists")
		d.owner.Post(at+"/add", `{"list": "portal", "network": "127.0.0.0/8", "note": "Office"}`, "Idempotency-Key", "a").Want(http.StatusNoContent)
		if again := d.owner.Post(at+"/add", `{"list": "portal", "network": "127.0.0.0/8", "note": "Office"}`, "Idempotency-Key", "a"); again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("again: %d %s", again.Status, again.Body)
		}
		d.owner.Post(at+"/add", `{"list": "portal", "network": "127.0.0.0/8"}`).Want(http.StatusUnprocessableEntity)
		d.owner.Post(at+"/add", `{"list": "portal", "network": "nowhere"}`).Want(http.StatusUnprocessableEntity)
		d.owner.Post(at+"/switch", `{"list": "portal", "on": true}`).Want(http.StatusNoContent)
		var lists struct {
			Items []struct {
				List    string
				On      bool
				Entries []struct{ Network, Note string }
			}
		}
		d.owner.Get(at).Into(&lists)
		if len(lists.Items) != 2 || lists.Items[0].List != "portal" || !lists.Items[0].On || len(lists.Items[0].Entries) != 1 || lists.Items[0].Entries[0].Note != "Office" {
			t.Errorf("%+v", lists)
		}
		if below := d.owner.Get(d.at(d.Department(d.client, "Support"), "/allowlists")).Want(http.StatusOK); !strings.Contains(below.Body, `"above":["Acme"]`) {
			t.Errorf("below: %s", below.Body)
		}
		if last := d.owner.Post(at+"/remove", `{"list": "portal", "network": "127.0.0.0/8"}`).Want(http.StatusConflict); last.Code() != "allowlist.last" {
			t.Errorf("the last address: %s", last.Body)
		}
		d.owner.Post(at+"/switch", `{"list": "portal", "on": false}`).Want(http.StatusNoContent)
		d.owner.Post(at+"/remove", `{"list": "portal", "network": "127.0.0.0/8"}`).Want(http.StatusNoContent)
		if none := d.owner.Post(at+"/end-trial", `{"list": "portal", "keep": true}`).Want(http.StatusConflict); none.Code() != "allowlist.no_trial" {
			t.Errorf("no trial: %s", none.Body)
		}
		sub := string(d.SubAccount(d.client, "web-shop"))
		d.owner.Post(at+"/add", `{"list": "api", "subaccount": "`+sub+`", "network": "192.0.2.7"}`).Want(http.StatusNoContent)
		d.owner.Post(at+"/switch", `{"list": "api", "subaccount": "`+sub+`", "on": true}`).Want(http.StatusNoContent)
		d.owner.Post(at+"/switch", `{"list": "portal", "subaccount": "`+sub+`", "on": true}`).Want(http.StatusUnprocessableEntity)
		d.owner.Post(at+"/add", `{"list": "api", "subaccount": "portal", "network": "192.0.2.7"}`).Want(http.StatusNotFound)
		d.owner.Get(at + "?subaccount=sub_00000000000000000000000000").Want(http.StatusNotFound)
		if own := d.owner.Get(at + "?subaccount=" + sub).Want(http.StatusOK); !strings.Contains(own.Body, `"network":"192.0.2.7/32"`) || !strings.Contains(own.Body, `"on":true`) {
			t.Errorf("of the sub-account: %s", own.Body)
		}
		if all := d.owner.Get(at).Want(http.StatusOK); !strings.Contains(all.Body, `"own":[{"id":"`+sub+`","name":"web-shop","on":true}]`) {
			t.Errorf("all: %s", all.Body)
		}
		d.owner.Post(at+"/add", `{"list": "api", "network": "192.0.2.0/24"}`).Want(http.StatusNoContent)
		if shut := d.owner.Post(at+"/switch", `{"list": "api", "on": true}`).Want(http.StatusConflict); shut.Code() != "allowlist.excludes_you" {
			t.Errorf("a list that excludes the key: %s", shut.Body)
		}
		d.owner.Post(at+"/switch", `{"list": "api", "on": true, "trial": true}`).Want(http.StatusNoContent)
		d.owner.Get(at).Want(http.StatusForbidden)
	})
}

func TestEveryoneIsSignedOut(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	d.Member(d.client, "una@acme.example", apptest.As(authz.Guest))
	una := d.SignIn("una@acme.example")
	var concerned struct {
		People, Lacking, Admins int
		Expired                 int
	}
	d.owner.Get(d.at(d.client, "/concerned?expiry=30")).Into(&concerned)
	if concerned.People != 2 || concerned.Lacking != 2 || concerned.Admins != 1 || concerned.Expired != 0 {
		t.Errorf("%+v", concerned)
	}
	d.owner.Post(d.at(d.client, "/sign-out"), "").Want(http.StatusNoContent)
	if a := una.Get("/a/" + string(d.client)); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location(), "/sign-in") {
		t.Errorf("after signing everyone out: %d %s", a.Status, a.Location())
	}
}

func TestTheLogIsKeptAsThePlatformSays(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	root := d.Everything(d.Root, d.Platform)
	root.Post(d.at(d.Platform, "/retention"), `{"days": 90}`).Want(http.StatusNoContent)
	if got := d.owner.Get(d.at(d.client, "/retention")).Want(http.StatusOK); !strings.Contains(got.Body, `"days":90`) {
		t.Errorf("%s", got.Body)
	}
	root.Post(d.at(d.Platform, "/retention"), `{"days": 2}`).Want(http.StatusUnprocessableEntity)
	d.owner.Post(d.at(d.client, "/retention"), `{"days": 90}`).Want(http.StatusForbidden)
	var events struct {
		Items []struct{ ID, Action string }
	}
	d.owner.Get(d.at(d.client, "/events")).Into(&events)
	if len(events.Items) == 0 {
		t.Fatal("no events")
	}
	if got := d.owner.Get(d.at(d.client, "/events/"+events.Items[0].ID)).Want(http.StatusOK); !strings.Contains(got.Body, events.Items[0].Action) {
		t.Errorf("%s", got.Body)
	}
	d.owner.Get(d.at(d.client, "/events/evt_00000000000000000000000000")).Want(http.StatusNotFound)
}

func TestSettingsSideBySideAndWhatTheyMakeOfAMessage(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	other := d.Client(d.reseller, "Bolt")
	set := d.seller.Get(d.at(other, "/settings"))
	d.seller.Patch(d.at(other, "/settings"), set.Header.Get("ETag"), `{"settings": [{"name": "account.grace_days", "value": 9}]}`).Want(http.StatusOK)
	var pairs struct {
		Items []struct {
			Name       string
			Same       bool
			One, Other struct{ Value any }
		}
	}
	d.seller.Get(d.at(d.client, "/settings/compare?with="+string(other))).Into(&pairs)
	differ := 0
	for _, p := range pairs.Items {
		if p.Same {
			continue
		}
		if differ++; p.Name != "account.grace_days" || p.Other.Value != 9.0 {
			t.Errorf("%+v", p)
		}
	}
	if differ != 1 {
		t.Errorf("%d settings differ", differ)
	}
	got := d.owner.Post(d.at(d.client, "/messages/preview"), `{"message": "Subject: Hello\r\nFrom: a@acme.example\r\n\r\nText"}`).Want(http.StatusOK)
	if !strings.Contains(got.Body, `"text":"Text`) || !strings.Contains(got.Body, `"Hello"`) {
		t.Errorf("%s", got.Body)
	}
	d.owner.Post(d.at(d.client, "/messages/preview"), `{"message": " "}`).Want(http.StatusUnprocessableEntity)
}

func TestFindingBelow(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	d.Department(d.client, "Harbour desk")
	d.Client(d.Platform, "Harbour elsewhere")
	d.Client(d.reseller, "Harbour hotels")
	var found struct {
		Items []struct {
			Kind, Name string
			Path       []string
		}
		More bool
	}
	d.seller.Get(d.at(d.reseller, "/find?q=harbour")).Into(&found)
	var names []string
	for _, f := range found.Items {
		names = append(names, f.Kind+" "+f.Name)
	}
	if got := strings.Join(names, ", "); got != "customer Harbour hotels, department Harbour desk" || found.More {
		t.Errorf("below the reseller: %s", got)
	}
	d.owner.Get(d.at(d.client, "/find?q=harbour+desk")).Into(&found)
	if len(found.Items) != 1 || found.Items[0].Kind != "department" {
		t.Errorf("in the client: %+v", found)
	}
	d.owner.Get(d.at(d.reseller, "/find?q=harbour")).Want(http.StatusNotFound)
	d.owner.Get(d.at(d.client, "/find")).Want(http.StatusUnprocessableEntity)
}
