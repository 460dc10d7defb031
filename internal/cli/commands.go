package cli

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"bailiwick/internal/app"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

type serveCmd struct{}

// Run starts the portal and stays until it is told to stop.
func (serveCmd) Run(r *run) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	certificates, err := a.Certificates(r.ctx)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	on, err := r.listen()
	if err != nil {
		return errors.Join(err, a.Close())
	}
	on.Certificates, on.Hangup, on.Serving = certificates, r.Hangup, r.Serving
	fmt.Fprintf(r.Out, "Bailiwick is ready at %s\n", r.cfg.BaseURL)
	link, err := a.SetupLink(r.ctx)
	if err != nil && r.ctx.Err() == nil { // told to stop meanwhile, it still answers whoever came
		return errors.Join(err, on.Close(), a.Close())
	}
	if link != "" {
		fmt.Fprintf(r.Out, "Set it up once here: %s\n", link)
	}
	return errors.Join(a.Run(r.ctx, on), a.Close())
}

// inherited is the socket that systemd opened for this process, nil when there is none (sd_listen_fds(3)).
func (r *run) inherited() (net.Listener, error) {
	pid, _ := r.Env("LISTEN_PID")
	n, _ := r.Env("LISTEN_FDS")
	if pid != strconv.Itoa(os.Getpid()) || n == "" || n == "0" {
		return nil, nil //nolint:nilnil // none is usual
	}
	if n != "1" {
		return nil, fmt.Errorf("give the unit one ListenStream: %s sockets were handed over", n)
	}
	f := os.NewFile(firstInherited, "socket of systemd")
	ln, err := net.FileListener(f)
	return ln, errors.Join(err, f.Close())
}

// firstInherited is the descriptor of the first socket that systemd hands over.
const firstInherited = 3

// listen opens the sockets that the settings name, but for one that was handed over.
func (r *run) listen() (on app.Listeners, err error) {
	if on.Portal, err = r.inherited(); err != nil {
		return on, err
	}
	for _, l := range []struct {
		address, flag string
		to            *net.Listener
	}{
		{r.cfg.Listen, "listen", &on.Portal},
		{r.cfg.Metrics.Listen, "metrics-listen", &on.Metrics},
		{r.cfg.TLS.Redirect, "tls-redirect", &on.Redirect},
	} {
		if l.address == "" || *l.to != nil {
			continue
		}
		var lc net.ListenConfig
		if *l.to, err = lc.Listen(r.ctx, "tcp", l.address); err != nil {
			return on, errors.Join(fmt.Errorf("listen on %s (another program may have the port; choose one with --%s): %w", l.address, l.flag, err), on.Close())
		}
	}
	return on, nil
}

type migrateCmd struct{}

// Run brings the schema up to date.
func (migrateCmd) Run(r *run) error {
	d, err := r.database()
	if err != nil {
		return err
	}
	n, err := d.Migrate(r.ctx)
	if err == nil {
		fmt.Fprintf(r.Out, "The schema is up to date (%d migrations ran).\n", n)
	}
	return errors.Join(err, d.Close())
}

func (r *run) database() (*db.DB, error) {
	if err := os.MkdirAll(r.cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	return db.Open(r.ctx, r.cfg.DSN(), r.Clock)
}

type backupCmd struct {
	File string `arg:"" help:"The archive to write; it must not exist yet."`
}

// Run writes the archive beside its final name first, so that a broken one is never taken for a whole one.
func (c backupCmd) Run(r *run) error {
	if _, err := os.Stat(c.File); err == nil {
		return errs.Field("file", "backup.exists", "Choose another file name. {file} exists already.", "file", c.File)
	}
	d, err := r.database()
	if err != nil {
		return err
	}
	part := c.File + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return errors.Join(fmt.Errorf("create the archive: %w", err), d.Close())
	}
	sum := sha256.New()
	rows, err := d.Backup(r.ctx, io.MultiWriter(f, sum, &meter{out: r.Out, shown: isTerminal(r.Out)}))
	err = errors.Join(err, f.Sync(), f.Close(), d.Close())
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, c.File); err != nil {
		return fmt.Errorf("name the archive: %w", err)
	}
	line := fmt.Sprintf("%x  %s\n", sum.Sum(nil), filepath.Base(c.File)) // as sha256sum --check reads it
	if err := os.WriteFile(c.File+".sha256", []byte(line), 0o600); err != nil {
		return fmt.Errorf("write the checksum: %w", err)
	}
	fmt.Fprintf(r.Out, "Wrote %d rows to %s, and its checksum beside it.\nKeep %s as well, apart from the archive: it holds the key of the sealed values.\n", rows, c.File, r.cfg.KeyFile())
	return nil
}

// meter shows on a terminal how much has been written.
type meter struct {
	out   io.Writer
	shown bool
	bytes int64
	mb    int64
}

// Write counts what passes by.
func (m *meter) Write(b []byte) (int, error) {
	m.bytes += int64(len(b))
	if mb := m.bytes >> 20; m.shown && mb != m.mb {
		m.mb = mb
		fmt.Fprintf(m.out, "\rWritten: %d MB\r", mb)
	}
	return len(b), nil
}

type restoreCmd struct {
	File string `arg:"" help:"The archive to read." type:"existingfile"`
}

// Run reads an archive into an empty database.
func (c restoreCmd) Run(r *run) error {
	d, err := r.database()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // what was restored is committed
	if _, err := d.Migrate(r.ctx); err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open the archive: %w", err)
	}
	rows, err := d.Restore(r.ctx, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.Analyze(r.ctx); err != nil {
		return err
	}
	fmt.Fprintf(r.Out, "Restored %d rows.\n", rows)
	return nil
}

type adminCmd struct {
	ResetOwner  resetOwnerCmd  `cmd:"" help:"Print a one-time link by which an Owner of the platform sets a new password."`
	ClearIPLock clearIPLockCmd `cmd:"" name:"clear-ip-lock" help:"Switch the lists of allowed addresses of an account off."`
	Move        moveCmd        `cmd:"" help:"Move an account with everything below it, of any size."`
	Keys        keysCmd        `cmd:"" help:"List the master keys, and how many stored values each of them seals."`
	RotateKey   rotateKeyCmd   `cmd:"" help:"Add a master key to the key file, and say what to do next."`
	DropKey     dropKeyCmd     `cmd:"" help:"Take a master key that nothing needs any more out of the key file."`
}

type resetOwnerCmd struct {
	Email string `arg:"" help:"The Owner's email address."`
}

// Run prints the link. It is the break-glass for an Owner who cannot get in.
func (c resetOwnerCmd) Run(r *run) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	link, err := a.ResetOwner(r.ctx, c.Email)
	if err == nil {
		fmt.Fprintf(r.Out, "Open this once, within 60 minutes: %s\n", link)
	}
	return errors.Join(err, a.Close())
}

type clearIPLockCmd struct {
	Account string `required:"" help:"The account whose lists keep its people or keys out, such as acc_…; its platform for everybody." placeholder:"ID"`
}

// Run switches the lists off. It is the break-glass for those whose address is on no list.
func (c clearIPLockCmd) Run(r *run) error {
	id, err := ids.ParseAccount(c.Account)
	if err != nil {
		return errs.New(errs.Invalid, "account.not_id", "Name the account by its id, which begins with acc_. It stands in the address of its pages.")
	}
	a, err := r.open()
	if err != nil {
		return err
	}
	if err = a.ClearIPLock(r.ctx, id); err == nil {
		fmt.Fprintln(r.Out, "The lists of allowed addresses are off. What was on them is kept.")
	}
	return errors.Join(err, a.Close())
}

type versionCmd struct{}

// Run prints the version that the build recorded.
func (versionCmd) Run(r *run) error {
	fmt.Fprintln(r.Out, "bailiwick", app.Version())
	return nil
}
