// Package remote is the commands that work on an installation over its API, as whoever a key acts for.
package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"bailiwick/internal/api/client"
)

// Process is what a command sees of the world.
type Process struct {
	Ctx context.Context //nolint:containedctx // kong calls commands without one; it lives as long as the command
	Env func(string) (string, bool)
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Commands is every command of the package.
type Commands struct {
	Clients     clientsCmd     `cmd:"" group:"remote" help:"Clients: list, show, create, edit, hold, resume, move, close, import, export."`
	Resellers   resellersCmd   `cmd:"" group:"remote" help:"Resellers below an account."`
	Departments departmentsCmd `cmd:"" group:"remote" help:"Departments of a client."`
	Locations   locationsCmd   `cmd:"" group:"remote" help:"Locations of a client."`
	Subaccounts subaccountsCmd `cmd:"" group:"remote" help:"Sub-accounts of a client: sending identities."`
	Users       usersCmd       `cmd:"" group:"remote" help:"People of an account: list, invite, create, deactivate, remove, access."`
	Invitations invitationsCmd `cmd:"" group:"remote" help:"Invitations that nobody has accepted yet."`
	Roles       rolesCmd       `cmd:"" group:"remote" help:"Role groups: list, show, create, edit, delete."`
	Credits     creditsCmd     `cmd:"" group:"remote" help:"Credits: units paid for in advance, which extend a client's month; list, add, void."`
	Packages    packagesCmd    `cmd:"" group:"remote" help:"Packages: what clients buy; list, show, create, edit, copy, retire, delete, assign."`
	Modules     modulesCmd     `cmd:"" group:"remote" help:"The operator's own modules: list, show, create, edit, remove."`
	Settings    settingsCmd    `cmd:"" group:"remote" help:"The settings of an account: list, set, reset, compare, apply below."`
	Security    securityCmd    `cmd:"" group:"remote" help:"From which addresses an account is reached, and who is signed in."`
	Quota       quotaCmd       `cmd:"" group:"remote" help:"What may be sent: explain, reserve, commit, release, simulate, limits."`
	Usage       usageCmd       `cmd:"" group:"remote" help:"What was sent, by hour, day or month: a table, CSV or JSON."`
	Tasks       tasksCmd       `cmd:"" group:"remote" help:"Exports and imports: list, show, cancel, result."`
	Me          meCmd          `cmd:"" group:"remote" help:"Say for whom the key acts, and where."`
	Keys        keysCmd        `cmd:"" group:"remote" help:"API keys: list, create, revoke."`
	Find        findCmd        `cmd:"" group:"remote" help:"Find accounts and people below the account by their names."`
	Views       viewsCmd       `cmd:"" group:"remote" help:"Your saved views of the clients: list, save, delete."`
	Access      accessCmd      `cmd:"" group:"remote" help:"May somebody do something, and why?"`

	Contacts     contactsCmd     `cmd:"" group:"remote" help:"To whom the account sends: contacts and contact lists; list, show, create, edit, remove, import, export."`
	Suppressions suppressionsCmd `cmd:"" group:"remote" help:"Addresses that the account sends nothing to: list, add, lift, import, export."`
	Brand        brandCmd        `cmd:"" group:"remote" help:"The brand of the account: its pictures and its host name."`
}

// flags are what every command of the package takes.
type flags struct {
	Server  string `help:"Address of the portal. Also BAILIWICK_SERVER." placeholder:"URL"`
	KeyFile string `help:"File that holds the API key, readable by you alone. Also BAILIWICK_KEY_FILE, or the key itself in BAILIWICK_API_KEY." placeholder:"FILE"`
	Account string `help:"Account to work in; without it the key's own. Also BAILIWICK_ACCOUNT." placeholder:"ID"`
	JSON    bool   `name:"json" help:"Print JSON, as the API answers."`
}

// Usage is a command line or a setting that needs correcting.
type Usage struct{ Problem string }

func (u *Usage) Error() string { return u.Problem }

// session is an installation, a key and how to print.
type session struct {
	*client.API
	*Process
	account string
	json    bool
}

// open connects to the installation. It asks nothing of it unless the account has to be found.
func (f flags) open(p *Process) (*session, error) {
	server := f.or(p, f.Server, "BAILIWICK_SERVER")
	if server == "" {
		return nil, &Usage{"Say which server with --server or BAILIWICK_SERVER, for example https://portal.example.com."}
	}
	key, err := f.key(p)
	if err != nil {
		return nil, err
	}
	api, err := client.New(server, key)
	if err != nil {
		return nil, &Usage{fmt.Sprintf("Correct the server: %v.", err)}
	}
	return &session{API: api, Process: p, account: f.or(p, f.Account, "BAILIWICK_ACCOUNT"), json: f.JSON}, nil
}

func (flags) or(p *Process, given, env string) string {
	if given != "" {
		return given
	}
	v, _ := p.Env(env)
	return v
}

// key reads the API key. It is no flag: what stands on a command line is seen by everybody on the machine.
func (f flags) key(p *Process) (string, error) {
	if f.KeyFile == "" {
		if v, set := p.Env("BAILIWICK_API_KEY"); set && v != "" {
			return v, nil
		}
	}
	file := f.or(p, f.KeyFile, "BAILIWICK_KEY_FILE")
	if file == "" {
		return "", &Usage{"Put your API key into a file and name it with --key-file, or set BAILIWICK_API_KEY. You make keys in the portal, under your name."}
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", &Usage{fmt.Sprintf("Correct the key file: %v.", err)}
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return "", &Usage{fmt.Sprintf("Run chmod 600 %s first. Others on this machine could read the key.", file)}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", &Usage{fmt.Sprintf("Correct the key file: %v.", err)}
	}
	return strings.TrimSpace(string(text)), nil
}

// at is the account to work in.
func (s *session) at() (string, error) {
	if s.account != "" {
		return s.account, nil
	}
	me, err := s.GetMe(s.Ctx)
	s.account = me.Account
	return s.account, err
}

// within opens a session and finds its account.
func (f flags) within(p *Process) (*session, string, error) {
	s, err := f.open(p)
	if err != nil {
		return nil, "", err
	}
	at, err := s.at()
	return s, at, err
}

// one does something to one thing of the account and says so.
func (f flags) one(p *Process, did, id string, do func(s *session, at string) error) error {
	s, at, err := f.within(p)
	if err != nil {
		return err
	}
	if err := do(s, at); err != nil {
		return err
	}
	return s.done(did+" %s.", plain(id))
}

// done says that something was done, or the new id as JSON.
func (s *session) done(text string, args ...any) error {
	if s.json {
		return nil
	}
	_, err := fmt.Fprintf(s.Out, text+"\n", args...)
	return err
}

// made prints the id of what was made.
func (s *session) made(out client.CreatedBody, err error) error {
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(out)
	}
	_, err = fmt.Fprintln(s.Out, out.ID)
	return err
}

// jsonOr prints what was asked for as JSON, unless that failed.
func (s *session) jsonOr(v any, err error) error {
	if err != nil {
		return err
	}
	return s.printJSON(v)
}

func (s *session) printJSON(v any) error {
	e := json.NewEncoder(s.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// lines reads arguments, or, when the only one is "-", the lines of the standard input.
func (s *session) lines(args []string) ([]string, error) {
	if len(args) != 1 || args[0] != "-" {
		return args, nil
	}
	var out []string
	in := bufio.NewScanner(s.In)
	for in.Scan() {
		if line := strings.TrimSpace(in.Text()); line != "" {
			out = append(out, line)
		}
	}
	return out, in.Err()
}

// ErrNotAllowed ends a question about access that was answered with no.
var ErrNotAllowed = errors.New("not allowed")
