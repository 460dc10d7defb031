// Package exchange brings lists out of an account and into it: clients, users, locations, contacts and suppressions, as CSV and XLSX.
//
// Both ways are tasks. An export walks its list page by page. An import is read through once without changing anything,
// tells of every line that needs attention, and does its work when a person has confirmed it: by the same rules as the
// forms, in short writes, each with the place where to go on.
package exchange

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/contact"
	"bailiwick/internal/errs"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/quota"
	"bailiwick/internal/sheet"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/task"
	"bailiwick/internal/user"
)

// What names a list.
type What string

// The lists.
const (
	Clients      What = "clients"
	Users        What = "users"
	Locations    What = "locations"
	Contacts     What = "contacts"
	Suppressions What = "suppressions"
)

// perms are what each direction of a list needs. Users and locations have no permission of their own for it: who sees
// the list may take it along, and who may add to it one by one may add many.
var perms = map[What]struct{ export, load authz.Perm }{
	Clients:      {authz.ClientsExport, authz.ClientsImport},
	Users:        {authz.UsersView, authz.UsersInvite},
	Locations:    {authz.LocationsView, authz.LocationsCreate},
	Contacts:     {authz.ContactsExport, authz.ContactsImport},
	Suppressions: {authz.SuppressionsExport, authz.SuppressionsImport},
}

// Lists are all lists that can be exported and imported.
func Lists() []What { return []What{Clients, Users, Locations, Contacts, Suppressions} }

// Known reports whether w is a list.
func (w What) Known() bool { _, ok := perms[w]; return ok }

// CanExport is the permission to export the list.
func (w What) CanExport() authz.Perm { return perms[w].export }

// CanImport is the permission to import into the list.
func (w What) CanImport() authz.Perm { return perms[w].load }

// Deps is what the Service stands on.
type Deps struct {
	Ops      *op.Runner
	Files    *file.Store
	Accounts *account.Service
	Users    *user.Service
	Subs     *subaccount.Service
	Invites  *invite.Service
	Contacts *contact.Service
	Quotas   *quota.Service
	Plans    *plan.Service
}

// Service is the imports and exports of the installation.
type Service struct{ Deps }

// NewService makes a Service.
func NewService(d Deps) *Service { return &Service{d} }

// Kinds lists the tasks of this package with what does them.
func (s *Service) Kinds() []task.Kind {
	var out []task.Kind
	for _, w := range Lists() {
		out = append(out,
			task.Kind{Name: "export_" + string(w), Run: func(ctx context.Context, r *task.Run) (task.End, error) { return s.export(ctx, r, w) }},
			task.Kind{Name: "import_" + string(w), Run: func(ctx context.Context, r *task.Run) (task.End, error) { return s.load(ctx, r, w) }})
	}
	return out
}

// Loads returns the list that a kind of task imports into, or "".
func Loads(kind string) What {
	if w, is := strings.CutPrefix(kind, "import_"); is {
		return What(w)
	}
	return ""
}

// Export is what is asked for.
type Export struct {
	What    What
	Format  sheet.Format
	Clients account.Query // the filters and the order of the list
	Only    []ids.Account // clients chosen one by one; none is all that match
	Users   user.Query

	Contacts     contact.Query
	Suppressions contact.SuppressionQuery
}

// exported is what the log says about an export.
type exported struct {
	Format   string `audit:"show"`
	Search   string `audit:"show"`
	Status   string `audit:"show"`
	Ends     string `audit:"show"`
	Use      string `audit:"show"`
	Reseller string `audit:"show"`
	Package  string `audit:"show"`
	Role     string `audit:"show"`
	Chosen   int    `audit:"show"`
}

// Export starts to write a list into a file.
func (s *Service) Export(ctx context.Context, by authz.Actor, at ids.Account, in Export) (id ids.Task, err error) {
	if !in.What.Known() {
		return "", errs.NoSuch("page")
	}
	in.Clients.Cursor, in.Users.After, in.Contacts.Cursor, in.Suppressions.Cursor = "", nil, "", ""
	p := in.What.CanExport()
	if err := s.areThere(ctx, by, at, in); err != nil {
		return "", err
	}
	err = s.Ops.Write(ctx, by, p, at, func(ctx context.Context, w *op.W) error {
		if !in.Format.Known() {
			return errs.New(errs.Invalid, "export.unknown", "Export it as csv or xlsx.")
		}
		if len(in.Only) > account.MostAtOnce {
			return errs.New(errs.Invalid, "list.too_many_selected", "Select at most {max} clients at once.", "max", account.MostAtOnce)
		}
		name := fmt.Sprintf("%s-%s.%s", in.What, w.Tx().Now().Format("2006-01-02"), in.Format)
		q := exported{string(in.Format), in.Clients.Search + in.Users.Search, string(in.Clients.Status), string(in.Clients.Ends), string(in.Clients.Use), string(in.Clients.Reseller), string(in.Clients.Package), string(in.Users.Role), len(in.Only)}
		w.Audit(audit.Event{Action: string(in.What) + ".exported", TargetType: "account", TargetID: string(at), Target: w.Scope().Name(), After: q})
		id, err = task.StartIn(ctx, w, task.New{Kind: "export_" + string(in.What), Perm: fullPerm(in.What, w.Scope()), Subject: name, Args: in})
		return err
	})
	return id, err
}

// areThere checks that the clients chosen one by one are in the list.
func (s *Service) areThere(ctx context.Context, by authz.Actor, at ids.Account, in Export) error {
	if len(in.Only) == 0 || in.What != Clients {
		return nil
	}
	chosen := slices.Compact(slices.Sorted(slices.Values(in.Only)))
	found, _, err := s.Accounts.ExportPage(ctx, by, at, account.Query{}, chosen)
	if err != nil {
		return err
	}
	if len(found) != len(chosen) {
		return errs.NoSuch("account")
	}
	return nil
}

// Options say how an import treats what it meets.
type Options struct {
	Update bool // what exists is brought up to date, else its lines are refused
	Direct bool // people are made users at once, else they are invited
}

// MostBytes is the largest file that is imported.
const MostBytes = 64 << 20

// loadArgs is what an import's task is told.
type loadArgs struct {
	Options
	Name      string
	Confirmed bool
}

// MayImport reports an error unless the actor may import into a list, before a file is taken in.
func (s *Service) MayImport(ctx context.Context, by authz.Actor, at ids.Account, what What) error {
	if !what.Known() {
		return errs.NoSuch("page")
	}
	_, sc, err := s.Ops.Read(ctx, by, what.CanImport(), at)
	if err != nil {
		return err
	}
	container := sc.Kind() == string(account.Platform) || sc.Kind() == string(account.Reseller)
	ofCustomers := what == Locations || what == Contacts || what == Suppressions
	if what == Clients && !container || ofCustomers && container {
		return errs.NoSuch("page")
	}
	return nil
}

// Upload keeps a file and starts to look through it. Nothing is changed until Confirm.
func (s *Service) Upload(ctx context.Context, by authz.Actor, at ids.Account, what What, how Options, name string, body io.Reader) (id ids.Task, err error) {
	if err := s.MayImport(ctx, by, at, what); err != nil {
		return "", err
	}
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if len(name) > 200 || name == "." || name == "/" {
		return "", errs.Field("file", "file.missing", "Choose a file.")
	}
	kept, err := s.Files.Keep(ctx, at, name, body, MostBytes)
	if err != nil {
		return "", err
	}
	err = s.Ops.Write(ctx, by, what.CanImport(), at, func(ctx context.Context, w *op.W) error {
		w.Audit(audit.Event{Action: "import.uploaded", TargetType: "account", TargetID: string(at), Target: name})
		id, err = task.StartIn(ctx, w, task.New{Kind: "import_" + string(what), Perm: what.CanImport(), Subject: name, Args: loadArgs{Options: how, Name: name}, Upload: kept})
		return err
	})
	return id, err
}

// Confirm lets an import that was looked through do its work. While lines need attention it goes on only without them.
func (s *Service) Confirm(ctx context.Context, by authz.Actor, at ids.Account, id ids.Task, leaveOut bool) error {
	return s.Ops.Write(ctx, by, authz.AccountView, at, func(ctx context.Context, w *op.W) error {
		t, err := task.GetIn(ctx, w, id)
		if err != nil {
			return err
		}
		what := Loads(t.Kind)
		if what == "" {
			return errs.NoSuch("task")
		}
		if t.Owner != by.ID() {
			return errs.New(errs.Denied, "import.of_another", "Ask whoever uploaded it to confirm it, or upload the file yourself. An import is done in the name of who looked through it.")
		}
		var found Report
		if err := t.Summary(&found); err != nil {
			return err
		}
		if found.Bad > 0 && !leaveOut {
			return errs.Field("leave_out", "import.bad_lines", "Correct the file and upload it again, or tick Leave out these lines.")
		}
		if found.New+found.Updates == 0 {
			return errs.New(errs.Invalid, "import.nothing", "Upload a file with something new. Nothing in this one would change anything.")
		}
		return w.On(ctx, what.CanImport(), at, func(ctx context.Context, w *op.W) error {
			var in loadArgs
			if err := t.Args(&in); err != nil {
				return err
			}
			in.Confirmed = true
			w.Audit(audit.Event{Action: "import.confirmed", TargetType: "task", TargetID: string(id), Target: t.Subject, After: confirmed{found.New, found.Updates, found.Bad}})
			return task.GoOnIn(ctx, w, id, in)
		})
	})
}

// confirmed is what the log says about a confirmed import.
type confirmed struct {
	New     int `audit:"show"`
	Updated int `audit:"show"`
	LeftOut int `audit:"show"`
}
