package dbtest

import (
	"testing"

	"bailiwick/internal/db"
)

// Plan returns the lines by which the database says how it would run a query.
func Plan(t testing.TB, d *db.DB, query string, args ...any) []string {
	t.Helper()
	explain := "EXPLAIN "
	if d.Dialect() == db.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	lines, err := db.All(t.Context(), d, func(r db.Row) (text string, err error) {
		if d.Dialect() == db.Postgres {
			return db.Value[string](r)
		}
		var id, parent, unused int
		err = r.Scan(&id, &parent, &unused, &text)
		return text, err
	}, explain+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return lines
}
