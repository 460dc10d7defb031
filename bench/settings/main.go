// Command settings measures the settings of accounts and the pane of My customers among a thousand and a million accounts, on
// both databases: what is in force on an account from memory and from the database, opening the pane of every kind of account
// as the server answers it, from the request to the last byte, and opening an account with 10,000 others in it.
// Usage: settings DIRECTORY, where the databases are kept between runs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"bailiwick/internal/clock"
	"bailiwick/internal/db/dbtest"
)

var sizes = []int{1_000, 1_000_000}

var kinds = []string{"SQLite", "PostgreSQL"}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: settings DIRECTORY")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "settings:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string) (err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	pg, err := dbtest.StartLasting(ctx, filepath.Join(dir, "settings-pg"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Stop(context.WithoutCancel(ctx))) }()
	all, err := makeAll(ctx, pg, dir)
	if err != nil {
		return err
	}
	var out results
	for _, on := range all {
		r, err := measure(ctx, on)
		if err != nil {
			return fmt.Errorf("%s, %d accounts: %w", on.kind, on.n, err)
		}
		out = append(out, r)
	}
	out.print()
	return nil
}

// makeAll makes the databases that are not there yet, those of both kinds beside each other.
func makeAll(ctx context.Context, pg *dbtest.Lasting, dir string) ([]place, error) {
	var all []place
	began := clock.System()
	faults := make([]error, len(kinds))
	var both sync.WaitGroup
	for i, kind := range kinds {
		for _, n := range sizes {
			all = append(all, place{kind: kind, n: n, dir: filepath.Join(dir, "settings-"+kind+"-"+strconv.Itoa(n)+"-"+seedVersion)})
		}
		mine := all[len(all)-len(sizes):]
		both.Go(func() {
			for _, p := range mine {
				faults[i] = errors.Join(faults[i], p.make(ctx, pg))
			}
		})
	}
	both.Wait()
	for i := range all {
		if err := all[i].find(pg); err != nil {
			return nil, err
		}
	}
	if took := clock.System().Sub(began); took.Seconds() > 1 {
		fmt.Printf("%d accounts were made in %.0f s; the next run finds them\n", sizes[len(sizes)-1], took.Seconds())
	}
	return all, errors.Join(faults...)
}
