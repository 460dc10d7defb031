// Package app builds the whole program from its configuration, in the order of dependency, and runs it. It is the
// only place that knows every constructor.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"bailiwick/internal/access"
	"bailiwick/internal/account"
	"bailiwick/internal/api"
	"bailiwick/internal/apikey"
	"bailiwick/internal/audit"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/contact"
	"bailiwick/internal/db"
	"bailiwick/internal/exchange"
	"bailiwick/internal/file"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/jobs"
	"bailiwick/internal/mail"
	"bailiwick/internal/masterkey"
	"bailiwick/internal/module"
	"bailiwick/internal/notice"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/outline"
	"bailiwick/internal/page"
	"bailiwick/internal/plan"
	"bailiwick/internal/policy"
	"bailiwick/internal/provision"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/submit"
	"bailiwick/internal/task"
	"bailiwick/internal/trail"
	"bailiwick/internal/tuning"
	"bailiwick/internal/usage"
	"bailiwick/internal/user"
	"bailiwick/internal/view"
	"bailiwick/internal/web"
)

// Deps is what the program is given by its process.
type Deps struct {
	Config config.Config
	Log    *slog.Logger
	Clock  clock.Clock
	Hash   secret.Params // cost of password hashes; the zero value takes the product's own
	Texts  []i18n.Option

	LookupTXT brand.LookupTXT // asks the DNS; nil: the system's resolver
}

// App is the program, built and not yet running.
type App struct {
	cfg    config.Config
	log    *slog.Logger
	clock  clock.Clock
	mailer *notify.Mailer
	sender *notify.Sender
	check  *authz.Checker

	stopping atomic.Bool // no more requests are wanted

	DB        *db.DB
	News      *change.Feed
	Jobs      *jobs.Runner
	Ops       *op.Runner
	Log       *audit.Sealer
	Known     *setting.Known
	Tuning    *tuning.Service
	Outline   *outline.Service
	Policy    *policy.Service
	Submit    *submit.Service
	Brands    *brand.Service
	Mailbox   *mail.Capture
	Accounts  *account.Service
	Views     *view.Service
	Notices   *notice.Service
	Files     *file.Store
	Tasks     *task.Service
	Trail     *trail.Service
	Modules   *module.Service
	Roles     *role.Service
	Plans     *plan.Service
	Users     *user.Service
	Subs      *subaccount.Service
	Invites   *invite.Service
	Contacts  *contact.Service
	Provision *provision.Service
	Exchange  *exchange.Service
	Authn     *authn.Service
	Keys      *apikey.Service
	Access    *access.Service
	Quota     *quota.Engine
	Quotas    *quota.Service
	Usage     *usage.Service
	Watcher   *usage.Watcher
	API       *api.API
	Web       *web.Server

	MasterKeys *masterkey.Keeper
}

// New opens and migrates the database and builds every service.
func New(ctx context.Context, d Deps) (*App, error) {
	a := &App{cfg: d.Config, log: d.Log, clock: d.Clock}
	if err := os.MkdirAll(a.cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	texts := sync.OnceValues(func() (*i18n.Catalogue, error) { return i18n.Load(d.Texts...) })
	go func() { _, _ = texts() }() //nolint:errcheck // while the database opens; build asks again and sees an error
	var err error
	if a.DB, err = db.Open(ctx, a.cfg.DSN(), a.clock); err != nil {
		return nil, err
	}
	if err := a.build(ctx, d, texts); err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}
	return a, nil
}

func (a *App) build(ctx context.Context, d Deps, load func() (*i18n.Catalogue, error)) error {
	if _, err := a.DB.Migrate(ctx); err != nil {
		return err
	}
	box, err := secret.OpenBox(a.cfg.KeyFile(), a.log)
	if err != nil {
		return fmt.Errorf("open the master key: %w", err)
	}
	texts, err := load()
	if err != nil {
		return fmt.Errorf("load the texts: %w", err)
	}
	if err := a.services(d, box, texts); err != nil {
		return err
	}
	workers, err := a.workers(texts)
	if err != nil {
		return err
	}
	a.Jobs = jobs.NewRunner(a.DB, a.log, workers)
	if err := a.buildAPI(page.NewSealer(box)); err != nil {
		return err
	}
	a.Web = web.New(web.Deps{
		Log: a.log, Clock: a.clock, Texts: texts, BaseURL: a.cfg.BaseURL, TrustedProxies: a.cfg.TrustedProxies,
		CapturesMail: a.cfg.CapturesMail(), MailOff: a.cfg.MailOff, Ready: a.Ready, Ops: a.Ops, Cursors: page.NewSealer(box), Brand: a.Brands, Mailbox: notify.NewMailbox(a.Ops, a.Mailbox, a.cfg.CapturesMail()),
		Accounts: a.Accounts, Views: a.Views, Notices: a.Notices, Tasks: a.Tasks, Trail: a.Trail, Modules: a.Modules, Tuning: a.Tuning, Known: a.Known, Submit: a.Submit, Policy: a.Policy, Outline: a.Outline, Subs: a.Subs, Roles: a.Roles, Plans: a.Plans, Quotas: a.Quotas, Usage: a.Usage, Users: a.Users, Invites: a.Invites, Provision: a.Provision, Exchange: a.Exchange, Contacts: a.Contacts, Authn: a.Authn, Keys: a.Keys,
		Mounts: mounts(a.API.Routes()), Contract: a.API.Contract,
	})
	return nil
}

func (a *App) services(d Deps, box *secret.Box, texts *i18n.Catalogue) (err error) {
	hasher, lookup := secret.NewHasher(d.Hash), d.LookupTXT
	if lookup == nil {
		lookup = net.DefaultResolver.LookupTXT
	}
	a.News = change.New(a.DB, a.clock, a.log)
	if a.Known, err = setting.NewKnown(a.DB, a.News, Settings()); err != nil {
		return err
	}
	check := authz.NewChecker(a.DB, a.News, policy.Gate(a.Known, a.DB.Now))
	a.check = check
	a.Ops = op.NewRunner(a.DB, check)
	a.Log = audit.NewSealer(a.DB, a.log)
	a.Mailbox = mail.NewCapture(a.DB, box)
	a.mailer = notify.NewMailer(box)
	if a.cfg.MailOff {
		a.mailer = notify.NoMailer(box)
	}
	a.Accounts = account.NewService(account.Deps{Ops: a.Ops, Cursors: page.NewSealer(box), Clock: a.clock, Mail: a.mailer})
	a.Outline = outline.NewService(a.Ops, page.NewSealer(box), a.Accounts)
	a.Files = file.NewStore(a.Ops, a.DB, box)
	a.Brands = brand.NewService(brand.Deps{Ops: a.Ops, DB: a.DB, Known: a.Known, News: a.News, Files: a.Files, Sender: a.cfg.Sender(), Base: a.cfg.BaseURL, Lookup: lookup})
	a.Keys = apikey.NewService(a.DB, a.Ops, a.News, a.mailer)
	a.Tasks = task.NewService(a.Ops, a.DB, a.Files, page.NewSealer(box), a.Keys.OnBehalf)
	a.Views = view.NewService(a.Ops)
	a.Notices = notice.NewService(a.Ops, a.Known, a.DB.Now)
	a.Modules = module.NewService(a.Ops, a.DB)
	a.Trail = trail.NewService(a.Ops, page.NewSealer(box), a.clock, texts)
	a.Roles = role.NewService(a.Ops)
	a.Plans = plan.NewService(a.Ops, a.clock, account.TimeZone)
	a.Subs = subaccount.NewService(a.Ops)
	a.Users = user.NewService(a.Ops, check, a.mailer, personal())
	a.Invites = invite.NewService(invite.Deps{DB: a.DB, Op: a.Ops, Check: check, Mail: a.mailer, Hasher: hasher})
	doors := policy.NewDoors(a.DB, a.Ops, a.News)
	a.Access = access.NewService(a.Ops, check, doors)
	a.Contacts = contact.NewService(contact.Deps{DB: a.DB, Ops: a.Ops, Known: a.Known, Cursors: page.NewSealer(box), Mail: a.mailer, Box: box})
	a.Quota = quota.NewEngine(quota.EngineDeps{DB: a.DB, Log: a.log, Clock: a.clock, Known: a.Known, Zone: account.TimeZone, News: a.News})
	a.Quotas = quota.NewService(a.Ops, a.Quota, doors.Admit)
	a.Exchange = exchange.NewService(exchange.Deps{Ops: a.Ops, Files: a.Files, Accounts: a.Accounts, Users: a.Users, Subs: a.Subs, Invites: a.Invites, Contacts: a.Contacts, Quotas: a.Quotas, Plans: a.Plans})
	a.Usage = usage.NewService(a.Ops, a.Quota)
	a.Watcher = usage.NewWatcher(a.DB, a.Quota, a.mailer)
	a.Authn = authn.New(authn.Deps{DB: a.DB, Op: a.Ops, Check: check, Hasher: hasher, Box: box, Mail: a.mailer})
	a.MasterKeys = masterkey.NewKeeper(a.DB, a.log, box, a.cfg.KeyFile(), masterkey.Columns{Authenticators: a.Authn, Files: a.Files, Captured: a.Mailbox})
	a.Policy = policy.NewService(a.Ops, a.Known, a.DB.Now)
	a.Submit = submit.NewService(a.Ops, a.Known, a.clock, submit.NewReturns(box, a.cfg.BaseURL.Hostname()))
	if a.Tuning, err = tuning.NewService(a.Ops, settings(a.Brands)); err != nil {
		return err
	}
	a.Provision = provision.NewService(provision.Deps{Ops: a.Ops, Invites: a.Invites, Tuning: a.Tuning, Policy: a.Policy, Quotas: a.Quotas, Plans: a.Plans})
	return nil
}

// workers lists all background work.
func (a *App) workers(texts *i18n.Catalogue) (*jobs.Workers, error) {
	via, err := a.transport()
	if err != nil {
		return nil, err
	}
	w := jobs.NewWorkers()
	a.sender = notify.NewSender(notify.SenderDeps{
		Mailer: a.mailer, Brand: a.Brands, Texts: texts, Via: via, Clock: a.clock,
		FromName: a.cfg.SMTP.FromName, Reader: a.reader,
	})
	a.sender.Register(w)
	w.Periodic("change.sweep", time.Hour, a.News.Sweep)
	masterkey.RegisterJobs(w, a.MasterKeys)
	a.Authn.Register(w)
	policy.RegisterJobs(w, a.Policy)
	a.Files.Register(w)
	brand.RegisterJobs(w, a.Brands)
	a.Tasks.Register(w, slices.Concat(a.Exchange.Kinds(), a.Trail.Kinds(), account.TaskKinds(a.Accounts))...)
	op.RegisterJobs(w, a.Ops)
	account.RegisterJobs(w, a.Accounts, a.DB)
	notice.RegisterJobs(w, a.Notices)
	trail.RegisterJobs(w, a.Trail, a.DB)
	contact.RegisterJobs(w, a.Contacts)
	plan.RegisterJobs(w, a.Plans, a.DB)
	quota.RegisterJobs(w, a.Quotas, a.DB)
	apikey.RegisterJobs(w, a.Keys)
	usage.RegisterJobs(w, a.DB, a.Watcher)
	w.Periodic("quota.forget", time.Hour, a.Quota.ForgetReserves)
	return w, w.Check()
}

// transport is the mail server that is configured, else the capture mailbox; while mail is off nothing is handed over.
func (a *App) transport() (notify.Transport, error) {
	if a.cfg.SMTP.Host == "" {
		return a.Mailbox, nil
	}
	c := a.cfg.SMTP
	return mail.NewSMTP(mail.Server{Host: c.Host, Port: c.Port, Username: c.Username, Password: c.Password, TLS: mail.TLSMode(c.TLS), Timeout: c.Timeout})
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

// Mover is the operator who moves accounts, of any number, at the command line of the server.
func (a *App) Mover(ctx context.Context) (authz.Actor, error) {
	root, err := account.Root(ctx, a.DB)
	if err != nil {
		return authz.Actor{}, err
	}
	return authn.ConsoleActor(root, authz.AccountView, authz.ResellersView, authz.ResellersMove, authz.ClientsView, authz.ClientsMove, authz.DepartmentsView, authz.DepartmentsMove), nil
}

// ResetOwner returns a one-time address at which an Owner of the platform sets a new password.
func (a *App) ResetOwner(ctx context.Context, email string) (string, error) {
	token, err := a.Authn.ResetOwner(ctx, authn.ConsoleActor(""), email)
	if err != nil {
		return "", err
	}
	u := *a.cfg.BaseURL
	u.Path = "/reset/" + token.Reveal()
	return u.String(), nil
}

// RotateKey adds a master key to the key file.
func (a *App) RotateKey(ctx context.Context) (secret.KeyID, error) {
	return a.MasterKeys.Rotate(ctx, authn.ConsoleActor(""))
}

// DropKey takes a master key out of the key file.
func (a *App) DropKey(ctx context.Context, id secret.KeyID) error {
	return a.MasterKeys.Drop(ctx, authn.ConsoleActor(""), id)
}

// ClearIPLock switches the lists of addresses of an account off.
func (a *App) ClearIPLock(ctx context.Context, account ids.Account) error {
	return a.Policy.ClearIPLock(ctx, authn.ConsoleOn(account, authz.SecurityEdit), account)
}
