package api_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
)

func TestSettingsOfAnAccount(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		at, security := d.at(d.client, "/settings?tab=security"), d.at(d.client, "/settings/%?tab=security")
		sub := func(path string) string { return strings.Replace(security, "%", path, 1) }
		got := d.owner.Get(at).Want(http.StatusOK)
		if !strings.Contains(got.Body, `"name":"session.idle_minutes","kind":"number","unit":"minutes"`) || !strings.Contains(got.Body, `"default":true`) {
			t.Errorf("%s", got.Body)
		}
		edit := `{"settings": [{"name": "session.idle_minutes", "value": 45, "locked": true}]}`
		d.owner.Do(http.MethodPatch, at, edit).Want(http.StatusPreconditionRequired)
		set := d.owner.Patch(at, got.Header.Get("ETag"), edit).Want(http.StatusOK)
		if !strings.Contains(set.Body, `"value":45`) || !strings.Contains(set.Body, `"own":45,"locked":true`) {
			t.Errorf("%s", set.Body)
		}
		if stale := d.owner.Patch(at, got.Header.Get("ETag"), edit).Want(http.StatusPreconditionFailed); stale.Code() != "setting.stale" {
			t.Errorf("%s", stale.Body)
		}
		for what, body := range map[string]string{
			"another type":    `{"settings": [{"name": "session.idle_minutes", "value": "much"}]}`,
			"no value":        `{"settings": [{"name": "session.idle_minutes"}]}`,
			"out of range":    `{"settings": [{"name": "session.idle_minutes", "value": 1}]}`,
			"no such setting": `{"settings": [{"name": "no.such", "value": 1}]}`,
			"of another tab":  `{"settings": [{"name": "account.grace_days", "value": 1}]}`,
			"nothing":         `{"settings": []}`,
		} {
			if r := d.owner.Patch(at, set.Header.Get("ETag"), body); r.Status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", what, r.Status, r.Body)
			}
		}
		settings := d.at(d.client, "/settings")
		etag := d.owner.Get(settings).Want(http.StatusOK).Header.Get("ETag")
		if r := d.owner.Patch(settings, etag, `{"settings": [{"name": "account.grace_days", "value": 300}]}`).Want(http.StatusForbidden); r.Code() != "setting.parents" {
			t.Errorf("%s", r.Body)
		}
		d.seller.Patch(settings, etag, `{"settings": [{"name": "account.grace_days", "value": 9}]}`).Want(http.StatusOK)
		if r := d.owner.Get(sub("reach") + "&setting=session.idle_minutes").Want(http.StatusOK); !strings.Contains(r.Body, `"accounts":`) {
			t.Errorf("%s", r.Body)
		}
		d.owner.Get(sub("reach") + "&setting=no.such").Want(http.StatusUnprocessableEntity)
		for _, none := range []string{"", "&setting="} {
			if r := d.owner.Get(sub("reach") + none).Want(http.StatusUnprocessableEntity); r.Code() != "setting.unnamed" || !strings.Contains(r.Body, `"location":"query.setting"`) {
				t.Errorf("%q: %s", none, r.Body)
			}
		}
		dept := string(w.Department(d.client, "Sales"))
		d.owner.Post(sub("apply"), `{"settings": ["session.idle_minutes"], "to": ["`+dept+`"]}`).Want(http.StatusUnprocessableEntity) // locked above it
		d.owner.Patch(at, set.Header.Get("ETag"), `{"settings": [{"name": "session.idle_minutes", "value": 45}]}`).Want(http.StatusOK)
		d.owner.Post(sub("apply"), `{"settings": ["session.idle_minutes"], "to": ["`+dept+`"]}`).Want(http.StatusNoContent)
		d.owner.Post(sub("apply"), `{"settings": ["session.idle_minutes"], "to": ["`+string(w.Platform)+`"]}`).Want(http.StatusNotFound)
		d.owner.Get(d.at(d.client, "/settings?tab=elsewhere")).Want(http.StatusUnprocessableEntity)
	})
}
