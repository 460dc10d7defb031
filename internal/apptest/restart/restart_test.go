package restart_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/audit"
	"bailiwick/internal/cli"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

const asProgram = "BAILIWICK_TEST_AS_PROGRAM"

// TestMain lets the test start itself as the real program.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, cli.Process{Args: os.Args[1:], Env: os.LookupEnv, Out: os.Stdout, Err: os.Stderr, Clock: clock.System})
	stop()
	os.Exit(code)
}

// town is an installation whose program the tests start and stop.
type town struct {
	*apptest.World
	t       *testing.T
	dsn     string // of PostgreSQL, else ""
	data    string
	acme    ids.Account
	session secret.String
}

func newTown(t *testing.T, dsn string) *town {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "bailiwick.db")
	w := apptest.New(t, cmp.Or(dsn, file), func(c *config.Config) { c.Data = dir })
	w.Clock.Set(clock.System()) // as the program has it
	return &town{World: w, t: t, dsn: dsn, data: dir, acme: w.Client(w.Platform, "Acme"), session: w.SignIn(apptest.OwnerEmail).Token}
}

// eachDatabase runs fn with no database named, so that the program has a file of its own, and with one on PostgreSQL.
func eachDatabase(t *testing.T, fn func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { fn(t, "") })
	t.Run("PostgreSQL", func(t *testing.T) { fn(t, dbtest.PostgresDSN(t)) })
}

// start runs the program and returns when it is ready. With a socket, it takes that one over as from systemd.
func (w *town) start(address string, socket *os.File) *exec.Cmd {
	w.t.Helper()
	args := []string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`, os.Args[0], "serve", "--listen", address, "--data", w.data, "--log-level", "warn"}
	cmd := exec.CommandContext(w.t.Context(), "sh", args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "BAILIWICK_DATABASE="+w.dsn)
	if socket != nil {
		cmd.Env = append(cmd.Env, "LISTEN_FDS=1")
		cmd.ExtraFiles = []*os.File{socket}
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "is ready at ") {
			return cmd
		}
	}
	w.t.Fatal("the program ended before it was ready")
	return nil
}

// stop tells the program to stop and waits until it has.
func (w *town) stop(cmd *exec.Cmd) {
	w.t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		w.t.Errorf("the program ended with %v", err)
	}
	if n := w.Count("audit_unsealed"); n != 0 {
		w.t.Errorf("%d events were left unsealed", n)
	}
	if n := w.Count("jobs WHERE state = 'running'"); n != 0 {
		w.t.Errorf("%d jobs were left running", n)
	}
}

// load is constant use by a few clients, each over a connection that it keeps.
type load struct {
	w       *town
	address string
	refusal bool // a new connection that is refused ends a client, instead of being a loss
	done    chan struct{}
	served  chan struct{}
	wg      sync.WaitGroup
	mu      sync.Mutex
	saved   []string
	lost    []string
}

const clients = 4

func (w *town) use(address string, refusal bool) *load {
	l := &load{w: w, address: address, refusal: refusal, done: make(chan struct{}), served: make(chan struct{})}
	for c := range clients {
		l.wg.Go(func() { l.client(c) })
	}
	return l
}

// requests waits until so many have been answered.
func (l *load) requests(n int) {
	for range n {
		<-l.served
	}
}

// end stops the clients and returns what was acknowledged as saved.
func (l *load) end(t *testing.T) []string {
	t.Helper()
	close(l.done)
	l.wg.Wait()
	for _, what := range l.lost {
		t.Errorf("lost: %s", what)
	}
	return l.saved
}

func (l *load) client(c int) {
	tr := &http.Transport{}
	client := &http.Client{Transport: tr, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer tr.CloseIdleConnections()
	for n := 0; ; n++ {
		select {
		case <-l.done:
			return
		default:
		}
		name := fmt.Sprintf("Place %d of %d", n, c)
		known, err := l.save(client, name)
		if l.refusal && err != nil && !known {
			return
		}
		l.mu.Lock()
		if err != nil {
			l.lost = append(l.lost, name+": "+err.Error())
		} else {
			l.saved = append(l.saved, name)
		}
		l.mu.Unlock()
		select {
		case l.served <- struct{}{}:
		default: // nobody waits
		}
	}
}

// save adds a place. known says that it went over a connection on which the program has answered before.
func (l *load) save(client *http.Client, name string) (known bool, err error) {
	form := url.Values{"name": {name}, "version": {"0"}}
	ctx := httptrace.WithClientTrace(l.w.t.Context(), &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { known = c.Reused }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.address+"/a/"+string(l.w.acme)+"/locations/new", strings.NewReader(form.Encode()))
	if err != nil {
		return known, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.AddCookie(&http.Cookie{Name: "bw_session", Value: l.w.session.Reveal()})
	res, err := client.Do(req)
	if err != nil {
		return known, err
	}
	text, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return known, err
	}
	if res.StatusCode != http.StatusSeeOther {
		return known, fmt.Errorf("%d %.200s", res.StatusCode, text)
	}
	return known, nil
}

// intact checks that everything acknowledged is there once, and that every event log is what was written.
func (w *town) intact(saved []string) {
	w.t.Helper()
	for _, name := range saved {
		if n := w.Count("locations WHERE name = ?", name); n != 1 {
			w.t.Errorf("%s is there %d times", name, n)
		}
	}
	reports, err := audit.VerifyAll(w.t.Context(), w.DB, clock.System())
	if err != nil || len(reports) == 0 {
		w.t.Fatalf("%d logs, %v", len(reports), err)
	}
	for _, r := range reports {
		if !r.Sound() {
			w.t.Errorf("the log of %s: %v", r.Account, r.Problems)
		}
	}
}

// TestARestartLosesNoRequest: the socket outlives the program, as with systemd, so that who comes meanwhile waits.
func TestARestartLosesNoRequest(t *testing.T) { eachDatabase(t, restartLosesNothing) }

func restartLosesNothing(t *testing.T, dsn string) {
	w := newTown(t, dsn)
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // the test is over
	socket, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	program := w.start(address, socket)
	l := w.use(address, false)
	for range 2 {
		l.requests(5 * clients)
		w.stop(program)
		program = w.start(address, socket)
	}
	l.requests(5 * clients)
	saved := l.end(t)
	w.stop(program)
	w.intact(saved)
	t.Logf("%d changes over two restarts, none lost", len(saved))
}

// TestStoppingAnswersWhoeverIsConnected: without such a socket new connections are refused at the end, but every
// connection that was served before has its answer.
func TestStoppingAnswersWhoeverIsConnected(t *testing.T) { eachDatabase(t, stoppingAnswersAll) }

func stoppingAnswersAll(t *testing.T, dsn string) {
	w := newTown(t, dsn)
	address := unused(t)
	program := w.start(address, nil)
	l := w.use(address, true)
	l.requests(5 * clients)
	w.stop(program)
	w.intact(l.end(t))
}
