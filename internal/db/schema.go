package db

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// The tables that no archive holds: those that goose and SQLite keep for themselves, and what running nodes tell each other.
var notOurs = []string{"changes", "key_use", "goose_db_version", "sqlite_schema", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4"}

// tablesInOrder lists every table with its columns, each after the tables that it refers to.
func tablesInOrder(ctx context.Context, q Queryer) ([]table, error) {
	names, err := All(ctx, q, Value[string], tableNames(q.Dialect()))
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	refers, err := references(ctx, q)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(notOurs, n) })
	var out []table
	placed := map[string]bool{}
	for len(out) < len(names) {
		before := len(out)
		for _, n := range names {
			ready := !placed[n] && !slices.ContainsFunc(refers[n], func(to string) bool { return to != n && !placed[to] })
			if !ready {
				continue
			}
			cols, err := columns(ctx, q, n)
			if err != nil {
				return nil, err
			}
			placed[n] = true
			out = append(out, table{n, cols})
		}
		if len(out) == before {
			return nil, fmt.Errorf("the tables refer to each other in a circle: %v", refers)
		}
	}
	return out, nil
}

func tableNames(d Dialect) string {
	if d == Postgres {
		return `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name`
	}
	return `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name` // not virtual ones, which are made from the others
}

func references(ctx context.Context, q Queryer) (map[string][]string, error) {
	query := `SELECT m.name, f."table" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`
	if q.Dialect() == Postgres {
		query = `SELECT c.conrelid::regclass::text, c.confrelid::regclass::text FROM pg_constraint c WHERE c.contype = 'f'`
	}
	pairs, err := All(ctx, q, func(r Row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) }, query)
	if err != nil {
		return nil, fmt.Errorf("list references: %w", err)
	}
	out := map[string][]string{}
	for _, p := range pairs {
		out[p[0]] = append(out[p[0]], p[1])
	}
	return out, nil
}

func columns(ctx context.Context, q Queryer, of string) ([]column, error) {
	query := `SELECT name, type FROM pragma_table_info(?) ORDER BY name`
	if q.Dialect() == Postgres {
		query = `SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ? ORDER BY column_name`
	}
	cols, err := All(ctx, q, func(r Row) (c column, err error) { return c, r.Scan(&c.Name, &c.Type) }, query, of)
	if err != nil {
		return nil, fmt.Errorf("list the columns of %s: %w", of, err)
	}
	for i := range cols {
		switch strings.ToUpper(cols[i].Type) {
		case "BIGINT", "INTEGER":
			cols[i].Type = "i"
		case "BOOLEAN":
			cols[i].Type = "b"
		case "BYTEA":
			cols[i].Type = "x"
		case "TEXT":
			cols[i].Type = "t"
		default:
			return nil, fmt.Errorf("column %s.%s has type %s, which no archive holds", of, cols[i].Name, cols[i].Type)
		}
	}
	return cols, nil
}
