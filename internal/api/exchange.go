package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/exchange"
	"bailiwick/internal/ids"
	"bailiwick/internal/sheet"
	"bailiwick/internal/user"
)

// exportsAnswer says how an export is got.
const exportsAnswer = "It answers with a task. Ask for it until it is done, then download its result."

func (a *API) exchangeOperations() {
	add(a, operation{id: "exportClients", route: "POST /accounts/{account}/clients/export", tag: "Clients", perm: authz.ClientsExport, status: http.StatusAccepted, about: "Write clients into a file",
		more: exportsAnswer}, a.exportClients)
	add(a, operation{id: "exportUsers", route: "POST /accounts/{account}/users/export", tag: "Users", perm: authz.UsersView, status: http.StatusAccepted, about: "Write the users of an account into a file",
		more: exportsAnswer}, a.exportUsers)
	add(a, operation{id: "exportLocations", route: "POST /accounts/{account}/locations/export", tag: "Locations", perm: authz.LocationsView, status: http.StatusAccepted, about: "Write the locations of an account into a file",
		more: exportsAnswer}, a.exportLocations)
	for _, l := range []struct{ what, id, tag string }{{"clients", "importClients", "Clients"}, {"users", "importUsers", "Users"}, {"locations", "importLocations", "Locations"},
		{"contacts", "importContacts", "Contacts"}, {"suppressions", "importSuppressions", "Suppressions"}} {
		what := exchange.What(l.what)
		add(a, operation{id: l.id, route: "POST /accounts/{account}/" + l.what + "/import", tag: l.tag, perm: what.CanImport(), status: http.StatusAccepted, takes: tables, about: "Look through a file of " + l.what,
			more: fmt.Sprintf("The body is the file itself, at most %d MB. It answers with a task that changes nothing: it tells of every line that needs attention, then waits in `confirm`. "+
				"The work is done by `confirmTask`.", exchange.MostBytes>>20)},
			func(ctx context.Context, by authz.Actor, in *importIn) (*Created, error) {
				return a.load(ctx, by, what, in)
			})
	}
}

// ExportForm is how a list is written.
type ExportForm struct {
	Format string `json:"format" enum:"csv,xlsx"`
}

type exportClientsIn struct {
	AtAccount
	Body struct {
		ExportForm
		Search   string        `json:"q,omitempty" maxLength:"200" doc:"Part of the name, the address or a reference."`
		Status   string        `json:"status,omitempty" enum:"active,suspended,closed" doc:"Without it: all that are not closed."`
		Ends     string        `json:"ends,omitempty" pattern:"^(ended|never|[0-9]{1,4})$" doc:"ended, never, or within so many days."`
		Reseller ids.Account   `json:"reseller,omitempty" maxLength:"64" doc:"Only those below this reseller."`
		Package  ids.Package   `json:"package,omitempty" maxLength:"64" doc:"Only those that have this package, or none."`
		Sort     string        `json:"sort,omitempty" enum:"name,status,end,users,locations,created,package,use"`
		Order    string        `json:"order,omitempty" enum:"asc,desc"`
		Clients  []ids.Account `json:"clients,omitempty" maxItems:"100" doc:"These alone."`
	}
}

func (a *API) exportClients(ctx context.Context, by authz.Actor, in *exportClientsIn) (*Created, error) {
	b := in.Body
	return a.export(ctx, by, in.Account, exchange.Export{What: exchange.Clients, Format: sheet.Format(b.Format), Only: b.Clients, Clients: account.Query{
		Search: b.Search, Status: account.Status(b.Status), Ends: account.Ends(b.Ends), Reseller: b.Reseller, Package: b.Package, Sort: account.Sort(b.Sort), Desc: b.Order == "desc",
	}})
}

type exportUsersIn struct {
	AtAccount
	Body struct {
		ExportForm
		Search string `json:"q,omitempty" maxLength:"200" doc:"Part of the name or the address."`
		Status string `json:"status,omitempty" enum:"active,deactivated" doc:"Without it: active."`
		Role   string `json:"role,omitempty" maxLength:"64" doc:"A built-in role, or the id of a role group."`
		Sort   string `json:"sort,omitempty" enum:"name,email,created"`
		Order  string `json:"order,omitempty" enum:"asc,desc"`
	}
}

func (a *API) exportUsers(ctx context.Context, by authz.Actor, in *exportUsersIn) (*Created, error) {
	b := in.Body
	return a.export(ctx, by, in.Account, exchange.Export{What: exchange.Users, Format: sheet.Format(b.Format), Users: user.Query{
		Deactivated: b.Status == "deactivated", Search: b.Search, Role: authz.Role(b.Role), Sort: user.Sort(b.Sort), Desc: b.Order == "desc",
	}})
}

type exportLocationsIn struct {
	AtAccount
	Body ExportForm
}

func (a *API) exportLocations(ctx context.Context, by authz.Actor, in *exportLocationsIn) (*Created, error) {
	return a.export(ctx, by, in.Account, exchange.Export{What: exchange.Locations, Format: sheet.Format(in.Body.Format)})
}

func (a *API) export(ctx context.Context, by authz.Actor, at ids.Account, in exchange.Export) (*Created, error) {
	id, err := a.Exchange.Export(ctx, by, at, in)
	return made("/accounts/"+string(at)+"/tasks/", id, err)
}

// importIn is a file, which is read when it is known that the key may send it.
type importIn struct {
	AtAccount
	Name     string `query:"name" maxLength:"200" doc:"What the file is called."`
	Existing string `query:"existing" enum:"refuse,update" default:"refuse" doc:"What becomes of lines about what is there already."`
	People   string `query:"people" enum:"invite,create" default:"invite" doc:"Of users: whether they are invited or made users at once."`

	contentType string
	body        io.Reader
}

// Resolve keeps the body for later.
func (in *importIn) Resolve(ctx huma.Context) []error {
	in.contentType, in.body = ctx.Header("Content-Type"), ctx.BodyReader()
	return nil
}

func (a *API) load(ctx context.Context, by authz.Actor, what exchange.What, in *importIn) (_ *Created, err error) {
	if err := a.Exchange.MayImport(ctx, by, in.Account, what); err != nil {
		return nil, err
	}
	kind, _, perr := mime.ParseMediaType(in.contentType)
	format := map[string]sheet.Format{typeCSV: sheet.CSV, typeXLSX: sheet.XLSX}[kind]
	if perr != nil || format == "" {
		return nil, refusal(http.StatusUnsupportedMediaType, "request.table_type", "Send the file as "+typeCSV+" or "+typeXLSX+".")
	}
	f, err := a.spool(in.body)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.remove()) }()
	if mark := by.Once(); mark != nil { // the file belongs to what the key stands for
		by = by.Repeating(authz.Once{Key: mark.Key, Hash: sha256.Sum256(slices.Concat(mark.Hash[:], f.hash[:]))})
	}
	ending := "." + string(format)
	name := strings.TrimSuffix(in.Name, ending)
	if name == "" {
		name = string(what)
	}
	id, err := a.Exchange.Upload(ctx, by, in.Account, what, exchange.Options{Update: in.Existing == "update", Direct: in.People == "create"}, name+ending, f)
	return made("/accounts/"+string(in.Account)+"/tasks/", id, err)
}

// spooled is a file that was sent, on disk.
type spooled struct {
	*os.File
	hash [32]byte
}

// spool takes a file in, so that it can be told from another before it is kept.
func (a *API) spool(body io.Reader) (_ *spooled, err error) {
	f, err := os.CreateTemp(a.Temp, "upload-*")
	if err != nil {
		return nil, fmt.Errorf("make room for a file: %w", err)
	}
	out := &spooled{File: f}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.remove())
		}
	}()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), io.LimitReader(body, exchange.MostBytes+1))
	switch {
	case err != nil:
		return nil, refusal(http.StatusBadRequest, "request.unread", "Send the request again. Its body could not be read to the end.")
	case n > exchange.MostBytes:
		return nil, refusal(http.StatusRequestEntityTooLarge, "file.too_large", fmt.Sprintf("Send a smaller file, or split it. It may have %d MB.", exchange.MostBytes>>20))
	}
	out.hash = [32]byte(sum.Sum(nil))
	_, err = f.Seek(0, io.SeekStart)
	return out, err
}

func (f *spooled) remove() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
