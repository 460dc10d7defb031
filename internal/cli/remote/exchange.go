package remote

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"bailiwick/internal/api/client"
)

// ErrFindings ends a check that found something to mend, which was printed.
var ErrFindings = errors.New("something to mend was found")

// target is where an export goes.
type target struct {
	Out    string `short:"o" help:"File to write, .csv or .xlsx; without it CSV on the standard output." placeholder:"FILE"`
	NoWait bool   `help:"Print the id of the task at once; tasks result downloads the file later."`
}

func (t target) format() (string, error) {
	switch strings.ToLower(filepath.Ext(t.Out)) {
	case ".csv", "":
		return "csv", nil
	case ".xlsx":
		return "xlsx", nil
	}
	return "", &Usage{"Name a file that ends in .csv or .xlsx."}
}

// export starts an export of a list, waits for it and writes its file.
func (s *session) export(at string, to target, start func(format string) (client.CreatedBody, error)) error {
	format, err := to.format()
	if err != nil {
		return err
	}
	return s.exported(at, to, func() (client.CreatedBody, error) { return start(format) })
}

// exported starts an export, waits for it and writes its file.
func (s *session) exported(at string, to target, start func() (client.CreatedBody, error)) error {
	made, err := start()
	if err != nil || to.NoWait {
		return s.made(made, err)
	}
	t, err := s.wait(at, made.ID)
	if err != nil {
		return err
	}
	if err := s.fetch(at, t.ID, to.Out); err != nil || to.Out == "" {
		return err
	}
	return s.done("Wrote %d lines to %s.", t.Done, to.Out)
}

type clientsExport struct {
	flags
	target
	Search   string `short:"q" help:"Part of the name, the address or a reference." placeholder:"TEXT"`
	Status   string `enum:",active,suspended,closed" default:"" help:"active, suspended or closed; without it all that are not closed." placeholder:"STATUS"`
	Ends     string `help:"ended, never, or within so many days." placeholder:"WHEN"`
	Reseller string `help:"Only those below this reseller." placeholder:"ID"`
	Package  string `help:"Only those that have this package, or none." placeholder:"ID"`
}

// Run writes clients into a file.
func (c clientsExport) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.export(at, c.target, func(format string) (client.CreatedBody, error) {
		return s.ExportClients(s.Ctx, at, client.ExportClientsInBody{Format: format, Search: c.Search, Status: c.Status, Ends: c.Ends, Reseller: c.Reseller, Package: c.Package})
	})
}

type usersExport struct {
	flags
	target
	Search string `short:"q" help:"Part of the name or the address." placeholder:"TEXT"`
	Status string `enum:"active,deactivated" default:"active" help:"active or deactivated." placeholder:"STATUS"`
	Role   string `help:"A built-in role, or the id of a role group." placeholder:"ROLE"`
}

// Run writes users into a file.
func (c usersExport) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.export(at, c.target, func(format string) (client.CreatedBody, error) {
		return s.ExportUsers(s.Ctx, at, client.ExportUsersInBody{Format: format, Search: c.Search, Status: c.Status, Role: c.Role})
	})
}

type locationsExport struct {
	flags
	target
}

// Run writes locations into a file.
func (c locationsExport) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.export(at, c.target, func(format string) (client.CreatedBody, error) {
		return s.ExportLocations(s.Ctx, at, client.ExportForm{Format: format})
	})
}

// load is what every import is told.
type load struct {
	flags
	File     string `arg:"" help:"The file, .csv or .xlsx."`
	Update   bool   `help:"Bring what is there already up to date; without it its lines are to be mended."`
	DryRun   bool   `help:"Say what would happen and which lines to mend, and do nothing."`
	LeaveOut bool   `help:"Go on without the lines that are to be mended."`
}

// table is the file of an import, ready to be sent.
func (c load) table() (*os.File, client.File, error) {
	kind := map[string]string{".csv": "text/csv", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}[strings.ToLower(filepath.Ext(c.File))]
	if kind == "" {
		return nil, client.File{}, &Usage{"Name a file that ends in .csv or .xlsx."}
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, client.File{}, &Usage{fmt.Sprintf("Correct the name of the file: %v.", err)}
	}
	return f, client.File{Type: kind, Body: f}, nil
}

func (c load) existing() string {
	if c.Update {
		return "update"
	}
	return "refuse"
}

// load looks through a file, tells of the lines to mend and, unless that is all, brings it in.
func (c load) load(p *Process, send func(s *session, at, name string, file client.File) (client.CreatedBody, error)) (err error) {
	f, file, err := c.table()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	made, err := send(s, at, filepath.Base(c.File), file)
	if err != nil {
		return err
	}
	t, err := s.wait(at, made.ID)
	if err != nil {
		return err
	}
	r := t.Import
	stop := c.DryRun || r.Bad > 0 && !c.LeaveOut || r.New+r.Updates == 0
	if stop {
		if err := s.CancelTask(s.Ctx, at, t.ID); err != nil {
			return err
		}
	} else {
		if err := s.ConfirmTask(s.Ctx, at, t.ID, client.ConfirmTaskInBody{LeaveOut: c.LeaveOut}); err != nil {
			return err
		}
		if t, err = s.wait(at, t.ID); err != nil {
			return err
		}
	}
	if err := s.loaded(at, t); err != nil {
		return err
	}
	if stop && r.Bad > 0 {
		return ErrFindings
	}
	return nil
}

// loaded prints what an import found or did, and every line to mend.
func (s *session) loaded(at string, t client.Task) error {
	if s.json {
		return s.printJSON(t)
	}
	if t.Import.Bad > 0 || t.Import.LeftOut > 0 {
		if err := s.remarks(at, t.ID); err != nil {
			return err
		}
	}
	for _, u := range t.Import.UnknownColumns {
		fmt.Fprintf(s.Err, "Nobody knows the column %s; it was passed over.\n", plain(u))
	}
	if n := t.Import.Ended; n > 0 {
		fmt.Fprintf(s.Err, "Memberships of new clients that ended before today: %d. They are imported, and suspended once their days of grace are over.\n", n)
	}
	return s.done("%s.", strings.ToUpper(found(t)[:1])+found(t)[1:])
}

// remarks prints what is to be done about the lines of an import, as they arrive.
func (s *session) remarks(at, id string) error {
	from, to := io.Pipe()
	go func() { _ = to.CloseWithError(s.GetTaskResult(s.Ctx, at, id, to)) }()
	in := csv.NewReader(from)
	in.FieldsPerRecord = 4
	for n := 0; ; n++ {
		r, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.Join(err, from.CloseWithError(err))
		}
		if n == 0 {
			continue // the names of the columns
		}
		if err := s.remark(r); err != nil {
			return errors.Join(err, from.CloseWithError(err))
		}
	}
}

func (s *session) remark(r []string) error {
	where := "Line " + r[0]
	if r[1] != "" {
		where += ", " + plain(r[1])
	}
	if r[2] != "" {
		where += " " + strconv.Quote(plain(strings.TrimPrefix(r[2], "'")))
	}
	_, err := fmt.Fprintf(s.Out, "%s: %s\n", where, plain(r[3]))
	return err
}

type clientsImport struct{ load }

// Run brings clients in.
func (c clientsImport) Run(p *Process) error {
	return c.load.load(p, func(s *session, at, name string, file client.File) (client.CreatedBody, error) {
		return s.ImportClients(s.Ctx, at, client.ImportClientsParams{Name: name, Existing: c.existing()}, file)
	})
}

type usersImport struct {
	load
	Create bool `help:"Make them users at once; without it they are invited."`
}

// Run brings users in.
func (c usersImport) Run(p *Process) error {
	people := "invite"
	if c.Create {
		people = "create"
	}
	return c.load.load(p, func(s *session, at, name string, file client.File) (client.CreatedBody, error) {
		return s.ImportUsers(s.Ctx, at, client.ImportUsersParams{Name: name, Existing: c.existing(), People: people}, file)
	})
}

type locationsImport struct{ load }

// Run brings locations in.
func (c locationsImport) Run(p *Process) error {
	return c.load.load(p, func(s *session, at, name string, file client.File) (client.CreatedBody, error) {
		return s.ImportLocations(s.Ctx, at, client.ImportLocationsParams{Name: name, Existing: c.existing()}, file)
	})
}
