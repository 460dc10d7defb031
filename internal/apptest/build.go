package apptest

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/apikey"
	"bailiwick/internal/authz"
	"bailiwick/internal/contact"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/user"
)

// Person is somebody with a membership.
type Person struct {
	authz.Actor
	Member ids.Membership
	Email  string
}

// Reseller adds a reseller below an account.
func (w *World) Reseller(parent ids.Account, name string) ids.Account {
	w.t.Helper()
	return w.account(parent, account.Reseller, name)
}

// Client adds a customer whose membership never ends below an account.
func (w *World) Client(parent ids.Account, name string) ids.Account {
	w.t.Helper()
	return w.account(parent, account.Customer, name)
}

// Department adds a department below a customer or a department.
func (w *World) Department(parent ids.Account, name string) ids.Account {
	w.t.Helper()
	return w.account(parent, account.Department, name)
}

func (w *World) account(parent ids.Account, kind account.Kind, name string) ids.Account {
	w.t.Helper()
	a, err := w.Accounts.Create(w.t.Context(), w.Root, parent, account.CreateInput{Kind: kind, NoEnd: kind == account.Customer, Fields: account.Fields{Name: name}})
	w.ok(err, "create "+name)
	return a.ID
}

// Write runs fn in a transaction.
func (w *World) Write(fn func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	w.ok(w.DB.InTx(w.t.Context(), fn), "write")
}

// Exec runs one statement.
func (w *World) Exec(query string, args ...any) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}

// Count counts the rows of "table WHERE condition".
func (w *World) Count(what string, args ...any) int {
	w.t.Helper()
	n, err := db.One(w.t.Context(), w.DB, db.Value[int], "SELECT count(*) FROM "+what, args...)
	w.ok(err, "count")
	return n
}

// Member adds a person with a membership, whatever may stand in the way of that, and returns them as an actor.
func (w *World) Member(at ids.Account, email string, a user.Access) Person {
	w.t.Helper()
	p := Person{Email: email}
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		who, found, err := user.FindByEmail(ctx, tx, email)
		if err == nil && !found {
			who, err = user.NewPerson(ctx, tx, user.Person{Email: email, Name: "Name of " + email, Verified: true, PasswordHash: w.passwordHash})
		}
		if err != nil {
			return err
		}
		sc, err := w.scope(ctx, tx, at)
		if err != nil {
			return err
		}
		p.Member, err = user.Add(ctx, tx, sc, who.ID, a)
		p.Actor = authz.Mint(authz.Identity{Kind: authz.Person, User: who.ID, Name: who.Name, Account: at, Credential: "session"})
		return err
	})
	return p
}

// scope is what the console holds at an account; holds do not weaken it.
func (w *World) scope(ctx context.Context, q db.Queryer, at ids.Account) (authz.Scope, error) {
	console := authz.Mint(authz.Identity{Kind: authz.Console, ID: "console", Account: w.Platform, Perms: authz.Everything()})
	return (&authz.Checker{}).See(ctx, q, console, at)
}

// Held is what an actor holds at an account, nothing when it is out of their sight.
func (w *World) Held(by authz.Actor, at ids.Account) authz.Set {
	w.t.Helper()
	sc, err := (&authz.Checker{}).See(w.t.Context(), w.DB, by, at)
	if err != nil {
		return authz.Set{}
	}
	return sc.Perms()
}

// As is the access of a role that covers every sub-account, with what is ticked for it.
func As(r authz.Role, ticked ...authz.Perm) user.Access {
	return user.Access{Role: r, Perms: authz.SetOf(ticked...), AllSubs: true}
}

// AllModules is the access of a User with everything ticked that a User can have, but for message bodies.
func AllModules() user.Access {
	return user.Access{Role: authz.User, Perms: authz.Grantable(authz.User).Without(authz.SetOf(authz.MessagesViewBody)), AllSubs: true}
}

// RoleGroup adds a role group.
func (w *World) RoleGroup(at ids.Account, name string, perms ...authz.Perm) ids.Role {
	w.t.Helper()
	id, err := w.Roles.Create(w.t.Context(), w.Root, at, role.Input{Name: name, Perms: authz.SetOf(perms...)})
	w.ok(err, "create the role group "+name)
	return id
}

// Location adds a place to a customer or department.
func (w *World) Location(at ids.Account, name string) ids.Location {
	w.t.Helper()
	l, err := w.Accounts.AddLocation(w.t.Context(), w.Root, at, account.LocationInput{Name: name})
	w.ok(err, "add the location "+name)
	return l.ID
}

// ContactList adds a public list of contacts to a customer or department.
func (w *World) ContactList(at ids.Account, name string) ids.List {
	w.t.Helper()
	id, err := w.Contacts.AddList(w.t.Context(), w.Root, at, contact.ListInput{Name: name, Public: true})
	w.ok(err, "make the list "+name)
	return id
}

// Contact adds a contact to a customer or department, on some of its lists.
func (w *World) Contact(at ids.Account, email string, on ...ids.List) ids.Contact {
	w.t.Helper()
	id, err := w.Contacts.Create(w.t.Context(), w.Root, at, contact.Input{Email: email, Lists: on})
	w.ok(err, "add the contact "+email)
	return id
}

// Links are the links of a contact: to their own page, to unsubscribe from a list, and to confirm.
func (w *World) Links(at ids.Account, id ids.Contact, list ids.List) (preferences, unsubscribe, confirm string) {
	w.t.Helper()
	c, err := w.Contacts.Get(w.t.Context(), w.Root, at, id)
	w.ok(err, "find the contact")
	fields := w.Contacts.UnsubscribeHeaders(&url.URL{Scheme: "https", Host: "mail.example"}, c.Contact, list)
	return w.Contacts.PreferencesLink(c.Contact), strings.TrimSuffix(strings.TrimPrefix(fields[0].Value, "<https://mail.example"), ">"), w.Contacts.ConfirmLink(c.Contact)
}

// Suppress stops messages of a customer or department to an address.
func (w *World) Suppress(at ids.Account, address string) ids.Suppressed {
	w.t.Helper()
	id, err := w.Contacts.Suppress(w.t.Context(), w.Root, at, contact.SuppressInput{Address: address})
	w.ok(err, "suppress "+address)
	return id
}

// Task adds a task of a person that waits to be confirmed and has left a file already.
func (w *World) Task(at ids.Account, by authz.Actor) ids.Task {
	w.t.Helper()
	f, err := w.Files.Keep(w.t.Context(), at, "users-remarks.csv", strings.NewReader(`{"line":2,"column":"email","problem":{"Code":"invite.malformed","Msg":"Enter an email address."}}`), 1<<20)
	w.ok(err, "keep a file")
	id := ids.NewTask(w.Clock.Now())
	w.Exec(`INSERT INTO tasks (id, account_id, kind, perm, state, subject, summary, result_id, created_by_kind, created_by, created_by_name, created_at, updated_at)
		VALUES (?, ?, 'import_users', ?, 'confirm', 'users.csv', '{"Rows": 2, "New": 1, "Bad": 1}', ?, 'user', ?, ?, ?, ?)`, id, at, authz.UsersView, f, by.User(), by.Name(), w.Clock.Now().UnixMilli(), w.Clock.Now().UnixMilli())
	return id
}

// SubAccount adds a sub-account to a customer or department.
func (w *World) SubAccount(at ids.Account, name string) ids.SubAccount {
	w.t.Helper()
	id, err := w.Subs.Create(w.t.Context(), w.Root, at, subaccount.Input{Name: name, Purpose: subaccount.Transactional})
	w.ok(err, "create the sub-account "+name)
	return id
}

// Credit grants a client units of email for a month.
func (w *World) Credit(at ids.Account, units int64) ids.Credit {
	w.t.Helper()
	id, err := w.Quotas.Grant(w.t.Context(), w.Root, at, quota.Grant{Channel: quota.Email, Units: units, Expires: w.Clock.Now().AddDate(0, 1, 0)})
	w.ok(err, "grant a credit")
	return id
}

// Hold suspends an account from the platform.
func (w *World) Hold(at ids.Account) {
	w.t.Helper()
	w.ok(w.Accounts.Hold(w.t.Context(), w.Root, at, "under review"), "hold")
}

// Close closes an account with all below it.
func (w *World) Close(at ids.Account) {
	w.t.Helper()
	d, err := w.Accounts.Get(w.t.Context(), w.Root, at)
	w.ok(err, "get "+string(at))
	w.ok(w.Accounts.Close(w.t.Context(), w.Root, at, d.Name), "close")
}

// Invitation is an open invitation with the token of its link.
type Invitation struct {
	ID    ids.Invitation
	Token string
}

// Invite sends an invitation and takes its link out of the mail.
func (w *World) Invite(by authz.Actor, at ids.Account, email string, a user.Access) Invitation {
	w.t.Helper()
	_, err := w.Invites.Invite(w.t.Context(), by, at, invite.Input{Addresses: email, Access: a})
	w.ok(err, "invite "+email)
	id, err := db.One(w.t.Context(), w.DB, db.Value[ids.Invitation],
		"SELECT id FROM invitations WHERE account_id = ? AND email_fold = ? AND accepted_at IS NULL AND revoked_at IS NULL", at, ids.Fold(email))
	w.ok(err, "find the invitation of "+email)
	return Invitation{id, w.Link(email, "/invitation/")}
}

var linkForm = regexp.MustCompile(`/(invitation|reset|welcome|confirm-email|confirm-subscription)/([A-Za-z0-9_-]{20,})`)

// Link sends what waits and returns the token in the newest mail to an address whose link begins with a path. It
// fails the test when there is none.
func (w *World) Link(email, path string) string {
	w.t.Helper()
	token := w.FindLink(email, path)
	if token == "" {
		w.t.Fatalf("no mail to %s has a link to %s", email, path)
	}
	return token
}

// FindLink is Link that returns "" when there is no such mail.
func (w *World) FindLink(email, path string) string {
	w.t.Helper()
	w.Clock.Advance(time.Second) // mails are told apart by when they were kept
	w.Drain()
	all, err := w.Mailbox.List(w.t.Context(), "", 100)
	w.ok(err, "list the mail")
	for _, c := range all {
		if !strings.Contains(c.To, email) {
			continue
		}
		m, err := w.Mailbox.Get(w.t.Context(), c.ID)
		w.ok(err, "open a mail")
		if found := linkForm.FindStringSubmatch(m.Text); found != nil && strings.HasPrefix(found[0], path) {
			return found[2]
		}
	}
	return ""
}

func (w *World) ok(err error, doing string) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%s: %v", doing, err)
	}
}

// Text returns the one text that a query finds.
func (w *World) Text(query string, args ...any) string {
	w.t.Helper()
	s, err := db.One(w.t.Context(), w.DB, db.Value[string], query, args...)
	w.ok(err, query)
	return s
}

// Key makes an API key of a person in an account that they belong to.
func (w *World) Key(by Person, at ids.Account, scopes ...authz.Perm) apikey.Created {
	w.t.Helper()
	k, err := w.Keys.Create(w.t.Context(), by.Actor, at, apikey.Input{Name: "Key of " + by.Email, Scopes: authz.SetOf(scopes...)})
	w.ok(err, "make a key")
	return k
}

// Through is who acts by a key now.
func (w *World) Through(k apikey.Created) (authz.Actor, error) {
	return w.Keys.Resolve(w.t.Context(), apikey.Client{Key: k.Secret, IP: "203.0.113.9", UserAgent: "test"})
}
