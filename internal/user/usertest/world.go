// Package usertest builds a small world of accounts and people for tests of the features that deal with them.
package usertest

import (
	"context"
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
)

// World is a platform with a reseller, two customers and a department of the first, each with an owner.
type World struct {
	t     testing.TB
	DB    *db.DB
	Op    *op.Runner
	Check *authz.Checker
	Mail  *notify.Mailer
	Hash  *secret.Hasher
	Users *user.Service

	Platform, Reseller, Customer, Department, Other ids.Account
	Root, Seller, Owner, OtherOwner                 Person // owners of platform, reseller, customer, other customer
}

// Person is somebody with a membership.
type Person struct {
	authz.Actor
	Member ids.Membership
	Email  string
}

// New builds the world.
func New(t testing.TB, d *db.DB) *World {
	t.Helper()
	box, err := secret.NewBox(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	c := &authz.Checker{}
	w := &World{t: t, DB: d, Check: c, Op: op.NewRunner(d, c), Mail: notify.NewMailer(box), Hash: secret.NewHasher(secret.CheapParams)}
	w.Users = user.NewService(w.Op, c, w.Mail, user.Offer{})
	w.Platform = w.Account("", "platform", "Platform")
	w.Reseller = w.Account(w.Platform, "reseller", "Reseller")
	w.Customer = w.Account(w.Reseller, "customer", "Acme")
	w.Department = w.Account(w.Customer, "department", "Marketing")
	w.Other = w.Account(w.Reseller, "customer", "Other")
	w.Root = w.Member(w.Platform, "root@platform.example", user.Access{Role: authz.Owner, AllSubs: true})
	w.Seller = w.Member(w.Reseller, "seller@reseller.example", user.Access{Role: authz.Owner, AllSubs: true})
	w.Owner = w.Member(w.Customer, "owner@acme.example", user.Access{Role: authz.Owner, AllSubs: true})
	w.OtherOwner = w.Member(w.Other, "owner@other.example", user.Access{Role: authz.Owner, AllSubs: true})
	return w
}

// Tx runs fn in a transaction.
func (w *World) Tx(fn func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.DB.InTx(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// Exec runs one statement.
func (w *World) Exec(query string, args ...any) {
	w.t.Helper()
	w.Tx(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}

// Account adds an account below another, made a year ago.
func (w *World) Account(parent ids.Account, kind, name string) ids.Account {
	w.t.Helper()
	id := ids.NewAccount(w.DB.Now())
	made := w.DB.Now().AddDate(-1, 0, 0).UnixMilli()
	var up any
	if parent != "" {
		up = parent
	}
	w.Exec("INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)", id, up, kind, name, ids.Fold(name), made, made)
	w.Exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth)
		SELECT ancestor_id, CAST(? AS TEXT), depth + 1 FROM account_tree WHERE descendant_id = ? UNION ALL SELECT CAST(? AS TEXT), CAST(? AS TEXT), 0`, id, parent, id, id)
	return id
}

// SubAccount adds a sub-account to a customer.
func (w *World) SubAccount(customer ids.Account, name string) ids.SubAccount {
	w.t.Helper()
	id := ids.NewSubAccount(w.DB.Now())
	w.Exec("INSERT INTO subaccounts (id, customer_id, account_id, name, purpose, created_at, updated_at) VALUES (?, ?, ?, ?, 'marketing', ?, ?)",
		id, customer, customer, name, w.DB.Now().UnixMilli(), w.DB.Now().UnixMilli())
	return id
}

// Role adds a role group.
func (w *World) Role(at ids.Account, name string, perms ...authz.Perm) ids.Role {
	w.t.Helper()
	id := ids.NewRole(w.DB.Now())
	w.Exec("INSERT INTO roles (id, account_id, name, name_fold, description, perms, created_at, updated_at) VALUES (?, ?, ?, ?, '', ?, 0, 0)",
		id, at, name, ids.Fold(name), authz.SetOf(perms...).Encode())
	return id
}

// Member adds a person with a membership, and returns them as an actor.
func (w *World) Member(at ids.Account, email string, a user.Access) Person {
	w.t.Helper()
	p := Person{Email: email}
	w.Tx(func(ctx context.Context, tx *db.Tx) error {
		who, found, err := user.FindByEmail(ctx, tx, email)
		if err == nil && !found {
			who, err = user.NewPerson(ctx, tx, user.Person{Email: email, Name: email, Verified: true, PasswordHash: "x"})
		}
		if err != nil {
			return err
		}
		console := authz.Mint(authz.Identity{Kind: authz.Console, ID: "console", Account: w.Platform, Perms: authz.Everything()})
		sc, err := w.Check.See(ctx, tx, console, at)
		if err != nil {
			return err
		}
		p.Member, err = user.Add(ctx, tx, sc, who.ID, a)
		p.Actor = authz.Mint(authz.Identity{Kind: authz.Person, User: who.ID, Name: email, Account: at, Credential: "session"})
		return err
	})
	return p
}

// Hold suspends an account.
func (w *World) Hold(at ids.Account) {
	w.t.Helper()
	w.Exec("INSERT INTO holds (id, account_id, source, set_from, reason, set_by, set_by_name, created_at) VALUES (?, ?, 'operator', ?, 'test', 'x', 'x', 0)",
		ids.NewHold(w.DB.Now()), at, w.Platform)
}

// Mails returns the mails that wait, in order.
func (w *World) Mails() []notify.Mail {
	w.t.Helper()
	args, err := db.All(w.t.Context(), w.DB, db.Value[string], "SELECT args FROM jobs WHERE kind = 'mail.send' ORDER BY id")
	if err != nil {
		w.t.Fatal(err)
	}
	var out []notify.Mail
	for _, a := range args {
		m, err := w.Mail.Waiting([]byte(a))
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// Count counts rows of a table.
func (w *World) Count(what string, args ...any) int {
	w.t.Helper()
	n, err := db.One(w.t.Context(), w.DB, db.Value[int], "SELECT count(*) FROM "+what, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// Start is the instant at which tests begin.
var Start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
