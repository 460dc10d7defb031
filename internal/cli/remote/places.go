package remote

import (
	"strconv"
	"strings"

	"bailiwick/internal/api/client"
)

type resellersCmd struct {
	List   resellersList   `cmd:"" help:"List the resellers below the account, as a tree."`
	Show   accountShow     `cmd:"" help:"Show a reseller."`
	Create resellersCreate `cmd:"" help:"Create a reseller below the account; prints its id."`
	Edit   accountEdit     `cmd:"" help:"Change what is known of a reseller; what is not named stays."`
	Hold   accountHold     `cmd:"" help:"Suspend resellers, and with them everything below."`
	Resume accountResume   `cmd:"" help:"Lift your own hold from resellers."`
	Move   accountMove     `cmd:"" help:"Move a reseller, with everything below."`
	Close  accountClose    `cmd:"" help:"Close a reseller, with everything below."`
	Reopen accountReopen   `cmd:"" help:"Reopen a closed reseller."`
	Lift   accountLift     `cmd:"" help:"Lift one hold from a reseller."`
	Path   accountPath     `cmd:"" help:"List the accounts above a reseller."`
	Places accountPlaces   `cmd:"" help:"List the accounts that a reseller can be moved below."`
}

type resellersList struct{ flags }

// Run lists resellers.
func (c resellersList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(string) ([]client.Reseller, string, error) {
		l, err := s.ListResellers(s.Ctx, at)
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Reseller, next string) any { return client.ListReseller{Items: rows, Next: next} }
	return list(s, paging{}, unknown, read, whole,
		column[client.Reseller]{"id", func(r client.Reseller) string { return r.ID }},
		column[client.Reseller]{"name", func(r client.Reseller) string {
			return strings.Repeat("  ", int(max(0, r.Level-1))) + r.Name
		}},
		column[client.Reseller]{"status", func(r client.Reseller) string { return r.Status }},
		column[client.Reseller]{"clients", func(r client.Reseller) string {
			n := strconv.FormatInt(r.Clients, 10)
			if r.ClientsMore {
				n += "+"
			}
			return n
		}})
}

type resellersCreate struct {
	flags
	about
	Name  string `arg:"" help:"Its name."`
	Owner string `help:"Whom to invite as its Owner." placeholder:"ADDRESS"`
}

// Run creates a reseller.
func (c resellersCreate) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	body, err := c.newAccount(c.Name, c.Owner)
	if err != nil {
		return err
	}
	return s.made(s.CreateReseller(s.Ctx, at, body))
}

type departmentsCmd struct {
	List   departmentsList   `cmd:"" help:"List the departments directly below the account."`
	Show   accountShow       `cmd:"" help:"Show a department."`
	Create departmentsCreate `cmd:"" help:"Create a department in the account; prints its id."`
	Edit   accountEdit       `cmd:"" help:"Change what is known of a department; what is not named stays."`
	Hold   accountHold       `cmd:"" help:"Suspend departments."`
	Resume accountResume     `cmd:"" help:"Lift your own hold from departments."`
	Move   accountMove       `cmd:"" help:"Move a department."`
	Close  accountClose      `cmd:"" help:"Close a department."`
	Reopen accountReopen     `cmd:"" help:"Reopen a closed department."`
	Lift   accountLift       `cmd:"" help:"Lift one hold from a department."`
	Path   accountPath       `cmd:"" help:"List the accounts above a department."`
	Places accountPlaces     `cmd:"" help:"List the accounts that a department can be moved below."`
}

type departmentsList struct {
	flags
	paging
}

// Run lists departments.
func (c departmentsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.Department, string, error) {
		l, err := s.ListDepartments(s.Ctx, at, client.ListDepartmentsParams{Cursor: cursor})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Department, next string) any { return client.ListDepartment{Items: rows, Next: next} }
	number := func(of func(client.Department) int64) func(client.Department) string {
		return func(d client.Department) string { return strconv.FormatInt(of(d), 10) }
	}
	return list(s, c.paging, unknown, read, whole,
		column[client.Department]{"id", func(d client.Department) string { return d.ID }},
		column[client.Department]{"name", func(d client.Department) string { return d.Name }},
		column[client.Department]{"status", func(d client.Department) string { return d.Status }},
		column[client.Department]{"users", number(func(d client.Department) int64 { return d.Users })},
		column[client.Department]{"subaccounts", number(func(d client.Department) int64 { return d.Subaccounts })},
		column[client.Department]{"departments", number(func(d client.Department) int64 { return d.Departments })})
}

type departmentsCreate struct {
	flags
	about
	Name  string `arg:"" help:"Its name."`
	Owner string `help:"Whom to invite as its Owner." placeholder:"ADDRESS"`
}

// Run creates a department.
func (c departmentsCreate) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	body, err := c.newAccount(c.Name, c.Owner)
	if err != nil {
		return err
	}
	return s.made(s.CreateDepartment(s.Ctx, at, body))
}

type locationsCmd struct {
	List   locationsList   `cmd:"" help:"List the locations of the account."`
	Show   locationsShow   `cmd:"" help:"Show a location."`
	Create locationsCreate `cmd:"" help:"Add a location to the account; prints its id."`
	Edit   locationsEdit   `cmd:"" help:"Change a location; what is not named stays."`
	Remove locationsRemove `cmd:"" help:"Remove a location."`
	Import locationsImport `cmd:"" help:"Add locations from a file, after a look through it."`
	Export locationsExport `cmd:"" help:"Write locations into a file."`
}

type locationsList struct {
	flags
	paging
}

// Run lists locations.
func (c locationsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.Location, string, error) {
		l, err := s.ListLocations(s.Ctx, at, client.ListLocationsParams{Cursor: cursor})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Location, next string) any { return client.ListLocation{Items: rows, Next: next} }
	return list(s, c.paging, unknown, read, whole,
		column[client.Location]{"id", func(l client.Location) string { return l.ID }},
		column[client.Location]{"name", func(l client.Location) string { return l.Name }},
		column[client.Location]{"address", func(l client.Location) string { return l.Address }},
		column[client.Location]{"country", func(l client.Location) string { return l.Country }},
		column[client.Location]{"time zone", func(l client.Location) string { return l.TimeZone }})
}

type locationsShow struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run shows a location.
func (c locationsShow) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	l, _, err := s.GetLocation(s.Ctx, at, c.ID)
	if err != nil || s.json {
		return s.jsonOr(l, err)
	}
	return facts(s.Out, "Id", l.ID, "Name", l.Name, "Address", l.Address, "Country", l.Country, "Time zone", l.TimeZone, "Created", day(l.CreatedAt), "Changed", day(l.UpdatedAt))
}

// where are the fields of a location besides its name.
type where struct {
	Address  *string `help:"Postal address." placeholder:"TEXT"`
	Country  *string `help:"Country, two letters." placeholder:"CODE"`
	TimeZone *string `help:"Time zone, an IANA name; empty for that of the account." placeholder:"NAME"`
}

type locationsCreate struct {
	flags
	where
	Name string `arg:"" help:"Its name."`
}

// Run adds a location.
func (c locationsCreate) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.made(s.CreateLocation(s.Ctx, at, client.CreateLocationInBody{Name: c.Name, Address: text(c.Address), Country: text(c.Country), TimeZone: text(c.TimeZone)}))
}

type locationsEdit struct {
	flags
	where
	ID   string  `arg:"" help:"Its id."`
	Name *string `help:"Its name." placeholder:"TEXT"`
}

// Run changes a location.
func (c locationsEdit) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	_, version, err := s.GetLocation(s.Ctx, at, c.ID)
	if err != nil {
		return err
	}
	l, _, err := s.EditLocation(s.Ctx, at, c.ID, version, client.EditLocationInBody{Name: c.Name, Address: c.Address, Country: c.Country, TimeZone: c.TimeZone})
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(l)
	}
	return s.done("Changed %s.", plain(l.Name))
}

type locationsRemove struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run removes a location.
func (c locationsRemove) Run(p *Process) error {
	return c.one(p, "Removed", c.ID, func(s *session, at string) error { return s.RemoveLocation(s.Ctx, at, c.ID) })
}

type subaccountsCmd struct {
	List    subaccountsList   `cmd:"" help:"List the sub-accounts of the account and its departments."`
	Show    subaccountsShow   `cmd:"" help:"Show a sub-account."`
	Create  subaccountsCreate `cmd:"" help:"Create a sub-account of the account; prints its id."`
	Edit    subaccountsEdit   `cmd:"" help:"Change a sub-account; what is not named stays."`
	Suspend subaccountsHold   `cmd:"" help:"Suspend a sub-account."`
	Resume  subaccountsResume `cmd:"" help:"Resume a sub-account."`
	Move    subaccountsMove   `cmd:"" help:"Give a sub-account to another department or the client itself."`
	Remove  subaccountsRemove `cmd:"" help:"Remove a sub-account."`
}

type subaccountsList struct {
	flags
	paging
	Search string `short:"q" help:"Part of the name." placeholder:"TEXT"`
}

// Run lists sub-accounts.
func (c subaccountsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.SubAccount, string, error) {
		l, err := s.ListSubAccounts(s.Ctx, at, client.ListSubAccountsParams{Cursor: cursor, Search: c.Search})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.SubAccount, next string) any { return client.ListSubAccount{Items: rows, Next: next} }
	return list(s, c.paging, unknown, read, whole,
		column[client.SubAccount]{"id", func(a client.SubAccount) string { return a.ID }},
		column[client.SubAccount]{"name", func(a client.SubAccount) string { return a.Name }},
		column[client.SubAccount]{"purpose", func(a client.SubAccount) string { return a.Purpose }},
		column[client.SubAccount]{"status", func(a client.SubAccount) string { return a.Status }},
		column[client.SubAccount]{"owner", func(a client.SubAccount) string { return a.AccountName }})
}

type subaccountsCreate struct {
	flags
	Name    string `arg:"" help:"Its name."`
	Purpose string `enum:"transactional,marketing" default:"transactional" help:"transactional or marketing." placeholder:"PURPOSE"`
}

// Run creates a sub-account.
func (c subaccountsCreate) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.made(s.CreateSubAccount(s.Ctx, at, client.CreateSubAccountInBody{Name: c.Name, Purpose: c.Purpose}))
}

type subaccountsShow struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run shows a sub-account.
func (c subaccountsShow) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	a, _, err := s.GetSubAccount(s.Ctx, at, c.ID)
	if err != nil || s.json {
		return s.jsonOr(a, err)
	}
	return facts(s.Out, "Id", a.ID, "Name", a.Name, "Purpose", a.Purpose, "Status", a.Status, "Owner", a.AccountName, "Created", day(a.CreatedAt))
}

type subaccountsEdit struct {
	flags
	ID      string  `arg:"" help:"Its id."`
	Name    *string `help:"Its name." placeholder:"TEXT"`
	Purpose *string `help:"transactional or marketing." placeholder:"PURPOSE"`
}

// Run changes a sub-account.
func (c subaccountsEdit) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	_, version, err := s.GetSubAccount(s.Ctx, at, c.ID)
	if err != nil {
		return err
	}
	a, _, err := s.EditSubAccount(s.Ctx, at, c.ID, version, client.EditSubAccountInBody{Name: c.Name, Purpose: c.Purpose})
	if err != nil || s.json {
		return s.jsonOr(a, err)
	}
	return s.done("Changed %s.", plain(a.Name))
}

type subaccountsHold struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run suspends a sub-account.
func (c subaccountsHold) Run(p *Process) error {
	return c.one(p, "Suspended", c.ID, func(s *session, at string) error { return s.SuspendSubAccount(s.Ctx, at, c.ID) })
}

type subaccountsResume struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run resumes a sub-account.
func (c subaccountsResume) Run(p *Process) error {
	return c.one(p, "Resumed", c.ID, func(s *session, at string) error { return s.ResumeSubAccount(s.Ctx, at, c.ID) })
}

type subaccountsMove struct {
	flags
	ID string `arg:"" help:"Its id."`
	To string `required:"" help:"The department, or the client itself." placeholder:"ID"`
}

// Run moves a sub-account.
func (c subaccountsMove) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	if err := s.MoveSubAccount(s.Ctx, at, c.ID, client.MoveSubAccountInBody{To: c.To}); err != nil {
		return err
	}
	return s.done("Moved %s to %s.", plain(c.ID), plain(c.To))
}

type subaccountsRemove struct {
	flags
	ID   string `arg:"" help:"Its id."`
	Name string `required:"" help:"Its name, as a safeguard." placeholder:"TEXT"`
}

// Run removes a sub-account.
func (c subaccountsRemove) Run(p *Process) error {
	return c.one(p, "Removed", c.ID, func(s *session, at string) error {
		return s.RemoveSubAccount(s.Ctx, at, c.ID, client.RemoveSubAccountParams{Typed: c.Name})
	})
}
