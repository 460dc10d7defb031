package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"bailiwick/bench/fill"
	"bailiwick/internal/app"
	"bailiwick/internal/authn"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// seedVersion changes with what is seeded.
const seedVersion = "1"

// The tree of every size: the platform; resellers, the first of which has a tenth of a hundred thousand customers; a tenth of all
// accounts are customers, and the rest departments, of which the first customer has as many as the first reseller has customers.
const (
	resellers = 20
	many      = 10_000
)

// Ids of the tree.
const (
	bigReseller  = ids.Account("acc_30000000000000000000000001")
	bigCustomer  = ids.Account("acc_40000000000000000000000001")
	customer     = ids.Account("acc_40000000000000000000000050")
	ofDepartment = "acc_5"
)

const (
	email    = "olivia@halyard.example"
	password = "a passphrase of this run"
)

// place is a database with the directory of its program.
type place struct {
	kind string
	n    int
	dir  string
	dsn  string
}

func (p *place) find(pg *dbtest.Lasting) (err error) {
	p.dsn = filepath.Join(p.dir, "bailiwick.db")
	if p.kind == "PostgreSQL" {
		p.dsn, err = pg.DSN(fmt.Sprintf("settings%d", p.n))
	}
	return err
}

// make makes the database unless it is there: the platform by the program itself, the rest by statements over all accounts.
func (p place) make(ctx context.Context, pg *dbtest.Lasting) error {
	done := filepath.Join(p.dir, "done")
	if _, err := os.Stat(done); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := errors.Join(os.RemoveAll(p.dir), os.MkdirAll(p.dir, 0o700), p.find(pg)); err != nil {
		return err
	}
	if p.kind == "PostgreSQL" {
		if _, err := pg.Create(ctx, fmt.Sprintf("settings%d", p.n)); err != nil {
			return err
		}
	}
	if err := p.setUp(ctx); err != nil {
		return err
	}
	if err := fill.Database(ctx, p.dsn, fill.Plan{Tables: []string{"accounts", "account_tree", "client_list", "settings", "memberships", "member_list", "identities"}, Steps: p.steps}); err != nil {
		return err
	}
	return os.WriteFile(done, nil, 0o600)
}

func (p place) open(ctx context.Context) (*app.App, error) {
	base := &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}
	return app.New(ctx, app.Deps{
		Config: config.Config{Listen: base.Host, Data: p.dir, Database: secret.Wrap(p.dsn), BaseURL: base},
		Log:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), Clock: clock.System, Hash: secret.CheapParams,
	})
}

func (p place) setUp(ctx context.Context) (err error) {
	a, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	token, err := a.Authn.PrepareSetup(ctx)
	if err != nil {
		return err
	}
	_, err = a.Authn.Setup(ctx, authn.SetupInput{Token: token, Platform: "Halyard Messaging", Name: "Olivia Owner", Email: email, Password: secret.Wrap(password)})
	return err
}

// shape is how many there are of each kind.
func (p place) shape() (customers, departments, inBig int) {
	customers = p.n / 10
	return customers, p.n - customers - resellers - 1, min(many, customers/4)
}

// department is one of an ordinary customer.
func (p place) department() ids.Account {
	_, departments, _ := p.shape()
	return ids.Account(fmt.Sprintf("%s%025d", ofDepartment, departments))
}

const platform = `(SELECT id FROM accounts WHERE kind = 'platform')`

func (p place) steps(w fill.Words) []fill.Step {
	customers, departments, inBig := p.shape()
	id := func(prefix, expr string) string { return `'` + prefix + `' || substr(` + w.Pad(expr) + `, 2)` }
	account := `INSERT INTO accounts (id, parent_id, kind, name, name_fold, email, email_fold, created_at, updated_at) `
	big := strconv.Itoa(inBig)
	people := min(20_000, p.n/4)
	return []fill.Step{
		{"resellers", fill.Numbers(resellers) + account + `SELECT ` + id("acc_3", "i") + `, ` + platform + `, 'reseller', 'Reseller ' || i, 'reseller ' || i, '', '', 1700000000000, 1700000000000 FROM n`},
		{"customers", fill.Numbers(customers) + account + `SELECT ` + id("acc_4", "i") + `, CASE WHEN i <= ` + big + ` THEN '` + string(bigReseller) + `' ELSE ` + id("acc_3", "2 + i % "+strconv.Itoa(resellers-1)) + ` END,
			'customer', 'Customer ' || i, 'customer ' || i, 'office@c' || i || '.example.com', 'office@c' || i || '.example.com', 1700000000000 + i, 1700000000000 FROM n`},
		{"departments", fill.Numbers(departments) + account + `SELECT ` + id("acc_5", "i") + `, CASE WHEN i <= ` + big + ` THEN '` + string(bigCustomer) + `' ELSE ` + id("acc_4", "2 + i % "+strconv.Itoa(customers-1)) + ` END,
			'department', 'Department ' || i, 'department ' || i, '', '', 1700000000000 + i, 1700000000000 FROM n`},
		{"tree", `INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT up, id, depth FROM (
			SELECT id AS up, id, 0 AS depth FROM accounts WHERE kind <> 'platform' UNION ALL SELECT parent_id, id, 1 FROM accounts WHERE kind <> 'platform'
			UNION ALL SELECT b.parent_id, a.id, 2 FROM accounts a JOIN accounts b ON b.id = a.parent_id WHERE b.kind <> 'platform'
			UNION ALL SELECT c.parent_id, a.id, 3 FROM accounts a JOIN accounts b ON b.id = a.parent_id JOIN accounts c ON c.id = b.parent_id WHERE c.kind <> 'platform') t ORDER BY up, id`},
		{"list", `INSERT INTO client_list (ancestor_id, customer_id, name_fold, end_sort, created_at, users, locations, held, closed)
			SELECT t.ancestor_id, a.id, a.name_fold, '9999-12-31', a.created_at, 0, 0, FALSE, FALSE FROM accounts a JOIN account_tree t ON t.descendant_id = a.id WHERE a.kind = 'customer'`},
		{"settings", p.settings()},
		{"people", fill.Numbers(people) + `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, password_hash, created_at, updated_at)
			SELECT ` + id("usr_6", "i") + `, 'p' || i || '@b.example', 'p' || i || '@b.example', 'p' || i, 'p' || i, 'Person ' || i, 'person ' || i, 'x', 1700000000000, 1700000000000 FROM n`},
		{"memberships", fill.Numbers(people) + `INSERT INTO memberships (id, account_id, user_id, role, created_at, updated_at)
			SELECT ` + id("mem_6", "i") + `, ` + id("acc_4", "1 + i % "+strconv.Itoa(customers)) + `, ` + id("usr_6", "i") + `, CASE WHEN i % 5 = 0 THEN 'admin' ELSE 'user' END, 1700000000000, 1700000000000 FROM n`},
		{"people by name", `INSERT INTO member_list (account_id, membership_id, name_fold, email_fold, active, created_at)
			SELECT m.account_id, m.id, i.name_fold, i.email_fold, TRUE, m.created_at FROM memberships m JOIN identities i ON i.id = m.user_id WHERE i.id LIKE 'usr_6%'`},
	}
}

// settings gives every reseller and every other customer values of their own, and one department of ten.
func (p place) settings() string {
	put := func(where string, values ...string) string {
		var rows []string
		for i := 0; i < len(values); i += 2 {
			rows = append(rows, `SELECT id, '`+values[i]+`', '`+values[i+1]+`', FALSE, 0 FROM accounts WHERE `+where)
		}
		return strings.Join(rows, " UNION ALL ")
	}
	return `INSERT INTO settings (account_id, name, value, locked, updated_at) ` + strings.Join([]string{
		put("kind = 'platform'", "message.largest", "25", "session.absolute_hours", "24", "message.disclaimer", `"Sent by Halyard."`, "account.language", `"en"`),
		put("kind = 'reseller'", "message.footer", `{"text":"A footer","html":"<p>A footer</p>"}`, "message.bounces", `"platform"`, "session.idle_minutes", "600", "password.min_length", "16", "password.expiry_days", "365"),
		put("kind = 'customer' AND created_at % 2 = 0", "message.footer", `{"text":"Another footer","html":"<p>Another footer</p>"}`, "message.attachments", "true", "message.largest_attachment", "8", "session.idle_minutes", "120", "two_factor.required", `"admins"`),
		put("kind = 'department' AND created_at % 10 = 0", "message.disclaimer", `"For those it is sent to."`),
	}, " UNION ALL ")
}
