package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"bailiwick/internal/apikey"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// town is a tree of accounts with their people, and what is asked about them.
type town struct {
	accounts  []placed // parents first
	people    []member
	questions []question
}

type placed struct {
	id, parent ids.Account
	kind       string
}

type member struct {
	user ids.User
	at   ids.Account
	role authz.Role
}

// question is whether somebody may do something. Every one is answered through a chain of four accounts.
type question struct {
	user    ids.User
	on      ids.Account
	perm    authz.Perm
	allowed bool
}

const (
	resellers   = 10
	customers   = 10 // of each reseller
	departments = 2  // of each customer
)

// makeTown is a platform with resellers, customers and departments: 311 accounts and 211 people. Of each department
// it is asked whether the reseller's admin, the customer's owner, its guest and the owner of another customer may edit it.
func makeTown() town {
	var t town
	at := clock.System()
	add := func(parent ids.Account, kind string) ids.Account {
		id := ids.NewAccount(at)
		t.accounts = append(t.accounts, placed{id, parent, kind})
		return id
	}
	join := func(account ids.Account, role authz.Role) ids.User {
		u := ids.NewUser(at)
		t.people = append(t.people, member{u, account, role})
		return u
	}
	platform := add("", "platform")
	join(platform, authz.Owner)
	stranger := ids.User("")
	for range resellers {
		reseller := add(platform, "reseller")
		admin := join(reseller, authz.Admin)
		for range customers {
			customer := add(reseller, "customer")
			owner, guest := join(customer, authz.Owner), join(customer, authz.Guest)
			for range departments {
				d := add(customer, "department")
				for _, q := range []question{{admin, d, authz.DepartmentsEdit, true}, {owner, d, authz.DepartmentsEdit, true}, {guest, d, authz.DepartmentsEdit, false}, {stranger, d, authz.DepartmentsEdit, false}} {
					if q.user != "" {
						t.questions = append(t.questions, q)
					}
				}
			}
			stranger = owner
		}
	}
	return t
}

// fill writes the town into an empty database.
func (t town) fill(ctx context.Context, d *db.DB) error {
	return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, p := range t.accounts {
			var up any
			if p.parent != "" {
				up = p.parent
			}
			if _, err := tx.Exec(ctx, `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
				p.id, up, p.kind, p.id, p.id, tx.Ms(), tx.Ms()); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO account_tree (ancestor_id, descendant_id, depth)
				SELECT ancestor_id, CAST(? AS TEXT), depth + 1 FROM account_tree WHERE descendant_id = ? UNION ALL SELECT CAST(? AS TEXT), CAST(? AS TEXT), 0`,
				p.id, p.parent, p.id, p.id); err != nil {
				return err
			}
		}
		for _, m := range t.people {
			if _, err := tx.Exec(ctx, `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				m.user, m.user, m.user, m.user, m.user, m.user, m.user, tx.Ms(), tx.Ms()); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO memberships (id, account_id, user_id, role, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)`,
				ids.NewMembership(tx.Now()), m.at, m.user, m.role, tx.Ms(), tx.Ms()); err != nil {
				return err
			}
		}
		return nil
	})
}

// makeKey makes a key of the platform's Owner, who may ask about everybody.
func (t town) makeKey(ctx context.Context, keys *apikey.Service) (secret.String, error) {
	owner := t.people[0]
	by := authz.Mint(authz.Identity{Kind: authz.Person, User: owner.user, Account: owner.at, Credential: "session"})
	k, err := keys.Create(ctx, by, owner.at, apikey.Input{Name: "bench", Scopes: authz.SetOf(authz.UsersView)})
	return k.Secret, err
}

const (
	warmRounds = 40
	perRound   = 20_000
)

// warm measures checks whose answers are remembered: nanoseconds of one check in the best round, for other programs
// may have the processor in any, and allocations of one check over all rounds.
func (t town) warm(ctx context.Context, on node) (ns, allocs float64, err error) {
	feed, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- on.news.Run(feed, "") }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	actors, began := make([]authz.Actor, len(t.questions)), clock.System() // with sessions, which keep the rules of security
	for i, q := range t.questions {
		actors[i] = authz.Mint(authz.Identity{Kind: authz.Person, User: q.user, Session: "ses_bench", IP: "192.0.2.1", Started: began, Seen: began})
	}
	ask := func(i int) error {
		q := t.questions[i]
		if ok, err := on.check.Allowed(ctx, on.db, actors[i], q.perm, q.on); err != nil || ok != q.allowed {
			return fmt.Errorf("%s %s on %s: %t, %w", q.user, q.perm, q.on, ok, err)
		}
		return nil
	}
	for i := range t.questions {
		if err := ask(i); err != nil {
			return 0, 0, err
		}
	}
	var before, after runtime.MemStats
	least := uint64(1 << 62)
	for range warmRounds {
		runtime.ReadMemStats(&before)
		began := clock.System()
		for n := range perRound {
			if err := ask(n % len(t.questions)); err != nil {
				return 0, 0, err
			}
		}
		took := float64(clock.System().Sub(began).Nanoseconds()) / perRound
		runtime.ReadMemStats(&after)
		if least = min(least, after.Mallocs-before.Mallocs); ns == 0 || took < ns {
			ns = took
		}
	}
	return ns, float64(least) / perRound, nil
}
