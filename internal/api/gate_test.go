package api_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

func TestWhoIsLetIn(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	path := d.at(d.client, "")
	key := d.owner.Key.Reveal()
	for name, h := range map[string][2]string{
		"nothing":              {},
		"a mistyped key":       {"Authorization", "Bearer " + key[:len(key)-1] + map[bool]string{true: "1", false: "0"}[strings.HasSuffix(key, "0")]},
		"an unknown key":       {"Authorization", "Bearer bwk_"},
		"another scheme":       {"Authorization", "Basic " + key},
		"the key alone":        {"Authorization", key},
		"a session's cookie":   {"Cookie", "bw_session=" + d.SignIn("olga@acme.example").Token.Reveal()},
		"a key as a cookie":    {"Cookie", "bw_session=" + key},
		"a session as its key": {"Authorization", "Bearer " + d.SignIn("olga@acme.example").Token.Reveal()},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{}
			if h[0] != "" {
				headers = h[:]
			}
			got := d.NoKey("").Get(path, headers...).Want(http.StatusUnauthorized)
			if !strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Bearer") || got.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%v", got.Header)
			}
			if len(got.Header.Values("Set-Cookie")) > 0 {
				t.Error("the API sets a cookie")
			}
		})
	}
	d.NoKey("").Get(path, "Authorization", "bearer "+key).Want(http.StatusOK)
}

// TestAPagesOriginSaysNothing sends what programs inside a browser send along: a key counts wherever the page is from, a cookie nowhere.
func TestAPagesOriginSaysNothing(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	page := []string{"Origin", "https://tools.example", "Sec-Fetch-Site", "cross-site"}
	question := `{"account": "` + string(d.client) + `", "permission": "clients.view"}`
	check := d.NoKey("").Post("/access/check", question, append(page, "Cookie", "bw_session="+d.SignIn("olga@acme.example").Token.Reveal())...)
	if check.Want(http.StatusUnauthorized).Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%v", check.Header)
	}
	d.owner.Post("/access/check", question, page...).Want(http.StatusOK)
}

func TestRequestsThatCannotBeRead(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	clients := d.at(d.reseller, "/clients")
	for name, c := range map[string]struct {
		method, path, body string
		status             int
	}{
		"no JSON":                      {http.MethodPost, clients, `{"name": `, 400},
		"no body":                      {http.MethodPost, clients, ``, 400},
		"ESC05 an unknown field":       {http.MethodPost, clients, `{"name": "A", "no_end": true, "kind": "platform"}`, 422},
		"ESC05 a field of another":     {http.MethodPost, clients, `{"name": "A", "no_end": true, "id": "acc_1"}`, 422},
		"a field twice under one name": {http.MethodPost, clients, `{"name": "A", "NAME": "B", "no_end": true}`, 422},
		"a number for a text":          {http.MethodPost, clients, `{"name": 7}`, 422},
		"a null for a text":            {http.MethodPost, clients, `{"name": null}`, 422},
		"a NUL in a text":              {http.MethodPost, clients, `{"name": "A\u0000", "no_end": true}`, 400},
		"text that is none":            {http.MethodPost, clients, "{\"name\": \"\xff\", \"no_end\": true}", 400},
		"an unknown parameter":         {http.MethodGet, clients + "?page=2", ``, 422},
		"a sort there is not":          {http.MethodGet, clients + "?sort=password", ``, 422},
		"a NUL in a parameter":         {http.MethodGet, clients + "?q=%00", ``, 400},
		"a limit too high":             {http.MethodGet, clients + "?limit=501", ``, 422},
		"an id that can be nobody's":   {http.MethodGet, "/accounts/acc_%00/clients", ``, 404},
		"an id with a dot":             {http.MethodGet, "/accounts/%2e%2e%2fx/clients", ``, 404},
		"a method there is not":        {http.MethodPut, clients, `{}`, 405},
		"an address there is not":      {http.MethodGet, "/nothing", ``, 404},
		"too much":                     {http.MethodPost, clients, `{"name": "` + strings.Repeat("a", 1<<20) + `"}`, 413},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.seller.Do(c.method, c.path, c.body)
			if got.Status != c.status || got.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(got.Body, got.Header.Get("X-Request-Id")) {
				t.Errorf("%d %s %s", got.Status, got.Header.Get("Content-Type"), got.Body)
			}
		})
	}
	if got := d.seller.Do(http.MethodPut, clients, `{}`); got.Header.Get("Allow") != "GET, POST" {
		t.Errorf("Allow: %s", got.Header.Get("Allow"))
	}
	if got := d.seller.Do(http.MethodPost, clients, `name=A`, "Content-Type", "application/x-www-form-urlencoded"); got.Status != http.StatusUnsupportedMediaType {
		t.Errorf("a form: %d", got.Status)
	}
}

// TestFieldsNamedTwice takes no body of which two programs could read different things.
func TestFieldsNamedTwice(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	client, check := `{"name": "A", "name": "B", "no_end": true}`, `{"account": "`+string(d.client)+`", "permission": "clients.edit"}`
	for body, c := range map[string]struct{ path, at string }{
		client: {d.at(d.reseller, "/clients"), "body.name"},
		`{"name": "A", "\u006eame": "B", "no_end": true}`:                                           {d.at(d.reseller, "/clients"), "body.name"},
		`{"name": "A", "no_end": true, "references": [{"source": "a", "source": "b"}]}`:             {d.at(d.reseller, "/clients"), "body.references[0].source"},
		`{"checks": [` + check + `, {"account": "a", "account": "b", "permission": "users.view"}]}`: {"/access/check", "body.checks[1].account"},
		`{"checks": [` + check + `], "checks": [` + check + `]}`:                                    {"/access/check", "body.checks"},
		`{"key": "k", "account": "a", "channel": "sms", "recipients": 1, "recipients": 1000}`:       {"/quota/reserve", "body.recipients"},
		`{"id": "a", "id": "b"}`: {"/quota/commit", "body.id"},
	} {
		got := d.seller.Post(c.path, body).Want(http.StatusUnprocessableEntity)
		if !strings.Contains(got.Body, `"location":"`+c.at+`","code":"request.twice"`) {
			t.Errorf("%s: %s", body, got.Body)
		}
	}
	d.seller.Post("/access/check", `{"checks": [`+check+`, `+check+`]}`).Want(http.StatusOK)
	if got := d.seller.Post(d.at(d.reseller, "/clients"), strings.Repeat(`{"a":`, 100_000)); got.Status != http.StatusBadRequest {
		t.Errorf("a body that is very deep: %d", got.Status)
	}
}

// TestESC06WhatAKeyMayDo narrows a key by its scopes and by its owner.
func TestESC06WhatAKeyMayDo(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	boss := d.Member(d.client, "boss@acme.example", apptest.As(authz.Owner))
	reader := d.Program(boss.Actor, d.client, authz.LocationsView)
	reader.Get(d.at(d.client, "/locations")).Want(http.StatusOK)
	if got := reader.Post(d.at(d.client, "/locations"), `{"name": "A"}`).Want(http.StatusForbidden); got.Code() != "auth.key_lacks" {
		t.Errorf("beyond its scopes: %s", got.Body)
	}
	reader.Get(d.at(d.client, "/users")).Want(http.StatusForbidden)
	reader.Get(d.at(d.reseller, "")).Want(http.StatusNotFound)
	if err := d.Users.Deactivate(t.Context(), d.Root, d.client, boss.Member); err != nil {
		t.Fatal(err)
	}
	reader.Get(d.at(d.client, "/locations")).Want(http.StatusUnauthorized)
}
