package matrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/apikey"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/exchange"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/role"
	"bailiwick/internal/secret"
	"bailiwick/internal/sheet"
	"bailiwick/internal/task"
	"bailiwick/internal/user"
)

// estate is a reseller with a client and a department, and somebody who works at one of them.
type estate struct {
	*apptest.World
	ctx                          context.Context
	name                         string
	reseller, client, department ids.Account
	at                           ids.Account // where the person works
	group                        ids.Role
	person                       apptest.Person // has the group: users, roles and locations
	browser                      *apptest.Browser
	reset                        string             // token of a reset link
	newcomer                     apptest.Person     // made directly, has not set a password
	welcome                      string             // token of the set-password link
	invited, sent                apptest.Invitation // by the platform's Owner, and by the person
	key                          apikey.Created     // of the person: reads people, makes locations
	begun                        [2]ids.Task        // by the key: an export of people, an import of locations
}

func newEstate(t *testing.T, w *apptest.World, name string, where func(*estate) ids.Account, access func(*estate) user.Access) *estate {
	t.Helper()
	e := &estate{World: w, ctx: t.Context(), name: name}
	e.reseller = w.Reseller(w.Platform, name+" mail")
	e.client = w.Client(e.reseller, name+" foods")
	e.department = w.Department(e.client, name+" marketing")
	for i, at := range []ids.Account{e.reseller, e.client, e.department} {
		w.Member(at, fmt.Sprintf("owner%d@%s.example", i, name), apptest.As(authz.Owner))
	}
	e.at = where(e)
	e.group = w.RoleGroup(e.at, name, append(authz.ModuleSet("users", "roles").List(), authz.LocationsView, authz.LocationsCreate, authz.CredentialsCreate)...)
	e.person = w.Member(e.at, "person@"+name+".example", access(e))
	e.browser = w.SignIn(e.person.Email)
	e.key = w.Key(e.person, e.at, authz.UsersView, authz.LocationsCreate)
	must(t, w.Authn.Forgot(e.ctx, e.person.Email, authn.Client{IP: "192.0.2.9"}))
	e.reset = w.Link(e.person.Email, "/reset/")
	email := "newcomer@" + name + ".example"
	must(t, w.Invites.CreateUser(e.ctx, w.Root, e.at, invite.Create{Name: "Newcomer", Email: email, Access: access(e)}))
	e.welcome = w.Link(email, "/welcome/")
	e.newcomer = apptest.Person{Email: email, Member: ids.Membership(w.Text("SELECT m.id FROM memberships m JOIN identities i ON i.id = m.user_id WHERE i.email = ?", email))}
	e.invited = w.Invite(w.Root, e.at, "invited@"+name+".example", apptest.As(authz.Guest))
	e.sent = w.Invite(e.person.Actor, e.at, "sent@"+name+".example", apptest.As(authz.Guest))
	e.begun = e.begin(t)
	return e
}

// begin has the key start long work, which waits for a worker when this returns.
func (e *estate) begin(t *testing.T) (out [2]ids.Task) {
	t.Helper()
	by, err := e.Through(e.key)
	must(t, err)
	out[1], err = e.Exchange.Upload(e.ctx, by, e.at, exchange.Locations, exchange.Options{}, "places.csv", strings.NewReader("name\nImported\n"))
	must(t, err)
	e.Drain()
	must(t, e.Exchange.Confirm(e.ctx, by, e.at, out[1], false))
	out[0], err = e.Exchange.Export(e.ctx, by, e.at, exchange.Export{What: exchange.Users, Format: sheet.CSV})
	must(t, err)
	return out
}

// went is what became of the work that the key began.
func (e *estate) went() string {
	e.Drain()
	var out []string
	for _, id := range e.begun {
		said := e.Text("SELECT state FROM tasks WHERE id = ?", id)
		if why := (errs.Problem{}); said == string(task.Failed) && json.Unmarshal([]byte(e.Text("SELECT problem FROM tasks WHERE id = ?", id)), &why) == nil {
			said = why.Code
		}
		out = append(out, said)
	}
	return strings.Join(out, ", ")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// after is what still works: HTTP statuses of the account's home, list of users and a new location, and what became
// of the links.
type after struct {
	Home, Read, Write string // with the session that was open
	Reset, Welcome    string // the same with the sessions that the links open
	Invited, Sent     string // the invitations: of the platform's Owner, and of the person
	Key               string // with the person's API key
	Tasks             string // the long work that the key began before
}

const newPassword = "seven quiet harbours at dawn"

func (e *estate) after() after {
	went := e.went()
	a := after{Tasks: went, Home: e.home(e.browser), Read: e.read(e.browser), Write: e.write(e.browser)}
	a.Invited, a.Sent = e.accept(e.invited), e.accept(e.sent)
	a.Reset = e.through("/reset/" + e.reset)
	a.Welcome = e.through("/welcome/" + e.welcome)
	a.Key = e.byKey()
	return a
}

// byKey reads and writes with the API key.
func (e *estate) byKey() string {
	by, err := e.Through(e.key)
	if err != nil {
		return errs.CodeOf(err)
	}
	_, read := e.Users.List(e.ctx, by, e.at, user.Query{})
	_, write := e.Accounts.AddLocation(e.ctx, by, e.at, account.LocationInput{Name: "Place " + string(ids.NewLocation(e.Clock.Now()))})
	said := func(err error) string {
		if err == nil {
			return "done"
		}
		return errs.KindOf(err).String()
	}
	return said(read) + ", " + said(write)
}

func (e *estate) home(b *apptest.Browser) string {
	return strconv.Itoa(b.Get("/a/" + string(e.at) + "/home").Status)
}

func (e *estate) read(b *apptest.Browser) string {
	return strconv.Itoa(b.Get("/a/" + string(e.at) + "/users").Status)
}

func (e *estate) write(b *apptest.Browser) string {
	a := b.Post("/a/"+string(e.at)+"/locations/new", "name", "Place "+string(ids.NewLocation(e.Clock.Now())), "version", "0")
	if a.Status == http.StatusSeeOther && strings.HasPrefix(a.Location(), "/a/"+string(e.at)+"/locations") {
		return "done"
	}
	return strconv.Itoa(a.Status)
}

// through sets a password by a link and tries the account with the session that this opens.
func (e *estate) through(path string) string {
	b := e.Stranger()
	if a := b.Post(path, "password", newPassword); a.Status != http.StatusSeeOther {
		return "link " + strconv.Itoa(a.Status)
	}
	return strings.Join([]string{e.home(b), e.read(b), e.write(b)}, " ")
}

func (e *estate) accept(i apptest.Invitation) string {
	_, err := e.Invites.AcceptNew(e.ctx, invite.Newcomer{Token: i.Token, Name: "Invited", Password: secret.Wrap(newPassword)})
	if err != nil {
		return errs.CodeOf(err)
	}
	return "joined"
}

func inClient(e *estate) ids.Account     { return e.client }
func inDepartment(e *estate) ids.Account { return e.department }
func byGroup(e *estate) user.Access      { return apptest.As(authz.Role(e.group)) }
func asOwner(*estate) user.Access        { return apptest.As(authz.Owner) }

// What is expected, row by row, from PRODUCT 1 and 3: whoever is switched off is out at the next request; the people
// of a suspended account look on; those of a closed one are out but for its Owners.
var (
	untouched = after{"200", "200", "done", "200 200 done", "200 200 done", "joined", "joined", "done, done", "done, done"}
	out       = after{"404", "404", "404", "404 404 404", "404 404 404", "joined", "invitation.inviter_rights", "auth.key_refused", "task.key_gone, task.key_gone"}
	onlyLooks = after{"200", "200", "403", "200 200 403", "200 200 403", "invitation.account_inactive", "invitation.account_inactive", "done, denied", "done, auth.held"}
	shut      = after{"404", "404", "404", "404 404 404", "404 404 404", "invitation.account_inactive", "invitation.account_inactive", "auth.key_refused", "task.key_gone, task.key_gone"}
	lesser    = after{"200", "403", "403", "200 403 403", "200 403 403", "joined", "invitation.inviter_rights", "denied, denied", "auth.denied, auth.denied"}
	keyless   = after{"200", "200", "done", "200 200 done", "200 200 done", "joined", "joined", "auth.key_refused", "task.key_gone, task.key_gone"}
	elsewhere = after{"403", "403", "403", "403 403 403", "403 403 403", "joined", "joined", "done, done", "done, done"}                                                                   // not at an address of the list
	refused   = after{"200", "200", "done", "200 200 done", "200 200 done", "joined", "joined", "denied, denied", "done, done"}                                                            // the key; what it began was asked for before
	leave     = after{"303", "303", "303", "200 200 done", "200 200 done", "joined", "joined", "done, done", "done, done"}                                                                 // and sign in again
	lacking   = after{"303", "303", "303", "303 303 303", "303 303 303", "joined", "joined", "done, done", "done, done"}                                                                   // a second step
	kept      = after{"200", "403", "403", "200 403 403", "200 403 403", "invitation.account_inactive", "invitation.account_inactive", "auth.key_refused", "task.key_gone, task.key_gone"} // an Owner of a closed account
)

type switchedOff struct {
	name   string
	where  func(*estate) ids.Account
	access func(*estate) user.Access
	off    func(e *estate) error
	want   after
}

var switches = []switchedOff{
	{"nothing", inClient, byGroup, func(*estate) error { return nil }, untouched},
	{"user deactivated", inClient, byGroup, func(e *estate) error {
		return e.Users.Deactivate(e.ctx, e.Root, e.at, e.person.Member, e.newcomer.Member)
	}, out},
	{"membership removed", inClient, byGroup, func(e *estate) error {
		return e.Users.Remove(e.ctx, e.Root, e.at, e.person.Member, e.newcomer.Member)
	}, out},
	{"key revoked", inClient, byGroup, func(e *estate) error { return e.Keys.Revoke(e.ctx, e.Root, e.at, e.key.ID) }, keyless},
	{"department suspended", inDepartment, byGroup, func(e *estate) error { return e.Accounts.Hold(e.ctx, e.Root, e.department, "") }, onlyLooks},
	{"client suspended", inClient, byGroup, func(e *estate) error { return e.Accounts.Hold(e.ctx, e.Root, e.client, "") }, onlyLooks},
	{"client of the department suspended", inDepartment, byGroup, func(e *estate) error { return e.Accounts.Hold(e.ctx, e.Root, e.client, "") }, onlyLooks},
	{"reseller suspended", inClient, byGroup, func(e *estate) error { return e.Accounts.Hold(e.ctx, e.Root, e.reseller, "") }, onlyLooks},
	{"reseller suspended, its client's Owner", inClient, asOwner, func(e *estate) error { return e.Accounts.Hold(e.ctx, e.Root, e.reseller, "") }, onlyLooks},
	{"department closed", inDepartment, byGroup, func(e *estate) error { return e.Accounts.Close(e.ctx, e.Root, e.department, e.name+" marketing") }, shut},
	{"client closed", inClient, byGroup, func(e *estate) error { return e.Accounts.Close(e.ctx, e.Root, e.client, e.name+" foods") }, shut},
	{"client of the department closed", inDepartment, byGroup, func(e *estate) error { return e.Accounts.Close(e.ctx, e.Root, e.client, e.name+" foods") }, shut},
	{"reseller closed", inClient, byGroup, func(e *estate) error { return e.Accounts.Close(e.ctx, e.Root, e.reseller, e.name+" mail") }, shut},
	{"client closed, its Owner", inClient, asOwner, func(e *estate) error { return e.Accounts.Close(e.ctx, e.Root, e.client, e.name+" foods") }, kept},
	{"role group emptied", inClient, byGroup, func(e *estate) error {
		return e.Roles.Edit(e.ctx, e.Root, e.at, e.group, 1, role.Input{Name: e.name})
	}, lesser},
	{"role group reassigned to Guest", inClient, byGroup, func(e *estate) error { return e.Roles.Reassign(e.ctx, e.Root, e.at, e.group, authz.Guest) }, lesser},
	{"everyone signed out", inClient, byGroup, func(e *estate) error {
		defer e.Clock.Advance(time.Second)
		return e.Authn.SignEveryoneOut(e.ctx, e.Root, e.at)
	}, leave},
	{"a list of addresses for the portal", inClient, byGroup, func(e *estate) error {
		return e.rule("network.portal", `{"on":true,"entries":[{"net":"192.0.2.0/24","note":""}]}`)
	}, elsewhere},
	{"a list of addresses for keys", inClient, byGroup, func(e *estate) error {
		return e.rule("network.api", `{"on":true,"entries":[{"net":"192.0.2.0/24","note":""}]}`)
	}, refused},
	{"a second step required", inClient, byGroup, func(e *estate) error {
		if err := e.rule("two_factor.days", "0"); err != nil {
			return err
		}
		return e.rule("two_factor.required", `"everyone"`)
	}, lacking},
	{"the session idle for too long", inClient, byGroup, func(e *estate) error {
		defer e.Clock.Advance(10 * time.Minute)
		return e.rule("session.idle_minutes", "10")
	}, leave},
	{"made a Guest", inClient, byGroup, func(e *estate) error {
		for _, m := range []ids.Membership{e.person.Member, e.newcomer.Member} {
			if err := e.Users.Edit(e.ctx, e.Root, e.at, m, 1, user.Input{Access: apptest.As(authz.Guest)}); err != nil {
				return err
			}
		}
		return nil
	}, lesser},
}

// rule sets a rule of security of the account, as it has been since its beginning, some time after the sessions began.
func (e *estate) rule(name, value string) error {
	e.Exec("INSERT INTO settings (account_id, name, value, updated_at, since) VALUES (?, ?, ?, 0, 0)", e.at, name, value)
	e.Clock.Advance(time.Second)
	return nil
}

// TestDisableMatrix switches off everything that can be, and tries every way in.
func TestDisableMatrix(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		for i, s := range switches {
			t.Run(s.name, func(t *testing.T) {
				w.Clock.Advance(time.Hour) // the sign-ins of one row are not too many for the next
				e := newEstate(t, w, fmt.Sprintf("e%d", i), s.where, s.access)
				must(t, s.off(e))
				if diff := cmp.Diff(s.want, e.after()); diff != "" {
					t.Errorf("want -, got +:\n%s", diff)
				}
			})
		}
	})
}

// TestTheDisableMatrixCanFail switches nothing off, as a guard that does not work would.
func TestTheDisableMatrixCanFail(t *testing.T) {
	w := apptest.OnSQLite(t)
	got := newEstate(t, w, "idle", inClient, byGroup).after()
	for _, s := range switches {
		if s.want != untouched && cmp.Diff(s.want, got) == "" {
			t.Errorf("%s: the matrix would not notice that it does nothing", s.name)
		}
	}
}

// TestAHoldThatIsLiftedLeavesTheInvitationGood says that a link which met a suspended account is not used up.
func TestAHoldThatIsLiftedLeavesTheInvitationGood(t *testing.T) {
	w := apptest.OnSQLite(t)
	e := newEstate(t, w, "later", inClient, byGroup)
	must(t, w.Accounts.Hold(e.ctx, w.Root, e.client, ""))
	if got := e.accept(e.invited); got != "invitation.account_inactive" {
		t.Errorf("while the account is held: %s", got)
	}
	_, err := w.Accounts.SetActive(e.ctx, w.Root, e.client, true)
	must(t, err)
	if got := e.accept(e.invited); got != "joined" {
		t.Errorf("after the hold: %s", got)
	}
}
