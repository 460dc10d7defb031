package matrix_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/access"
	"bailiwick/internal/account"
	"bailiwick/internal/apikey"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/contact"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/exchange"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/module"
	"bailiwick/internal/plan"
	"bailiwick/internal/policy"
	"bailiwick/internal/provision"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
	"bailiwick/internal/sheet"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/submit"
	"bailiwick/internal/trail"
	"bailiwick/internal/tuning"
	"bailiwick/internal/usage"
	"bailiwick/internal/user"
)

var update = flag.Bool("update", false, "write testdata/permissions.golden anew")

// office is a client in its surroundings, with somebody of every role inside, above, beside and below it.
type office struct {
	*apptest.World
	ctx                                          context.Context
	reseller, branch, client, department, beside ids.Account // the branch is another reseller below the reseller
	owner, admin                                 apptest.Person
	people                                       []standing
	limits                                       int64
}

// standing is a role at a place.
type standing struct {
	place string
	role  authz.Role
	who   apptest.Person
}

var places = []string{"above", "inside", "beside", "below"}

// limit is a change of limits that no one made before.
func (o *office) limit(w quota.Window) []quota.Edit {
	o.limits++
	return []quota.Edit{{Channel: quota.Email, Window: w, Limit: quota.Limit{Amount: 1000 + o.limits}}}
}

// butForMail passes over a refusal that has only to do with mail being on: the permission was there.
func butForMail(err error) error {
	if c := errs.CodeOf(err); c == "invite.mail_on" || c == "reset.mail_on" {
		return nil
	}
	return err
}

func newOffice(t *testing.T) *office {
	t.Helper()
	w := apptest.OnSQLite(t)
	o := &office{World: w, ctx: t.Context()}
	o.reseller = w.Reseller(w.Platform, "Northwind")
	o.branch = w.Reseller(o.reseller, "Branch")
	o.client = w.Client(o.reseller, "Acme")
	o.department = w.Department(o.client, "Marketing")
	o.beside = w.Client(o.reseller, "Bolt")
	o.owner = w.Member(o.client, "chief@acme.example", apptest.As(authz.Owner))
	o.admin = w.Member(o.client, "helper@acme.example", apptest.As(authz.Admin))
	w.Member(o.reseller, "chief@northwind.example", apptest.As(authz.Owner))
	for i, at := range []ids.Account{o.reseller, o.client, o.beside, o.department} {
		for _, r := range authz.BuiltIn() {
			access := apptest.As(r)
			switch {
			case r == authz.User:
				access = apptest.AllModules()
			case r == authz.Support && places[i] != "above":
				continue // it exists at platforms and resellers
			case r == authz.Support:
				access.Perms = authz.Grantable(authz.Support)
			}
			o.people = append(o.people, standing{places[i], r, w.Member(at, fmt.Sprintf("%s@%s.example", r, places[i]), access)})
		}
	}
	must(t, w.Modules.Add(o.ctx, w.Root, w.Platform, module.Input{Key: "news", Name: "News", Icon: "send", Actions: []module.Action{{Key: "send", Name: "Send"}}}))
	w.Exec("UPDATE accounts SET created_at = 0")
	for _, table := range changing {
		w.Exec("CREATE TABLE kept_" + table + " AS SELECT * FROM " + table)
	}
	return o
}

// changing are the tables that each call finds as they were, children first.
var changing = []string{"member_list", "memberships", "holds", "client_list"}

func (o *office) restore() {
	o.Write(func(ctx context.Context, tx *db.Tx) error {
		stmts := []string{"DELETE FROM settings", "DELETE FROM subaccount_addresses", "DELETE FROM allowlist_trials", "DELETE FROM invitations", "DELETE FROM invitation_allowance", "DELETE FROM attempts",
			"DELETE FROM package_overrides", "UPDATE accounts SET package_id = '', closed_at = NULL, closed_with = NULL, version = 1, membership_end = '', phone = ''"}
		for _, t := range changing {
			stmts = append(stmts, "DELETE FROM "+t)
		}
		for _, t := range slices.Backward(changing) {
			stmts = append(stmts, "INSERT INTO "+t+" SELECT * FROM kept_"+t)
		}
		for _, q := range stmts {
			if _, err := tx.Exec(ctx, q); err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
		return nil
	})
}

// fresh is text that is not in use.
func (o *office) fresh() string { return strings.ToLower(string(ids.NewView(o.Clock.Now()))[14:]) }

func (o *office) guest() ids.Membership {
	return o.Member(o.client, o.fresh()+"@new.example", apptest.As(authz.Guest)).Member
}

func (o *office) former() ids.Membership {
	m := o.guest()
	o.Exec("UPDATE memberships SET deactivated_at = 1 WHERE id = ?", m)
	return m
}

// shared is a Guest of the client who is one of the client beside it too.
func (o *office) shared() ids.Membership {
	email := o.fresh() + "@new.example"
	o.Member(o.beside, email, apptest.As(authz.Guest))
	return o.Member(o.client, email, apptest.As(authz.Guest)).Member
}

// tune gives the client a value of its own for a setting.
func (o *office) tune(t *testing.T, by authz.Actor, tab tuning.Tab, name, value string) error {
	t.Helper()
	page, err := o.Tuning.View(o.ctx, o.Root, o.client, tab)
	must(t, err)
	return o.Tuning.Save(o.ctx, by, o.client, tab, page.Version, map[string]tuning.Edit{name: {Value: json.RawMessage(value)}})
}

// signIn opens a session of somebody.
func (o *office) signIn(m ids.Membership) ids.Session {
	id := ids.NewSession(o.Clock.Now())
	o.Exec(`INSERT INTO sessions (id, token_hash, user_id, stage, ip, user_agent, created_at, seen_at, expires_at)
		SELECT ?, CAST(? AS BLOB), user_id, 'full', '', '', 0, 0, 9999999999999 FROM memberships WHERE id = ?`, id, string(id), m)
	return id
}

// profileOf is a person's profile with another name.
func (o *office) profileOf(t *testing.T, p apptest.Person) authn.Profile {
	t.Helper()
	in, err := o.Authn.Profile(o.ctx, p.Actor)
	must(t, err)
	in.Name = o.fresh()
	return in
}

// sent is an open invitation of a Guest by the Owner.
func (o *office) sent(t *testing.T) ids.Invitation {
	t.Helper()
	email := o.fresh() + "@new.example"
	_, err := o.Invites.Invite(o.ctx, o.owner.Actor, o.client, invite.Input{Addresses: email})
	must(t, err)
	return ids.Invitation(o.Text("SELECT id FROM invitations WHERE email = ?", email))
}

// eventAt is an event of an account's log.
func (o *office) eventAt(at ids.Account) ids.Event {
	return ids.Event(o.Text("SELECT min(id) FROM audit_events WHERE account_id = ?", at))
}

// offered is a package that the reseller offers.
func (o *office) offered() ids.Package {
	id := ids.NewPackage(o.Clock.Now())
	o.Exec("INSERT INTO packages (id, account_id, name, name_fold, price_note, perms, created_at, updated_at) VALUES (?, ?, ?, ?, '', '', 0, 0)", id, o.reseller, id, id)
	return id
}

// bought is a package that the client has.
func (o *office) bought() ids.Package {
	id := o.offered()
	o.Exec("UPDATE accounts SET package_id = ? WHERE id = ?", id, o.client)
	o.Exec("UPDATE client_list SET package_id = ? WHERE customer_id = ?", id, o.client)
	return id
}

// held puts a hold on the client, from the platform.
func (o *office) held() ids.Hold {
	o.Hold(o.client)
	return ids.Hold(o.Text("SELECT id FROM holds WHERE account_id = ? ORDER BY id DESC", o.client))
}

// found is an import of users that waits to be confirmed by somebody.
func (o *office) found(by authz.Actor) ids.Task {
	id := o.World.Task(o.client, by)
	o.Exec(`UPDATE tasks SET kind = 'import_users', summary = '{"New": 1}' WHERE id = ?`, id)
	return id
}

// call is a method of a service, called on the client as somebody.
type call struct {
	method string
	detail string
	run    func(t *testing.T, o *office, by authz.Actor) error
}

func only(_ any, err error) error { return err }

var calls = []call{
	{"account.Service.Get", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Accounts.Get(o.ctx, by, o.client)) }},
	{"account.Service.Get", "a department", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Get(o.ctx, by, o.department))
	}},
	{"account.Service.Get", "the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Get(o.ctx, by, o.reseller))
	}},
	{"account.Service.Path", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Accounts.Path(o.ctx, by, o.client)) }},
	{"account.Service.Sizes", "of the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Sizes(o.ctx, by, o.reseller))
	}},
	{"account.Service.Standing", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Standing(o.ctx, by, o.client))
	}},
	{"account.Service.OwnLevel", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.OwnLevel(o.ctx, by, o.client))
	}},
	{"account.Service.Stage", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Stage(o.ctx, by, o.client))
	}},
	{"account.Service.List", "of the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.List(o.ctx, by, o.reseller, account.Query{}))
	}},
	{"account.Service.Facets", "of the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Facets(o.ctx, by, o.reseller))
	}},
	{"account.Service.ResellerPlaces", "of the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.ResellerPlaces(o.ctx, by, o.reseller))
	}},
	{"account.Service.Resellers", "of the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Resellers(o.ctx, by, o.reseller))
	}},
	{"account.Service.ExportPage", "of the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		_, _, err := o.Accounts.ExportPage(o.ctx, by, o.reseller, account.Query{}, nil)
		return err
	}},
	{"account.Service.CheckImport", "into the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.CheckImport(o.ctx, by, o.reseller, nil, account.Importing{}))
	}},
	{"account.Service.CheckLocations", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.CheckLocations(o.ctx, by, o.client, nil, account.Importing{}))
	}},
	{"account.Service.TopDepartments", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.TopDepartments(o.ctx, by, o.client, nil, 5))
	}},
	{"account.Service.Departments", "", func(_ *testing.T, o *office, by authz.Actor) error {
		_, _, err := o.Accounts.Departments(o.ctx, by, o.client, "")
		return err
	}},
	{"account.Service.Create", "a client", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Create(o.ctx, by, o.reseller, account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{Name: o.fresh()}}))
	}},
	{"account.Service.Create", "a reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Create(o.ctx, by, o.reseller, account.CreateInput{Kind: account.Reseller, Fields: account.Fields{Name: o.fresh()}}))
	}},
	{"account.Service.Create", "a department", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Create(o.ctx, by, o.client, account.CreateInput{Kind: account.Department, Fields: account.Fields{Name: o.fresh()}}))
	}},
	{"account.Service.Update", "phone", func(_ *testing.T, o *office, by authz.Actor) error {
		above := o.Held(by, o.reseller).Has(authz.ClientsEdit) // who stands there says that it has no end
		return o.Accounts.Update(o.ctx, by, o.client, account.UpdateInput{Version: 1, NoEnd: above, Fields: account.Fields{Name: "Acme", Phone: "+1 555 0100"}})
	}},
	{"account.Service.Update", "end date", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Accounts.Update(o.ctx, by, o.client, account.UpdateInput{Version: 1, Fields: account.Fields{Name: "Acme", MembershipEnd: "2030-01-01"}})
	}},
	{"account.Service.Hold", "", func(_ *testing.T, o *office, by authz.Actor) error { return o.Accounts.Hold(o.ctx, by, o.client, "") }},
	{"account.Service.Lift", "the operator's", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Accounts.Lift(o.ctx, by, o.client, o.held())
	}},
	{"account.Service.Lift", "the Owner's own", func(t *testing.T, o *office, by authz.Actor) error {
		must(t, o.Accounts.Hold(o.ctx, o.owner.Actor, o.client, ""))
		return o.Accounts.Lift(o.ctx, by, o.client, ids.Hold(o.Text("SELECT id FROM holds WHERE account_id = ?", o.client)))
	}},
	{"account.Service.SetActive", "off", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.SetActive(o.ctx, by, o.client, false))
	}},
	{"account.Service.Close", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Accounts.Close(o.ctx, by, o.client, "Acme")
	}},
	{"account.Service.Reopen", "", func(_ *testing.T, o *office, by authz.Actor) error {
		o.World.Close(o.client)
		return o.Accounts.Reopen(o.ctx, by, o.client)
	}},
	{"account.Service.Places", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Places(o.ctx, by, o.client))
	}},
	{"account.Service.PlacesForNew", "of a client", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.PlacesForNew(o.ctx, by, o.reseller, account.Customer))
	}},
	{"account.Service.PlacesForNew", "of a department", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.PlacesForNew(o.ctx, by, o.client, account.Department))
	}},
	{"account.Service.PreviewMove", "to a reseller below", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.PreviewMove(o.ctx, by, o.client, o.branch))
	}},
	{"account.Service.Move", "to a reseller below", func(t *testing.T, o *office, by authz.Actor) error {
		_, err := o.Accounts.Move(o.ctx, by, o.client, account.MoveInput{To: o.branch})
		if err == nil {
			must(t, only(o.Accounts.Move(o.ctx, o.Root, o.client, account.MoveInput{To: o.reseller})))
		}
		return err
	}},
	{"account.Service.PreviewTogether", "to a reseller below", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.PreviewTogether(o.ctx, by, []ids.Account{o.client}, o.branch))
	}},
	{"account.Service.MoveTogether", "to a reseller below", func(t *testing.T, o *office, by authz.Actor) error {
		err := o.Accounts.MoveTogether(o.ctx, by, o.reseller, []ids.Account{o.client}, account.MoveInput{To: o.branch})
		if err == nil {
			must(t, only(o.Accounts.Move(o.ctx, o.Root, o.client, account.MoveInput{To: o.reseller})))
		}
		return err
	}},
	{"account.Service.CloseTogether", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Accounts.CloseTogether(o.ctx, by, o.client, []ids.Account{o.department}, "1")
	}},
	{"account.Service.BulkActive", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Accounts.BulkActive(o.ctx, by, o.reseller, []ids.Account{o.client}, false)
	}},
	{"account.Service.BulkExtend", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Accounts.BulkExtend(o.ctx, by, o.reseller, []ids.Account{o.client}, "2031-01-01", false)
	}},
	{"account.Service.Assign", "", func(_ *testing.T, o *office, by authz.Actor) error {
		o.Exec("UPDATE accounts SET package_id = ''")
		return o.Accounts.Assign(o.ctx, by, o.client, o.offered())
	}},
	{"account.Service.BulkAssign", "", func(_ *testing.T, o *office, by authz.Actor) error {
		o.Exec("UPDATE accounts SET package_id = ''")
		return o.Accounts.BulkAssign(o.ctx, by, o.reseller, []ids.Account{o.client}, o.offered())
	}},
	{"account.Service.Reassign", "at the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Reassign(o.ctx, by, o.reseller, o.bought(), ""))
	}},
	{"account.Service.BulkClose", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Accounts.BulkClose(o.ctx, by, o.reseller, []ids.Account{o.client}, "1")
	}},
	{"account.Service.Locations", "", func(_ *testing.T, o *office, by authz.Actor) error {
		_, _, err := o.Accounts.Locations(o.ctx, by, o.client, "")
		return err
	}},
	{"account.Service.Location", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.Location(o.ctx, by, o.client, o.World.Location(o.client, o.fresh())))
	}},
	{"account.Service.AddLocation", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.AddLocation(o.ctx, by, o.client, account.LocationInput{Name: o.fresh()}))
	}},
	{"account.Service.AddLocations", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Accounts.AddLocations(o.ctx, by, o.client, []account.LocationInput{{Name: o.fresh()}}))
	}},
	{"account.Service.UpdateLocation", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Accounts.UpdateLocation(o.ctx, by, o.client, o.World.Location(o.client, o.fresh()), account.LocationInput{Name: o.fresh(), Version: 1})
	}},
	{"account.Service.RemoveLocation", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Accounts.RemoveLocation(o.ctx, by, o.client, o.World.Location(o.client, o.fresh()))
	}},

	{"view.Service.List", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Views.List(o.ctx, by, o.client, "clients"))
	}},
	{"view.Service.Save", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Views.Save(o.ctx, by, o.client, "clients", o.fresh(), "status=active"))
	}},
	{"view.Service.Delete", "one's own", func(_ *testing.T, o *office, by authz.Actor) error {
		id := ids.NewView(o.Clock.Now())
		o.Exec("INSERT INTO saved_views (id, user_id, account_id, page, name, name_fold, query, created_at) VALUES (?, ?, ?, 'clients', ?, ?, '', 0)", id, by.User(), o.client, id, id)
		return o.Views.Delete(o.ctx, by, o.client, id)
	}},
	{"view.Service.Delete", "another's", func(_ *testing.T, o *office, by authz.Actor) error {
		id := ids.NewView(o.Clock.Now())
		o.Exec("INSERT INTO saved_views (id, user_id, account_id, page, name, name_fold, query, created_at) VALUES (?, ?, ?, 'clients', ?, ?, '', 0)", id, o.owner.User(), o.client, id, id)
		return o.Views.Delete(o.ctx, by, o.client, id)
	}},

	{"module.Service.List", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Modules.List(o.ctx, by)) }},
	{"module.Service.Get", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Modules.Get(o.ctx, by, "news")) }},
	{"module.Service.Platform", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Modules.Platform(o.ctx, by)) }},
	{"module.Service.Add", "at the client", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Modules.Add(o.ctx, by, o.client, module.Input{})
	}},
	{"module.Service.Add", "at the platform", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Modules.Add(o.ctx, by, o.Platform, module.Input{})
	}},
	{"module.Service.Edit", "at the platform", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Modules.Edit(o.ctx, by, o.Platform, "campaigns", 1, module.Input{})
	}},
	{"module.Service.Uses", "at the platform", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Modules.Uses(o.ctx, by, o.Platform, "campaigns"))
	}},
	{"module.Service.Remove", "at the platform", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Modules.Remove(o.ctx, by, o.Platform, "campaigns", true)
	}},

	{"policy.Service.Enter", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Policy.Enter(o.ctx, by, o.client)
	}},
	{"policy.Service.SecondDue", "", func(_ *testing.T, o *office, by authz.Actor) error {
		_, _, err := o.Policy.SecondDue(o.ctx, by, o.client)
		return err
	}},
	{"policy.Service.Allowlists", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Policy.Allowlists(o.ctx, by, o.client))
	}},
	{"policy.Service.AllowlistOfSub", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Policy.AllowlistOfSub(o.ctx, by, o.client, o.SubAccount(o.client, o.fresh())))
	}},
	{"policy.Service.Concerns", "", func(_ *testing.T, o *office, by authz.Actor) error {
		_, _, err := o.Policy.Concerns(o.ctx, by, o.client, 90)
		return err
	}},
	{"policy.Service.Add", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Policy.Add(o.ctx, by, o.client, policy.Portal, "192.0.2.1", "")
	}},
	{"policy.Service.Add", "of a sub-account", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Policy.Add(o.ctx, by, o.client, policy.OfSub(o.SubAccount(o.client, o.fresh())), "192.0.2.1", "")
	}},
	{"policy.Service.Remove", "", func(t *testing.T, o *office, by authz.Actor) error {
		if o.Count("settings WHERE name = 'network.portal'") == 0 {
			must(t, o.Policy.Add(o.ctx, o.Root, o.client, policy.Portal, "192.0.2.1", ""))
		}
		return o.Policy.Remove(o.ctx, by, o.client, policy.Portal, "192.0.2.1/32", false)
	}},
	{"policy.Service.Switch", "", func(t *testing.T, o *office, by authz.Actor) error {
		must(t, o.Policy.Add(o.ctx, o.Root, o.client, policy.API, "192.0.2.1", ""))
		return o.Policy.Switch(o.ctx, by, o.client, policy.API, true, false)
	}},
	{"policy.Service.Keep", "", func(_ *testing.T, o *office, by authz.Actor) error {
		o.Exec("INSERT INTO allowlist_trials (account_id, list, id, prior, until) VALUES (?, 'portal', 'trial', '', 0)", o.client)
		return o.Policy.Keep(o.ctx, by, o.client, policy.Portal)
	}},
	{"policy.Service.Undo", "", func(_ *testing.T, o *office, by authz.Actor) error {
		o.Exec("INSERT INTO allowlist_trials (account_id, list, id, prior, until) VALUES (?, 'portal', 'trial', '', 0)", o.client)
		return o.Policy.Undo(o.ctx, by, o.client, policy.Portal)
	}},
	{"policy.Service.ClearIPLock", "", func(t *testing.T, o *office, by authz.Actor) error {
		if o.Count("settings WHERE name = 'network.api'") == 0 {
			must(t, o.Policy.Add(o.ctx, o.Root, o.client, policy.API, "192.0.2.1", ""))
		}
		o.Exec("UPDATE settings SET value = REPLACE(value, 'false', 'true') WHERE name = 'network.api'")
		return o.Policy.ClearIPLock(o.ctx, by, o.client)
	}},
	{"authn.Service.SignEveryoneOut", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Authn.SignEveryoneOut(o.ctx, by, o.client)
	}},
	{"submit.Service.Preview", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Submit.Preview(o.ctx, by, o.client, submit.Sample{Message: []byte("Subject: x\r\n\r\nHello")}))
	}},
	{"brand.Service.KeepPicture", "a logo", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Brands.KeepPicture(o.ctx, by, o.client, brand.Logo, strings.NewReader(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`)))
	}},
	{"brand.Service.Domain", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Brands.Domain(o.ctx, by, o.client))
	}},
	{"brand.Service.AskDomain", "", func(_ *testing.T, o *office, by authz.Actor) error {
		o.Exec("DELETE FROM domains")
		return o.Brands.AskDomain(o.ctx, by, o.client, "portal.acme.example")
	}},
	{"brand.Service.CheckDomain", "whose record is there", func(t *testing.T, o *office, by authz.Actor) error {
		o.Exec("DELETE FROM domains")
		must(t, o.Brands.AskDomain(o.ctx, o.Root, o.client, "portal.acme.example"))
		d, err := o.Brands.Domain(o.ctx, o.Root, o.client)
		must(t, err)
		o.DNS.Set(d.Record, d.Value)
		return only(o.Brands.CheckDomain(o.ctx, by, o.client))
	}},
	{"brand.Service.RemoveDomain", "", func(t *testing.T, o *office, by authz.Actor) error {
		must(t, o.Brands.AskDomain(o.ctx, o.Root, o.client, "portal.acme.example"))
		return o.Brands.RemoveDomain(o.ctx, by, o.client)
	}},
	{"tuning.Service.View", "security", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Tuning.View(o.ctx, by, o.client, tuning.Security))
	}},
	{"tuning.Service.View", "settings", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Tuning.View(o.ctx, by, o.client, tuning.Settings))
	}},
	{"tuning.Service.View", "contacts", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Tuning.View(o.ctx, by, o.client, tuning.Contacts))
	}},
	{"tuning.Service.ViewNew", "security of a department", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Tuning.ViewNew(o.ctx, by, o.client, "department", tuning.Security))
	}},
	{"tuning.Service.Save", "what of contacts is masked", func(t *testing.T, o *office, by authz.Actor) error {
		return o.tune(t, by, tuning.Contacts, "contact.masking", `"nothing"`)
	}},
	{"tuning.Service.One", "", func(_ *testing.T, o *office, by authz.Actor) error {
		_, _, err := o.Tuning.One(o.ctx, by, o.client, "session.idle_minutes")
		return err
	}},
	{"tuning.Service.Below", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Tuning.Below(o.ctx, by, o.client, tuning.Security, "session.idle_minutes"))
	}},
	{"tuning.Service.Compare", "with the client beside", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Tuning.Compare(o.ctx, by, o.client, o.beside, tuning.Security))
	}},
	{"tuning.Service.Save", "a rule of its own", func(t *testing.T, o *office, by authz.Actor) error {
		return o.tune(t, by, tuning.Security, "session.idle_minutes", "45")
	}},
	{"tuning.Service.Save", "one of the parent's", func(t *testing.T, o *office, by authz.Actor) error {
		return o.tune(t, by, tuning.Settings, "account.grace_days", "14")
	}},
	{"tuning.Service.Apply", "to its department", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Tuning.Apply(o.ctx, by, o.client, tuning.Security, []string{"session.idle_minutes"}, []ids.Account{o.department})
	}},

	{"provision.Service.Create", "a client with a package", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Provision.Create(o.ctx, by, o.reseller, o.provided(account.Customer)))
	}},
	{"provision.Service.Create", "a department with a rule", func(_ *testing.T, o *office, by authz.Actor) error {
		in := o.provided(account.Department)
		in.Settings = map[tuning.Tab]map[string]tuning.Edit{tuning.Security: {"session.idle_minutes": {Value: json.RawMessage("45")}}}
		return only(o.Provision.Create(o.ctx, by, o.client, in))
	}},
	{"provision.Service.Try", "a client with a package", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Provision.Try(o.ctx, by, o.reseller, o.provided(account.Customer))
	}},

	{"outline.Service.Root", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Outline.Root(o.ctx, by, o.client))
	}},
	{"outline.Service.Root", "of the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Outline.Root(o.ctx, by, o.reseller))
	}},
	{"outline.Service.Totals", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Outline.Totals(o.ctx, by, o.client))
	}},
	{"outline.Service.Children", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Outline.Children(o.ctx, by, o.client, ""))
	}},
	{"outline.Service.Find", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Outline.Find(o.ctx, by, o.client, "mark"))
	}},
	{"outline.Service.Jump", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Outline.Jump(o.ctx, by, o.client, "mark"))
	}},

	{"trail.Service.List", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Trail.List(o.ctx, by, o.client, trail.Query{Below: true}))
	}},
	{"trail.Service.List", "a department alone", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Trail.List(o.ctx, by, o.client, trail.Query{At: o.department}))
	}},
	{"trail.Service.List", "a client beside", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Trail.List(o.ctx, by, o.client, trail.Query{At: o.beside}))
	}},
	{"trail.Service.Get", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Trail.Get(o.ctx, by, o.client, o.eventAt(o.client)))
	}},
	{"trail.Service.Get", "a department's", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Trail.Get(o.ctx, by, o.client, o.eventAt(o.department)))
	}},
	{"trail.Service.Get", "of a client beside", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Trail.Get(o.ctx, by, o.client, o.eventAt(o.beside)))
	}},
	{"trail.Service.News", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Trail.News(o.ctx, by, o.client, trail.Query{}, o.Clock.Now()))
	}},
	{"trail.Service.Export", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Trail.Export(o.ctx, by, o.client, trail.Query{Below: true}, trail.Chain, "en"))
	}},
	{"trail.Service.Retention", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Trail.Retention(o.ctx, by, o.client))
	}},
	{"trail.Service.SetRetention", "of the client", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Trail.SetRetention(o.ctx, by, o.client, 90)
	}},
	{"trail.Service.SetRetention", "of the platform", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Trail.SetRetention(o.ctx, by, o.Platform, 90)
	}},

	{"task.Service.List", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Tasks.List(o.ctx, by, o.client, ""))
	}},
	{"task.Service.Get", "one's own", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Tasks.Get(o.ctx, by, o.client, o.World.Task(o.client, by)))
	}},
	{"task.Service.Get", "another's", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Tasks.Get(o.ctx, by, o.client, o.World.Task(o.client, o.Root)))
	}},
	{"task.Service.Cancel", "one's own", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Tasks.Cancel(o.ctx, by, o.client, o.World.Task(o.client, by))
	}},
	{"task.Service.Cancel", "another's", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Tasks.Cancel(o.ctx, by, o.client, o.World.Task(o.client, o.Root))
	}},
	{"task.Service.Result", "one's own", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Tasks.Result(o.ctx, by, o.client, o.World.Task(o.client, by)))
	}},
	{"task.Service.Result", "another's", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Tasks.Result(o.ctx, by, o.client, o.World.Task(o.client, o.Root)))
	}},

	{"access.Service.Check", "about oneself", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Access.Check(o.ctx, by, []access.Question{{Account: o.client, Perm: authz.ClientsView}}))
	}},
	{"access.Service.Explain", "about oneself", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Access.Explain(o.ctx, by, access.Question{Account: o.client, Perm: authz.ClientsView}))
	}},
	{"access.Service.Explain", "about a person", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Access.Explain(o.ctx, by, access.Question{Account: o.client, Perm: authz.ClientsView, User: o.owner.User()}))
	}},
	{"exchange.Service.Export", "clients of the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Exchange.Export(o.ctx, by, o.reseller, exchange.Export{What: exchange.Clients, Format: sheet.CSV}))
	}},
	{"exchange.Service.Export", "users", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Exchange.Export(o.ctx, by, o.client, exchange.Export{What: exchange.Users, Format: sheet.CSV}))
	}},
	{"exchange.Service.Export", "locations", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Exchange.Export(o.ctx, by, o.client, exchange.Export{What: exchange.Locations, Format: sheet.CSV}))
	}},
	{"exchange.Service.Export", "contacts", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Exchange.Export(o.ctx, by, o.client, exchange.Export{What: exchange.Contacts, Format: sheet.CSV}))
	}},
	{"exchange.Service.Export", "suppressions", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Exchange.Export(o.ctx, by, o.client, exchange.Export{What: exchange.Suppressions, Format: sheet.CSV}))
	}},
	{"exchange.Service.MayImport", "contacts", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Exchange.MayImport(o.ctx, by, o.client, exchange.Contacts)
	}},
	{"exchange.Service.MayImport", "users", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Exchange.MayImport(o.ctx, by, o.client, exchange.Users)
	}},
	{"exchange.Service.Upload", "clients of the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Exchange.Upload(o.ctx, by, o.reseller, exchange.Clients, exchange.Options{}, "a.csv", strings.NewReader("name\nx\n")))
	}},
	{"exchange.Service.Upload", "locations", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Exchange.Upload(o.ctx, by, o.client, exchange.Locations, exchange.Options{}, "a.csv", strings.NewReader("name\nx\n")))
	}},
	{"exchange.Service.Confirm", "users, one's own", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Exchange.Confirm(o.ctx, by, o.client, o.found(by), false)
	}},
	{"exchange.Service.Confirm", "users, another's", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Exchange.Confirm(o.ctx, by, o.client, o.found(o.Root), false)
	}},

	{"plan.Service.List", "of the reseller", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Plans.List(o.ctx, by, o.reseller)) }},
	{"plan.Service.List", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Plans.List(o.ctx, by, o.client)) }},
	{"plan.Service.Get", "the one it has", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Plans.Get(o.ctx, by, o.client, o.bought()))
	}},
	{"plan.Service.Bought", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Plans.Bought(o.ctx, by, o.client)) }},
	{"plan.Service.Create", "at the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Plans.Create(o.ctx, by, o.reseller, plan.Input{Name: o.fresh(), All: true}))
	}},
	{"plan.Service.Copy", "at the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Plans.Copy(o.ctx, by, o.reseller, o.offered(), o.fresh()))
	}},
	{"plan.Service.Edit", "at the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Plans.Edit(o.ctx, by, o.reseller, o.offered(), 1, plan.Input{Name: o.fresh(), All: true})
	}},
	{"plan.Service.Retire", "at the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Plans.Retire(o.ctx, by, o.reseller, o.offered(), true)
	}},
	{"plan.Service.Delete", "at the reseller", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Plans.Delete(o.ctx, by, o.reseller, o.offered())
	}},
	{"plan.Service.Override", "", func(_ *testing.T, o *office, by authz.Actor) error {
		o.Exec("DELETE FROM package_overrides")
		return o.Plans.Override(o.ctx, by, o.client, []plan.Override{{Term: plan.Users, Amount: 500}})
	}},

	{"role.Service.List", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Roles.List(o.ctx, by, o.client)) }},
	{"role.Service.Get", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Roles.Get(o.ctx, by, o.client, o.RoleGroup(o.client, o.fresh(), authz.LocationsView)))
	}},
	{"role.Service.Holders", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Roles.Holders(o.ctx, by, o.client, o.RoleGroup(o.client, o.fresh(), authz.LocationsView)))
	}},
	{"role.Service.Create", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Roles.Create(o.ctx, by, o.client, role.Input{Name: o.fresh(), Perms: authz.SetOf(authz.LocationsView)}))
	}},
	{"role.Service.Edit", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Roles.Edit(o.ctx, by, o.client, o.RoleGroup(o.client, o.fresh(), authz.LocationsView), 1, role.Input{Name: o.fresh()})
	}},
	{"role.Service.Edit", "the reseller's", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Roles.Edit(o.ctx, by, o.reseller, o.RoleGroup(o.reseller, o.fresh(), authz.LocationsView), 1, role.Input{Name: o.fresh()})
	}},
	{"role.Service.Delete", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Roles.Delete(o.ctx, by, o.client, o.RoleGroup(o.client, o.fresh(), authz.LocationsView))
	}},
	{"role.Service.Reassign", "", func(_ *testing.T, o *office, by authz.Actor) error {
		id := o.RoleGroup(o.client, o.fresh(), authz.LocationsView)
		o.Exec("UPDATE memberships SET role = ? WHERE id = ?", id, o.guest())
		return o.Roles.Reassign(o.ctx, by, o.client, id, authz.Guest)
	}},

	{"user.Service.Settings", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Users.Settings(o.ctx, by, o.client, o.guest()))
	}},
	{"user.Service.SaveSettings", "", func(t *testing.T, o *office, by authz.Actor) error {
		m := o.guest()
		page, err := o.Users.Settings(o.ctx, o.Root, o.client, m)
		must(t, err)
		return o.Users.SaveSettings(o.ctx, by, o.client, m, page.Version, map[string]tuning.Edit{"message.disclaimer": {Value: []byte(`"Private"`)}})
	}},
	{"user.Service.List", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Users.List(o.ctx, by, o.client, user.Query{}))
	}},
	{"user.Service.SubNames", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Users.SubNames(o.ctx, by, o.client, nil))
	}},
	{"user.Service.Count", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Users.Count(o.ctx, by, o.client)) }},
	{"user.Service.Leaders", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Users.Leaders(o.ctx, by, o.client, 3))
	}},
	{"user.Service.Owners", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Users.Owners(o.ctx, by, o.client)) }},
	{"user.Service.Get", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Users.Get(o.ctx, by, o.client, o.guest()))
	}},
	{"user.Service.CanOn", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Users.CanOn(o.ctx, by, o.client, user.Member{}))
	}},
	{"user.Service.Effective", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Users.Effective(o.ctx, by, o.client, o.guest()))
	}},
	{"user.Service.Explain", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Users.Explain(o.ctx, by, o.client, o.guest(), authz.ClientsView, o.client))
	}},
	{"user.Service.Places", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Users.Places(o.ctx, by, o.client)) }},
	{"user.Service.Edit", "a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Edit(o.ctx, by, o.client, o.guest(), 1, user.Input{Access: apptest.As(authz.Guest), JobTitle: "Clerk"})
	}},
	{"user.Service.Edit", "an Admin", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Edit(o.ctx, by, o.client, o.admin.Member, 1, user.Input{Access: apptest.As(authz.Admin), JobTitle: "Clerk"})
	}},
	{"user.Service.Edit", "an Owner", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Edit(o.ctx, by, o.client, o.owner.Member, 1, user.Input{Access: apptest.As(authz.Owner), JobTitle: "Clerk"})
	}},
	{"user.Service.Edit", "a Guest into an Admin", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Edit(o.ctx, by, o.client, o.guest(), 1, user.Input{Access: apptest.As(authz.Admin)})
	}},
	{"user.Service.Edit", "a Guest into an Owner", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Edit(o.ctx, by, o.client, o.guest(), 1, user.Input{Access: apptest.As(authz.Owner)})
	}},
	{"user.Service.Edit", "giving message bodies", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Edit(o.ctx, by, o.client, o.admin.Member, 1, user.Input{Access: apptest.As(authz.Admin, authz.MessagesViewBody)})
	}},
	{"user.Service.Edit", "giving payments", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Edit(o.ctx, by, o.client, o.admin.Member, 1, user.Input{Access: apptest.As(authz.Admin, authz.PaymentsView)})
	}},
	{"user.Service.Promote", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Promote(o.ctx, by, o.client, o.guest(), 1)
	}},
	{"user.Service.TransferOwnership", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.TransferOwnership(o.ctx, by, o.client, user.Transfer{To: o.guest()})
	}},
	{"user.Service.Deactivate", "a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Deactivate(o.ctx, by, o.client, o.guest())
	}},
	{"user.Service.Deactivate", "an Owner", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Deactivate(o.ctx, by, o.client, o.owner.Member)
	}},
	{"user.Service.Reactivate", "a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Reactivate(o.ctx, by, o.client, o.former())
	}},
	{"user.Service.Remove", "a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Remove(o.ctx, by, o.client, o.guest())
	}},
	{"user.Service.Remove", "an Admin", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Users.Remove(o.ctx, by, o.client, o.admin.Member)
	}},

	{"quota.Service.Reserve", "", func(_ *testing.T, o *office, by authz.Actor) error {
		out, err := o.Quotas.Reserve(o.ctx, by, []quota.Ask{{Key: o.fresh(), Account: o.client, Channel: quota.Email, Recipients: 1, Parts: 1}})
		if err != nil {
			return err
		}
		return out[0].Err
	}},
	{"quota.Service.Settle", "what is theirs", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Quotas.Settle(o.ctx, by, []ids.Reserve{"rsv_none"}, true))
	}},
	{"quota.Service.Explain", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Quotas.Explain(o.ctx, by, o.client, quota.Question{Channel: quota.Email}))
	}},
	{"quota.Service.Limits", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Quotas.Limits(o.ctx, by, o.client, quota.Target{}))
	}},
	{"quota.Service.View", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Quotas.View(o.ctx, by, o.client, quota.Target{}))
	}},
	{"quota.Service.HandedOut", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Quotas.HandedOut(o.ctx, by, o.client))
	}},
	{"role.Service.Preview", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Roles.Preview(o.ctx, by, o.client, o.RoleGroup(o.client, o.fresh()), role.Input{Name: o.fresh()}))
	}},
	{"quota.Service.Pool", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Quotas.Pool(o.ctx, by, o.client, quota.Email, 0))
	}},
	{"quota.Service.Overrides", "", func(_ *testing.T, o *office, by authz.Actor) error {
		_, _, err := o.Quotas.Overrides(o.ctx, by, o.client, nil, 5)
		return err
	}},
	{"quota.Service.Credits", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Quotas.Credits(o.ctx, by, o.client, ""))
	}},
	{"quota.Service.Credit", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Quotas.Credit(o.ctx, by, o.client, o.Credit(o.client, 10)))
	}},
	{"quota.Service.Grant", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Quotas.Grant(o.ctx, by, o.client, quota.Grant{Channel: quota.Email, Units: 10, LastDay: "2099-12-31"}))
	}},
	{"quota.Service.Void", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Quotas.Void(o.ctx, by, o.client, o.Credit(o.client, 10), "swept")
	}},
	{"quota.Service.SetLimits", "of the client", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Quotas.SetLimits(o.ctx, by, o.client, quota.Target{}, o.limit(quota.Day)))
	}},
	{"quota.Service.SetLimits", "of its sub-account", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Quotas.SetLimits(o.ctx, by, o.client, quota.Target{Sub: o.SubAccount(o.client, o.fresh())}, o.limit(quota.Hour)))
	}},
	{"usage.Service.Series", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Usage.Series(o.ctx, by, o.client, usage.Query{Channel: quota.Email}))
	}},
	{"usage.Service.Months", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Usage.Months(o.ctx, by, o.client, []ids.Account{o.client}))
	}},
	{"usage.Service.Today", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Usage.Today(o.ctx, by, o.client, quota.Email, []ids.SubAccount{o.SubAccount(o.client, o.fresh())}))
	}},
	{"usage.Service.Parts", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Usage.Parts(o.ctx, by, o.client, quota.Email))
	}},
	{"subaccount.Service.List", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Subs.List(o.ctx, by, o.client, subaccount.Query{}))
	}},
	{"subaccount.Service.Choices", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Subs.Choices(o.ctx, by, o.client)) }},
	{"subaccount.Service.Count", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Subs.Count(o.ctx, by, o.client)) }},
	{"subaccount.Service.Get", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Subs.Get(o.ctx, by, o.client, o.SubAccount(o.client, o.fresh())))
	}},
	{"subaccount.Service.Create", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Subs.Create(o.ctx, by, o.client, subaccount.Input{Name: o.fresh(), Purpose: subaccount.Marketing}))
	}},
	{"subaccount.Service.Edit", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Subs.Edit(o.ctx, by, o.client, o.SubAccount(o.client, o.fresh()), 1, subaccount.Input{Name: o.fresh(), Purpose: subaccount.Marketing})
	}},
	{"subaccount.Service.Suspend", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Subs.Suspend(o.ctx, by, o.client, o.SubAccount(o.client, o.fresh()))
	}},
	{"subaccount.Service.Resume", "", func(t *testing.T, o *office, by authz.Actor) error {
		id := o.SubAccount(o.client, o.fresh())
		must(t, o.Subs.Suspend(o.ctx, o.Root, o.client, id))
		return o.Subs.Resume(o.ctx, by, o.client, id)
	}},
	{"subaccount.Service.Move", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Subs.Move(o.ctx, by, o.client, o.SubAccount(o.client, o.fresh()), o.department)
	}},
	{"subaccount.Service.Remove", "", func(_ *testing.T, o *office, by authz.Actor) error {
		name := o.fresh()
		return o.Subs.Remove(o.ctx, by, o.client, o.SubAccount(o.client, name), name)
	}},

	{"contact.Service.Find", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Contacts.Find(o.ctx, by, o.client, contact.Query{}))
	}},
	{"contact.Service.ExportPage", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Contacts.ExportPage(o.ctx, by, o.client, contact.Query{}))
	}},
	{"contact.Service.Get", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Contacts.Get(o.ctx, by, o.client, o.Contact(o.client, o.fresh()+"@new.example")))
	}},
	{"contact.Service.Create", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Contacts.Create(o.ctx, by, o.client, contact.Input{Email: o.fresh() + "@new.example"}))
	}},
	{"contact.Service.Edit", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Contacts.Edit(o.ctx, by, o.client, o.Contact(o.client, o.fresh()+"@new.example"), contact.Input{Name: "New name", Email: o.fresh() + "@new.example", Version: 1})
	}},
	{"contact.Service.AskAgain", "", func(t *testing.T, o *office, by authz.Actor) error {
		id := o.Contact(o.client, o.fresh()+"@new.example", o.ContactList(o.client, o.fresh()))
		o.Exec("UPDATE contact_subscriptions SET state = 'pending' WHERE contact_id = ?", id)
		err := o.Contacts.AskAgain(o.ctx, by, o.client, id)
		o.Exec("DELETE FROM contact_lists")
		return err
	}},
	{"contact.Service.Remove", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Contacts.Remove(o.ctx, by, o.client, o.Contact(o.client, o.fresh()+"@new.example"))
	}},
	{"contact.Service.CheckImport", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Contacts.CheckImport(o.ctx, by, o.client, nil, account.Importing{}))
	}},
	{"contact.Service.Lists", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Contacts.Lists(o.ctx, by, o.client))
	}},
	{"contact.Service.List", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Contacts.List(o.ctx, by, o.client, o.ContactList(o.client, o.fresh())))
	}},
	{"contact.Service.AddList", "", func(_ *testing.T, o *office, by authz.Actor) error {
		err := only(o.Contacts.AddList(o.ctx, by, o.client, contact.ListInput{Name: o.fresh()}))
		o.Exec("DELETE FROM contact_lists")
		return err
	}},
	{"contact.Service.EditList", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Contacts.EditList(o.ctx, by, o.client, o.ContactList(o.client, o.fresh()), contact.ListInput{Name: o.fresh(), Version: 1})
	}},
	{"contact.Service.RemoveList", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Contacts.RemoveList(o.ctx, by, o.client, o.ContactList(o.client, o.fresh()))
	}},
	{"contact.Service.Suppressions", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Contacts.Suppressions(o.ctx, by, o.client, contact.SuppressionQuery{}))
	}},
	{"contact.Service.ExportSuppressions", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Contacts.ExportSuppressions(o.ctx, by, o.client, contact.SuppressionQuery{}))
	}},
	{"contact.Service.Suppress", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Contacts.Suppress(o.ctx, by, o.client, contact.SuppressInput{Address: o.fresh() + "@new.example"}))
	}},
	{"contact.Service.Lift", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Contacts.Lift(o.ctx, by, o.client, o.Suppress(o.client, o.fresh()+"@new.example"))
	}},
	{"contact.Service.CheckSuppressions", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Contacts.CheckSuppressions(o.ctx, by, o.client, nil))
	}},

	{"invite.Service.List", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Invites.List(o.ctx, by, o.client, nil))
	}},
	{"invite.Service.Get", "", func(t *testing.T, o *office, by authz.Actor) error {
		return only(o.Invites.Get(o.ctx, by, o.client, o.sent(t)))
	}},
	{"invite.Service.Check", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Invites.Check(o.ctx, by, o.client, "somebody@new.example"))
	}},
	{"invite.Service.Invite", "a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Invites.Invite(o.ctx, by, o.client, invite.Input{Addresses: o.fresh() + "@new.example"}))
	}},
	{"invite.Service.Invite", "an Admin", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Invites.Invite(o.ctx, by, o.client, invite.Input{Addresses: o.fresh() + "@new.example", Access: apptest.As(authz.Admin)}))
	}},
	{"invite.Service.Invite", "an Owner", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Invites.Invite(o.ctx, by, o.client, invite.Input{Addresses: o.fresh() + "@new.example", Access: apptest.As(authz.Owner)}))
	}},
	{"invite.Service.CheckInto", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Invites.CheckInto(o.ctx, by, o.reseller, []ids.Account{o.client}, "somebody@new.example"))
	}},
	{"invite.Service.InviteInto", "an Admin", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Invites.InviteInto(o.ctx, by, o.reseller, []ids.Account{o.client}, invite.Input{Addresses: o.fresh() + "@new.example", Access: apptest.As(authz.Admin)}))
	}},
	{"invite.Service.Resend", "", func(t *testing.T, o *office, by authz.Actor) error {
		return o.Invites.Resend(o.ctx, by, o.client, o.sent(t))
	}},
	{"invite.Service.NewLink", "", func(t *testing.T, o *office, by authz.Actor) error {
		_, _, err := o.Invites.NewLink(o.ctx, by, o.client, o.sent(t))
		return butForMail(err)
	}},
	{"invite.Service.Revoke", "", func(t *testing.T, o *office, by authz.Actor) error {
		return o.Invites.Revoke(o.ctx, by, o.client, o.sent(t))
	}},
	{"invite.Service.CheckImport", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Invites.CheckImport(o.ctx, by, o.client, nil, false))
	}},
	{"invite.Service.CreateUser", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Invites.CreateUser(o.ctx, by, o.client, invite.Create{Name: "New", Email: o.fresh() + "@new.example", Access: apptest.As(authz.Guest)})
	}},

	{"authn.Service.ChooseAccount", "", func(_ *testing.T, o *office, by authz.Actor) error { return o.Authn.ChooseAccount(o.ctx, by, o.client) }},
	{"authn.Service.SendReset", "to a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		u := o.Text("SELECT user_id FROM memberships WHERE id = ?", o.guest())
		return o.Authn.SendReset(o.ctx, by, o.client, ids.User(u))
	}},
	{"authn.Service.SendReset", "to an Owner", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Authn.SendReset(o.ctx, by, o.client, o.owner.User())
	}},
	{"authn.Service.ResetLink", "for a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		return butForMail(only(o.Authn.ResetLink(o.ctx, by, o.client, o.guest())))
	}},
	{"authn.Service.IdentityOf", "of a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		_, _, err := o.Authn.IdentityOf(o.ctx, by, o.client, o.guest())
		return err
	}},
	{"authn.Service.UpdateIdentity", "of a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Authn.UpdateIdentity(o.ctx, by, o.client, o.guest(), authn.Profile{Name: "New name", Version: 1})
	}},
	{"authn.Service.UpdateIdentity", "of an Admin", func(t *testing.T, o *office, by authz.Actor) error {
		return o.Authn.UpdateIdentity(o.ctx, by, o.client, o.admin.Member, o.profileOf(t, o.admin))
	}},
	{"authn.Service.UpdateIdentity", "of an Owner", func(t *testing.T, o *office, by authz.Actor) error {
		return o.Authn.UpdateIdentity(o.ctx, by, o.client, o.owner.Member, o.profileOf(t, o.owner))
	}},
	{"authn.Service.UpdateIdentity", "of one beside too", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Authn.UpdateIdentity(o.ctx, by, o.client, o.shared(), authn.Profile{Name: "New name", Version: 1})
	}},
	{"authn.Service.AskEmailFor", "of a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Authn.AskEmailFor(o.ctx, by, o.client, o.guest(), o.fresh()+"@new.example")
	}},
	{"authn.Service.AskEmailFor", "of an Owner", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Authn.AskEmailFor(o.ctx, by, o.client, o.owner.Member, o.fresh()+"@new.example")
	}},
	{"authn.Service.EndSessionOf", "of a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		m := o.guest()
		return o.Authn.EndSessionOf(o.ctx, by, o.client, m, o.signIn(m))
	}},
	{"authn.Service.EndSessionsOf", "of a Guest", func(_ *testing.T, o *office, by authz.Actor) error {
		m := o.guest()
		o.signIn(m)
		return o.Authn.EndSessionsOf(o.ctx, by, o.client, m)
	}},
	{"authn.Service.EndSessionsOf", "of an Owner", func(_ *testing.T, o *office, by authz.Actor) error {
		o.signIn(o.owner.Member)
		return o.Authn.EndSessionsOf(o.ctx, by, o.client, o.owner.Member)
	}},
	{"apikey.Service.Mine", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Keys.Mine(o.ctx, by, o.client)) }},
	{"apikey.Service.Offer", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Keys.Offer(o.ctx, by, o.client)) }},
	{"apikey.Service.List", "", func(_ *testing.T, o *office, by authz.Actor) error { return only(o.Keys.List(o.ctx, by, o.client, "")) }},
	{"apikey.Service.Get", "an Admin's", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Keys.Get(o.ctx, by, o.client, o.keyOf(o.admin)))
	}},
	{"apikey.Service.Create", "", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Keys.Create(o.ctx, by, o.client, apikey.Input{Name: "Key", Scopes: authz.SetOf(authz.LocationsView)}))
	}},
	{"apikey.Service.Revoke", "an Admin's", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Keys.Revoke(o.ctx, by, o.client, o.keyOf(o.admin))
	}},
	{"apikey.Service.Revoke", "an Owner's", func(_ *testing.T, o *office, by authz.Actor) error {
		return o.Keys.Revoke(o.ctx, by, o.client, o.keyOf(o.owner))
	}},
	{"authn.Service.ResetOwner", "of the platform", func(_ *testing.T, o *office, by authz.Actor) error {
		return only(o.Authn.ResetOwner(o.ctx, by, apptest.OwnerEmail))
	}},
}

// aboutOneself are methods that reach only the identity of whoever calls them, each with where that is tested.
var aboutOneself = map[string]string{
	"authn.Service.AskEmail":         "the actor's own address",
	"authn.Service.BeginTOTP":        "the actor's own second factor",
	"authn.Service.ChangePassword":   "the actor's own password",
	"authn.Service.ConfirmTOTP":      "the actor's own second factor",
	"authn.Service.DisableTOTP":      "the actor's own second factor",
	"authn.Service.Home":             "the actor's own accounts",
	"authn.Service.NewRecoveryCodes": "the actor's own second factor",
	"authn.Service.PendingTOTP":      "the actor's own second factor",
	"authn.Service.Places":           "the actor's own accounts",
	"authn.Service.Profile":          "the actor's own profile",
	"authn.Service.RevokeOthers":     "the actor's own sessions",
	"authn.Service.RevokeSession":    "the actor's own sessions",
	"authn.Service.Security":         "the actor's own second factor",
	"authn.Service.Sessions":         "the actor's own sessions",
	"authn.Service.UpdateProfile":    "the actor's own profile",
	"notice.Service.Count":           "the actor's own notices",
	"notice.Service.List":            "the actor's own notices",
	"notice.Service.Read":            "the actor's own notices",
	"notice.Service.ReadAll":         "the actor's own notices",
	"user.Service.OwnSettings":       "the actor's own settings",
	"user.Service.SaveOwnSettings":   "the actor's own settings",
	"authn.Service.UseKeys":          "the actor's own keyboard",
	"invite.Service.AcceptExisting":  "the link is the authority; the disable matrix and INV10 test it",
}

// provided is an account that is made with what it buys.
func (o *office) provided(kind account.Kind) provision.Input {
	in := provision.Input{CreateInput: account.CreateInput{Kind: kind, NoEnd: kind == account.Customer, Fields: account.Fields{Name: o.fresh()}}}
	if kind == account.Customer {
		pkg := o.offered()
		in.Package = &pkg
	}
	return in
}

// keyOf puts a key of a person there, whether the account is held or not.
func (o *office) keyOf(p apptest.Person) ids.Key {
	id := ids.NewKey(o.Clock.Now())
	o.Exec("INSERT INTO api_keys (id, account_id, membership_id, name, secret_hash, scopes, created_at) VALUES (?, ?, ?, 'Key', ?, '[\"locations.view\"]', 0)", id, o.client, p.Member, []byte("x"))
	return id
}

// services are all that people reach through the edges.
func (o *office) services() []any {
	return []any{o.Accounts, o.Views, o.Notices, o.Tasks, o.Exchange, o.Trail, o.Modules, o.Tuning, o.Submit, o.Policy, o.Outline, o.Roles, o.Plans, o.Users, o.Subs, o.Contacts, o.Invites, o.Authn, o.Keys, o.Brands, o.Access, o.Quotas, o.Usage, o.Provision}
}

// withActor lists the methods that take an actor, by reflection over the services.
func withActor(services []any) (names []string) {
	actor := reflect.TypeFor[authz.Actor]()
	for _, s := range services {
		t := reflect.TypeOf(s)
		pkg := strings.TrimPrefix(t.Elem().PkgPath(), "bailiwick/internal/")
		for m := range t.Methods() {
			for in := range m.Type.Ins() {
				if in == actor {
					names = append(names, pkg+"."+t.Elem().Name()+"."+m.Name)
				}
			}
		}
	}
	return names
}

// unaccounted are remarks on methods that the table of calls leaves out, and on calls of methods that are gone.
func unaccounted(methods []string, listed ...string) (remarks []string) {
	for _, m := range methods {
		if !slices.Contains(listed, m) {
			remarks = append(remarks, m+" takes an actor and is called by no row of the permission matrix")
		}
	}
	for _, m := range listed {
		if !slices.Contains(methods, m) {
			remarks = append(remarks, m+" is in the permission matrix and is no method of a service")
		}
	}
	return remarks
}

func listedMethods() []string {
	var out []string
	for _, c := range calls {
		out = append(out, c.method)
	}
	for m := range aboutOneself {
		out = append(out, m)
	}
	return out
}

func TestEveryMethodIsInThePermissionMatrix(t *testing.T) {
	o := newOffice(t)
	report(t, unaccounted(withActor(o.services()), listedMethods()...))
	if got := unaccounted([]string{"a.Service.B"}, "c.Service.D"); len(got) != 2 {
		t.Errorf("a method that is missing and one that is gone: %q", got)
	}
}

const legend = `# Who may do what. Each line calls one method of a service on a client (Acme) as somebody of each built-in role who
# stands above the client (at its reseller), inside it, beside it (at another client of the reseller) or below it (in
# one of its departments). Written by go test ./internal/apptest/matrix -run Permissions -update
#
# O Owner, A Admin, S Support, U User with every module, G Guest
# y allowed   n denied   . not found: it is out of sight   - the role does not exist there
#
`

// TestPermissions calls every method of every service as everybody and compares with the golden file, which is the
// documentation of rights.
func TestPermissions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var b strings.Builder
	b.WriteString(legend)
	fmt.Fprintf(&b, "%-55s above inside beside below\n%-55s OASUG OASUG  OASUG  OASUG\n", "", "")
	pkg := ""
	for _, c := range calls {
		if p, _, _ := strings.Cut(c.method, "."); p != pkg {
			pkg = p
			b.WriteString("\n")
		}
		cells := map[string]string{}
		for _, place := range places {
			for _, r := range authz.BuiltIn() {
				cells[place] += o.cell(t, c, place, r)
			}
		}
		name := c.method
		if c.detail != "" {
			name += ", " + c.detail
		}
		fmt.Fprintf(&b, "%-55s %s %s  %s  %s\n", name, cells["above"], cells["inside"], cells["beside"], cells["below"])
	}
	golden := filepath.Join("testdata", "permissions.golden")
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(golden, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("rights have changed (golden -, now +); if that is meant, run with -update:\n%s", diff)
	}
}

// cell calls a method once and says what came of it.
func (o *office) cell(t *testing.T, c call, place string, r authz.Role) string {
	t.Helper()
	i := slices.IndexFunc(o.people, func(s standing) bool { return s.place == place && s.role == r })
	if i < 0 {
		return "-"
	}
	err := c.run(t, o, o.people[i].who.Actor)
	o.restore()
	switch errs.KindOf(err) {
	case errs.Denied:
		return "n"
	case errs.NotFound:
		return "."
	}
	if err != nil {
		t.Errorf("%s (%s) as %s %s: %v", c.method, c.detail, r, place, err)
	}
	return "y"
}
