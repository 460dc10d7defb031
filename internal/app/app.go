// Package app builds the whole program from its configuration, in the order of dependency, and runs it. It is the
// only place that knows every constructor.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/db"
	"bailiwick/internal/i18n"
	"bailiwick/internal/jobs"
	"bailiwick/internal/mail"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
	"bailiwick/internal/web"
)

// Deps is what the program is given by its process.
type Deps struct {
	Config config.Config
	Log    *slog.Logger
	Clock  clock.Clock
	Hash   secret.Params // cost of password hashes; the zero value takes the product's own
	Texts  []i18n.Option
}

// App is the program, built and not yet running.
type App struct {
	cfg   config.Config
	log   *slog.Logger
	clock clock.Clock

	DB    *db.DB
	Jobs  *jobs.Runner
	Ops   *op.Runner
	Authn *authn.Service
	Web   *web.Server

	brands  *brand.Service
	mailbox *mail.Capture
}

// New opens and migrates the database and builds every service.
func New(ctx context.Context, d Deps) (*App, error) {
	a := &App{cfg: d.Config, log: d.Log, clock: d.Clock}
	if err := os.MkdirAll(a.cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	var err error
	if a.DB, err = db.Open(ctx, a.cfg.DSN(), a.clock); err != nil {
		return nil, err
	}
	if err := a.build(ctx, d); err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}
	return a, nil
}

func (a *App) build(ctx context.Context, d Deps) error {
	if _, err := a.DB.Migrate(ctx); err != nil {
		return err
	}
	keys, err := secret.OpenKeyFile(a.cfg.KeyFile())
	if err != nil {
		return fmt.Errorf("open the master key: %w", err)
	}
	box, err := secret.NewBox(keys...)
	if err != nil {
		return fmt.Errorf("use the master key: %w", err)
	}
	texts, err := i18n.Load(d.Texts...)
	if err != nil {
		return fmt.Errorf("load the texts: %w", err)
	}
	a.Ops = op.NewRunner(a.DB, &authz.Checker{})
	a.mailbox = mail.NewCapture(a.DB, box)
	a.brands = brand.NewService(a.DB)
	mailer := notify.NewMailer(box)
	a.Authn = authn.New(authn.Deps{DB: a.DB, Op: a.Ops, Hasher: secret.NewHasher(d.Hash), Box: box, Mail: mailer})

	workers := jobs.NewWorkers()
	a.Authn.Register(workers)
	if err := workers.Check(); err != nil {
		return err
	}
	a.Jobs = jobs.NewRunner(a.DB, a.log, workers)

	a.Web = web.New(web.Deps{
		Log: a.log, Clock: a.clock, Texts: texts, BaseURL: a.cfg.BaseURL, TrustedProxies: a.cfg.TrustedProxies,
		CapturesMail: a.cfg.CapturesMail(), Ready: a.DB.Ping, Ops: a.Ops, Brand: a.brands, Authn: a.Authn,
	})
	return nil
}

// Close closes the database.
func (a *App) Close() error { return a.DB.Close() }

// SetupLink returns the one-time address of the set-up page while there is no platform, else "".
func (a *App) SetupLink(ctx context.Context) (string, error) {
	token, err := a.Authn.PrepareSetup(ctx)
	if err != nil || token.Empty() {
		return "", err
	}
	u := *a.cfg.BaseURL
	u.Path, u.RawQuery = "/setup", "token="+token.Reveal()
	return u.String(), nil
}

// ResetOwner returns a one-time address at which an Owner of the platform sets a new password.
func (a *App) ResetOwner(ctx context.Context, email string) (string, error) {
	console := authz.Mint(authz.Identity{Kind: authz.Console, ID: "console", Name: "Command line on the server", Credential: "console"})
	token, err := a.Authn.ResetOwner(ctx, console, email)
	if err != nil {
		return "", err
	}
	u := *a.cfg.BaseURL
	u.Path = "/reset/" + token.Reveal()
	return u.String(), nil
}
