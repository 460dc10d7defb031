package api

import (
	"context"
	"net/http"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
)

func (a *API) packageOperations() {
	tag := "Packages"
	add(a, operation{id: "listPackages", route: "GET /accounts/{account}/packages", tag: tag, perm: authz.PackagesView, about: "List the packages that are made in an account and above it",
		more: "In a client it is the package that the client has."}, a.listPackages)
	add(a, operation{id: "createPackage", route: "POST /accounts/{account}/packages", tag: tag, perm: authz.PackagesEdit, status: http.StatusCreated, about: "Create a package",
		more: "Packages are made at the platform and at resellers. Clients below can be given them."}, a.createPackage)
	add(a, operation{id: "getPackage", route: "GET /accounts/{account}/packages/{package}", tag: tag, perm: authz.PackagesView, about: "Get a package"}, a.getPackage)
	add(a, operation{id: "editPackage", route: "PATCH /accounts/{account}/packages/{package}", tag: tag, perm: authz.PackagesEdit, about: "Edit a package",
		more: "What changes holds at once for every client that has it, but for the limits that a client has instead."}, a.editPackage)
	add(a, operation{id: "copyPackage", route: "POST /accounts/{account}/packages/{package}/copy", tag: tag, perm: authz.PackagesEdit, status: http.StatusCreated, about: "Create a package like another one"}, a.copyPackage)
	add(a, operation{id: "retirePackage", route: "POST /accounts/{account}/packages/{package}/retire", tag: tag, perm: authz.PackagesEdit, status: http.StatusNoContent, about: "Take a package out of what clients can be given, or put it back",
		more: "Clients that have it keep it."}, a.retirePackage)
	add(a, operation{id: "reassignPackage", route: "POST /accounts/{account}/packages/{package}/reassign", tag: tag, perm: authz.PackagesAssign, status: http.StatusNoContent, about: "Give every client that has a package another one, or none",
		more: "More than 100 clients get it one after the other, by a task that this begins: see the tasks of the account."}, a.reassignPackage)
	add(a, operation{id: "deletePackage", route: "DELETE /accounts/{account}/packages/{package}", tag: tag, perm: authz.PackagesEdit, about: "Delete a package that no client has"}, a.deletePackage)
	add(a, operation{id: "getBought", route: "GET /accounts/{account}/package", tag: tag, perm: authz.PackagesView, about: "Get what a client has bought, and how much of it is used"}, a.getBought)
	add(a, operation{id: "assignPackage", route: "POST /accounts/{account}/package", tag: tag, perm: authz.PackagesAssign, status: http.StatusNoContent, about: "Give a client another package, or none",
		more: "It belongs to the account above, whose people alone change it."}, a.assignPackage)
	add(a, operation{id: "overrideLimits", route: "POST /accounts/{account}/package/overrides", tag: tag, perm: authz.PackagesAssign, status: http.StatusNoContent, about: "Change what a client has instead of limits of its package",
		more: "A limit below what is used is allowed: nothing goes away, and nothing new is made."}, a.overrideLimits)
}

// Limit is a limit of a package.
type Limit struct {
	Limit  string `json:"limit" enum:"users,departments,subaccounts,locations,contacts,keys,domains,message_mb"`
	Amount int64  `json:"amount" minimum:"-1" maximum:"1000000000000" doc:"-1 is without a limit, 0 is none."`
}

// Package is what clients buy.
type Package struct {
	ID          string     `json:"id"`
	Account     string     `json:"account,omitempty" doc:"Where it is made; absent when that is out of sight."`
	AccountName string     `json:"account_name,omitempty"`
	Inherited   bool       `json:"inherited" doc:"It comes from above this account."`
	Name        string     `json:"name"`
	PriceNote   string     `json:"price_note"`
	AllModules  bool       `json:"all_modules" doc:"It withholds no module, those to come included."`
	Modules     []string   `json:"modules" doc:"Else the modules that it leaves to the people of its clients, beside those that none withholds."`
	Role        string     `json:"role,omitempty" doc:"The role group of who is made a user without one."`
	RoleName    string     `json:"role_name,omitempty"`
	Limits      []Limit    `json:"limits" doc:"What is not among them has no limit."`
	Sending     []Sending  `json:"sending" doc:"How much clients may send. What is not among them has no limit."`
	RetiredAt   *time.Time `json:"retired_at,omitempty" doc:"Since when no client gets it."`
	Clients     int        `json:"clients" doc:"That have it, here and below."`
	Can         []string   `json:"can" doc:"What the key may do with packages here."`
}

func packageBody(p plan.Package, at ids.Account, mine []string) Package {
	out := Package{ID: string(p.ID), Account: string(p.Account), AccountName: p.AccountName, Inherited: p.Inherited(at), Name: p.Name, PriceNote: p.PriceNote, AllModules: p.All,
		Modules: modulesOf(p), Role: string(p.Role), RoleName: p.RoleName, Limits: termBodies(p.Terms), Sending: sendingBodies(p.Sending), Clients: p.Customers, Can: mine}
	if p.AccountName == "" {
		out.Account = ""
	}
	if !p.Retired.IsZero() {
		out.RetiredAt = &p.Retired
	}
	return out
}

func modulesOf(p plan.Package) []string {
	out := []string{}
	for _, perm := range p.Modules.List() {
		if key := perm.Module(); len(out) == 0 || out[len(out)-1] != key {
			out = append(out, key)
		}
	}
	return out
}

func termBodies(t plan.Terms) []Limit {
	out := []Limit{}
	for _, term := range plan.AllTerms() {
		if n := t.Of(term); n != plan.Unlimited {
			out = append(out, Limit{string(term), n})
		}
	}
	return out
}

func termsOf(all []Limit) (plan.Terms, error) {
	out, seen := plan.Terms{}, places{}
	for i, l := range all {
		if err := seen.add(l.Limit, "limits", i); err != nil {
			return nil, err
		}
		out[plan.Term(l.Limit)] = l.Amount
	}
	return out, nil
}

func (a *API) listPackages(ctx context.Context, by authz.Actor, in *AtAccount) (*Answer[List[Package]], error) {
	all, err := a.Plans.List(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "packages")
	if err != nil {
		return nil, err
	}
	out := List[Package]{Items: make([]Package, len(all))}
	for i, p := range all {
		out.Items[i] = packageBody(p, in.Account, mine)
	}
	return &Answer[List[Package]]{out}, nil
}

type createPackageIn struct {
	AtAccount
	Body struct {
		Name       string    `json:"name" example:"Starter"`
		PriceNote  string    `json:"price_note,omitempty" example:"29 EUR a month"`
		AllModules *bool     `json:"all_modules,omitempty" doc:"It withholds no module, those to come included. So it is when modules are left out as well."`
		Modules    []string  `json:"modules,omitempty" maxItems:"200" doc:"Else the keys of the modules that it leaves to the people of its clients."`
		Role       ids.Role  `json:"role,omitempty" maxLength:"64" doc:"The role group of who is made a user without one."`
		Limits     []Limit   `json:"limits,omitempty" maxItems:"50" doc:"What is left out has no limit."`
		Sending    []Sending `json:"sending,omitempty" maxItems:"6" doc:"How much clients may send. What is left out has no limit."`
	}
}

// setOfModules is some permission of each module: packages hold whole modules.
func setOfModules(keys []string) authz.Set {
	var out authz.Set
	for _, k := range keys {
		if authz.BuiltInModule(k) {
			out = out.Union(authz.ModuleSet(k))
		} else {
			out = out.Union(authz.SetOf(authz.Perm(k + ".view")))
		}
	}
	return out
}

func (a *API) createPackage(ctx context.Context, by authz.Actor, in *createPackageIn) (*Created, error) {
	b := in.Body
	terms, err := termsOf(b.Limits)
	if err != nil {
		return nil, err
	}
	sending, err := gridOf(b.Sending)
	if err != nil {
		return nil, err
	}
	whole := b.Modules == nil
	id, err := a.Plans.Create(ctx, by, in.Account, plan.Input{Name: b.Name, PriceNote: b.PriceNote, All: or(b.AllModules, whole), Modules: setOfModules(b.Modules), Role: b.Role, Terms: terms, Sending: sending})
	return made("/accounts/"+string(in.Account)+"/packages/", id, sendingPlaces(b.Sending).in(err))
}

// AtPackage names a package in the path.
type AtPackage struct {
	AtAccount
	Package ids.Package `path:"package" doc:"The package's id."`
}

func (a *API) getPackage(ctx context.Context, by authz.Actor, in *AtPackage) (*Item[Package], error) {
	p, err := a.Plans.Get(ctx, by, in.Account, in.Package)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "packages")
	if err != nil {
		return nil, err
	}
	return &Item[Package]{etag(p.Version), packageBody(p, in.Account, mine)}, nil
}

type editPackageIn struct {
	AtPackage
	Edits
	Body struct {
		Name       *string    `json:"name,omitempty"`
		PriceNote  *string    `json:"price_note,omitempty"`
		AllModules *bool      `json:"all_modules,omitempty" doc:"It withholds no module, those to come included."`
		Modules    *[]string  `json:"modules,omitempty" maxItems:"200" doc:"All of them."`
		Role       *ids.Role  `json:"role,omitempty" maxLength:"64" doc:"Empty: none."`
		Limits     *[]Limit   `json:"limits,omitempty" maxItems:"50" doc:"All of them. What is left out has no limit."`
		Sending    *[]Sending `json:"sending,omitempty" maxItems:"6" doc:"All of them. What is left out has no limit. It holds at once for every client, but for the limits that a client has instead."`
	}
}

func (a *API) editPackage(ctx context.Context, by authz.Actor, in *editPackageIn) (*Item[Package], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	p, err := a.Plans.Get(ctx, by, in.Account, in.Package)
	if err != nil {
		return nil, err
	}
	b := in.Body
	upd := plan.Input{Name: or(b.Name, p.Name), PriceNote: or(b.PriceNote, p.PriceNote), All: or(b.AllModules, p.All), Modules: p.Modules, Role: or(b.Role, p.Role), Terms: p.Terms, Sending: p.Sending}
	if b.Modules != nil {
		upd.Modules = setOfModules(*b.Modules)
	}
	if b.Limits != nil {
		if upd.Terms, err = termsOf(*b.Limits); err != nil {
			return nil, err
		}
	}
	var at places
	if b.Sending != nil {
		if upd.Sending, err = gridOf(*b.Sending); err != nil {
			return nil, err
		}
		at = sendingPlaces(*b.Sending)
	}
	if err := a.Plans.Edit(ctx, by, in.Account, in.Package, version, upd); err != nil {
		return nil, at.in(err)
	}
	return a.getPackage(ctx, by, &in.AtPackage)
}

type copyPackageIn struct {
	AtPackage
	Body struct {
		Name string `json:"name" doc:"Of the new package."`
	}
}

func (a *API) copyPackage(ctx context.Context, by authz.Actor, in *copyPackageIn) (*Created, error) {
	id, err := a.Plans.Copy(ctx, by, in.Account, in.Package, in.Body.Name)
	return made("/accounts/"+string(in.Account)+"/packages/", id, err)
}

type retirePackageIn struct {
	AtPackage
	Body struct {
		Retired bool `json:"retired" doc:"false puts it back."`
	}
}

func (a *API) retirePackage(ctx context.Context, by authz.Actor, in *retirePackageIn) (*Done, error) {
	return done(a.Plans.Retire(ctx, by, in.Account, in.Package, in.Body.Retired))
}

type reassignPackageIn struct {
	AtPackage
	Body struct {
		To ids.Package `json:"to" maxLength:"64" doc:"The id of another package; empty: none."`
	}
}

func (a *API) reassignPackage(ctx context.Context, by authz.Actor, in *reassignPackageIn) (*Done, error) {
	_, err := a.Accounts.Reassign(ctx, by, in.Account, in.Package, in.Body.To)
	return done(err)
}

func (a *API) deletePackage(ctx context.Context, by authz.Actor, in *AtPackage) (*struct{}, error) {
	return nil, a.Plans.Delete(ctx, by, in.Account, in.Package)
}

// Bought is what a client has bought.
type Bought struct {
	Package     string   `json:"package,omitempty" doc:"Absent: it has none, and nothing is limited."`
	PackageName string   `json:"package_name,omitempty"`
	PriceNote   string   `json:"price_note,omitempty"`
	AllModules  bool     `json:"all_modules" doc:"No module is withheld."`
	Modules     []string `json:"modules" doc:"Else those that the package leaves to the client's people."`
	Amounts     []Amount `json:"amounts"`
	CanEdit     bool     `json:"can_edit" doc:"By this key's owner."`
}

// Amount is how much of something a client has.
type Amount struct {
	Limit      string `json:"limit" enum:"users,departments,subaccounts,locations,contacts,keys,domains,message_mb"`
	Amount     int64  `json:"amount" doc:"In force; -1 is without a limit."`
	Package    int64  `json:"package" doc:"What the package includes; -1 is without a limit."`
	Overridden bool   `json:"overridden" doc:"The client has amount instead of what the package includes."`
	LastDay    string `json:"last_day,omitempty" doc:"YYYY-MM-DD on which it has that for the last time; absent: for good."`
	Used       int64  `json:"used" doc:"0 of message_mb, the megabytes of the largest message."`
}

func (a *API) getBought(ctx context.Context, by authz.Actor, in *AtAccount) (*Answer[Bought], error) {
	b, err := a.Plans.Bought(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	out := Bought{AllModules: true, Modules: []string{}, CanEdit: b.CanEdit, Amounts: make([]Amount, len(b.Amounts))}
	if p := b.Package; p != nil {
		out.Package, out.PackageName, out.PriceNote, out.AllModules, out.Modules = string(p.ID), p.Name, p.PriceNote, p.All, modulesOf(*p)
	}
	for i, m := range b.Amounts {
		out.Amounts[i] = Amount{string(m.Term), m.Amount, m.Package, m.Overridden, m.LastDay, m.Used}
	}
	return &Answer[Bought]{out}, nil
}

type assignPackageIn struct {
	AtAccount
	Body struct {
		Package ids.Package `json:"package" maxLength:"64" doc:"Empty: none."`
	}
}

func (a *API) assignPackage(ctx context.Context, by authz.Actor, in *assignPackageIn) (*Done, error) {
	return done(a.Accounts.Assign(ctx, by, in.Account, in.Body.Package))
}

// LimitOverride is what a client has instead of a limit of its package.
type LimitOverride struct {
	Limit   string `json:"limit" enum:"users,departments,subaccounts,locations,contacts,keys,domains,message_mb"`
	Amount  int64  `json:"amount,omitempty" minimum:"-1" maximum:"1000000000000" doc:"-1 is without a limit, 0 is none."`
	LastDay string `json:"last_day,omitempty" doc:"YYYY-MM-DD in the client's time zone; without it: for good."`
	Reset   bool   `json:"reset,omitempty" doc:"What the package includes again; the amount says nothing then."`
}

type overrideIn struct {
	AtAccount
	Body struct {
		Overrides []LimitOverride `json:"overrides" minItems:"1" maxItems:"50"`
	}
}

func (a *API) overrideLimits(ctx context.Context, by authz.Actor, in *overrideIn) (*Done, error) {
	var all []plan.Override
	for _, o := range in.Body.Overrides {
		all = append(all, plan.Override{Term: plan.Term(o.Limit), Amount: o.Amount, LastDay: o.LastDay, Reset: o.Reset})
	}
	return done(a.Plans.Override(ctx, by, in.Account, all))
}
