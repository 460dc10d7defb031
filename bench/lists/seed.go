package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"bailiwick/bench/fill"
	"bailiwick/internal/db/dbtest"
)

// The tree of every size: a platform, a reseller with half of all clients, one with three, one that is held, and others.
const (
	platform    = "acc_00000000000000000platform"
	half        = "acc_00000000000000000000half"
	three       = "acc_0000000000000000000three"
	paused      = "acc_000000000000000000paused"
	others      = 20
	pausedEvery = 50
	owner       = "usr_00000000000000000000owner"
)

// today is the day that the clients' memberships are laid around.
const today = "2026-11-22"

// seeder writes what the functions of package account would have written for n clients.
type seeder struct {
	fill.Words
	n int
}

// seed makes a migrated database with n clients at dsn.
func seed(ctx context.Context, dsn string, n int, say func(string)) error {
	return fill.Database(ctx, dsn, fill.Plan{
		Tables: []string{"accounts", "account_tree", "client_list", "client_words", "client_search"},
		Steps:  func(w fill.Words) []fill.Step { return seeder{w, n}.steps() }, Say: say,
	})
}

// day writes a day that is so many after today.
func (s seeder) day(expr string) string {
	if s.Postgres() {
		return `to_char(DATE '` + today + `' + (` + expr + `)::int, 'YYYY-MM-DD')`
	}
	return `date('` + today + `', (` + expr + `) || ' days')`
}

func (s seeder) steps() []fill.Step {
	first, second := listed(firstWords), listed(secondWords)
	newline := "char(10)"
	trigrams := fill.Step{"trigrams", `INSERT INTO client_search_trigrams (rowid, text) SELECT number, text FROM client_search`}
	if s.Postgres() {
		newline, trigrams = "chr(10)", fill.Step{"search", `SELECT 1`}
	}
	account := `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) `
	return []fill.Step{
		{"resellers", account + `SELECT '` + platform + `', NULL, 'platform', 'Platform', 'platform', 0, 0
			UNION ALL SELECT '` + half + `', '` + platform + `', 'reseller', 'Half', 'half', 0, 0
			UNION ALL SELECT '` + three + `', '` + platform + `', 'reseller', 'Three', 'three', 0, 0
			UNION ALL SELECT '` + paused + `', '` + platform + `', 'reseller', 'Paused', 'paused', 0, 0`},
		{"other resellers", `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ` + strconv.Itoa(others-1) + `) ` +
			account + `SELECT 'acc_9' || substr(` + s.Pad("i") + `, 2), '` + platform + `', 'reseller', 'Reseller ' || i, 'reseller ' || i, 0, 0 FROM n`},
		{"words", `CREATE TEMP TABLE first AS ` + first}, {"words", `CREATE TEMP TABLE second AS ` + second},
		{"clients", `CREATE TEMP TABLE made AS ` + fill.Numbers(s.n) + `
			SELECT i, 'acc_' || ` + s.Pad("i") + ` AS id, f.word AS first, s.word AS second,
				CASE WHEN i IN (1, 3, 5) THEN '` + three + `' WHEN i % 2 = 0 THEN '` + half + `' WHEN i % ` + strconv.Itoa(pausedEvery) + ` = 7 THEN '` + paused + `'
					ELSE 'acc_9' || substr(` + s.Pad("i % "+strconv.Itoa(others)) + `, 2) END AS parent,
				CASE WHEN i % 1000 = 1 THEN ` + s.day("i % 29") + ` WHEN i % 3 = 0 THEN '' WHEN i % 7 = 0 THEN ` + s.day("-1 - i % 900") + ` ELSE ` + s.day("60 + i % 900") + ` END AS ends
			FROM n JOIN first f ON f.n = (i * 7919) % ` + strconv.Itoa(len(firstWords)) + ` JOIN second s ON s.n = (i * 104729 / 64) % ` + strconv.Itoa(len(secondWords))},
		{"accounts", `INSERT INTO accounts (id, parent_id, kind, name, name_fold, email, email_fold, membership_end, created_at, updated_at)
			SELECT id, parent, 'customer', first || ' ' || second || ' ' || i, first || ' ' || second || ' ' || i,
				'office@' || first || i || '.example.com', 'office@' || first || i || '.example.com', ends, 1700000000000 + i, 1700000000000 + i FROM made ORDER BY i`},
		{"references", `INSERT INTO external_refs (account_id, scope_id, source, reference, source_fold, reference_fold)
			SELECT id, parent, 'billing', 'R-' || (i * 7), 'billing', 'r-' || (i * 7) FROM made ORDER BY parent, 'r-' || (i * 7)`},
		{"holds", `INSERT INTO holds (id, account_id, source, set_from, reason, set_by, set_by_name, created_at)
			SELECT 'hld_' || id, id, 'operator', '` + platform + `', '', '', '', 0 FROM made WHERE i % 10 = 3
			UNION ALL SELECT 'hld_paused', '` + paused + `', 'operator', '` + platform + `', '', '', '', 0`},
		{"tree", `INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT ancestor_id, descendant_id, depth FROM (
			SELECT id AS ancestor_id, id AS descendant_id, 0 AS depth FROM accounts UNION ALL SELECT parent_id, id, 1 FROM accounts WHERE parent_id IS NOT NULL
			UNION ALL SELECT '` + platform + `', id, 2 FROM made) t ORDER BY ancestor_id, descendant_id`},
		{"list", `INSERT INTO client_list (ancestor_id, customer_id, name_fold, end_sort, created_at, users, locations, held, closed)
			SELECT a.at, m.id, m.first || ' ' || m.second || ' ' || m.i, CASE WHEN m.ends = '' THEN '9999-12-31' ELSE m.ends END, 1700000000000 + m.i, (m.i * 31) % 200, (m.i * 17) % 50, m.i % 10 = 3, FALSE
			FROM (` + above + `) a JOIN made m ON m.i = a.i ORDER BY a.at, m.id`},
		{"words of clients", `INSERT INTO client_words (ancestor_id, word, customer_id) SELECT a.at, w.word, w.id FROM (` + above + `) a JOIN (
			SELECT i, id, first AS word FROM made UNION ALL SELECT i, id, second FROM made UNION ALL SELECT i, id, CAST(i AS TEXT) FROM made
			UNION ALL SELECT i, id, 'office@' || first || i || '.example.com' FROM made UNION ALL SELECT i, id, first || i || '.example.com' FROM made
			UNION ALL SELECT i, id, 'r-' || (i * 7) FROM made) w ON w.i = a.i ORDER BY 1, 2, 3`},
		{"search", `INSERT INTO client_search (customer_id, text) SELECT id, first || ' ' || second || ' ' || i || ` + newline + ` || 'office@' || first || i || '.example.com' || ` + newline + ` || 'r-' || (i * 7) FROM made ORDER BY i`},
		trigrams,
		{"an owner", `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at) VALUES ('` + owner + `', 'o@example.com', 'o@example.com', 'o', 'o', 'Owner', 'owner', 0, 0)`},
		{"memberships", `INSERT INTO memberships (id, account_id, user_id, role, created_at, updated_at) SELECT 'mem_' || id, id, '` + owner + `', 'owner', 0, 0 FROM accounts WHERE id IN ('` + platform + `', '` + half + `', '` + three + `')`},
		{"cleaning up", `DROP TABLE made`},
	}
}

// above are a client's ancestors, itself included.
const above = `SELECT i, id AS at FROM made UNION ALL SELECT i, parent FROM made UNION ALL SELECT i, '` + platform + `' FROM made`

// listed writes words as rows with a number.
func listed(words []string) string {
	rows := make([]string, len(words))
	for i, w := range words {
		rows[i] = fmt.Sprintf("SELECT %d AS n, '%s' AS word", i, w)
	}
	return strings.Join(rows, " UNION ALL ")
}

var (
	firstWords = strings.Fields(`acme aldgate amber anchor arbour ashgrove aurora avon beacon birch blackthorn bluebell bramble brightwater bristol broadleaf
		cairn cedar chalk cinder clover copper coral corvid crescent dale deepwell delta drift eastgate elder ember fairway falcon fennel fern finch flint forge
		foxglove garnet glen granite gull harbour hawthorn hazel heath heron hollow indigo ivory jasper juniper kestrel kingfisher lantern larkspur laurel
		linden lowland maple marlowe meadow meridian mill mistral moor nimbus northwind oakfield onyx orchard osprey padstow pebble pine quarry quill raven
		redwood ridge river rowan saffron sandpiper sierra silver slate solstice sparrow spruce sterling summit sycamore tamarind thistle tidewater umber vale willow`)
	secondWords = strings.Fields(`academy advisers agency analytics architects bakery bank books brewery builders capital care chemicals cinemas clinics
		coaches coffee consulting couriers dairy dental design electric energy engineering estates events farms fashion ferries films finance fisheries fitness
		florists foods foundry freight furniture games garages gardens glass group holdings homes hospitals hotels housing industries insurance jewellers kitchens
		laboratories lettings lighting logistics machines marine media metals mobility motors museums music networks nurseries opticians outdoor packaging paper
		partners pharmacy photography plastics plumbing press printing productions properties publishing rail recruitment recycling repairs research retail robotics
		schools security shipping software solar steel storage studios supplies surveyors textiles theatres timber tools toys trading training transport travel`)
)

// seedVersion changes with what is seeded.
const seedVersion = "1"

// seeded makes the database of a size unless it is there, and returns its address.
func seeded(ctx context.Context, pg *dbtest.Lasting, dir, kind string, n int, say func(string)) (dsn string, err error) {
	name := fmt.Sprintf("lists%d", n)
	mark := filepath.Join(dir, kind+"-"+strconv.Itoa(n)+"-"+seedVersion)
	dsn = filepath.Join(dir, name+".db")
	if kind == "PostgreSQL" {
		if dsn, err = pg.DSN(name); err != nil {
			return "", err
		}
	}
	if _, err := os.Stat(mark); err == nil {
		return dsn, nil
	}
	if say == nil {
		return "", fmt.Errorf("run 'make bench-lists-seed' first: there is no %s database of %d clients in %s", kind, n, dir)
	}
	if kind == "PostgreSQL" {
		_, err = pg.Create(ctx, name)
	} else {
		err = removeAll(dsn, dsn+"-wal", dsn+"-shm")
	}
	if err != nil {
		return "", err
	}
	if err := seed(ctx, dsn, n, say); err != nil {
		return "", err
	}
	return dsn, os.WriteFile(mark, nil, 0o600)
}

func removeAll(paths ...string) (err error) {
	for _, p := range paths {
		err = errors.Join(err, os.RemoveAll(p))
	}
	return err
}
