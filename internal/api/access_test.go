package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

func TestAccessChecks(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		other := w.Client(w.Platform, "Elsewhere")
		orders, news := w.SubAccount(d.client, "orders"), w.SubAccount(d.client, "news")
		foreign := w.SubAccount(other, "orders")
		limited := w.Member(d.client, "una@acme.example", apptest.As(authz.User, authz.LocationsView, authz.SubAccountsView, authz.CredentialsCreate, authz.CredentialsView))
		w.Exec("UPDATE memberships SET all_subaccounts = FALSE WHERE id = ?", limited.Member)
		w.Exec("INSERT INTO membership_subaccounts (membership_id, subaccount_id) VALUES (?, ?)", limited.Member, orders)
		una := w.Program(limited.Actor, d.client, authz.LocationsView, authz.SubAccountsView)
		stranger := w.Member(other, "eve@elsewhere.example", apptest.As(authz.Owner))

		ask := func(p *apptest.Program, rest string) string {
			t.Helper()
			return p.Post("/access/check", `{"account": "`+string(d.client)+`", `+rest+`}`).Body
		}
		yes, no := `{"allowed":true}`, `{"allowed":false}`
		for name, c := range map[string]struct {
			got, want string
		}{
			"what the key may do":                        {ask(una, `"permission": "locations.view"`), yes},
			"what it may not":                            {ask(una, `"permission": "users.view"`), no},
			"with a sub-account of its owner's":          {ask(una, `"permission": "subaccounts.view", "subaccount": "`+string(orders)+`"`), yes},
			"with another":                               {ask(una, `"permission": "subaccounts.view", "subaccount": "`+string(news)+`"`), no},
			"with one of another client":                 {ask(d.seller, `"permission": "subaccounts.view", "subaccount": "`+string(foreign)+`"`), no},
			"from above":                                 {ask(d.seller, `"permission": "clients.edit"`), yes},
			"about another person":                       {ask(d.owner, `"permission": "locations.view", "user": "`+string(limited.User())+`"`), yes},
			"about what they may not":                    {ask(d.owner, `"permission": "users.view", "user": "`+string(limited.User())+`"`), no},
			"about somebody who is not there":            {ask(d.owner, `"permission": "account.view", "user": "`+string(stranger.User())+`"`), no},
			"about others without the right to see them": {ask(una, `"permission": "locations.view", "user": "`+string(limited.User())+`"`), yes},
			"about the platform's Owner, out of sight":   {ask(d.owner, `"permission": "locations.view", "user": "`+string(w.Root.User())+`"`), no},
			"TEN13 of an account out of sight":           {strings.ReplaceAll(d.owner.Post("/access/check", `{"account": "`+string(other)+`", "permission": "account.view"}`).Body, "\n", ""), no},
			"TEN13 of an account that is not there":      {d.owner.Post("/access/check", `{"account": "acc_00000000000000000000000000", "permission": "account.view"}`).Body, no},
			"many at once, in their order":               {d.seller.Post("/access/check", fmt.Sprintf(`{"checks": [{"account": %q, "permission": "clients.edit"}, {"account": %q, "permission": "clients.edit"}]}`, d.client, other)).Body, `{"results":[{"allowed":true},{"allowed":false}]}`},
		} {
			if strings.TrimSpace(c.got) != c.want {
				t.Errorf("%s: %s", name, c.got)
			}
		}
		for name, body := range map[string]string{
			"nothing":               `{}`,
			"both":                  `{"account": "a", "permission": "clients.edit", "checks": [{"account": "a", "permission": "clients.edit"}]}`,
			"none of many":          `{"checks": []}`,
			"too many":              `{"checks": [` + strings.Repeat(`{"account": "a", "permission": "clients.edit"},`, 100) + `{"account": "a", "permission": "clients.edit"}]}`,
			"no such permission":    `{"account": "a", "permission": "clients.fly"}`,
			"an unknown field":      `{"account": "a", "permission": "clients.edit", "as": "root"}`,
			"a sub-account for two": `{"account": "a", "permission": "clients.edit", "user": "u", "subaccount": "s"}`,
		} {
			if got := d.seller.Post("/access/check", body); got.Status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", name, got.Status, got.Body)
			}
		}
	})
}

// TestAnErrorSaysOfWhichCheckItIs asks many questions of which one cannot be answered, in both ways that bodies are read.
func TestAnErrorSaysOfWhichCheckItIs(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	good := fmt.Sprintf(`{"account": %q, "permission": "clients.edit"}`, d.client)
	for bad, at := range map[string]string{
		`{"account": "a", "permission": "clients.fly"}`:                                  "permission",
		`{"account": "a", "permission": "clients.edit", "user": "u", "subaccount": "s"}`: "subaccount",
	} {
		for _, form := range []string{"application/json", "application/json; charset=utf-8"} {
			got := d.seller.Post("/access/check", `{"checks": [`+good+`, `+bad+`]}`, "Content-Type", form).Want(http.StatusUnprocessableEntity)
			if !strings.Contains(got.Body, `"location":"body.checks[1].`+at+`"`) {
				t.Errorf("%s: %s", bad, got.Body)
			}
		}
		if got := d.seller.Post("/access/check", bad).Want(http.StatusUnprocessableEntity); !strings.Contains(got.Body, `"location":"body.`+at+`"`) {
			t.Errorf("%s alone: %s", bad, got.Body)
		}
	}
}

// TestPlainAndOtherChecksAreAnsweredAlike sends each body twice: plainly, and with a Content-Type that takes the long way.
func TestPlainAndOtherChecksAreAnsweredAlike(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	one := fmt.Sprintf(`{"account": %q, "permission": "clients.edit"}`, d.client)
	for _, body := range []string{
		one,
		fmt.Sprintf(`{"account": %q, "permission": "account.transfer"}`, d.reseller),
		fmt.Sprintf(`{"account": %q, "permission": "clients.edit", "user": %q}`, d.client, d.Root.User()),
		`{"checks": [` + one + `, {"account": "a", "permission": "clients.edit"}]}`,
		`{"checks": [` + one + `, {"account": "a", "permission": "clients.fly"}]}`,
		`{"account": "a", "permission": "clients.fly"}`,
		`{"account": "a", "permission": "clients.edit", "user": "u", "subaccount": "s"}`,
		`{"account": "a", "permission": "clients.edit", "checks": [` + one + `]}`,
		`{"account": "a", "permission": "clients.edit", "as": "root"}`,
		`{"account": "a", "account": "b", "permission": "clients.edit"}`,
		`{"account": "` + strings.Repeat("a", 65) + `", "permission": "clients.edit"}`,
		`{"checks": []}`, `{"user": "u"}`, `{`, ``, `null`,
	} {
		plain := d.seller.Post("/access/check", body)
		long := d.seller.Post("/access/check", body, "Content-Type", "application/json; charset=utf-8")
		told := func(r apptest.Reply) string {
			text := fmt.Sprint(r.Status, r.Header.Values("Content-Type"), len(r.Header), r.Body)
			return strings.ReplaceAll(text, r.Header.Get("X-Request-Id"), "REQUEST")
		}
		if told(plain) != told(long) {
			t.Errorf("%s:\n%s\n%s", body, told(plain), told(long))
		}
	}
}

func TestAccessExplained(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	una := d.Member(d.client, "una@acme.example", apptest.As(authz.User, authz.LocationsView))
	about := func(p *apptest.Program, rest string) apptest.Reply {
		return p.Post("/access/explain", `{"account": "`+string(d.client)+`", `+rest+`}`)
	}
	if got := about(d.owner, `"permission": "users.view", "user": "`+string(una.User())+`"`).Want(http.StatusOK); !strings.Contains(got.Body, `"allowed":false`) || !strings.Contains(got.Body, "role_lacks") {
		t.Errorf("%s", got.Body)
	}
	d.Hold(d.reseller)
	got := about(d.owner, `"permission": "locations.create"`).Want(http.StatusOK)
	if !strings.Contains(got.Body, "account_held") || strings.Contains(got.Body, "Meridian") || strings.Contains(got.Body, string(d.reseller)) {
		t.Errorf("what is above is named: %s", got.Body)
	}
	about(d.owner, `"permission": "locations.view", "user": "`+string(d.Root.User())+`"`).Want(http.StatusNotFound)
	d.owner.Post("/access/explain", `{"account": "`+string(d.reseller)+`", "permission": "locations.view"}`).Want(http.StatusNotFound)
}
