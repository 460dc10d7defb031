// Package cli is the command line of the server: it starts the program and does what only its operator may do.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"bailiwick/internal/app"
	"bailiwick/internal/cli/remote"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/errs"
	"bailiwick/internal/obs"
)

// Process is what a command sees of the world.
type Process struct {
	Args  []string
	Env   func(string) (string, bool)
	In    io.Reader // nil: nothing
	Out   io.Writer
	Err   io.Writer
	Clock clock.Clock

	Hangup  <-chan os.Signal // SIGHUP: read the certificate and the master keys again
	Serving func()           // called when the portal is about to answer, nil: nobody wants to know
}

// commands is the whole command line.
type commands struct {
	Config string `help:"Configuration file (TOML). Also BAILIWICK_CONFIG." placeholder:"FILE"`
	settings

	Serve   serveCmd   `cmd:"" default:"1" help:"Run the portal and its background jobs."`
	Migrate migrateCmd `cmd:"" help:"Bring the database schema up to date and stop."`
	Backup  backupCmd  `cmd:"" help:"Write everything into one archive while the program runs."`
	Restore restoreCmd `cmd:"" help:"Read an archive into an empty database of either kind."`
	Doctor  doctorCmd  `cmd:"" help:"Check the installation and say what to mend."`
	Audit   auditCmd   `cmd:"" help:"Audit logs: list and export over the API, verify here."`
	Demo    demoCmd    `cmd:"" help:"Fill an empty installation with a made-up platform to look around in."`
	Admin   adminCmd   `cmd:"" help:"What only the operator does, on the server itself."`
	Version versionCmd `cmd:"" help:"Print the version."`

	remote.Commands
	Completion completionCmd `cmd:"" help:"Print the completion script of a shell: bash, zsh or fish."`
}

// settings are the flags of config.Keys; a test compares the two lists.
type settings struct {
	Listen         *string `name:"listen" help:"Address and port to listen on." placeholder:"HOST:PORT"`
	Data           *string `name:"data" help:"Directory of the database file and the master key." placeholder:"DIR"`
	Database       *string `name:"database" help:"PostgreSQL address instead of the SQLite file." placeholder:"postgres://..."`
	DatabaseListen *string `name:"database-listen" help:"PostgreSQL server itself, when a pooler stands before it." placeholder:"postgres://..."`
	BaseURL        *string `name:"base-url" help:"Address people open in the browser." placeholder:"URL"`
	TrustedProxies *string `name:"trusted-proxies" help:"Proxies whose X-Forwarded-For is believed." placeholder:"CIDR,..."`
	TLSCert        *string `name:"tls-cert" help:"Certificate chain (PEM): the portal speaks HTTPS itself." placeholder:"FILE"`
	TLSKey         *string `name:"tls-key" help:"Key of the certificate (PEM)." placeholder:"FILE"`
	TLSACME        *string `name:"tls-acme" help:"true: get the certificate from an ACME server." placeholder:"false"`
	TLSEmail       *string `name:"tls-acme-email" help:"Your address for the ACME server; accepts its terms." placeholder:"ADDRESS"`
	TLSDirectory   *string `name:"tls-acme-directory" help:"Directory address of the ACME server." placeholder:"URL"`
	TLSRoots       *string `name:"tls-acme-roots" help:"Roots (PEM) that vouch for an ACME server of your own." placeholder:"FILE"`
	TLSRedirect    *string `name:"tls-redirect" help:"Address and port of the listener that sends http:// on to https://." placeholder:"HOST:PORT"`
	StopDelay      *string `name:"stop-delay" help:"How long to go on serving after being told to stop." placeholder:"0s"`
	MetricsListen  *string `name:"metrics-listen" help:"Address and port of the listener for metrics." placeholder:"HOST:PORT"`
	Mail           *string `name:"mail" help:"auto, or off: no mail is made." placeholder:"MODE"`
	SMTPHost       *string `name:"smtp-host" help:"Mail server; without one mail is captured." placeholder:"HOST"`
	SMTPPort       *string `name:"smtp-port" help:"Port of the mail server." placeholder:"PORT"`
	SMTPUsername   *string `name:"smtp-username" help:"User name at the mail server." placeholder:"NAME"`
	SMTPTLS        *string `name:"smtp-tls" help:"starttls, tls or none." placeholder:"MODE"`
	SMTPFrom       *string `name:"smtp-from" help:"Sender's address of the mails." placeholder:"ADDRESS"`
	SMTPFromName   *string `name:"smtp-from-name" help:"Sender's name of the mails." placeholder:"NAME"`
	SMTPTimeout    *string `name:"smtp-timeout" help:"Longest time to hand one mail over." placeholder:"30s"`
	LogLevel       *string `name:"log-level" help:"debug, info, warn or error." placeholder:"LEVEL"`
	LogFormat      *string `name:"log-format" help:"text or json." placeholder:"FORMAT"`
	APIPerMinute   *string `name:"api-requests-per-minute" help:"Requests to the API that one key may make in a minute." placeholder:"NUMBER"`
}

// given returns the settings that stood on the command line, by key.
func (s settings) given() map[string]string {
	out := map[string]string{}
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		p, ok := v.Field(i).Interface().(*string)
		if !ok || p == nil {
			continue
		}
		flag := v.Type().Field(i).Tag.Get("name")
		for _, k := range config.Keys() {
			if config.FlagName(k.Name) == flag {
				out[k.Name] = *p
			}
		}
	}
	return out
}

// run is what every command works with.
type run struct {
	Process
	ctx context.Context //nolint:containedctx // kong calls commands without one; it lives as long as the command
	cfg config.Config
}

// parser reads the command line into c.
func parser(c *commands, more ...kong.Option) (*kong.Kong, error) {
	return kong.New(c, append([]kong.Option{kong.Name("bailiwick"), kong.Description("Accounts, people and access of a sending platform."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, NoExpandSubcommands: true}), kong.Help(help),
		kong.ExplicitGroups([]kong.Group{{Key: "remote", Title: "On an installation, by its API and your key"}})}, more...)...)
}

// help leaves the settings of the server out of the help of what works on an installation.
func help(o kong.HelpOptions, ctx *kong.Context) error {
	if isRemote(ctx.Selected()) {
		for _, f := range ctx.Model.Flags {
			f.Hidden = f.Hidden || f.Name != "help"
		}
	}
	return kong.DefaultHelpPrinter(o, ctx)
}

// Main runs one command and returns the exit code.
func Main(ctx context.Context, p Process) int {
	var c commands
	exited := false
	k, err := parser(&c, kong.Writers(p.Out, p.Err), kong.Exit(func(int) { exited = true }), kong.UsageOnError())
	if err != nil {
		return p.fail(err)
	}
	kctx, err := k.Parse(p.Args)
	if exited {
		return remote.ExitOK // --help
	}
	if err != nil {
		fmt.Fprintln(p.Err, "bailiwick:", err)
		fmt.Fprintln(p.Err, "Run bailiwick --help to see the commands.")
		return remote.ExitUsage
	}
	if p.In == nil {
		p.In = strings.NewReader("")
	}
	kctx.Bind(k.Model, &remote.Process{Ctx: ctx, Env: p.Env, In: p.In, Out: p.Out, Err: p.Err})
	// Only the commands of the server itself read its settings.
	if err := kctx.BindToProvider(func() (*run, error) {
		cfg, err := config.Load(config.Source{File: c.Config, Env: p.Env, Flags: c.given()})
		if err != nil {
			return nil, &remote.Usage{Problem: err.Error()}
		}
		return &run{Process: p, ctx: ctx, cfg: cfg}, nil
	}); err != nil {
		return p.fail(err)
	}
	return p.exit(kctx.Run())
}

// exit tells how a command ended and returns its code.
func (p Process) exit(err error) int {
	switch {
	case err == nil:
		return remote.ExitOK
	}
	if code := remote.ExitOf(err); code != remote.ExitFailed {
		remote.Tell(p.Err, err)
		return code
	}
	return p.fail(err)
}

// fail says what went wrong in words for the operator. On the server's own command line the cause may be shown.
func (p Process) fail(err error) int {
	var e *errs.Error
	if errors.As(err, &e) {
		fmt.Fprintln(p.Err, "bailiwick:", e.Text())
		for _, f := range slices.Sorted(maps.Keys(e.Fields)) {
			if told := e.Fields[f].Text(); told != e.Text() {
				fmt.Fprintf(p.Err, "  %s: %s\n", f, told)
			}
		}
		if e.Err != nil {
			fmt.Fprintln(p.Err, "  cause:", e.Err)
		}
		return remote.ExitFailed
	}
	fmt.Fprintln(p.Err, "bailiwick:", err)
	return remote.ExitFailed
}

// open builds the program for a command that works and stops.
func (r *run) open() (*app.App, error) {
	log, err := obs.NewLogger(r.Err, r.cfg.Log.Level, obs.Format(r.cfg.Log.Format))
	if err != nil {
		return nil, err
	}
	return app.New(r.ctx, app.Deps{Config: r.cfg, Log: log, Clock: r.Clock})
}
