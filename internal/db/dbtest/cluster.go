package dbtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// errMissing means that this machine has no PostgreSQL to test on.
var errMissing = errors.New("PostgreSQL is not installed: run 'apt-get install postgresql' or set TEST_POSTGRES_URL")

// shared is the cluster of this process; it holds the lock that keeps the
// cluster alive until the process ends.
var shared = sync.OnceValues(useCluster)

type cluster struct {
	url  string
	lock *os.File
}

// PostgresDSN returns the address of a migrated PostgreSQL database of this
// test's own; the test is skipped where there is no PostgreSQL and CI is unset.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	return postgres(t, (*cluster).clone)
}

// EmptyPostgresDSN is PostgresDSN of a database that nothing has migrated yet.
func EmptyPostgresDSN(t testing.TB) string {
	t.Helper()
	return postgres(t, (*cluster).empty)
}

func postgres(t testing.TB, create func(*cluster, testing.TB) (string, error)) string {
	t.Helper()
	c, err := shared()
	if errors.Is(err, errMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	dsn, err := create(c, t)
	if err != nil {
		t.Fatalf("make a PostgreSQL database: %v", err)
	}
	return dsn
}

// useCluster finds the running cluster of this user or starts one.
func useCluster() (*cluster, error) {
	if u := os.Getenv("TEST_POSTGRES_URL"); u != "" {
		return &cluster{url: u}, nil
	}
	bin, err := serverPrograms()
	if err != nil {
		return nil, err
	}
	base, err := ownDir("bailiwick-pg")
	if err != nil {
		return nil, err
	}
	if err := os.Chown(base, serverUser().uid, serverUser().gid); err != nil {
		return nil, err
	}
	// Held shared by every test process to its end, whatever end that is: the
	// kernel lets go of it. The keeper stops the cluster when nobody holds it.
	use, err := lockFile(filepath.Join(base, "use.lock"), syscall.LOCK_SH)
	if err != nil {
		return nil, err
	}
	start, err := lockFile(filepath.Join(base, "start.lock"), syscall.LOCK_EX)
	if err != nil {
		return nil, errors.Join(err, use.Close())
	}
	u, err := findOrStart(bin, base)
	if err = errors.Join(err, start.Close()); err != nil {
		return nil, errors.Join(err, use.Close())
	}
	return &cluster{url: u, lock: use}, nil
}

func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func findOrStart(bin, base string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	data, portFile := filepath.Join(base, "data"), filepath.Join(base, "data", "bailiwick.port")
	if port, err := os.ReadFile(portFile); err == nil {
		u := clusterURL(string(port))
		if alive(ctx, u) {
			return u, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	// What lies there is left over from a crash of the machine or of the keeper.
	if err := os.RemoveAll(data); err != nil {
		return "", err
	}
	if err := initialise(ctx, bin, data); err != nil {
		return "", err
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	opts := "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off" +
		" -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 -c max_connections=400 -c shared_buffers=64MB -c max_wal_size=256MB -p " + port
	if err := run(ctx, filepath.Join(bin, "pg_ctl"), "-D", data, "-l", filepath.Join(data, "log"), "-w", "-t", "60", "-o", opts, "start"); err != nil {
		return "", err
	}
	if err := os.WriteFile(portFile, []byte(port), 0o644); err != nil {
		return "", err
	}
	return clusterURL(port), keep(bin, base, data)
}

// initialise makes the cluster in a language's own order where the machine
// knows one, so that a query which leans on the C order fails here first.
func initialise(ctx context.Context, bin, data string) error {
	var err error
	for _, locale := range [][]string{
		{"--locale-provider=libc", "--locale=en_US.utf8"},
		{"--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"},
		{"--locale=C.UTF-8"},
	} {
		args := append([]string{"-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"}, locale...)
		if err = run(ctx, filepath.Join(bin, "initdb"), args...); err == nil {
			return nil
		}
		if rerr := os.RemoveAll(data); rerr != nil {
			return errors.Join(err, rerr)
		}
	}
	return err
}

// keep starts the keeper: a shell that stops the cluster and removes its files
// once no test process has used it for a while.
func keep(bin, base, data string) error {
	const script = `while sleep 20; do
  flock -n -E 9 "$1/use.lock" sh -c '"$1/pg_ctl" -D "$2" -m immediate -w stop >/dev/null 2>&1; rm -rf "$2"' stop "$2" "$3" && exit 0
  [ -d "$3" ] || exit 0
done`
	c := exec.Command("sh", "-c", script, "bailiwick-pg-keeper", base, bin, data)
	c.Dir = "/"
	c.SysProcAttr = asServerUser()
	c.SysProcAttr.Setsid = true // outlives this process and the terminal
	if err := c.Start(); err != nil {
		return fmt.Errorf("start the keeper of the cluster: %w", err)
	}
	return c.Process.Release()
}

func run(ctx context.Context, program string, args ...string) error {
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = "/"
	c.SysProcAttr = asServerUser()
	// A file, not a pipe: the server keeps what it inherits open, and waiting for
	// the end of a pipe would never end.
	out, err := os.CreateTemp("", "bailiwick-pg-*.txt")
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(out.Close(), os.Remove(out.Name())) }()
	c.Stdout, c.Stderr = out, out
	if err := c.Run(); err != nil {
		text, rerr := os.ReadFile(out.Name())
		return errors.Join(fmt.Errorf("%s: %w: %s", filepath.Base(program), err, text), rerr)
	}
	return nil
}

type account struct{ uid, gid int }

// serverUser is whom the server runs as: it refuses to run as root.
func serverUser() account {
	if os.Getuid() != 0 {
		return account{os.Getuid(), os.Getgid()}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.Atoi(u.Uid)
		gid, gerr := strconv.Atoi(u.Gid)
		if uerr == nil && gerr == nil {
			return account{uid, gid}
		}
	}
	return account{65534, 65534}
}

func asServerUser() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}
	}
	u := serverUser()
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(u.uid), Gid: uint32(u.gid)}}
}

func ownedBy(info fs.FileInfo, uid int) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == uid
}

// serverPrograms returns the directory of the newest installed server.
func serverPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	version := func(p string) int {
		n, err := strconv.Atoi(strings.Split(p, "/")[4])
		if err != nil {
			return 0
		}
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if p, err := exec.LookPath("initdb"); err == nil {
		found = append(found, p)
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		found = append(found, filepath.Join(strings.TrimSpace(string(out)), "initdb"))
	}
	for _, p := range found {
		if _, err := os.Stat(filepath.Join(filepath.Dir(p), "pg_ctl")); err == nil {
			return filepath.Dir(p), nil
		}
	}
	return "", errMissing
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

func clusterURL(port string) string {
	return (&url.URL{Scheme: "postgres", User: url.User("postgres"), Host: "127.0.0.1:" + strings.TrimSpace(port),
		Path: "/postgres", RawQuery: "sslmode=disable"}).String()
}

func alive(ctx context.Context, u string) bool {
	c, err := pgx.Connect(ctx, u)
	if err != nil {
		return false
	}
	return c.Close(ctx) == nil
}
