package db_test

import (
	"slices"
	"sync"
	"testing"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

// TestManyMigrateAtOnce: each migration runs once, and nobody returns before the schema is there.
func TestManyMigrateAtOnce(t *testing.T) {
	dsn := dbtest.EmptyPostgresDSN(t)
	const nodes = 3
	var all []*db.DB
	for range nodes {
		d, err := db.Open(t.Context(), dsn, clock.System)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close() //nolint:errcheck // the test is over
		all = append(all, d)
	}
	var wg sync.WaitGroup
	ran := make([]int, nodes)
	for i, d := range all {
		wg.Go(func() {
			n, err := d.Migrate(t.Context())
			if err != nil {
				t.Errorf("node %d: %v", i, err)
			}
			if err := d.Ready(t.Context()); err != nil {
				t.Errorf("node %d: %v", i, err)
			}
			ran[i] = n
		})
	}
	wg.Wait()
	slices.Sort(ran)
	if ran[nodes-1] == 0 || ran[nodes-2] != 0 {
		t.Errorf("the nodes ran %v migrations, and one of them should run all", ran)
	}
}
