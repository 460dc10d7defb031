package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"bailiwick/internal/app"
	"bailiwick/internal/clock"
	"bailiwick/internal/demo"
	"bailiwick/internal/obs"
	"bailiwick/internal/secret"
)

type demoCmd struct {
	Password string `help:"Password of those who can sign in. Without it one is made up and printed." placeholder:"TEXT"`
}

// Run fills an empty installation. Its people's addresses are made up, so their mail is captured whatever is configured.
func (c demoCmd) Run(r *run) error {
	password := secret.NewCode(demoPasswordLen)
	if c.Password != "" {
		password = secret.Wrap(c.Password)
	}
	cfg := r.cfg
	cfg.SMTP.Host = ""
	log, err := obs.NewLogger(r.Err, cfg.Log.Level, obs.Format(cfg.Log.Format))
	if err != nil {
		return err
	}
	past := clock.NewFake(r.Clock())
	a, err := app.New(r.ctx, app.Deps{Config: cfg, Log: log, Clock: past.Now})
	if err != nil {
		return err
	}
	show := progress(r.Out, "Loading")
	out, err := demo.Load(r.ctx, demo.Options{
		App: a, Clock: past, Now: r.Clock(), Hasher: secret.NewHasher(secret.Params{}), Password: password, Progress: show,
	})
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	fmt.Fprintf(r.Out, "Loaded %d clients and %d people. Start bailiwick serve with the same settings and sign in at %s as:\n", out.Clients, out.People, cfg.BaseURL)
	for _, l := range out.Logins {
		fmt.Fprintf(r.Out, "  %-42s %s\n", l.Email, l.Who)
	}
	fmt.Fprintf(r.Out, "Password of all of them: %s\n", password.Reveal())
	return nil
}

const (
	demoPasswordLen = 20
	barWidth        = 40
)

// progress draws a bar on a terminal, and a line for every tenth part elsewhere.
func progress(out io.Writer, doing string) func(done, total int) {
	terminal := isTerminal(out)
	last := -1
	return func(done, total int) {
		percent := done * 100 / max(1, total)
		switch {
		case percent == last:
		case terminal:
			full := percent * barWidth / 100
			fmt.Fprintf(out, "\r[%s%s] %3d %%", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), percent)
			if percent == 100 {
				fmt.Fprintln(out)
			}
		case percent/10 > last/10 || last < 0:
			fmt.Fprintf(out, "%s: %d %%\n", doing, percent)
		}
		last = percent
	}
}

// isTerminal reports whether a person reads along.
func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
