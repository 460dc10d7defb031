// Package fill writes very many rows into a database by statements over all of them: the services would take hours for a
// million accounts. Indexes and triggers are off meanwhile.
package fill

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
)

// Step is the words that the progress shows, and a statement.
type Step [2]string

// Plan is what is filled in: the statements, and the tables whose indexes and triggers are made again after them.
type Plan struct {
	Tables []string
	Steps  func(Words) []Step
	Say    func(string) // is told what begins; may be nil
}

// Database brings the database at dsn up to date and fills it.
func Database(ctx context.Context, dsn string, p Plan) (err error) {
	d, err := db.Open(ctx, dsn, clock.System)
	if err != nil {
		return err
	}
	_, err = d.Migrate(ctx)
	w := Words{d.Dialect()}
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	driver, address := "pgx", dsn
	if w.kind == db.SQLite {
		driver, address = "sqlite", "file:"+dsn+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=foreign_keys(OFF)&_pragma=cache_size(-400000)&_pragma=temp_store(FILE)"
	}
	pool, err := sql.Open(driver, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return filler{conn, w}.run(ctx, p)
}

type filler struct {
	conn *sql.Conn
	Words
}

func (f filler) run(ctx context.Context, p Plan) error {
	if f.kind == db.Postgres {
		if err := f.exec(ctx, `SET session_replication_role = replica; SET work_mem = '512MB'; SET maintenance_work_mem = '1GB'`); err != nil {
			return err
		}
	}
	again, err := f.dropIndexes(ctx, p.Tables)
	if err != nil {
		return err
	}
	say := p.Say
	if say == nil {
		say = func(string) {}
	}
	for _, st := range append(p.Steps(f.Words), again...) {
		say(st[0])
		if err := f.exec(ctx, st[1]); err != nil {
			return err
		}
	}
	say("statistics")
	if f.kind == db.Postgres {
		return f.exec(ctx, `VACUUM ANALYZE`)
	}
	return nil
}

func (f filler) exec(ctx context.Context, text string) error {
	if _, err := f.conn.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("%.200s: %w", strings.TrimSpace(text), err)
	}
	return nil
}

// dropIndexes takes the indexes off the big tables while they are filled, and returns how they are made again.
func (f filler) dropIndexes(ctx context.Context, tables []string) (again []Step, err error) {
	in := "'" + strings.Join(tables, "', '") + "'"
	query := `SELECT name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name IN (` + in + `)`
	if f.kind == db.Postgres {
		query = `SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN (` + in + `) AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = indexname)`
	}
	rows, err := f.conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var drop []string
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		kind := "INDEX "
		if strings.HasPrefix(text, "CREATE TRIGGER") {
			kind = "TRIGGER "
		}
		drop = append(drop, "DROP "+kind+name)
		again = append(again, Step{name, text})
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, d := range drop {
		if err := f.exec(ctx, d); err != nil {
			return nil, err
		}
	}
	return again, nil
}

// Words are what the databases say each in their own way.
type Words struct{ kind db.Dialect }

// Postgres reports whether the database is PostgreSQL.
func (w Words) Postgres() bool { return w.kind == db.Postgres }

// Pad writes an expression as the 26 digits of an id.
func (w Words) Pad(expr string) string {
	if w.Postgres() {
		return `lpad((` + expr + `)::text, 26, '0')`
	}
	return `printf('%026d', ` + expr + `)`
}

// Numbers begins a statement that counts from 1 to n, as i of n.
func Numbers(n int) string {
	return fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, n)
}
