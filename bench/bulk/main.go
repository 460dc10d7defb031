// Command bulk measures how long it takes to bring many clients in, from the confirmation to the last line, how long one write
// of that keeps others from writing, and how long it takes to invite a thousand people. It uses the whole program without its
// listeners, on both databases, which save everything from a power cut, and seals the log meanwhile as the program does.
// Usage: bulk [-clients N] [-on DATABASE] DIRECTORY.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/app"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/exchange"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/secret"
	"bailiwick/internal/task"
	"bailiwick/internal/user"
)

var kinds = []string{"SQLite", "PostgreSQL"}

// full is how many clients the figures are about. Fewer can be brought in, whose time is multiplied.
const full = 100_000

// figures are those of one database.
type figures struct {
	load, invite time.Duration
	held         []time.Duration // each write, the longest last
}

// longest returns how long all but a share of the writes took at most.
func (f figures) longest(but float64) time.Duration {
	if len(f.held) == 0 {
		return 0
	}
	return f.held[int(float64(len(f.held)-1)*(1-but))]
}

func main() {
	n := flag.Int("clients", full, "how many clients are brought in")
	on := flag.String("on", "", "only SQLite or PostgreSQL")
	profile := flag.String("cpuprofile", "", "where to write a profile of the processor")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: bulk [-clients N] [-on DATABASE] [-cpuprofile FILE] DIRECTORY")
		os.Exit(2)
	}
	if err := profiled(*profile, func() error { return run(context.Background(), flag.Arg(0), *n, *on) }); err != nil {
		fmt.Fprintln(os.Stderr, "bulk:", err)
		os.Exit(1)
	}
}

func profiled(path string, do func() error) (err error) {
	if path == "" {
		return do()
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return do()
}

func run(ctx context.Context, dir string, n int, on string) (err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	var load, invited time.Duration
	for _, kind := range kinds {
		if on != "" && kind != on {
			continue
		}
		f, err := onOne(ctx, filepath.Join(dir, kind), kind, n)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		fmt.Printf("%-10s %d clients in %.1f s; 1000 invitations in %d ms\n", kind, n, f.load.Seconds(), f.invite.Milliseconds())
		fmt.Printf("%-10s %d writes held up others for %.1f ms at the longest, %.1f ms but for one of a hundred, %.1f ms in the middle\n",
			kind, len(f.held), ms(f.longest(0)), ms(f.longest(.01)), ms(f.longest(.5)))
		load, invited = max(load, f.load), max(invited, f.invite)
	}
	if n != full {
		fmt.Printf("%d clients were brought in; the time for %d is %.4g times as long\n", n, full, float64(full)/float64(n))
	}
	fmt.Printf("import_100k_s=%.1f invite_1000_ms=%.0f\n", load.Seconds()*full/float64(n), math.Ceil(ms(invited)))
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func onOne(ctx context.Context, dir, kind string, n int) (f figures, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return f, err
	}
	dsn := filepath.Join(dir, "bailiwick.db")
	if kind == "PostgreSQL" {
		pg, err := dbtest.StartLasting(ctx, filepath.Join(dir, "pg"), "fsync=on", "synchronous_commit=on", "full_page_writes=on")
		if err != nil {
			return f, err
		}
		defer func() { err = errors.Join(err, pg.Stop(context.WithoutCancel(ctx))) }()
		if dsn, err = pg.Create(ctx, "bulk"); err != nil {
			return f, err
		}
	}
	base := &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}
	a, err := app.New(ctx, app.Deps{
		Config: config.Config{Listen: base.Host, Data: dir, Database: secret.Wrap(dsn), BaseURL: base},
		Log:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), Clock: clock.System, Hash: secret.CheapParams,
	})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return measure(ctx, a, n)
}

// measure sets a platform up with one reseller, sends the invitations, and brings the clients in.
func measure(ctx context.Context, a *app.App, n int) (f figures, err error) {
	root, err := setUp(ctx, a)
	if err != nil {
		return f, err
	}
	if f.invite, err = inviteMany(ctx, a, root); err != nil {
		return f, fmt.Errorf("invite: %w", err)
	}
	north, err := a.Accounts.Create(ctx, root, root.Account(), account.CreateInput{Kind: account.Reseller, Fields: account.Fields{Name: "North"}})
	if err != nil {
		return f, err
	}
	var w db.Watch
	if f.load, err = load(ctx, a, &w, root, north.ID, n); err != nil {
		return f, fmt.Errorf("import: %w", err)
	}
	f.held = w.Writes()
	return f, nil
}

func setUp(ctx context.Context, a *app.App) (authz.Actor, error) {
	token, err := a.Authn.PrepareSetup(ctx)
	if err != nil {
		return authz.Actor{}, err
	}
	const password = "a passphrase of this run"
	in, err := a.Authn.Setup(ctx, authn.SetupInput{Token: token, Platform: "Halyard Messaging", Name: "Olivia Owner", Email: "olivia@halyard.example", Password: secret.Wrap(password)})
	if err != nil {
		return authz.Actor{}, err
	}
	who, err := a.Authn.Resolve(ctx, authn.Client{Session: in.Token, IP: "203.0.113.7", UserAgent: "bulk"})
	return who.Actor, err
}

func inviteMany(ctx context.Context, a *app.App, by authz.Actor) (time.Duration, error) {
	var b strings.Builder
	for i := range invite.BatchMax {
		fmt.Fprintf(&b, "person%d@people.example.com\n", i)
	}
	took := clock.Stopwatch()
	res, err := a.Invites.Invite(ctx, by, by.Account(), invite.Input{Addresses: b.String(), Access: user.Access{Role: authz.Guest, AllSubs: true}})
	d := took()
	if err == nil && len(res.Sent) != invite.BatchMax {
		err = fmt.Errorf("%d invitations were sent", len(res.Sent))
	}
	return d, err
}

// load uploads a file and looks through it; what is measured begins with the confirmation.
func load(ctx context.Context, a *app.App, w *db.Watch, by authz.Actor, at ids.Account, n int) (took time.Duration, err error) {
	looked := clock.Stopwatch()
	id, err := a.Exchange.Upload(ctx, by, at, exchange.Clients, exchange.Options{}, "clients.csv", strings.NewReader(file(n)))
	if err != nil {
		return 0, err
	}
	if err := a.Jobs.Drain(ctx); err != nil {
		return 0, err
	}
	fmt.Printf("           looked through in %.1f s\n", looked().Seconds())
	stop := beside(w.Watched(ctx), a)
	defer func() { err = errors.Join(err, stop()) }()
	watch := clock.Stopwatch()
	if err := a.Exchange.Confirm(ctx, by, at, id, false); err != nil {
		return 0, err
	}
	if err := a.Jobs.Drain(w.Watched(ctx)); err != nil {
		return 0, err
	}
	took = watch()
	t, err := a.Tasks.Get(ctx, by, at, id)
	if err != nil {
		return 0, err
	}
	var rep exchange.Report
	if err := t.Summary(&rep); err != nil {
		return 0, err
	}
	if t.State != task.Done || rep.Created != n {
		return 0, fmt.Errorf("the import is %s with %d clients: %+v", t.State, rep.Created, t.Problem)
	}
	return took, nil
}

// beside seals the log, copies SQLite's and merges its search index until it is stopped, as the program does.
func beside(ctx context.Context, a *app.App) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 3)
	go func() { ended <- a.Log.Run(ctx) }()
	go func() { ended <- a.DB.Checkpoint(ctx, slog.Default()) }()
	go func() { ended <- a.DB.Merge(ctx, slog.Default(), "client_search") }()
	return func() error {
		cancel()
		return errors.Join(<-ended, <-ended, <-ended)
	}
}

// file is a CSV file of n clients, each with an end of its membership and a reference.
func file(n int) string {
	var b strings.Builder
	b.WriteString("name,email,phone,website,membership_end,references\n")
	for i := range n {
		fmt.Fprintf(&b, "Company %06d Ltd,office@c%06d.example.com,+44 20 7946 0000,https://c%06d.example.com,2028-12-31,billing: C-%06d\n", i, i, i, i)
	}
	return b.String()
}
