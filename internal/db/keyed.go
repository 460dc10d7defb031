package db

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// keyedConns is how many connections wait for statements that find rows by their keys.
const keyedConns = 4

// keyed reads with plans that are kept.
type keyed struct{ d *DB }

// Keyed is the pool for hot statements that find a few rows by their keys. There is one good plan for them whatever their
// arguments, so PostgreSQL makes it once for a connection: making it takes longer than running it.
func (d *DB) Keyed() Queryer { return keyed{d} }

func (k keyed) Dialect() Dialect { return k.d.dialect }

func (k keyed) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return k.d.from(ctx, k.d.keyed, query, args)
}

// planOnce has PostgreSQL keep the plan of a statement.
func planOnce(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, "SET plan_cache_mode = force_generic_plan")
	return err
}

func openKeyed(cfg pgx.ConnConfig) *sql.DB {
	p := stdlib.OpenDB(cfg, stdlib.OptionAfterConnect(planOnce))
	p.SetMaxOpenConns(keyedConns)
	p.SetMaxIdleConns(keyedConns)
	p.SetConnMaxLifetime(connMaxLifetime)
	return p
}
