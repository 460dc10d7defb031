// Command killquota ends processes without warning, again and again, while three of them reserve, commit and release units on one
// database under limits that bind, with clocks that jump. After every round no layer may have promised more than a limit allows, and
// counters may hold nothing but promises and leases; in the end all that was leased and not spent must have returned.
// Usage: killquota [-rounds N] DIRECTORY, where it keeps a SQLite file and a PostgreSQL of its own.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

const processes = 3

func main() {
	rounds := flag.Int("rounds", 300, "how many processes are ended in each scenario on each database")
	flag.Parse()
	if err := run(context.Background(), os.Args[0], *rounds, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "killquota:", err)
		os.Exit(1)
	}
}

// run is a process that is killed, or the one that kills them in a directory. program is this one.
func run(ctx context.Context, program string, rounds int, databases []string) (err error) {
	if seed, ok := os.LookupEnv(workerEnv); ok {
		return work(ctx, databases[0], seed)
	}
	if len(databases) != 1 {
		return errors.New("name a directory")
	}
	dir := databases[0]
	pg, err := dbtest.StartLasting(ctx, filepath.Join(dir, "pg"), "fsync=on", "synchronous_commit=on", "full_page_writes=on")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Stop(context.WithoutCancel(ctx))) }()
	return onEach(ctx, program, rounds, func(which int, kind string) (string, error) {
		if kind == postgres {
			return pg.Create(ctx, fmt.Sprint("quota", which))
		}
		return filepath.Join(dir, fmt.Sprintf("quota%d.db", which)), nil
	})
}

const postgres = "PostgreSQL"

// onEach does it in each scenario on a database of each kind, which create makes.
func onEach(ctx context.Context, program string, rounds int, create func(which int, kind string) (dsn string, err error)) error {
	var all result
	for i := range 2 * len(scenarios) {
		which, kind := i/2, []string{postgres, "SQLite"}[i%2]
		dsn, err := create(which, kind)
		if err != nil {
			return err
		}
		r, err := onOne(ctx, program, rounds, which, dsn)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", kind, scenarios[which].name, err)
		}
		fmt.Printf("%s, %s: %d rounds, %d reserves acknowledged, %d refused, %d lost; over %d, stranded %d\n", kind, scenarios[which].name, r.rounds, r.acknowledged, r.refused, r.lost, r.over, r.stranded)
		all.rounds, all.over, all.stranded, all.lost = all.rounds+r.rounds, all.over+r.over, all.stranded+r.stranded, all.lost+r.lost
		if r.acknowledged == 0 || r.refused == 0 {
			return errors.New("nothing was sent, or no limit was met")
		}
	}
	fmt.Printf("rounds=%d over=%d stranded_left=%d\n", all.rounds, all.over, all.stranded)
	if all.over+all.stranded+all.lost > 0 {
		return errors.New("limits were exceeded, or units were lost")
	}
	return nil
}

type result struct {
	rounds                int
	acknowledged, refused int64
	over, stranded, lost  int64
}

// onOne kills processes of a scenario on one database, and looks at it after each.
func onOne(ctx context.Context, program string, rounds, which int, dsn string) (r result, err error) {
	s := scenarios[which]
	d, err := db.Open(ctx, dsn, clock.System)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := prepare(ctx, d, s); err != nil {
		return r, fmt.Errorf("prepare: %w", err)
	}
	tell := &answers{told: map[string]bool{}}
	running := make([]*process, processes)
	for i := range running {
		if running[i], err = start(ctx, program, dsn, which, i, tell); err != nil {
			return r, err
		}
	}
	defer func() {
		for _, p := range running {
			err = errors.Join(err, p.kill())
		}
	}()
	for r.rounds < rounds {
		life := time.NewTimer(50*time.Millisecond + rand.N(200*time.Millisecond))
		select {
		case <-life.C:
		case <-ctx.Done():
			return r, ctx.Err()
		}
		i := rand.IntN(processes)
		if err := running[i].kill(); err != nil {
			return r, err
		}
		over, err := s.check(ctx, d)
		if err != nil {
			return r, err
		}
		r.over += over
		r.rounds++
		if err := s.credit(ctx, d, r.rounds); err != nil {
			return r, fmt.Errorf("credits: %w", err)
		}
		if running[i], err = start(ctx, program, dsn, which, r.rounds*processes+i, tell); err != nil {
			return r, err
		}
	}
	for _, p := range running {
		if err := p.kill(); err != nil {
			return r, err
		}
	}
	if r.stranded, err = s.settled(ctx, d); err != nil {
		return r, err
	}
	over, err := s.check(ctx, d)
	if err != nil {
		return r, err
	}
	r.over += over
	tell.mu.Lock()
	defer tell.mu.Unlock()
	r.acknowledged, r.refused = int64(len(tell.told)), tell.refused
	r.lost, err = missing(ctx, d, tell.told)
	return r, err
}

// answers are what the processes were told, and have told on.
type answers struct {
	mu      sync.Mutex
	told    map[string]bool // ids of reserves that were acknowledged
	refused int64
}

func (a *answers) read(from io.Reader) {
	for in := bufio.NewScanner(from); in.Scan(); {
		what, id, _ := strings.Cut(in.Text(), " ")
		a.mu.Lock()
		if what == "no" {
			a.refused++
		} else if what == "yes" {
			a.told[id] = true
		}
		a.mu.Unlock()
	}
}

// process is one node.
type process struct {
	cmd   *exec.Cmd
	heard sync.WaitGroup
	ended bool
}

const workerEnv = "BAILIWICK_KILLQUOTA_WORKER"

func start(ctx context.Context, program, dsn string, which, seed int, tell *answers) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, program, dsn)}
	p.cmd.Env = append(os.Environ(), workerEnv+"="+fmt.Sprintf("%d/%d", which, seed))
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.heard.Go(func() { tell.read(out) })
	return p, nil
}

// kill ends the process without warning, in the middle of whatever it does.
func (p *process) kill() error {
	if p.ended {
		return nil
	}
	p.ended = true
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	p.heard.Wait()
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	if code := p.cmd.ProcessState.ExitCode(); code > 0 {
		return fmt.Errorf("a process ended by itself with %d", code)
	}
	return nil
}
