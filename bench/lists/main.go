// Command lists measures how long the list of clients takes among a thousand, a hundred thousand and a million clients, for
// the platform, a reseller with half of them and a reseller with three. It measures the service's List, with its permission
// check and all that it reads, when warm; not the rendering of a page. Usage: lists [-seed] DIRECTORY.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db/dbtest"
)

var sizes = []int{1_000, 100_000, 1_000_000}

var kinds = []string{"SQLite", "PostgreSQL"}

func main() {
	seeding := flag.Bool("seed", false, "make the databases that are not there yet")
	only := flag.Int("only", 0, "only the databases of this many clients")
	on := flag.String("on", "", "only SQLite or PostgreSQL")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: lists [-seed] [-only N] [-on DATABASE] DIRECTORY")
		os.Exit(2)
	}
	if err := run(context.Background(), flag.Arg(0), *seeding, *only, *on); err != nil {
		fmt.Fprintln(os.Stderr, "lists:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, seeding bool, only int, on string) (err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var pg *dbtest.Lasting
	if on != "SQLite" {
		if pg, err = dbtest.StartLasting(ctx, filepath.Join(dir, "pg")); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, pg.Stop(context.WithoutCancel(ctx))) }()
	}
	var out results
	for _, kind := range kinds {
		for _, n := range sizes {
			if only != 0 && n != only || on != "" && kind != on {
				continue
			}
			dsn, err := seeded(ctx, pg, dir, kind, n, progress(seeding, kind, n))
			if err != nil {
				return err
			}
			if seeding {
				continue
			}
			if err := measure(ctx, dsn, kind, n, &out); err != nil {
				return fmt.Errorf("%s, %d clients: %w", kind, n, err)
			}
		}
	}
	if !seeding {
		out.print()
	}
	return nil
}

// progress says what is being seeded and how long it has taken, or is nil when nothing is to be seeded.
func progress(seeding bool, kind string, n int) func(string) {
	if !seeding {
		return nil
	}
	began := clock.System()
	return func(what string) {
		fmt.Printf("%s, %d clients: %s, after %s\n", kind, n, what, clock.System().Sub(began).Round(time.Second))
	}
}
