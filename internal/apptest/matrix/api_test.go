package matrix_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bailiwick/internal/api"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

// openToPrograms are the routes of the API that need no key. A new one has to be added here, with its reason.
var openToPrograms = map[string]string{
	"GET /api/openapi.json": "the description is the same for everybody",
	"GET /api/openapi.yaml": "the description is the same for everybody",
	"/api/":                 "answers what no route answers; it asks for a key itself",
}

// sentQueries are what routes must be asked with.
var sentQueries = map[string]string{
	"DELETE /accounts/{account}/subaccounts/{subaccount}": "?typed=x",
	"GET /quota/explain":                       "?account={account}",
	"GET /accounts/{account}/settings/reach":   "?setting=account.grace_days",
	"GET /accounts/{account}/settings/compare": "?with={account}",
	"GET /accounts/{account}/find":             "?q=northwind",
	"POST /accounts/{account}/images":          "?for=brand.logo",
}

// sentBodies are what the sweep sends to each route that takes a body: something the route would do for those who may.
var sentBodies = map[string]string{
	"POST /access/check":   `{"account": "{account}", "permission": "account.view"}`,
	"POST /access/explain": `{"account": "{account}", "permission": "account.view"}`,

	"POST /quota/reserve":                            `{"key": "swept", "account": "{account}", "channel": "email", "recipients": 1}`,
	"POST /quota/commit":                             `{"id": "rsv_00000000000000000000000000"}`,
	"POST /quota/release":                            `{"id": "rsv_00000000000000000000000000"}`,
	"POST /accounts/{account}/credits":               `{"channel": "email", "units": 10, "last_day": "2030-12-31"}`,
	"POST /accounts/{account}/credits/{credit}/void": `{"reason": "swept"}`,
	"POST /accounts/{account}/limits":                `{"limits": [{"channel": "email", "window": "day", "limit": 10}]}`,

	"PATCH /accounts/{account}":                     `{"phone": "+49 30 1"}`,
	"PATCH /accounts/{account}/settings":            `{"settings": [{"name": "account.grace_days", "value": 9}]}`,
	"POST /accounts/{account}/settings/apply":       `{"settings": ["account.grace_days"], "to": ["{account}"]}`,
	"POST /accounts/{account}/messages/preview":     `{"message": "Subject: Swept\r\n\r\nHello"}`,
	"POST /accounts/{account}/retention":            `{"days": 100}`,
	"POST /accounts/{account}/allowlists/add":       `{"list": "api", "network": "192.0.2.77", "note": "Swept"}`,
	"POST /accounts/{account}/allowlists/remove":    `{"list": "api", "network": "192.0.2.77/32"}`,
	"POST /accounts/{account}/allowlists/switch":    `{"list": "api", "on": true}`,
	"POST /accounts/{account}/allowlists/end-trial": `{"list": "portal", "keep": false}`,
	"POST /accounts/{account}/hold":                 `{"reason": "swept"}`,
	"POST /accounts/{account}/close":                `{"typed": "x"}`,
	"POST /accounts/{account}/move":                 `{"to": "{elsewhere}"}`,
	"POST /accounts/{account}/move/preview":         `{"to": "{elsewhere}"}`,
	"POST /accounts/{account}/clients":              `{"name": "Swept", "no_end": true}`,
	"POST /accounts/{account}/clients/bulk":         `{"action": "suspend", "clients": ["{account}"]}`,
	"POST /accounts/{account}/resellers":            `{"name": "Swept"}`,
	"POST /accounts/{account}/departments":          `{"name": "Swept"}`,

	"POST /accounts/{account}/locations":                     `{"name": "Swept"}`,
	"PATCH /accounts/{account}/locations/{location}":         `{"name": "Swept"}`,
	"POST /accounts/{account}/subaccounts":                   `{"name": "swept", "purpose": "marketing"}`,
	"PATCH /accounts/{account}/subaccounts/{subaccount}":     `{"name": "swept"}`,
	"POST /accounts/{account}/subaccounts/{subaccount}/move": `{"to": "{account}"}`,

	"POST /accounts/{account}/users":                        `{"name": "Swept", "email": "swept@elsewhere.example"}`,
	"POST /accounts/{account}/users/bulk":                   `{"action": "deactivate", "users": ["{membership}"]}`,
	"PATCH /accounts/{account}/users/{membership}":          `{"job_title": "Swept"}`,
	"PATCH /accounts/{account}/users/{membership}/settings": `{"settings": [{"name": "sign_in.failed_notice", "value": true}]}`,
	"PATCH /accounts/{account}/users/{membership}/identity": `{"name": "Swept"}`,
	"POST /accounts/{account}/users/{membership}/email":     `{"email": "swept@elsewhere.example"}`,
	"POST /accounts/{account}/transfer-ownership":           `{"to": "{membership}"}`,

	"POST /accounts/{account}/invitations":       `{"addresses": ["swept@elsewhere.example"]}`,
	"POST /accounts/{account}/invitations/check": `{"addresses": ["swept@elsewhere.example"]}`,
	"POST /accounts/{account}/invitations/bulk":  `{"action": "revoke", "invitations": ["{invitation}"]}`,

	"POST /accounts/{account}/roles":                 `{"name": "Swept", "permissions": []}`,
	"PATCH /accounts/{account}/roles/{role}":         `{"name": "Swept"}`,
	"POST /accounts/{account}/roles/{role}/reassign": `{"to": "guest"}`,

	"POST /accounts/{account}/packages":                    `{"name": "Swept", "all_modules": true}`,
	"PATCH /accounts/{account}/packages/{package}":         `{"price_note": "Swept"}`,
	"POST /accounts/{account}/packages/{package}/copy":     `{"name": "Swept"}`,
	"POST /accounts/{account}/packages/{package}/retire":   `{"retired": true}`,
	"POST /accounts/{account}/packages/{package}/reassign": `{"to": ""}`,
	"POST /accounts/{account}/package":                     `{"package": ""}`,
	"POST /accounts/{account}/package/overrides":           `{"overrides": [{"limit": "users", "amount": 500}]}`,

	"PATCH /me/profile":              `{"name": "Swept"}`,
	"PATCH /me/settings":             `{"settings": [{"name": "sign_in.failed_notice", "value": true}]}`,
	"POST /me/notifications/read":    `{}`,
	"POST /accounts/{account}/views": `{"list": "clients", "name": "Swept", "query": "status=active"}`,

	"PUT /modules/{module}":   `{"name": "Swept", "icon": "send", "actions": [{"key": "send", "name": "Send"}]}`,
	"PATCH /modules/{module}": `{"name": "Swept"}`,

	"POST /accounts/{account}/clients/export":       `{"format": "csv"}`,
	"POST /accounts/{account}/users/export":         `{"format": "csv"}`,
	"POST /accounts/{account}/locations/export":     `{"format": "csv"}`,
	"POST /accounts/{account}/events/export":        `{"format": "ndjson"}`,
	"POST /accounts/{account}/tasks/{task}/confirm": `{"leave_out": true}`,

	"POST /accounts/{account}/contacts":              `{"email": "swept@elsewhere.example"}`,
	"PATCH /accounts/{account}/contacts/{contact}":   `{"language": "fr"}`,
	"POST /accounts/{account}/contacts/export":       `{"format": "csv"}`,
	"POST /accounts/{account}/contact-lists":         `{"name": "Swept"}`,
	"PATCH /accounts/{account}/contact-lists/{list}": `{"name": "Swept"}`,
	"POST /accounts/{account}/suppressions":          `{"address": "swept@elsewhere.example"}`,
	"POST /accounts/{account}/suppressions/export":   `{"format": "csv"}`,
	"POST /accounts/{account}/domain":                `{"host": "swept.example"}`,
	"POST /accounts/{account}/images":                `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`,

	"POST /accounts/{account}/keys": `{"name": "Swept", "scopes": ["account.view"]}`,
}

// namedForAll are the routes whose names are no secret of an account.
var namedForAll = map[string]string{
	"GET /modules/{module}": "the operator's modules stand in everybody's grids",
}

// takingAlong are the routes that change nothing but that a file may be written of what their key may read.
var takingAlong = map[string]string{
	"POST /accounts/{account}/messages/preview": "who sees the settings may ask what they make of a message",
	"POST /accounts/{account}/users/export":     "who sees the users may take them along",
	"POST /accounts/{account}/locations/export": "who sees the locations may take them along",
}

// beyondKeys are the routes that no key reaches with the ids of the matrix, each with where they are read.
var beyondKeys = map[string]string{
	"GET /accounts/{account}/users/{membership}/identity": "an Admin holds more than a key; TestThePersonBehindAUser",
	"GET /accounts/{account}/users/{membership}/sessions": "an Admin holds more than a key; TestThePersonBehindAUser",
}

// programs is the API as the sweep asks it.
type programs struct{ routes []string } // without the prefix of the version

func theAPI(t *testing.T, o *town) programs {
	t.Helper()
	var out programs
	for _, r := range o.API.Routes() {
		if r.Open {
			if openToPrograms[r.Pattern] == "" {
				t.Errorf("%s is open to everybody; say why in openToPrograms", r.Pattern)
			}
			continue
		}
		route := strings.Replace(r.Pattern, " "+api.Prefix, " ", 1)
		method, _, _ := strings.Cut(route, " ")
		if (method == http.MethodPatch || method == http.MethodPut) && sentBodies[route] == "" {
			t.Errorf("%s: add what the sweep sends to it to sentBodies", route)
		}
		out.routes = append(out.routes, route)
	}
	return out
}

func (p programs) ask(who *apptest.Program, route string, v values, headers ...string) apptest.Reply {
	method, path := fill(route, v)
	body := sentBodies[route]
	body = paramForm.ReplaceAllStringFunc(body, func(name string) string { return v[name[1:len(name)-1]] })
	path += paramForm.ReplaceAllStringFunc(sentQueries[route], func(name string) string { return v[name[1:len(name)-1]] })
	switch method {
	case http.MethodPatch:
		headers = append(headers, "If-Match", `"1"`)
	case http.MethodPut:
		headers = append(headers, "If-None-Match", "*")
	}
	return who.Do(method, path, body, headers...)
}

// heard is an answer without what differs from request to request and without ids.
func heard(r apptest.Reply) string {
	return fmt.Sprintf("%d %s", r.Status, anyID.ReplaceAllString(strings.ReplaceAll(r.Body, r.Header.Get("X-Request-Id"), "REQUEST"), "ID"))
}

// TestTheAPISweptByStrangers sends every route without a key, and with credentials of other kinds.
func TestTheAPISweptByStrangers(t *testing.T) {
	t.Parallel()
	o := newTown(t, apptest.OnSQLite(t))
	p := theAPI(t, o)
	report(t, unknownParams(p.routes, missing(o)))
	session := o.SignIn(o.ours.owner.Email).Token.Reveal()
	before := o.dump()
	for name, headers := range map[string][]string{
		"nothing": nil, "a session's cookie": {"Cookie", "bw_session=" + session}, "a session as a key": {"Authorization", "Bearer " + session},
		"the id of a key": {"Authorization", "Bearer " + o.ours.sets[1]["key"]},
	} {
		for _, route := range p.routes {
			if got := p.ask(o.NoKey(""), route, o.ours.sets[1], headers...); got.Status != http.StatusUnauthorized {
				t.Errorf("%s with %s: %d", route, name, got.Status)
			}
		}
	}
	report(t, changed(before, o.dump()))
}

// TestTheAPISweptByOthers sends every route with good keys of the wrong people: those of another tenant get the same
// answer for our ids as for ids that do not exist, alone and under an account of their own; a key that only reads
// changes nothing.
func TestTheAPISweptByOthers(t *testing.T) {
	t.Parallel()
	o := newTown(t, apptest.OnSQLite(t))
	p := theAPI(t, o)
	seller, owner := o.Everything(o.theirs.seller.Actor, o.theirs.reseller), o.Everything(o.theirs.owner.Actor, o.theirs.client)
	reader := o.Program(o.ours.owner.Actor, o.ours.client, views(authz.Perms())...)
	for _, who := range []*apptest.Program{seller, owner, reader} {
		who.Get("/me").Want(http.StatusOK) // that a key was used is noted once a minute
	}
	before := o.dump()
	for i, who := range []*apptest.Program{seller, owner} {
		for _, route := range p.routes {
			if len(params(route)) == 0 && !strings.Contains(sentBodies[route], "{account}") || namedForAll[route] != "" {
				continue
			}
			for _, v := range []values{o.ours.sets[0], o.ours.sets[1], o.ours.sets[3]} {
				if there, not := heard(p.ask(who, route, v)), heard(p.ask(who, route, missing(o))); there != not {
					t.Errorf("%s: a foreign id is told from a missing one:\n%.300s\n%.300s", route, there, not)
				}
				if len(params(route)) < 2 {
					continue
				}
				mixed, empty := maps.Clone(v), missing(o)
				mixed["account"], empty["account"] = o.theirs.sets[i]["account"], o.theirs.sets[i]["account"]
				if there, not := heard(p.ask(who, route, mixed)), heard(p.ask(who, route, empty)); there != not {
					t.Errorf("%s: a foreign child under one's own account:\n%.300s\n%.300s", route, there, not)
				}
			}
		}
	}
	for _, route := range p.routes {
		if strings.HasPrefix(route, "GET ") || strings.HasPrefix(route, "POST /access/") || takingAlong[route] != "" {
			continue
		}
		if got := p.ask(reader, route, o.ours.sets[1]); got.Status != http.StatusForbidden && !strings.Contains(route, "{hold}") { // it has none
			t.Errorf("%s with a key that only reads: %d %.200s", route, got.Status, got.Body)
		}
	}
	report(t, changed(before, o.dump()))
}

// TestTheAPIReachesWhatItIsFor proves that the ids of the sweep are right: what strangers are refused, the platform's
// key gets.
func TestTheAPIReachesWhatItIsFor(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	p := theAPI(t, o)
	root := o.Everything(o.Root, o.Platform)
	for _, route := range p.routes {
		if !strings.HasPrefix(route, "GET ") || beyondKeys[route] != "" {
			continue
		}
		if !slices.ContainsFunc(o.ours.sets, func(v values) bool { return p.ask(root, route, v).Status == http.StatusOK }) {
			t.Errorf("%s: nobody could read it with the ids of the matrix, so the sweep proves nothing about it", route)
		}
	}
}

// views are the permissions that only look.
func views(perms []authz.Perm) []authz.Perm {
	return slices.DeleteFunc(slices.Clone(perms), func(p authz.Perm) bool {
		return p.Action() != "view" || p == authz.PricingView || p == authz.PaymentsView
	})
}
