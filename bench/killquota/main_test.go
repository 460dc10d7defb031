package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"bailiwick/internal/db/dbtest"
)

// TestMain lets the program of the test be the processes that are killed as well.
func TestMain(m *testing.M) {
	if seed, ok := os.LookupEnv(workerEnv); ok {
		if err := work(context.Background(), os.Args[1], seed); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestProcessesThatAreKilledNeverExceedALimit(t *testing.T) {
	for which, s := range scenarios {
		for name, dsn := range map[string]string{"SQLite": filepath.Join(t.TempDir(), "bailiwick.db"), "PostgreSQL": dbtest.EmptyPostgresDSN(t)} {
			t.Run(s.name+" on "+name, func(t *testing.T) {
				r, err := onOne(t.Context(), os.Args[0], 6, which, dsn)
				if err != nil || r.over+r.stranded+r.lost > 0 {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
	}
}
