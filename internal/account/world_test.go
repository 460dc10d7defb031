package account_test

import (
	"context"
	"testing"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
	"bailiwick/internal/secret"
)

// world is a platform with people in it, on one database.
type world struct {
	t        *testing.T
	db       *db.DB
	clock    *clock.Fake
	accounts *account.Service
	mail     *notify.Mailer
	root     ids.Account
	operator authz.Actor // Owner of the platform
}

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	fake := clock.NewFake(start)
	dbtest.EachAt(t, fake.Now, func(t *testing.T, d *db.DB) {
		fake.Set(start)
		fn(newWorld(t, d, fake))
	})
}

func newWorld(t *testing.T, d *db.DB, fake *clock.Fake) *world {
	t.Helper()
	box, err := secret.NewBox(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	r := op.NewRunner(d, &authz.Checker{})
	w := &world{t: t, db: d, clock: fake, mail: notify.NewMailer(box)}
	w.accounts = account.NewService(account.Deps{Ops: r, Cursors: page.NewSealer(box), Clock: fake.Now, Mail: w.mail})
	w.tx(func(ctx context.Context, tx *db.Tx) error {
		a, err := account.CreateRoot(ctx, tx, "Halyard Messaging")
		w.root = a.ID
		return err
	})
	w.operator = w.person("Priya Nair", w.root, authz.Owner)
	return w
}

func (w *world) tx(fn func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.InTx(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.tx(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}

// person makes somebody with a role at an account.
func (w *world) person(name string, at ids.Account, role authz.Role, extra ...authz.Perm) authz.Actor {
	w.t.Helper()
	now := w.clock.Now()
	user := ids.NewUser(now)
	email := string(user) + "@example.com"
	w.exec(`INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		user, email, email, email, email, name, ids.Fold(name), now.UnixMilli(), now.UnixMilli())
	w.join(user, at, role, extra...)
	return authz.Mint(authz.Identity{Kind: authz.Person, User: user, Name: name, Account: at, Credential: "session"})
}

func (w *world) join(user ids.User, at ids.Account, role authz.Role, extra ...authz.Perm) {
	w.t.Helper()
	now := w.clock.Now()
	w.exec(`INSERT INTO memberships (id, account_id, user_id, role, perms, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		ids.NewMembership(now), at, user, role, authz.SetOf(extra...).Encode(), now.UnixMilli(), now.UnixMilli())
}

func (w *world) create(by authz.Actor, parent ids.Account, kind account.Kind, name string) ids.Account {
	w.t.Helper()
	a, err := w.accounts.Create(w.t.Context(), by, parent, account.CreateInput{Kind: kind, NoEnd: true, Fields: account.Fields{Name: name}})
	if err != nil {
		w.t.Fatalf("create %s: %v", name, err)
	}
	return a.ID
}

func (w *world) reseller(parent ids.Account, name string) ids.Account {
	w.t.Helper()
	return w.create(w.operator, parent, account.Reseller, name)
}

func (w *world) client(parent ids.Account, name string) ids.Account {
	w.t.Helper()
	return w.create(w.operator, parent, account.Customer, name)
}

func (w *world) department(parent ids.Account, name string) ids.Account {
	w.t.Helper()
	return w.create(w.operator, parent, account.Department, name)
}

func (w *world) get(by authz.Actor, id ids.Account) account.Details {
	w.t.Helper()
	d, err := w.accounts.Get(w.t.Context(), by, id)
	if err != nil {
		w.t.Fatalf("get %s: %v", id, err)
	}
	return d
}

func (w *world) list(by authz.Actor, root ids.Account, q account.Query) account.Clients {
	w.t.Helper()
	l, err := w.accounts.List(w.t.Context(), by, root, q)
	if err != nil {
		w.t.Fatalf("list %+v: %v", q, err)
	}
	return l
}

func names(l account.Clients) []string {
	out := []string{}
	for _, r := range l.Rows {
		out = append(out, r.Name)
	}
	return out
}

// refused fails the test unless err has the code.
func (w *world) refused(err error, code string) {
	w.t.Helper()
	if errs.CodeOf(err) != code {
		w.t.Errorf("err = %v, want code %s", err, code)
	}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) has(query string, args ...any) bool {
	w.t.Helper()
	found, err := db.Exists(w.t.Context(), w.db, query, args...)
	w.ok(err)
	return found
}
