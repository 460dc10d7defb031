package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"bailiwick/internal/apikey"
	"bailiwick/internal/app"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/cli"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// TestMain lets scripts run the real command as "exec bailiwick".
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bailiwick": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		hangup := make(chan os.Signal, 1)
		signal.Notify(hangup, syscall.SIGHUP)
		code := cli.Main(ctx, cli.Process{Args: os.Args[1:], Env: os.LookupEnv, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Clock: clock.System, Hangup: hangup})
		stop()
		os.Exit(code)
	}})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "freeport": freePort, "occupy": occupy, "get": get, "platform": platform, "damage": damage, "apikey": apiKey, "read": read, "pick": pick, "hangup": hangUp, "await": await,
		},
		RequireUniqueNames: true,
	})
}

// code: the program ends with that exit code. Usage: code 2 bailiwick serve --nonsense.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code NUMBER program arguments...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got, err := 0, ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	default:
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s ended with code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// freePort puts a free port of the loopback address into a variable.
func freePort(ts *testscript.TestScript, _ bool, args []string) {
	ln := listen(ts, "127.0.0.1:0")
	_, port, err := net.SplitHostPort(ln.Addr().String())
	ts.Check(err)
	ts.Check(ln.Close())
	ts.Setenv(args[0], port)
}

// occupy listens on a port until the script ends.
func occupy(ts *testscript.TestScript, _ bool, args []string) {
	ln := listen(ts, "127.0.0.1:"+args[0])
	ts.Defer(func() { _ = ln.Close() }) // the script is over
}

func listen(ts *testscript.TestScript, addr string) net.Listener {
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", addr)
	ts.Check(err)
	return ln
}

// get prints the status and the body of a page; it waits for the program to listen.
func get(ts *testscript.TestScript, neg bool, args []string) {
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, args[0], nil)
		ts.Check(err)
		res, err := client.Do(req)
		if err == nil {
			body, err := io.ReadAll(res.Body)
			ts.Check(errors.Join(err, res.Body.Close()))
			_, err = io.WriteString(ts.Stdout(), res.Status+"\n"+string(body)+"\n")
			ts.Check(err)
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("no answer from %s: %v", args[0], err)
		}
	}
}

// platform sets an installation up as somebody would with the set-up link. Usage: platform DIRECTORY OWNER.
func platform(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	a, err := app.New(ctx, app.Deps{
		Config: config.Config{Data: ts.MkAbs(args[0]), BaseURL: &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}},
		Log:    slog.New(slog.DiscardHandler), Clock: clock.System, Hash: secret.CheapParams,
	})
	ts.Check(err)
	token, err := a.Authn.PrepareSetup(ctx)
	ts.Check(err)
	_, err = a.Authn.Setup(ctx, authn.SetupInput{Token: token, Platform: "Halyard Messaging", Name: "Olivia Owner", Email: args[1], Password: secret.Wrap("correct horse battery staple")})
	ts.Check(err)
	ts.Check(a.Close())
}

// damage copies a file with one byte in its middle changed.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	body, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	body[len(body)/2] ^= 0x10
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), body, 0o600))
}

// apiKey makes an API key of a person with everything that they may put into it, or with the permissions named, or * for
// all that they may, as they would in the portal. Usage: apikey DIRECTORY ADDRESS FILE [PERMISSION...].
func apiKey(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	a, err := app.New(ctx, app.Deps{
		Config: config.Config{Data: ts.MkAbs(args[0]), BaseURL: &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}},
		Log:    slog.New(slog.DiscardHandler), Clock: clock.System, Hash: secret.CheapParams,
	})
	ts.Check(err)
	row, err := db.One(ctx, a.DB, func(r db.Row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		"SELECT m.user_id, m.account_id FROM memberships m JOIN identities i ON i.id = m.user_id WHERE i.email = ?", args[1])
	ts.Check(err)
	at := ids.Account(row[1])
	by := authz.Mint(authz.Identity{Kind: authz.Person, User: ids.User(row[0]), Account: at, Credential: "session"})
	offer, err := a.Keys.Offer(ctx, by, at)
	ts.Check(err)
	scopes := authz.SetOf(offer.Scopes.List()...)
	if len(args) > 3 {
		scopes = authz.Set{}
		if args[3] == apikey.Whole {
			scopes = authz.Everything()
		}
		for _, p := range args[3:] {
			scopes = scopes.Union(authz.SetOf(authz.Perm(p)))
		}
	}
	k, err := a.Keys.Create(ctx, by, at, apikey.Input{Name: "Key of " + args[1], Scopes: scopes})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(k.Secret.Reveal()+"\n"), 0o600))
	ts.Check(a.Close())
}

// pick puts the id of what has a value into a variable, from the latest output, which is JSON. Usage: pick NAME VALUE.
func pick(ts *testscript.TestScript, _ bool, args []string) {
	var all any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &all))
	id := idOf(all, args[1])
	if id == "" {
		ts.Fatalf("nothing in the output has the value %s", args[1])
	}
	ts.Setenv(args[0], id)
}

// idOf finds the first object with a value.
func idOf(in any, value string) string {
	var within []any
	switch x := in.(type) {
	case []any:
		within = x
	case map[string]any:
		for _, v := range x {
			if id, ok := x["id"].(string); ok && v == value {
				return id
			}
			within = append(within, v)
		}
	}
	for _, v := range within {
		if id := idOf(v, value); id != "" {
			return id
		}
	}
	return ""
}

// read puts the latest output into a variable. Usage: read NAME.
func read(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// hangUp sends SIGHUP to what runs in the background.
func hangUp(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGHUP))
	}
}

// await runs a program again and again until it prints a text. Usage: await TEXT program arguments...
func await(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("%s never printed %s", strings.Join(args[1:], " "), args[0])
		}
	}
}
