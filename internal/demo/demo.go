// Package demo fills an empty installation with a platform that looks like a real one: resellers, clients,
// departments, sub-accounts, locations, people, role groups, holds and memberships that end.
//
// What is made goes through the services, by the people who would have done it and at the time they would have: the
// clock is put back while they work. So the lists, the log and the mail are what years of use would have left.
package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/app"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
)

// Options say how to load. App must have been built with Clock and must capture its mail.
type Options struct {
	App      *app.App
	Clock    *clock.Fake // is put back and forth; at the end it stands at Now
	Now      time.Time
	Hasher   *secret.Hasher
	Password secret.String         // of those who can sign in
	Progress func(done, total int) // called often
}

// Login is somebody who can sign in.
type Login struct{ Who, Email string }

// Loaded is what was made.
type Loaded struct {
	Platform ids.Account
	Acme     ids.Account
	Clients  int
	People   int
	Logins   []Login
}

// Load fills the installation, which must not be set up yet.
func Load(ctx context.Context, o Options) (Loaded, error) {
	done, err := o.App.Brands.Named(ctx)
	if err != nil {
		return Loaded{}, fmt.Errorf("look for a platform: %w", err)
	}
	if done {
		return Loaded{}, errs.New(errs.Conflict, "demo.not_empty", "Choose another data directory or database. This one holds a platform already.")
	}
	rng := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // the same for everybody on purpose
	l := &loader{Options: o, rng: rng, plan: plan(rng), used: map[string]bool{}, groups: map[string]ids.Role{}, resellers: map[string]reseller{}}
	for _, c := range l.plan {
		l.total += 1 + c.departments + c.subs + c.locations + c.users
	}
	for _, step := range []func(context.Context) error{l.install, l.makePackages, l.makeGroups, l.makeResellers, l.makeClients, l.makePool, l.sendMail, l.secondFactors, l.live, l.finish} {
		if err := step(ctx); err != nil {
			return Loaded{}, err
		}
	}
	return l.out, nil
}

// loader is a loading under way.
type loader struct {
	Options
	rng          *rand.Rand
	plan         []client
	used         map[string]bool // addresses
	groups       map[string]ids.Role
	resellers    map[string]reseller
	packages     []sold
	senders      []*sender
	owner        authz.Actor   // of the platform
	hash         string        // of Password
	nobody       string        // of a password that nobody knows: who has it has set one, and resets it to get in
	unknown      secret.String // that password
	daniel, elif ids.User      // who invite at Acme
	made, total  int
	out          Loaded
}

// at puts the clock some days back, into the working hours of that day.
func (l *loader) at(daysAgo int) {
	day := l.Now.AddDate(0, 0, -daysAgo)
	t := time.Date(day.Year(), day.Month(), day.Day(), 8, 0, 0, 0, time.UTC).Add(time.Duration(l.rng.IntN(9*3600)) * time.Second)
	if t.After(l.Now) {
		t = l.Now.Add(-time.Duration(l.rng.IntN(3600)) * time.Second)
	}
	l.Clock.Set(t)
}

func (l *loader) progress(n int) {
	l.made += n
	if l.Progress != nil {
		l.Progress(min(l.made, l.total), l.total)
	}
}

// day is a date some days ahead, as it is typed.
func (l *loader) day(ahead int) string { return l.Now.AddDate(0, 0, ahead).Format(time.DateOnly) }

// office is where the people of the demo sit.
var office = authn.Client{IP: "203.0.113.24", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"}

// install makes the platform and its Owner.
func (l *loader) install(ctx context.Context) (err error) {
	if l.hash, err = l.Hasher.Hash(ctx, l.Password); err != nil {
		return err
	}
	l.unknown, _ = secret.NewToken()
	if l.nobody, err = l.Hasher.Hash(ctx, l.unknown); err != nil {
		return err
	}
	l.at(1780)
	token, err := l.App.Authn.PrepareSetup(ctx)
	if err != nil {
		return err
	}
	const email = "priya.nair@halyard.example.com"
	in, err := l.App.Authn.Setup(ctx, authn.SetupInput{Token: token, Platform: platformName, Name: "Priya Nair", Email: email, Password: l.Password, From: office})
	if err != nil {
		return err
	}
	if l.owner, err = l.resolve(ctx, in); err != nil {
		return err
	}
	l.out.Platform, l.out.People = l.owner.Account(), 1
	l.logins("Owner of the platform", email)
	return nil
}

func (l *loader) logins(who, email string) { l.out.Logins = append(l.out.Logins, Login{who, email}) }

// resolve returns who signed in, and lets the session end.
func (l *loader) resolve(ctx context.Context, in authn.SignedIn) (authz.Actor, error) {
	from := office
	from.Session = in.Token
	who, err := l.App.Authn.Resolve(ctx, from)
	return who.Actor, err
}

// as signs a person in at the present instant.
func (l *loader) as(ctx context.Context, who ids.User) (authz.Actor, error) {
	in, err := l.App.Authn.SignInAs(ctx, who, office)
	if err != nil {
		return authz.Actor{}, err
	}
	return l.resolve(ctx, in)
}

// enrol puts people into an account, few enough at a time that nobody else waits for the writer.
func (l *loader) enrol(ctx context.Context, by authz.Actor, on ids.Account, people []user.Newcomer) (out []user.Enrolled, err error) {
	const atOnce = 50
	for len(people) > 0 {
		part := people[:min(atOnce, len(people))]
		people = people[len(part):]
		for _, p := range part {
			if p.Person.ID == "" {
				l.out.People++
			}
		}
		var got []user.Enrolled
		err := l.App.Ops.Write(ctx, by, authz.UsersInvite, on, func(ctx context.Context, w *op.W) error {
			var err error
			got, err = user.Enrol(ctx, w, part)
			return err
		})
		if err != nil {
			return out, fmt.Errorf("people of %s: %w", on, err)
		}
		out = append(out, got...)
		l.progress(len(got))
	}
	return out, nil
}

// live lets the last weeks pass: reminders go out, memberships end, and their mail is captured.
func (l *loader) live(ctx context.Context) error {
	for ago := 35; ago >= 0; ago -= 5 {
		l.at(ago)
		if err := account.CheckEnds(ctx, l.App.Accounts, l.App.DB); err != nil {
			return fmt.Errorf("end memberships: %w", err)
		}
		if err := l.App.Jobs.Drain(ctx); err != nil {
			return fmt.Errorf("send what is due: %w", err)
		}
	}
	return nil
}

// finish puts the clock right and seals the log.
func (l *loader) finish(ctx context.Context) error {
	l.Clock.Set(l.Now)
	if err := l.App.Jobs.Drain(ctx); err != nil {
		return fmt.Errorf("send what is due: %w", err)
	}
	if _, err := l.App.Log.SealOnce(ctx); err != nil {
		return err
	}
	l.out.Clients = len(l.plan)
	l.made = l.total
	l.progress(0)
	return nil
}
