// Command access measures permission checks: in process, and over HTTP beside OpenFGA with its store in memory, the
// same tree, the same people and the same questions in the same run. Usage: access BAILIWICK OPENFGA, two programs.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"bailiwick/internal/apikey"
	"bailiwick/internal/app"
	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/policy"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: access BAILIWICK OPENFGA")
		os.Exit(2)
	}
	if err := measure(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "access:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, ours, theirs string) (err error) {
	dir, err := os.MkdirTemp("", "bench-access-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := makeTown()
	key, ns, allocs, err := inProcess(ctx, dir, t)
	if err != nil {
		return err
	}
	fmt.Printf("in process: %.0f ns and %.2f allocations for one check, %d questions in turn\n", ns, allocs, len(t.questions))
	b, err := startBailiwick(ctx, ours, dir, key)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Stop()) }()
	f, err := startOpenFGA(ctx, theirs, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Stop()) }()
	runtime.GOMAXPROCS(1) // the servers need the processor more than who asks them
	single, err := compare(ctx, t, 1, b, f)
	if err != nil {
		return err
	}
	batch, err := compare(ctx, t, batchSize, b, f)
	if err != nil {
		return err
	}
	fmt.Printf("inproc_ns=%.0f allocs=%.2f http_ratio=%.1f batch_ratio=%.1f\n", ns, allocs, single, batch)
	return nil
}

// node is what a process decides with.
type node struct {
	db    *db.DB
	news  *change.Feed
	check *authz.Checker
	keys  *apikey.Service
}

// inProcess fills a database in dir, makes a key for the requests, and measures warm checks.
func inProcess(ctx context.Context, dir string, t town) (key secret.String, ns, allocs float64, err error) {
	d, err := db.Open(ctx, filepath.Join(dir, "bailiwick.db"), clock.System)
	if err != nil {
		return key, 0, 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if _, err := d.Migrate(ctx); err != nil {
		return key, 0, 0, err
	}
	n := node{db: d, news: change.New(d, clock.System, slog.New(slog.DiscardHandler))}
	known, err := setting.NewKnown(d, n.news, app.Settings())
	if err != nil {
		return key, 0, 0, err
	}
	n.check = authz.NewChecker(d, n.news, policy.Gate(known, clock.System))
	n.keys = apikey.NewService(d, op.NewRunner(d, n.check), n.news, notify.NoMailer(nil))
	if err := t.fill(ctx, d); err != nil {
		return key, 0, 0, err
	}
	if key, err = t.makeKey(ctx, n.keys); err != nil {
		return key, 0, 0, err
	}
	ns, allocs, err = t.warm(ctx, n)
	return key, ns, allocs, err
}
