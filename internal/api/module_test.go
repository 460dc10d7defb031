package api_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

func TestTheOperatorsOwnModules(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		root := w.Everything(w.Root, w.Platform)
		at, body := "/modules/campaigns", `{"name": "Campaigns", "icon": "send", "link": "https://campaigns.example.com", "actions": [{"key": "send", "name": "Send"}, {"key": "plan", "name": "Plan"}]}`
		root.Do(http.MethodPut, at, body).Want(http.StatusPreconditionRequired)
		root.Do(http.MethodPut, at, body, "If-None-Match", `"1"`).Want(http.StatusPreconditionFailed)
		made := root.Do(http.MethodPut, at, body, "If-None-Match", "*").Want(http.StatusCreated)
		if made.ID() != "campaigns" || made.Header.Get("Location") != "/api/v1/modules/campaigns" {
			t.Errorf("%v %s", made.Header, made.Body)
		}
		if again := root.Do(http.MethodPut, at, body, "If-None-Match", "*").Want(http.StatusPreconditionFailed); again.Code() != "module.exists" {
			t.Errorf("created twice: %s", again.Body)
		}
		root.Do(http.MethodPut, "/modules/clients", body, "If-None-Match", "*").Want(http.StatusUnprocessableEntity)

		// Everybody may know a module, only the platform keeps them.
		if list := d.owner.Get("/modules").Want(http.StatusOK); !strings.Contains(list.Body, `"permission":"campaigns.plan"`) {
			t.Errorf("the list: %s", list.Body)
		}
		for name, got := range map[string]apptest.Reply{
			"create": d.seller.Do(http.MethodPut, "/modules/mine", body, "If-None-Match", "*"),
			"edit":   d.seller.Patch(at, `"1"`, `{"name": "Mine"}`),
			"remove": d.seller.Delete(at),
			"uses":   d.seller.Get(at + "/uses"),
		} {
			if got.Status != http.StatusForbidden || got.Code() != "module.platform_only" {
				t.Errorf("%s by a reseller: %d %s", name, got.Status, got.Body)
			}
		}

		// Its permissions are given and asked about like any other.
		group := d.RoleGroup(d.client, "Senders", authz.Perm("campaigns.send"))
		d.Member(d.client, "sue@acme.example", apptest.As(authz.Role(group)))
		if got := d.owner.Post("/access/check", `{"account": "`+string(d.client)+`", "permission": "campaigns.send"}`).Want(http.StatusOK); !strings.Contains(got.Body, `"allowed":false`) {
			t.Errorf("a key whose scopes were chosen before: %s", got.Body)
		}
		if uses := root.Get(at + "/uses").Want(http.StatusOK); !strings.Contains(uses.Body, `"kind":"role"`) || !strings.Contains(uses.Body, "Senders") {
			t.Errorf("the uses: %s", uses.Body)
		}

		got := root.Get(at).Want(http.StatusOK)
		root.Do(http.MethodPatch, at, `{"name": "Blind"}`).Want(http.StatusPreconditionRequired)
		if held := root.Patch(at, got.Header.Get("ETag"), `{"actions": [{"key": "plan", "name": "Plan"}]}`).Want(http.StatusUnprocessableEntity); !strings.Contains(held.Body, "module.action_in_use") {
			t.Errorf("an action somebody has: %s", held.Body)
		}
		edited := root.Patch(at, got.Header.Get("ETag"), `{"name": "Mailings", "link": ""}`).Want(http.StatusOK)
		if !strings.Contains(edited.Body, `"name":"Mailings"`) || !strings.Contains(edited.Body, `"link":""`) || !strings.Contains(edited.Body, "campaigns.send") {
			t.Errorf("after the edit: %s", edited.Body)
		}
		if stale := root.Patch(at, got.Header.Get("ETag"), `{"name": "Late"}`).Want(http.StatusPreconditionFailed); stale.Code() != "module.stale" {
			t.Errorf("an old version: %s", stale.Body)
		}
		if used := root.Delete(at).Want(http.StatusConflict); used.Code() != "module.in_use" {
			t.Errorf("removed in use: %s", used.Body)
		}
		root.Delete(at + "?take_away=true").Want(http.StatusNoContent)
		root.Get(at).Want(http.StatusNotFound)
		root.Delete(at).Want(http.StatusNotFound)
	})
}
