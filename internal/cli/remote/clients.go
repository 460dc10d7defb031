package remote

import (
	"fmt"
	"strconv"
	"strings"

	"bailiwick/internal/api/client"
)

type clientsCmd struct {
	List    clientsList    `cmd:"" help:"List clients below the account."`
	Show    accountShow    `cmd:"" help:"Show a client."`
	Create  clientsCreate  `cmd:"" help:"Create a client below the account; prints its id."`
	Edit    accountEdit    `cmd:"" help:"Change what is known of a client; what is not named stays."`
	Hold    accountHold    `cmd:"" help:"Suspend clients."`
	Resume  accountResume  `cmd:"" help:"Lift your own hold from clients."`
	EndDate clientsEndDate `cmd:"" help:"Set when the membership of a client ends."`
	Move    accountMove    `cmd:"" help:"Move a client below another reseller."`
	Close   accountClose   `cmd:"" help:"Close a client."`
	Reopen  accountReopen  `cmd:"" help:"Reopen a closed client."`
	Lift    accountLift    `cmd:"" help:"Lift one hold from a client."`
	Path    accountPath    `cmd:"" help:"List the accounts above a client."`
	Places  accountPlaces  `cmd:"" help:"List the accounts that a client can be moved below."`
	Import  clientsImport  `cmd:"" help:"Bring clients in from a file, after a look through it."`
	Export  clientsExport  `cmd:"" help:"Write clients into a file."`
}

type clientsList struct {
	flags
	paging
	Search   string `short:"q" help:"Part of the name, the address or a reference." placeholder:"TEXT"`
	Status   string `enum:",active,suspended,closed" default:"" help:"active, suspended or closed; without it all that are not closed." placeholder:"STATUS"`
	Ends     string `help:"ended, never, or within so many days." placeholder:"WHEN"`
	Reseller string `help:"Only those below this reseller." placeholder:"ID"`
	Package  string `help:"Only those that have this package, or none." placeholder:"ID"`
	Sort     string `enum:"name,status,end,users,locations,created,package" default:"name" help:"name, status, end, users, locations, created or package." placeholder:"COLUMN"`
	Desc     bool   `help:"The other way round."`
}

// Run lists clients.
func (c clientsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	q := client.ListClientsParams{Search: c.Search, Status: c.Status, Ends: c.Ends, Reseller: c.Reseller, Package: c.Package, Sort: c.Sort, Order: order(c.Desc)}
	if c.All {
		q.Limit = 500
	}
	var page client.ClientList
	read := func(cursor string) ([]client.Client, string, error) {
		q.Cursor = cursor
		var err error
		page, err = s.ListClients(s.Ctx, at, q)
		return page.Items, page.Next, err
	}
	whole := func(rows []client.Client, next string) any {
		return client.ClientList{Items: rows, Next: next, Total: page.Total, TotalMore: page.TotalMore}
	}
	return list(s, c.paging, func() int64 { return page.Total }, read, whole,
		column[client.Client]{"id", func(a client.Client) string { return a.ID }},
		column[client.Client]{"name", func(a client.Client) string { return a.Name }},
		column[client.Client]{"status", func(a client.Client) string { return a.Status }},
		column[client.Client]{"below", func(a client.Client) string { return a.ParentName }},
		column[client.Client]{"ends", func(a client.Client) string { return or(a.MembershipEnd, "never") }},
		column[client.Client]{"package", func(a client.Client) string { return a.PackageName }},
		column[client.Client]{"users", func(a client.Client) string { return strconv.FormatInt(a.Users, 10) }},
		column[client.Client]{"locations", func(a client.Client) string { return strconv.FormatInt(a.Locations, 10) }})
}

func order(desc bool) string {
	if desc {
		return "desc"
	}
	return "asc"
}

// about are the fields that every kind of account has; those that are not named stay.
type about struct {
	LegalName *string  `help:"Legal name." placeholder:"TEXT"`
	Email     *string  `help:"Address of the company." placeholder:"ADDRESS"`
	Phone     *string  `help:"Phone number." placeholder:"TEXT"`
	Address   *string  `help:"Postal address." placeholder:"TEXT"`
	Website   *string  `help:"Website." placeholder:"URL"`
	Industry  *string  `help:"Industry." placeholder:"TEXT"`
	TimeZone  *string  `help:"Time zone, an IANA name; empty for that of the account above." placeholder:"NAME"`
	Language  *string  `help:"Language, a BCP 47 tag; empty for that of the account above." placeholder:"TAG"`
	Reference []string `help:"Reference in another system, repeated for several." placeholder:"SOURCE=REFERENCE"`
}

func (a about) refs() ([]client.Ref, error) {
	var out []client.Ref
	for _, r := range a.Reference {
		source, reference, ok := strings.Cut(r, "=")
		if !ok {
			return nil, &Usage{"Write a reference as SOURCE=REFERENCE, for example whmcs=1042."}
		}
		out = append(out, client.Ref{Source: source, Reference: reference})
	}
	return out, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// newAccount is the body of a new account.
func (a about) newAccount(name, owner string) (client.NewAccount, error) {
	refs, err := a.refs()
	return client.NewAccount{Name: name, LegalName: text(a.LegalName), Email: text(a.Email), Phone: text(a.Phone), Address: text(a.Address), Website: text(a.Website),
		Industry: text(a.Industry), TimeZone: text(a.TimeZone), Language: text(a.Language), References: refs, OwnerEmail: owner}, err
}

type clientsCreate struct {
	flags
	about
	Name    string `arg:"" help:"Its name."`
	Owner   string `help:"Whom to invite as its Owner." placeholder:"ADDRESS"`
	Start   string `help:"First day of the membership." placeholder:"YYYY-MM-DD"`
	Package string `help:"What it buys." placeholder:"ID"`
	End     string `help:"Last day of the membership, or never." required:"" placeholder:"YYYY-MM-DD|never"`
}

// Run creates a client.
func (c clientsCreate) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	n, err := c.newAccount(c.Name, c.Owner)
	if err != nil {
		return err
	}
	body := client.NewClient{Name: n.Name, LegalName: n.LegalName, Email: n.Email, Phone: n.Phone, Address: n.Address, Website: n.Website, Industry: n.Industry,
		TimeZone: n.TimeZone, Language: n.Language, References: n.References, OwnerEmail: n.OwnerEmail, Package: c.Package, MembershipStart: c.Start, NoEnd: c.End == "never"}
	if !body.NoEnd {
		body.MembershipEnd = c.End
	}
	return s.made(s.CreateClient(s.Ctx, at, body))
}

type accountShow struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run shows an account.
func (c accountShow) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	a, _, err := s.GetAccount(s.Ctx, c.ID)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(a)
	}
	var holds []string
	for _, h := range a.Holds {
		holds = append(holds, h.Source+" since "+day(h.At))
	}
	return facts(s.Out, "Id", a.ID, "Kind", a.Kind, "Name", a.Name, "Legal name", a.LegalName, "Status", a.Status, "Held by", strings.Join(holds, ", "),
		"Below", a.ParentName, "Email", a.Email, "Phone", a.Phone, "Address", a.Address, "Website", a.Website, "Industry", a.Industry,
		"Time zone", a.TimeZone.Value, "Language", a.Language.Value, "Membership", membership(a), "Package", a.PackageName, "Users", strconv.FormatInt(a.Users, 10), "Created", day(a.CreatedAt))
}

func membership(a client.Account) string {
	if a.Kind != "customer" {
		return ""
	}
	return or(a.MembershipStart, "...") + " to " + or(a.MembershipEnd, "never")
}

type accountEdit struct {
	flags
	about
	ID   string  `arg:"" help:"Its id."`
	Name *string `help:"Name." placeholder:"TEXT"`
}

// Run changes an account.
func (c accountEdit) Run(p *Process) error {
	refs, err := c.refs()
	if err != nil {
		return err
	}
	body := client.AccountEdit{Name: c.Name, LegalName: c.LegalName, Email: c.Email, Phone: c.Phone, Address: c.Address, Website: c.Website, Industry: c.Industry,
		TimeZone: c.TimeZone, Language: c.Language}
	if len(refs) > 0 {
		body.References = &refs
	}
	return c.change(p, c.ID, body)
}

// change edits the account as it stands now.
func (f flags) change(p *Process, id string, body client.AccountEdit) error {
	s, err := f.open(p)
	if err != nil {
		return err
	}
	_, version, err := s.GetAccount(s.Ctx, id)
	if err != nil {
		return err
	}
	a, _, err := s.EditAccount(s.Ctx, id, version, body)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(a)
	}
	return s.done("Changed %s.", plain(a.Name))
}

type clientsEndDate struct {
	flags
	ID   string `arg:"" help:"Id of the client."`
	Date string `arg:"" help:"YYYY-MM-DD, or never."`
}

// Run sets the end of a membership.
func (c clientsEndDate) Run(p *Process) error {
	date := c.Date
	if date == "never" {
		date = ""
	}
	return c.change(p, c.ID, client.AccountEdit{MembershipEnd: &date})
}

// each does the same to several accounts, one after the other, and goes on after a failure; the first is returned.
func (f flags) each(p *Process, ids []string, did string, one func(s *session, id string) error) error {
	s, err := f.open(p)
	if err != nil {
		return err
	}
	if ids, err = s.lines(ids); err != nil {
		return fmt.Errorf("read the ids: %w", err)
	}
	bar := s.progress(int64(len(ids)))
	defer bar.end()
	var first error
	for i, id := range ids {
		if err := one(s, id); err != nil {
			bar.end()
			if len(ids) > 1 {
				fmt.Fprintf(s.Err, "%s:\n", plain(id))
				Tell(s.Err, err)
			}
			if first == nil {
				first = err
			}
			continue
		}
		bar.end()
		if err := s.done("%s %s.", did, plain(id)); err != nil {
			return err
		}
		if len(ids) > 1 {
			bar.show(int64(i + 1))
		}
	}
	if first != nil && len(ids) > 1 {
		return &told{first}
	}
	return first
}

// told is an error that the person has read already.
type told struct{ error }

func (t *told) Unwrap() error { return t.error }

type accountHold struct {
	flags
	ID     []string `arg:"" help:"Ids, or - for one on each line of the input."`
	Reason string   `help:"Why; it stands in the log and is shown to those above." placeholder:"TEXT"`
}

// Run suspends accounts.
func (c accountHold) Run(p *Process) error {
	return c.each(p, c.ID, "Suspended", func(s *session, id string) error {
		return s.HoldAccount(s.Ctx, id, client.HoldInBody{Reason: c.Reason})
	})
}

type accountResume struct {
	flags
	ID []string `arg:"" help:"Ids, or - for one on each line of the input."`
}

// Run lifts holds.
func (c accountResume) Run(p *Process) error {
	return c.each(p, c.ID, "Resumed", func(s *session, id string) error { return s.ResumeAccount(s.Ctx, id) })
}

type accountMove struct {
	flags
	ID      string            `arg:"" help:"Its id."`
	To      string            `required:"" help:"The account to move it below." placeholder:"ID"`
	Role    map[string]string `help:"What stands in for a role group that does not reach there, repeated for several." placeholder:"GROUP=ROLE"`
	Package map[string]string `help:"What stands in for a package that does not reach there, or none; repeated for several." placeholder:"PACKAGE=PACKAGE"`
	Preview bool              `help:"Say what would happen, and do nothing."`
}

// Run moves an account.
func (c accountMove) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	if !c.Preview {
		packages := map[string]string{}
		for from, to := range c.Package {
			packages[from] = packageID(to)
		}
		if err := s.MoveAccount(s.Ctx, c.ID, client.MoveInBody{To: c.To, Roles: c.Role, Packages: packages}); err != nil {
			return err
		}
		return s.done("Moved %s below %s.", plain(c.ID), plain(c.To))
	}
	m, err := s.PreviewMove(s.Ctx, c.ID, client.PreviewInBody{To: c.To})
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(m)
	}
	var groups, sales, refs []string
	for _, k := range m.Packages {
		sales = append(sales, fmt.Sprintf("%s (%s): %d clients", k.Name, k.Package, k.Clients))
	}
	for _, g := range m.Stranded {
		groups = append(groups, fmt.Sprintf("%s (%s): %d people", g.Name, g.Role, g.Members+g.Invitations))
	}
	for _, r := range m.ReferencesUsed {
		refs = append(refs, r.Source+"="+r.Reference)
	}
	way := map[string]string{"at_once": "at once", "by_task": "by a task that you start in the portal", "on_server": "by the operator, with bailiwick admin move"}
	return facts(s.Out, "Possible", strconv.FormatBool(m.Possible), "Done", way[m.Way], "Accounts", strconv.FormatInt(m.Accounts, 10), "Role groups left behind", strings.Join(groups, "; "), "Packages left behind", strings.Join(sales, "; "),
		"References in use there", strings.Join(refs, ", "), "Names in use there", strings.Join(m.NamesUsed, ", "), "New time zone", m.TimeZone)
}

type accountClose struct {
	flags
	ID   string `arg:"" help:"Its id."`
	Name string `required:"" help:"Its name, as a safeguard." placeholder:"TEXT"`
}

// Run closes an account.
func (c accountClose) Run(p *Process) error {
	return c.each(p, []string{c.ID}, "Closed", func(s *session, id string) error { return s.CloseAccount(s.Ctx, id, client.CloseInBody{Typed: c.Name}) })
}

type accountReopen struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run reopens an account.
func (c accountReopen) Run(p *Process) error {
	return c.each(p, []string{c.ID}, "Reopened", func(s *session, id string) error { return s.ReopenAccount(s.Ctx, id) })
}
