package api

import (
	"context"
	"net/http"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

func (a *API) accountOperations() {
	tag := "Accounts"
	add(a, operation{id: "getAccount", route: "GET /accounts/{account}", tag: tag, about: "Get an account"}, a.getAccount)
	add(a, operation{id: "editAccount", route: "PATCH /accounts/{account}", tag: tag, about: "Edit an account",
		more: "Fields that are left out stay. Membership dates, package and references belong to the account above and are changed by its people alone."}, a.editAccount)
	add(a, operation{id: "getAccountPath", route: "GET /accounts/{account}/path", tag: tag, about: "List the accounts above an account, as far as they are in sight"}, a.accountPath)
	add(a, operation{id: "holdAccount", route: "POST /accounts/{account}/hold", tag: tag, about: "Suspend an account", status: http.StatusNoContent,
		more: "Puts a hold on the account from the level of the key's owner. Everything below it stops with it."}, a.holdAccount)
	add(a, operation{id: "liftHold", route: "DELETE /accounts/{account}/holds/{hold}", tag: tag, about: "Lift one hold"}, a.liftHold)
	add(a, operation{id: "resumeAccount", route: "POST /accounts/{account}/resume", tag: tag, about: "Lift every hold that the key's owner may lift", status: http.StatusNoContent}, a.resumeAccount)
	add(a, operation{id: "closeAccount", route: "POST /accounts/{account}/close", tag: tag, about: "Close an account and everything below it", status: http.StatusNoContent}, a.closeAccount)
	add(a, operation{id: "reopenAccount", route: "POST /accounts/{account}/reopen", tag: tag, about: "Reopen a closed account while it is kept", status: http.StatusNoContent}, a.reopenAccount)
	a.listingOperations()
	a.moveOperations()
}

// AtAccount names the account in the path.
type AtAccount struct {
	Account ids.Account `path:"account" doc:"The account's id."`
}

// Account is an account with all that is kept about it.
type Account struct {
	ID              string     `json:"id"`
	Kind            string     `json:"kind" enum:"platform,reseller,customer,department"`
	Parent          string     `json:"parent,omitempty" doc:"The account it hangs under; absent when that is out of sight."`
	ParentName      string     `json:"parent_name,omitempty"`
	Name            string     `json:"name"`
	LegalName       string     `json:"legal_name"`
	Email           string     `json:"email"`
	Phone           string     `json:"phone"`
	Address         string     `json:"address"`
	Website         string     `json:"website"`
	Industry        string     `json:"industry"`
	TimeZone        Inherited  `json:"time_zone"`
	Language        Inherited  `json:"language"`
	MembershipStart string     `json:"membership_start,omitempty" doc:"YYYY-MM-DD; clients only."`
	MembershipEnd   string     `json:"membership_end,omitempty" doc:"YYYY-MM-DD in the account's time zone; absent: it never ends."`
	Package         string     `json:"package,omitempty" doc:"What it has bought; clients only."`
	PackageName     string     `json:"package_name,omitempty"`
	References      []Ref      `json:"references" doc:"Its names in other systems."`
	Status          string     `json:"status" enum:"active,suspended,closed"`
	Holds           []Hold     `json:"holds" doc:"What suspends it, its own holds first."`
	ClosedAt        *time.Time `json:"closed_at,omitempty"`
	KeptUntil       *time.Time `json:"kept_until,omitempty" doc:"Until when it can be reopened."`
	Users           *int64     `json:"users,omitempty" doc:"People in it and its departments; clients only."`
	Locations       *int64     `json:"locations,omitempty" doc:"Likewise."`
	Departments     *int64     `json:"departments,omitempty" doc:"Directly below; clients and departments only."`
	CreatedAt       time.Time  `json:"created_at"`
	UpdatedAt       time.Time  `json:"updated_at"`
	Can             []string   `json:"can" doc:"Every permission that the key holds on it."`
}

// Inherited is a setting that an account has for itself or gets from above.
type Inherited struct {
	Value string `json:"value"`
	Own   bool   `json:"own" doc:"Set on the account itself."`
	From  string `json:"from,omitempty" doc:"The name of the account that sets it."`
}

// Ref is the name of an account in another system.
type Ref struct {
	Source    string `json:"source" maxLength:"200" example:"whmcs"`
	Reference string `json:"reference" maxLength:"200" example:"1042"`
}

// Hold is a reason for which an account is suspended.
type Hold struct {
	ID          string    `json:"id"`
	On          string    `json:"on,omitempty" doc:"The account it lies on; absent when that is out of sight."`
	Source      string    `json:"source" enum:"operator,parent,billing,abuse,expiry,self"`
	SetFrom     string    `json:"set_from,omitempty" doc:"The account it was set from; absent when that is out of sight."`
	Reason      string    `json:"reason"`
	SetByName   string    `json:"set_by_name,omitempty"`
	At          time.Time `json:"at"`
	CanBeLifted bool      `json:"can_be_lifted" doc:"By this key's owner."`
}

func accountBody(d account.Details) Account {
	out := Account{
		ID: string(d.ID), Kind: string(d.Kind), ParentName: d.ParentName, Name: d.Name, LegalName: d.LegalName, Email: d.Email, Phone: d.Phone,
		Address: d.Address, Website: d.Website, Industry: d.Industry, TimeZone: Inherited{d.TimeZone.Value, d.TimeZone.Own, d.TimeZone.From},
		Language: Inherited{d.Language.Value, d.Language.Own, d.Language.From}, MembershipStart: string(d.MembershipStart), MembershipEnd: string(d.MembershipEnd), Package: string(d.Package), PackageName: d.PackageName,
		References: refBodies(d.Refs), Status: string(d.Standing.Status), Holds: holdBodies(d.Standing.Holds), CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, Can: d.Perms().Names(),
	}
	if d.ParentName != "" {
		out.Parent = string(d.Parent)
	}
	if d.Closed() {
		out.ClosedAt, out.KeptUntil = &d.ClosedAt, &d.Closing.Until
	}
	if d.Kind == account.Customer {
		out.Users, out.Locations = &d.Users, &d.Locations
	}
	if d.Kind == account.Customer || d.Kind == account.Department {
		out.Departments = &d.Departments
	}
	return out
}

func refBodies(refs []account.Ref) []Ref {
	out := make([]Ref, len(refs))
	for i, r := range refs {
		out[i] = Ref{r.Source, r.Reference}
	}
	return out
}

func holdBodies(holds []account.Hold) []Hold {
	out := make([]Hold, len(holds))
	for i, h := range holds {
		out[i] = Hold{string(h.ID), string(h.On), string(h.Source), string(h.SetFrom), h.Reason, h.SetByName, h.At, h.CanLift}
	}
	return out
}

func (a *API) getAccount(ctx context.Context, by authz.Actor, in *AtAccount) (*Item[Account], error) {
	d, err := a.Accounts.Get(ctx, by, in.Account, account.DepartmentCount)
	if err != nil {
		return nil, err
	}
	return &Item[Account]{etag(d.Version), accountBody(d)}, nil
}

// AccountEdit is what changes of an account. What is left out stays.
type AccountEdit struct {
	Name            *string `json:"name,omitempty"`
	LegalName       *string `json:"legal_name,omitempty"`
	Email           *string `json:"email,omitempty"`
	Phone           *string `json:"phone,omitempty"`
	Address         *string `json:"address,omitempty"`
	Website         *string `json:"website,omitempty"`
	Industry        *string `json:"industry,omitempty"`
	TimeZone        *string `json:"time_zone,omitempty" doc:"An IANA name; empty: as above."`
	Language        *string `json:"language,omitempty" doc:"A BCP 47 tag; empty: as above."`
	MembershipStart *string `json:"membership_start,omitempty" doc:"YYYY-MM-DD."`
	MembershipEnd   *string `json:"membership_end,omitempty" doc:"YYYY-MM-DD; empty: it never ends."`
	References      *[]Ref  `json:"references,omitempty" doc:"All of them."`

	Package *ids.Package `json:"package,omitempty" maxLength:"64" doc:"Empty: none."`
}

// onto lays the edit over the account as it is.
func (e AccountEdit) onto(d account.Details) account.UpdateInput {
	f := account.Fields{Name: d.Name, LegalName: d.LegalName, Email: d.Email, Phone: d.Phone, Address: d.Address, Website: d.Website, Industry: d.Industry,
		MembershipStart: string(d.MembershipStart), MembershipEnd: string(d.MembershipEnd), Refs: d.Refs}
	if d.TimeZone.Own {
		f.TimeZone = d.TimeZone.Value
	}
	if d.Language.Own {
		f.Language = d.Language.Value
	}
	for _, c := range []struct {
		to   *string
		from *string
	}{
		{&f.Name, e.Name}, {&f.LegalName, e.LegalName}, {&f.Email, e.Email}, {&f.Phone, e.Phone}, {&f.Address, e.Address}, {&f.Website, e.Website}, {&f.Industry, e.Industry},
		{&f.TimeZone, e.TimeZone}, {&f.Language, e.Language}, {&f.MembershipStart, e.MembershipStart}, {&f.MembershipEnd, e.MembershipEnd},
	} {
		if c.from != nil {
			*c.to = *c.from
		}
	}
	f.Package = e.Package
	if e.References != nil {
		f.Refs = refsOf(*e.References)
	}
	return account.UpdateInput{NoEnd: f.MembershipEnd == "", Fields: f}
}

func refsOf(refs []Ref) []account.Ref {
	out := make([]account.Ref, len(refs))
	for i, r := range refs {
		out[i] = account.Ref{Source: r.Source, Reference: r.Reference}
	}
	return out
}

type editAccountIn struct {
	AtAccount
	Edits
	Body AccountEdit
}

func (a *API) editAccount(ctx context.Context, by authz.Actor, in *editAccountIn) (*Item[Account], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	d, err := a.Accounts.Get(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	upd := in.Body.onto(d)
	upd.Version = version
	if err := a.Accounts.Update(ctx, by, in.Account, upd); err != nil {
		return nil, err
	}
	return a.getAccount(ctx, by, &in.AtAccount)
}

// PathStep is one account on the way down to another.
type PathStep struct {
	ID   string `json:"id"`
	Kind string `json:"kind" enum:"platform,reseller,customer,department"`
	Name string `json:"name"`
}

func (a *API) accountPath(ctx context.Context, by authz.Actor, in *AtAccount) (*Answer[List[PathStep]], error) {
	path, err := a.Accounts.Path(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	out := List[PathStep]{Items: make([]PathStep, len(path))}
	for i, c := range path {
		out.Items[i] = PathStep{string(c.ID), string(c.Kind), c.Name}
	}
	return &Answer[List[PathStep]]{out}, nil
}

type holdIn struct {
	AtAccount
	Body struct {
		Reason string `json:"reason,omitempty" doc:"Who may see the account reads it."`
	}
}

func (a *API) holdAccount(ctx context.Context, by authz.Actor, in *holdIn) (*Done, error) {
	return done(a.Accounts.Hold(ctx, by, in.Account, in.Body.Reason))
}

type liftIn struct {
	AtAccount
	Hold ids.Hold `path:"hold" doc:"The hold's id."`
}

func (a *API) liftHold(ctx context.Context, by authz.Actor, in *liftIn) (*struct{}, error) {
	return nil, a.Accounts.Lift(ctx, by, in.Account, in.Hold)
}

func (a *API) resumeAccount(ctx context.Context, by authz.Actor, in *AtAccount) (*Done, error) {
	_, err := a.Accounts.SetActive(ctx, by, in.Account, true)
	return done(err)
}

type closeIn struct {
	AtAccount
	Body struct {
		Typed string `json:"typed" doc:"The account's name, as a safeguard." example:"Acme"`
	}
}

func (a *API) closeAccount(ctx context.Context, by authz.Actor, in *closeIn) (*Done, error) {
	return done(a.Accounts.Close(ctx, by, in.Account, in.Body.Typed))
}

func (a *API) reopenAccount(ctx context.Context, by authz.Actor, in *AtAccount) (*Done, error) {
	return done(a.Accounts.Reopen(ctx, by, in.Account))
}
