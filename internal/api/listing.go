package api

import (
	"context"
	"net/http"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/provision"

	"bailiwick/internal/ids"
)

func (a *API) listingOperations() {
	add(a, operation{id: "listClients", route: "GET /accounts/{account}/clients", tag: "Clients", perm: authz.ClientsView, about: "List the clients below an account"}, a.listClients)
	add(a, operation{id: "createClient", route: "POST /accounts/{account}/clients", tag: "Clients", perm: authz.ClientsCreate, status: http.StatusCreated, about: "Create a client below an account",
		more: "With `owner_email`, the client and the invitation of its Owner are made together or not at all."}, a.createClient)
	add(a, operation{id: "changeClients", route: "POST /accounts/{account}/clients/bulk", tag: "Clients", perm: authz.ClientsView, status: http.StatusNoContent,
		about: "Suspend, resume, extend, close or give another package to up to 100 clients, all or none"}, a.changeClients)
	add(a, operation{id: "listResellers", route: "GET /accounts/{account}/resellers", tag: "Resellers", perm: authz.ResellersView, about: "List the resellers below an account"}, a.listResellers)
	add(a, operation{id: "createReseller", route: "POST /accounts/{account}/resellers", tag: "Resellers", perm: authz.ResellersCreate, status: http.StatusCreated, about: "Create a reseller below an account"}, a.createReseller)
	add(a, operation{id: "listDepartments", route: "GET /accounts/{account}/departments", tag: "Departments", perm: authz.DepartmentsView, about: "List the departments directly below an account"}, a.listDepartments)
	add(a, operation{id: "createDepartment", route: "POST /accounts/{account}/departments", tag: "Departments", perm: authz.DepartmentsCreate, status: http.StatusCreated, about: "Create a department"}, a.createDepartment)
}

type listClientsIn struct {
	AtAccount
	Turn
	Search   string      `query:"q" maxLength:"200" doc:"Part of the name, the address or a reference."`
	Status   string      `query:"status" enum:"active,suspended,closed" doc:"Without it: all that are not closed."`
	Ends     string      `query:"ends" pattern:"^(ended|never|[0-9]{1,4})$" doc:"ended, never, or within so many days."`
	Reseller ids.Account `query:"reseller" maxLength:"64" doc:"Only those below this reseller."`
	Package  ids.Package `query:"package" maxLength:"64" doc:"Only those that have this package, or none."`
	Use      string      `query:"use" enum:"near,full" doc:"Only those that have used 80% of their month's limit, or all of it; it asks for quotas.view."`
	Sort     string      `query:"sort" enum:"name,status,end,users,locations,created,package,use" default:"name" doc:"use: how much of its month a client has used; it asks for quotas.view."`
	Order    string      `query:"order" enum:"asc,desc" default:"asc"`
	Limit    int         `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Rows of a page."`
}

// Client is a client in a list.
type Client struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Parent        string    `json:"parent"`
	ParentName    string    `json:"parent_name"`
	Email         string    `json:"email"`
	Website       string    `json:"website"`
	Status        string    `json:"status" enum:"active,suspended,closed"`
	MembershipEnd string    `json:"membership_end,omitempty" doc:"YYYY-MM-DD; absent: it never ends."`
	Package       string    `json:"package,omitempty"`
	PackageName   string    `json:"package_name,omitempty"`
	Users         int64     `json:"users"`
	Locations     int64     `json:"locations"`
	CreatedAt     time.Time `json:"created_at"`
	Can           []string  `json:"can" doc:"What the key may do with clients here."`
}

// ClientList is a page of clients.
type ClientList struct {
	List[Client]
	Total     int  `json:"total" doc:"How many there are, at most 10,000."`
	TotalMore bool `json:"total_more" doc:"There are more than total."`
}

func (a *API) listClients(ctx context.Context, by authz.Actor, in *listClientsIn) (*Answer[ClientList], error) {
	page, err := a.Accounts.List(ctx, by, in.Account, account.Query{
		Search: in.Search, Status: account.Status(in.Status), Ends: account.Ends(in.Ends), Reseller: in.Reseller, Package: in.Package, Use: account.Use(in.Use),
		Sort: account.Sort(in.Sort), Desc: in.Order == "desc", Cursor: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	_, sc, err := a.Ops.See(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	mine := can(sc.Perms(), "clients")
	out := ClientList{List: List[Client]{Items: make([]Client, len(page.Rows)), Next: page.Next, Previous: page.Prev}, Total: min(page.Total, account.Most), TotalMore: page.Total > account.Most}
	for i, r := range page.Rows {
		out.Items[i] = Client{string(r.ID), r.Name, string(r.Parent), r.ParentName, r.Email, r.Website, string(r.Status), string(r.End), string(r.Package), r.PackageName, r.Users, r.Locations, r.Created, mine}
	}
	return &Answer[ClientList]{out}, nil
}

// NewAccount is what is said of every new account.
type NewAccount struct {
	Name       string `json:"name" example:"Acme"`
	LegalName  string `json:"legal_name,omitempty"`
	Email      string `json:"email,omitempty"`
	Phone      string `json:"phone,omitempty"`
	Address    string `json:"address,omitempty"`
	Website    string `json:"website,omitempty"`
	Industry   string `json:"industry,omitempty"`
	TimeZone   string `json:"time_zone,omitempty" doc:"An IANA name; without it: as above."`
	Language   string `json:"language,omitempty" doc:"A BCP 47 tag; without it: as above."`
	References []Ref  `json:"references,omitempty"`
	OwnerEmail string `json:"owner_email,omitempty" doc:"Whom to invite as its Owner."`
}

// NewClient is a new client.
type NewClient struct {
	NewAccount
	MembershipStart string `json:"membership_start,omitempty" doc:"YYYY-MM-DD."`
	MembershipEnd   string `json:"membership_end,omitempty" doc:"YYYY-MM-DD. Either this or no_end must be sent."`
	NoEnd           bool   `json:"no_end,omitempty" doc:"The membership never ends."`

	Package ids.Package `json:"package,omitempty" maxLength:"64" doc:"What it buys."`
}

func (n NewAccount) fields() account.Fields {
	return account.Fields{Name: n.Name, LegalName: n.LegalName, Email: n.Email, Phone: n.Phone, Address: n.Address, Website: n.Website, Industry: n.Industry,
		TimeZone: n.TimeZone, Language: n.Language, Refs: refsOf(n.References)}
}

type createClientIn struct {
	AtAccount
	Body NewClient
}

func (a *API) createClient(ctx context.Context, by authz.Actor, in *createClientIn) (*Created, error) {
	f := in.Body.fields()
	f.MembershipStart, f.MembershipEnd = in.Body.MembershipStart, in.Body.MembershipEnd
	if in.Body.Package != "" {
		f.Package = &in.Body.Package
	}
	return a.create(ctx, by, in.Account, account.CreateInput{Kind: account.Customer, NoEnd: in.Body.NoEnd, Fields: f}, in.Body.OwnerEmail)
}

type createAccountIn struct {
	AtAccount
	Body NewAccount
}

func (a *API) createReseller(ctx context.Context, by authz.Actor, in *createAccountIn) (*Created, error) {
	return a.create(ctx, by, in.Account, account.CreateInput{Kind: account.Reseller, Fields: in.Body.fields()}, in.Body.OwnerEmail)
}

func (a *API) createDepartment(ctx context.Context, by authz.Actor, in *createAccountIn) (*Created, error) {
	return a.create(ctx, by, in.Account, account.CreateInput{Kind: account.Department, Fields: in.Body.fields()}, in.Body.OwnerEmail)
}

func (a *API) create(ctx context.Context, by authz.Actor, parent ids.Account, in account.CreateInput, owner string) (*Created, error) {
	out, err := a.Provision.Create(ctx, by, parent, provision.Input{CreateInput: in, OwnerEmail: owner})
	return made("/accounts/", out.ID, err)
}

type changeClientsIn struct {
	AtAccount
	Body struct {
		Action        string        `json:"action" enum:"suspend,resume,extend,close,package"`
		Clients       []ids.Account `json:"clients" minItems:"1" maxItems:"100"`
		MembershipEnd string        `json:"membership_end,omitempty" doc:"To extend: YYYY-MM-DD."`
		NoEnd         bool          `json:"no_end,omitempty" doc:"To extend: never."`
		Package       ids.Package   `json:"package,omitempty" maxLength:"64" doc:"To give them another package; empty: none."`
		Typed         string        `json:"typed,omitempty" doc:"To close: how many clients it is, as a safeguard." example:"3"`
	}
}

func (a *API) changeClients(ctx context.Context, by authz.Actor, in *changeClientsIn) (*Done, error) {
	b := in.Body
	switch b.Action {
	case "extend":
		return done(a.Accounts.BulkExtend(ctx, by, in.Account, b.Clients, b.MembershipEnd, b.NoEnd))
	case "package":
		return done(a.Accounts.BulkAssign(ctx, by, in.Account, b.Clients, b.Package))
	case "close":
		return done(a.Accounts.BulkClose(ctx, by, in.Account, b.Clients, b.Typed))
	}
	return done(a.Accounts.BulkActive(ctx, by, in.Account, b.Clients, b.Action == "resume"))
}

// Reseller is a reseller in a list.
type Reseller struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Parent      string    `json:"parent"`
	Level       int       `json:"level" doc:"1 directly below the account."`
	Status      string    `json:"status" enum:"active,suspended,closed"`
	Clients     int       `json:"clients" doc:"Below it, at most 10,000."`
	ClientsMore bool      `json:"clients_more" doc:"There are more than that."`
	CreatedAt   time.Time `json:"created_at"`
	Can         []string  `json:"can" doc:"What the key may do with resellers here."`
}

func (a *API) listResellers(ctx context.Context, by authz.Actor, in *AtAccount) (*Answer[List[Reseller]], error) {
	rows, err := a.Accounts.Resellers(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	_, sc, err := a.Ops.See(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	mine := can(sc.Perms(), "resellers")
	out := List[Reseller]{Items: make([]Reseller, len(rows))}
	for i, r := range rows {
		out.Items[i] = Reseller{string(r.ID), r.Name, string(r.Parent), r.Level, string(r.Status), min(r.Clients, account.Most), r.Clients > account.Most, r.Created, mine}
	}
	return &Answer[List[Reseller]]{out}, nil
}

// Department is a department in a list.
type Department struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Email       string   `json:"email"`
	Status      string   `json:"status" enum:"active,suspended,closed"`
	Users       int64    `json:"users"`
	SubAccounts int64    `json:"subaccounts" doc:"Those that the key may see."`
	Locations   int64    `json:"locations"`
	Departments int64    `json:"departments" doc:"Directly below."`
	Can         []string `json:"can" doc:"What the key may do with departments here."`
}

type listIn struct {
	AtAccount
	Turn
}

func (a *API) listDepartments(ctx context.Context, by authz.Actor, in *listIn) (*Answer[List[Department]], error) {
	rows, next, err := a.Accounts.Departments(ctx, by, in.Account, in.Cursor)
	if err != nil {
		return nil, err
	}
	_, sc, err := a.Ops.See(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	mine := can(sc.Perms(), "departments")
	out := List[Department]{Items: make([]Department, len(rows)), Next: next}
	for i, r := range rows {
		out.Items[i] = Department{string(r.ID), r.Name, r.Email, string(r.Status), r.Users, r.SubAccounts, r.Locations, r.Departments, mine}
	}
	return &Answer[List[Department]]{out}, nil
}
