package nodes_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := cli.Main(ctx, cli.Process{Args: os.Args[1:], Env: os.LookupEnv, Out: os.Stdout, Err: os.Stderr, Clock: clock.System})
	stop()
	os.Exit(code)
}

// process is one running bailiwick serve.
type process struct {
	t    *testing.T
	base string
	data string
}

// serve starts a node on the database and waits until it is ready. It stops when the test ends.
func serve(t *testing.T, dsn, key string) process {
	t.Helper()
	return start(t, dsn, key)()
}

// start starts a node and returns the function that waits until it is ready.
func start(t *testing.T, dsn, key string) (ready func() process) {
	t.Helper()
	data := t.TempDir()
	sealed, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "key"), sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--listen", freeAddress(t), "--data", data, "--log-level", "warn")
	cmd.Env = append(os.Environ(), asProgram+"=1", "BAILIWICK_DATABASE="+dsn)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Wait() // its context is over: it was told to stop
	})
	return func() process {
		t.Helper()
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, base, ready := strings.Cut(lines.Text(), "is ready at "); ready {
				return process{t, base, data}
			}
		}
		t.Fatal("the program ended before it was ready")
		return process{}
	}
}

// TestNodesThatStartAtOnceOnAnEmptyDatabase: one of them makes the tables, the others wait for it.
func TestNodesThatStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	dsn, key := dbtest.EmptyPostgresDSN(t), filepath.Join(t.TempDir(), "key")
	if _, err := secret.OpenKeyFile(key); err != nil {
		t.Fatal(err)
	}
	var all []func() process
	for range 3 {
		all = append(all, start(t, dsn, key))
	}
	for _, ready := range all {
		if got := ready().ask(http.MethodGet, "/readyz", secret.String{}, nil); got != http.StatusOK {
			t.Errorf("a node answers %d", got)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	return ln.Addr().String()
}

// ask sends a request with a session and returns the status of the answer.
func (p process) ask(method, path string, session secret.String, form url.Values) int {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "bw_session", Value: session.Reveal()})
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		p.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode
}

// post writes through a form, which must succeed.
func (p process) post(path string, session secret.String, fields ...string) {
	p.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	if got := p.ask(http.MethodPost, path, session, form); got != http.StatusSeeOther {
		p.t.Fatalf("POST %s: %d", path, got)
	}
}

// cluster is three nodes on one database, with somebody whose rights change.
type cluster struct {
	t      *testing.T
	w      *apptest.World
	nodes  []process
	acme   ids.Account
	group  ids.Role
	person apptest.Person
	root   secret.String // session of the platform's Owner
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	dsn, key := dbtest.PostgresDSN(t), ""
	w := apptest.New(t, dsn, func(c *config.Config) { key = c.KeyFile() })
	w.Clock.Set(clock.System()) // as the processes have it
	c := &cluster{t: t, w: w}
	c.acme = w.Client(w.Platform, "Acme")
	c.group = w.RoleGroup(c.acme, "Readers", authz.UsersView, authz.ClientsView, authz.DepartmentsCreate)
	c.person = w.Member(c.acme, "reader@acme.example", apptest.As(authz.Role(c.group)))
	c.root = w.SignIn(apptest.OwnerEmail).Token
	w.Drain()
	for range 3 {
		c.nodes = append(c.nodes, serve(t, dsn, key))
	}
	return c
}

const (
	promised = time.Second
	tries    = 4
	patience = 30 * time.Second
	askEvery = 10 * time.Millisecond
)

// acts writes on the first node and asks the others until they answer as wanted. On a machine that has other work one
// try in a few has to keep the promise; every try has to end as wanted.
func (c *cluster) acts(what, path string, session func() secret.String, before, after int, do, undo func(first process)) {
	c.t.Helper()
	best := patience
	for range tries {
		s := session()
		for _, n := range c.nodes { // warm, and back at the beginning
			c.until(n, path, s, before)
		}
		do(c.nodes[0])
		acknowledged := clock.System()
		if got := c.nodes[0].ask(http.MethodGet, path, s, nil); got != after {
			c.t.Errorf("%s: the node that wrote it still answers %d", what, got)
		}
		for _, n := range c.nodes[1:] {
			c.until(n, path, s, after)
		}
		best = min(best, clock.System().Sub(acknowledged))
		undo(c.nodes[0])
	}
	c.t.Logf("%s: acts on every node %s after it was acknowledged", what, best.Round(time.Millisecond))
	if best > promised {
		c.t.Errorf("%s took %s to act on every node", what, best)
	}
}

func (c *cluster) until(n process, path string, s secret.String, want int) {
	c.t.Helper()
	end := clock.System().Add(patience)
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		got := n.ask(http.MethodGet, path, s, nil)
		if got == want {
			return
		}
		if clock.System().After(end) {
			c.t.Fatalf("%s%s answers %d, not %d", n.base, path, got, want)
		}
		<-tick.C
	}
}

func TestWhatOneNodeWritesActsOnEveryNodeWithinASecond(t *testing.T) {
	c := startCluster(t)
	at := "/a/" + string(c.acme)
	session := c.w.SignIn(c.person.Email).Token
	same := func() secret.String { return session }

	c.acts("a hold", at+"/departments/new", same, http.StatusOK, http.StatusForbidden,
		func(first process) { first.post(at+"/active", c.root) },
		func(first process) { first.post(at+"/active", c.root, "active", "on") })

	version := 0
	edit := func(perms ...string) func(process) {
		return func(first process) {
			version++
			fields := []string{"version", strconv.Itoa(version), "name", "Readers"}
			for _, p := range perms {
				fields = append(fields, "perm", p)
			}
			first.post(at+"/roles/"+string(c.group), c.root, fields...)
		}
	}
	c.acts("the edit of a role group", at+"/users", same, http.StatusOK, http.StatusForbidden, edit("clients.view"), edit("clients.view", "users.view"))

	bulk := func(do string) func(process) {
		return func(first process) { first.post(at+"/users/bulk", c.root, "do", do, "id", string(c.person.Member)) }
	}
	c.acts("a deactivation", at+"/home", func() secret.String { return c.w.SignIn(c.person.Email).Token }, http.StatusOK, http.StatusNotFound, bulk("deactivate"), bulk("reactivate"))

	var stays secret.String
	c.acts("the end of a session", at+"/home", func() secret.String {
		stays = c.w.SignIn(c.person.Email).Token
		return c.w.SignIn(c.person.Email).Token
	}, http.StatusOK, http.StatusSeeOther, func(first process) { first.post("/me/sessions/end-others", stays) }, func(process) {})
}

func TestEachJobRunsOnOneNode(t *testing.T) {
	c := startCluster(t)
	var addresses []string
	for i := range 25 {
		addresses = append(addresses, fmt.Sprintf("invited-%d@acme.example", i))
	}
	c.nodes[0].post("/a/"+string(c.acme)+"/users/invite", c.root, "addresses", strings.Join(addresses, "\n"), "subs", "all", "role", "guest")
	end := clock.System().Add(patience)
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for c.w.Count("jobs WHERE state IN ('ready', 'running')") > 0 {
		if clock.System().After(end) {
			t.Fatalf("%d jobs do not end", c.w.Count("jobs WHERE state <> 'done'"))
		}
		<-tick.C
	}
	for _, a := range addresses {
		if n := c.w.Count("captured_mail WHERE rcpt LIKE ?", "%<"+a+">"); n != 1 {
			t.Errorf("%s got %d mails", a, n)
		}
	}
	if n := c.w.Count("jobs WHERE kind = 'mail.send' AND attempt > 1"); n > 0 {
		t.Errorf("%d mails were tried more than once", n)
	}
}
