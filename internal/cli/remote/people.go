package remote

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/api/client"
)

type usersCmd struct {
	List   usersList   `cmd:"" help:"List the people of the account."`
	Show   usersShow   `cmd:"" help:"Show a person."`
	Invite usersInvite `cmd:"" help:"Invite people by their addresses."`
	Create usersCreate `cmd:"" help:"Create a person directly; they get a link to set their password."`
	Access usersAccess `cmd:"" help:"Change what a person may do."`

	Permissions usersPermissions `cmd:"" help:"List everything that a person may do, from wherever they have it."`

	Deactivate usersDeactivate `cmd:"" help:"Deactivate people in the account."`
	Reactivate usersReactivate `cmd:"" help:"Reactivate people in the account."`
	Remove     usersRemove     `cmd:"" help:"Remove people from the account."`
	Transfer   usersTransfer   `cmd:"" help:"Make a person the Owner of the account."`
	SignOut    usersSignOut    `cmd:"" help:"End all sessions of a person, everywhere."`
	usersPerson
	Reset    usersReset    `cmd:"" help:"Mail a person a link to set a new password."`
	Settings usersSettings `cmd:"" help:"List the settings that a person has in the account."`
	Set      usersSet      `cmd:"" help:"Give a person a value of their own."`
	Unset    usersUnset    `cmd:"" help:"Take back a person's own value, so that the account's holds."`
	Import   usersImport   `cmd:"" help:"Invite people from a file, after a look through it."`
	Export   usersExport   `cmd:"" help:"Write users into a file."`
}

type usersSignOut struct {
	flags
	ID string `arg:"" help:"Their id, mem_..."`
}

// Run ends the sessions of a person.
func (c usersSignOut) Run(p *Process) error {
	return c.one(p, "Signed out", c.ID, func(s *session, at string) error { return s.SignUserOut(s.Ctx, at, c.ID) })
}

type usersReset struct {
	flags
	ID string `arg:"" help:"Their id, mem_..."`
}

// Run mails a link to set a new password.
func (c usersReset) Run(p *Process) error {
	return c.one(p, "Mailed a link to", c.ID, func(s *session, at string) error { return s.SendPasswordReset(s.Ctx, at, c.ID) })
}

type usersList struct {
	flags
	paging
	Search      string `short:"q" help:"Part of the name or the address." placeholder:"TEXT"`
	Role        string `help:"A built-in role, or the id of a role group." placeholder:"ROLE"`
	Deactivated bool   `help:"Those who are deactivated."`
	Sort        string `enum:"name,email,created" default:"name" help:"name, email or created." placeholder:"COLUMN"`
	Desc        bool   `help:"The other way round."`
}

// Run lists people.
func (c usersList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	q := client.ListUsersParams{Search: c.Search, Role: c.Role, Sort: c.Sort, Order: order(c.Desc), Status: "active"}
	if c.Deactivated {
		q.Status = "deactivated"
	}
	read := func(cursor string) ([]client.User, string, error) {
		q.Cursor = cursor
		l, err := s.ListUsers(s.Ctx, at, q)
		return l.Items, l.Next, err
	}
	whole := func(rows []client.User, next string) any { return client.ListUser{Items: rows, Next: next} }
	return list(s, c.paging, unknown, read, whole,
		column[client.User]{"id", func(u client.User) string { return u.ID }},
		column[client.User]{"name", func(u client.User) string { return u.Name }},
		column[client.User]{"email", func(u client.User) string { return u.Email }},
		column[client.User]{"role", func(u client.User) string { return or(u.RoleName, u.Access.Role) }},
		column[client.User]{"second factor", func(u client.User) string { return yes(u.TwoFactor) }},
		column[client.User]{"last active", func(u client.User) string { return day(u.LastActive) }})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

type usersShow struct {
	flags
	ID string `arg:"" help:"Id of the membership, mem_..."`
}

// Run shows a person.
func (c usersShow) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	u, _, err := s.GetUser(s.Ctx, at, c.ID)
	if err != nil {
		return err
	}
	return s.user(u)
}

func (s *session) user(u client.User) error {
	if s.json {
		return s.printJSON(u)
	}
	subs := "all"
	if !u.Access.AllSubaccounts {
		subs = or(strings.Join(u.Access.Subaccounts, ", "), "none")
	}
	return facts(s.Out, "Id", u.ID, "Name", u.Name, "Email", u.Email, "Status", u.Status, "Role", or(u.RoleName, u.Access.Role), "Permissions", strings.Join(u.Access.Permissions, ", "),
		"Sub-accounts", subs, "Job title", u.JobTitle, "Phone", u.Phone, "Second factor", yes(u.TwoFactor), "Last active", day(u.LastActive))
}

// may are the flags of what somebody may do.
type may struct {
	Role string   `help:"owner, admin, support, user, guest, or the id of a role group." default:"guest" placeholder:"ROLE"`
	Perm []string `help:"What is ticked besides the role, for example locations.view; repeated or with commas." placeholder:"PERMISSION"`
	Sub  []string `help:"Only these sub-accounts; without it all, those to come included." placeholder:"ID"`
}

func (m may) access() client.NewAccess {
	return client.NewAccess{Role: m.Role, Permissions: m.Perm, Subaccounts: m.Sub}
}

type usersInvite struct {
	flags
	may
	Address []string `arg:"" help:"Addresses, or - for one on each line of the input."`
	Check   bool     `help:"Say what would become of each, and send nothing."`
}

// inviteAtOnce is how many addresses one request takes.
const inviteAtOnce = 1000

// Run invites people.
func (c usersInvite) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	all, err := s.lines(c.Address)
	if err != nil {
		return fmt.Errorf("read the addresses: %w", err)
	}
	if c.Check {
		return s.checkAddresses(at, all)
	}
	out := client.InvitationsSent{Sent: []string{}, Left: []client.AddressVerdict{}}
	bar := s.progress(int64(len(all)))
	for len(all) > 0 {
		part := all[:min(len(all), inviteAtOnce)]
		sent, err := s.SendInvitations(s.Ctx, at, client.SendInvitationsInBody{Addresses: part, Access: c.access()})
		if err != nil {
			bar.end()
			return err
		}
		out.Sent, out.Left, all = append(out.Sent, sent.Sent...), append(out.Left, sent.Left...), all[len(part):]
		bar.show(int64(len(out.Sent) + len(out.Left)))
	}
	bar.end()
	if s.json {
		return s.printJSON(out)
	}
	for _, v := range out.Left {
		if _, err := fmt.Fprintf(s.Err, "Left out %s: %s\n", plain(v.Address), strings.ReplaceAll(plain(v.Verdict), "_", " ")); err != nil {
			return err
		}
	}
	return s.done("Invited %s.", people(len(out.Sent)))
}

// checkAddresses says what would become of addresses.
func (s *session) checkAddresses(at string, all []string) error {
	out := client.ListAddressVerdict{Items: []client.AddressVerdict{}}
	for part := range slices.Chunk(all, inviteAtOnce) {
		found, err := s.CheckInvitations(s.Ctx, at, client.CheckInvitationsInBody{Addresses: part})
		if err != nil {
			return err
		}
		out.Items = append(out.Items, found.Items...)
	}
	if s.json {
		return s.printJSON(out)
	}
	return table(s.Out, out.Items,
		column[client.AddressVerdict]{"address", func(v client.AddressVerdict) string { return v.Address }},
		column[client.AddressVerdict]{"verdict", func(v client.AddressVerdict) string { return strings.ReplaceAll(v.Verdict, "_", " ") }})
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return strconv.Itoa(n) + " people"
}

type usersCreate struct {
	flags
	may
	Name    string `arg:"" help:"Their name."`
	Address string `arg:"" help:"Their address."`
}

// Run creates a person.
func (c usersCreate) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	if err := s.CreateUser(s.Ctx, at, client.CreateUserInBody{Name: c.Name, Email: c.Address, Access: c.access()}); err != nil {
		return err
	}
	return s.done("A link is on its way to %s.", plain(c.Address))
}

type usersAccess struct {
	flags
	ID      string   `arg:"" help:"Id of the membership, mem_..."`
	Role    string   `help:"owner, admin, support, user, guest, or the id of a role group. What no flag names stays." placeholder:"ROLE"`
	Perm    []string `help:"What is ticked besides the role, for example locations.view; repeated or with commas." placeholder:"PERMISSION"`
	Sub     []string `help:"Only these sub-accounts." placeholder:"ID" xor:"subs"`
	AllSubs bool     `help:"All sub-accounts, those to come included." xor:"subs"`
}

// upon is the access that somebody has, with what the flags say.
func (c usersAccess) upon(a client.Access) client.Access {
	if c.Role != "" && c.Role != a.Role {
		a.Role, a.Permissions = c.Role, nil // what was ticked belonged to the role before
	}
	if c.Perm != nil {
		a.Permissions = c.Perm
	}
	if c.AllSubs || c.Sub != nil {
		a.AllSubaccounts, a.Subaccounts = c.AllSubs, c.Sub
	}
	return a
}

// Run changes what a person may do.
func (c usersAccess) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	old, version, err := s.GetUser(s.Ctx, at, c.ID)
	if err != nil {
		return err
	}
	access := c.upon(old.Access)
	u, _, err := s.EditUser(s.Ctx, at, c.ID, version, client.EditUserInBody{Access: &access})
	if err != nil {
		return err
	}
	return s.user(u)
}

// each does one thing to several people of the account, all or none.
func (f flags) everyone(p *Process, ids []string, action, did string) error {
	s, at, err := f.within(p)
	if err != nil {
		return err
	}
	if ids, err = s.lines(ids); err != nil {
		return fmt.Errorf("read the ids: %w", err)
	}
	if err := s.ChangeUsers(s.Ctx, at, client.ChangeUsersInBody{Action: action, Users: ids}); err != nil {
		return err
	}
	return s.done("%s %s.", did, people(len(ids)))
}

type usersDeactivate struct {
	flags
	ID []string `arg:"" help:"Ids of memberships, or - for one on each line of the input."`
}

// Run deactivates people.
func (c usersDeactivate) Run(p *Process) error {
	return c.everyone(p, c.ID, "deactivate", "Deactivated")
}

type usersReactivate struct {
	flags
	ID []string `arg:"" help:"Ids of memberships, or - for one on each line of the input."`
}

// Run reactivates people.
func (c usersReactivate) Run(p *Process) error {
	return c.everyone(p, c.ID, "reactivate", "Reactivated")
}

type usersRemove struct {
	flags
	ID []string `arg:"" help:"Ids of memberships, or - for one on each line of the input."`
}

// Run removes people.
func (c usersRemove) Run(p *Process) error { return c.everyone(p, c.ID, "remove", "Removed") }
