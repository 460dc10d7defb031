package db

import (
	"context"
	"database/sql"
	"strings"
)

// Row is what a scan function reads one row from.
type Row interface{ Scan(dest ...any) error }

// All runs query and scans every row with scan. It reads to the end, so no rows stay open.
func All[T any](ctx context.Context, q Queryer, scan func(Row) (T, error), query string, args ...any) (out []T, err error) {
	rows, err := q.query(ctx, query, args...)
	if err != nil {
		return nil, Classify(err)
	}
	defer func() {
		if cerr := rows.Close(); err == nil && cerr != nil {
			err = Classify(cerr)
		}
	}()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, Classify(err)
		}
		out = append(out, v)
	}
	return out, Classify(rows.Err())
}

// One runs query and scans its first row; no row is ErrNoRows.
func One[T any](ctx context.Context, q Queryer, scan func(Row) (T, error), query string, args ...any) (T, error) {
	var zero T
	all, err := All(ctx, q, scan, query, args...)
	if err != nil {
		return zero, err
	}
	if len(all) == 0 {
		return zero, ErrNoRows
	}
	return all[0], nil
}

// Value scans one column of any basic type.
func Value[T any](r Row) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}

// Exists reports whether query finds a row.
func Exists(ctx context.Context, q Queryer, query string, args ...any) (bool, error) {
	found, err := All(ctx, q, Value[int], "SELECT 1 WHERE EXISTS ("+query+")", args...)
	return len(found) > 0, err
}

// In returns "(?, ?, ?)" for n values. For none it returns "(NULL)", which nothing equals.
func In(n int) string {
	if n == 0 {
		return "(NULL)"
	}
	return "(" + strings.Repeat("?, ", n-1) + "?)"
}

// Values returns "(?, ?), (?, ?)" for that many rows of that many columns.
func Values(rows, columns int) string {
	return strings.Repeat(In(columns)+", ", rows-1) + In(columns)
}

// Args turns typed values into query arguments.
func Args[T any](vs ...T) []any {
	out := make([]any, len(vs))
	for i, v := range vs {
		out[i] = v
	}
	return out
}

// EscapeLike returns s for use inside a LIKE pattern with ESCAPE '\'.
func EscapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// SkipLocked is the clause by which job claims pass over rows that another worker holds.
func SkipLocked(d Dialect) string {
	if d == Postgres {
		return "FOR UPDATE SKIP LOCKED"
	}
	return "" // SQLite has one writer
}

// Lock is the clause by which Batch keeps the rows that it reads from changing until its end. Read them in the order of their ids.
func Lock(d Dialect) string {
	if d == Postgres {
		return "FOR UPDATE"
	}
	return "" // SQLite has one writer
}

var _ Queryer = (*DB)(nil)
var _ Queryer = (*Tx)(nil)
var _ Row = (*sql.Rows)(nil)
