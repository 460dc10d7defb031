package exchange_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/exchange"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
	"bailiwick/internal/quota"
	"bailiwick/internal/sheet"
	"bailiwick/internal/task"
	"bailiwick/internal/user"
)

type world struct {
	*apptest.World
	t *testing.T
}

func each(t *testing.T, fn func(w world)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, w *apptest.World) { fn(world{w, t}) })
}

func (w world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// upload looks through a file and returns the task, which waits to be confirmed.
func (w world) upload(by authz.Actor, at ids.Account, what exchange.What, how exchange.Options, name, body string) (task.Task, exchange.Report) {
	w.t.Helper()
	id, err := w.Exchange.Upload(w.t.Context(), by, at, what, how, name, strings.NewReader(body))
	w.ok(err)
	return w.done(by, at, id)
}

func (w world) done(by authz.Actor, at ids.Account, id ids.Task) (task.Task, exchange.Report) {
	w.t.Helper()
	w.Drain()
	t, err := w.Tasks.Get(w.t.Context(), by, at, id)
	w.ok(err)
	var rep exchange.Report
	w.ok(t.Summary(&rep))
	return t, rep
}

func (w world) confirm(by authz.Actor, t task.Task, leaveOut bool) (task.Task, exchange.Report) {
	w.t.Helper()
	w.ok(w.Exchange.Confirm(w.t.Context(), by, t.Account, t.ID, leaveOut))
	return w.done(by, t.Account, t.ID)
}

func (w world) export(by authz.Actor, at ids.Account, in exchange.Export) []byte {
	w.t.Helper()
	id, err := w.Exchange.Export(w.t.Context(), by, at, in)
	w.ok(err)
	t, _ := w.done(by, at, id)
	if t.State != task.Done {
		w.t.Fatalf("the export is %s: %+v", t.State, t.Problem)
	}
	f, err := w.Tasks.Result(w.t.Context(), by, at, id)
	w.ok(err)
	body, err := io.ReadAll(f)
	w.ok(err)
	return body
}

// table reads an export, without the columns that differ from place to place.
func (w world) table(body []byte, format sheet.Format, without ...string) [][]string {
	w.t.Helper()
	t, err := sheet.Read(bytes.NewReader(body), "x."+string(format))
	w.ok(err)
	rows := [][]string{t.Heads}
	for {
		r, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		w.ok(err)
		for len(r.Cells) < len(t.Heads) {
			r.Cells = append(r.Cells, "")
		}
		rows = append(rows, r.Cells)
	}
	var out [][]string
	for _, r := range rows {
		var kept []string
		for i, c := range r {
			drop := false
			for _, name := range without {
				drop = drop || t.Heads[i] == name
			}
			if !drop {
				kept = append(kept, c)
			}
		}
		out = append(out, kept)
	}
	return out
}

const clientsFile = "name;legal_name;email;phone;address;website;industry;time_zone;language;membership_start;membership_end;references\n" +
	"=Acme;Acme Holdings Ltd;office@acme.example.com;+33 1 70 18 99 00;\"12 Rue de Rivoli\n75004 Paris\";https://acme.example.com;Retail;Europe/Paris;fr;2026-01-01;2027-12-31;\"billing: C-1\nold\\: crm: 7: 7\"\n" +
	"Brightwater;;;;;;;;;;never;\n" +
	"شركة النور;;info@noor.example.com;;;;;Asia/Dubai;ar;;2028-02-29;billing: C-2\n"

func TestClientsGoOutAndComeBackElsewhere(t *testing.T) {
	each(t, func(w world) {
		there := w.Reseller(w.Platform, "North")
		found, rep := w.upload(w.Root, there, exchange.Clients, exchange.Options{}, "clients.csv", clientsFile)
		if found.State != task.Confirm || rep.Rows != 3 || rep.New != 3 || rep.Bad != 0 {
			w.t.Fatalf("%s %+v %+v", found.State, rep, found.Problem)
		}
		if n := w.Count("accounts WHERE kind = 'customer'"); n != 0 {
			w.t.Fatalf("%d clients before anything was confirmed", n)
		}
		done, rep := w.confirm(w.Root, found, false)
		if done.State != task.Done || rep.Created != 3 || rep.LeftOut != 0 {
			w.t.Fatalf("%s %+v %+v", done.State, rep, done.Problem)
		}
		for _, format := range []sheet.Format{sheet.CSV, sheet.XLSX} {
			elsewhere := w.Reseller(w.Platform, "Elsewhere "+string(format))
			first := w.export(w.Root, there, exchange.Export{What: exchange.Clients, Format: format})
			again, rep := w.upload(w.Root, elsewhere, exchange.Clients, exchange.Options{Update: true}, "c."+string(format), string(first))
			if rep.Bad != 0 || rep.New != 3 {
				w.t.Fatalf("%s: %+v %+v", format, rep, again.Problem)
			}
			w.confirm(w.Root, again, false)
			second := w.export(w.Root, elsewhere, exchange.Export{What: exchange.Clients, Format: format})
			a, b := w.table(first, format, "id", "created"), w.table(second, format, "id", "created")
			if diff := cmp.Diff(a, b); diff != "" || len(a) != 4 {
				w.t.Errorf("%s: %s", format, diff)
			}
			w.listed(elsewhere)
		}
	})
}

// listed checks that imported clients stand in the list and are found by it.
func (w world) listed(elsewhere ids.Account) {
	w.t.Helper()
	if n := w.Count("client_list WHERE ancestor_id = ?", elsewhere); n != 3 {
		w.t.Errorf("%d of 3 are in the list", n)
	}
	for _, term := range []string{"acme", "noor.example.com", "C-2", "brightw"} {
		l, err := w.Accounts.List(w.t.Context(), w.Root, elsewhere, account.Query{Search: term})
		w.ok(err)
		if len(l.Rows) != 1 {
			w.t.Errorf("a search for %q finds %d", term, len(l.Rows))
		}
	}
}

func TestEveryBadLineIsToldWithItsColumn(t *testing.T) {
	each(t, func(w world) {
		at := w.Reseller(w.Platform, "North")
		w.Client(at, "Known")
		file := "name,email,membership_end,references,time_zone,reseller,shoe size\n" +
			"Good,,never,,,,44\n" + // 2
			",no address,2027-13-01,,,,\n" + // 3: three remarks
			"Twice,,never,billing: 1,,,\n" + // 4
			"Twice too,,never,billing: 1,,,\n" + // 5
			"Open,,,,,,\n" + // 6
			"Zone,,never,,Mars/Base,,\n" + // 7
			"Parent,,never,,,Nobody,\n" + // 8
			"Ref,,never,no colon,,,\n" // 9
		found, rep := w.upload(w.Root, at, exchange.Clients, exchange.Options{}, "clients.csv", file)
		var got []string
		for _, r := range rep.First {
			got = append(got, fmt.Sprintf("%d %s %s", r.Line, r.Column, r.Problem.Code))
		}
		want := []string{
			"3 email input.email", "3 membership_end date.unreadable", "3 name account.name_missing",
			"5 references import.twice", "6 membership_end import.end_missing", "7 time_zone import.time_zone_unknown",
			"8 reseller import.reseller_unknown", "9 references import.reference_form",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Error(diff)
		}
		if rep.Rows != 8 || rep.New != 2 || rep.Bad != 6 || len(rep.Unknown) != 1 || found.Result == "" {
			w.t.Errorf("%+v, result %q", rep, found.Result)
		}
		if err := w.Exchange.Confirm(w.t.Context(), w.Root, at, found.ID, false); errs.CodeOf(err) != "import.bad_lines" {
			w.t.Errorf("confirmed with bad lines: %v", err)
		}
		if n := w.Count("accounts WHERE kind = 'customer'"); n != 1 {
			w.t.Errorf("%d clients: something was applied", n)
		}
		_, rep = w.confirm(w.Root, found, true)
		if rep.Created != 2 || rep.LeftOut != 6 {
			w.t.Errorf("%+v", rep)
		}
	})
}

// TestClientsThatHaveEndedComeInWithARemark brings in clients whose membership is over: the look through the file says how many they are.
func TestClientsThatHaveEndedComeInWithARemark(t *testing.T) {
	each(t, func(w world) {
		north := w.Reseller(w.Platform, "North")
		file := "name,membership_end,time_zone\nAcme,2020-01-31,\nBolt,2099-01-31,\nCargo,never,\nDelta,2020-01-31,Pacific/Auckland\nEcho,2020-02-31,\n"
		got, rep := w.upload(w.Root, north, exchange.Clients, exchange.Options{}, "clients.csv", file)
		if rep.New != 4 || rep.Ended != 2 || rep.Bad != 1 {
			t.Errorf("%+v", rep)
		}
		if _, rep = w.confirm(w.Root, got, true); rep.Created != 4 {
			t.Errorf("%+v", rep)
		}
	})
}

func TestClientsThatExistAreUpdatedByTheRulesOfTheForm(t *testing.T) {
	each(t, func(w world) {
		at := w.Reseller(w.Platform, "North")
		found, rep := w.upload(w.Root, at, exchange.Clients, exchange.Options{}, "clients.csv", clientsFile)
		if rep.New != 3 {
			w.t.Fatal(rep)
		}
		w.confirm(w.Root, found, false)
		found, _ = w.upload(w.Root, at, exchange.Clients, exchange.Options{}, "x.csv", "references,phone\nbilling: C-1,+44 1\n")
		if p := found.Problem; p == nil || p.Code != "import.column_missing" {
			w.t.Errorf("a file without names: %+v", p)
		}
		change := "name,references,phone\n=Acme,billing: C-1,+44 1\nNoor,billing: C-2,\n"
		_, rep = w.upload(w.Root, at, exchange.Clients, exchange.Options{}, "x.csv", change)
		if rep.Bad != 2 || rep.First[0].Problem.Code != "import.exists" {
			w.t.Errorf("existing clients were not reported: %+v", rep)
		}
		found, rep = w.upload(w.Root, at, exchange.Clients, exchange.Options{Update: true}, "x.csv", change)
		if rep.Updates != 2 || rep.Bad != 0 {
			w.t.Fatalf("%+v", rep)
		}
		_, rep = w.confirm(w.Root, found, false)
		if rep.Updated != 2 {
			w.t.Errorf("%+v", rep)
		}
		if n := w.Count("accounts WHERE name = '=Acme' AND phone = '+44 1' AND membership_end = '2027-12-31' AND email = 'office@acme.example.com'"); n != 1 {
			w.t.Error("the other fields did not stay as they were")
		}
		if n := w.Count("external_refs"); n != 2 { // the second reference of =Acme is not in the file
			w.t.Errorf("%d references", n)
		}
	})
}

// TestESC12AnImportChangesNoFieldOfTheParent imports as the Owner of a client, who holds nothing above it.
func TestESC12AnImportChangesNoFieldOfTheParent(t *testing.T) {
	each(t, func(w world) {
		at := w.Reseller(w.Platform, "North")
		c := w.Client(at, "Acme")
		owner := w.Member(c, "owner@acme.example", apptest.As(authz.Owner))
		if _, err := w.Exchange.Upload(w.t.Context(), owner.Actor, at, exchange.Clients, exchange.Options{Update: true}, "x.csv", strings.NewReader("x")); errs.KindOf(err) != errs.NotFound {
			w.t.Errorf("into the account above: %v", err)
		}
		if _, err := w.Exchange.Upload(w.t.Context(), owner.Actor, c, exchange.Clients, exchange.Options{Update: true}, "x.csv", strings.NewReader("x")); errs.KindOf(err) != errs.NotFound {
			w.t.Errorf("into the client itself: %v", err)
		}
		seller := w.Member(at, "seller@north.example", apptest.As(authz.Owner))
		south := w.Reseller(w.Platform, "South")
		foreign := w.Client(south, "Foreign")
		found, rep := w.upload(seller.Actor, at, exchange.Clients, exchange.Options{Update: true}, "x.csv", "id,name,membership_end\n"+string(foreign)+",Stolen,never\n"+string(c)+",Mine,never\n")
		if rep.New != 1 || rep.Updates != 1 {
			w.t.Fatalf("a foreign id is an id that does not exist: %+v", rep)
		}
		w.confirm(seller.Actor, found, false)
		if n := w.Count("accounts WHERE id = ? AND name = 'Foreign'", foreign); n != 1 {
			w.t.Error("a foreign client was changed")
		}
	})
}

func TestWhoLosesTheRightWhileAnImportWaitsChangesNothing(t *testing.T) {
	each(t, func(w world) {
		at := w.Reseller(w.Platform, "North")
		seller := w.Member(at, "seller@north.example", apptest.As(authz.Owner))
		w.Member(at, "other@north.example", apptest.As(authz.Owner))
		found, _ := w.upload(seller.Actor, at, exchange.Clients, exchange.Options{}, "clients.csv", clientsFile)
		w.ok(w.Exchange.Confirm(w.t.Context(), seller.Actor, at, found.ID, false))
		w.Exec("UPDATE memberships SET role = 'guest' WHERE id = ?", seller.Member)
		done, _ := w.done(w.Root, at, found.ID)
		if done.State != task.Failed || w.Count("accounts WHERE kind = 'customer'") != 0 {
			w.t.Errorf("%s, %d clients", done.State, w.Count("accounts WHERE kind = 'customer'"))
		}
	})
}

func TestUsersGoOutAndComeBackElsewhere(t *testing.T) {
	each(t, func(w world) {
		r := w.Reseller(w.Platform, "North")
		a, b := w.Client(r, "Acme"), w.Client(r, "Bolt")
		w.Exec("UPDATE accounts SET created_at = 0")
		for _, c := range []ids.Account{a, b} {
			w.RoleGroup(c, "Marketing", authz.LocationsView)
			w.SubAccount(c, "news")
		}
		file := "Full name,E-mail,Role,Permissions,Sub accounts,Job title,Phone\n" +
			"Marie Durand,marie@x.example.com,admin,,,Director,+33 1\n" +
			"Jan Novak,jan@x.example.com,user,locations.view reports.view,news,,\n" +
			"Ida Berg,ida@x.example.com,marketing,,,Writer,\n"
		found, rep := w.upload(w.Root, a, exchange.Users, exchange.Options{Direct: true}, "users.csv", file)
		if rep.New != 3 || rep.Bad != 0 {
			w.t.Fatalf("%+v %+v", rep, found.Problem)
		}
		w.confirm(w.Root, found, false)
		first := w.export(w.Root, a, exchange.Export{What: exchange.Users, Format: sheet.CSV})
		moved := strings.ReplaceAll(string(first), "@x.example.com", "@y.example.com")
		found, rep = w.upload(w.Root, b, exchange.Users, exchange.Options{Direct: true}, "users.csv", moved)
		if rep.New != 3 || rep.Bad != 0 {
			w.t.Fatalf("%+v %+v", rep, found.Problem)
		}
		w.confirm(w.Root, found, false)
		second := strings.ReplaceAll(string(w.export(w.Root, b, exchange.Export{What: exchange.Users, Format: sheet.CSV})), "@y.example.com", "@x.example.com")
		if diff := cmp.Diff(w.table(first, sheet.CSV, "id", "created"), w.table([]byte(second), sheet.CSV, "id", "created")); diff != "" {
			w.t.Error(diff)
		}
		t.Run("and an admin imports nobody above themselves", func(t *testing.T) {
			w := world{w.World, t}
			admin := w.Member(a, "admin@x.example.com", apptest.As(authz.Admin))
			_, rep := w.upload(admin.Actor, a, exchange.Users, exchange.Options{}, "users.csv", "email,role\nnew@x.example.com,owner\nmarie@x.example.com,guest\nother@x.example.com,guest\n")
			if rep.Bad != 2 || rep.New != 1 {
				t.Errorf("%+v", rep)
			}
		})
	})
}

func TestInvitedUsersWaitForTheirAnswer(t *testing.T) {
	each(t, func(w world) {
		c := w.Client(w.Platform, "Acme")
		found, rep := w.upload(w.Root, c, exchange.Users, exchange.Options{}, "users.csv", "email\na@x.example.com\nb@x.example.com\na@x.example.com\n")
		if rep.New != 2 || rep.Bad != 1 || rep.First[0].Line != 4 {
			w.t.Fatalf("%+v", rep)
		}
		w.confirm(w.Root, found, true)
		if n := w.Count("invitations WHERE account_id = ?", c); n != 2 {
			w.t.Errorf("%d invitations", n)
		}
		p, err := w.Users.List(w.t.Context(), w.Root, c, user.Query{})
		w.ok(err)
		if len(p.Members) != 0 {
			w.t.Errorf("%d people are members without having been asked", len(p.Members))
		}
	})
}

func TestLocationsGoOutAndComeBackElsewhere(t *testing.T) {
	each(t, func(w world) {
		a, b := w.Client(w.Platform, "Acme"), w.Client(w.Platform, "Bolt")
		file := "name,address,country,time_zone\nParis office,\"12 Rue\nParis\",fr,Europe/Paris\nBasement,,,\n"
		found, rep := w.upload(w.Root, a, exchange.Locations, exchange.Options{}, "l.csv", file)
		if rep.New != 2 {
			w.t.Fatalf("%+v %+v", rep, found.Problem)
		}
		w.confirm(w.Root, found, false)
		first := w.export(w.Root, a, exchange.Export{What: exchange.Locations, Format: sheet.XLSX})
		found, _ = w.upload(w.Root, b, exchange.Locations, exchange.Options{}, "l.xlsx", string(first))
		w.confirm(w.Root, found, false)
		second := w.export(w.Root, b, exchange.Export{What: exchange.Locations, Format: sheet.XLSX})
		if diff := cmp.Diff(w.table(first, sheet.XLSX, "id"), w.table(second, sheet.XLSX, "id")); diff != "" {
			w.t.Error(diff)
		}
		if n := w.Count("client_list WHERE customer_id = ? AND locations = 2", b); n == 0 {
			w.t.Error("the list does not count them")
		}
		found, rep = w.upload(w.Root, a, exchange.Locations, exchange.Options{Update: true}, "l.csv", "name,country\nparis office,DE\nBasement,\nParis Office,CH\n")
		if rep.Updates != 1 || rep.Same != 1 || rep.Bad != 1 {
			w.t.Fatalf("%+v", rep)
		}
		w.confirm(w.Root, found, true)
		if n := w.Count("locations WHERE account_id = ? AND country = 'DE' AND time_zone = 'Europe/Paris'", a); n != 1 {
			w.t.Error("the place was not updated, or more of it changed")
		}
	})
}

func many(n int) string { return clientsFrom(0, n) }

// clientsFrom is a file of n clients, of which the first has that number.
func clientsFrom(first, n int) string {
	var b strings.Builder
	out := csv.NewWriter(&b)
	_ = out.Write([]string{"name", "email", "phone", "website", "membership_end", "references"})
	for i := first; i < first+n; i++ {
		_ = out.Write([]string{fmt.Sprintf("Company %06d Ltd", i), fmt.Sprintf("office@c%06d.example.com", i), "+44 20 7946 0000", fmt.Sprintf("https://c%06d.example.com", i), "2028-12-31", fmt.Sprintf("billing: C-%06d", i)})
	}
	out.Flush()
	return b.String()
}

// TestESC06AKeysImportIsCutByItsScopes: what the key does not hold, its task does not do, whatever its owner may.
func TestESC06AKeysImportIsCutByItsScopes(t *testing.T) {
	each(t, func(w world) {
		at := w.Reseller(w.Platform, "North")
		admin := w.Member(at, "admin@x.example.com", apptest.As(authz.Admin))
		small, err := w.Through(w.Key(admin, at, authz.ClientsImport))
		w.ok(err)
		found, rep := w.upload(small, at, exchange.Clients, exchange.Options{}, "clients.csv", many(3))
		if rep.Bad != 3 || rep.New != 0 || rep.First[0].Problem.Code != "auth.key_lacks" {
			w.t.Errorf("a key that may import and not create: %+v %+v", found, rep)
		}
		made := w.Key(admin, at, authz.ClientsImport, authz.ClientsCreate, authz.ClientsEdit)
		key, err := w.Through(made)
		w.ok(err)
		found, rep = w.upload(key, at, exchange.Clients, exchange.Options{Update: true}, "clients.csv", many(3))
		if found.State != task.Confirm || rep.New != 3 {
			w.t.Fatalf("%+v %+v", found, rep)
		}
		if done, rep := w.confirm(key, found, false); done.State != task.Done || rep.Created != 3 {
			w.t.Fatalf("%+v %+v", done, rep)
		}
		var told *errs.Error
		_, err = w.Exchange.Upload(w.t.Context(), key, at, exchange.Users, exchange.Options{}, "users.csv", strings.NewReader("email\nu@x.example.com\n"))
		if !errors.As(err, &told) || told.Kind != errs.Denied {
			w.t.Errorf("beyond the scopes: %v", err)
		}

		// Rights that go while the work is under way are gone for the rest of it.
		found, _ = w.upload(key, at, exchange.Clients, exchange.Options{}, "more.csv", clientsFrom(100, 3))
		w.ok(w.Exchange.Confirm(w.t.Context(), key, at, found.ID, false))
		w.ok(w.Keys.Revoke(w.t.Context(), admin.Actor, at, made.ID))
		n := w.Count("accounts WHERE kind = 'customer'")
		w.Drain()
		if ended := w.Text("SELECT problem FROM tasks WHERE state = 'failed'"); !strings.Contains(ended, "task.key_gone") || w.Count("accounts WHERE kind = 'customer'") != n {
			w.t.Errorf("after the key was revoked: %s", ended)
		}
	})
}

// TestAnImportWritesManyClientsWithFewStatements counts what a write sends, whatever the number of its clients and of those
// there already.
func TestAnImportWritesManyClientsWithFewStatements(t *testing.T) {
	each(t, func(w world) {
		at := w.Reseller(w.Platform, "North")
		run := func(from, n int) (writes, most int) {
			w.t.Helper()
			found, _ := w.upload(w.Root, at, exchange.Clients, exchange.Options{}, "clients.csv", clientsFrom(from, n))
			w.ok(w.Exchange.Confirm(w.t.Context(), w.Root, at, found.ID, false))
			var seen db.Watch
			w.ok(w.Jobs.Drain(seen.Watched(w.t.Context())))
			var total int
			for _, q := range seen.Statements() {
				if strings.Contains(q, " jobs ") || strings.Contains(q, " leases ") {
					continue // the runner's, which looks for work of all kinds
				}
				total++
				if strings.HasPrefix(q, "INSERT INTO accounts ") {
					writes++
				}
			}
			if w.Count("accounts WHERE kind = 'customer'") != from+n {
				w.t.Fatalf("%d clients", w.Count("accounts WHERE kind = 'customer'"))
			}
			const around = 12 // to begin the task and to end it
			return writes, (total - around + writes - 1) / writes
		}
		for _, c := range []struct{ from, n int }{{0, 20}, {20, 400}, {420, 400}} {
			writes, each := run(c.from, c.n)
			if each > 20 { // the packages that can be bought there among them
				w.t.Errorf("%d clients beside %d: %d writes of %d statements", c.n, c.from, writes, each)
			}
			if least := (c.n + 199) / 200; writes < least || writes > c.n/10 {
				w.t.Errorf("%d clients came in %d writes", c.n, writes)
			}
		}
	})
}

// TestAnImportGoesOnAfterACrash takes the worker away in the middle; the next one does the rest, and nothing twice.
func TestAnImportGoesOnAfterACrash(t *testing.T) {
	each(t, func(w world) {
		at := w.Reseller(w.Platform, "North")
		found, _ := w.upload(w.Root, at, exchange.Clients, exchange.Options{}, "clients.csv", many(700))
		w.ok(w.Exchange.Confirm(w.t.Context(), w.Root, at, found.ID, false))
		// The database refuses the client in the middle, again and again, as if the program died there each time.
		w.Exec("CREATE TABLE fuse (blown TEXT)")
		trip := map[db.Dialect][]string{
			db.SQLite: {"CREATE TRIGGER stop BEFORE INSERT ON accounts WHEN NEW.name = 'Company 000550 Ltd' BEGIN SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM fuse) THEN RAISE(ABORT, 'no power') END; END"},
			db.Postgres: {"CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.name = 'Company 000550 Ltd' AND NOT EXISTS (SELECT 1 FROM fuse) THEN RAISE EXCEPTION 'no power'; END IF; RETURN NEW; END $$",
				"CREATE TRIGGER stop BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION stop()"},
		}[w.DB.Dialect()]
		for _, q := range trip {
			w.Exec(q)
		}
		half, _ := w.done(w.Root, at, found.ID)
		if half.State != task.Running || half.Done == 0 || half.Done > 550 || half.Total != 700 {
			w.t.Fatalf("in the middle: %s %d of %d", half.State, half.Done, half.Total)
		}
		if n := w.Count("accounts WHERE kind = 'customer'"); int64(n) != half.Done {
			w.t.Errorf("%d clients, and the task says %d", n, half.Done)
		}
		w.Exec("INSERT INTO fuse VALUES ('yes')")
		w.Clock.Advance(time.Hour)
		done, rep := w.done(w.Root, at, found.ID)
		if done.State != task.Done || rep.Created != 700 || w.Count("accounts WHERE kind = 'customer'") != 700 || w.Count("audit_events WHERE action = 'account.created' AND target_type = 'account'") != 701 {
			w.t.Errorf("%s %+v, %d clients", done.State, rep, w.Count("accounts WHERE kind = 'customer'"))
		}
	})
}

// TestLimitsOfClientsGoRoundTrip exports what clients have instead of their packages, changes it, and imports the file again.
func TestLimitsOfClientsGoRoundTrip(t *testing.T) {
	each(t, func(w world) {
		pkg, err := w.Plans.Create(t.Context(), w.Root, w.Platform, plan.Input{Name: "Growth", All: true, Terms: plan.Terms{plan.Users: 40}})
		w.ok(err)
		acme, plainOne := w.Client(w.Platform, "Acme"), w.Client(w.Platform, "Brightwater")
		w.ok(w.Accounts.Assign(t.Context(), w.Root, acme, pkg))
		until := w.Clock.Now().AddDate(0, 2, 0).UTC().Truncate(time.Millisecond)
		set := func(id ids.Account, edits ...quota.Edit) {
			t.Helper()
			_, err := w.Quotas.SetLimits(t.Context(), w.Root, id, quota.Target{}, edits)
			w.ok(err)
		}
		set(acme,
			quota.Edit{Channel: quota.Email, Window: quota.Hour, Limit: quota.Limit{Amount: 100, Action: quota.Hold, Paced: true}},
			quota.Edit{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: 5000, Action: quota.Overage, Cap: 6000}, Ends: until},
			quota.Edit{Channel: quota.SMS, Window: quota.Day, Limit: quota.Limit{Amount: quota.Unlimited}})
		day := until.Format(time.DateOnly)
		w.ok(w.Plans.Override(t.Context(), w.Root, acme, []plan.Override{{Term: plan.Users, Amount: 50, LastDay: day}, {Term: plan.Keys, Amount: plan.Unlimited}}))
		file := w.export(w.Root, w.Platform, exchange.Export{What: exchange.Clients, Format: sheet.CSV})
		want := "email_hour: 100 hold paced\nemail_month: 5000 overage 6000 until " + until.Format(time.RFC3339Nano) + "\nkeys: unlimited\nsms_day: unlimited\nusers: 50 until " + day
		cell := func(body []byte, name string) string {
			t.Helper()
			rows := w.table(body, sheet.CSV)
			at, of := slices.Index(rows[0], "limits"), slices.Index(rows[0], "name")
			for _, r := range rows[1:] {
				if r[of] == name {
					return r[at]
				}
			}
			t.Fatalf("%s is not in the file", name)
			return ""
		}
		if diff := cmp.Diff(want, cell(file, "Acme")); diff != "" {
			t.Error(diff)
		}
		set(acme, quota.Edit{Channel: quota.Email, Window: quota.Hour, Limit: quota.Limit{Amount: 7}}, quota.Edit{Channel: quota.Email, Window: quota.Day, Limit: quota.Limit{Amount: 70}})
		set(plainOne, quota.Edit{Channel: quota.Email, Window: quota.Day, Limit: quota.Limit{Amount: 5}})
		w.ok(w.Plans.Override(t.Context(), w.Root, acme, []plan.Override{{Term: plan.Users, Reset: true}}))
		up, _ := w.upload(w.Root, w.Platform, exchange.Clients, exchange.Options{Update: true}, "clients.csv", string(file))
		if done, rep := w.confirm(w.Root, up, false); done.State != task.Done {
			t.Fatalf("%+v, %+v", done, rep)
		}
		again := w.export(w.Root, w.Platform, exchange.Export{What: exchange.Clients, Format: sheet.CSV})
		if diff := cmp.Diff(string(file), string(again)); diff != "" {
			t.Errorf("after the import: %s", diff)
		}

		up, _ = w.upload(w.Root, w.Platform, exchange.Clients, exchange.Options{}, "new.csv", "name,membership_end,limits\nCedar,never,\"email_day: 9\nusers: 3\"\n")
		if done, rep := w.confirm(w.Root, up, false); done.State != task.Done {
			t.Fatalf("%+v, %+v", done, rep)
		}
		again = w.export(w.Root, w.Platform, exchange.Export{What: exchange.Clients, Format: sheet.CSV})
		if got := cell(again, "Cedar"); got != "email_day: 9\nusers: 3" {
			t.Errorf("a new client has %q", got)
		}
		for _, wrong := range []string{"email_day", "email_week: 5", "email_day: many", "email_day: -5", "users: 5 hold", "email_day: 5\nemail_day: 6", "email_day: 5 overage"} {
			_, rep := w.upload(w.Root, w.Platform, exchange.Clients, exchange.Options{}, "wrong.csv", "name,membership_end,limits\nDome,never,\""+wrong+"\"\n")
			if len(rep.First) != 1 || rep.First[0].Problem.Code != "import.limits_form" {
				t.Errorf("%q: %+v", wrong, rep)
			}
		}
	})
}

// TestESC12AnImportGivesNoClientMoreThanThereIs holds the limits of a file against those of the account that is above.
func TestESC12AnImportGivesNoClientMoreThanThereIs(t *testing.T) {
	each(t, func(w world) {
		north := w.Reseller(w.Platform, "North")
		nils := w.Member(north, "nils@north.example", apptest.As(authz.Owner))
		_, err := w.Quotas.SetLimits(t.Context(), w.Root, north, quota.Target{}, []quota.Edit{{Channel: quota.Email, Window: quota.Day, Limit: quota.Limit{Amount: 100}}})
		w.ok(err)
		up, _ := w.upload(nils.Actor, north, exchange.Clients, exchange.Options{}, "new.csv", "name,membership_end,limits\nCedar,never,email_day: 90\nDome,never,email_day: 20\n")
		w.confirm(nils.Actor, up, true)
		if n, more := w.Count("accounts WHERE parent_id = ?", north), w.Count("quota_limits WHERE source = 'override' AND amount <> 90"); n != 1 || more != 0 {
			t.Errorf("%d clients, %d limits too many", n, more)
		}
	})
}
