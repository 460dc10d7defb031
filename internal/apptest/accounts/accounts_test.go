// Package accounts_test tries the pages of clients and accounts over HTTP, without scripts unless said.
package accounts_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/exchange"
	"bailiwick/internal/ids"
	"bailiwick/internal/sheet"
)

func client(t *testing.T, w *apptest.World, parent ids.Account, name string) ids.Account {
	t.Helper()
	a, err := w.Accounts.Create(t.Context(), w.Owner.Actor(), parent, account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{Name: name}})
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

func reseller(t *testing.T, w *apptest.World, name string) ids.Account {
	t.Helper()
	a, err := w.Accounts.Create(t.Context(), w.Owner.Actor(), w.Platform, account.CreateInput{Kind: account.Reseller, Fields: account.Fields{Name: name}})
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

func at(id ids.Account, rest string) string { return "/a/" + string(id) + rest }

func has(t *testing.T, a apptest.Answer, status int, texts ...string) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("status %d, want %d: %s", a.Status, status, a.Text())
	}
	for _, s := range texts {
		if !strings.Contains(a.Body, s) {
			t.Errorf("%q is missing in %s", s, a.Text())
		}
	}
}

func TestANewClientNeedsANameAndAnEnd(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		path := at(w.Platform, "/clients/new")
		has(t, w.Owner.Post(path, "name", "  ", "membership_end", "2027-13-01"), http.StatusUnprocessableEntity, `value="2027-13-01"`, "Write a name.", "2 fields need attention")
		has(t, w.Owner.Post(path, "name", "Acme", "parent", "x"), http.StatusUnprocessableEntity)
		a := w.Owner.Post(path, "name", "Acme <Ltd>", "membership_end", "2027-03-31")
		has(t, a, http.StatusSeeOther)
		has(t, w.Owner.Get(a.Location()), http.StatusOK, "Acme &lt;Ltd&gt;", "31 Mar 2027", "Invite its people next.")
		has(t, w.Owner.Get(at(w.Platform, "/clients?q=acme")), http.StatusOK, "Acme &lt;Ltd&gt;", "1 client")
	})
}

func TestTwoPeopleSaveTheSameClient(t *testing.T) {
	w := apptest.OnSQLite(t)
	c := client(t, w, w.Platform, "Acme")
	edit := at(c, "/edit")
	has(t, w.Owner.Post(edit, "name", "Acme One", "no_end", "on", "version", "1"), http.StatusSeeOther)
	late := w.Owner.Post(edit, "name", "Acme Two", "no_end", "on", "version", "1")
	has(t, late, http.StatusConflict, "Acme One", `value="Acme Two"`, "Saved version", "Your version", `name="version" value="2"`)
	has(t, w.Owner.Post(edit, "name", "Acme Two", "no_end", "on", "version", "2"), http.StatusSeeOther)
}

func TestTheExportCarriesNoFormulasAndIsRecorded(t *testing.T) {
	w := apptest.OnSQLite(t)
	client(t, w, w.Platform, `=HYPERLINK("https://evil.example.com")`)
	client(t, w, w.Platform, "Brightwater")
	has(t, w.Owner.Get(at(w.Platform, "/clients/export")), http.StatusNotFound)                                           // only its button exports
	has(t, w.Owner.Post(at(w.Platform, "/clients/export"), "q", "", "use", "near", "format", "csv"), http.StatusSeeOther) // as on the tab of those
	w.Drain()
	started := w.Owner.Post(at(w.Platform, "/clients/export"), "q", "", "format", "csv")
	has(t, started, http.StatusSeeOther)
	has(t, w.Owner.Get(started.Location()), http.StatusOK, "Export of clients", "Waiting for its turn", "Cancel task", "Refresh")
	w.Drain()
	has(t, w.Owner.Get(started.Location()), http.StatusOK, "Done", "Download result")
	a := w.Owner.Get(started.Location() + "/result")
	has(t, a, http.StatusOK, `"'=HYPERLINK(""https://evil.example.com"")"`, "Brightwater")
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv") || !strings.Contains(a.Header.Get("Content-Disposition"), "clients-2026-11-23.csv") {
		t.Errorf("headers %v", a.Header)
	}
	has(t, w.Owner.Get(at(w.Platform, "/activity")), http.StatusOK, "List of clients exported")
}

func TestBulkActionsAskForWhatTheyNeed(t *testing.T) {
	w := apptest.OnSQLite(t)
	a, b := client(t, w, w.Platform, "Acme"), client(t, w, w.Platform, "Brightwater")
	bulk := at(w.Platform, "/clients/bulk")
	both := []string{"id", string(a), "id", string(b)}
	has(t, w.Owner.Post(bulk, append(both, "do", "suspend")...), http.StatusSeeOther)
	has(t, w.Owner.Get(at(w.Platform, "/clients?status=suspended")), http.StatusOK, "2 clients")
	has(t, w.Owner.Post(bulk, append(both, "do", "extend")...), http.StatusOK, "Extend the membership of 2 clients", string(a), string(b))
	has(t, w.Owner.Post(bulk, append(both, "do", "extend", "sure", "1")...), http.StatusUnprocessableEntity, "Choose an end date")
	has(t, w.Owner.Post(bulk, append(both, "do", "extend", "sure", "1", "membership_end", "2027-05-05")...), http.StatusSeeOther)
	has(t, w.Owner.Post(bulk, append(both, "do", "close", "sure", "1", "typed", "3")...), http.StatusUnprocessableEntity, "Type the number of clients, 2.")
	has(t, w.Owner.Post(bulk, append(both, "do", "close", "sure", "1", "typed", "2")...), http.StatusSeeOther)
	has(t, w.Owner.Get(at(w.Platform, "/clients?status=closed")), http.StatusOK, "2 clients", "5 May 2027")
	has(t, w.Owner.Post(bulk, "do", "suspend"), http.StatusUnprocessableEntity, "Select at least one client.")
}

func TestAMoveIsShownBeforeItIsMade(t *testing.T) {
	w := apptest.OnSQLite(t)
	north, south := reseller(t, w, "North"), reseller(t, w, "South")
	c := client(t, w, north, "Acme")
	page := w.Owner.Get(at(c, "/move"))
	has(t, page, http.StatusOK, "South", "Halyard Messaging")
	if strings.Contains(page.Body, `value="`+string(north)+`"`) {
		t.Error("the present place is offered")
	}
	has(t, w.Owner.Get(at(c, "/move?to="+string(south))), http.StatusOK, "From North to South", "1 account moves.")
	has(t, w.Owner.Get(at(c, "/move?to="+string(c))), http.StatusUnprocessableEntity, "Choose another place.")
	has(t, w.Owner.Post(at(c, "/move"), "to", string(south)), http.StatusSeeOther)
	has(t, w.Owner.Get(at(w.Platform, "/clients?reseller="+string(south))), http.StatusOK, "Acme", "1 client")
}

func TestSuspendingLiftingClosingReopening(t *testing.T) {
	w := apptest.OnSQLite(t)
	c := client(t, w, w.Platform, "Acme")
	has(t, w.Owner.Post(at(c, "/hold"), "reason", "Unpaid <b>"), http.StatusSeeOther)
	status := w.Owner.Get(at(c, "/status"))
	has(t, status, http.StatusOK, "This account is suspended", "Unpaid &lt;b&gt;", "Lift hold")
	has(t, w.Owner.Post(at(c, "/active"), "active", "on"), http.StatusSeeOther)
	has(t, w.Owner.Get(at(c, "/status")), http.StatusOK, "Nothing holds this account.")
	has(t, w.Owner.Post(at(c, "/close"), "typed", "Acne"), http.StatusUnprocessableEntity, "Type the account", `value="Acne"`)
	has(t, w.Owner.Post(at(c, "/close"), "typed", "acme"), http.StatusSeeOther)
	has(t, w.Owner.Get(at(c, "/close")), http.StatusOK, "Reopen account", "23 Dec 2026")
	has(t, w.Owner.Post(at(c, "/reopen")), http.StatusSeeOther)
}

func TestViewsAreKept(t *testing.T) {
	w := apptest.OnSQLite(t)
	client(t, w, w.Platform, "Acme")
	list := at(w.Platform, "/clients")
	a := w.Owner.Post(list+"/views", "query", "ends=90&sort=end", "view_name", "Ending soon")
	has(t, a, http.StatusSeeOther)
	has(t, w.Owner.Get(a.Location()), http.StatusOK, "Ending soon", "View saved.")
	has(t, w.Owner.Post(list+"/views", "query", "q=a", "view_name", ""), http.StatusUnprocessableEntity, "Write a name for the view.", `value="q=a"`)
}

func TestLocations(t *testing.T) {
	w := apptest.OnSQLite(t)
	c := client(t, w, w.Platform, "Acme")
	has(t, w.Owner.Get(at(c, "/locations/new")), http.StatusOK, "Portugal", "Europe/Lisbon")
	has(t, w.Owner.Post(at(c, "/locations/new"), "name", "", "country", "XX", "version", "0"), http.StatusUnprocessableEntity, "Write a name.", "Choose a country")
	has(t, w.Owner.Post(at(c, "/locations/new"), "name", "Lisbon", "address", "Rua Augusta 80", "country", "PT", "time_zone", "Europe/Lisbon", "version", "0"), http.StatusSeeOther)
	has(t, w.Owner.Get(at(c, "/locations")), http.StatusOK, "Lisbon", "Rua Augusta 80")
	has(t, w.Owner.Get(at(w.Platform, "/clients")), http.StatusOK, `<td class="end" data-p="3">1</td>`)
}

func TestATaskSaysThatAKeyStartedIt(t *testing.T) {
	w := apptest.OnSQLite(t)
	acme := w.Client(w.Platform, "Acme Holdings")
	owner := w.Member(acme, "owner@acme.example", apptest.As(authz.Owner))
	by, err := w.Through(w.Key(owner, acme, authz.UsersView))
	if err != nil {
		t.Fatal(err)
	}
	const said = ", by an API key"
	for _, who := range []authz.Actor{owner.Actor, by} {
		if strings.Contains(w.SignIn(owner.Email).Get("/a/"+string(acme)+"/tasks").Body, said) {
			t.Fatal("said of a task that a person started")
		}
		if _, err := w.Exchange.Export(t.Context(), who, acme, exchange.Export{What: exchange.Users, Format: sheet.CSV}); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(w.SignIn(owner.Email).Get("/a/"+string(acme)+"/tasks").Body, said) {
		t.Error("not said")
	}
}
