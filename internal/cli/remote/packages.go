package remote

import (
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/api/client"
)

type packagesCmd struct {
	List     packagesList     `cmd:"" help:"List the packages that are made in the account and above it."`
	Show     packagesShow     `cmd:"" help:"Show a package."`
	Create   packagesCreate   `cmd:"" help:"Create a package; prints its id."`
	Edit     packagesEdit     `cmd:"" help:"Change a package, at once for every client that has it."`
	Copy     packagesCopy     `cmd:"" help:"Create a package like another one; prints its id."`
	Retire   packagesRetire   `cmd:"" help:"Take a package out of what clients can be given."`
	Offer    packagesOffer    `cmd:"" help:"Put a retired package back."`
	Delete   packagesDelete   `cmd:"" help:"Delete a package that no client has."`
	Reassign packagesReassign `cmd:"" help:"Give every client that has a package another one."`
	Assign   packagesAssign   `cmd:"" help:"Give clients a package."`
	Bought   packagesBought   `cmd:"" help:"Show what a client has bought, and how much of it is used."`
	Override packagesOverride `cmd:"" help:"Give a client another limit than its package does."`
}

type packagesList struct{ flags }

// Run lists packages.
func (c packagesList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(string) ([]client.Package, string, error) {
		l, err := s.ListPackages(s.Ctx, at)
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Package, next string) any { return client.ListPackage{Items: rows, Next: next} }
	return list(s, paging{}, unknown, read, whole,
		column[client.Package]{"id", func(r client.Package) string { return r.ID }},
		column[client.Package]{"name", func(r client.Package) string { return r.Name }},
		column[client.Package]{"price", func(r client.Package) string { return r.PriceNote }},
		column[client.Package]{"sends", func(r client.Package) string { return sendingText(r.Sending) }},
		column[client.Package]{"limits", func(r client.Package) string { return limits(r.Limits) }},
		column[client.Package]{"clients", func(r client.Package) string { return strconv.FormatInt(r.Clients, 10) }},
		column[client.Package]{"retired", func(r client.Package) string {
			if r.RetiredAt.IsZero() {
				return ""
			}
			return day(r.RetiredAt)
		}})
}

func limits(all []client.Limit) string {
	out := make([]string, len(all))
	for i, l := range all {
		out[i] = l.Limit + "=" + amount(l.Amount)
	}
	return strings.Join(out, " ")
}

func amount(n int64) string {
	if n < 0 {
		return "unlimited"
	}
	return strconv.FormatInt(n, 10)
}

// readLimits reads users=25 and keys=unlimited.
func readLimits(said []string) ([]client.Limit, error) {
	var out []client.Limit
	for _, text := range said {
		term, value, ok := strings.Cut(text, "=")
		n := int64(-1)
		if ok && value != "unlimited" {
			var err error
			n, err = strconv.ParseInt(value, 10, 64)
			ok = err == nil
		}
		if !ok {
			return nil, &Usage{"Write a limit as LIMIT=NUMBER, for example users=25 or keys=unlimited."}
		}
		out = append(out, client.Limit{Limit: term, Amount: n})
	}
	return out, nil
}

func (s *session) pack(r client.Package) error {
	if s.json {
		return s.printJSON(r)
	}
	modules := "all"
	if !r.AllModules {
		modules = strings.Join(r.Modules, ", ")
	}
	return facts(s.Out, "Id", r.ID, "Name", r.Name, "Price", r.PriceNote, "Modules", modules, "Role of new users", r.RoleName, "Sends", sendingText(r.Sending), "Limits", limits(r.Limits), "Clients", strconv.FormatInt(r.Clients, 10))
}

type packagesShow struct {
	flags
	ID string `arg:"" help:"Its id, pkg_..."`
}

// Run shows a package.
func (c packagesShow) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	r, _, err := s.GetPackage(s.Ctx, at, c.ID)
	if err != nil {
		return err
	}
	return s.pack(r)
}

type packagesCreate struct {
	flags
	Name   string   `arg:"" help:"Its name."`
	Price  string   `help:"What it costs, in words." placeholder:"TEXT"`
	Module []string `help:"A module that it leaves to the people of its clients; repeated or with commas. Without any: all." placeholder:"MODULE"`
	Role   string   `help:"The role group of who is made a user without one." placeholder:"ID"`
	Limit  []string `help:"A limit, for example users=25; repeated or with commas." placeholder:"LIMIT=NUMBER"`
	Send   []string `help:"How much a client may send, for example email/month=100000 or email/hour=5000/hold; repeated or with commas. What is left out has no limit." placeholder:"CHANNEL/WINDOW=NUMBER"`
}

// Run makes a package.
func (c packagesCreate) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	all, err := readLimits(c.Limit)
	if err != nil {
		return err
	}
	sending, err := readSending(c.Send)
	if err != nil {
		return err
	}
	return s.made(s.CreatePackage(s.Ctx, at, client.CreatePackageInBody{Name: c.Name, PriceNote: c.Price, AllModules: len(c.Module) == 0, Modules: c.Module, Role: c.Role, Limits: all, Sending: sending}))
}

type packagesEdit struct {
	flags
	ID         string    `arg:"" help:"Its id, pkg_..."`
	Name       *string   `help:"Its name." placeholder:"TEXT"`
	Price      *string   `help:"What it costs, in words." placeholder:"TEXT"`
	Module     *[]string `help:"All modules that it leaves to the people of its clients; repeated or with commas." placeholder:"MODULE"`
	AllModules bool      `help:"It withholds no module, those to come included."`
	Role       *string   `help:"The role group of who is made a user without one; empty for none." placeholder:"ID"`
	Limit      []string  `help:"A limit, for example users=25 or keys=unlimited; those not named stay." placeholder:"LIMIT=NUMBER"`
	Send       []string  `help:"How much a client may send, for example email/month=100000, email/hour=5000/hold or sms/day=unlimited; what is not named stays." placeholder:"CHANNEL/WINDOW=NUMBER"`
}

// Run changes a package.
func (c packagesEdit) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	r, version, err := s.GetPackage(s.Ctx, at, c.ID)
	if err != nil {
		return err
	}
	body := client.EditPackageInBody{Name: c.Name, PriceNote: c.Price, Modules: c.Module, Role: c.Role}
	if c.AllModules || c.Module != nil {
		body.AllModules = &c.AllModules
	}
	said, err := readLimits(c.Limit)
	if err != nil {
		return err
	}
	if len(said) > 0 {
		all := r.Limits
		for _, l := range said {
			all = append(slices.DeleteFunc(all, func(o client.Limit) bool { return o.Limit == l.Limit }), l)
		}
		body.Limits = &all
	}
	sending, err := readSending(c.Send)
	if err != nil {
		return err
	}
	if len(sending) > 0 {
		all := withSending(r.Sending, sending)
		body.Sending = &all
	}
	if r, _, err = s.EditPackage(s.Ctx, at, c.ID, version, body); err != nil {
		return err
	}
	return s.pack(r)
}

type packagesCopy struct {
	flags
	ID   string `arg:"" help:"Id of the package to copy."`
	Name string `arg:"" help:"Name of the new package."`
}

// Run copies a package.
func (c packagesCopy) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.made(s.CopyPackage(s.Ctx, at, c.ID, client.CopyPackageInBody{Name: c.Name}))
}

type packagesRetire struct {
	flags
	ID string `arg:"" help:"Its id, pkg_..."`
}

// Run retires a package.
func (c packagesRetire) Run(p *Process) error { return c.retire(p, c.ID, true, "Retired") }

type packagesOffer struct {
	flags
	ID string `arg:"" help:"Its id, pkg_..."`
}

// Run puts a package back.
func (c packagesOffer) Run(p *Process) error { return c.retire(p, c.ID, false, "Offered again:") }

func (f flags) retire(p *Process, id string, retired bool, did string) error {
	s, at, err := f.within(p)
	if err != nil {
		return err
	}
	if err := s.RetirePackage(s.Ctx, at, id, client.RetirePackageInBody{Retired: retired}); err != nil {
		return err
	}
	return s.done("%s %s.", did, plain(id))
}

type packagesDelete struct {
	flags
	ID string `arg:"" help:"Its id, pkg_..."`
}

// Run deletes a package.
func (c packagesDelete) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	if err := s.DeletePackage(s.Ctx, at, c.ID); err != nil {
		return err
	}
	return s.done("Deleted %s.", plain(c.ID))
}

type packagesReassign struct {
	flags
	ID string `arg:"" help:"Id of the package that its clients lose."`
	To string `arg:"" help:"Id of the package that they get, or none."`
}

// Run reassigns the clients of a package.
func (c packagesReassign) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	if err := s.ReassignPackage(s.Ctx, at, c.ID, client.ReassignPackageInBody{To: packageID(c.To)}); err != nil {
		return err
	}
	return s.done("Gave the clients of %s another package.", plain(c.ID))
}

func packageID(said string) string {
	if said == "none" {
		return ""
	}
	return said
}

type packagesAssign struct {
	flags
	Package string   `arg:"" help:"Id of the package, or none."`
	ID      []string `arg:"" help:"Ids of clients, or - for one on each line of the input."`
}

// Run gives clients a package.
func (c packagesAssign) Run(p *Process) error {
	return c.each(p, c.ID, "Assigned", func(s *session, id string) error {
		return s.AssignPackage(s.Ctx, id, client.AssignPackageInBody{Package: packageID(c.Package)})
	})
}

type packagesBought struct {
	flags
	ID string `arg:"" help:"Id of the client."`
}

// Run shows what a client has bought.
func (c packagesBought) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	b, err := s.GetBought(s.Ctx, c.ID)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(b)
	}
	said := []string{"Package", or(b.PackageName, "none"), "Price", b.PriceNote}
	for _, a := range b.Amounts {
		text := strconv.FormatInt(a.Used, 10) + " of " + amount(a.Amount)
		if a.Overridden {
			text += ", the package includes " + amount(a.Package)
			if a.LastDay != "" {
				text += " again after " + a.LastDay
			}
		}
		said = append(said, a.Limit, text)
	}
	return facts(s.Out, said...)
}

type packagesOverride struct {
	flags
	ID    string   `arg:"" help:"Id of the client."`
	Limit []string `arg:"" help:"A limit, for example users=40, keys=unlimited or users=package for that of the package."`
	Until string   `help:"Last day of it; without it: for good." placeholder:"YYYY-MM-DD"`
}

// Run overrides limits.
func (c packagesOverride) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	var body client.OverrideInBody
	for _, text := range c.Limit {
		if term, value, _ := strings.Cut(text, "="); value == "package" {
			body.Overrides = append(body.Overrides, client.LimitOverride{Limit: term, Reset: true})
			continue
		}
		l, err := readLimits([]string{text})
		if err != nil {
			return err
		}
		body.Overrides = append(body.Overrides, client.LimitOverride{Limit: l[0].Limit, Amount: l[0].Amount, LastDay: c.Until})
	}
	if err := s.OverrideLimits(s.Ctx, c.ID, body); err != nil {
		return err
	}
	return s.done("Changed %s.", plain(c.ID))
}
